//! The server's end of a WebSocket on any stream of bytes. The strict [`Receiver`] reads it, pings are
//! answered, a silent client is pinged, and the end is a close frame that says why, after which the server
//! closes first (RFC 6455 §7.1.1). Outgoing frames wait in one buffer, and nothing is read while any wait: a
//! client that does not read is soon taken for dead. Nor is a client over its rate limit read, whom TCP makes
//! wait (backpressure), and after each read others have their turn.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::{Buf, Bytes, BytesMut};
use chat_protocol::CloseCode;
use chat_room::RateLimit;
use chat_wire::{
    frame::{Header, Opcode},
    rules::{Heard, Receiver, Role, Violation},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::Sleep,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{
    limits::ip_limits::IpUsage,
    net::{
        disconnect::{Close, Disconnect},
        heartbeat::{Heartbeat, Pulse},
    },
};

/// Most bytes of one read.
const READ_MAX: usize = 4096;

/// How long a socket over its rate limit is not read, until it is asked again.
const PAUSE: Duration = Duration::from_millis(100);

/// How fast a socket may send: each read counts, and each message, ping and pong.
#[derive(Debug)]
pub(crate) struct Rate {
    /// Its own limit.
    pub(crate) own: RateLimit,
    pub(crate) address: Arc<IpUsage>,
}

impl Rate {
    /// Whether one more is within both limits; counts it. What is over its own does not use up the address's.
    fn allows(&self, now: Instant) -> bool {
        self.own.take(now) && self.address.allow_frame(now)
    }
}

/// What a socket is held to.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// Longest message, in bytes.
    pub(crate) message_max: usize,
    /// How long without a message, ping or pong until it is pinged.
    pub(crate) silence: Duration,
    /// How long the answer to that may take.
    pub(crate) patience: Duration,
    /// How long the close may take.
    pub(crate) close_grace: Duration,
    pub(crate) stopping: CancellationToken,
    /// `None` within a pipe, which has one.
    pub(crate) rate: Option<Arc<Rate>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    /// [`Opcode::TEXT`] or [`Opcode::BINARY`].
    pub(crate) opcode: Opcode,
    /// A text's bytes are UTF-8.
    pub(crate) payload: Vec<u8>,
}

fn violated(violation: Violation) -> Disconnect {
    Disconnect::by_server(violation.code(), violation.name())
}

fn failed(error: io::Error) -> Disconnect {
    tracing::debug!(%error, "a socket of the workbench failed");
    Disconnect::Lost
}

#[derive(Debug)]
pub(crate) struct Socket<S> {
    stream: S,
    terms: Terms,
    receiver: Receiver,
    /// Bytes that were read and not parsed yet.
    arrived: Bytes,
    /// Whole frames, the first of which may be sent in part.
    unsent: BytesMut,
    /// Whether something was read, after which it is others' turn.
    has_read: bool,
    /// Whether something was heard or read that its rate limit has not allowed yet.
    is_owing: bool,
    /// How long nothing is read.
    pause: Option<Pin<Box<Sleep>>>,
    heartbeat: Heartbeat,
    alarm: Pin<Box<Sleep>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// After its handshake; `leftover` is what was read from the stream beyond that.
    pub(crate) fn new(stream: S, leftover: Bytes, terms: Terms) -> Self {
        let now = now();
        Self {
            stream,
            receiver: Receiver::new(Role::Server, terms.message_max),
            arrived: leftover,
            unsent: BytesMut::new(),
            has_read: false,
            is_owing: false,
            pause: None,
            heartbeat: Heartbeat::new(now),
            alarm: Box::pin(tokio::time::sleep_until((now + terms.silence).into())),
            stopping: Box::pin(terms.stopping.clone().cancelled_owned()),
            terms,
        }
    }

