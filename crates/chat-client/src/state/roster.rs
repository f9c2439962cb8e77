//! Who is here. The server sends the list once and differences after that; this applies them, and
//! says what a reader would want told.

use chat_protocol::{ClientId, Member, Name, Presence};

use super::Coming;

/// The members of the room. A plain list, searched from its beginning: for the
/// [`ROSTER_MAX`](chat_protocol::limits::ROSTER_MAX) it may be told of at once, an index would cost
/// more to download than it saves.
#[derive(Default, Debug)]
pub struct Roster {
    members: Vec<Member>,
    count: u32,
    away: u32,
}

impl Roster {
    /// Starts over with what `welcome` said.
    pub fn reset(&mut self, members: Vec<Member>, count: u32, away: u32) {
        self.members.clear();
        for member in members {
            self.put(member);
        }
        self.count = count;
        self.away = away;
    }

    /// Applies a difference and returns what of it is news: who really came, went, or changed
    /// names. One's own coming and going is not.
    pub fn apply(&mut self, presence: Presence, me: Option<&ClientId>) -> Vec<Coming> {
        let mut comings = Vec::new();
        let mut news = |id: ClientId, before: Option<Name>, now: Option<Name>| {
            let is_own = me == Some(&id) && (before.is_none() || now.is_none());
            if before != now && !is_own {
                comings.push(Coming { id, before, now });
            }
        };
        for member in presence.joined {
            let (id, now) = (member.id.clone(), member.name.clone());
            news(id, self.put(member).map(|before| before.name), Some(now));
        }
        for member in presence.changed {
            let (id, now) = (member.id.clone(), member.name.clone());
            // One who was not listed has not come.
            if let Some(before) = self.put(member) {
                news(id, Some(before.name), Some(now));
            }
        }
        for id in presence.left {
            if let Some(at) = self.position(&id) {
                news(id, Some(self.members.remove(at).name), None);
            }
        }
        self.count = presence.member_count;
        self.away = presence.away_count;
        comings
    }

    /// The members: oneself first, then who is here, then who is away, by name.
    pub fn in_order(&self, me: Option<&ClientId>) -> Vec<Member> {
        let rank = |member: &Member| (me != Some(&member.id), member.away);
        let mut ordered: Vec<Member> = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let at =
                ordered.partition_point(|other| (rank(other), &other.name) <= (rank(member), &member.name));
            ordered.insert(at, member.clone());
        }
        ordered
    }

    /// Lists this member, in place of the one with the same id, which it returns.
    fn put(&mut self, member: Member) -> Option<Member> {
        match self.position(&member.id) {
            Some(at) => Some(std::mem::replace(&mut self.members[at], member)),
            None => {
                self.members.push(member);
                None
            }
        }
    }

    fn position(&self, id: &ClientId) -> Option<usize> {
        self.members.iter().position(|member| member.id == *id)
    }

    /// The member with this id, if listed.
    pub fn get(&self, id: &ClientId) -> Option<&Member> {
        self.members.iter().find(|member| member.id == *id)
    }

    /// How many are here, listed or not; not who is away.
    pub fn count(&self) -> u32 {
        self.count.saturating_sub(self.away)
    }

    /// How many are members, here or away, but not listed.
    pub fn unlisted(&self) -> u32 {
        self.count.saturating_sub(self.members.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        comings::tests::coming,
        room::tests::{id, member},
    };

    fn joined(member: Member, member_count: u32) -> Presence {
        Presence { joined: vec![member], member_count, ..Presence::default() }
    }

    #[test]
    fn only_what_is_new_is_told() {
        let mut roster = Roster::default();
        roster.reset(vec![member("sara", "سارا")], 1, 0);
        assert_eq!(roster.apply(joined(member("sara", "سارا"), 1), None), []);
        assert_eq!(roster.apply(joined(member("ali", "علی"), 2), None), [coming("ali", "", "علی")]);
        assert_eq!(roster.apply(joined(member("me", "من"), 3), Some(&id("me"))), []);
        let renamed =
            Presence { changed: vec![member("ali", "رضا")], member_count: 3, ..Presence::default() };
        assert_eq!(roster.apply(renamed, None), [coming("ali", "علی", "رضا")]);
        let left = Presence { left: vec![id("ali"), id("nobody")], member_count: 2, ..Presence::default() };
        assert_eq!(roster.apply(left, None), [coming("ali", "رضا", "")]);
        assert_eq!(roster.count(), 2);
    }

    #[test]
    fn oneself_comes_first_and_the_away_last() {
        let mut roster = Roster::default();
        let away = Member { away: true, ..member("a", "آرش") };
        roster.reset(vec![away, member("b", "بابک"), member("z", "یلدا")], 5, 2);
        let names: Vec<_> =
            roster.in_order(Some(&id("z"))).into_iter().map(|m| m.name.as_str().to_owned()).collect();
        assert_eq!(names, ["یلدا", "بابک", "آرش"]);
        assert_eq!(roster.unlisted(), 2);
    }

    #[test]
    fn whoever_is_away_is_not_counted_as_here() {
        let mut roster = Roster::default();
        // Of five, two are away, of whom one is not listed.
        let away = Member { away: true, ..member("a", "آرش") };
        roster.reset(vec![away, member("b", "بابک"), member("z", "یلدا")], 5, 2);
        assert_eq!((roster.count(), roster.unlisted()), (3, 2));
        let back = Presence {
            changed: vec![member("a", "آرش")],
            member_count: 5,
            away_count: 1,
            ..Presence::default()
        };
        assert_eq!(roster.apply(back, None), []);
        assert_eq!((roster.count(), roster.unlisted()), (4, 2));
    }
}
