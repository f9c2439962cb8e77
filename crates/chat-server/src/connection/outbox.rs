//! The one way out of a connection. Broadcasts, answers, pongs and the close frame all pass
//! through it as whole frames, so frames can never interleave. It tries the socket at once; only
//! what the kernel does not take is kept, as a reference to the bytes everybody shares, and then
//! the connection's task is woken to send the rest when the socket can take it. What is kept is
//! bounded in bytes; a reader who lets it fill up is cut. An outbox never makes its caller wait,
//! and does not know what the frames say.

use std::{
    collections::VecDeque,
    io,
    net::Shutdown,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use chat_protocol::CloseCode;
use socket2::SockRef;
use tokio::net::TcpStream;

use crate::{
    frame,
    wire::{
        faults::{Fate, Faults},
        tap::Tap,
    },
};

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    /// None when nobody sends: then all waits until it is fetched.
    stream: Option<TcpStream>,
    bound: usize,
    /// Where what the socket takes is recorded, if this connection asked for it.
    tap: Option<Tap>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the kernel has not taken. Each chunk ends where a frame ends.
    waiting: VecDeque<Bytes>,
    /// The sum of their lengths.
    bytes: usize,
    /// Whether the first chunk is partly on the wire, and so must be finished.
    begun: bool,
    phase: Phase,
    /// The connection's task: woken when something begins to wait and when the phase changes, not for
    /// every frame.
    task: Option<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    #[default]
    Open,
    /// A close frame is the last thing in `waiting`, or was sent. Nothing may follow it.
    Closing(Closing),
    Broken,
}

/// Why nothing more goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// We closed, for this reason.
    Ours(CloseCode),
    /// The client closed, and we answered.
    Theirs,
    /// The socket failed.
    Broken,
}

impl State {
    /// Why nothing more goes out, once it is so.
    fn closing(&self) -> Option<Closing> {
        match self.phase {
            Phase::Open => None,
            Phase::Closing(closing) => Some(closing),
            Phase::Broken => Some(Closing::Broken),
        }
    }

    fn wake_by(&mut self, cx: &Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(cx.waker()),
            None => self.task = Some(cx.waker().clone()),
        }
    }

    fn wake(&mut self) {
        if let Some(task) = self.task.take() {
            task.wake();
        }
    }
}

impl Outbox {
    /// An outbox for `stream` which keeps at most `bound` bytes, or one chunk if a single one is
    /// longer (a replay, or one batch of a busy room).
    pub fn new(stream: TcpStream, bound: usize, tap: Option<Tap>) -> Self {
        Self { stream: Some(stream), bound, tap, state: Mutex::default() }
    }

    /// An outbox without a socket, for a member who fetches what is theirs: it waits, within the same
    /// bound, until [`Outbox::poll_fetch`].
    pub fn to_be_fetched(bound: usize) -> Self {
        Self { stream: None, bound, tap: None, state: Mutex::default() }
    }

    /// The socket, to read from; none when what is sent is fetched.
    pub fn stream(&self) -> Option<&TcpStream> {
        self.stream.as_ref()
    }

    /// Takes all that is waiting. Ready when something is, or when the outbox is closed, which is said
    /// together with the last of it. For one task: the one that polled last is woken.
    pub fn poll_fetch(&self, cx: &mut Context<'_>) -> Poll<(Vec<Bytes>, Option<Closing>)> {
        let mut state = self.state();
        let closing = state.closing();
        if state.waiting.is_empty() && closing.is_none() {
            state.wake_by(cx);
            return Poll::Pending;
        }
        state.bytes = 0;
        Poll::Ready((state.waiting.drain(..).collect(), closing))
    }

    /// The connection's tap.
    pub fn tap(&self) -> Option<&Tap> {
        self.tap.as_ref()
    }

    /// Sends whole frames, now or as soon as the socket takes them. Once closed, does nothing.
    ///
    /// When more is waiting than the bound allows, the reader is cut: what is not begun is dropped
    /// and a [`CloseCode::SlowReader`] takes its place.
    pub fn send(&self, frames: &Bytes) {
        if let Some(faults) = self.tap.as_ref().and_then(Tap::faults) {
            match faults.fate(frames, self.bound, Instant::now()) {
                Fate::Sent => {}
                Fate::Late => return,
                Fate::Overdue => self.send_late(faults),
                Fate::Lost => return self.cut_off(),
            }
        }
        self.send_on_time(frames);
    }

    /// As [`Outbox::send`], for what was late.
    pub(crate) fn send_on_time(&self, frames: &Bytes) {
        let mut state = self.state();
        if state.phase == Phase::Open {
            self.push(&mut state, frames);
        }
    }

