//! Step 4, **broadcast**. Each message is encoded once and framed once, for all who ever get it. At the end of
//! a batch its frames are joined into one buffer that the whole room shares, and every outbox gets its slice,
//! which is the same memory for all. What is for one member is kept aside with the place in the batch where it
//! belongs, so that each connection sees the room's one order. A polling session gets the messages themselves,
//! with what its queue must know of each: nobody decodes what was encoded here. What was said stays here as
//! long as the room's history keeps it, and a replay hands out the same messages again.

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;
use chat_protocol::{CloseCode, Said, Seq, ServerMsg};
use chat_room::ConnKey;

use crate::net::{message::Message, outbox_budget::OutboxBudget, sink::Sink};

/// Once this many bytes are waiting, for everybody or for some, they are sent, even in the middle of
/// a batch: it bounds what one slice may add to an outbox, and what many replays at once may add to
/// the memory. In bytes.
const SLICE_TARGET: usize = 64 * 1024;

/// How much is kept allocated to encode messages in, in bytes: a welcome is many times as long as what
/// follows it.
const JSON_KEPT: usize = 1024;

/// For how many messages of a batch the space is kept.
const BATCH_KEPT: usize = 64;

/// The connections of a room, and what they are about to get.
#[derive(Debug)]
pub(crate) struct Fanout {
    batch: Batch,
    asides: Vec<Aside>,
    /// The sum of their frames' lengths.
    aside_bytes: usize,
    receivers: Vec<Receiver>,
    places: HashMap<ConnKey, usize>,
    /// How many receivers have a queue.
    queues: usize,
    /// What the room's history keeps, oldest first.
    kept: VecDeque<Arc<Message>>,
    /// What it costs.
    kept_bytes: usize,
    json: Vec<u8>,
    outboxes: Arc<OutboxBudget>,
}

#[derive(Debug)]
struct Receiver {
    conn: ConnKey,
    sink: Sink,
    /// The first message of the batch that is for this one.
    from: usize,
}

/// Messages for everybody, in their order.
#[derive(Debug, Default)]
struct Batch {
    messages: Vec<Arc<Message>>,
    /// Where each one's frame ends among their frames.
    ends: Vec<usize>,
}

/// Messages for one receiver, which belong before the one at `at` of the batch.
#[derive(Debug)]
struct Aside {
    conn: ConnKey,
    at: usize,
    what: ForOne,
}

#[derive(Debug)]
enum ForOne {
    Message(Arc<Message>),
    Replay(Vec<Arc<Message>>),
}

impl Fanout {
    /// For nobody yet; what waits for them counts among what waits in all `outboxes`.
    pub(crate) fn new(outboxes: Arc<OutboxBudget>) -> Self {
        Self {
            batch: Batch::default(),
            asides: Vec::new(),
            aside_bytes: 0,
            receivers: Vec::new(),
            places: HashMap::new(),
            queues: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            json: Vec::new(),
            outboxes,
        }
    }

