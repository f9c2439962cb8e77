//! The terms of this node on an engine, as a pure state machine: when one begins, what it lives through, and
//! what ends it. A term is the time that the node has been known to the engine without a break, in one era;
//! when it ends, all that the node has read of rooms there is worth nothing any more. The time is passed in.

use std::time::Duration;

use crate::Ms;

/// With less, a node would take the pauses of a busy machine for the end.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// How this node stands with an engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It answers.
    Up {
        /// When this term began, by the engine's clock. Another `since` is another term.
        since: Ms,
    },
    /// It is out of reach, for less than the patience: what is waiting waits, and the term goes on.
    Held {
        /// When this term began.
        since: Ms,
    },
    /// The term is over: it was out of reach for longer, it is in another era, or others take this node for
    /// gone. Replicas of rooms there have ended; the next [`State::Up`] is another term.
    Lost,
}

/// Why a link to an engine is given up.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("connection lost: {0}")]
    Broken(String),
    #[error("the engine refuses: {0}")]
    Refused(String),
    #[error("the engine does not permit it: {0}")]
    Denied(String),
    #[error("it is a replica, or was: {0}")]
    Distrusted(String),
    #[error("the engine was exchanged or emptied")]
    OtherEra,
    #[error("another node has the number of this one")]
    NumberTaken,
    #[error("no answer for longer than the patience")]
    OutOfPatience,
    #[error("messages no longer arrive on the subscribed connection")]
    Deaf,
    #[error("this node leaves")]
    Left,
}

impl Fault {
    /// Whether the term ends with the link.
    fn ends_term(&self) -> bool {
        match self {
            Self::Broken(_) | Self::Refused(_) | Self::Denied(_) | Self::Deaf => false,
            Self::Distrusted(_) | Self::OtherEra | Self::NumberTaken | Self::OutOfPatience | Self::Left => {
                true
            }
        }
    }
}

/// How often and how long. All of it follows from the patience, up to what is good for any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// For how long an engine may be out of reach, or answer nothing.
    pub(super) patience: Duration,
    /// Between two beats.
    pub(super) beat: Duration,
    /// How long after its last beat a node is there for the others.
    pub(super) kept: Duration,
    /// How long after an accepted beat the node must have heard its echo.
    pub(super) echo: Duration,
    /// How long a link is up before the absence of others means something: they come back as well.
    pub(super) settle: Duration,
    /// How long one try to connect may take.
    pub(super) connect: Duration,
}

impl Pace {
    pub(super) fn of(patience: Duration) -> Self {
        let patience = patience.max(LEAST_PATIENCE);
        let at_most = |seconds, part: Duration| part.min(Duration::from_secs(seconds));
        Self {
            patience,
            beat: at_most(3, patience / 5),
            kept: at_most(10, patience * 2 / 3),
            echo: at_most(10, patience * 2 / 3),
            settle: at_most(15, patience),
            connect: at_most(5, patience),
        }
    }
}

/// The term of this node, if it is in one.
#[derive(Debug)]
pub(super) struct Terms {
    pace: Pace,
    term: Option<Term>,
    /// When the link was made; `None` without one.
    linked: Option<Ms>,
    /// The era in which the engine was seen to be no master.
    distrusted: Option<String>,
    /// Of the last term.
    last_era: Option<String>,
    last_since: Ms,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Term {
    /// The era of the engine.
    pub(super) era: String,
    /// By the engine's clock.
    pub(super) since: Ms,
    /// When the last beat was sent that the engine has accepted, by the own clock.
    heard: Ms,
}

impl Terms {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, term: None, linked: None, distrusted: None, last_era: None, last_since: 0 }
    }

    /// The engine has let this node in: into the term that it wanted to go on with, or a new one. `sent` is
    /// when it was asked. False when the term has ended here since: it must ask for another.
    pub(super) fn entered(&mut self, era: String, since: Ms, sent: Ms, now: Ms) -> bool {
        self.state(now);
        if since == self.last_since && self.term.is_none() {
            return false;
        }
        self.distrusted = None;
        self.last_era = Some(era.clone());
        self.last_since = since;
        self.linked = Some(sent);
        self.term = Some(Term { era, since, heard: sent });
        true
    }

    /// A beat that was sent then was accepted.
    pub(super) fn accepted(&mut self, sent: Ms) {
        if let Some(term) = &mut self.term {
            term.heard = term.heard.max(sent);
        }
    }

    /// There is no link any more.
    pub(super) fn cut(&mut self, fault: &Fault) {
        self.linked = None;
        if let Fault::Distrusted(_) = fault {
            self.distrusted.clone_from(&self.last_era);
        }
        if fault.ends_term() {
            self.term = None;
        }
    }

    /// How this node stands with the engine now; a term that has been out of reach for too long ends here.
    pub(super) fn state(&mut self, now: Ms) -> State {
        self.term.take_if(|term| now >= term.heard + ms(self.pace.patience));
        match &self.term {
            None => State::Lost,
            Some(term) if self.linked.is_some() && now < term.heard + 2 * ms(self.pace.beat) => {
                State::Up { since: term.since }
            }
            Some(term) => State::Held { since: term.since },
        }
    }

    /// The term to go on with.
    pub(super) fn term(&self) -> Option<&Term> {
        self.term.as_ref()
    }

    /// When the last term began: the next begins later.
    pub(super) fn last_since(&self) -> Ms {
        self.last_since
    }

    /// The era not to be entered.
    pub(super) fn distrusted(&self) -> Option<&str> {
        self.distrusted.as_deref()
    }

    /// Whether a node that the engine does not know is gone: not while it may itself be coming back, nor
    /// while this one may be the node that is cut off.
    pub(super) fn may_judge(&self, now: Ms) -> bool {
        let settled = self.linked.is_some_and(|linked| now >= linked + ms(self.pace.settle));
        settled && self.term.as_ref().is_some_and(|term| now < term.heard + 2 * ms(self.pace.beat))
    }
}

