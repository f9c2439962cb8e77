//! The keys of connections: each greater than those before. Where nodes share rooms a key tells its node and when
//! it was made, by the clock of the engine, so that no two nodes make the same and the younger of two is the
//! greater, whichever nodes they are on.

use std::sync::atomic::{
    AtomicI64, AtomicU64,
    Ordering::{AcqRel, Relaxed},
};

use chat_room::{ConnKey, Ms};

use super::clock::Clock;

/// 2025-01-01, from when keys count.
const BEGIN: Ms = 1_735_689_600_000;

/// How many keys there are in a millisecond. With 44 bits for the time that is enough for 34 years, and more
/// than connections come: should there be more at once, the next are dated a little later.
const IN_A_MS: u64 = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct ConnKeys {
    /// The node's number; `None` where it is alone.
    node: Option<u32>,
    clock: Clock,
    /// How far the engine's clock is ahead, in milliseconds.
    ahead: AtomicI64,
    last: AtomicU64,
}

impl ConnKeys {
    /// For the node with this number, or one that is alone.
    pub(crate) fn new(node: Option<u32>, clock: Clock) -> Self {
        Self { node, clock, ahead: AtomicI64::new(0), last: AtomicU64::new(0) }
    }

    /// The engine's clock shows this time now.
    pub(crate) fn set_time(&self, now: Ms) {
        self.ahead.store(now.cast_signed() - self.clock.now().cast_signed(), Relaxed);
    }

    pub(crate) fn next(&self) -> ConnKey {
        let Some(node) = self.node else { return ConnKey(self.last.fetch_add(1, Relaxed)) };
        let now = self.clock.now().saturating_add_signed(self.ahead.load(Relaxed));
        let first = tick(now);
        let next = |last: u64| first.max(last + 1);
        let before = self.last.fetch_update(AcqRel, Relaxed, |last| Some(next(last))).unwrap_or_default();
        key(next(before), node)
    }

    /// One that is greater than all that this node made before this time of the engine, and not greater than
    /// those that it makes after.
    pub(crate) fn at(node: u32, time: Ms) -> ConnKey {
        key(tick(time), node)
    }
}

fn tick(time: Ms) -> u64 {
    time.saturating_sub(BEGIN).saturating_mul(IN_A_MS)
}

fn key(tick: u64, node: u32) -> ConnKey {
    ConnKey((tick << ConnKey::NODE_BITS) | u64::from(node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_grow_and_tell_their_node() {
        let keys = ConnKeys::new(Some(7), Clock::start());
        keys.set_time(BEGIN + 1_000);
        let before = ConnKeys::at(7, BEGIN + 1_000);
        let made: Vec<ConnKey> = (0..1_000).map(|_| keys.next()).collect();
        assert!(made.is_sorted_by(|a, b| a < b) && made[0] >= before);
        assert!(made.iter().all(|key| key.node() == 7));
        assert!(ConnKeys::at(0xF_FFFF, BEGIN + 2_000_000) > made[999]);
        keys.set_time(BEGIN);
        assert!(keys.next() > made[999], "a clock that goes back makes no older key");
        let alone = ConnKeys::new(None, Clock::start());
        assert_eq!([alone.next(), alone.next()], [ConnKey(0), ConnKey(1)]);
    }
}
