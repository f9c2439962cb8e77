//! A member without a socket of their own: what is theirs waits until a request fetches it. They are in
//! the room by the same door as everybody, with the same name rules, the same pace and the same order of
//! messages. Between two requests they stay for a while (their *lease*); who does not come back within it
//! is away, as somebody whose connection was lost, and may resume. It does not know which way the
//! requests come.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use chat_protocol::{CloseCode, Seq};
use chat_wire::frame::{Header, Opcode};
use serde::Deserialize;
use tokio::sync::watch;

use super::meter::Account;
use crate::{
    connection::{outbox::Outbox, registry::Place},
    room::Membership,
};

/// See the module.
#[derive(Debug)]
pub struct Guest {
    /// Their place in the room.
    pub membership: Membership,
    /// Their place among the connections.
    pub place: Place,
    /// What they have cost.
    pub account: Arc<Account>,
    outbox: Arc<Outbox>,
    log: Mutex<Log>,
    /// Most bytes in the log.
    bound: usize,
    lease: watch::Sender<Lease>,
    changed: watch::Sender<()>,
}

/// How long a guest stays without a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lease {
    /// Until then.
    pub until: Instant,
    /// And as long as this many requests are under way.
    pub held: usize,
}

/// What was fetched from the outbox and not yet acknowledged.
#[derive(Debug, Default)]
struct Log {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// The newest message.
    newest: Seq,
    /// The last one that came a second time, to acknowledge what was said a second time.
    repeated: Option<Bytes>,
    over: Option<CloseCode>,
}

/// One message of the server.
#[derive(Clone, Debug)]
struct Entry {
    /// Its place in the room's order, if it is a `said`.
    seq: Option<Seq>,
    json: Bytes,
}

/// What every message has, and a `said` besides.
#[derive(Deserialize)]
struct Kind {
    r#type: String,
    #[serde(default)]
    seq: Option<Seq>,
}

/// What there is for a guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Messages, in JSON, in the room's order.
    pub messages: Vec<Bytes>,
    /// Why nothing more will come.
    pub over: Option<CloseCode>,
}

/// Holds a guest in the room while a request is under way.
#[derive(Debug)]
pub struct Hold {
    guest: Arc<Guest>,
    then: std::time::Duration,
}

impl Guest {
    /// A member, whose messages wait in `outbox`, and in `log` up to `bound` bytes.
    pub fn new(
        membership: Membership,
        place: Place,
        outbox: Arc<Outbox>,
        bound: usize,
        now: Instant,
    ) -> Self {
        Self {
            membership,
            place,
            account: Arc::default(),
            outbox,
            log: Mutex::default(),
            bound,
            lease: watch::Sender::new(Lease { until: now, held: 0 }),
            changed: watch::Sender::new(()),
        }
    }

    /// Holds the guest in the room, and for `then` after the hold is dropped.
    pub fn hold(self: &Arc<Self>, then: std::time::Duration) -> Hold {
        self.lease.send_modify(|lease| lease.held += 1);
        Hold { guest: self.clone(), then }
    }

    /// The lease, to be watched.
    pub fn lease(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    /// What there is after the message `after`, which is acknowledged with all before it. Without
    /// `after` nothing is acknowledged, and all messages since the last acknowledged are told again.
    /// Who came and went is told once.
    pub fn tell(&self, after: Option<Seq>) -> Told {
        let mut log = self.log();
        if let Some(after) = after {
            log.forget(|entry| entry.seq.is_some_and(|seq| seq <= after));
        }
        let messages = log.entries.iter().map(|entry| entry.json.clone()).collect();
        log.forget(|entry| entry.seq.is_none());
        Told { messages, over: log.over }
    }

    /// The `said` with this id, if it is in the log.
    pub fn said(&self, id: &str) -> Option<Bytes> {
        #[derive(Deserialize)]
        struct Id<'a> {
            id: Option<std::borrow::Cow<'a, str>>,
        }
        let log = self.log();
        let said = log.entries.iter().filter(|entry| entry.seq.is_some()).map(|entry| &entry.json);
        let is_it = |json: &&Bytes| {
            serde_json::from_slice::<Id<'_>>(json).is_ok_and(|it| it.id.as_deref() == Some(id))
        };
        said.rev().chain(&log.repeated).find(is_it).cloned()
    }

    /// The first answer of the room: the `welcome`.
    pub fn first(&self) -> Option<Bytes> {
        self.log().entries.front().map(|entry| entry.json.clone())
    }

    /// Waits until the room has sent something, and takes it into the log. False when nothing more will
    /// come. For one task, the guest's own.
    pub async fn fetch(&self) -> bool {
        let (fetched, closing) = poll_fn(|cx| self.outbox.poll_fetch(cx)).await;
        let is_going_on = {
            let mut log = self.log();
            if log.bytes > self.bound {
                // As a slow reader's outbox. They may resume from what they acknowledged. What came at
                // once is taken whole, as a replay is one long chunk.
                log.over.get_or_insert(CloseCode::SlowReader);
            }
            if log.over.is_none() {
                fetched.iter().for_each(|frames| log.take(frames));
            }
            if closing.is_some() {
                log.over.get_or_insert(CloseCode::InternalError);
            }
            log.over.is_none()
        };
        self.changed.send_replace(());
        is_going_on
    }

    /// Tells when there is something more. To be had before one looks.
    pub fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Why nothing more will come.
    pub fn over(&self) -> Option<CloseCode> {
        self.log().over
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // No code that can panic runs while the lock is held.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    /// Takes messages out of the frames that a room sends: whole ones, and unmasked.
    fn take(&mut self, frames: &Bytes) {
        let mut rest = frames.clone();
        while let Some(header) = Header::read(&rest) {
            let payload = rest.split_off(header.size().min(rest.len()));
            let json = payload.slice(..payload.len().min(header.length as usize));
            rest = payload.slice(json.len()..);
            match header.opcode {
                Opcode::TEXT => {
                    let kind = serde_json::from_slice::<Kind>(&json).ok();
                    let seq = kind.filter(|kind| kind.r#type == "said").and_then(|kind| kind.seq);
                    if seq.is_some_and(|seq| seq <= self.newest) {
                        self.repeated = Some(json);
                        continue;
                    }
                    self.newest = seq.unwrap_or(self.newest);
                    self.bytes += json.len();
                    self.entries.push_back(Entry { seq, json });
                }
                Opcode::CLOSE => {
                    let code = json.first_chunk().map(|code| u16::from_be_bytes(*code));
                    let is_it = |close: &CloseCode| Some(close.code()) == code;
                    self.over = CloseCode::ALL.into_iter().find(is_it).or(Some(CloseCode::InternalError));
                }
                _ => {}
            }
        }
    }

    fn forget(&mut self, is_it: impl Fn(&Entry) -> bool) {
        self.entries.retain(|entry| !is_it(entry));
        self.bytes = self.entries.iter().map(|entry| entry.json.len()).sum();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let until = Instant::now() + self.then;
        self.guest.lease.send_modify(|lease| {
            lease.held -= 1;
            // The way of the last request decides.
            lease.until = until;
        });
    }
}
