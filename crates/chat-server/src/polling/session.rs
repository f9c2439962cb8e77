//! A polling session: a member without a socket, whose messages wait in a [`Queue`] until a request fetches
//! them. It joins as everybody does, with the same name rules, rate limit and order of messages. Between two
//! requests it stays for a while (its *lease*); after that it is away, as a member whose connection was lost,
//! and may resume.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chat_protocol::{CloseCode, ServerMsg};
use chat_room::{Departure, RateLimit};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::resume_cookie::Renewal;
use crate::{
    net::{connections::Slot, queue::Queue, traffic::Traffic},
    rooms::Membership,
};

#[derive(Debug)]
pub(crate) struct Session {
    inside: Mutex<Option<Arc<Inside>>>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) renewal: Renewal,
    lease: watch::Sender<Lease>,
    /// Whether a second request has come, which showed that the first one's answer was read.
    is_shown: AtomicBool,
}

/// What a session has until it leaves; its queue may be fetched from for longer.
#[derive(Debug)]
pub(crate) struct Inside {
    pub(crate) membership: Membership,
    pub(crate) frames: Arc<RateLimit>,
    pub(crate) slot: Slot,
}

/// How long a session stays without a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lease {
    /// Until then.
    pub(crate) until: Instant,
    /// And as long as this many requests are under way.
    pub(crate) held: usize,
}

/// Holds a session in the room while a request is under way, and for a while after.
#[derive(Debug)]
pub(crate) struct Hold {
    session: Arc<Session>,
    then: Duration,
}

impl Session {
    /// A member whose messages come into `queue`.
    pub(crate) fn new(inside: Inside, traffic: Arc<Traffic>, queue: Arc<Queue>, now: Instant) -> Self {
        Self {
            inside: Mutex::new(Some(Arc::new(inside))),
            traffic,
            queue,
            renewal: Renewal::default(),
            lease: watch::Sender::new(Lease { until: now, held: 0 }),
            is_shown: AtomicBool::new(false),
        }
    }

    /// What it has in the room; `None` once it has left.
    pub(crate) fn inside(&self) -> Option<Arc<Inside>> {
        self.inside.lock().clone()
    }

    /// Sends it a message of its own, in the place in which it falls among those of the room.
    pub(crate) fn send(&self, message: &ServerMsg) {
        self.queue.push_own(message);
    }

    /// Leaves the room and gives the place up, however many still hold the session. While one of its own
    /// requests has to do with the room, it is as if it was lost, whatever `how` says.
    pub(crate) fn leave(&self, how: Departure) {
        let inside = self.inside.lock().take();
        // Not under the lock: leaving takes others.
        if let Some(Inside { membership, slot, .. }) = inside.and_then(Arc::into_inner) {
            membership.leave(how);
            drop(slot);
        }
        self.queue.close(CloseCode::InternalError);
    }

    /// A request has shown that it is of this session.
    pub(crate) fn show(&self) {
        self.is_shown.store(true, Ordering::Relaxed);
    }

    /// How the member leaves when the lease is over: away, as somebody whose connection was lost; or at once,
    /// if its client has never come a second time and so may never have had the answer that it would resume by.
    pub(crate) fn departure(&self) -> Departure {
        if self.is_shown.load(Ordering::Relaxed) { Departure::Lost } else { Departure::Clean }
    }

    /// Holds the session in the room; once the hold is dropped it stays no longer, unless [`Hold::then`]
    /// says so.
    pub(crate) fn hold(self: &Arc<Self>) -> Hold {
        self.lease.send_modify(|lease| lease.held += 1);
        Hold { session: self.clone(), then: Duration::ZERO }
    }

    pub(crate) fn lease(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    /// Whether it is over: nothing more comes, or nobody holds it any more at this time.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        let lease = self.lease.borrow();
        self.queue.over().is_some() || (lease.held == 0 && lease.until <= now)
    }
}

impl Hold {
    /// The session stays for so long once the hold is dropped. The last request decides.
    pub(crate) fn then(&mut self, stay: Duration) {
        self.then = stay;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let until = Instant::now() + self.then;
        self.session.lease.send_modify(|lease| {
            lease.held -= 1;
            lease.until = until;
        });
    }
}
