//! The one way out of a WebSocket. Broadcasts, answers, pongs and the close frame all pass
//! through it as whole frames, so frames can never interleave. It tries the socket at once; only
//! what the kernel does not take is kept, as a reference to the bytes everybody shares, and then
//! the connection's task is woken to send the rest when the socket can take it. What is kept is
//! bounded in bytes: over the bound, a slow reader is disconnected with 4001. An outbox never makes its
//! caller wait: that is the room's backpressure towards readers.

use std::{
    collections::VecDeque,
    io,
    net::Shutdown,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Instant,
};

use bytes::{Buf, Bytes};
use chat_protocol::CloseCode;
use parking_lot::Mutex;
use socket2::SockRef;
use tokio::net::TcpStream;

use super::{
    disconnect::Disconnect,
    frame,
    impairment::{Fate, Impairment},
    tap::Tap,
};

#[derive(Debug)]
pub(crate) struct Outbox {
    stream: TcpStream,
    bound: usize,
    /// Where what the socket takes is recorded, if this connection asked for it.
    tap: Option<Arc<dyn Tap>>,
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
    /// Why nothing more goes out: a close frame is the last thing in `waiting`, or was sent, and nothing may
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
    /// An outbox for `stream` which keeps at most `bound` bytes, or one chunk if a single one is
    /// longer (a replay, or one batch of a busy room).
    pub(crate) fn new(stream: TcpStream, bound: usize, tap: Option<Arc<dyn Tap>>) -> Self {
        Self { stream, bound, tap, state: Mutex::default() }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) fn tap(&self) -> Option<&dyn Tap> {
        self.tap.as_deref()
    }

    pub(crate) fn impairment(&self) -> Option<&Impairment> {
        self.tap()?.impairment()
    }

    /// Whether nothing is to be read now, on purpose.
    pub(crate) fn are_reads_paused(&self) -> bool {
        self.impairment().is_some_and(|impairment| impairment.are_reads_paused(Instant::now()))
    }

    /// Sends whole frames, now or as soon as the socket takes them. Once closed, does nothing.
    ///
    /// Over the bound, the slow reader is disconnected: frames that are not begun are dropped and a
    /// [`CloseCode::SlowReader`] takes their place.
    pub(crate) fn send(&self, frames: &Bytes) {
        if let Some(tap) = self.tap()
            && let Some(impairment) = tap.impairment()
        {
            match impairment.fate(frames, self.bound, Instant::now()) {
                Fate::Sent => {}
                Fate::Late { is_first: true } => return tap.delayed(),
                Fate::Late { is_first: false } => return,
                Fate::Overdue => self.send_late(impairment),
                Fate::Lost => return self.cut_off(),
            }
        }
        self.send_on_time(frames);
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
            if state.waiting.is_empty() || self.poll_drain(&mut state, cx).is_pending() {
                state.wake_by(cx);
                return Poll::Pending;
            }
        }
    }

    /// Ready when nothing is waiting, or the socket failed. For one task, as [`Outbox::poll_drive`].
    pub(crate) fn poll_flushed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        while !state.waiting.is_empty() {
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
        while let Some(chunk) = state.waiting.front_mut() {
            match self.stream.try_write(chunk) {
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
        if state.waiting.is_empty() {
            // Past the runtime's own book-keeping of what is writable: it is asked only by who waits.
            match SockRef::from(&self.stream).send(frames) {
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
        } else if state.bytes + frames.len() > self.bound {
            return self.cut(state);
        }
        let rest = frames.slice(written..);
        state.bytes += rest.len();
        state.waiting.push_back(rest);
    }

    fn cut(&self, state: &mut State) {
        state.waiting.truncate(usize::from(state.begun));
        state.waiting.push_back(frame::close(CloseCode::SlowReader));
        state.bytes = state.waiting.iter().map(Bytes::len).sum();
        state.over = Some(CloseCode::SlowReader.into());
        state.wake();
    }

    fn break_off(&self, state: &mut State, error: &io::Error) {
        tracing::debug!(%error, "socket failed while writing");
        state.waiting.clear();
        state.bytes = 0;
        state.over = Some(Disconnect::Lost);
        state.wake();
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
            SockRef::from(outbox.stream()).shutdown(std::net::Shutdown::Write).unwrap();
        };
        let (read, ()) = tokio::join!(far.read_to_end(&mut all), finish);
        read.unwrap();
        all
    }

    #[tokio::test]
    async fn pending_bytes_follow_whole_and_in_order() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 1 << 20, None);
        (0..400).for_each(|n| outbox.send(&numbered(n)));
        assert!(outbox.state.lock().bytes > 0, "the socket never pushed back");
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
        let outbox = Outbox::new(near, 10_000, None);
        let mut most = 0;
        for n in 0..2_000 {
            outbox.send(&numbered(n));
            most = most.max(outbox.state.lock().bytes);
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
        let outbox = Arc::new(Outbox::new(near, 10_000, None));
        outbox.send(&vec![7; 300_000].into());
        let driven = tokio::spawn({
            let outbox = outbox.clone();
            async move { poll_fn(|cx| outbox.poll_drive(cx)).await }
        });
        // On the one thread of this test, so that the task is waiting for the socket by now.
        tokio::task::yield_now().await;
        outbox.send(&numbered(1));
        assert_eq!(driven.await.unwrap(), CloseCode::SlowReader.into());
    }

    #[tokio::test]
    async fn one_long_chunk_is_no_slow_reader() {
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
        assert_eq!(poll_fn(|cx| outbox.poll_drive(cx)).await, Disconnect::Lost);
    }
}
