//! Step 4, **broadcast**. A message for everybody is encoded once and framed once, into one buffer that the
//! whole room shares; each member only remembers from which byte on the buffer concerns it. At the
//! end of a batch the buffer is frozen and every outbox gets its slice, which is the same memory
//! for all. A frame for one member is kept aside with the place in the buffer where it belongs, so
//! that each connection sees the room's one order. A polling session gets the same bytes without their
//! frame headers, message by message, and with each what its queue must know of it: nobody decodes what was
//! encoded here.

use std::{collections::HashMap, ops::Range};

use bytes::{Bytes, BytesMut};
use chat_protocol::{CloseCode, Said, ServerMsg};
use chat_room::ConnKey;

use crate::net::{
    frame,
    queue::{Kind, Message},
    sink::Sink,
};

/// Once this many bytes are waiting, for everybody or for some, they are sent, even in the middle of
/// a batch: it bounds what one slice may add to an outbox, and what many replays at once may add to
/// the memory. In bytes.
const SLICE_TARGET: usize = 64 * 1024;

/// How much is kept allocated to encode messages in, in bytes: a welcome is many times as long as what
/// follows it.
const JSON_KEPT: usize = 1024;

/// The connections of a room, and what they are about to get.
#[derive(Debug, Default)]
pub(crate) struct Fanout {
    shared: BytesMut,
    /// Where each message lies in `shared`; filled only while a receiver has a queue.
    messages: Vec<Placed>,
    /// How many receivers have a queue.
    queues: usize,
    asides: Vec<Aside>,
    /// The sum of their lengths.
    aside_bytes: usize,
    receivers: Vec<Receiver>,
    places: HashMap<ConnKey, usize>,
    json: Vec<u8>,
}

#[derive(Debug)]
struct Receiver {
    conn: ConnKey,
    sink: Sink,
    /// The first byte of `shared` that is for this one.
    from: usize,
}

/// Frames for one receiver, which belong before byte `at` of `shared`.
#[derive(Debug)]
struct Aside {
    conn: ConnKey,
    at: usize,
    frames: Bytes,
    messages: Vec<Placed>,
}

/// A message in a buffer of frames.
#[derive(Debug)]
struct Placed {
    json: Range<usize>,
    kind: Kind,
}

impl Fanout {
    /// Everything broadcast from now on is also for this connection.
    pub(crate) fn attach(&mut self, conn: ConnKey, sink: Sink) {
        self.queues += usize::from(sink.is_queue());
        self.places.insert(conn, self.receivers.len());
        self.receivers.push(Receiver { conn, sink, from: self.shared.len() });
    }

    /// How many connections hear what is broadcast.
    pub(crate) fn receivers(&self) -> usize {
        self.receivers.len()
    }

    /// Nothing more is for this connection.
    pub(crate) fn detach(&mut self, conn: ConnKey) {
        let Some(place) = self.places.remove(&conn) else { return };
        let detached = self.receivers.swap_remove(place);
        self.queues -= usize::from(detached.sink.is_queue());
        if let Some(moved) = self.receivers.get(place) {
            self.places.insert(moved.conn, place);
        }
    }

    /// Ends the connection with this code, and detaches it.
    pub(crate) fn close(&mut self, conn: ConnKey, code: CloseCode) {
        if let Some(&place) = self.places.get(&conn) {
            self.receivers[place].sink.close(code);
        }
        self.detach(conn);
    }

    pub(crate) fn broadcast(&mut self, message: &ServerMsg) {
        encode(&mut self.json, message);
        frame::put_text(&mut self.shared, &self.json);
        if self.queues > 0 {
            self.messages.push(Placed::last(&self.shared, &self.json, message));
        }
        if self.shared.len() >= SLICE_TARGET {
            self.flush();
        }
    }

    /// To one connection, after what was broadcast so far.
    pub(crate) fn send(&mut self, conn: ConnKey, message: &ServerMsg) {
        self.aside(conn, std::iter::once(message));
    }

    /// To one connection, what it missed, as one piece.
    pub(crate) fn replay(&mut self, conn: ConnKey, missed: Vec<Said>) {
        let missed: Vec<ServerMsg> = missed.into_iter().map(ServerMsg::Said).collect();
        self.aside(conn, missed.iter());
    }

