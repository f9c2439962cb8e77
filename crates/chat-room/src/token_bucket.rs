//! How much may still be asked: a token bucket. It holds what may come at once and is refilled at
//! the pace that may go on. A [`RateLimit`] is one that several draw on: the tabs of a session, the
//! connections of an address. The time is passed in; neither knows what is asked, nor what happens to
//! who asks too much.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// A bucket that holds up to `size` tokens and gains `per_second`.
#[derive(Debug)]
pub struct TokenBucket {
    size: f64,
    per_second: f64,
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// A full one.
    pub fn full(size: f64, per_second: f64, now: Instant) -> Self {
        Self { size, per_second, tokens: size, at: now }
    }

    /// Takes a token; false when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let enough = self.has_one(now);
        if enough {
            self.tokens -= 1.0;
        }
        enough
    }

    /// Whether there is a token to take.
    pub(crate) fn has_one(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.tokens >= 1.0
    }

    /// Takes a token ahead of time, where there will be one within `patience`: how long it takes until then.
    ///
    /// # Errors
    /// How long it would take, where that is longer. Nothing is taken.
    pub fn take_within(&mut self, now: Instant, patience: Duration) -> Result<Duration, Duration> {
        self.refill(now);
        let wait = Duration::from_secs_f64((1.0 - self.tokens).max(0.0) / self.per_second);
        if wait > patience {
            return Err(wait);
        }
        self.tokens -= 1.0;
        Ok(wait)
    }

    /// Takes this many, also where there are not so many: the next ones wait for them.
    pub fn charge(&mut self, tokens: f64, now: Instant) {
        self.refill(now);
        self.tokens -= tokens;
    }

    /// Whether nothing is missing.
    pub(crate) fn is_full(&mut self, now: Instant) -> bool {
        self.refill(now);
        self.tokens >= self.size
    }

    fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + gained).min(self.size);
        self.at = self.at.max(now);
    }
}

/// A bucket shared by several, or none at all: then everything is allowed. Its lock is held for a
/// few lines, and nothing else is locked meanwhile.
#[derive(Debug)]
pub struct RateLimit(Option<Mutex<TokenBucket>>);

impl RateLimit {
    /// At most `burst` at once, and `per_second` in the long run. `per_second` 0 sets no bound.
    pub fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self((per_second > 0.0).then(|| Mutex::new(TokenBucket::full(burst.max(1.0), per_second, now))))
    }

    /// Takes one; false when there is none to take.
    pub fn take(&self, now: Instant) -> bool {
        self.bucket().is_none_or(|mut bucket| bucket.take(now))
    }

    /// Whether there is one to take, which stays.
    pub fn has_one(&self, now: Instant) -> bool {
        self.bucket().is_none_or(|mut bucket| bucket.has_one(now))
    }

    /// Takes one ahead of time: see [`TokenBucket::take_within`].
    ///
    /// # Errors
    /// How long it would take, where that is longer than `patience`.
    pub fn take_within(&self, now: Instant, patience: Duration) -> Result<Duration, Duration> {
        self.bucket().map_or(Ok(Duration::ZERO), |mut bucket| bucket.take_within(now, patience))
    }

    /// Takes this many, also where there are not so many.
    pub fn charge(&self, tokens: f64, now: Instant) {
        if let Some(mut bucket) = self.bucket() {
            bucket.charge(tokens, now);
        }
    }

    /// Whether nothing is missing: it is as good as a new one.
    pub fn is_whole(&self, now: Instant) -> bool {
        self.bucket().is_none_or(|mut bucket| bucket.is_full(now))
    }

    fn bucket(&self) -> Option<MutexGuard<'_, TokenBucket>> {
        // No code that can panic runs while the lock is held.
        self.0.as_ref().map(|bucket| bucket.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_passes_then_pace_holds() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let allowance = RateLimit::new(10.0, 40.0, start);
        assert_eq!((0..100).filter(|_| allowance.take(start)).count(), 40);
        assert!(!allowance.take(at(99)));
        assert!(allowance.take(at(200)));
        let passed = (0..1_000).filter(|n| allowance.take(at(200 + n * 10))).count();
        assert!((99..=101).contains(&passed), "{passed} in ten seconds, at ten a second");
    }

    #[test]
    fn tokens_taken_ahead_come_in_turn() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let requests = RateLimit::new(10.0, 20.0, start);
        let waits: Vec<_> = (0..40).map_while(|_| requests.take_within(start, second).ok()).collect();
        assert_eq!(waits.len(), 30, "the burst, and what comes within a second");
        assert!(waits.is_sorted() && waits[19].is_zero() && !waits[20].is_zero());
        assert!(requests.take_within(start, second).is_err_and(|wait| wait > second));
        requests.charge(20.0, start);
        assert!(requests.take_within(start + 2 * second, second).is_err(), "what was charged is waited for");
        assert!(requests.take_within(start + 3 * second, second).is_ok());
    }

    #[test]
    fn without_a_pace_everything_passes() {
        let allowance = RateLimit::new(0.0, 0.0, Instant::now());
        assert!((0..10_000).all(|_| allowance.take(Instant::now())));
    }

    #[test]
    fn two_clocks_that_disagree_give_nothing_away() {
        // Two threads ask one bucket, and the one with the later time comes first.
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        let allowance = RateLimit::new(1.0, 1.0, start);
        assert!(allowance.take(start));
        assert!(allowance.take(later));
        assert!(!allowance.take(start) && !allowance.take(later));
    }
}
