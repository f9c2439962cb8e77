//! A session: one identity in one room, which survives its connections. It has tabs, each with a
//! connection while it is open and with the secret that brings it back. It does not know the other
//! sessions; [`super::roster`] keeps them apart.

use std::{collections::VecDeque, hash::Hasher, sync::Arc};

use chat_protocol::{ClientId, Member, Name, SayId, Seq, TabId, limits::TYPING_TTL_MS};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::{AddressKey, ConnKey, Ms, RateLimit, TokenHash, Way};

/// Which session, within its room; grows with each, so that its order is the order of arrival.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct SessionKey(pub u64);

/// Most tabs one session may have. One person rarely needs four; past sixteen it is a script.
pub(crate) const TABS_MAX: usize = 16;

/// How many of its own say ids a session remembers, to know a resent message. More than a client
/// may have unacknowledged, because the rate limit is far below it. In memory 28 bytes each.
pub(crate) const REMEMBERED_SAYS: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// At least one connection is open.
    Here,
    /// The last connection was lost; everybody sees it as away, and it may be resumed.
    Away {
        /// When it was lost.
        since: Ms,
    },
    /// The last connection was closed properly. Nobody sees it any more, others may take its id
    /// and name, but its token still brings it back: a page that reloads closes properly too.
    Left {
        /// When it was closed.
        since: Ms,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Tab {
    /// The client's id for it; `None` is the only tab of a client that does not name its tabs.
    pub(crate) id: Option<TabId>,
    /// When it first joined.
    pub(crate) since: Ms,
    /// Its connection, or the last one it had.
    pub(crate) conn: ConnKey,
    /// When that one was gone; `None` while it is there.
    pub(crate) closed: Option<Ms>,
    /// How it comes.
    pub(crate) way: Way,
    /// Where it comes from.
    pub(crate) address: AddressKey,
    /// The hash of the token given last.
    pub(crate) token: TokenHash,
    /// When it was given.
    pub(crate) given: Ms,
    /// The one before it: what carried the last one may never have arrived.
    pub(crate) previous: Option<TokenHash>,
}

/// How long tokens are good, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenLife {
    /// The previous one, while the connection to which the next was given is there.
    pub(crate) previous: Ms,
    /// Either, once the tab has no connection.
    pub(crate) closed: Ms,
}

impl Tab {
    pub(crate) fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether this token, shown by a connection for the tab `id`, proves to be who has this tab. The previous
    /// token brings this tab back and begins no other; and that until a connection has been there with the
    /// last for so long that its client must have read it, because then only a thief needs the previous one.
    /// Where the connection was lost sooner, nobody knows what arrived, and both are good.
    pub(crate) fn is_proved_by(
        &self,
        proof: &TokenHash,
        id: Option<&TabId>,
        life: TokenLife,
        now: Ms,
    ) -> bool {
        if self.closed.is_some_and(|closed| closed.saturating_add(life.closed) <= now) {
            return false;
        }
        let is_in_doubt = self.closed.unwrap_or(now).saturating_sub(self.given) < life.previous;
        let is_previous = self.previous == Some(*proof) && self.id.as_ref() == id;
        self.token == *proof || (is_previous && is_in_doubt)
    }

    /// What it is found by.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = TokenHash> + use<> {
        [Some(self.token), self.previous].into_iter().flatten()
    }
}

/// One identity in one room.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Public id.
    pub(crate) id: ClientId,
    /// Display name.
    pub(crate) name: Name,
    /// Open or once open, at most [`TABS_MAX`], oldest first: a stolen token begins a tab after the one that
    /// it was stolen from.
    pub(crate) tabs: Vec<Tab>,
    pub(crate) standing: Standing,
    /// The room's newest message when this session first joined: it has a right to what came after.
    pub(crate) first_seq: Seq,
    /// When it last was seen typing.
    pub(crate) typing_at: Option<Ms>,
    /// Where it came from last.
    pub(crate) address: AddressKey,
    /// What its tabs may send, together, on this node; `None` until one was here.
    #[serde(skip)]
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    /// Most who are in a room only listen.
    says: Option<Box<Says>>,
}

impl Session {
    /// A session that is about to get its first tab.
    pub(crate) fn new(id: ClientId, name: Name, first_seq: Seq, address: AddressKey) -> Self {
        Self {
            id,
            name,
            tabs: Vec::with_capacity(1),
            standing: Standing::Here,
            first_seq,
            typing_at: None,
            address,
            rate_limit: None,
            says: None,
        }
    }

