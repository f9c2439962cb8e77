//! The log in memory: what the scripts on an engine do, as a pure state machine with the time passed in.
//! It is what the replica is tested over, and the contract that the engines are held to says the same of
//! all of them. It deliberately has no limit of rooms: no server runs on it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chat_protocol::Epoch;

use crate::{Append, Appended, Entry, HEARD_AT_MOST, Heard, KEPT_FOR, Loaded, Ms, Place, READ_AT_ONCE, Read};

/// Logs of rooms, and who follows them.
#[derive(Clone, Default, Debug)]
pub struct MemoryLog {
    era: u64,
    rooms: BTreeMap<String, Kept>,
    followers: BTreeMap<FollowerKey, Following>,
    next_follower: u64,
}

/// Who follows a room of a [`MemoryLog`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FollowerKey(u64);

/// One life of one room.
#[derive(Clone, Debug)]
struct Kept {
    /// The era that it began in: of another one it is a leftover, and as good as absent.
    era: u64,
    life: Epoch,
    opening: String,
    top: Place,
    at: Ms,
    /// The last batch of each node.
    last: BTreeMap<u32, u64>,
    /// The state, and the last entry that is in it.
    snapshot: Option<(u64, String)>,
    entries: VecDeque<Entry>,
    until: Ms,
}

/// What one follower has not taken yet.
#[derive(Clone, Debug)]
struct Following {
    room: String,
    /// At most [`HEARD_AT_MOST`]; what comes when it is full is dropped.
    heard: VecDeque<Heard>,
    missed: bool,
}

impl MemoryLog {
    /// A log of no room.
    pub fn new() -> Self {
        Self::default()
    }

    /// A new era begins, as when an engine was exchanged for another one: every life has ended, and nobody
    /// is told.
    pub fn begin_era(&mut self) {
        self.era += 1;
    }

    /// Gives a batch its place, once, and tells all who follow the room.
    pub fn append(&mut self, room: &str, append: Append<'_>, now: Ms) -> Appended {
        let Append { life, tag, batch, seen, opening } = append;
        if self.kept(room, now).is_none() {
            let Some(opening) = opening else { return Appended::Absent };
            let kept = Kept {
                era: self.era,
                life: life.clone(),
                opening: opening.into(),
                top: Place::default(),
                at: 0,
                last: BTreeMap::new(),
                snapshot: None,
                entries: VecDeque::new(),
                until: now + KEPT_FOR,
            };
            self.rooms.insert(room.into(), kept);
        }
        let Some(kept) = self.rooms.get_mut(room).filter(|kept| kept.life == *life) else {
            return Appended::OtherLife;
        };
        if kept.last.get(&tag.node).is_some_and(|last| tag.batch <= *last) {
            return Appended::Known { n: kept.top.n };
        }
        let covered = kept.snapshot.as_ref().map_or(0, |(n, _)| *n);
        if seen.saturating_add(READ_AT_ONCE) < covered {
            return Appended::Behind;
        }
        kept.at = kept.at.max(now);
        let entry = Entry {
            life: kept.life.clone(),
            n: kept.top.n + 1,
            prev: kept.top.tag,
            tag,
            at: kept.at,
            batch: batch.into(),
        };
        kept.top = entry.place();
        kept.last.insert(tag.node, tag.batch);
        kept.entries.push_back(entry.clone());
        kept.until = now + KEPT_FOR;
        let n = entry.n;
        self.publish(room, Heard::Entry(entry));
        Appended::Taken { n }
    }

    /// All that a new follower of the room needs; renews how long the room is kept.
    pub fn load(&mut self, room: &str, now: Ms) -> Option<Loaded> {
        let kept = self.kept(room, now)?;
        kept.until = now + KEPT_FOR;
        let (covered, snapshot) = kept.snapshot.clone().unzip();
        let covered = covered.unwrap_or(0);
        Some(Loaded {
            life: kept.life.clone(),
            opening: kept.opening.clone(),
            top: kept.top,
            snapshot,
            tail: kept.entries.iter().filter(|entry| entry.n > covered).cloned().collect(),
        })
    }

