//! Breaks one connection on purpose, or pings it: an [`Impairment`], the outbox that it concerns, and at most one task,
//! which ends what lasts only a while. The fault is real: bytes are not read, not sent or sent late, or the
//! socket is shut. Other connections are not affected, and pay nothing.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chat_protocol::CloseCode;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::Notify;

use crate::net::{frame, impairment::Impairment, outbox::Outbox};

/// Longest time that one may ask for.
pub(crate) const LONGEST: Duration = Duration::from_secs(60);

/// How long a delay lasts.
pub(crate) const DELAYED_FOR: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "break", rename_all = "snake_case")]
pub(crate) enum Fault {
    /// The socket is shut, without a close frame.
    Cut,
    /// Nothing is read for so many milliseconds.
    Deafness {
        /// At most [`LONGEST`].
        ms: u64,
    },
    /// For [`DELAYED_FOR`], frames are sent so many milliseconds late.
    Delay {
        /// At most [`LONGEST`].
        ms: u64,
    },
    /// The acknowledgement of the next message is lost, and the connection with it.
    LoseAck,
    /// The server closes as if it stopped, and afterwards does not know this member any more.
    Restart,
    /// Nothing is broken: a ping is sent before the silence that asks for one.
    Ping,
}

#[derive(Debug, Default)]
pub(crate) struct Injector {
    impairment: Impairment,
    outbox: Mutex<Weak<Outbox>>,
    /// Something is due earlier than was known.
    changed: Notify,
    /// Whether there is a task: one at most, however many faults are asked for.
    has_task: AtomicBool,
}

impl Injector {
    pub(crate) fn impairment(&self) -> &Impairment {
        &self.impairment
    }

    /// It is the connection with this outbox.
    pub(crate) fn attach(&self, outbox: &Arc<Outbox>) {
        *self.outbox.lock() = Arc::downgrade(outbox);
    }

    /// A frame is late on purpose, and waits for the task.
    pub(crate) fn delayed(&self) {
        self.changed.notify_one();
    }

    /// Breaks it. False when the connection is over already.
    pub(crate) fn inject(self: &Arc<Self>, fault: Fault) -> bool {
        let Some(outbox) = self.outbox.lock().upgrade() else { return false };
        let now = Instant::now();
        match fault {
            Fault::Cut => outbox.cut_off(),
            Fault::Deafness { ms } => {
                self.impairment.pause_reads(now + Duration::from_millis(ms).min(LONGEST));
                self.start_task();
            }
            Fault::Delay { ms } => {
                self.impairment.delay(Duration::from_millis(ms).min(LONGEST), now + DELAYED_FOR);
                self.start_task();
            }
            Fault::LoseAck => self.impairment.lose_ack(),
            Fault::Restart => {
                self.impairment.forget();
                outbox.close(CloseCode::ServerStopping);
            }
            Fault::Ping => outbox.send(&frame::PING),
        }
        true
    }

    fn start_task(self: &Arc<Self>) {
        if self.has_task.swap(true, Ordering::AcqRel) {
            self.changed.notify_one();
        } else {
            tokio::spawn(self.clone().run());
        }
    }

    /// Sends late frames when they are due, and wakes the connection when its reads resume, until nothing is
    /// left to do. It keeps no socket open while it waits.
    async fn run(self: Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let Some(outbox) = self.outbox.lock().upgrade() else {
                // Nobody will have it any more.
                self.impairment.deliver(None, |_| ());
                return;
            };
            self.impairment.deliver(Some(now), |frames| outbox.send_on_time(frames));
            if self.impairment.resume_reads(now) {
                // Something may have come meanwhile.
                outbox.nudge();
            }
            drop(outbox);
            let next = match self.impairment.next_change(now) {
                Some(next) => next,
                None => {
                    self.has_task.store(false, Ordering::Release);
                    // Asked for in between, it would have found a task that is about to end.
                    match self.impairment.next_change(now) {
                        Some(next) if !self.has_task.swap(true, Ordering::AcqRel) => next,
                        _ => return,
                    }
                }
            };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(next.into()) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::outbox_budget::OutboxBudget;

    #[tokio::test]
    async fn injector_runs_one_task_without_connections() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let outbox = Arc::new(Outbox::new(socket, OutboxBudget::new(1_000, 1 << 20, 1), None));
        let injector = Arc::new(Injector::default());
        injector.attach(&outbox);
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        for ms in [60_000, 50_000, 40_000] {
            assert!(injector.inject(Fault::Deafness { ms }));
            assert!(injector.inject(Fault::Delay { ms }));
            tokio::task::yield_now().await;
        }
        assert_eq!((tasks(), Arc::strong_count(&outbox)), (1, 1));
        drop(outbox);
        injector.delayed();
        tokio::task::yield_now().await;
        assert_eq!(tasks(), 0);
    }
}
