//! The state of the connection: as it is, and as people should see it. The two differ while an
//! interruption lasts. One that is over within [`GRACE_MS`] is not shown at all; a longer one is
//! shown as one thing from its beginning to its end, however many attempts it takes, because each
//! change on the screen is read aloud to those who cannot see it. Pure: the time is passed in.

use chat_protocol::CloseCode;

/// How long an interruption may last without being shown, in milliseconds. A server that restarts, a
/// change of network or a lost packet is mostly mended by the first attempt, well within this; and
/// nobody needs to know sooner, because what is said meanwhile is shown as under way.
pub(crate) const GRACE_MS: u64 = 1_000;

/// By which means the page is connected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Way {
    #[default]
    Socket,
    /// HTTP requests, where a network lets no WebSocket through.
    Http,
}

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Link {
    /// Nothing was tried yet: the page has just arrived, or waits for a name.
    #[default]
    Idle,
    /// Step one: the socket is opening.
    Opening,
    /// Step two: open, and asking to join.
    Joining,
    Open {
        /// Last measured round trip, in milliseconds.
        rtt_ms: Option<u32>,
        /// By which means.
        way: Way,
    },
    /// Lost; it will be tried again.
    Waiting {
        /// When, in milliseconds since the page was opened; 0 while it is being tried.
        until_ms: u64,
        /// The close code it was lost with (RFC 6455 §7.4).
        code: u16,
        /// Whether the device says it has no network. It is tried all the same: a room on this
        /// very device or network needs no internet.
        offline: bool,
        /// Whether the network lets HTTP through and no WebSocket.
        blocked: bool,
    },
    /// Not in: no name was given yet, or it was not accepted. The door asks for one.
    Refused,
    /// Ended for good, with this close code (RFC 6455 §7.4).
    Closed(u16),
}

impl Link {
    /// Whether messages go out right now.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// The link as it is, and as it is shown.
#[derive(Default, Debug)]
pub(crate) struct Shown {
    link: Link,
    /// What is shown in the place of an interruption that may be over soon, and since when.
    kept: Option<(Link, u64)>,
    /// How the link was lost; it stays so until one is in again.
    lost: Option<Link>,
}

impl Shown {
    /// The link as it is.
    pub(crate) fn link(&self) -> Link {
        self.link
    }

    /// The link as it is shown.
    pub(crate) fn shown(&self) -> Link {
        self.kept.map(|(link, _)| link).or(self.lost).unwrap_or(self.link)
    }

    /// The link is this from now on. True when an interruption has begun: [`Shown::reveal`] is to be
    /// called when it has lasted for [`GRACE_MS`].
    pub(crate) fn set(&mut self, link: Link, now: u64) -> bool {
        let before = self.shown();
        let was_undisturbed = self.kept.is_none() && self.lost.is_none();
        let was_open = self.link.is_open();
        self.link = link;
        match link {
            Link::Waiting { code, .. } => {
                self.lost = Some(link);
                if code == CloseCode::PingTimeout.code() {
                    // It has lasted for a while already.
                    self.kept = None;
                    return false;
                }
            }
            Link::Opening | Link::Joining => {
                if let Some(Link::Waiting { until_ms, .. }) = &mut self.lost {
                    *until_ms = 0;
                }
                if !was_open {
                    return false;
                }
            }
            _ => {
                (self.kept, self.lost) = (None, None);
                return false;
            }
        }
        if was_undisturbed {
            self.kept = Some((before, now));
        }
        was_undisturbed
    }

    /// Shows an interruption that has lasted long enough.
    pub(crate) fn reveal(&mut self, now: u64) {
        self.kept = self.kept.filter(|(_, since)| now < since + GRACE_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Link = Link::Open { rtt_ms: Some(12), way: Way::Socket };

    fn waiting(until_ms: u64) -> Link {
        Link::Waiting { until_ms, code: 1006, offline: false, blocked: false }
    }

    #[test]
    fn a_short_interruption_is_never_shown() {
        let mut shown = Shown::default();
        for link in [Link::Opening, Link::Joining, OPEN] {
            assert!(!shown.set(link, 0));
            assert_eq!(shown.shown(), link);
        }
        assert!(shown.set(waiting(1_300), 1_000));
        for link in [Link::Opening, Link::Joining] {
            assert!(!shown.set(link, 1_300));
            shown.reveal(1_000 + GRACE_MS - 1);
            assert_eq!(shown.shown(), OPEN);
        }
        assert!(!shown.set(OPEN, 1_900));
        shown.reveal(9_000);
        assert_eq!(shown.shown(), OPEN);
    }

    #[test]
    fn long_interruption_shows_as_one() {
        let mut shown = Shown::default();
        shown.set(OPEN, 0);
        shown.set(waiting(1_300), 1_000);
        shown.reveal(1_000 + GRACE_MS);
        assert_eq!(shown.shown(), waiting(1_300));
        for attempt in 2..9 {
            for link in [Link::Opening, Link::Joining] {
                assert!(!shown.set(link, attempt * 1_000));
                assert_eq!(shown.shown(), waiting(0), "being tried");
            }
            assert!(!shown.set(waiting(attempt * 1_000 + 500), attempt * 1_000), "nothing new");
            assert_eq!(shown.shown(), waiting(attempt * 1_000 + 500));
        }
        shown.set(OPEN, 20_000);
        assert_eq!(shown.shown(), OPEN);
    }

    #[test]
    fn silence_that_lasted_is_shown_at_once() {
        let mut shown = Shown::default();
        shown.set(OPEN, 0);
        let silent = Link::Waiting { until_ms: 300, code: 4002, offline: false, blocked: false };
        assert!(!shown.set(silent, 5_000));
        assert_eq!(shown.shown(), silent);
    }

    #[test]
    fn stale_timer_does_not_reveal_later_interruption() {
        let mut shown = Shown::default();
        shown.set(OPEN, 0);
        shown.set(waiting(200), 0);
        shown.set(OPEN, 500);
        assert!(shown.set(waiting(1_100), 900));
        shown.reveal(GRACE_MS);
        assert_eq!(shown.shown(), OPEN);
        shown.reveal(900 + GRACE_MS);
        assert_eq!(shown.shown(), waiting(1_100));
    }

    #[test]
    fn failed_first_attempt_shows_opening_during_grace() {
        let mut shown = Shown::default();
        shown.set(Link::Opening, 0);
        assert!(shown.set(waiting(300), 10));
        assert_eq!(shown.shown(), Link::Opening);
        shown.reveal(10 + GRACE_MS);
        assert_eq!(shown.shown(), waiting(300));
    }

    #[test]
    fn refusal_or_close_shows_at_once() {
        for link in [Link::Refused, Link::Closed(4500)] {
            let mut shown = Shown::default();
            shown.set(OPEN, 0);
            shown.set(waiting(300), 10);
            shown.set(link, 20);
            assert_eq!(shown.shown(), link);
        }
    }

    #[test]
    fn reopening_shows_only_after_grace() {
        let mut shown = Shown::default();
        shown.set(OPEN, 0);
        assert!(shown.set(Link::Opening, 10));
        assert_eq!(shown.shown(), OPEN);
        shown.reveal(10 + GRACE_MS);
        assert_eq!(shown.shown(), Link::Opening);
    }
}
