//! What a connection waits for: that something can be read or written, that it is over, or that it is time
//! to look at the clock. Polled by hand, because three futures to select from would be as large as all else
//! that a connection is, and there are ten thousand of them.

use std::{
    future::poll_fn,
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use chat_protocol::CloseCode;
use socket2::SockRef;
use tokio::time::Sleep;
use tungstenite::Message;

use super::reader::Reader;
use crate::net::{
    disconnect::Disconnect,
    frame,
    heartbeat::{Heartbeat, Pulse},
    outbox::Outbox,
};

#[derive(Debug)]
pub(crate) struct Io {
    reader: Reader,
    heartbeat: Heartbeat,
    alarm: Pin<Box<Sleep>>,
}

/// What a connection wakes up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Readable,
    /// It is time for [`Io::check_heartbeat`].
    Alarm,
}

impl Io {
    /// For the outbox's socket, after `leftover`, which was read from it before. The first alarm is at
    /// `alarm`.
    pub(crate) fn new(outbox: Arc<Outbox>, leftover: Bytes, alarm: Instant) -> Self {
        Self {
            reader: Reader::new(outbox, leftover),
            heartbeat: Heartbeat::new(Instant::now()),
            alarm: Box::pin(tokio::time::sleep_until(alarm.into())),
        }
    }

    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        self.reader.outbox()
    }

    /// Begins to read what has come.
    ///
    /// # Errors
    /// [`Disconnect::Lost`], when the socket failed.
    pub(crate) fn begin_turn(&mut self) -> Result<(), Disconnect> {
        self.reader.begin_turn().map_err(|_| Disconnect::Lost)
    }

    /// The next message of what has come; `None` when there is no more.
    ///
    /// # Errors
    /// [`Disconnect`]: a close frame, something that breaks the rules, or the end.
    pub(crate) fn message(&mut self) -> Result<Option<Message>, Disconnect> {
        let message = self.reader.message()?;
        if message.is_some() {
            self.heartbeat.heard(Instant::now());
        }
        Ok(message)
    }

    /// How many fragments of messages came since the last time this was asked.
    pub(crate) fn take_fragments(&mut self) -> u16 {
        self.reader.take_fragments()
    }

    /// Waits until there is something to do, and sends meanwhile what waits to be sent.
    ///
    /// # Errors
    /// [`Disconnect`], when the outbox was closed or the socket failed.
    pub(crate) async fn next(&mut self) -> Result<Event, Disconnect> {
        if self.reader.is_behind() {
            tokio::task::yield_now().await;
        }
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Disconnect>> {
        if let Poll::Ready(over) = self.outbox().poll_drive(cx) {
            return Poll::Ready(Err(over));
        }
        // A client that sends more than is read would otherwise never be judged by the clock.
        if self.reader.is_behind() && self.alarm.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(Event::Alarm));
        }
        // A connection whose reads are paused is woken when they resume.
        let are_reads_paused = self.outbox().are_reads_paused();
        if !are_reads_paused && self.reader.resume() {
            return Poll::Ready(Ok(Event::Readable));
        }
        if !are_reads_paused && let Poll::Ready(readable) = self.outbox().stream().poll_read_ready(cx) {
            return Poll::Ready(readable.map(|()| Event::Readable).map_err(|_| Disconnect::Lost));
        }
        self.alarm.as_mut().poll(cx).map(|()| Ok(Event::Alarm))
    }

    /// Waits for the room, whose mailbox may be full. Meanwhile nothing is read, so that the client
    /// waits as well (backpressure), but what is on its way out goes on: a client that speaks in a busy room
    /// is no slow reader.
    ///
    /// # Errors
    /// [`Disconnect`], when the outbox was closed or the socket failed.
    pub(crate) async fn wait_for<T>(&self, room: impl Future<Output = T>) -> Result<T, Disconnect> {
        tokio::select! {
            // Mostly it need not be waited for.
            biased;
            answer = room => Ok(answer),
            over = poll_fn(|cx| self.outbox().poll_drive(cx)) => Err(over),
        }
    }

    /// Pings a silent client after `interval`, and sets the alarm for the next look, at `by` at the latest.
    ///
    /// # Errors
    /// [`CloseCode::PingTimeout`], when the answer took longer than `deadline`.
    pub(crate) fn check_heartbeat(
        &mut self,
        interval: Duration,
        deadline: Duration,
        by: Option<Instant>,
    ) -> Result<(), Disconnect> {
        let next = match self.heartbeat.check(Instant::now(), interval, deadline) {
            Pulse::Wait(until) => until,
            Pulse::Ping(until) => {
                self.outbox().send(&frame::PING);
                until
            }
            Pulse::Dead => return Err(CloseCode::PingTimeout.into()),
        };
        self.alarm.as_mut().reset(by.map_or(next, |by| next.min(by)).into());
        Ok(())
    }

    /// Sends the close frame, if it can arrive, and drops the socket when the other end has, or after `grace`.
    /// True when the other end did.
    pub(crate) async fn close(self, why: Disconnect, grace: Duration) -> bool {
        let outbox = self.outbox();
        if why == Disconnect::Lost {
            return true;
        }
        outbox.end(why);
        let finish = async {
            poll_fn(|cx| outbox.poll_flushed(cx)).await;
            if SockRef::from(outbox.stream()).shutdown(Shutdown::Write).is_ok() {
                read_to_end(outbox).await;
            }
        };
        tokio::time::timeout(grace, finish).await.is_ok()
    }
}

/// Takes and discards what still comes until the other end is done too. Closing a socket that holds
/// unread bytes sends a reset, which can overtake and destroy the close frame.
async fn read_to_end(outbox: &Outbox) {
    while outbox.stream().readable().await.is_ok() {
        let mut bytes = [0; 512];
        match outbox.stream().try_read(&mut bytes) {
            Ok(0) => return,
            Ok(read) => {
                if let Some(tap) = outbox.tap() {
                    tap.received(&bytes[..read]);
                }
                tokio::task::consume_budget().await;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
