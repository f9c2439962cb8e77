//! The measured round trip, and the suspicion of a dead connection. A browser shows a script neither
//! WebSocket pings nor a network that is gone, so the page asks by messages of its own. A hidden tab
//! is woken once a minute at most, so what counts is the silence since a ping, not since the last
//! tick; and a ping goes out whatever became of the one before, because a server that answered and
//! then died is dead too. A *look* (somebody comes back to the page, or the device to a network)
//! is less patient: what was true before it may not be true any more. The time is passed in.

/// How often the round trip is measured, in milliseconds. Also how soon a dead server is suspected.
const PING_EVERY_MS: u64 = 10_000;
/// How long a ping may go without hearing anything at all, in milliseconds, before the connection
/// counts as dead. Longer than the server's own 8 s, so that the server usually notices first.
const SILENCE_MAX_MS: u64 = 12_000;
/// The same after a look, in milliseconds. A radio that wakes up takes up to 2 s, and a round trip of
/// a slow 3G another 2; where more than that was measured before, twice as much and a second is allowed.
const LOOK_MAX_MS: u64 = 4_000;
/// After how long a look that is not answered is reason to open another connection beside this one, in
/// milliseconds; again twice the measured round trip, where that is longer. Nothing is given up by it:
/// whichever answers first is kept.
const LATE_MS: u64 = 1_000;

#[derive(Default, Debug)]
pub(crate) struct Ping {
    n: u32,
    /// When the next one goes out; the first on the first tick.
    due_ms: u64,
    sent_ms: u64,
    /// From then on the connection is dead, if nothing is heard before.
    deadline_ms: Option<u64>,
    /// Since when a look waits for its pong.
    looked_ms: Option<u64>,
    rtt_ms: Option<u32>,
    /// How long a round trip may take, as long as none was measured.
    guess_ms: u64,
}

impl Ping {
    /// For a connection whose opening took this long.
    pub(crate) fn new(opening_ms: u64) -> Self {
        Self { guess_ms: opening_ms, ..Self::default() }
    }

    /// Something there and back took this long: the join and its welcome.
    pub(crate) fn guess(&mut self, took_ms: u64) {
        self.guess_ms = took_ms;
    }

    /// The last measured round trip, in milliseconds.
    pub(crate) fn rtt_ms(&self) -> Option<u32> {
        self.rtt_ms
    }

    /// Somebody looks: the next ping is due now, and its answer within `LOOK_MAX_MS`. Says after how many
    /// milliseconds it is late, and after how many the connection is dead. A look while another waits for
    /// its answer changes nothing.
    pub(crate) fn look(&mut self, now: u64) -> Option<[u64; 2]> {
        if self.looked_ms.is_some() {
            return None;
        }
        self.looked_ms = Some(now);
        self.due_ms = 0;
        let patience = self.twice_rtt(1_000).max(LOOK_MAX_MS);
        let deadline = self.deadline_ms.map_or(now + patience, |before| before.min(now + patience));
        self.deadline_ms = Some(deadline);
        Some([self.lateness(), deadline.saturating_sub(now)])
    }

    /// The number of the ping to send now, if one is due.
    pub(crate) fn due(&mut self, now: u64) -> Option<u32> {
        if now < self.due_ms {
            return None;
        }
        self.n = self.n.wrapping_add(1);
        self.sent_ms = now;
        self.due_ms = now + PING_EVERY_MS;
        self.deadline_ms.get_or_insert(now + SILENCE_MAX_MS);
        Some(self.n)
    }

    /// Something was heard. After a look only the pong counts in full: what the device had received
    /// before it slept is heard when it wakes.
    pub(crate) fn heard(&mut self, now: u64) {
        self.deadline_ms = self.looked_ms.map(|_| now + LOOK_MAX_MS);
    }

    /// A pong with this number. True when it answers the latest ping: then the round trip is measured.
    pub(crate) fn answered(&mut self, n: u32, now: u64) -> bool {
        let latest = n == self.n;
        if latest {
            self.rtt_ms = Some(now.saturating_sub(self.sent_ms) as u32);
            (self.looked_ms, self.deadline_ms) = (None, None);
        }
        latest
    }

    /// Whether a look has waited so long that another connection should be opened beside this one.
    pub(crate) fn is_late(&self, now: u64) -> bool {
        self.looked_ms.is_some_and(|since| now >= since + self.lateness())
    }

