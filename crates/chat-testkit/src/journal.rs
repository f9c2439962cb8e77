//! Where all clients of a run write down what they send, hear and suffer, in one order: under one
//! lock, before a message goes out and after it came in. It gives the messages to the checker at
//! once, and keeps only numbers. It does not know who writes, nor why.

use std::{
    collections::BTreeMap,
    ops::{AddAssign, Range},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    checker::{Checker, Counts, Event},
    session::Ms,
    violation::{ClientNo, Violation},
};

/// Cheap to clone; all clones are one journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    started: Instant,
    book: Arc<Mutex<Book>>,
}

#[derive(Debug, Default)]
struct Book {
    checker: Checker,
    tally: Tally,
}

/// What happened, in numbers.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Tally {
    /// What the checker saw.
    pub counts: Counts,
    /// Messages received between a welcome and the end of the replay.
    pub replayed: u64,
    /// Faults that were injected, by kind.
    pub faults: BTreeMap<&'static str, u64>,
    /// Connections that ended, by close code; 1006 where there was none.
    pub closes: BTreeMap<u16, u64>,
    /// Frames that were no message of the protocol, which an honest server does not send.
    pub unreadable: u64,
    /// Every return after a loss.
    pub(crate) returns: Vec<Return>,
    /// The most memory that the server was seen to use (RSS), in bytes.
    pub memory: u64,
}

/// Somebody is back.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Return {
    /// When the join for it was sent, since the journal began.
    pub(crate) joined: Duration,
    /// How long after the loss was noticed the welcome came.
    pub(crate) took: Duration,
}

impl Journal {
    /// An empty one, whose clock begins now.
    #[allow(clippy::new_without_default, reason = "it begins at a time")]
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), book: Arc::default() }
    }

    /// How long it has been kept.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The same in milliseconds: the clock of the sessions.
    pub(crate) fn now(&self) -> Ms {
        self.elapsed().as_millis() as Ms
    }

    /// Writes down what happened to a client.
    pub(crate) fn note(&self, client: ClientNo, event: &Event) {
        self.book().checker.observe(client, event);
    }

    /// Writes down a number.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Tally)) {
        change(&mut self.book().tally);
    }

    /// The numbers so far.
    pub(crate) fn tally(&self) -> Tally {
        let book = self.book();
        Tally { counts: book.checker.counts(), ..book.tally.clone() }
    }

    /// As [`Checker::is_at_rest`].
    pub(crate) fn is_at_rest(&self, here: &[ClientNo]) -> bool {
        self.book().checker.is_at_rest(here)
    }

    /// As [`Checker::finish`]. What is written later is the beginning of another story.
    pub(crate) fn finish(&self, here: &[ClientNo]) -> (Vec<Violation>, usize) {
        let checker = std::mem::take(&mut self.book().checker);
        checker.finish(here)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic while it is held is a failed test anyway.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// The time within which this share of the returns was done, `share` in `0.0..=1.0`.
    pub(crate) fn return_within(&self, share: f64) -> Option<Duration> {
        let mut times: Vec<Duration> = self.returns.iter().map(|back| back.took).collect();
        times.sort();
        let last = times.len().checked_sub(1)?;
        times.get((last as f64 * share).round() as usize).copied()
    }

    /// Of those whose joins for a return fell into `period`, the most that fell into one `window`, and
    /// how many they were in all.
    pub(crate) fn densest(&self, period: &Range<Duration>, window: Duration) -> (usize, usize) {
        let joins = self.returns.iter().map(|back| back.joined);
        let mut joins: Vec<Duration> = joins.filter(|joined| period.contains(joined)).collect();
        joins.sort();
        let together = |first: usize| joins[first..].partition_point(|join| *join < joins[first] + window);
        ((0..joins.len()).map(together).max().unwrap_or(0), joins.len())
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.resent += other.resent;
        self.known += other.known;
        self.acknowledged += other.acknowledged;
        self.too_fast += other.too_fast;
        self.delivered += other.delivered;
        self.newcomers += other.newcomers;
        self.recovered += other.recovered;
        self.gaps += other.gaps;
        self.new_lives += other.new_lives;
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.replayed += other.replayed;
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
        for (code, times) in other.closes {
            *self.closes.entry(code).or_default() += times;
        }
        self.unreadable += other.unreadable;
        self.returns.extend(other.returns);
        self.memory = self.memory.max(other.memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(joined: u64, took: u64) -> Return {
        Return { joined: Duration::from_millis(joined), took: Duration::from_millis(took) }
    }

    #[test]
    fn densest_window_may_begin_anywhere() {
        let returns = [0, 950, 960, 1_049, 1_050, 2_000].map(|joined| back(joined, 1)).to_vec();
        let tally = Tally { returns, ..Tally::default() };
        let window = Duration::from_millis(100);
        let ms = Duration::from_millis;
        assert_eq!(tally.densest(&(ms(0)..ms(9_000)), window), (3, 6));
        assert_eq!(tally.densest(&(ms(1_050)..ms(2_000)), window), (1, 1));
        assert_eq!(Tally::default().densest(&(ms(0)..ms(9_000)), window), (0, 0));
    }

    #[test]
    fn return_percentiles_are_sorted_by_time() {
        let returns = (1..=101).rev().map(|took| back(0, took)).collect();
        let tally = Tally { returns, ..Tally::default() };
        let ms = |share| tally.return_within(share).unwrap().as_millis();
        assert_eq!((ms(0.0), ms(0.5), ms(0.99), ms(1.0)), (1, 51, 100, 101));
        assert_eq!(Tally::default().return_within(0.5), None);
    }
}
