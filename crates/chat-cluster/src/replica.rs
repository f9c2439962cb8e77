//! A node's copy of one room, as far as it follows the log: which entry is next, what is on its way, when the
//! log must be read, and when this copy is over. A pure state machine; the room itself, and what becomes of its
//! decisions, are the caller's.
//!
//! - An entry is applied if and only if it is of this life, is the next, and names the one before it rightly.
//!   Nothing is ever skipped: whatever else comes is known already, or means that the log must be read, or that
//!   it is not the log that this copy was made of.
//! - Nothing is done before it came back: what a node itself wishes happens when it reads it in the log.
//! - Equal or loud: each batch says what its node had decided up to a place, as one number. Where another one
//!   comes to another number the rooms have become two, and this life ends.

use std::{collections::VecDeque, sync::Arc};

use chat_protocol::Epoch;
use chat_room::{ConnKey, Ms, RULES, Room, Wish};

use crate::{
    Append, Appended, Entry, Loaded, Place, Read, Tag, UnreadableError,
    outgoing::{Outgoing, Sent},
    written::{self, Digest, ReadBatch, Restored},
};

/// For how many entries back the tags and digests are remembered. A batch is never checked against one that is
/// older, and an entry that is older counts as known.
const REMEMBERED: usize = 1_024;

/// How long an entry that is in the log may be on its way, in milliseconds, until it is read.
const ON_ITS_WAY: Ms = 500;

/// How often the log is looked at in any case, in milliseconds: nobody may have said that something was missed,
/// and what nobody looks at is not kept.
const LOOK_EVERY: Ms = 60_000;

/// How many bytes of entries there may be until there is a snapshot, and as many more for each session in the room
/// as it takes there: so snapshots are about as long as the entries between them at most.
pub const SNAPSHOT_EVERY: usize = 64 * 1024;
const SNAPSHOT_OF_SESSION: usize = 512;

/// After so many milliseconds for each node before it a node does what is anybody's turn.
const TURN: Ms = 250;

/// See the module. With each wish of this node goes an `X`.
#[derive(Debug)]
pub struct Replica<X> {
    node: u32,
    life: Epoch,
    place: Place,
    /// The time of the last entry.
    at: Ms,
    digest: u64,
    /// The tags and digests of the last entries, up to the place.
    remembered: VecDeque<(Tag, u64)>,
    outgoing: Outgoing<X>,
    /// Whether the batch on its way waits for the log's answer.
    is_sending: bool,
    /// How far the log is known to go, and since when that is farther than this.
    top: u64,
    behind_since: Option<Ms>,
    must_read: bool,
    /// After which entry it is being read.
    reading: Option<u64>,
    looked: Ms,
    since_snapshot: usize,
    snapshot_every: usize,
}

/// A batch to append.
#[derive(Clone, Debug)]
pub struct Batch {
    life: Epoch,
    tag: Tag,
    seen: u64,
    json: Arc<str>,
}

impl Batch {
    /// As it is asked of the log.
    pub fn append(&self) -> Append<'_> {
        Append { life: &self.life, tag: self.tag, batch: &self.json, seen: self.seen, opening: None }
    }
}

/// What is to be done with a room, all of it at this time.
#[derive(Debug)]
pub enum Next<X> {
    /// What this node wished.
    Ours(Vec<(Wish, X)>),
    /// What another one did.
    Theirs(Vec<Wish>),
}

/// Why this copy of the room is over, for everybody in it here.
#[derive(Debug, thiserror::Error)]
pub enum Over {
    /// This life is.
    #[error("this life of the room has ended")]
    Ended,
    /// The next entry is not in the log any more; the room must be loaded anew.
    #[error("this node is too far behind the log of the room")]
    Behind,
    /// The entries do not follow each other.
    #[error("the log of the room is another one than was read before; did the engine lose something?")]
    Forked,
    /// Two nodes decided differently.
    #[error("node {0} decided something else; are all nodes of one version?")]
    Differs(u32),
    /// See there.
    #[error(transparent)]
    Unreadable(#[from] UnreadableError),
}

impl Over {
    /// Whether this life of the room must end, for all. Of two versions the newer goes on with a life of its own.
    pub fn ends_life(&self) -> bool {
        match self {
            Self::Ended | Self::Behind => false,
            Self::Unreadable(UnreadableError::OtherRules { theirs }) => *theirs < RULES,
            Self::Forked | Self::Differs(_) | Self::Unreadable(UnreadableError::Garbled { .. }) => true,
        }
    }
}

impl<X> Replica<X> {
    /// A copy of the room that was loaded just now, before its tail, which is to be heard next.
    ///
    /// # Errors
    /// [`UnreadableError`].
    pub fn of(node: u32, loaded: &Loaded, now: Ms) -> Result<(Self, Room), UnreadableError> {
        let Restored { room, place, at, digest } = Restored::read(loaded)?;
        let replica = Self {
            node,
            life: loaded.life.clone(),
            place,
            at,
            digest,
            remembered: place.tag.map(|tag| (tag, digest)).into_iter().collect(),
            outgoing: Outgoing::new(),
            is_sending: false,
            top: place.n,
            behind_since: None,
            must_read: false,
            reading: None,
            looked: now,
            since_snapshot: 0,
            snapshot_every: SNAPSHOT_EVERY,
        };
        Ok((replica, room))
    }

