//! By which way to connect: a WebSocket, or HTTP requests where a network lets no WebSocket through.
//! A browser does not say why a WebSocket failed, so the page asks the server for `/healthz` by HTTP:
//! answered, while the attempt came to nothing, the attempt is a *strike*; [`STRIKES`] in a row mean
//! that the network refuses WebSockets. Unanswered, it is the network or the server, and proves
//! nothing. It also tells an opening that hangs, because it was begun when there was no network, from one
//! that is only slow: a browser opens one WebSocket at a time (RFC 6455 §4.1), so there cannot be another
//! beside it, and whoever looks at the page is not to cut one that lives. Connected by HTTP, WebSocket is tried again beside it now and then, and is gone back to
//! as soon as one carries a message there and back. Pure: events and the time are passed in.

use super::link::Way;

/// Strikes after which HTTP is used. One may be an accident of the moment; to be wrong after two costs
/// nothing but a few headers a message, until WebSocket is tried again.
pub(crate) const STRIKES: u32 = 2;
/// After how long an attempt that hears nothing is reason to ask whether HTTP is answered, in
/// milliseconds.
const ASK_AFTER_MS: u64 = 2_000;
/// How long the answer to that is waited for before the next attempt, in milliseconds.
const ASK_MAX_MS: u64 = 5_000;
/// How long an opening must have lasted before somebody who looks gets another in its place, in
/// milliseconds: this, and three times what an answer by HTTP took, which opening needs (TCP, TLS, the
/// upgrade).
const REOPEN_MS: u64 = 500;
/// The same where HTTP is not answered: more than opening takes with a round trip of 2 s.
const REOPEN_UNANSWERED_MS: u64 = 4_500;
/// Least time between two questions, in milliseconds, however often somebody looks.
const ASK_APART_MS: u64 = 1_000;
/// How long a question that was never answered stands in the way of another, in milliseconds. The page
/// gives it up sooner.
const ASK_FORGOTTEN_MS: u64 = 15_000;
/// How long an attempt may last before it hears anything, in milliseconds. Where packets vanish a browser
/// would go on hoping for minutes. Opening and joining take at most five round trips (TCP, two for TLS,
/// the upgrade, the join): ten seconds allow them 2 s each.
const HUNG_MS: u64 = 10_000;
/// The same where HTTP is answered, in milliseconds: five times what its answer took, and at least this.
const HUNG_BESIDE_HTTP_MS: u64 = 5_000;
/// When WebSocket is tried again after one is connected by HTTP, in milliseconds, and then after how long
/// at first and at most; each time twice as long.
const FIRST_TRIAL_MS: u64 = 5_000;
const TRIAL_MS: u64 = 30_000;
const TRIAL_MAX_MS: u64 = 8 * 60_000;

#[derive(Default, Debug)]
pub(crate) struct Fallback {
    way: Way,
    strikes: u32,
    is_blocked: bool,
    attempt: Attempt,
    /// Since when HTTP is asked.
    asking_ms: Option<u64>,
    trial_ms: u64,
    trials: u32,
}

#[derive(Default, Debug)]
struct Attempt {
    began_ms: u64,
    is_looked: bool,
    is_asked: bool,
    /// How long HTTP took to answer, if it was asked and did.
    answer_ms: Option<u64>,
    is_open: bool,
    is_heard: bool,
    is_over: bool,
}

impl Fallback {
    /// Begins with this way.
    pub(crate) fn new(way: Way) -> Self {
        Self { way, is_blocked: way == Way::Http, ..Self::default() }
    }