    /// The entries after this one; renews how long the room is kept.
    pub fn read(&mut self, room: &str, life: &Epoch, after: u64, now: Ms) -> Read {
        let Some(kept) = self.kept(room, now) else { return Read::Absent };
        if kept.life != *life {
            return Read::OtherLife;
        }
        kept.until = now + KEPT_FOR;
        let later = kept.entries.iter().filter(|entry| entry.n > after);
        Read::Entries { top: kept.top.n, entries: later.take(READ_AT_ONCE as usize).cloned().collect() }
    }

    /// Whether the room is in some life.
    pub fn exists(&mut self, room: &str, now: Ms) -> bool {
        self.kept(room, now).is_some()
    }

    /// Puts the state at this place before the entries after it, and drops those that nobody needs any
    /// more. Refused (false) when the place is not in this log, or a later snapshot is there.
    pub fn snapshot(&mut self, room: &str, life: &Epoch, place: Place, state: &str, now: Ms) -> bool {
        let Some(kept) = self.kept(room, now).filter(|kept| kept.life == *life) else { return false };
        let covered = kept.snapshot.as_ref().map_or(0, |(n, _)| *n);
        if place.n <= covered || !kept.entries.iter().any(|entry| entry.place() == place) {
            return false;
        }
        kept.snapshot = Some((place.n, state.into()));
        kept.entries.retain(|entry| entry.n + READ_AT_ONCE > place.n);
        let nodes: BTreeSet<_> = kept.entries.iter().map(|entry| entry.tag.node).collect();
        kept.last.retain(|node, _| nodes.contains(node));
        kept.until = now + KEPT_FOR;
        true
    }

    /// Ends this life of the room; where a place is given, only if the log still ends there.
    pub fn end(&mut self, room: &str, life: &Epoch, at: Option<Place>, now: Ms) -> bool {
        let ends = |kept: &mut Kept| kept.life == *life && at.is_none_or(|at| at == kept.top);
        if !self.kept(room, now).is_some_and(ends) {
            return false;
        }
        self.rooms.remove(room);
        self.publish(room, Heard::Ended(life.clone()));
        true
    }

    /// Follows the room from now on.
    pub fn follow(&mut self, room: &str) -> FollowerKey {
        self.next_follower += 1;
        let key = FollowerKey(self.next_follower);
        let following = Following { room: room.into(), heard: VecDeque::new(), missed: false };
        self.followers.insert(key, following);
        key
    }

    /// The next that this follower has not taken yet.
    pub fn hear(&mut self, follower: FollowerKey) -> Option<Heard> {
        let following = self.followers.get_mut(&follower)?;
        let heard = following.heard.pop_front();
        heard.or_else(|| std::mem::take(&mut following.missed).then_some(Heard::Missed))
    }

    /// Follows the room no more.
    pub fn unfollow(&mut self, follower: FollowerKey) {
        self.followers.remove(&follower);
    }

    /// The room in its life of this era, if its time is not over.
    fn kept(&mut self, room: &str, now: Ms) -> Option<&mut Kept> {
        let era = self.era;
        self.rooms.get_mut(room).filter(|kept| kept.era == era && now < kept.until)
    }

    fn publish(&mut self, room: &str, heard: Heard) {
        for following in self.followers.values_mut().filter(|following| following.room == room) {
            if following.heard.len() < HEARD_AT_MOST {
                following.heard.push_back(heard.clone());
            } else {
                following.missed = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Tag;

    #[test]
    fn full_follower_is_told_it_missed() {
        let mut log = MemoryLog::new();
        let life = Epoch::parse("life").unwrap();
        let follower = log.follow("r");
        for batch in 1..=HEARD_AT_MOST as u64 + 2 {
            let tag = Tag { node: 1, batch };
            log.append("r", Append { life: &life, tag, batch: "[]", seen: 0, opening: Some("{}") }, 0);
        }
        for n in 1..=HEARD_AT_MOST as u64 {
            assert!(matches!(log.hear(follower), Some(Heard::Entry(entry)) if entry.n == n));
        }
        assert_eq!(log.hear(follower), Some(Heard::Missed));
        assert_eq!(log.hear(follower), None);
    }
}