    /// With a snapshot after so many bytes, and not [`SNAPSHOT_EVERY`]; on all nodes alike.
    #[must_use]
    pub fn with_snapshot_every(self, bytes: usize) -> Self {
        Self { snapshot_every: bytes, ..self }
    }

    /// The life that it follows.
    pub fn life(&self) -> &Epoch {
        &self.life
    }

    /// How far it has come.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Something that this node wishes.
    pub fn wish(&mut self, wish: Wish, with: X) {
        self.outgoing.push(wish, with);
    }

    /// How many wishes wait, beside those that are on their way.
    pub fn waiting(&self) -> usize {
        self.outgoing.waiting()
    }

    /// Whether nothing waits that this node wished.
    pub fn is_settled(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// The batch to append now; then [`Replica::appended`], or [`Replica::is_in_doubt`]. Its tag is drawn if it is a
    /// new one.
    pub fn to_append(&mut self, draw: impl FnOnce() -> u64) -> Option<Batch> {
        if self.is_sending {
            return None;
        }
        let digest = Digest { n: self.place.n, of: self.digest };
        let Sent { tag, json, .. } =
            self.outgoing.batch(digest, || Tag { node: self.node, batch: draw() })?;
        self.is_sending = true;
        Some(Batch { life: self.life.clone(), tag: *tag, seen: self.place.n, json: json.clone() })
    }

    /// What became of it.
    ///
    /// # Errors
    /// [`Over::Ended`], [`Over::Behind`].
    pub fn appended(&mut self, answer: Appended, now: Ms) -> Result<(), Over> {
        match answer {
            Appended::Taken { n } => self.log_goes_to(n, now),
            Appended::Known { n } => {
                self.log_goes_to(n, now);
                self.must_read = true;
            }
            Appended::Behind => return Err(Over::Behind),
            Appended::Absent | Appended::OtherLife => return Err(Over::Ended),
        }
        Ok(())
    }

    /// Nobody knows what became of it: it is to be sent again.
    pub fn is_in_doubt(&mut self) {
        self.is_sending = false;
    }

    /// Something may have been missed.
    pub fn missed(&mut self) {
        self.must_read = true;
    }

    fn log_goes_to(&mut self, n: u64, now: Ms) {
        self.top = self.top.max(n);
        if self.top > self.place.n {
            self.behind_since.get_or_insert(now);
        }
    }

    /// When the log is to be read, at the latest.
    pub fn read_due(&self) -> Ms {
        let behind = self.behind_since.map(|since| since + ON_ITS_WAY);
        let due = if self.must_read { Some(0) } else { behind };
        due.unwrap_or(Ms::MAX).min(self.looked + LOOK_EVERY)
    }

    /// After which entry the log is to be read now, if it is; then [`Replica::read`], or [`Replica::not_read`].
    pub fn to_read(&mut self, now: Ms) -> Option<u64> {
        if self.reading.is_some() || now < self.read_due() {
            return None;
        }
        (self.reading, self.must_read, self.looked) = (Some(self.place.n), false, now);
        self.reading
    }

    /// It could not be read.
    pub fn not_read(&mut self) {
        (self.reading, self.must_read) = (None, true);
    }

    /// What was read: to be heard, one by one.
    ///
    /// # Errors
    /// [`Over::Ended`], [`Over::Behind`]; and [`Over::Forked`] where the log is shorter than what was heard of it.
    pub fn read(&mut self, read: Read, now: Ms) -> Result<Vec<Entry>, Over> {
        let after = self.reading.take();
        let Read::Entries { top, entries } = read else { return Err(Over::Ended) };
        if after.is_some_and(|after| top < after) {
            return Err(Over::Forked);
        }
        match entries.first() {
            Some(first) if first.n > self.place.n + 1 => return Err(Over::Behind),
            None if top > self.place.n => return Err(Over::Behind),
            _ => {}
        }
        // There may be more than are read at once.
        self.must_read |= entries.last().is_some_and(|last| last.n < top);
        self.behind_since = None;
        self.log_goes_to(top, now);
        Ok(entries)
    }

    /// An entry, heard or read: what is to be done now, if it is the next one; then [`Replica::applied`].
    ///
    /// # Errors
    /// [`Over::Forked`], [`Over::Differs`], [`Over::Unreadable`].
    pub fn hear(&mut self, entry: &Entry, now: Ms) -> Result<Option<Next<X>>, Over> {
        if entry.life != self.life {
            self.must_read = true;
            return Ok(None);
        }
        if entry.n <= self.place.n {
            let back = (self.place.n - entry.n) as usize;
            let known = self.remembered.len().checked_sub(back + 1).map(|at| self.remembered[at].0);
            return match known {
                Some(known) if known != entry.tag => Err(Over::Forked),
                _ => Ok(None),
            };
        }
        self.log_goes_to(entry.n, now);
        if entry.n > self.place.n + 1 {
            self.must_read = true;
            return Ok(None);
        }
        if entry.prev != self.place.tag {
            return Err(Over::Forked);
        }
        let ours = if entry.tag.node == self.node { self.outgoing.came_back(entry.tag) } else { None };
        let next = match ours {
            Some(wishes) => {
                self.is_sending = false;
                Next::Ours(wishes)
            }
            None => {
                let ReadBatch { digest, wishes } = ReadBatch::read(&entry.batch)?;
                self.compare(digest, entry.tag.node)?;
                Next::Theirs(wishes)
            }
        };
        self.place = entry.place();
        self.at = self.at.max(entry.at);
        self.since_snapshot += entry.batch.len();
        if self.top <= self.place.n {
            self.behind_since = None;
        }
        Ok(Some(next))
    }

    fn compare(&self, theirs: Digest, node: u32) -> Result<(), Over> {
        let back = self.place.n.checked_sub(theirs.n).map(|back| back as usize);
        let ours = back.and_then(|back| self.remembered.len().checked_sub(back + 1));
        match ours.map(|at| self.remembered[at].1) {
            Some(ours) if ours != theirs.of => Err(Over::Differs(node)),
            _ => Ok(()),
        }
    }

    /// It was done, and this is what was decided: see [`Replica::digest`].
    pub fn applied(&mut self, digest: u64) {
        self.digest = digest;
        if let Some(tag) = self.place.tag {
            if self.remembered.len() == REMEMBERED {
                self.remembered.pop_front();
            }
            self.remembered.push_back((tag, digest));
        }
    }

    /// What this copy has decided so far for everybody, as one number. The next one is a hash of it and of what
    /// is decided next.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The time of the log, at its last entry.
    pub fn at(&self) -> Ms {
        self.at
    }

    /// When this node is to ask for time to be looked at, for a room that has something to do then. Each of those
    /// that have members would; one does, and the next if nothing came of it. Whatever is in the log does as well.
    pub fn tick_due(&self, room: &Room) -> Option<Ms> {
        let due = room.next_decision().filter(|_| self.is_settled())?;
        let before_us = room.nodes().into_iter().take_while(|node| *node < self.node).count() as Ms;
        Some(due.saturating_add(before_us * TURN))
    }

    /// The snapshot to take, and its place: asked after each entry, it is due where the log has become too long, at
    /// the same entry on every node, and the one whose entry it is takes it. Should that fail, the next one is due
    /// as much later.
    pub fn to_snapshot(&mut self, room: &Room) -> Option<(Place, String)> {
        if self.since_snapshot < self.snapshot_every + SNAPSHOT_OF_SESSION * room.sessions() {
            return None;
        }
        self.since_snapshot = 0;
        let is_ours = self.place.tag.is_some_and(|tag| tag.node == self.node);
        is_ours.then(|| (self.place, written::snapshot(self.place, self.at, self.digest, room)))
    }

    /// A batch that only says that this node has nobody in the room who came before.
    pub fn farewell(&self, before: ConnKey, batch: u64) -> Batch {
        let digest = Digest { n: self.place.n, of: self.digest };
        let json = written::batch(digest, &[written::wish(&Wish::Gone { node: self.node, before })]);
        let tag = Tag { node: self.node, batch };
        // It is said by who is behind, and never again.
        Batch { life: self.life.clone(), tag, seen: u64::MAX, json: json.into() }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::RoomId;
    use chat_room::{HistoryLimits, Limits, Opening};

    use super::*;
    use crate::{Begun, MemoryLog, READ_AT_ONCE};

    const ROOM: &str = "class";

    fn life() -> Epoch {
        Epoch::parse("e1").unwrap()
    }

    fn few() -> Opening {
        let limits = Limits {
            members: 10,
            members_per_address: 0,
            history: HistoryLimits { messages: 10, bytes: 1 << 16, age: 1_000 },
            resume_window: 1_000,
            previous_token: 1_000,
        };
        Opening { room: RoomId::parse(ROOM).unwrap(), limits, class: None }
    }

    /// A log whose life has begun, with this many entries of node 1 more.
    fn log(entries: u64) -> MemoryLog {
        let begun = Begun::with(few()).to_json();
        let mut log = MemoryLog::new();
        for batch in 0..=entries {
            let (tag, first) = (Tag { node: 1, batch }, Begun::first_batch());
            log.append(ROOM, Append { life: &life(), tag, batch: &first, seen: 0, opening: Some(&begun) }, 0);
        }
        log
    }

    fn copy(log: &mut MemoryLog) -> (Replica<()>, Room) {
        let loaded = log.load(ROOM, 0).unwrap();
        Replica::of(2, &loaded, 0).unwrap()
    }

    fn entries(log: &mut MemoryLog) -> Vec<Entry> {
        let Read::Entries { entries, .. } = log.read(ROOM, &life(), 0, 0) else { panic!() };
        entries
    }

    #[test]
    fn gap_is_read_and_fork_is_loud() {
        let mut log = log(3);
        let (mut replica, _room) = copy(&mut log);
        let heard = entries(&mut log);
        assert!(matches!(replica.hear(&heard[0], 0), Ok(Some(Next::Theirs(_)))));
        replica.applied(7);
        assert!(matches!(replica.hear(&heard[0], 0), Ok(None)), "known");
        assert_eq!(replica.to_read(1), None);
        assert!(matches!(replica.hear(&heard[2], 0), Ok(None)), "not the next");
        assert_eq!(replica.to_read(1), Some(1));
        let other = Entry { tag: Tag { node: 3, batch: 9 }, ..heard[0].clone() };
        assert!(matches!(replica.hear(&other, 0), Err(Over::Forked)), "another one in its place");
        let other = Entry { prev: Some(other.tag), ..heard[1].clone() };
        assert!(matches!(replica.hear(&other, 0), Err(Over::Forked)), "after another one");
    }

    #[test]
    fn log_that_became_shorter_is_a_fork() {
        let mut log = log(3);
        let (mut replica, _room) = copy(&mut log);
        for entry in entries(&mut log) {
            replica.hear(&entry, 0).unwrap();
            replica.applied(1);
        }
        replica.missed();
        assert_eq!(replica.to_read(0), Some(4));
        let read = Read::Entries { top: 3, entries: vec![] };
        assert!(matches!(replica.read(read, 0), Err(Over::Forked)));
    }

    #[test]
    fn trimmed_log_is_loaded_anew() {
        let mut log = log(READ_AT_ONCE + 10);
        let (mut replica, room) = copy(&mut log);
        let loaded = log.load(ROOM, 0).unwrap();
        let state = written::snapshot(loaded.top, 0, 5, &room);
        assert!(log.snapshot(ROOM, &life(), loaded.top, &state, 0));
        replica.missed();
        let after = replica.to_read(0).unwrap();
        let read = log.read(ROOM, &life(), after, 0);
        assert!(matches!(replica.read(read, 0), Err(Over::Behind)));
        let (mut anew, _room) = copy(&mut log);
        assert_eq!((anew.place(), anew.digest()), (loaded.top, 5));
        let next = Tag { node: 1, batch: 1_000 };
        let batch = written::batch(Digest { n: loaded.top.n, of: 6 }, &[]);
        log.append(
            ROOM,
            Append { life: &life(), tag: next, batch: &batch, seen: loaded.top.n, opening: None },
            0,
        );
        let last = log.load(ROOM, 0).unwrap().tail.pop().unwrap();
        assert!(matches!(anew.hear(&last, 0), Err(Over::Differs(1))), "5 there and 6 here");
    }

    #[test]
    fn what_is_not_heard_is_read_in_time() {
        let mut log = log(0);
        let (mut replica, _room) = copy(&mut log);
        let first = entries(&mut log).remove(0);
        replica.hear(&first, 0).unwrap();
        replica.applied(0);
        assert_eq!(replica.read_due(), LOOK_EVERY);
        replica.appended(Appended::Taken { n: 2 }, 100).unwrap();
        assert_eq!(replica.read_due(), 100 + ON_ITS_WAY);
        replica.missed();
        assert_eq!(replica.read_due(), 0);
    }

    #[test]
    fn other_rules_are_not_decided_by() {
        let mut log = log(0);
        let mut loaded = log.load(ROOM, 0).unwrap();
        for (theirs, ends_life) in [(RULES + 1, false), (RULES - 1, true)] {
            let (rules, other) = (format!(r#""rules":{RULES}"#), format!(r#""rules":{theirs}"#));
            loaded.opening = Begun::with(few()).to_json().replace(&rules, &other);
            let over = Over::from(Replica::<()>::of(2, &loaded, 0).unwrap_err());
            assert!(over.to_string().contains(&format!("rules {theirs}")), "{over}");
            assert_eq!(over.ends_life(), ends_life, "{over}");
        }
    }
}