    /// Sends what is waiting, then a close frame, then nothing any more. The first close counts.
    pub fn close(&self, code: CloseCode) {
        self.end(Closing::Ours(code), &frame::close(code));
    }

    /// As [`Outbox::close`], in answer to the client's close frame.
    pub fn answer_close(&self, frame: &Bytes) {
        self.end(Closing::Theirs, frame);
    }

    fn send_late(&self, faults: &Faults) {
        faults.deliver(None, |late| self.send_on_time(late));
    }

    /// Shuts the socket, without a close frame: what is broken on purpose ends so.
    pub(crate) fn cut_off(&self) {
        let Some(stream) = &self.stream else { return };
        if let Err(error) = SockRef::from(stream).shutdown(Shutdown::Both) {
            tracing::debug!(%error, "a socket that was to be cut is over already");
        }
    }

    /// Wakes the connection's task, to look what there is to do.
    pub(crate) fn nudge(&self) {
        self.state().wake();
    }

    fn end(&self, closing: Closing, frame: &Bytes) {
        if let Some(faults) = self.tap.as_ref().and_then(Tap::faults) {
            self.send_late(faults);
        }
        let mut state = self.state();
        if state.phase == Phase::Open {
            self.push(&mut state, frame);
        }
        // Not if the push broke the socket or filled the outbox.
        if state.phase == Phase::Open {
            state.phase = Phase::Closing(closing);
            state.wake();
        }
    }

    /// Sends what is waiting whenever the socket can take it. Ready when the outbox is closed, perhaps
    /// with the close frame still waiting. For one task: the one that polled last is woken.
    pub fn poll_drive(&self, cx: &mut Context<'_>) -> Poll<Closing> {
        let mut state = self.state();
        loop {
            if let Some(closing) = state.closing() {
                return Poll::Ready(closing);
            }
            if state.waiting.is_empty() || self.poll_drain(&mut state, cx).is_pending() {
                state.wake_by(cx);
                return Poll::Pending;
            }
        }
    }

