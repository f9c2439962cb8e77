//! The one way out of a WebSocket. Broadcasts, answers, pongs and the close frame all pass
//! through it as whole frames, so frames can never interleave. It tries the socket at once; only
//! what the kernel does not take is kept, as a reference to the bytes everybody shares, and then
//! the connection's task is woken to send the rest when the socket can take it. What is kept is
//! bounded in bytes, behind the piece that is under way, and in all outboxes together by an
//! [`OutboxBudget`]: over either bound, a slow reader is disconnected with 4001. An outbox never makes its
//! caller wait: that is the room's backpressure towards readers.

use std::{
    io::{self, IoSlice},
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use bytes::Bytes;
use chat_protocol::CloseCode;
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::net::TcpStream;

use super::{
    backlog::Backlog,
    disconnect::Disconnect,
    frame,
    impairment::{Fate, Impairment},
    message::Message,
    outbox_budget::OutboxBudget,
    tap::Tap,
};

/// What holding a chunk costs, in bytes, whoever else holds it: the reference and what owns it, and as much
/// that a queue which grows has to spare.
const CHUNK_COST: usize = 128;

/// Most chunks that are written at once.
const CHUNKS_WRITTEN: usize = 64;

#[derive(Debug)]
pub(crate) struct Outbox {
    stream: TcpStream,
    budget: Arc<OutboxBudget>,
    /// Where what the socket takes is recorded, if this connection asked for it; boxed, so that all others
    /// carry one word.
    tap: Option<Box<Tapped>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Tapped(Arc<dyn Tap>);

#[derive(Debug, Default)]
struct State {
    /// What the kernel has not taken. The bound holds for what comes behind its first piece, so that who has
    /// just come back is not cut by the next message.
    backlog: Backlog,
    /// Why nothing more goes out: a close frame is the last thing in the backlog, or was sent, and nothing may
    /// follow it; or the socket failed. `None` while it is open.
    over: Option<Disconnect>,
    /// The connection's task: woken when something begins to wait and when it is over, not for every frame.
    task: Option<Waker>,
}

impl State {
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
    /// An outbox for `stream` which keeps as much as `budget` allows, behind one piece that may be longer (a
    /// replay, or one batch of a busy room).
    pub(crate) fn new(stream: TcpStream, budget: Arc<OutboxBudget>, tap: Option<Arc<dyn Tap>>) -> Self {
        let tap = tap.map(|tap| Box::new(Tapped(tap)));
        Self { stream, budget, tap, state: Mutex::default() }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) fn tap(&self) -> Option<&dyn Tap> {
        self.tap.as_ref().map(|tap| &*tap.0)
    }

    pub(crate) fn impairment(&self) -> Option<&Impairment> {
        self.tap()?.impairment()
    }

    /// Whether nothing is to be read now, on purpose.
    pub(crate) fn are_reads_paused(&self) -> bool {
        self.impairment().is_some_and(|impairment| impairment.are_reads_paused(Instant::now()))
    }

    /// Sends whole frames, now or as soon as the socket takes them. Once closed, does nothing. Others may hold
    /// the same bytes, which are counted where they were made.
    ///
    /// Over the bound, the slow reader is disconnected: frames that are not begun are dropped and a
    /// [`CloseCode::SlowReader`] takes their place.
    pub(crate) fn send(&self, frames: &Bytes) {
        if let Some(tap) = self.tap()
            && let Some(impairment) = tap.impairment()
        {
            match impairment.fate(frames, self.budget.each, Instant::now()) {
                Fate::Sent => {}
                Fate::Late { is_first: true } => return tap.delayed(),
                Fate::Late { is_first: false } => return,
                Fate::Overdue => self.send_late(impairment),
                Fate::Lost => return self.cut_off(),
            }
        }
        self.send_on_time(frames);
    }

    /// As [`Outbox::send`], frames of this connection alone.
    pub(crate) fn send_own(&self, frames: impl Into<Bytes>) {
        self.send(&self.budget.count(frames));
    }

    /// Sends what somebody missed who has just come back, as one piece, however long.
    pub(crate) fn send_replay(&self, missed: &[Arc<Message>]) {
        if self.impairment().is_some() {
            return self
                .send_own(missed.iter().flat_map(|message| message.frame()).copied().collect::<Bytes>());
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        if state.over.is_some() {
            return;
        }
        let is_first = state.backlog.is_empty();
        state.backlog.push_piece(missed.iter().map(Message::frame_bytes));
        self.budget.add(missed.len() * CHUNK_COST);
        if is_first {
            // Past the runtime, as in `push`.
            match self.write(state, |chunks| SockRef::from(&self.stream).send_vectored(chunks)) {
                Ok(()) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => state.wake(),
                Err(error) => return self.break_off(state, &error),
            }
        }
        if !self.budget.allows(state.backlog.behind(), state.backlog.bytes()) {
            self.cut(state);
        }
    }

    /// As [`Outbox::send`], past the impairment.
    pub(crate) fn send_on_time(&self, frames: &Bytes) {
        let mut state = self.state.lock();
        if state.over.is_none() {
            self.push(&mut state, frames);
        }
    }

    /// Sends what is waiting, then a close frame, then nothing any more. The first close counts.
    pub(crate) fn close(&self, code: CloseCode) {
        self.end(code.into());
    }

    fn send_late(&self, impairment: &Impairment) {
        impairment.deliver(None, |late| self.send_on_time(late));
    }

    /// Shuts the socket without a close frame, on purpose.
    pub(crate) fn cut_off(&self) {
        if let Err(error) = SockRef::from(&self.stream).shutdown(Shutdown::Both) {
            tracing::debug!(%error, "a socket that was to be cut is over already");
        }
    }

    /// Wakes the connection's task, to look what there is to do.
    pub(crate) fn nudge(&self) {
        self.state.lock().wake();
    }

    /// As [`Outbox::close`], for any reason; without a close frame where it would not arrive.
    pub(crate) fn end(&self, why: Disconnect) {
        let Some(frame) = why.frame() else { return };
        if let Some(impairment) = self.impairment() {
            self.send_late(impairment);
        }
        let mut state = self.state.lock();
        if state.over.is_none() {
            self.push(&mut state, &frame);
        }
        // Not if the push broke the socket or filled the outbox.
        if state.over.is_none() {
            state.over = Some(why);
            state.wake();
        }
    }

    /// Sends what is waiting whenever the socket can take it. Ready when the outbox is closed, perhaps
    /// with the close frame still waiting. For one task: the one that polled last is woken.
    pub(crate) fn poll_drive(&self, cx: &mut Context<'_>) -> Poll<Disconnect> {
        let mut state = self.state.lock();
        loop {
            if let Some(why) = &state.over {
                return Poll::Ready(why.clone());
            }
            if state.backlog.is_empty() || self.poll_drain(&mut state, cx).is_pending() {
                state.wake_by(cx);
                return Poll::Pending;
            }
        }
    }

    /// Ready when nothing is waiting, or the socket failed. For one task, as [`Outbox::poll_drive`].
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        while !state.backlog.is_empty() {
            ready!(self.poll_drain(&mut state, cx));
        }
        Poll::Ready(())
    }

    /// Sends as much of what is waiting as the socket takes; pending until it takes some.
    fn poll_drain(&self, state: &mut State, cx: &mut Context<'_>) -> Poll<()> {
        if let Err(error) = ready!(self.stream.poll_write_ready(cx)) {
            self.break_off(state, &error);
            return Poll::Ready(());
        }
        match self.write(state, |chunks| self.stream.try_write_vectored(chunks)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => self.break_off(state, &error),
        }
        Poll::Ready(())
    }

    /// Writes what is waiting, until nothing is or the socket takes no more.
    fn write(
        &self,
        state: &mut State,
        mut write: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while !state.backlog.is_empty() {
            let mut chunks = [IoSlice::new(&[]); CHUNKS_WRITTEN];
            let count = state.backlog.fill(&mut chunks);
            let written = write(&chunks[..count])?;
            let finished = state.backlog.taken(written, |sent| {
                if let Some(tap) = self.tap() {
                    tap.sent(sent);
                }
            });
            self.budget.give_back(finished * CHUNK_COST);
        }
        Ok(())
    }

    fn push(&self, state: &mut State, frames: &Bytes) {
        let mut written = 0;
        if state.backlog.is_empty() {
            // Past the runtime's own book-keeping of what is writable: it is asked only by who waits.
            match SockRef::from(&self.stream).send(frames) {
                Ok(some) => written = some,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return self.break_off(state, &error),
            }
            if let Some(tap) = self.tap() {
                tap.sent(&frames[..written]);
            }
            if written == frames.len() {
                return;
            }
            state.backlog.begin(frames.slice(written..), written > 0);
            state.wake();
        } else if state.backlog.behind() + frames.len() > self.budget.each {
            return self.cut(state);
        } else {
            state.backlog.push(frames.clone());
        }
        self.budget.add(CHUNK_COST);
        if !self.budget.allows(state.backlog.behind(), state.backlog.bytes()) {
            self.cut(state);
        }
    }

    fn cut(&self, state: &mut State) {
        self.budget.give_back(state.backlog.chunks() * CHUNK_COST);
        state.backlog.cut(frame::close(CloseCode::SlowReader));
        self.budget.add(state.backlog.chunks() * CHUNK_COST);
        state.over = Some(CloseCode::SlowReader.into());
        state.wake();
    }

    fn break_off(&self, state: &mut State, error: &io::Error) {
        tracing::debug!(%error, "socket failed while writing");
        self.budget.give_back(state.backlog.chunks() * CHUNK_COST);
        state.backlog.clear();
        state.over = Some(Disconnect::Lost);
        state.wake();
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.budget.give_back(self.state.get_mut().backlog.chunks() * CHUNK_COST);
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

    /// Of so many bytes for each outbox, and plenty for all.
    fn budget(each: usize) -> Arc<OutboxBudget> {
        OutboxBudget::new(each, 1 << 30, 1)
    }

    fn numbered(n: u32) -> Bytes {
        n.to_be_bytes().repeat(256).into()
    }

    async fn read_all(mut far: TcpStream, outbox: &Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        let finish = async {
            poll_fn(|cx| outbox.poll_flushed(cx)).await;
            SockRef::from(outbox.stream()).shutdown(std::net::Shutdown::Write).unwrap();
        };
        let (read, ()) = tokio::join!(far.read_to_end(&mut all), finish);
        read.unwrap();
        all
    }

    #[tokio::test]
    async fn pending_bytes_follow_whole_and_in_order() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, budget(1 << 20), None);
        (0..400).for_each(|n| outbox.send(&numbered(n)));
        assert!(outbox.state.lock().backlog.bytes() > 0, "the socket never pushed back");
        outbox.close(CloseCode::ServerStopping);
        outbox.send(&numbered(400));
        let expected: Vec<u8> = (0..400)
            .flat_map(|n| numbered(n).to_vec())
            .chain(frame::close(CloseCode::ServerStopping))
            .collect();
        assert!(read_all(far, &outbox).await == expected, "bytes lost, repeated or after the close");
    }

    #[tokio::test]
    async fn slow_reader_gets_whole_frames_then_close() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, budget(10_000), None);
        let mut most = 0;
        for n in 0..2_000 {
            outbox.send(&numbered(n));
            most = most.max(outbox.state.lock().backlog.behind());
        }
        assert!((1..=10_000).contains(&most), "{most} bytes kept");
        assert_eq!(poll_fn(|cx| outbox.poll_drive(cx)).await, CloseCode::SlowReader.into());
        let all = read_all(far, &outbox).await;
        let close = frame::close(CloseCode::SlowReader);
        let frames = all.strip_suffix(&close[..]).expect("ends with the close frame");
        assert_eq!(frames.len() % 1024, 0, "a frame was torn");
        for (n, frame) in frames.chunks(1024).enumerate() {
            assert!(frame == numbered(n as u32), "frame {n}");
        }
    }

    #[tokio::test]
    async fn slow_reader_is_noticed_while_socket_blocks() {
        let (near, _far) = stalled().await;
        let outbox = Arc::new(Outbox::new(near, budget(10_000), None));
        outbox.send(&vec![7; 300_000].into());
        let driven = tokio::spawn({
            let outbox = outbox.clone();
            async move { poll_fn(|cx| outbox.poll_drive(cx)).await }
        });
        // On the one thread of this test, so that the task is waiting for the socket by now.
        tokio::task::yield_now().await;
        (0..10).for_each(|n| outbox.send(&numbered(n)));
        assert_eq!(driven.await.unwrap(), CloseCode::SlowReader.into());
    }

    #[tokio::test]
    async fn one_long_chunk_is_no_slow_reader() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, budget(1_000), None);
        let replay = Bytes::from(vec![7; 300_000]);
        outbox.send(&replay);
        assert!(read_all(far, &outbox).await == replay);
    }

    fn replay(messages: std::ops::Range<u32>) -> Vec<Arc<Message>> {
        let pong = |n| Message::new(&chat_protocol::ServerMsg::Pong { n }, &mut Vec::new());
        messages.map(pong).collect()
    }

    #[tokio::test]
    async fn message_after_long_replay_cuts_nobody() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, budget(1_000), None);
        let missed = replay(0..20_000);
        outbox.send(&numbered(1));
        outbox.send_replay(&missed);
        assert!(outbox.state.lock().backlog.chunks() > 10_000, "the socket never pushed back");
        outbox.send(&numbered(2).slice(..1_000));
        let missed = missed.iter().flat_map(|message| message.frame().to_vec());
        let expected = [&numbered(1)[..], &missed.collect::<Vec<u8>>(), &numbered(2)[..1_000]].concat();
        assert!(read_all(far, &outbox).await == expected);
        assert_eq!(outbox.budget.waiting(), 0);
    }

    #[tokio::test]
    async fn over_total_budget_slow_reader_ends() {
        let budget = OutboxBudget::new(1 << 20, 100_000, 100);
        let mut held = Vec::new();
        for n in 0..20 {
            let (near, far) = stalled().await;
            let outbox = Outbox::new(near, budget.clone(), None);
            for _ in 0..100 {
                outbox.send_own(numbered(n));
                assert!(budget.waiting() <= 100_000, "{}", budget.waiting());
            }
            held.push((outbox, far));
        }
        let is_over = |(outbox, _): &(Outbox, TcpStream)| outbox.state.lock().over.is_some();
        assert!(held.iter().filter(|held| is_over(held)).count() > 15);
        drop(held);
        assert_eq!(budget.waiting(), 0);
    }

    #[tokio::test]
    async fn a_broken_socket_is_noticed() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, budget(1 << 20), None);
        SockRef::from(&far).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        (0..400).for_each(|n| outbox.send(&numbered(n)));
        drop(far);
        assert_eq!(poll_fn(|cx| outbox.poll_drive(cx)).await, Disconnect::Lost);
    }
}
