//! What is told of people at once, and what only when it has lasted. A page that is loaded again
//! leaves and comes back within a second, a script may take nine names in one; a reader wants to
//! know how it ended. So a member who leaves is told of some seconds later, if they are still gone
//! by then, and a member who is told of is not told of again for as long. Who comes back after they
//! were told to have left, but soon, has that taken back. The roster does not wait for any of this.

use super::{Coming, Roster, Timeline};

/// How long somebody must be gone, and how long between two rows about somebody, in milliseconds. A
/// room page on a slow phone is loaded again in about so long.
pub(crate) const SETTLE_MS: u64 = 3_000;
/// How long after their leaving was told it is taken back when somebody returns, in milliseconds.
pub(crate) const BACK_WITHIN_MS: u64 = 60_000;
/// Most members about whom anything may be unsettled. More are told of at once.
const UNSETTLED_MAX: usize = 200;

/// What is not settled.
#[derive(Default, Debug)]
pub(crate) struct Settling(Vec<Unsettled>);

#[derive(Debug)]
struct Unsettled {
    /// From the name under which the conversation has them here, none when it has them gone, to the
    /// one under which they are here.
    coming: Coming,
    /// When that is told, and forgotten if there is no difference.
    due_ms: u64,
    /// The row that tells of their leaving.
    row: Option<u64>,
}

impl Settling {
    /// Something became of somebody at `now`, in milliseconds. Tells of it, or waits.
    pub(crate) fn notice(&mut self, coming: Coming, timeline: &mut Timeline, now: u64) {
        let due_ms = now + SETTLE_MS;
        if let Some(unsettled) = self.0.iter_mut().find(|unsettled| unsettled.coming.id == coming.id) {
            unsettled.coming.now = coming.now;
            let is_told_gone = unsettled.coming.before.is_none();
            if is_told_gone || unsettled.coming.now.is_none() {
                unsettled.due_ms = due_ms;
            }
            if is_told_gone {
                unsettled.tell(timeline);
            }
        } else if coming.before.is_none() || self.0.len() >= UNSETTLED_MAX {
            timeline.comings(coming, None);
        } else {
            let mut unsettled = Unsettled { coming, due_ms, row: None };
            if unsettled.coming.now.is_some() {
                unsettled.tell(timeline);
            }
            self.0.push(unsettled);
        }
    }

    /// Tells of what has lasted until `now`, in milliseconds. True if there was anything.
    pub(crate) fn settle(&mut self, timeline: &mut Timeline, now: u64) -> bool {
        let mut told = false;
        self.0.retain_mut(|unsettled| {
            if unsettled.due_ms > now {
                return true;
            }
            if unsettled.coming.before == unsettled.coming.now {
                return false;
            }
            unsettled.tell(timeline);
            unsettled.due_ms = now + if unsettled.coming.now.is_none() { BACK_WITHIN_MS } else { SETTLE_MS };
            told = true;
            true
        });
        told
    }

    /// The roster was told anew, at `now` in milliseconds, and with it what became of these.
    pub(crate) fn catch_up(&mut self, roster: &Roster, now: u64) {
        for Unsettled { coming, due_ms, .. } in &mut self.0 {
            let listed = roster.get(&coming.id).map(|member| member.name.clone());
            // Who is not listed in a room that lists not everybody may be here all the same.
            if listed.is_some() || roster.unlisted() == 0 {
                coming.now = listed;
            }
            if coming.before != coming.now {
                *due_ms = (*due_ms).min(now + SETTLE_MS);
            }
        }
    }
}

impl Unsettled {
    fn tell(&mut self, timeline: &mut Timeline) {
        self.row = timeline.comings(self.coming.clone(), self.row.take());
        self.coming.before = self.coming.now.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        EntryKind,
        comings::tests::{coming, look},
        room::tests::{member, said},
    };

    /// A conversation, and what is unsettled of it.
    #[derive(Default)]
    struct Stage {
        timeline: Timeline,
        settling: Settling,
        said: u64,
    }

    impl Stage {
        fn became(&mut self, who: &str, before: &str, after: &str, now: u64) {
            self.settling.settle(&mut self.timeline, now);
            self.settling.notice(coming(who, before, after), &mut self.timeline, now);
        }

        fn say(&mut self) {
            self.said += 1;
            self.timeline.say(said(self.said, "reza", 0), false);
        }

