//! The conversation as a list of entries in the order they are drawn: messages, day separators,
//! rows about comings and goings, and marks where something may be missing. An entry never looks
//! forward: whether a message continues the one before it is decided when it is added. So what is
//! there stays as it is, but for a row of comings, which gathers while it is the newest and from
//! which somebody may be taken back; and for the days, which are the reader's.

use std::{collections::VecDeque, sync::Arc};

use chat_protocol::{ClientId, Said};
use serde::Serialize;

use super::{Coming, Comings};

/// Most entries kept; beyond it the oldest go. Far more than anyone scrolls back in a room without
/// history, small enough for a phone.
pub(crate) const ENTRIES_MAX: usize = 10_000;

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;

/// One thing in the conversation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Unique in this page's life; grows with position.
    pub key: u64,
    /// Counts the changes of this entry, so that a view knows when to draw it again.
    pub version: u32,
    pub kind: EntryKind,
}

/// What an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum EntryKind {
    /// A new day begins with the message that follows, sent at this Unix time in milliseconds.
    Day(u64),
    /// Somebody said something.
    Said {
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
    /// Others talked before; what they said is not told to who comes later.
    Beginning,
}

/// An entry that is no message and does not follow from them, as a reload keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Mark {
    /// How many of the messages that are kept with it stand before it.
    pub at: u32,
    /// A row of comings, if it is one.
    pub comings: Option<Comings>,
    /// Else whether it is a gap, or the beginning.
    pub is_gap: bool,
}

/// How many minutes east of UTC the reader's clock is, or was, at a Unix time in milliseconds.
pub(crate) type UtcOffset = fn(u64) -> i32;

/// The entries, oldest first.
#[derive(Debug)]
pub(crate) struct Timeline {
    entries: VecDeque<Arc<Entry>>,
    next_key: u64,
    utc_offset: UtcOffset,
    last_day: Option<i64>,
    last_said: Option<(ClientId, u64)>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new(|_| 0)
    }
}

impl Timeline {
    /// An empty conversation for a reader whose clock is this.
    pub(crate) fn new(utc_offset: UtcOffset) -> Self {
        Self { entries: VecDeque::new(), next_key: 0, utc_offset, last_day: None, last_said: None }
    }

    /// Adds a message. A new day is marked before it; one from the same author in the same minute
    /// continues the last.
    pub(crate) fn say(&mut self, said: Said, mine: bool) {
        // A place for the day that it may begin, now or by another clock.
        self.next_key += 1;
        self.begin_day(said.at, self.next_key - 1);
        let author = (said.from.clone(), said.at / MINUTE_MS);
        let continues = self.last_said.as_ref() == Some(&author);
        self.push(EntryKind::Said { said, mine, continues });
        self.last_said = Some(author);
    }

    /// Marks a new day under this key, if a message of this time begins one.
    fn begin_day(&mut self, at: u64, key: u64) {
        let minutes = (at / MINUTE_MS) as i64 + i64::from((self.utc_offset)(at));
        let day = minutes.div_euclid(DAY_MINUTES);
        if self.last_day != Some(day) {
            self.last_day = Some(day);
            self.last_said = None;
            self.entries.push_back(Arc::new(Entry { key, version: 0, kind: EntryKind::Day(at) }));
        }
    }

    /// The reader's clock shows other times than it did: marks the days anew, and what shows a time
    /// has changed.
    pub(crate) fn other_clock(&mut self) {
        self.last_day = None;
        for mut entry in std::mem::take(&mut self.entries) {
            match &entry.kind {
                EntryKind::Day(_) => continue,
                EntryKind::Said { said, .. } => {
                    self.begin_day(said.at, entry.key - 1);
                    Arc::make_mut(&mut entry).version += 1;
                }
                _ => {}
            }
            self.entries.push_back(entry);
        }
    }

    /// Adds what became of somebody: to the row with key `row` if that tells of their leaving, which
    /// they have now taken back; else to the last entry if it is such a row; else as a new one. The
    /// key of the row that tells it, if one does: a row in which all is undone goes.
    pub(crate) fn comings(&mut self, coming: Coming, row: Option<u64>) -> Option<u64> {
        let is_row = |at: &usize| self.row(*at).is_some();
        let has_left = |at: &usize| self.row(*at).is_some_and(|row| row.tells_leaving_of(&coming.id));
        let earlier = row.map(|key| self.position(key)).filter(has_left);
        let Some(at) = earlier.or(self.entries.len().checked_sub(1).filter(is_row)) else {
            let mut row = Comings::default();
            row.absorb(coming);
            return (!row.is_empty()).then(|| self.push(EntryKind::Comings(row)));
        };
        let entry = Arc::make_mut(&mut self.entries[at]);
        entry.version += 1;
        let key = entry.key;
        if let EntryKind::Comings(row) = &mut entry.kind {
            row.absorb(coming);
            if row.is_empty() {
                self.entries.remove(at);
                return None;
            }
        }
        Some(key)
    }

    fn row(&self, at: usize) -> Option<&Comings> {
        match &self.entries.get(at)?.kind {
            EntryKind::Comings(row) => Some(row),
            _ => None,
        }
    }

