//! The conversation as a list of entries in the order they are drawn: messages, day separators,
//! lines about comings and goings, and marks where something may be missing. An entry never looks
//! forward - whether a message continues the one before it is decided when it is added - so only
//! the newest entry ever changes, and only while comings and goings collapse into it.

use std::{collections::VecDeque, sync::Arc};

use chat_protocol::{ClientId, Name, Said};

/// Most entries kept; beyond it the oldest go. Far more than anyone scrolls back in a room without
/// history, small enough for a phone.
pub const ENTRIES_MAX: usize = 10_000;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// One thing in the conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Unique in this page's life; grows with position.
    pub key: u64,
    /// Counts the changes of this entry, so that a view knows when to draw it again.
    pub version: u32,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A new day begins with the message that follows, sent at this Unix time in milliseconds.
    Day(u64),
    /// Somebody said something.
    Said {
        /// The message.
        said: Said,
        /// Whether it is one's own.
        mine: bool,
        /// Whether the same author said the message right before it, within the same minute.
        continues: bool,
    },
    /// People came, went, or changed names, since the entry before.
    Comings(Comings),
    /// Messages may be missing here.
    Gap,
}

/// Comings and goings in a row, gathered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comings {
    /// Came in and are still here.
    pub joined: Vec<Name>,
    /// Went out.
    pub left: Vec<Name>,
    /// Took another name: from, to.
    pub renamed: Vec<(Name, Name)>,
}

impl Comings {
    fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.left.is_empty() && self.renamed.is_empty()
    }

    /// Someone who leaves and comes back, or comes and leaves, before anything else happens is not
    /// worth a line: the two cancel out.
    fn absorb(&mut self, later: Self) {
        for name in later.joined {
            match self.left.iter().position(|left| *left == name) {
                Some(at) => drop(self.left.remove(at)),
                None => self.joined.push(name),
            }
        }
        for name in later.left {
            match self.joined.iter().position(|joined| *joined == name) {
                Some(at) => drop(self.joined.remove(at)),
                None => self.left.push(name),
            }
        }
        self.renamed.extend(later.renamed);
    }
}

/// The entries, oldest first.
#[derive(Default, Debug)]
pub struct Timeline {
    entries: VecDeque<Arc<Entry>>,
    next_key: u64,
    utc_offset_ms: i64,
    last_day: Option<i64>,
    last_said: Option<(ClientId, u64)>,
}

impl Timeline {
    /// An empty conversation for a reader this many minutes east of UTC.
    pub fn new(utc_offset_minutes: i32) -> Self {
        Self { utc_offset_ms: i64::from(utc_offset_minutes) * 60_000, ..Self::default() }
    }

    /// Adds a message. A new day is marked before it; one from the same author in the same minute
    /// continues the last.
    pub fn say(&mut self, said: Said, mine: bool) {
        let day = (said.at as i64).saturating_add(self.utc_offset_ms).div_euclid(DAY_MS);
        if self.last_day != Some(day) {
            self.last_day = Some(day);
            self.push(EntryKind::Day(said.at));
        }
        let minute = said.at / MINUTE_MS;
        let author = (said.from.clone(), minute);
        let continues = self.last_said.as_ref() == Some(&author);
        self.push(EntryKind::Said { said, mine, continues });
        self.last_said = Some(author);
    }

    /// Adds comings and goings, to the last entry if that is what it tells already.
    pub fn comings(&mut self, comings: Comings) {
        if comings.is_empty() {
            return;
        }
        if let Some(last) = self.entries.back_mut()
            && let EntryKind::Comings(_) = last.kind
        {
            let last = Arc::make_mut(last);
            last.version += 1;
            if let EntryKind::Comings(so_far) = &mut last.kind {
                so_far.absorb(comings);
                if so_far.is_empty() {
                    self.entries.pop_back();
                }
            }
            return;
        }
        self.push(EntryKind::Comings(comings));
    }

    /// Marks that messages may be missing here; once is enough.
    pub fn gap(&mut self) {
        if !matches!(self.entries.back().map(|entry| &entry.kind), Some(EntryKind::Gap)) {
            self.push(EntryKind::Gap);
        }
    }

