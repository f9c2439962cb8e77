//! Who is here, in the order in which a reader looks for a name, each with a colour. The server sends the
//! list once and differences after that; this applies them, and says what a reader would want told. The
//! list is kept in order as people come, a few comparisons for each, so that a full room costs nothing to
//! show again. How two names compare is for whoever has a collator to say.

use std::cmp::Ordering;

use chat_protocol::{ClientId, Member, Name, Presence};

use super::{
    Coming,
    hue::{self, HUES},
};

/// Most people who have left and whose colours are remembered, for their messages and their return.
const GONE_MAX: usize = 200;

/// Which of two names comes first.
pub(crate) type Compare = fn(&str, &str) -> Ordering;

/// The members of the room. A plain list, searched from its beginning: for the
/// [`ROSTER_MAX`](chat_protocol::limits::ROSTER_MAX) it may be told of at once, an index would cost
/// more to download than it saves.
#[derive(Debug)]
pub(crate) struct Roster {
    members: Vec<Listed>,
    count: u32,
    away: u32,
    compare: Compare,
    /// Whose colours are remembered, the last to leave at the end.
    gone: Vec<(ClientId, u8)>,
}

/// A member, and which of the person colours is theirs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// As the server tells it.
    pub member: Member,
    /// Below [`HUES`]. Stays the same while they are here.
    pub hue: u8,
}

impl Listed {
    /// A number that changes with anything the roster shows of a member.
    pub(crate) fn fingerprint(&self, is_me: bool) -> u64 {
        let Self { member, hue } = self;
        let flags = u64::from(member.tabs) << 2 ^ u64::from(member.away) << 1 ^ u64::from(is_me);
        let start = 0xCBF2_9CE4_8422_2325 ^ u64::from(*hue) << 56 ^ flags;
        let bytes = member.id.as_str().bytes().chain([0]).chain(member.name.as_str().bytes());
        bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
    }
}

impl Default for Roster {
    /// An empty one, in the order of code points.
    fn default() -> Self {
        Self { members: Vec::new(), count: 0, away: 0, compare: |a, b| a.cmp(b), gone: Vec::new() }
    }
}

impl Roster {
    /// Sets the order, and brings back the colours that a reload kept ([`Roster::hues`]). Before anybody
    /// is listed.
    pub(crate) fn begin(&mut self, compare: Compare, hues: &str) {
        self.compare = compare;
        let pair = |line: &str| {
            let (id, hue) = line.split_once(' ')?;
            Some((id.parse().ok()?, hue.parse().ok().filter(|hue| *hue < HUES)?))
        };
        self.gone = hues.lines().filter_map(pair).take(GONE_MAX).collect();
    }

    /// Whose colour is which, for a reload to keep: a line each.
    pub(crate) fn hues(&self) -> String {
        let here = self.members.iter().map(|listed| (&listed.member.id, listed.hue));
        let all = here.chain(self.gone.iter().rev().map(|(id, hue)| (id, *hue))).take(GONE_MAX);
        all.flat_map(|(id, hue)| [id.as_str(), " ", DIGITS[usize::from(hue)], "\n"].map(str::to_owned))
            .collect()
    }