    /// By which way to connect.
    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// Whether this network lets no WebSocket through, as far as is known.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self, now: u64) {
        self.attempt = Attempt { began_ms: now, ..Attempt::default() };
    }

    /// The connection is open; nothing was heard yet.
    pub(crate) fn opened(&mut self) {
        self.attempt.is_open = true;
    }

    /// The server spoke.
    pub(crate) fn heard(&mut self) {
        self.attempt.is_heard = true;
        if self.way == Way::Socket {
            (self.strikes, self.is_blocked, self.trials) = (0, false, 0);
        }
    }

    /// The attempt has ended, or the connection that came of it.
    pub(crate) fn ended(&mut self) {
        self.attempt.is_over = true;
        if self.attempt.is_heard {
            return;
        }
        match self.way {
            Way::Socket if self.attempt.answer_ms.is_some() => self.strike(),
            // HTTP is answered, but does not let one in either: each way has its turn.
            Way::Http if self.attempt.is_open => (self.way, self.strikes) = (Way::Socket, STRIKES - 1),
            _ => {}
        }
    }

    /// Whether to ask for `/healthz` now, which is done once an attempt; [`Fallback::answered`] is what
    /// comes of it.
    pub(crate) fn should_ask(&mut self, now: u64) -> bool {
        let Attempt { began_ms, is_looked, is_asked, is_heard, is_over, .. } = self.attempt;
        let is_due = is_over || is_looked || now >= began_ms + ASK_AFTER_MS;
        let is_asking = self.asking_ms.is_some_and(|since| now < since + ASK_FORGOTTEN_MS);
        let says_something = self.way == Way::Socket || is_looked;
        let asks = says_something && is_due && !is_heard && !is_asked && !is_asking;
        if asks {
            self.asking_ms = Some(now);
            self.attempt.is_asked = true;
        }
        asks
    }

    /// Somebody looks: what was asked while there may have been no network is asked again.
    pub(crate) fn look(&mut self, now: u64) {
        if self.asking_ms.is_none_or(|since| now >= since + ASK_APART_MS) {
            self.asking_ms = None;
            (self.attempt.is_looked, self.attempt.is_asked) = (true, false);
        }
    }

    /// Whether the opening, which somebody looks at, is to be begun anew.
    pub(crate) fn should_reopen(&self, now: u64) -> bool {
        let Attempt { began_ms, answer_ms, is_looked, is_open, .. } = self.attempt;
        let least = answer_ms.map_or(REOPEN_UNANSWERED_MS, |took| REOPEN_MS.max(3 * took));
        is_looked && !is_open && now >= began_ms + least
    }

    /// What was asked at `since` was answered by HTTP, or not.
    pub(crate) fn answered(&mut self, since: u64, is_answered: bool, now: u64) {
        if self.asking_ms != Some(since) {
            return;
        }
        self.asking_ms = None;
        if self.attempt.is_heard {
            return;
        }
        if is_answered {
            self.attempt.answer_ms = Some(now - since);
            if self.attempt.is_over && self.way == Way::Socket {
                self.strike();
            }
        } else if !self.is_blocked {
            self.strikes = 0;
        }
    }

    /// Whether the next attempt should wait for what HTTP says of the last.
    pub(crate) fn is_undecided(&self, now: u64) -> bool {
        self.attempt.is_over && self.asking_ms.is_some_and(|since| now < since + ASK_MAX_MS)
    }

    /// Whether the attempt has lasted too long.
    pub(crate) fn is_hung(&self, now: u64) -> bool {
        let Attempt { began_ms, answer_ms, is_heard, .. } = self.attempt;
        let patience = answer_ms.map_or(HUNG_MS, |took| (5 * took).clamp(HUNG_BESIDE_HTTP_MS, HUNG_MS));
        !is_heard && now > began_ms + patience
    }

    /// One is in the room.
    pub(crate) fn welcomed(&mut self, now: u64) {
        self.trial_ms = now + self.trial_wait();
    }

    /// Whether to try a WebSocket beside the connection by HTTP now.
    pub(crate) fn is_trial_due(&mut self, now: u64) -> bool {
        let is_due = self.way == Way::Http && now >= self.trial_ms;
        if is_due {
            self.trials += 1;
            self.trial_ms = now + self.trial_wait();
        }
        is_due
    }

    /// Somebody asks for WebSocket to be tried again: at the next tick.
    pub(crate) fn try_again(&mut self) {
        self.trial_ms = 0;
    }

    /// A WebSocket carried a message there and back.
    pub(crate) fn got_through(&mut self) {
        (self.way, self.strikes) = (Way::Socket, 0);
    }

    fn trial_wait(&self) -> u64 {
        match self.trials {
            0 => FIRST_TRIAL_MS,
            trials => (TRIAL_MS << (trials - 1).min(10)).min(TRIAL_MAX_MS),
        }
    }

    fn strike(&mut self) {
        self.strikes += 1;
        if self.strikes >= STRIKES {
            (self.way, self.is_blocked) = (Way::Http, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attempt by WebSocket that fails at once, at `now`, while HTTP is answered or not.
    fn fail(fallback: &mut Fallback, now: u64, is_answered: bool) {
        fallback.begin(now);
        assert!(!fallback.should_ask(now), "not before there is a reason");
        fallback.ended();
        assert!(fallback.should_ask(now));
        assert!(fallback.is_undecided(now + 20) && !fallback.should_ask(now + 20));
        fallback.answered(now, is_answered, now + 20);
        assert!(!fallback.is_undecided(now + 20) && !fallback.should_ask(now + 20));
    }

    #[test]
    fn two_failures_beside_http_switch_to_http() {
        let mut fallback = Fallback::default();
        fail(&mut fallback, 0, true);
        assert_eq!((fallback.way(), fallback.is_blocked()), (Way::Socket, false));
        fail(&mut fallback, 500, true);
        assert_eq!((fallback.way(), fallback.is_blocked()), (Way::Http, true));
    }

    #[test]
    fn a_network_that_is_gone_proves_nothing() {
        let mut fallback = Fallback::default();
        for now in 0..50 {
            fail(&mut fallback, now * 1_000, now % 2 == 0);
        }
        assert_eq!((fallback.way(), fallback.is_blocked()), (Way::Socket, false));
    }

    #[test]
    fn a_server_that_spoke_was_reached() {
        let mut fallback = Fallback::default();
        for now in 0..50 {
            fallback.begin(now * 1_000);
            fallback.opened();
            fallback.heard();
            fallback.ended();
            assert!(!fallback.should_ask(now * 1_000) && !fallback.is_undecided(now * 1_000));
        }
        fail(&mut fallback, 60_000, true);
        fallback.begin(61_000);
        fallback.heard();
        fail(&mut fallback, 62_000, true);
        assert_eq!(fallback.way(), Way::Socket, "not in a row");
    }

    #[test]
    fn hung_attempt_beside_http_is_a_strike() {
        let mut fallback = Fallback::default();
        for began in [0, 6_000] {
            fallback.begin(began);
            // A proxy may open it and swallow what follows.
            fallback.opened();
            assert!(!fallback.should_ask(began + ASK_AFTER_MS - 1));
            assert!(fallback.should_ask(began + ASK_AFTER_MS));
            fallback.answered(began + ASK_AFTER_MS, true, began + ASK_AFTER_MS + 30);
            assert!(!fallback.is_hung(began + HUNG_BESIDE_HTTP_MS));
            assert!(fallback.is_hung(began + HUNG_BESIDE_HTTP_MS + 1));
            fallback.ended();
            assert!(!fallback.is_undecided(began + HUNG_BESIDE_HTTP_MS + 1));
        }
        assert_eq!(fallback.way(), Way::Http);
    }

    #[test]
    fn a_slow_network_is_given_its_time() {
        let mut fallback = Fallback::default();
        fallback.begin(0);
        assert!(fallback.should_ask(2_000));
        fallback.answered(2_000, true, 3_900);
        assert!(!fallback.is_hung(9_500));
        assert!(fallback.is_hung(9_501));
        fallback.begin(20_000);
        assert!(!fallback.is_hung(20_000 + HUNG_MS), "also where nobody answers");
        assert!(fallback.is_hung(20_001 + HUNG_MS));
    }

    #[test]
    fn late_probe_answer_counts_for_current_attempt() {
        let mut fallback = Fallback::default();
        fallback.begin(0);
        fallback.ended();
        assert!(fallback.should_ask(0));
        assert!(!fallback.is_undecided(ASK_MAX_MS));
        fallback.begin(ASK_MAX_MS);
        assert!(!fallback.should_ask(8_000), "one question at a time");
        fallback.heard();
        fallback.answered(0, true, 9_000);
        assert_eq!((fallback.way(), fallback.strikes), (Way::Socket, 0));
    }

    #[test]
    fn hung_opening_restarts_when_http_answers() {
        let mut fallback = Fallback::default();
        fallback.begin(0);
        assert!(fallback.should_ask(2_000), "while there is no network");
        assert!(!fallback.should_reopen(4_499), "nobody looks");
        fallback.look(3_000);
        assert!(fallback.should_ask(3_000), "once more");
        fallback.answered(2_000, false, 3_005);
        assert!(!fallback.should_reopen(3_010), "that was the earlier question");
        fallback.answered(3_000, true, 3_020);
        assert!(fallback.should_reopen(3_020));
        fallback.begin(3_020);
        assert!(!fallback.should_reopen(9_000) && !fallback.is_hung(3_020 + HUNG_MS));
        assert_eq!(fallback.strikes, 0, "that it hung says nothing about WebSockets");
    }

    #[test]
    fn looks_do_not_cut_slow_opening() {
        let mut fallback = Fallback::default();
        fallback.begin(0);
        for now in (0..4_000).step_by(100) {
            fallback.look(now);
            fallback.should_ask(now);
            assert!(!fallback.should_reopen(now));
        }
        // Each look asked again, at most once a second; the last is answered after a round trip of 2 s.
        let asked = fallback.asking_ms.unwrap();
        fallback.answered(asked, true, asked + 2_000);
        assert!(!fallback.should_reopen(5_999));
        assert!(fallback.should_reopen(6_000));
    }

    #[test]
    fn unanswering_network_gets_more_time() {
        let mut fallback = Fallback::new(Way::Http);
        fallback.begin(0);
        fallback.look(100);
        assert!(fallback.should_ask(100));
        assert!(!fallback.should_reopen(REOPEN_UNANSWERED_MS - 1));
        assert!(fallback.should_reopen(REOPEN_UNANSWERED_MS));
        fallback.opened();
        assert!(!fallback.should_reopen(REOPEN_UNANSWERED_MS));
    }

    #[test]
    fn unanswered_probe_does_not_block_later_ones() {
        let mut fallback = Fallback::default();
        fallback.begin(0);
        fallback.ended();
        assert!(fallback.should_ask(0));
        fallback.begin(20_000);
        fallback.ended();
        assert!(fallback.should_ask(20_000));
    }

    #[test]
    fn websocket_retries_become_rarer() {
        let mut fallback = Fallback::new(Way::Http);
        fallback.begin(0);
        fallback.heard();
        fallback.welcomed(0);
        let mut trials = Vec::new();
        for now in (0..3_600_000).step_by(1_000) {
            if fallback.is_trial_due(now) {
                trials.push(now / 1_000);
            }
        }
        assert_eq!(trials[..6], [5, 35, 95, 215, 455, 935]);
        assert!(trials.windows(2).all(|pair| pair[1] - pair[0] <= 480));
        fallback.try_again();
        assert!(fallback.is_trial_due(3_600_000));
    }

    #[test]
    fn websocket_that_got_through_is_kept() {
        let mut fallback = Fallback::new(Way::Http);
        fallback.welcomed(0);
        assert!(fallback.is_trial_due(6_000));
        fallback.got_through();
        fallback.begin(6_100);
        fallback.heard();
        assert_eq!((fallback.way(), fallback.is_blocked()), (Way::Socket, false));
        assert!(!fallback.is_trial_due(900_000));
    }

    #[test]
    fn ways_alternate_when_both_fail() {
        let mut fallback = Fallback::new(Way::Http);
        for now in [0, 10_000, 20_000] {
            fallback.begin(now);
            fallback.opened();
            fallback.ended();
            assert_eq!((fallback.way(), fallback.is_blocked()), (Way::Socket, true));
            fail(&mut fallback, now + 5_000, true);
            assert_eq!(fallback.way(), Way::Http);
        }
        // Where HTTP is not answered either, it is the network.
        fallback.begin(30_000);
        fallback.ended();
        assert_eq!(fallback.way(), Way::Http);
    }
}
