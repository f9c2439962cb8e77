//! How much a connection may ask, and how often it may be wrong: three token buckets. A frame over
//! the pace is dropped with a `too_fast` error. Haste is no mistake: a page that was away sends all
//! that waited at once, and sends again what was dropped. So only a mistaken frame is an offence at
//! once; a dropped one is when many were dropped before it. Too many offences end the connection.
//! The time is passed in.

use std::time::{Duration, Instant};

/// How many offences in a row are forgiven. A person's slip never comes near it; a broken script
/// reaches it at once.
const OFFENCES: f64 = 20.0;
/// One offence is forgotten in this time.
const FORGIVEN_IN: Duration = Duration::from_secs(3);
/// How many frames may be dropped before a drop is an offence: twice what an honest page has
/// waiting. They are regained at the pace.
const DROPS: f64 = 200.0;

/// A bucket that holds up to `size` tokens and gains `per_second`.
#[derive(Debug)]
struct Bucket {
    size: f64,
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn full(size: f64, per_second: f64, now: Instant) -> Self {
        Self { size, per_second, tokens: size, at: now }
    }

    fn take(&mut self, now: Instant) -> bool {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.size);
        self.at = now;
        let enough = self.tokens >= 1.0;
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }
}

/// The pace of one connection.
#[derive(Debug)]
pub struct Pace {
    /// `None`: as fast as it likes.
    frames: Option<Bucket>,
    drops: Bucket,
    offences: Bucket,
}

impl Pace {
    /// At most `burst` frames at once and `per_second` in the long run. `per_second` 0 sets no pace.
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let frames = (per_second > 0).then(|| Bucket::full(burst.max(1).into(), per_second.into(), now));
        let drops = Bucket::full(DROPS, per_second.into(), now);
        Self { frames, drops, offences: Bucket::full(OFFENCES, FORGIVEN_IN.as_secs_f64().recip(), now) }
    }

    /// Whether a frame that came now is within the pace.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.frames.as_mut().is_none_or(|frames| frames.take(now))
    }

    /// Counts a frame that was dropped for being over the pace. False when there were too many.
    pub fn tolerates(&mut self, now: Instant) -> bool {
        self.drops.take(now) || self.forgives(now)
    }

    /// Counts an offence. False when there were too many.
    pub fn forgives(&mut self, now: Instant) -> bool {
        self.offences.take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_pace_holds() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::new(10, 40, start);
        assert_eq!((0..100).filter(|_| pace.allows(start)).count(), 40);
        assert!(!pace.allows(at(99)));
        assert!(pace.allows(at(200)));
        let passed = (0..1_000).filter(|n| pace.allows(at(200 + n * 10))).count();
        assert!((99..=101).contains(&passed), "{passed} in ten seconds, at ten a second");
    }

    #[test]
    fn without_a_pace_everything_passes() {
        let mut pace = Pace::new(0, 0, Instant::now());
        assert!((0..10_000).all(|_| pace.allows(Instant::now())));
    }

    #[test]
    fn drops_are_offences_only_when_many() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 50, start);
        assert_eq!((0..1_000).filter(|_| pace.tolerates(start)).count(), (DROPS + OFFENCES) as usize);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1_000).filter(|_| pace.tolerates(later)).count(), 10, "regained at the pace");
    }

    #[test]
    fn offences_are_forgiven_with_time_but_not_many_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(0, 0, start);
        assert_eq!((0..100).filter(|_| pace.forgives(start)).count(), OFFENCES as usize);
        assert!(!pace.forgives(start + FORGIVEN_IN / 2));
        assert!(pace.forgives(start + FORGIVEN_IN * 2));
    }
}