    fn aside<'a>(&mut self, conn: ConnKey, messages: impl Iterator<Item = &'a ServerMsg>) {
        let Some(&place) = self.places.get(&conn) else { return };
        let is_queue = self.receivers[place].sink.is_queue();
        let (mut frames, mut placed) = (BytesMut::new(), Vec::new());
        for message in messages {
            encode(&mut self.json, message);
            frame::put_text(&mut frames, &self.json);
            if is_queue {
                placed.push(Placed::last(&frames, &self.json, message));
            }
        }
        self.aside_bytes += frames.len();
        let at = self.shared.len();
        self.asides.push(Aside { conn, at, frames: frames.freeze(), messages: placed });
        if self.aside_bytes >= SLICE_TARGET {
            self.flush();
        }
    }

    /// Hands everybody what is theirs. Never waits: a sink takes it, or ends its connection.
    pub(crate) fn flush(&mut self) {
        let shared = self.shared.split().freeze();
        let messages = std::mem::take(&mut self.messages);
        self.json.clear();
        self.json.shrink_to(JSON_KEPT);
        self.aside_bytes = 0;
        for aside in self.asides.drain(..) {
            let Some(&place) = self.places.get(&aside.conn) else { continue };
            let receiver = &mut self.receivers[place];
            receiver.hand_on(&shared, &messages, aside.at);
            receiver.take(&aside.frames, 0..aside.frames.len(), &aside.messages);
        }
        if shared.is_empty() {
            return;
        }
        for receiver in &mut self.receivers {
            receiver.hand_on(&shared, &messages, shared.len());
            receiver.from = 0;
        }
    }
}

impl Receiver {
    /// Sends the receiver its part of the shared buffer up to byte `to`.
    fn hand_on(&mut self, shared: &Bytes, messages: &[Placed], to: usize) {
        if self.from < to {
            let part = std::mem::replace(&mut self.from, to)..to;
            self.take(shared, part, messages);
        }
    }

    /// Gives the sink this part of a buffer of frames: a socket its bytes, a queue the messages in it.
    fn take(&self, frames: &Bytes, part: Range<usize>, messages: &[Placed]) {
        match &self.sink {
            Sink::Socket(outbox) if part == (0..frames.len()) => outbox.send(frames),
            Sink::Socket(outbox) => outbox.send(&frames.slice(part)),
            Sink::Queue(queue) => {
                let before = |byte: usize| messages.partition_point(|placed| placed.json.start < byte);
                let messages = &messages[before(part.start)..before(part.end)];
                queue.push(messages.iter().map(|placed| placed.of(frames)));
            }
        }
    }
}

impl Placed {
    /// This message, which is the last of these frames.
    fn last(frames: &BytesMut, json: &[u8], message: &ServerMsg) -> Self {
        Self { json: frames.len() - json.len()..frames.len(), kind: Kind::of(message) }
    }

    fn of(&self, frames: &Bytes) -> Message {
        Message { json: frames.slice(self.json.clone()), kind: self.kind.clone() }
    }
}

impl Drop for Fanout {
    /// A room ends when nobody is in it. With members in it, it failed: they are told, so that
    /// they come back to a new one instead of sitting in silence.
    fn drop(&mut self) {
        for receiver in &self.receivers {
            receiver.sink.close(CloseCode::InternalError);
        }
    }
}

