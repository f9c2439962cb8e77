//! Changes in who is here, gathered until they are worth a frame. A pending diff holds one entry a
//! member, an upsert or a removal, so that receiving it twice, or after a `welcome` that already
//! showed it, changes nothing. It does not know who is here, only what to tell about it.

use std::collections::BTreeMap;

use chat_protocol::{ClientId, Member, Presence};
use serde::{Deserialize, Serialize};

use crate::Ms;

/// How long a change in a room of `members` may wait for others to travel with it, in milliseconds.
///
/// A room of up to 32 is told at once. Beyond that the wait grows with the room, a millisecond for
/// every five members and never more than two seconds, so that presence costs a room at most about
/// five thousand deliveries a second whatever its size, and N people joining cost O(N) messages.
pub(crate) fn presence_wait(members: usize) -> Ms {
    match members {
        0..=32 => 0,
        _ => (members as Ms / 5).min(2_000),
    }
}

/// What has not been told yet. Bounded by the members there are and were since the last telling.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct PendingPresence {
    changes: BTreeMap<ClientId, Change>,
    due: Option<Ms>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Joined(Member),
    Left,
    Changed(Member),
}

impl PendingPresence {
    /// `member` came in.
    pub(crate) fn joined(&mut self, member: Member) {
        self.changes.insert(member.id.clone(), Change::Joined(member));
    }

    /// The member with this id went out. Told even if the coming was not, because a `welcome` in
    /// between may have shown it.
    pub(crate) fn left(&mut self, id: ClientId) {
        self.changes.insert(id, Change::Left);
    }

    /// `member` is still here, but different.
    pub(crate) fn changed(&mut self, member: Member) {
        let untold = matches!(self.changes.get(&member.id), Some(Change::Joined(_)));
        let change = if untold { Change::Joined } else { Change::Changed };
        self.changes.insert(member.id.clone(), change(member));
    }

    /// Whether anything about this member is still untold.
    pub(crate) fn concerns(&self, id: &ClientId) -> bool {
        self.changes.contains_key(id)
    }

    /// Asks for the diff to be told by `at`, or earlier if that was asked before.
    pub(crate) fn due_by(&mut self, at: Ms) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// When the diff must be told; `None` while there is nothing to tell.
    pub(crate) fn due(&self) -> Option<Ms> {
        self.due
    }

    /// The diff, which then counts as told; `None` when there is nothing to tell.
    pub(crate) fn take(&mut self, member_count: u32, away_count: u32) -> Option<Presence> {
        self.due.take()?;
        let mut presence = Presence { member_count, away_count, ..Presence::default() };
        for (id, change) in std::mem::take(&mut self.changes) {
            match change {
                Change::Joined(member) => presence.joined.push(member),
                Change::Left => presence.left.push(id),
                Change::Changed(member) => presence.changed.push(member),
            }
        }
        Some(presence)
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::Name;

    use super::*;

    fn member(id: &str, name: &str) -> Member {
        Member::new(ClientId::parse(id).unwrap(), Name::parse(name).unwrap())
    }

    #[test]
    fn presence_changes_merge_per_member() {
        let mut pending = PendingPresence::default();
        let (ali, sara) = (member("ali", "علی"), member("sara", "سارا"));
        pending.joined(ali.clone());
        pending.changed(member("ali", "علی رضا"));
        pending.joined(sara.clone());
        pending.left(sara.id.clone());
        pending.due_by(7);
        pending.due_by(9);
        assert!(pending.concerns(&ali.id));
        assert_eq!(pending.due(), Some(7));
        let told = pending.take(1, 0).unwrap();
        assert_eq!(told.joined, [member("ali", "علی رضا")]);
        assert_eq!(told.left, [sara.id]);
        assert!(told.changed.is_empty());
        assert_eq!(pending.take(1, 0), None);
        assert!(!pending.concerns(&ali.id));
    }

    #[test]
    fn presence_deliveries_stay_linear_in_joins() {
        // Deliveries while `n` people join one after the other, `pace` milliseconds apart.
        let deliveries = |n: usize, pace: f64| -> usize {
            let (mut due, mut sum) = (None, 0);
            for joined in 1..=n {
                let now = joined as f64 * pace;
                let at = *due.get_or_insert(now + presence_wait(joined) as f64);
                if at <= now {
                    sum += joined;
                    due = None;
                }
            }
            sum
        };
        for pace in [0.01, 0.1, 1.0] {
            let (some, many) = (deliveries(2_000, pace), deliveries(8_000, pace));
            assert!(many <= 8_000 * 8, "{many} deliveries for 8,000 joins, {pace} ms apart");
            assert!(many <= some.max(2_000) * 8, "four times the people, {some} → {many}");
        }
    }
}