    /// Ready when nothing is waiting, or the socket failed. For one task, as [`Outbox::poll_drive`].
    pub fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        while !state.waiting.is_empty() {
            ready!(self.poll_drain(&mut state, cx));
        }
        Poll::Ready(())
    }

    /// Sends as much of what is waiting as the socket takes; pending until it takes some.
    fn poll_drain(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stream) = &self.stream else { return Poll::Pending };
        if let Err(error) = ready!(stream.poll_write_ready(cx)) {
            self.break_off(state, &error);
            return Poll::Ready(());
        }
        while let Some(chunk) = state.waiting.front_mut() {
            match stream.try_write(chunk) {
                Ok(written) => {
                    if let Some(tap) = &self.tap {
                        tap.sent(&chunk[..written]);
                    }
                    chunk.advance(written);
                    let done = chunk.is_empty();
                    state.bytes -= written;
                    state.begun = !done;
                    if !done {
                        return Poll::Ready(());
                    }
                    state.waiting.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Ready(()),
                Err(error) => {
                    self.break_off(state, &error);
                    return Poll::Ready(());
                }
            }
        }
        state.waiting.shrink_to_fit();
        Poll::Ready(())
    }

    fn push(&self, state: &mut State, frames: &Bytes) {
        let mut written = 0;
        let stream = self.stream.as_ref().filter(|_| state.waiting.is_empty());
        if let Some(stream) = stream {
            // Past the runtime's own book-keeping of what is writable: it is asked only by who waits.
            match SockRef::from(stream).send(frames) {
                Ok(some) => written = some,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return self.break_off(state, &error),
            }
            if let Some(tap) = &self.tap {
                tap.sent(&frames[..written]);
            }
            if written == frames.len() {
                return;
            }
            state.begun = written > 0;
            state.wake();
        } else if self.stream.is_some() {
            if state.bytes + frames.len() > self.bound {
                return self.cut(state);
            }
        } else {
            // A replay, which is one long chunk, has its welcome before it and others behind it.
            let longest = state.waiting.iter().map(Bytes::len).fold(frames.len(), usize::max);
            if state.bytes + frames.len() - longest > self.bound {
                return self.cut(state);
            }
            state.wake();
        }
        let rest = frames.slice(written..);
        state.bytes += rest.len();
        state.waiting.push_back(rest);
    }

    fn cut(&self, state: &mut State) {
        state.waiting.truncate(usize::from(state.begun));
        state.waiting.push_back(frame::close(CloseCode::SlowReader));
        state.bytes = state.waiting.iter().map(Bytes::len).sum();
        state.phase = Phase::Closing(Closing::Ours(CloseCode::SlowReader));
        state.wake();
    }

    fn break_off(&self, state: &mut State, error: &io::Error) {
        tracing::debug!(%error, "socket failed while writing");
        state.waiting.clear();
        state.bytes = 0;
        state.phase = Phase::Broken;
        state.wake();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it is held would be one in the standard library; the state stays usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, sync::Arc};

    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpSocket},
    };

    use super::*;

    /// A socket with small buffers whose far end does not read, and that end.
    async fn stalled() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let far = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        SockRef::from(&near).set_send_buffer_size(4096).unwrap();
        near.writable().await.unwrap();
        (near, far)
    }

    fn numbered(n: u32) -> Bytes {
        n.to_be_bytes().repeat(256).into()
    }

    async fn read_all(mut far: TcpStream, outbox: &Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        let finish = async {
            poll_fn(|cx| outbox.poll_flushed(cx)).await;
            SockRef::from(outbox.stream().unwrap()).shutdown(std::net::Shutdown::Write).unwrap();
        };
        let (read, ()) = tokio::join!(far.read_to_end(&mut all), finish);
        read.unwrap();
        all
    }

    #[tokio::test]
    async fn what_the_kernel_does_not_take_follows_whole_and_in_order() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 1 << 20, None);
        (0..400).for_each(|n| outbox.send(&numbered(n)));
        assert!(outbox.state().bytes > 0, "the socket never pushed back");
        outbox.close(CloseCode::ServerStopping);
        outbox.send(&numbered(400));
        let expected: Vec<u8> = (0..400)
            .flat_map(|n| numbered(n).to_vec())
            .chain(frame::close(CloseCode::ServerStopping))
            .collect();
        assert!(read_all(far, &outbox).await == expected, "bytes lost, repeated or after the close");
    }

    #[tokio::test]
    async fn a_slow_reader_costs_its_bound_and_gets_whole_frames_and_a_close() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 10_000, None);
        let mut most = 0;
        for n in 0..2_000 {
            outbox.send(&numbered(n));
            most = most.max(outbox.state().bytes);
        }
        assert!((1..=10_000).contains(&most), "{most} bytes kept");
        assert_eq!(poll_fn(|cx| outbox.poll_drive(cx)).await, Closing::Ours(CloseCode::SlowReader));
        let all = read_all(far, &outbox).await;
        let close = frame::close(CloseCode::SlowReader);
        let frames = all.strip_suffix(&close[..]).expect("ends with the close frame");
        assert_eq!(frames.len() % 1024, 0, "a frame was torn");
        for (n, frame) in frames.chunks(1024).enumerate() {
            assert!(frame == numbered(n as u32), "frame {n}");
        }
    }

    #[tokio::test]
    async fn a_cut_is_noticed_while_the_socket_takes_nothing() {
        let (near, _far) = stalled().await;
        let outbox = Arc::new(Outbox::new(near, 10_000, None));
        outbox.send(&vec![7; 300_000].into());
        let driven = tokio::spawn({
            let outbox = outbox.clone();
            async move { poll_fn(|cx| outbox.poll_drive(cx)).await }
        });
        // On the one thread of this test, so that the task is waiting for the socket by now.
        tokio::task::yield_now().await;
        outbox.send(&numbered(1));
        assert_eq!(driven.await.unwrap(), Closing::Ours(CloseCode::SlowReader));
    }

    #[tokio::test]
    async fn what_is_fetched_waits_whole_and_in_order_within_the_same_bound() {
        let outbox = Outbox::to_be_fetched(10_000);
        let fetch = || poll_fn(|cx| outbox.poll_fetch(cx));
        (0..5).for_each(|n| outbox.send(&numbered(n)));
        assert_eq!(fetch().await, ((0..5).map(numbered).collect(), None));
        let (fetched, ()) = tokio::join!(fetch(), async { outbox.send(&numbered(5)) });
        assert_eq!(fetched, (vec![numbered(5)], None), "who waits is woken");
        (0..20).for_each(|n| outbox.send(&numbered(n)));
        let cut = Closing::Ours(CloseCode::SlowReader);
        assert_eq!(fetch().await, (vec![frame::close(CloseCode::SlowReader)], Some(cut)));
        assert_eq!(fetch().await, (vec![], Some(cut)), "and it stays closed");
    }

    #[tokio::test]
    async fn one_long_chunk_is_not_a_slow_reader() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 1_000, None);
        let replay = Bytes::from(vec![7; 300_000]);
        outbox.send(&replay);
        assert!(read_all(far, &outbox).await == replay);
    }

    #[tokio::test]
    async fn a_broken_socket_is_noticed() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 1 << 20, None);
        SockRef::from(&far).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        (0..400).for_each(|n| outbox.send(&numbered(n)));
        drop(far);
        assert_eq!(poll_fn(|cx| outbox.poll_drive(cx)).await, Closing::Broken);
    }
}