    /// The newest `count` entries, oldest first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().skip(self.entries.len().saturating_sub(count))
    }

    /// At most `count` entries from this key on, oldest first.
    pub fn stretch(&self, key: u64, count: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.range(self.position(key)..).take(count)
    }

    /// How many entries there are from this key on.
    pub fn len_since(&self, key: u64) -> usize {
        self.entries.len() - self.position(key)
    }

    /// The key of the earliest of the newest `count` entries.
    pub fn key_of_newest(&self, count: usize) -> u64 {
        self.key_at(self.entries.len().saturating_sub(count))
    }

    /// The key `count` entries before this one, or the earliest there is.
    pub fn key_before(&self, key: u64, count: usize) -> u64 {
        self.key_at(self.position(key).saturating_sub(count))
    }

    /// The key `count` entries after this one, or of the next entry to come.
    pub fn key_after(&self, key: u64, count: usize) -> u64 {
        self.key_at(self.position(key) + count)
    }

    /// Whether anything was said, or may have been.
    pub fn has_messages(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Said { .. } | EntryKind::Gap))
    }

    fn position(&self, key: u64) -> usize {
        self.entries.partition_point(|entry| entry.key < key)
    }

    fn key_at(&self, position: usize) -> u64 {
        self.entries.get(position).map_or(self.next_key, |entry| entry.key)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The newest `count` messages, oldest first.
    pub fn messages(&self, count: usize) -> Vec<&Said> {
        let said = |entry: &'_ Arc<Entry>| matches!(entry.kind, EntryKind::Said { .. });
        let total = self.entries.iter().filter(|entry| said(entry)).count();
        self.entries
            .iter()
            .filter_map(|entry| match &entry.kind {
                EntryKind::Said { said, .. } => Some(said),
                _ => None,
            })
            .skip(total.saturating_sub(count))
            .collect()
    }

    fn push(&mut self, kind: EntryKind) {
        // A bubble continues only the bubble right above it.
        if !matches!(kind, EntryKind::Said { .. }) {
            self.last_said = None;
        }
        if self.entries.len() == ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Arc::new(Entry { key: self.next_key, version: 0, kind }));
        self.next_key += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::room::tests::{name, said};

    const TEHRAN: i32 = 210;
    /// 2026-11-23 20:29:00 UTC, 23:59 in Tehran.
    const BEFORE_MIDNIGHT: u64 = 1_795_465_740_000;

    fn kinds(timeline: &Timeline) -> Vec<&EntryKind> {
        timeline.newest(usize::MAX).map(|entry| &entry.kind).collect()
    }

    #[test]
    fn messages_of_one_author_in_one_minute_continue_each_other() {
        let mut timeline = Timeline::new(0);
        timeline.say(said(1, "sara", 60_000), false);
        timeline.say(said(2, "sara", 60_500), false);
        timeline.say(said(3, "ali", 60_600), false);
        timeline.say(said(4, "ali", 120_000), false);
        let continues: Vec<bool> = kinds(&timeline)
            .into_iter()
            .filter_map(|kind| match kind {
                EntryKind::Said { continues, .. } => Some(*continues),
                _ => None,
            })
            .collect();
        assert_eq!(continues, [false, true, false, false]);
    }

    #[test]
    fn a_day_begins_at_the_readers_midnight() {
        let mut timeline = Timeline::new(TEHRAN);
        timeline.say(said(1, "sara", BEFORE_MIDNIGHT), false);
        timeline.say(said(2, "sara", BEFORE_MIDNIGHT + 60_000), false);
        let days = kinds(&timeline).iter().filter(|kind| matches!(kind, EntryKind::Day(_))).count();
        assert_eq!(days, 2);
    }

    #[test]
    fn comings_in_a_row_are_one_entry_and_cancel_out() {
        let mut timeline = Timeline::new(0);
        let joined = |who| Comings { joined: vec![name(who)], ..Comings::default() };
        let left = |who| Comings { left: vec![name(who)], ..Comings::default() };
        timeline.comings(joined("سارا"));
        timeline.comings(joined("علی"));
        assert_eq!(timeline.len(), 1);
        timeline.comings(left("سارا"));
        timeline.comings(left("علی"));
        assert!(timeline.is_empty());
        timeline.comings(left("رضا"));
        timeline.comings(joined("رضا"));
        assert!(timeline.is_empty());
    }

    #[test]
    fn nothing_continues_across_another_entry() {
        let mut timeline = Timeline::new(0);
        timeline.say(said(1, "sara", 0), false);
        timeline.gap();
        timeline.gap();
        timeline.say(said(2, "sara", 1), false);
        assert!(matches!(
            kinds(&timeline)[..],
            [_, _, EntryKind::Gap, EntryKind::Said { continues: false, .. }]
        ));
    }

    #[test]
    fn a_stretch_moves_to_both_ends_and_no_further() {
        let mut timeline = Timeline::new(0);
        for seq in 1..=9 {
            timeline.say(said(seq, "sara", 0), false);
        }
        let keys = |first| timeline.stretch(first, 4).map(|entry| entry.key).collect::<Vec<_>>();
        let newest = timeline.key_of_newest(4);
        assert_eq!(keys(newest), [6, 7, 8, 9]);
        assert_eq!(keys(timeline.key_before(newest, 3)), [3, 4, 5, 6]);
        assert_eq!(keys(timeline.key_before(newest, 30)), [0, 1, 2, 3]);
        assert_eq!(timeline.key_after(3, 3), newest);
        assert!(keys(timeline.key_after(newest, 30)).is_empty());
        assert_eq!((timeline.len_since(newest), timeline.len_since(5)), (4, 5));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut timeline = Timeline::new(0);
        for seq in 1..=ENTRIES_MAX as u64 + 5 {
            timeline.say(said(seq, "sara", 0), false);
        }
        assert_eq!(timeline.len(), ENTRIES_MAX);
        assert_eq!(timeline.messages(1)[0].seq, ENTRIES_MAX as u64 + 5);
    }
}