    /// The session as the room sees it.
    pub(crate) fn member(&self) -> Member {
        Member {
            id: self.id.clone(),
            name: self.name.clone(),
            tabs: (self.open_tabs() as u32).max(1),
            away: matches!(self.standing, Standing::Away { .. }),
        }
    }

    /// What it takes of memory, in bytes: about 1 KiB, 256 for each tab, 28 for each say it remembers.
    pub(crate) fn cost(&self) -> usize {
        1024 + 256 * self.tabs.len()
            + (size_of::<u32>() + size_of::<RememberedSay>())
                * self.says.as_ref().map_or(0, |says| says.all.len())
    }

    pub(crate) fn open_tabs(&self) -> usize {
        self.tabs.iter().filter(|tab| tab.is_open()).count()
    }

    /// Whether others should hear now that it is typing: at most once in half of [`TYPING_TTL_MS`].
    pub(crate) fn is_typing_news(&self, now: Ms) -> bool {
        self.typing_at.is_none_or(|at| now >= at + TYPING_TTL_MS / 2)
    }

    /// Whether it is in the roster: here or away.
    pub(crate) fn is_visible(&self) -> bool {
        !matches!(self.standing, Standing::Left { .. })
    }

    /// Whether a connection for this tab could be added: the tab is known, or one can be forgotten.
    pub(crate) fn has_place_for(&self, tab: Option<&TabId>) -> bool {
        self.tabs.len() < TABS_MAX
            || self.tabs.iter().any(|known| known.id.as_ref() == tab || !known.is_open())
    }

    /// Whether this tab has had a connection younger than `conn`. What such a one asks comes late:
    /// its client gave it up and has connected anew.
    pub(crate) fn has_moved_on(&self, tab: Option<&TabId>, conn: ConnKey) -> bool {
        self.tabs.iter().any(|known| known.id.as_ref() == tab && known.conn > conn)
    }

    /// The seq and time a say with this id got, if it is remembered.
    pub(crate) fn remembered(&self, id: &SayId) -> Option<(Seq, Ms)> {
        let (says, id) = (self.says.as_ref()?, hash(id));
        let (older, newer) = says.marks.as_slices();
        // Almost none is: that is found out many at a time.
        if !older.contains(&mark(id)) && !newer.contains(&mark(id)) {
            return None;
        }
        says.all.iter().rfind(|say| say.id == id).map(|say| (say.seq, say.at))
    }

    /// Remembers a say, forgetting the oldest over [`REMEMBERED_SAYS`].
    pub(crate) fn remember(&mut self, id: &SayId, seq: Seq, at: Ms) {
        let (says, id) = (self.says.get_or_insert_default(), hash(id));
        if says.all.len() == REMEMBERED_SAYS {
            says.marks.pop_front();
            says.all.pop_front();
        }
        says.marks.push_back(mark(id));
        says.all.push_back(RememberedSay { id, seq, at });
    }
}

/// The says of a session, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "VecDeque<RememberedSay>", into = "VecDeque<RememberedSay>")]
struct Says {
    /// A part of each one's id, to search: that is done for each message, in memory that is rarely at
    /// hand, so it had better be little.
    marks: VecDeque<u32>,
    all: VecDeque<RememberedSay>,
}

impl From<VecDeque<RememberedSay>> for Says {
    fn from(all: VecDeque<RememberedSay>) -> Self {
        Self { marks: all.iter().map(|say| mark(say.id)).collect(), all }
    }
}

impl From<Says> for VecDeque<RememberedSay> {
    fn from(says: Says) -> Self {
        says.all
    }
}

/// A say by the hash of its id. The ids themselves would take nine times the memory, and somebody
/// who goes out of their way to find two with one hash loses only a message of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RememberedSay {
    id: u64,
    seq: Seq,
    at: Ms,
}

fn mark(id: u64) -> u32 {
    id as u32
}

fn hash(id: &SayId) -> u64 {
    // Not the standard library's, which may become another with any release.
    let mut hasher = SipHasher13::new();
    hasher.write(id.as_str().as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_says_are_bounded() {
        let mut ali =
            Session::new(ClientId::parse("ali").unwrap(), Name::parse("علی").unwrap(), 0, AddressKey(1));
        let id = |n: usize| SayId::parse(&format!("s-{n}")).unwrap();
        for n in 0..REMEMBERED_SAYS + 10 {
            ali.remember(&id(n), n as Seq, 0);
        }
        assert_eq!(ali.remembered(&id(9)), None);
        assert_eq!(ali.remembered(&id(10)), Some((10, 0)));
        let says = ali.says.unwrap();
        assert_eq!((says.marks.capacity(), says.all.capacity()), (REMEMBERED_SAYS, REMEMBERED_SAYS));
    }
}
