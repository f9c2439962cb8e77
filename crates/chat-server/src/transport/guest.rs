//! A member without a socket of their own: what is theirs waits until a request fetches it. They are in
//! the room by the same door as everybody, with the same name rules, the same pace and the same order of
//! messages. Between two requests they stay for a while (their *lease*); who does not come back within it
//! is away, as somebody whose connection was lost, and may resume. It does not know which way the
//! requests come.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use chat_protocol::{ClientId, CloseCode, Epoch, SayId, Seq, ServerMsg};
use chat_wire::frame::{Header, Opcode};
use tokio::sync::{oneshot, watch};

use super::meter::Account;
use crate::{
    connection::{outbox::Outbox, registry::Place},
    frame,
    room::{Departure, Membership},
};

/// About how many bytes of messages are told at a time: each answer that is under way costs as many.
pub const PORTION: usize = 64 * 1024;

/// See the module.
#[derive(Debug)]
pub struct Guest {
    inside: Mutex<Option<Arc<Inside>>>,
    /// What they have cost.
    pub account: Arc<Account>,
    outbox: Arc<Outbox>,
    log: Mutex<Log>,
    /// Most bytes in the log.
    bound: usize,
    lease: watch::Sender<Lease>,
    changed: watch::Sender<()>,
}

/// What a guest has until they leave, whoever still tells what was left for them.
#[derive(Debug)]
pub struct Inside {
    /// Their place in the room.
    pub membership: Membership,
    /// Their place among the connections.
    pub place: Place,
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
    /// How many entries there have been.
    taken: u64,
    /// Whether a message that says again what was said before is told, too: where an echo is not waited
    /// for, it is the acknowledgement.
    tells_echoes: bool,
    welcome: Option<Welcome>,
    /// The newest message.
    newest: Seq,
    /// The last message that they are known to have.
    acknowledged: Seq,
    /// The echoes that are waited for: one for each request that says something, at most.
    awaited: Vec<(SayId, oneshot::Sender<Bytes>)>,
    /// The number of the latest listener.
    listener: u64,
    /// When one was told something last.
    told_at: Option<Instant>,
    over: Option<CloseCode>,
}

/// What matters of how they were welcomed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Welcome {
    /// Who they are in the room.
    me: ClientId,
    /// In which life of it.
    epoch: Epoch,
    /// The last message they had by then.
    seq: Seq,
}

/// One message of the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The last message that who was told this has: its own place in the room's order, if it is a
    /// `said`, or that of the one before.
    pub at: Seq,
    /// The message.
    pub json: Bytes,
    /// Its number among all that this guest was told, from 1.
    number: u64,
    is_said: bool,
}

/// What there is for a guest.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// Messages, in the room's order.
    pub messages: Vec<Entry>,
    /// Why nothing more will come.
    pub over: Option<CloseCode>,
}

/// Holds a guest in the room while a request is under way, and for a while after.
#[derive(Debug)]
pub struct Hold {
    guest: Arc<Guest>,
    then: Duration,
}

/// Who is told what there is for a guest. What is told once must not be told to one of two, each of whom
/// takes it for all: so of several the latest hears everything, and the others that they are replaced.
#[derive(Debug)]
pub struct Listener {
    guest: Arc<Guest>,
    number: u64,
    changed: watch::Receiver<()>,
}

impl Guest {
    /// A member, whose messages wait in `outbox`, and in a log up to `bound` bytes. With `tells_echoes`
    /// the log has every message, also one that only says again what was said.
    pub fn new(
        inside: Inside,
        account: Arc<Account>,
        outbox: Arc<Outbox>,
        tells_echoes: bool,
        bound: usize,
        now: Instant,
    ) -> Self {
        Self {
            inside: Mutex::new(Some(Arc::new(inside))),
            account,
            outbox,
            log: Mutex::new(Log { tells_echoes, ..Log::default() }),
            bound,
            lease: watch::Sender::new(Lease { until: now, held: 0 }),
            changed: watch::Sender::new(()),
        }
    }

