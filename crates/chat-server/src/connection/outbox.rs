//! The one way out of a connection. Broadcasts, answers, pongs and the close frame all pass
//! through it as whole frames, so frames can never interleave. It tries the socket at once; only
//! what the kernel does not take is kept, as a reference to the bytes everybody shares, and then
//! the connection's task is woken to send the rest when the socket can take it. What is kept is
//! bounded in bytes; a reader who lets it fill up is cut. An outbox never makes its caller wait,
//! and does not know what the frames say.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf, Bytes};
use chat_protocol::CloseCode;
use tokio::{net::TcpStream, sync::Notify};

use crate::frame;

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    stream: Arc<TcpStream>,
    bound: usize,
    state: Mutex<State>,
    /// Woken when something begins to wait and when the phase changes, not for every frame. One
    /// permit is enough: [`Outbox::drive`] looks at everything each time.
    wake: Notify,
}

#[derive(Debug)]
struct State {
    /// What the kernel has not taken. Each chunk ends where a frame ends.
    waiting: VecDeque<Bytes>,
    /// The sum of their lengths.
    bytes: usize,
    /// Whether the first chunk is partly on the wire, and so must be finished.
    begun: bool,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
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

impl Outbox {
    /// An outbox for `stream` which keeps at most `bound` bytes, or one chunk if a single one is
    /// longer (a replay, or one batch of a busy room).
    pub fn new(stream: Arc<TcpStream>, bound: usize) -> Self {
        let state = State { waiting: VecDeque::new(), bytes: 0, begun: false, phase: Phase::Open };
        Self { stream, bound, state: Mutex::new(state), wake: Notify::new() }
    }

    /// Sends whole frames, now or as soon as the socket takes them. Once closed, does nothing.
    ///
    /// When more is waiting than the bound allows, the reader is cut: what is not begun is dropped
    /// and a [`CloseCode::SlowReader`] takes its place.
    pub fn send(&self, frames: Bytes) {
        let mut state = self.state();
        if state.phase == Phase::Open {
            self.push(&mut state, frames);
        }
    }

    /// Sends what is waiting, then a close frame, then nothing any more. The first close counts.
    pub fn close(&self, code: CloseCode) {
        self.end(Closing::Ours(code), frame::close(code));
    }

    /// As [`Outbox::close`], in answer to the client's close frame.
    pub fn answer_close(&self, frame: Bytes) {
        self.end(Closing::Theirs, frame);
    }

    fn end(&self, closing: Closing, frame: Bytes) {
        let mut state = self.state();
        if state.phase == Phase::Open {
            self.push(&mut state, frame);
        }
        // Not if the push broke the socket or filled the outbox.
        if state.phase == Phase::Open {
            state.phase = Phase::Closing(closing);
            self.wake.notify_one();
        }
    }

    /// Sends what is waiting whenever the socket can take it. Returns when the outbox is closed,
    /// perhaps with the close frame still waiting. Safe to drop and call again.
    pub async fn drive(&self) -> Closing {
        loop {
            let (phase, idle) = {
                let state = self.state();
                (state.phase, state.waiting.is_empty())
            };
            match phase {
                Phase::Closing(closing) => return closing,
                Phase::Broken => return Closing::Broken,
                Phase::Open if idle => self.wake.notified().await,
                // The reader may be cut while the socket takes nothing.
                Phase::Open => tokio::select! {
                    () = self.drain_when_writable() => {}
                    () = self.wake.notified() => {}
                },
            }
        }
    }

    /// Waits until nothing is waiting, or the socket failed.
    pub async fn flushed(&self) {
        while !self.state().waiting.is_empty() {
            self.drain_when_writable().await;
        }
    }

