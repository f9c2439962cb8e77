//! How much of a conversation is read aloud to somebody who does not see it. A screen reader says what is
//! announced one after the other, at the pace of speech, and cannot be told to forget it: so a few
//! messages are announced word by word, and many as a count. Called once a second; what came is told as
//! a number, so it does not matter whether it came one by one, or at once after a lost connection.

/// Most messages of a second that are announced word by word.
pub(crate) const MESSAGES_MAX: u64 = 3;
/// How long nothing is announced after a count, in seconds; after messages, one second for each.
const REST_AFTER_COUNT: u64 = 5;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Announcement {
    Nothing,
    /// The newest so many messages of others, word by word.
    Messages(usize),
    /// That so many came.
    Count(u64),
}

/// What was announced so far.
#[derive(Default, Debug)]
pub(crate) struct Announcer {
    announced: u64,
    rest: u64,
}

impl Announcer {
    /// A second has passed, and so many messages of others were heard by now.
    pub(crate) fn second(&mut self, heard: u64) -> Announcement {
        self.rest = self.rest.saturating_sub(1);
        let new = heard - self.announced;
        if new == 0 || self.rest > 0 {
            return Announcement::Nothing;
        }
        self.announced = heard;
        if new > MESSAGES_MAX {
            self.rest = REST_AFTER_COUNT;
            return Announcement::Count(new);
        }
        self.rest = new;
        Announcement::Messages(new as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is announced in seconds that each end with so many heard.
    fn announced(heard: &[u64]) -> Vec<Announcement> {
        let mut announcer = Announcer::default();
        let told = heard.iter().map(|&heard| announcer.second(heard));
        told.filter(|told| *told != Announcement::Nothing).collect()
    }

    #[test]
    fn few_messages_are_each_announced_once() {
        use Announcement::Messages;
        assert_eq!(announced(&[0, 1, 1, 1, 2, 2]), [Messages(1), Messages(1)]);
        assert_eq!(announced(&[3, 3, 3, 3, 3]), [Messages(3)]);
    }

    #[test]
    fn a_flood_is_announced_as_few_counts() {
        let seconds: Vec<u64> = (1..=60).map(|second| second * 20).collect();
        let told = announced(&seconds);
        assert!((10..=15).contains(&told.len()), "{told:?}");
        let counted: u64 = told
            .iter()
            .map(|told| match told {
                Announcement::Count(count) => *count,
                _ => 0,
            })
            .sum();
        assert!(counted > 60 * 20 - 20 * REST_AFTER_COUNT, "{told:?}");
    }

    #[test]
    fn messages_during_rest_are_announced_after() {
        use Announcement::{Messages, Nothing};
        let mut announcer = Announcer::default();
        assert_eq!(announcer.second(3), Messages(3));
        assert_eq!((announcer.second(4), announcer.second(5)), (Nothing, Nothing));
        assert_eq!(announcer.second(5), Messages(2));
        assert_eq!(announcer.second(5), Nothing);
    }
}