    /// Everything broadcast from now on is also for this connection.
    pub(crate) fn attach(&mut self, conn: ConnKey, sink: Sink) {
        self.queues += usize::from(sink.is_queue());
        self.places.insert(conn, self.receivers.len());
        self.receivers.push(Receiver { conn, sink, from: self.batch.messages.len() });
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

    /// Hands everybody what is theirs, and ends their connections with this code.
    pub(crate) fn close_all(&mut self, code: CloseCode) {
        self.flush();
        for receiver in self.receivers.drain(..) {
            receiver.sink.close(code);
        }
        self.places.clear();
        self.queues = 0;
    }

    /// To everybody, as this one message.
    pub(crate) fn broadcast(&mut self, message: &ServerMsg) -> Arc<Message> {
        let message = Message::new(message, &mut self.json);
        if message.seq().is_some() {
            self.keep(message.clone());
        } else {
            message.count(&self.outboxes);
        }
        self.batch.push(message.clone());
        if self.batch.bytes() >= SLICE_TARGET {
            self.flush();
        }
        message
    }

    /// What was said before there was anybody here, and may be replayed.
    pub(crate) fn keep_said(&mut self, said: &Said) {
        let message = Message::new(&ServerMsg::Said(said.clone()), &mut self.json);
        self.keep(message);
    }

    fn keep(&mut self, message: Arc<Message>) {
        self.kept_bytes += message.cost();
        self.kept.push_back(message);
    }

    /// To one connection, after what was broadcast so far.
    pub(crate) fn send(&mut self, conn: ConnKey, message: &ServerMsg) {
        if self.places.contains_key(&conn) {
            let message = Message::new(message, &mut self.json);
            message.count(&self.outboxes);
            self.aside(conn, message.frame().len(), ForOne::Message(message));
        }
    }

    /// To one connection, what it missed, as one piece. It is of the history, and so it is here.
    pub(crate) fn replay(&mut self, conn: ConnKey, missed: &[Said]) {
        let Some(first) = missed.first().map(|said| said.seq) else { return };
        let from = self.kept.partition_point(|message| message.seq() < Some(first));
        let missed: Vec<Arc<Message>> = self.kept.range(from..).take(missed.len()).cloned().collect();
        let bytes = missed.iter().map(|message| message.frame().len()).sum();
        self.aside(conn, bytes, ForOne::Replay(missed));
    }

    fn aside(&mut self, conn: ConnKey, bytes: usize, what: ForOne) {
        self.asides.push(Aside { conn, at: self.batch.messages.len(), what });
        self.aside_bytes += bytes;
        if self.aside_bytes >= SLICE_TARGET {
            self.flush();
        }
    }

    /// Hands everybody what is theirs. Never waits: a sink takes it, or ends its connection.
    pub(crate) fn flush(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        self.json.clear();
        self.json.shrink_to(JSON_KEPT);
        self.aside_bytes = 0;
        // Queues first: what anybody has heard by a WebSocket can be fetched by everybody.
        if self.queues > 0 {
            self.hand_out(&batch, &Bytes::new(), Sink::is_queue);
        }
        if self.queues < self.receivers.len() {
            let frames = batch.frames(&self.outboxes);
            self.hand_out(&batch, &frames, |sink| !sink.is_queue());
        }
        self.asides.clear();
        batch.clear();
        self.batch = batch;
    }

    fn hand_out(&mut self, batch: &Batch, frames: &Bytes, to: impl Fn(&Sink) -> bool) {
        for Aside { conn, at, what } in &self.asides {
            let receiver = self.places.get(conn).map(|&place| &mut self.receivers[place]);
            if let Some(receiver) = receiver.filter(|receiver| to(&receiver.sink)) {
                receiver.hand_on(batch, frames, *at);
                receiver.take(what);
            }
        }
        if batch.messages.is_empty() {
            return;
        }
        for receiver in self.receivers.iter_mut().filter(|receiver| to(&receiver.sink)) {
            receiver.hand_on(batch, frames, batch.messages.len());
            receiver.from = 0;
        }
    }

    /// What keeping the messages costs that may be replayed, in bytes.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// The history keeps nothing any more from before `seq`.
    pub(crate) fn forget_before(&mut self, seq: Seq) {
        while let Some(oldest) = self.kept.pop_front_if(|oldest| oldest.seq() < Some(seq)) {
            self.kept_bytes -= oldest.cost();
            oldest.forgotten(&self.outboxes);
        }
        if self.kept.len() < self.kept.capacity() / 4 {
            self.kept.shrink_to(self.kept.len() * 2);
        }
    }
}

impl Batch {
    fn push(&mut self, message: Arc<Message>) {
        self.ends.push(self.bytes() + message.frame().len());
        self.messages.push(message);
    }

    fn clear(&mut self) {
        self.messages.clear();
        self.messages.shrink_to(BATCH_KEPT);
        self.ends.clear();
        self.ends.shrink_to(BATCH_KEPT);
    }

    /// How long their frames are together.
    fn bytes(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// All frames, joined.
    fn frames(&self, outboxes: &Arc<OutboxBudget>) -> Bytes {
        match &self.messages[..] {
            [] => Bytes::new(),
            [message] => message.frame_bytes(),
            several => {
                let mut frames = Vec::with_capacity(self.bytes());
                several.iter().for_each(|message| frames.extend_from_slice(message.frame()));
                outboxes.count(frames)
            }
        }
    }

    /// Where the frames of these messages are.
    fn place(&self, part: &Range<usize>) -> Range<usize> {
        let start = |at: usize| at.checked_sub(1).map_or(0, |before| self.ends[before]);
        start(part.start)..start(part.end)
    }
}

impl Receiver {
    /// Gives the receiver its part of the batch, up to the message at `to`: a socket the frames, a queue the
    /// messages.
    fn hand_on(&mut self, batch: &Batch, frames: &Bytes, to: usize) {
        if self.from >= to {
            return;
        }
        let part = std::mem::replace(&mut self.from, to)..to;
        match &self.sink {
            Sink::Socket(outbox) if part == (0..batch.messages.len()) => outbox.send(frames),
            Sink::Socket(outbox) => outbox.send(&frames.slice(batch.place(&part))),
            Sink::Queue(queue) => queue.push(batch.messages[part].iter()),
        }
    }