/// A time that was measured, as the rooms count it.
pub(super) fn ms(time: Duration) -> Ms {
    // In 2^64 ms no machine stays up.
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered() -> Terms {
        let mut terms = Terms::new(Pace::of(Duration::from_secs(15)));
        assert!(terms.entered("era".into(), 7, 1_000, 1_000));
        terms
    }

    fn broken() -> Fault {
        Fault::Broken("reset".into())
    }

    #[test]
    fn every_patience_makes_a_possible_pace() {
        for seconds in [0, 1, 15, 3_600] {
            let pace = Pace::of(Duration::from_secs(seconds));
            assert!(!pace.beat.is_zero() && 3 * pace.beat <= pace.kept && pace.kept <= pace.patience);
        }
    }

    #[test]
    fn patience_holds_term_then_ends_it() {
        let mut terms = entered();
        assert_eq!(terms.state(1_000), State::Up { since: 7 });
        terms.cut(&broken());
        assert_eq!(terms.state(1_001), State::Held { since: 7 });
        assert_eq!(terms.state(15_999), State::Held { since: 7 });
        assert_eq!(terms.state(16_000), State::Lost);
        assert_eq!(terms.term(), None);
        assert_eq!(terms.last_since(), 7);
    }

    #[test]
    fn term_goes_on_within_patience() {
        let mut terms = entered();
        terms.cut(&broken());
        assert_eq!(terms.term().map(|term| term.since), Some(7));
        assert!(terms.entered("era".into(), 7, 9_000, 9_001));
        assert_eq!(terms.state(9_000), State::Up { since: 7 });
        terms.accepted(12_000);
        assert_eq!(terms.state(17_999), State::Up { since: 7 });
    }

    #[test]
    fn term_that_ended_meanwhile_is_not_entered() {
        let mut terms = entered();
        terms.cut(&broken());
        assert!(!terms.entered("era".into(), 7, 15_000, 16_000), "others have seen it end");
        assert!(terms.entered("era".into(), 8, 16_100, 16_200));
        assert_eq!(terms.state(16_200), State::Up { since: 8 });
    }

    #[test]
    fn silent_engine_holds_without_a_cut() {
        let mut terms = entered();
        assert_eq!(terms.state(7_000), State::Held { since: 7 });
        terms.accepted(4_000);
        assert_eq!(terms.state(9_000), State::Up { since: 7 });
        assert_eq!(terms.state(19_000), State::Lost);
        terms.accepted(18_000);
        assert_eq!(terms.state(19_001), State::Lost, "what is over is not taken up again");
    }

    #[test]
    fn other_era_and_lapse_end_at_once() {
        for fault in [Fault::OtherEra, Fault::NumberTaken, Fault::OutOfPatience, Fault::Left] {
            let mut terms = entered();
            terms.cut(&fault);
            assert_eq!((terms.state(1_001), terms.distrusted()), (State::Lost, None));
        }
    }

    #[test]
    fn distrusted_era_is_named_until_entered() {
        let mut terms = entered();
        terms.cut(&Fault::Distrusted("READONLY".into()));
        terms.cut(&Fault::Distrusted("role:slave".into()));
        assert_eq!((terms.state(1_001), terms.distrusted()), (State::Lost, Some("era")));
        assert!(terms.entered("next".into(), 9, 2_000, 2_001));
        assert_eq!(terms.distrusted(), None);
    }

    #[test]
    fn absence_is_judged_only_when_settled() {
        let mut terms = entered();
        for sent in (1_000..=16_000).step_by(3_000) {
            terms.accepted(sent);
        }
        assert!(!terms.may_judge(15_999), "others may be coming back");
        assert!(terms.may_judge(16_000));
        assert!(!terms.may_judge(22_000), "this one may be cut off");
        terms.cut(&broken());
        assert!(!terms.may_judge(17_000));
    }
}