    /// Starts over with what `welcome` said.
    pub(crate) fn reset(&mut self, members: Vec<Member>, count: u32, away: u32) {
        for Listed { member, hue } in std::mem::take(&mut self.members) {
            self.remember(member.id, hue);
        }
        // Who is remembered keeps their colour; whoever is new takes what these leave.
        let (known, new): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|member| self.remembered(&member.id).is_some());
        for member in known {
            let hue = self.hue(&member.id);
            self.members.retain(|listed| listed.member.id != member.id);
            self.list(Listed { member, hue });
        }
        for member in new {
            self.put(member);
        }
        self.count = count;
        self.away = away;
    }

    /// Applies a difference and returns what of it is news: who really came, went, or changed
    /// names. One's own coming and going is not.
    pub(crate) fn apply(&mut self, presence: Presence, me: Option<&ClientId>) -> Vec<Coming> {
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
                let Listed { member, hue } = self.members.remove(at);
                news(id.clone(), Some(member.name), None);
                self.remember(id, hue);
            }
        }
        self.count = presence.member_count;
        self.away = presence.away_count;
        comings
    }

    /// The members: oneself first, then who is here, then who is away, by name.
    pub(crate) fn in_order(&self, me: Option<&ClientId>) -> Vec<Listed> {
        let is_me = |listed: &&Listed| me == Some(&listed.member.id);
        let others =
            |away| self.members.iter().filter(move |listed| !is_me(listed) && listed.member.away == away);
        self.members.iter().filter(is_me).chain(others(false)).chain(others(true)).cloned().collect()
    }

    /// Lists this member, in place of the one with the same id, which it returns.
    fn put(&mut self, member: Member) -> Option<Member> {
        let before = self.position(&member.id).map(|at| self.members.remove(at));
        let hue = match &before {
            Some(before) => before.hue,
            None => self.free_hue(&member.id),
        };
        self.list(Listed { member, hue });
        before.map(|before| before.member)
    }

    /// Puts somebody who is not listed where a reader looks for them.
    fn list(&mut self, listed: Listed) {
        let order = |other: &Listed| {
            let (a, b) = (&other.member, &listed.member);
            (self.compare)(a.name.as_str(), b.name.as_str()).then_with(|| a.id.cmp(&b.id))
        };
        let at = self.members.partition_point(|other| order(other).is_lt());
        self.members.insert(at, listed);
    }

    /// A colour for somebody who comes: the one they had, or their id's own; but rather another than one
    /// that somebody here has, as long as there are some. By far steps, because neighbours are similar.
    fn free_hue(&self, id: &ClientId) -> u8 {
        let mut taken = [0_u16; HUES as usize];
        for listed in &self.members {
            let holders = &mut taken[usize::from(listed.hue)];
            *holders = holders.saturating_add(1);
        }
        let own = self.hue(id);
        let nearest = (0..HUES).map(|step| (own + 3 * step) % HUES);
        nearest.min_by_key(|hue| taken[usize::from(*hue)]).unwrap_or(own)
    }

    /// Which of the person colours is this person's, here or not.
    pub(crate) fn hue(&self, id: &ClientId) -> u8 {
        if let Some(at) = self.position(id) {
            return self.members[at].hue;
        }
        self.remembered(id).unwrap_or_else(|| hue::of(id.as_str()))
    }

    fn remembered(&self, id: &ClientId) -> Option<u8> {
        self.gone.iter().find(|(other, _)| other == id).map(|(_, hue)| *hue)
    }

    fn remember(&mut self, id: ClientId, hue: u8) {
        self.gone.retain(|(other, _)| *other != id);
        if self.gone.len() == GONE_MAX {
            self.gone.remove(0);
        }
        self.gone.push((id, hue));
    }

    fn position(&self, id: &ClientId) -> Option<usize> {
        self.members.iter().position(|listed| listed.member.id == *id)
    }

    /// The member with this id, if listed.
    pub(crate) fn get(&self, id: &ClientId) -> Option<&Member> {
        self.position(id).map(|at| &self.members[at].member)
    }

    /// How many are here, listed or not; not who is away.
    pub(crate) fn count(&self) -> u32 {
        self.count.saturating_sub(self.away)
    }

    /// How many are members, here or away, but not listed.
    pub(crate) fn unlisted(&self) -> u32 {
        self.count.saturating_sub(self.members.len() as u32)
    }
}