    fn take(&self, what: &ForOne) {
        match (&self.sink, what) {
            (Sink::Socket(outbox), ForOne::Message(message)) => outbox.send(&message.frame_bytes()),
            (Sink::Socket(outbox), ForOne::Replay(missed)) => outbox.send_replay(missed),
            (Sink::Queue(queue), ForOne::Message(message)) => queue.push(std::iter::once(message)),
            (Sink::Queue(queue), ForOne::Replay(missed)) => queue.push_replay(missed),
        }
    }
}

impl Drop for Fanout {
    /// A room ends when nobody is in it. With members in it, it failed: they are told, so that
    /// they come back to a new one instead of sitting in silence.
    fn drop(&mut self) {
        for receiver in &self.receivers {
            receiver.sink.close(CloseCode::InternalError);
        }
        // What somebody still holds of it is nobody's else.
        self.forget_before(Seq::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::net::{frame, outbox::Outbox, queue::Queue};

    fn budget() -> Arc<OutboxBudget> {
        OutboxBudget::new(1 << 20, 1 << 30, 1)
    }

    async fn connection() -> (Arc<Outbox>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        near.writable().await.unwrap();
        (Arc::new(Outbox::new(near, budget(), None)), far)
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
        let mut fanout = Fanout::new(budget());
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
        let mut fanout = Fanout::new(budget());
        fanout.attach(ConnKey(1), a.clone().into());
        let reading = tokio::spawn(heard(far));
        for n in 0..10_000 {
            fanout.broadcast(&message(n));
            assert!(fanout.batch.bytes() < SLICE_TARGET);
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
        let mut fanout = Fanout::new(budget());
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
        let mut fanout = Fanout::new(budget());
        let queues = [(); 2].map(|()| Queue::new(1 << 20, budget(), true));
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
                |json: &[u8]| serde_json::from_slice::<serde_json::Value>(json).unwrap()["n"].as_u64();
            told.iter().map(|entry| number(entry.json()).unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(heard, [vec![1, 2, 10, 3], vec![20, 2, 3, 4]]);
    }

    fn said(seq: Seq) -> Said {
        use chat_protocol::{ClientId, Name, SayId, Text};
        Said {
            seq,
            id: SayId::parse("s").unwrap(),
            from: ClientId::parse("ali").unwrap(),
            name: Name::parse("علی").unwrap(),
            text: Text::parse("سلام").unwrap(),
            at: 0,
        }
    }

    #[test]
    fn replays_share_what_history_keeps() {
        let outboxes = budget();
        let mut fanout = Fanout::new(outboxes.clone());
        let missed: Vec<Said> = (1..=500).map(said).collect();
        for said in &missed {
            fanout.broadcast(&ServerMsg::Said(said.clone()));
        }
        fanout.flush();
        fanout.forget_before(101);
        assert_eq!((fanout.kept.len(), outboxes.waiting()), (400, 0));
        let kept_bytes = fanout.kept_bytes();
        let queues: Vec<Arc<Queue>> = (0..100).map(|_| Queue::new(1 << 20, outboxes.clone(), true)).collect();
        for (n, queue) in queues.iter().enumerate() {
            let conn = ConnKey(n as u64);
            fanout.attach(conn, queue.clone().into());
            fanout.replay(conn, &missed[200 + n..]);
        }
        fanout.flush();
        for (n, queue) in queues.iter().enumerate() {
            let told = queue.listen().tell(None).messages;
            assert!(told.iter().map(|entry| entry.at).eq(201 + n as Seq..=500));
            assert!(std::ptr::eq(told[0].json(), fanout.kept[100 + n].json()), "encoded once");
        }
        let entries = outboxes.waiting();
        assert!(entries < 100 * 400 * 64 && fanout.kept_bytes() == kept_bytes, "{entries}");
        fanout.forget_before(501);
        assert_eq!((fanout.kept_bytes(), fanout.kept.len()), (0, 0));
        assert!(outboxes.waiting() >= entries + kept_bytes * 3 / 4, "what is still held waits");
        queues.iter().for_each(|queue| drop(queue.listen().tell(Some(500))));
        assert_eq!(outboxes.waiting(), 0);
    }
}
