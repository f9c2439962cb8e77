//! The rate limit of one connection, and how often it may be wrong: three token buckets. A frame over
//! the limit is dropped with a `too_fast` error. Haste is no mistake: a page that was away sends all
//! that waited at once, and sends again what was dropped. So only a mistaken frame is an offence at
//! once; a dropped one is when many were dropped before it. Too many offences end the connection.
//!
//! How many frames are allowed is a matter of the person, not of the connection: after its join a
//! connection draws on the rate limit of its session, together with the other tabs. How its own were
//! met (drops and offences) stays with each connection, so that one broken tab ends alone. The time
//! is passed in.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chat_room::{RateLimit, TokenBucket};

/// How many offences in a row are forgiven. A person's slip never comes near it; a broken script
/// reaches it at once.
const OFFENCES: f64 = 20.0;
/// One offence is forgotten in this time.
const FORGIVEN_IN: Duration = Duration::from_secs(3);
/// How many frames may be dropped before a drop is an offence: twice what an honest page has
/// waiting. They are regained at the rate limit, or without one at one a second: then the address was too
/// fast, and perhaps another client there.
const DROPS: f64 = 200.0;

#[derive(Debug)]
pub(crate) struct RateLimiter {
    frames: Arc<RateLimit>,
    /// Most connections never have one.
    strikes: Option<Box<Strikes>>,
}

#[derive(Debug)]
struct Strikes {
    drops: TokenBucket,
    offences: TokenBucket,
}

impl RateLimiter {
    /// At most `burst` frames at once and `per_second` in the long run. `per_second` 0 sets no limit.
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self { frames: Arc::new(RateLimit::new(per_second.into(), burst.into(), now)), strikes: None }
    }

    /// What its frames are drawn from: its own, until [`RateLimiter::share`].
    pub(crate) fn frames(&self) -> &Arc<RateLimit> {
        &self.frames
    }

    /// From now on its frames are drawn from this, which others may draw on too.
    pub(crate) fn share(&mut self, frames: Arc<RateLimit>) {
        self.frames = frames;
    }

    /// Whether a frame that came now is within the limit.
    pub(crate) fn allow_frame(&mut self, now: Instant) -> bool {
        self.frames.take(now)
    }

    /// Counts a frame that was dropped for being over the limit; `per_second` as in [`RateLimiter::new`], so that
    /// not every connection keeps it. False when there were too many.
    pub(crate) fn allow_drop(&mut self, per_second: u32, now: Instant) -> bool {
        self.strikes(per_second, now).drops.take(now) || self.allow_offence(per_second, now)
    }

    /// Counts an offence, as [`RateLimiter::allow_drop`]. False when there were too many.
    pub(crate) fn allow_offence(&mut self, per_second: u32, now: Instant) -> bool {
        self.strikes(per_second, now).offences.take(now)
    }

    fn strikes(&mut self, per_second: u32, now: Instant) -> &mut Strikes {
        self.strikes.get_or_insert_with(|| {
            let drops = TokenBucket::full(DROPS, per_second.max(1).into(), now);
            let offences = TokenBucket::full(OFFENCES, FORGIVEN_IN.as_secs_f64().recip(), now);
            Box::new(Strikes { drops, offences })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_rate_limit_is_not_doubled() {
        let start = Instant::now();
        let mut one = RateLimiter::new(10, 40, start);
        let mut two = RateLimiter::new(10, 40, start);
        two.share(one.frames().clone());
        assert_eq!((0..100).filter(|_| one.allow_frame(start) || two.allow_frame(start)).count(), 40);
    }

    #[test]
    fn drops_are_offences_only_when_many() {
        let start = Instant::now();
        let mut pace = RateLimiter::new(10, 50, start);
        assert_eq!((0..1_000).filter(|_| pace.allow_drop(10, start)).count(), (DROPS + OFFENCES) as usize);
        let later = start + Duration::from_secs(1);
        assert_eq!((0..1_000).filter(|_| pace.allow_drop(10, later)).count(), 10, "regained at the pace");
    }

    #[test]
    fn offences_are_forgiven_gradually() {
        let start = Instant::now();
        let mut pace = RateLimiter::new(0, 0, start);
        assert_eq!((0..100).filter(|_| pace.allow_offence(0, start)).count(), OFFENCES as usize);
        assert!(!pace.allow_offence(0, start + FORGIVEN_IN / 2));
        assert!(pace.allow_offence(0, start + FORGIVEN_IN * 2));
    }
}
