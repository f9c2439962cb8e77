//! How much a connection may ask, and how often it may be wrong: three token buckets. A frame over
//! the pace is dropped with a `too_fast` error. Haste is no mistake: a page that was away sends all
//! that waited at once, and sends again what was dropped. So only a mistaken frame is an offence at
//! once; a dropped one is when many were dropped before it. Too many offences end the connection.
//!
//! How many frames are allowed is a matter of the person, not of the connection: after its join a
//! connection draws on the allowance of its session, together with the other tabs. How its own were
//! met (drops and offences) stays with each connection, so that one broken tab ends alone. The time
//! is passed in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::allowance::{Allowance, Bucket};

/// How many offences in a row are forgiven. A person's slip never comes near it; a broken script
/// reaches it at once.
const OFFENCES: f64 = 20.0;
/// One offence is forgotten in this time.
const FORGIVEN_IN: Duration = Duration::from_secs(3);
/// How many frames may be dropped before a drop is an offence: twice what an honest page has
/// waiting. They are regained at the pace, or without one at one a second: then it is the address
/// that was too fast, and perhaps somebody else there.
const DROPS: f64 = 200.0;

/// The pace of one connection.
#[derive(Debug)]
pub struct Pace {
    frames: Arc<Allowance>,
    per_second: u32,
    /// Most connections are never met with a fault.
    faults: Option<Box<Faults>>,
}

#[derive(Debug)]
struct Faults {
    drops: Bucket,
    offences: Bucket,
}

impl Pace {
    /// At most `burst` frames at once and `per_second` in the long run. `per_second` 0 sets no pace.
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self {
            frames: Arc::new(Allowance::new(per_second.into(), burst.into(), now)),
            per_second,
            faults: None,
        }
    }

    /// What its frames are drawn from: its own, until [`Pace::share`].
    pub fn frames(&self) -> &Arc<Allowance> {
        &self.frames
    }

    /// From now on its frames are drawn from this, which others may draw on too.
    pub fn share(&mut self, frames: Arc<Allowance>) {
        self.frames = frames;
    }

    /// Whether a frame that came now is within the pace.
    pub fn allows(&mut self, now: Instant) -> bool {
        self.frames.take(now)
    }

    /// Counts a frame that was dropped for being over the pace. False when there were too many.
    pub fn tolerates(&mut self, now: Instant) -> bool {
        self.faults(now).drops.take(now) || self.forgives(now)
    }

    /// Counts an offence. False when there were too many.
    pub fn forgives(&mut self, now: Instant) -> bool {
        self.faults(now).offences.take(now)
    }

    fn faults(&mut self, now: Instant) -> &mut Faults {
        self.faults.get_or_insert_with(|| {
            let drops = Bucket::full(DROPS, self.per_second.max(1).into(), now);
            let offences = Bucket::full(OFFENCES, FORGIVEN_IN.as_secs_f64().recip(), now);
            Box::new(Faults { drops, offences })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_share_have_together_what_one_has() {
        let start = Instant::now();
        let mut one = Pace::new(10, 40, start);
        let mut two = Pace::new(10, 40, start);
        two.share(one.frames().clone());
        assert_eq!((0..100).filter(|_| one.allows(start) || two.allows(start)).count(), 40);
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