/// The colours as they are kept: shorter than a formatter.
const DIGITS: [&str; HUES as usize] = ["0", "1", "2", "3", "4", "5", "6", "7"];

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

    fn names(roster: &Roster, me: &str) -> Vec<String> {
        let ordered = roster.in_order(Some(&id(me)));
        ordered.into_iter().map(|listed| listed.member.name.as_str().to_owned()).collect()
    }

    #[test]
    fn oneself_comes_first_and_the_away_last() {
        let mut roster = Roster::default();
        let away = Member { away: true, ..member("a", "آرش") };
        roster.reset(vec![away, member("b", "بابک"), member("z", "یلدا")], 5, 2);
        assert_eq!(names(&roster, "z"), ["یلدا", "بابک", "آرش"]);
        assert_eq!(roster.unlisted(), 2);
    }

    #[test]
    fn away_members_are_not_counted_present() {
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

    #[test]
    fn roster_is_sorted_by_collator() {
        let mut roster = Roster::default();
        roster.begin(|a, b| b.cmp(a), "");
        roster.reset(vec![member("a", "a"), member("c", "c")], 2, 0);
        roster.apply(joined(member("b", "b"), 3), None);
        assert_eq!(names(&roster, "me"), ["c", "b", "a"]);
        let renamed = Presence { changed: vec![member("c", "A")], member_count: 3, ..Presence::default() };
        roster.apply(renamed, None);
        assert_eq!(names(&roster, "me"), ["b", "a", "A"]);
    }

    #[test]
    fn a_newcomer_is_compared_a_few_times() {
        static COMPARED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let mut roster = Roster::default();
        roster.begin(
            |a, b| {
                COMPARED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                a.cmp(b)
            },
            "",
        );
        let many = (0..1000).map(|n| member(&format!("m{n}"), &format!("n{}", n * 7919 % 1000)));
        roster.reset(many.collect(), 1000, 0);
        COMPARED.store(0, std::sync::atomic::Ordering::Relaxed);
        roster.apply(joined(member("new", "سارا"), 1001), None);
        assert_eq!(roster.in_order(None).len(), 1001);
        assert!(COMPARED.load(std::sync::atomic::Ordering::Relaxed) <= 11);
    }

    fn hues(roster: &Roster) -> Vec<u8> {
        roster.members.iter().map(|listed| listed.hue).collect()
    }

    #[test]
    fn people_in_one_room_differ_in_colour() {
        let mut roster = Roster::default();
        for n in 0..40 {
            let count = n + 1;
            roster.apply(joined(member(&format!("c{n}"), &format!("n{n}")), count), None);
            let mut counts = [0; HUES as usize];
            hues(&roster).into_iter().for_each(|hue| counts[usize::from(hue)] += 1);
            let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
            assert!(most - least <= 1, "{count} people: {counts:?}");
        }
    }

    #[test]
    fn colour_stays_while_owner_is_here() {
        let mut roster = Roster::default();
        let all: Vec<Member> = (0..20).map(|n| member(&format!("c{n}"), &format!("n{n}"))).collect();
        roster.reset(all.clone(), 20, 0);
        let before: Vec<u8> = all.iter().map(|one| roster.hue(&one.id)).collect();
        let left = Presence { left: vec![id("c3"), id("c7")], member_count: 18, ..Presence::default() };
        roster.apply(left, None);
        roster.apply(joined(member("new", "new"), 19), None);
        // A welcome lists everybody anew, in another order.
        roster.reset(all.iter().rev().cloned().collect(), 20, 0);
        for (at, one) in all.iter().enumerate().filter(|(at, _)| *at != 3 && *at != 7) {
            assert_eq!(roster.hue(&one.id), before[at], "{at}");
        }
    }

    #[test]
    fn colours_outlive_a_reload() {
        let mut roster = Roster::default();
        let all: Vec<Member> = (0..12).map(|n| member(&format!("c{n}"), &format!("n{n}"))).collect();
        roster.reset(all.clone(), 12, 0);
        roster.apply(Presence { left: vec![id("c3")], member_count: 11, ..Presence::default() }, None);
        let mut reloaded = Roster::default();
        reloaded.begin(|a, b| a.cmp(b), &roster.hues());
        let same = |reloaded: &Roster| all.iter().all(|one| reloaded.hue(&one.id) == roster.hue(&one.id));
        assert!(same(&reloaded), "before the welcome");
        reloaded.reset(all.iter().rev().filter(|one| one.id != id("c3")).cloned().collect(), 11, 0);
        assert!(same(&reloaded), "after it");
        for nonsense in ["x", "a 9", " 1", "a x\nb", "a 256"] {
            reloaded.begin(|a, b| a.cmp(b), nonsense);
            assert!(reloaded.gone.is_empty(), "{nonsense}");
        }
    }

    #[test]
    fn remembered_departures_are_bounded() {
        let mut roster = Roster::default();
        for n in 0..GONE_MAX + 50 {
            roster.apply(joined(member(&format!("c{n}"), "n"), 1), None);
            let left = Presence { left: vec![id(&format!("c{n}"))], ..Presence::default() };
            roster.apply(left, None);
        }
        assert_eq!(roster.gone.len(), GONE_MAX);
        assert!(roster.hues().lines().count() <= GONE_MAX);
    }
}