fn encode(json: &mut Vec<u8>, message: &ServerMsg) {
    json.clear();
    serde_json::to_writer(json, message).expect("strings and numbers always serialise");
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::net::{outbox::Outbox, queue::Queue};

    async fn connection() -> (Arc<Outbox>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        near.writable().await.unwrap();
        (Arc::new(Outbox::new(near, 1 << 20, None)), far)
    }

    /// The `n`s of the pongs, which stand for messages here, until the connection is given up; and
    /// whether it was told that the room failed.
    async fn heard(mut far: TcpStream) -> (Vec<u64>, bool) {
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).await.unwrap();
        let (mut rest, mut heard) = (&bytes[..], Vec::new());
        while let [0x81, length, more @ ..] = rest {
            let (json, more) = more.split_at(usize::from(*length));
            heard.push(serde_json::from_slice::<serde_json::Value>(json).unwrap()["n"].as_u64().unwrap());
            rest = more;
        }
        let told = rest == frame::close(CloseCode::InternalError);
        assert!(told || rest.is_empty(), "bytes that are no frame: {rest:?}");
        (heard, told)
    }

    fn message(n: u32) -> ServerMsg {
        ServerMsg::Pong { n }
    }

    #[tokio::test]
    async fn batch_preserves_order_from_each_attach() {
        let [(a, far_a), (b, far_b), (c, far_c)] =
            [connection().await, connection().await, connection().await];
        let [key_a, key_b, key_c] = [ConnKey(1), ConnKey(2), ConnKey(3)];
        let mut fanout = Fanout::default();
        fanout.attach(key_a, a.into());
        fanout.broadcast(&message(1));
        fanout.attach(key_b, b.into());
        fanout.send(key_b, &message(20));
        fanout.broadcast(&message(2));
        fanout.send(key_a, &message(10));
        fanout.send(key_a, &message(11));
        fanout.broadcast(&message(3));
        fanout.attach(key_c, c.into());
        fanout.flush();
        fanout.broadcast(&message(4));
        fanout.flush();
        fanout.send(key_c, &message(30));
        fanout.detach(key_a);
        fanout.broadcast(&message(5));
        fanout.flush();
        fanout.detach(key_c);
        drop(fanout);
        assert_eq!(heard(far_a).await, (vec![1, 2, 10, 11, 3, 4], false));
        assert_eq!(heard(far_b).await, (vec![20, 2, 3, 4, 5], true), "its room failed with it inside");
        assert_eq!(heard(far_c).await, (vec![4, 30, 5], false));
    }

    #[tokio::test]
    async fn long_batch_is_sliced_without_loss() {
        let (a, far) = connection().await;
        let mut fanout = Fanout::default();
        fanout.attach(ConnKey(1), a.clone().into());
        let reading = tokio::spawn(heard(far));
        for n in 0..10_000 {
            fanout.broadcast(&message(n));
            assert!(fanout.shared.len() < SLICE_TARGET);
        }
        fanout.flush();
        poll_fn(|cx| a.poll_flushed(cx)).await;
        fanout.detach(ConnKey(1));
        drop((fanout, a));
        assert!(reading.await.unwrap().0.into_iter().eq(0..10_000));
    }

    #[tokio::test]
    async fn replays_are_flushed_before_piling_up() {
        let (a, far) = connection().await;
        let (b, _far_b) = connection().await;
        let mut fanout = Fanout::default();
        fanout.attach(ConnKey(1), a.clone().into());
        fanout.attach(ConnKey(2), b.into());
        fanout.broadcast(&message(0));
        for n in 1..10_000 {
            fanout.send(ConnKey(1), &message(n));
            // None is shorter than 20 bytes.
            assert!(fanout.asides.len() <= SLICE_TARGET / 20);
        }
        fanout.broadcast(&message(10_000));
        fanout.flush();
        let reading = tokio::spawn(heard(far));
        poll_fn(|cx| a.poll_flushed(cx)).await;
        drop((fanout, a));
        assert!(reading.await.unwrap().0.into_iter().eq(0..=10_000), "in order, and whole");
    }

    #[test]
    fn a_queue_hears_the_same_order() {
        let mut fanout = Fanout::default();
        let queues = [(); 2].map(|()| Queue::new(1 << 20, true));
        fanout.attach(ConnKey(1), queues[0].clone().into());
        fanout.broadcast(&message(1));
        fanout.attach(ConnKey(2), queues[1].clone().into());
        fanout.send(ConnKey(2), &message(20));
        fanout.broadcast(&message(2));
        fanout.send(ConnKey(1), &message(10));
        fanout.broadcast(&message(3));
        fanout.flush();
        fanout.detach(ConnKey(1));
        fanout.broadcast(&message(4));
        fanout.flush();
        let heard = queues.map(|queue| {
            let told = queue.listen().tell(None).messages;
            let number =
                |json: &Bytes| serde_json::from_slice::<serde_json::Value>(json).unwrap()["n"].as_u64();
            told.iter().map(|entry| number(&entry.json).unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(heard, [vec![1, 2, 10, 3], vec![20, 2, 3, 4]]);
    }
}