        /// The rows at this time, as `+came`, `-left` and `was>now`.
        fn rows(&mut self, now: u64) -> Vec<String> {
            self.settling.settle(&mut self.timeline, now);
            let row = |kind: &EntryKind| match kind {
                EntryKind::Comings(row) => Some(look(row).join(" ")),
                _ => None,
            };
            self.timeline.newest(usize::MAX).filter_map(|entry| row(&entry.kind)).collect()
        }
    }

    #[test]
    fn reloads_between_messages_leave_no_row() {
        let mut stage = Stage::default();
        for reload in 0..5 {
            let now = reload * 10_000;
            stage.say();
            stage.became("sara", "سارا", "", now);
            stage.say();
            assert!(stage.rows(now + SETTLE_MS - 1).is_empty());
            stage.became("sara", "", "سارا", now + SETTLE_MS - 1);
            assert!(stage.rows(now + 9_999).is_empty());
        }
    }

    #[test]
    fn slow_reload_takes_leaving_row_back() {
        let mut stage = Stage::default();
        for reload in 0..5 {
            let now = reload * 100_000;
            stage.say();
            stage.became("sara", "سارا", "", now);
            assert_eq!(stage.rows(now + SETTLE_MS), ["-سارا"]);
            stage.say();
            stage.became("sara", "", "سارا", now + BACK_WITHIN_MS);
            assert!(stage.rows(now + 99_999).is_empty());
        }
    }

    #[test]
    fn late_return_is_a_new_join() {
        let mut stage = Stage::default();
        stage.became("sara", "سارا", "", 0);
        stage.say();
        assert_eq!(stage.rows(SETTLE_MS), ["-سارا"]);
        stage.say();
        stage.became("sara", "", "سارا", 2 * SETTLE_MS + BACK_WITHIN_MS);
        assert_eq!(stage.rows(200_000), ["-سارا", "+سارا"]);
    }

    #[test]
    fn return_takes_back_only_own_leaving() {
        let mut stage = Stage::default();
        stage.became("sara", "سارا", "", 0);
        stage.became("ali", "علی", "", 0);
        assert_eq!(stage.rows(SETTLE_MS), ["-سارا -علی"]);
        stage.say();
        stage.became("sara", "", "سارا", 10_000);
        assert_eq!(stage.rows(20_000), ["-علی"]);
    }

    #[test]
    fn a_newcomer_is_told_at_once() {
        let mut stage = Stage::default();
        stage.became("sara", "", "سارا", 0);
        assert_eq!(stage.rows(0), ["+سارا"]);
    }

    #[test]
    fn newcomer_with_departed_name_is_shown() {
        let mut stage = Stage::default();
        stage.became("sara", "سارا", "", 0);
        stage.became("thief", "", "سارا", 100);
        assert_eq!(stage.rows(SETTLE_MS), ["+سارا -سارا"]);
    }

    #[test]
    fn back_under_another_name_is_a_rename() {
        let mut stage = Stage::default();
        stage.became("sara", "سارا", "", 0);
        stage.became("sara", "", "سارا ۲", 500);
        assert_eq!(stage.rows(SETTLE_MS), ["سارا>سارا ۲"]);
    }

    #[test]
    fn rapid_renames_change_row_seldom() {
        let mut stage = Stage::default();
        let name = |n: u64| if n == 0 { "سارا".to_owned() } else { format!("n{n}") };
        let mut looks = std::collections::BTreeSet::new();
        for n in 0..270 {
            let now = n * 1_000 / 9;
            stage.became("sara", &name(n), &name(n + 1), now);
            looks.insert(stage.rows(now));
        }
        assert!(looks.len() <= 11, "{looks:?}");
        assert_eq!(stage.rows(40_000), ["سارا>n270"]);
    }

    #[test]
    fn unsettled_overflow_is_shown_at_once() {
        let mut stage = Stage::default();
        for n in 0..UNSETTLED_MAX as u64 + 2 {
            let who = format!("p{n}");
            stage.became(&who, &who, "", 0);
        }
        assert_eq!(stage.settling.0.len(), UNSETTLED_MAX);
        assert_eq!(stage.rows(0), [format!("-p{UNSETTLED_MAX} -p{}", UNSETTLED_MAX + 1)]);
    }

    #[test]
    fn a_new_roster_settles_what_waited() {
        let mut stage = Stage::default();
        stage.became("sara", "سارا", "", 0);
        stage.became("ali", "علی", "", 0);
        let mut roster = Roster::default();
        roster.reset(vec![member("sara", "سارا")], 1, 0);
        stage.settling.catch_up(&roster, 500);
        assert_eq!(stage.rows(SETTLE_MS), ["-علی"]);
    }
}