    /// Puts a frame behind what is still to be written. What waits is written by [`Self::poll_flush`],
    /// and before anything is read; so it is at most what answers one read and one message.
    pub(crate) fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.unsent.extend_from_slice(&Header::new(opcode, None, payload.len() as u64).write());
        self.unsent.extend_from_slice(payload);
    }

    /// The next message.
    ///
    /// # Errors
    /// The [`Disconnect`], when there is none; to be handed to [`Self::close`].
    pub(crate) async fn next(&mut self) -> Result<Message, Disconnect> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// As [`Self::next`]. Nothing is lost between two calls.
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Disconnect>> {
        loop {
            if self.is_owing && self.poll_rate(cx).is_pending() {
                if let Poll::Ready(why) = self.poll_over(cx) {
                    return Poll::Ready(Err(why));
                }
                // What was heard before is answered meanwhile.
                return match self.poll_flush(cx) {
                    Poll::Ready(Err(why)) => Poll::Ready(Err(why)),
                    _ => Poll::Pending,
                };
            }
            match self.hear_what_came() {
                Some(Heard::Message { opcode, payload }) => {
                    return Poll::Ready(Ok(Message { opcode, payload }));
                }
                Some(Heard::Ping(payload)) => self.send(Opcode::PONG, &payload),
                Some(Heard::Pong(_)) => {}
                Some(Heard::Close(close)) => {
                    let close = close.map(|(code, reason)| Box::new(Close { code, reason: reason.into() }));
                    return Poll::Ready(Err(Disconnect::ByClient(close)));
                }
                Some(Heard::Violation(violation)) => return Poll::Ready(Err(violated(violation))),
                None => ready!(self.poll_read(cx))?,
            }
        }
    }

    /// Reads what has come, when all that waits was written and it is this socket's turn.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        if let Poll::Ready(why) = self.poll_over(cx) {
            return Poll::Ready(Err(why));
        }
        ready!(self.poll_flush(cx))?;
        if std::mem::take(&mut self.has_read) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut space = [0; READ_MAX];
        let mut space = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut space)).map_err(failed)?;
        if space.filled().is_empty() {
            return Poll::Ready(Err(Disconnect::Lost));
        }
        self.arrived = Bytes::copy_from_slice(space.filled());
        (self.has_read, self.is_owing) = (true, true);
        Poll::Ready(Ok(()))
    }

    fn hear_what_came(&mut self) -> Option<Heard> {
        let mut bytes = &self.arrived[..];
        let heard = self.receiver.hear(&mut bytes);
        self.arrived.advance(self.arrived.len() - bytes.len());
        if heard.is_some() {
            self.is_owing = true;
            self.heartbeat.heard(now());
        }
        heard
    }

    /// Ready when the rate limit allows what is owed.
    fn poll_rate(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            if self.terms.rate.as_ref().is_none_or(|rate| rate.allows(now())) {
                self.is_owing = false;
                return Poll::Ready(());
            }
            self.pause = Some(Box::pin(tokio::time::sleep(PAUSE)));
        }
    }

    /// Ready when the server stops, or the other end has been silent for too long. Pings it in time.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Disconnect> {
        if self.stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(CloseCode::ServerStopping.into());
        }
        while self.alarm.as_mut().poll(cx).is_ready() {
            let next = match self.heartbeat.check(now(), self.terms.silence, self.terms.patience) {
                Pulse::Wait(until) => until,
                Pulse::Ping(until) => {
                    self.send(Opcode::PING, &[]);
                    until
                }
                Pulse::Dead => return Poll::Ready(CloseCode::PingTimeout.into()),
            };
            self.alarm.as_mut().reset(next.into());
        }
        Poll::Pending
    }

    /// Writes what waits; ready when nothing does.
    ///
    /// # Errors
    /// [`Disconnect::Lost`] when the stream fails.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent)).map_err(failed)? {
                0 => return Poll::Ready(Err(Disconnect::Lost)),
                written => self.unsent.advance(written),
            }
        }
        if self.unsent.capacity() > READ_MAX {
            self.unsent = BytesMut::new();
        }
        Pin::new(&mut self.stream).poll_flush(cx).map_err(failed)
    }

    /// Sends the close frame, and drops the stream when the other end has closed too, or after the grace.
    pub(crate) async fn close(mut self, why: Disconnect) {
        let Some(frame) = why.frame() else { return };
        self.unsent.extend_from_slice(&frame);
        let grace = self.terms.close_grace;
        let goodbye = async {
            poll_fn(|cx| self.poll_flush(cx)).await?;
            self.stream.shutdown().await.map_err(failed)?;
            // Closing a TCP socket that holds unread bytes sends a reset, which can overtake and destroy
            // the close frame.
            let mut bytes = [0; 512];
            while self.stream.read(&mut bytes).await.map_err(failed)? > 0 {}
            Ok::<_, Disconnect>(())
        };
        if tokio::time::timeout(grace, goodbye).await.is_err() {
            tracing::debug!("the other end did not finish the close in time");
        }
    }
}

/// By the clock of the alarm.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