    /// Marks that messages may be missing here; once is enough.
    pub(crate) fn gap(&mut self) {
        if !matches!(self.entries.back().map(|entry| &entry.kind), Some(EntryKind::Gap)) {
            self.push(EntryKind::Gap);
        }
    }

    /// Whether it begins in the middle of others' talk.
    pub(crate) fn begins_late(&self) -> bool {
        self.entries.front().is_some_and(|entry| entry.kind == EntryKind::Beginning)
    }

    /// Marks that others talked before.
    pub(crate) fn begin(&mut self) {
        self.push(EntryKind::Beginning);
    }

    /// The newest `count` entries, oldest first.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().skip(self.entries.len().saturating_sub(count))
    }

    /// At most `count` entries from this key on, oldest first.
    pub(crate) fn stretch(&self, key: u64, count: usize) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.range(self.position(key)..).take(count)
    }

    /// How many entries there are from this key on.
    pub(crate) fn len_since(&self, key: u64) -> usize {
        self.entries.len() - self.position(key)
    }

    /// The key of the earliest of the newest `count` entries.
    pub(crate) fn key_of_newest(&self, count: usize) -> u64 {
        self.key_at(self.entries.len().saturating_sub(count))
    }

    /// The key `count` entries before this one, or the earliest there is.
    pub(crate) fn key_before(&self, key: u64, count: usize) -> u64 {
        self.key_at(self.position(key).saturating_sub(count))
    }

    /// The key `count` entries after this one, or of the next entry to come.
    pub(crate) fn key_after(&self, key: u64, count: usize) -> u64 {
        self.key_at(self.position(key) + count)
    }

    /// Whether anything was said, or may have been.
    pub(crate) fn has_messages(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.kind, EntryKind::Said { .. } | EntryKind::Gap))
    }

    fn position(&self, key: u64) -> usize {
        self.entries.partition_point(|entry| entry.key < key)
    }

    fn key_at(&self, position: usize) -> u64 {
        self.entries.get(position).map_or(self.next_key, |entry| entry.key)
    }

    /// How many entries there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing has happened yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The newest `count` messages, oldest first, and what stands between them that does not follow
    /// from them.
    pub(crate) fn kept(&self, count: usize) -> (Vec<Said>, Vec<Mark>) {
        let is_said = |entry: &'_ Arc<Entry>| matches!(entry.kind, EntryKind::Said { .. });
        let total = self.entries.iter().filter(|entry| is_said(entry)).count();
        let mut left_out = total.saturating_sub(count);
        let (mut messages, mut marks) = (Vec::new(), Vec::new());
        for entry in &self.entries {
            match &entry.kind {
                EntryKind::Said { .. } if left_out > 0 => left_out -= 1,
                EntryKind::Said { said, .. } => messages.push(said.clone()),
                EntryKind::Day(_) => {}
                kind if left_out == 0 => {
                    let comings = match kind {
                        EntryKind::Comings(row) => Some(row.clone()),
                        _ => None,
                    };
                    let is_gap = *kind == EntryKind::Gap;
                    marks.push(Mark { at: messages.len() as u32, comings, is_gap });
                }
                _ => {}
            }
        }
        (messages, marks)
    }

    /// Brings back what [`Timeline::kept`] gave, to the person with this id.
    pub(crate) fn restore(&mut self, messages: Vec<Said>, marks: Vec<Mark>, own: &ClientId) {
        let (mut messages, mut marks) = (messages.into_iter(), marks.into_iter().peekable());
        for at in 0.. {
            while let Some(Mark { comings, is_gap, .. }) = marks.next_if(|mark| mark.at <= at) {
                self.push(match comings {
                    Some(row) => EntryKind::Comings(row),
                    None if is_gap => EntryKind::Gap,
                    None => EntryKind::Beginning,
                });
            }
            let Some(said) = messages.next() else { return };
            let mine = said.from == *own;
            self.say(said, mine);
        }
    }

    fn push(&mut self, kind: EntryKind) -> u64 {
        // A bubble continues only the bubble right above it.
        if !matches!(kind, EntryKind::Said { .. }) {
            self.last_said = None;
        }
        while self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        let key = self.next_key;
        self.entries.push_back(Arc::new(Entry { key, version: 0, kind }));
        self.next_key += 1;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{comings::tests::coming, room::tests::said};

    const TEHRAN: UtcOffset = |_| 210;
    /// 2026-11-23 20:29:00 UTC, 23:59 in Tehran.
    const BEFORE_MIDNIGHT: u64 = 1_795_465_740_000;

    fn kinds(timeline: &Timeline) -> Vec<&EntryKind> {
        timeline.newest(usize::MAX).map(|entry| &entry.kind).collect()
    }

    #[test]
    fn same_author_in_same_minute_continues() {
        let mut timeline = Timeline::default();
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
    fn comings_in_a_row_merge_and_cancel() {
        let mut timeline = Timeline::default();
        for (joined, left) in [("سارا", ""), ("علی", ""), ("", "سارا"), ("", "علی")] {
            let who = format!("{joined}{left}");
            let key = timeline.comings(coming(&who, left, joined), None);
            assert_eq!(timeline.len(), usize::from(key.is_some()));
        }
        assert!(timeline.is_empty());
        timeline.comings(coming("رضا", "رضا", ""), None);
        timeline.comings(coming("رضا", "", "رضا"), None);
        assert!(timeline.is_empty());
    }

    #[test]
    fn leaving_is_taken_back_in_place() {
        let mut timeline = Timeline::default();
        timeline.say(said(1, "sara", 0), false);
        let row = timeline.comings(coming("ali", "علی", ""), None);
        timeline.say(said(2, "sara", 0), false);
        assert_eq!(timeline.comings(coming("ali", "", "علی"), row), None);
        assert!(matches!(kinds(&timeline)[..], [_, EntryKind::Said { .. }, EntryKind::Said { .. }]));
        // A row that is gone takes nothing back.
        assert!(timeline.comings(coming("reza", "", "رضا"), row).is_some());
    }

    #[test]
    fn clock_change_moves_days_not_keys() {
        // A clock that moves by what is asked: one that jumps ahead by ten hours at noon.
        static EAST: std::sync::atomic::AtomicI32 = std::sync::atomic::AtomicI32::new(0);
        let clock: UtcOffset = |_| EAST.load(std::sync::atomic::Ordering::Relaxed);
        let mut timeline = Timeline::new(clock);
        for seq in 0..6 {
            timeline.say(said(seq + 1, "sara", seq * 12 * 3_600_000), false);
        }
        let look = |timeline: &Timeline| -> String {
            let day = |kind: &&EntryKind| if matches!(kind, EntryKind::Day(_)) { '|' } else { '.' };
            kinds(timeline).iter().map(day).collect()
        };
        let keys = |timeline: &Timeline| -> Vec<u64> {
            let said = timeline.newest(99).filter(|entry| matches!(entry.kind, EntryKind::Said { .. }));
            said.map(|entry| entry.key).collect()
        };
        let before = keys(&timeline);
        assert_eq!(look(&timeline), "|..|..|..");
        EAST.store(720, std::sync::atomic::Ordering::Relaxed);
        timeline.other_clock();
        assert_eq!(look(&timeline), "|.|..|..|.");
        assert_eq!(keys(&timeline), before);
        assert!(timeline.newest(99).is_sorted_by_key(|entry| entry.key));
        EAST.store(0, std::sync::atomic::Ordering::Relaxed);
        timeline.other_clock();
        assert_eq!(look(&timeline), "|..|..|..");
    }

    #[test]
    fn kept_entries_are_restored_in_place() {
        let mut timeline = Timeline::new(TEHRAN);
        timeline.begin();
        timeline.say(said(1, "sara", BEFORE_MIDNIGHT), false);
        timeline.gap();
        timeline.say(said(2, "ali", BEFORE_MIDNIGHT + 60_000), true);
        timeline.comings(coming("ali", "علی", "رضا"), None);
        timeline.say(said(3, "ali", BEFORE_MIDNIGHT + 60_000), true);
        timeline.comings(coming("sara", "سارا", ""), None);
        timeline.gap();
        for count in [200, 3] {
            let (messages, marks) = timeline.kept(count);
            let mut restored = Timeline::new(TEHRAN);
            restored.restore(messages, marks, &"ali".parse().unwrap());
            assert_eq!(kinds(&restored), kinds(&timeline));
        }
        let (messages, marks) = timeline.kept(1);
        assert_eq!((messages.len(), marks.len()), (1, 3));
        assert_eq!(marks.iter().map(|mark| mark.at).collect::<Vec<_>>(), [0, 1, 1]);
    }

    #[test]
    fn nothing_continues_across_another_entry() {
        let mut timeline = Timeline::default();
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
    fn stretch_moves_to_both_ends_only() {
        let mut timeline = Timeline::default();
        for seq in 1..=9 {
            timeline.say(said(seq, "sara", 0), false);
        }
        let keys = |first| timeline.stretch(first, 4).map(|entry| entry.key).collect::<Vec<_>>();
        let newest = timeline.key_of_newest(4);
        // The day has the first key, and each message leaves one free before it.
        assert_eq!(keys(newest), [11, 13, 15, 17]);
        assert_eq!(keys(timeline.key_before(newest, 3)), [5, 7, 9, 11]);
        assert_eq!(keys(timeline.key_before(newest, 30)), [0, 1, 3, 5]);
        assert_eq!(timeline.key_after(5, 3), newest);
        assert!(keys(timeline.key_after(newest, 30)).is_empty());
        assert_eq!((timeline.len_since(newest), timeline.len_since(9)), (4, 5));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut timeline = Timeline::default();
        for seq in 1..=ENTRIES_MAX as u64 + 5 {
            timeline.say(said(seq, "sara", 0), false);
        }
        assert_eq!(timeline.len(), ENTRIES_MAX);
        assert_eq!(timeline.kept(1).0[0].seq, ENTRIES_MAX as u64 + 5);
    }
}
