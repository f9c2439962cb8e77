//! The heartbeat: a silent client is pinged, and is taken for dead if nothing at all comes back in time.
//! Browsers answer pings by themselves, even from a hidden tab. The time is passed in; this module has no
//! timer.

use std::time::{Duration, Instant};

/// The state of one connection's pulse.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// When something came in last, or, since then, a ping was sent.
    since: Instant,
    is_pinged: bool,
}

/// What silence asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pulse {
    /// Nothing, until then.
    Wait(Instant),
    /// A ping; look again then.
    Ping(Instant),
    /// The end: no answer came.
    Dead,
}

impl Heartbeat {
    /// A connection heard from at `now`.
    pub(crate) fn new(now: Instant) -> Self {
        Self { since: now, is_pinged: false }
    }

    /// Something, anything, came in.
    pub(crate) fn heard(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// What to do now, where the other end is pinged after `interval` of silence and given up after
    /// `patience` more. Both are the server's, not kept ten thousand times.
    pub(crate) fn check(&mut self, now: Instant, interval: Duration, patience: Duration) -> Pulse {
        if self.is_pinged {
            let end = self.since + patience;
            return if now >= end { Pulse::Dead } else { Pulse::Wait(end) };
        }
        let due = self.since + interval;
        if now < due {
            return Pulse::Wait(due);
        }
        *self = Self { since: now, is_pinged: true };
        Pulse::Ping(now + patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_pinged_then_declared_dead() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pulse = Heartbeat::new(start);
        let check =
            |pulse: &mut Heartbeat, now| pulse.check(now, Duration::from_secs(25), Duration::from_secs(8));
        assert_eq!(check(&mut pulse, at(10)), Pulse::Wait(at(25)));
        pulse.heard(at(12));
        assert_eq!(check(&mut pulse, at(25)), Pulse::Wait(at(37)));
        assert_eq!(check(&mut pulse, at(37)), Pulse::Ping(at(45)));
        assert_eq!(check(&mut pulse, at(44)), Pulse::Wait(at(45)));
        pulse.heard(at(44));
        assert_eq!(check(&mut pulse, at(45)), Pulse::Wait(at(69)));
        assert_eq!(check(&mut pulse, at(69)), Pulse::Ping(at(77)));
        assert_eq!(check(&mut pulse, at(77)), Pulse::Dead);
    }
}