    async fn drain_when_writable(&self) {
        if let Err(error) = self.stream.writable().await {
            self.break_off(&mut self.state(), &error);
            return;
        }
        let mut state = self.state();
        while let Some(chunk) = state.waiting.front_mut() {
            match self.stream.try_write(chunk) {
                Ok(written) => {
                    chunk.advance(written);
                    let done = chunk.is_empty();
                    state.bytes -= written;
                    state.begun = !done;
                    if !done {
                        return;
                    }
                    state.waiting.pop_front();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return self.break_off(&mut state, &error),
            }
        }
        state.waiting.shrink_to_fit();
    }

    fn push(&self, state: &mut State, mut frames: Bytes) {
        if state.waiting.is_empty() {
            match self.stream.try_write(&frames) {
                Ok(written) if written == frames.len() => return,
                Ok(written) => {
                    frames.advance(written);
                    state.begun = written > 0;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => state.begun = false,
                Err(error) => return self.break_off(state, &error),
            }
            self.wake.notify_one();
        } else if state.bytes + frames.len() > self.bound {
            return self.cut(state);
        }
        state.bytes += frames.len();
        state.waiting.push_back(frames);
    }

    fn cut(&self, state: &mut State) {
        state.waiting.truncate(usize::from(state.begun));
        state.waiting.push_back(frame::close(CloseCode::SlowReader));
        state.bytes = state.waiting.iter().map(Bytes::len).sum();
        state.phase = Phase::Closing(Closing::Ours(CloseCode::SlowReader));
        self.wake.notify_one();
    }

    fn break_off(&self, state: &mut State, error: &io::Error) {
        tracing::debug!(%error, "socket failed while writing");
        state.waiting.clear();
        state.bytes = 0;
        state.phase = Phase::Broken;
        self.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic while it is held would be one in the standard library; the state stays usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::AsyncReadExt,
        net::{TcpListener, TcpSocket},
    };

    use super::*;

    /// A socket with small buffers whose far end does not read, and that end.
    async fn stalled() -> (Arc<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let far = socket.connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        socket2::SockRef::from(&near).set_send_buffer_size(4096).unwrap();
        near.writable().await.unwrap();
        (Arc::new(near), far)
    }

    fn numbered(n: u32) -> Bytes {
        n.to_be_bytes().repeat(256).into()
    }

    async fn read_all(mut far: TcpStream, near: Arc<TcpStream>, outbox: &Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        let finish = async {
            outbox.flushed().await;
            socket2::SockRef::from(&*near).shutdown(std::net::Shutdown::Write).unwrap();
        };
        let (read, ()) = tokio::join!(far.read_to_end(&mut all), finish);
        read.unwrap();
        all
    }

    #[tokio::test]
    async fn what_the_kernel_does_not_take_follows_whole_and_in_order() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near.clone(), 1 << 20);
        (0..400).for_each(|n| outbox.send(numbered(n)));
        assert!(outbox.state().bytes > 0, "the socket never pushed back");
        outbox.close(CloseCode::ServerStopping);
        outbox.send(numbered(400));
        let expected: Vec<u8> = (0..400)
            .flat_map(|n| numbered(n).to_vec())
            .chain(frame::close(CloseCode::ServerStopping))
            .collect();
        assert!(read_all(far, near, &outbox).await == expected, "bytes lost, repeated or after the close");
    }

    #[tokio::test]
    async fn a_slow_reader_costs_its_bound_and_gets_whole_frames_and_a_close() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near.clone(), 10_000);
        let mut most = 0;
        for n in 0..2_000 {
            outbox.send(numbered(n));
            most = most.max(outbox.state().bytes);
        }
        assert!((1..=10_000).contains(&most), "{most} bytes kept");
        assert_eq!(outbox.drive().await, Closing::Ours(CloseCode::SlowReader));
        let all = read_all(far, near, &outbox).await;
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
        let outbox = Arc::new(Outbox::new(near, 10_000));
        outbox.send(vec![7; 300_000].into());
        let driven = tokio::spawn({
            let outbox = outbox.clone();
            async move { outbox.drive().await }
        });
        // On the one thread of this test, so that the task is waiting for the socket by now.
        tokio::task::yield_now().await;
        outbox.send(numbered(1));
        assert_eq!(driven.await.unwrap(), Closing::Ours(CloseCode::SlowReader));
    }

    #[tokio::test]
    async fn one_long_chunk_is_not_a_slow_reader() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near.clone(), 1_000);
        let replay = Bytes::from(vec![7; 300_000]);
        outbox.send(replay.clone());
        assert!(read_all(far, near, &outbox).await == replay);
    }

    #[tokio::test]
    async fn a_broken_socket_is_noticed() {
        let (near, far) = stalled().await;
        let outbox = Outbox::new(near, 1 << 20);
        socket2::SockRef::from(&far).set_linger(Some(std::time::Duration::ZERO)).unwrap();
        (0..400).for_each(|n| outbox.send(numbered(n)));
        drop(far);
        assert_eq!(outbox.drive().await, Closing::Broken);
    }
}
