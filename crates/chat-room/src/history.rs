//! The last messages of a room, so that a resume can be told what it missed. Bounded by count,
//! bytes and age, whichever binds first; what falls out is gone, and a resume from before it is
//! told so. History knows nothing of sessions: who may read how far back is the core's decision.

use std::collections::VecDeque;

use chat_protocol::{Said, Seq};
use serde::{Deserialize, Serialize};

use crate::Ms;

/// How much a room remembers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct HistoryLimits {
    /// Most messages.
    pub messages: usize,
    /// Most bytes, counted as [`message_cost`].
    pub bytes: usize,
    /// Oldest message kept, in milliseconds.
    pub age: Ms,
}

/// A contiguous run of messages that ends with the newest.
#[derive(Debug)]
pub(crate) struct History {
    limits: HistoryLimits,
    messages: VecDeque<Said>,
    bytes: usize,
    newest: Seq,
}

/// What a message counts against the byte bounds: its texts, and 128 for what is around them.
/// Measured as resident memory a message takes 0.9 to 1.0 of it; at worst 1.5, when everybody says
/// one letter at a time under a name of its own.
pub fn message_cost(said: &Said) -> usize {
    said.text.as_str().len()
        + said.name.as_str().len()
        + said.from.as_str().len()
        + said.id.as_str().len()
        + 128
}

impl History {
    pub(crate) fn new(limits: HistoryLimits) -> Self {
        Self { limits, messages: VecDeque::new(), bytes: 0, newest: 0 }
    }

    /// What a snapshot kept: a run that ends with `newest`.
    pub(crate) fn of(limits: HistoryLimits, newest: Seq, messages: VecDeque<Said>) -> Self {
        let bytes = messages.iter().map(message_cost).sum();
        Self { limits, messages, bytes, newest }
    }

    /// What is kept, oldest first.
    pub(crate) fn messages(&self) -> &VecDeque<Said> {
        &self.messages
    }

    /// The newest `seq`; 0 before the first message.
    pub(crate) fn newest(&self) -> Seq {
        self.newest
    }

    /// The `seq` of the oldest message that is kept; of the next one, when none is.
    pub(crate) fn oldest(&self) -> Seq {
        self.newest + 1 - self.messages.len() as Seq
    }

    /// Keeps `said`, which must be the next in order.
    pub(crate) fn push(&mut self, said: Said) {
        debug_assert_eq!(said.seq, self.newest + 1, "history has no gaps");
        self.newest = said.seq;
        self.bytes += message_cost(&said);
        let now = said.at;
        // Room is made first: a full deque would double its memory for one more.
        if self.messages.len() >= self.limits.messages {
            self.drop_oldest();
        }
        self.messages.push_back(said);
        while self.messages.len() > self.limits.messages || self.bytes > self.limits.bytes {
            self.drop_oldest();
        }
        self.prune(now);
    }

    /// Forgets what is too old.
    pub(crate) fn prune(&mut self, now: Ms) {
        while self.next_deadline().is_some_and(|due| due <= now) {
            self.drop_oldest();
        }
        // A room that falls silent keeps no memory for the crowd it once was.
        if self.messages.len() < self.messages.capacity() / 4 {
            self.messages.shrink_to(self.messages.len() * 2);
        }
    }

    /// When the oldest message becomes too old.
    pub(crate) fn next_deadline(&self) -> Option<Ms> {
        self.messages.front().map(|oldest| oldest.at.saturating_add(self.limits.age))
    }

    /// Everything after `seq`, oldest first; `None` when some of it is no longer, or not yet, known.
    pub(crate) fn after(&self, seq: Seq) -> Option<Vec<Said>> {
        let missed = usize::try_from(self.newest.checked_sub(seq)?).ok()?;
        let skip = self.messages.len().checked_sub(missed)?;
        Some(self.messages.range(skip..).cloned().collect())
    }

    /// The message with this `seq`, while it is remembered.
    pub(crate) fn find(&self, seq: Seq) -> Option<&Said> {
        let from_end = usize::try_from(self.newest.checked_sub(seq)?).ok()?;
        let index = self.messages.len().checked_sub(from_end + 1)?;
        self.messages.get(index)
    }

    /// What is kept, as [`message_cost`] counts it.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets the oldest message; false when there is none.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let oldest = self.messages.pop_front();
        self.bytes -= oldest.as_ref().map_or(0, message_cost);
        oldest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{ClientId, Name, SayId, Text};

    use super::*;

    fn said(seq: Seq, at: Ms, text: &str) -> Said {
        Said {
            seq,
            id: SayId::parse("s").unwrap(),
            from: ClientId::parse("ali").unwrap(),
            name: Name::parse("علی").unwrap(),
            text: Text::parse(text).unwrap(),
            at,
        }
    }

    fn seqs(history: &History, after: Seq) -> Option<Vec<Seq>> {
        Some(history.after(after)?.iter().map(|said| said.seq).collect())
    }

    const ROOMY: HistoryLimits = HistoryLimits { messages: 100, bytes: 1 << 20, age: 1_000 };

    #[test]
    fn missed_messages_return_whole_and_ordered() {
        let mut history = History::new(ROOMY);
        assert_eq!(seqs(&history, 0), Some(vec![]));
        for seq in 1..=5 {
            history.push(said(seq, 10, "x"));
        }
        assert_eq!(seqs(&history, 0), Some(vec![1, 2, 3, 4, 5]));
        assert_eq!(seqs(&history, 3), Some(vec![4, 5]));
        assert_eq!(seqs(&history, 5), Some(vec![]));
        assert_eq!(seqs(&history, 6), None, "a seq not yet assigned");
        assert_eq!(history.find(4).unwrap().seq, 4);
        assert_eq!(history.oldest(), 1);
        assert!(history.find(6).is_none() && history.find(0).is_none());
    }

    #[test]
    fn the_count_binds() {
        let mut history = History::new(HistoryLimits { messages: 2, ..ROOMY });
        for seq in 1..=5 {
            history.push(said(seq, 10, "x"));
        }
        assert_eq!(seqs(&history, 3), Some(vec![4, 5]));
        assert_eq!(seqs(&history, 2), None);
    }

    #[test]
    fn the_bytes_bind() {
        let one = message_cost(&said(1, 0, "xx"));
        let mut history = History::new(HistoryLimits { bytes: 2 * one, ..ROOMY });
        for seq in 1..=3 {
            history.push(said(seq, 10, "xx"));
        }
        assert_eq!(seqs(&history, 1), Some(vec![2, 3]));
        assert_eq!(seqs(&history, 0), None);
    }

    #[test]
    fn the_age_binds() {
        let mut history = History::new(ROOMY);
        history.push(said(1, 10, "x"));
        history.push(said(2, 500, "x"));
        assert_eq!(history.next_deadline(), Some(1_010));
        history.prune(1_009);
        assert_eq!(seqs(&history, 0), Some(vec![1, 2]));
        history.prune(1_010);
        assert_eq!((seqs(&history, 0), seqs(&history, 1)), (None, Some(vec![2])));
        history.prune(9_999);
        assert_eq!((seqs(&history, 1), seqs(&history, 2)), (None, Some(vec![])));
        assert_eq!(history.oldest(), 3);
        assert_eq!(history.next_deadline(), None);
    }
    #[test]
    fn silent_room_releases_history_memory() {
        let mut history = History::new(ROOMY);
        for seq in 1..=300 {
            history.push(said(seq, 10, "x"));
        }
        assert!(history.messages.capacity() < 200, "{}", history.messages.capacity());
        history.prune(9_999);
        assert_eq!(history.messages.capacity(), 0);
    }
}