    /// What they have in the room; `None` once they have left.
    pub fn inside(&self) -> Option<Arc<Inside>> {
        // No code that can panic runs while the lock is held.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends them a message of their own, in the place in which it falls among those of the room.
    pub fn send(&self, message: &ServerMsg) {
        self.outbox.send(&frame::text(message));
    }

    /// Leaves the room and gives the place up, however many still hold the guest. While one of their own
    /// requests has to do with the room, it is as if they were lost, whatever `how` says.
    pub fn leave(&self, how: Departure) {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Not under the lock: who leaves takes others.
        if let Some(Inside { membership, place }) = inside.and_then(Arc::into_inner) {
            membership.leave(how);
            drop(place);
        }
        let mut log = self.log();
        log.over.get_or_insert(CloseCode::InternalError);
        log.awaited.clear();
        drop(log);
        self.changed.send_replace(());
    }

    /// Holds the guest in the room; once the hold is dropped they stay no longer, unless
    /// [`Hold::then`] says so.
    pub fn hold(self: &Arc<Self>) -> Hold {
        self.lease.send_modify(|lease| lease.held += 1);
        Hold { guest: self.clone(), then: Duration::ZERO }
    }

    /// The lease, to be watched.
    pub fn lease(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    /// Whether nobody holds them any more at this time.
    pub fn is_let_go(&self, now: Instant) -> bool {
        let lease = self.lease.borrow();
        lease.held == 0 && lease.until <= now
    }

    /// Listens, from now on instead of whoever did.
    pub fn listen(self: &Arc<Self>) -> Listener {
        let mut log = self.log();
        log.listener += 1;
        let number = log.listener;
        drop(log);
        self.changed.send_replace(());
        Listener { guest: self.clone(), number, changed: self.changed.subscribe() }
    }

    /// The last message they had when they came.
    pub fn came_after(&self) -> Seq {
        self.log().welcome.as_ref().map_or(0, |welcome| welcome.seq)
    }

    /// Whether all is here that came after the message `after`: not what was acknowledged with a later
    /// one, and nothing is known of messages that were never told.
    pub fn can_tell_after(&self, after: Seq) -> bool {
        let log = self.log();
        (log.acknowledged..=log.newest).contains(&after)
    }

    /// What their own message with this id comes back as. To be had before it is said.
    pub fn echo(&self, id: SayId) -> oneshot::Receiver<Bytes> {
        let (echo, echoed) = oneshot::channel();
        let mut log = self.log();
        log.awaited.retain(|(_, waiting)| !waiting.is_closed());
        // Dropped, where none can come any more.
        if log.over.is_none() {
            log.awaited.push((id, echo));
        }
        echoed
    }

    /// The life of the room they are in, once they were welcomed, or `None` if they never are.
    pub async fn welcomed(&self) -> Option<Epoch> {
        let mut changed = self.changed.subscribe();
        loop {
            {
                let log = self.log();
                if let Some(welcome) = &log.welcome {
                    return Some(welcome.epoch.clone());
                }
                if log.over.is_some() {
                    return None;
                }
            }
            changed.changed().await.ok()?;
        }
    }

    /// Waits until the room has sent something, and takes it into the log. For one task, the guest's own.
    pub async fn fetch(&self) {
        let (fetched, closing) = poll_fn(|cx| self.outbox.poll_fetch(cx)).await;
        let mut log = self.log();
        if log.bytes > self.bound {
            // As a slow reader's outbox. They may resume from what they acknowledged. What came at once
            // is taken whole, as a replay is one long chunk.
            log.over.get_or_insert(CloseCode::SlowReader);
        }
        if log.over.is_none() {
            fetched.iter().for_each(|frames| log.take(frames));
        }
        if closing.is_some() {
            log.over.get_or_insert(CloseCode::InternalError);
        }
        if log.over.is_some() {
            log.awaited.clear();
        }
        drop(log);
        self.changed.send_replace(());
    }

    /// The earliest time to tell something again, where it is told no more often than this.
    pub fn told_at(&self, apart: Duration) -> Instant {
        self.log().told_at.map_or_else(Instant::now, |at| at + apart)
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

impl Listener {
    /// What there is after the message `after`, which is acknowledged with all before it. Without
    /// `after` nothing is acknowledged, and the messages since the last acknowledged are told again.
    /// Who came and went is told once. Told is about a [`PORTION`] at a time; when that is not all,
    /// [`Told::over`] is kept for later.
    pub fn tell(&mut self, after: Option<Seq>) -> Told {
        self.changed.mark_unchanged();
        let mut log = self.guest.log();
        if log.listener != self.number {
            return Told { messages: Vec::new(), over: Some(CloseCode::Replaced) };
        }
        if let Some(after) = after {
            log.acknowledge(after);
        }
        let told = log.portion();
        let mut count = told.messages.len();
        log.entries.retain(|entry| {
            let is_told = count > 0;
            count = count.saturating_sub(1);
            !is_told || entry.is_said
        });
        log.count();
        told
    }

    /// What there is after the entry with this number, which is acknowledged with all before it. Nothing is
    /// forgotten before it is: an answer that was lost can be asked for again, who came and went included.
    /// As much is told at a time as by [`Listener::tell`].
    pub fn tell_from(&mut self, after: u64) -> Told {
        self.changed.mark_unchanged();
        let mut log = self.guest.log();
        if log.listener != self.number {
            return Told { messages: Vec::new(), over: Some(CloseCode::Replaced) };
        }
        log.entries.retain(|entry| entry.number > after);
        log.count();
        let told = log.portion();
        if !told.messages.is_empty() {
            log.told_at = Some(Instant::now());
        }
        told
    }

    /// The last messages, `most` of them at most, for who forgets between two looks what they were
    /// shown. All before these is acknowledged.
    pub fn show(&mut self, most: usize) -> Vec<Bytes> {
        let mut log = self.guest.log();
        log.entries.retain(|entry| entry.is_said);
        let before = log.entries.len().saturating_sub(most);
        if let Some(last) = before.checked_sub(1).map(|last| log.entries[last].at) {
            log.acknowledge(last);
        }
        log.count();
        log.entries.iter().map(|entry| entry.json.clone()).collect()
    }

    /// Waits until there may be something else to tell than the last time.
    pub async fn more(&mut self) {
        // Only without a guest could it fail.
        drop(self.changed.changed().await);
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
                Opcode::TEXT => self.take_message(json),
                Opcode::CLOSE => {
                    let code = json.first_chunk().map(|code| u16::from_be_bytes(*code));
                    let is_it = |close: &CloseCode| Some(close.code()) == code;
                    self.over = CloseCode::ALL.into_iter().find(is_it).or(Some(CloseCode::InternalError));
                }
                _ => {}
            }
        }
    }

    fn take_message(&mut self, json: Bytes) {
        let mut is_said = false;
        match serde_json::from_slice(&json) {
            Ok(ServerMsg::Welcome(welcome)) => {
                (self.newest, self.acknowledged) = (welcome.seq, welcome.seq);
                self.welcome = Some(Welcome { me: welcome.you.id, epoch: welcome.epoch, seq: welcome.seq });
            }
            Ok(ServerMsg::Said(said)) => {
                if self.welcome.as_ref().is_some_and(|welcome| welcome.me == said.from) {
                    for (_, echo) in self.awaited.extract_if(.., |(id, _)| *id == said.id) {
                        // Nobody may be waiting for it any more.
                        drop(echo.send(json.clone()));
                    }
                }
                if said.seq > self.newest {
                    self.newest = said.seq;
                    is_said = true;
                } else if !self.tells_echoes {
                    // It acknowledges what was said twice, and is known.
                    return;
                }
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a room's message is none"),
        }
        self.bytes += json.len();
        self.taken += 1;
        self.entries.push_back(Entry { at: self.newest, json, number: self.taken, is_said });
    }

    /// The first entries, about a [`PORTION`].
    fn portion(&self) -> Told {
        let mut bytes = 0;
        let portion = self.entries.iter().take_while(|entry| {
            let is_within = bytes < PORTION;
            bytes += entry.json.len();
            is_within
        });
        let messages: Vec<Entry> = portion.cloned().collect();
        let over = self.over.filter(|_| messages.len() == self.entries.len());
        Told { messages, over }
    }

    /// They have this message, and all before it.
    fn acknowledge(&mut self, seq: Seq) {
        self.acknowledged = self.acknowledged.max(seq);
        self.entries.retain(|entry| !(entry.is_said && entry.at <= seq));
        self.count();
    }

    fn count(&mut self) {
        self.bytes = self.entries.iter().map(|entry| entry.json.len()).sum();
    }
}

impl Hold {
    /// They stay for so long once the hold is dropped. The way of the last request decides.
    pub fn then(&mut self, stay: Duration) {
        self.then = stay;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let until = Instant::now() + self.then;
        self.guest.lease.send_modify(|lease| {
            lease.held -= 1;
            lease.until = until;
        });
    }
}