    /// Whether nobody answers any more.
    pub(crate) fn is_dead(&self, now: u64) -> bool {
        self.deadline_ms.is_some_and(|deadline| now > deadline)
    }

    fn lateness(&self) -> u64 {
        self.twice_rtt(0).max(LATE_MS)
    }

    fn twice_rtt(&self, more: u64) -> u64 {
        2 * self.rtt_ms.map_or(self.guess_ms, u64::from) + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A connection with this round trip, measured at 100 s.
    fn measured(rtt_ms: u64) -> Ping {
        let mut ping = Ping::default();
        assert_eq!(ping.due(100_000 - rtt_ms), Some(1));
        ping.heard(100_000);
        assert!(ping.answered(1, 100_000));
        assert_eq!(ping.rtt_ms(), Some(rtt_ms as u32));
        ping
    }

    #[test]
    fn ping_is_due_at_once_then_periodically() {
        let mut ping = measured(0);
        assert_eq!(ping.due(100_000 + PING_EVERY_MS - 1), None);
        assert_eq!(ping.due(100_000 + PING_EVERY_MS), Some(2));
        assert!(!ping.answered(1, 111_000));
    }

    #[test]
    fn only_silence_since_a_ping_means_death() {
        let mut ping = Ping::default();
        assert!(!ping.is_dead(900_000));
        assert_eq!(ping.due(100_000), Some(1));
        assert!(!ping.is_dead(100_000 + SILENCE_MAX_MS));
        assert!(ping.is_dead(100_001 + SILENCE_MAX_MS));
        ping.heard(100_500);
        assert!(!ping.is_dead(900_000));
    }

    #[test]
    fn unanswered_ping_is_fatal_despite_earlier_frame() {
        let mut ping = Ping::default();
        assert_eq!(ping.due(100_000), Some(1));
        ping.heard(100_500);
        assert_eq!(ping.due(110_000), Some(2));
        assert_eq!(ping.due(120_000), Some(3));
        assert!(ping.is_dead(110_001 + SILENCE_MAX_MS));
    }

    #[test]
    fn look_pings_at_once_with_shorter_deadline() {
        let mut ping = measured(20);
        assert_eq!(ping.look(101_000), Some([1_000, 4_000]));
        assert_eq!(ping.due(101_000), Some(2));
        assert!(!ping.is_late(101_999));
        assert!(ping.is_late(102_000));
        // Another look before the answer gives no more time.
        assert_eq!(ping.look(104_000), None);
        assert_eq!(ping.due(104_000), None);
        assert!(!ping.is_dead(105_000));
        assert!(ping.is_dead(105_001));
    }

    #[test]
    fn look_does_not_cut_slow_connection() {
        let mut ping = measured(2_000);
        assert_eq!(ping.look(101_000), Some([4_000, 5_000]));
        assert_eq!(ping.due(101_000), Some(2));
        assert!(!ping.is_late(104_999));
        assert!(!ping.is_dead(106_000));
        assert!(ping.answered(2, 105_900));
        assert!(!ping.is_late(900_000) && !ping.is_dead(900_000));
    }

    #[test]
    fn unmeasured_round_trip_is_guessed() {
        let mut ping = Ping::new(4_000);
        assert_eq!(ping.look(100_000), Some([8_000, 9_000]));
        ping.guess(2_000);
        assert!(!ping.is_late(103_999));
        assert!(ping.is_late(104_000));
        assert_eq!(ping.due(100_000), Some(1));
        assert!(ping.answered(1, 100_020));
        assert_eq!(ping.look(200_000), Some([1_000, 4_000]));
    }

    #[test]
    fn buffered_frame_does_not_answer_look() {
        let mut ping = measured(20);
        assert!(ping.look(101_000).is_some());
        assert_eq!(ping.due(101_000), Some(2));
        ping.heard(101_001);
        assert!(ping.is_late(102_000));
        assert!(ping.is_dead(101_002 + LOOK_MAX_MS));
    }

    #[test]
    fn look_does_not_extend_nearly_ended_silence() {
        let mut ping = measured(20);
        assert_eq!(ping.due(110_000), Some(2));
        assert_eq!(ping.look(121_000), Some([1_000, 1_000]));
        assert!(ping.is_dead(110_001 + SILENCE_MAX_MS));
    }
}
