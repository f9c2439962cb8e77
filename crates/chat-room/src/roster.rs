//! Who is in a room, who is away from it and who may yet come back: the sessions, and the four
//! ways to find one (by connection, token, id and name). It keeps these indexes true and decides
//! nothing; [`super::room`] decides.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::Hasher,
};

use chat_protocol::{ClientId, Epoch, Member, Name, TabId, limits::ROSTER_MAX};
use serde::Deserialize;
use siphasher::sip::SipHasher13;

use crate::{
    AddressKey, ConnKey, Ms,
    resume_token::TokenHash,
    session::{Session, SessionKey, Standing, TABS_MAX, Tab, TokenLife},
};

/// How many numbers are tried in order for a taken id or name (`ali-2`, `ali-3`, …) before jumping
/// to one that nobody can have been given yet, so that a crowd of namesakes costs no search.
const NUMBERS_IN_ORDER: usize = 64;

#[derive(Debug)]
pub(crate) struct Roster {
    /// Boxed: a tree in order of arrival has half of its places empty.
    sessions: BTreeMap<SessionKey, Box<Session>>,
    by_conn: HashMap<ConnKey, SessionKey>,
    /// By the marks of their hashes.
    by_token: HashMap<u64, SessionKey>,
    /// Visible sessions only, as in `by_name`, where each has every key of its name: who left holds
    /// neither id nor name.
    by_id: HashMap<ClientId, SessionKey>,
    /// By the hashes of the keys, which would take three times the memory. Two that meet by chance,
    /// once in many ages, make a name look taken.
    by_name: HashMap<u64, SessionKey>,
    /// What names are hashed with: the same wherever this life of the room is kept.
    name_hasher: SipHasher13,
    /// How many visible sessions each address has.
    of_address: BTreeMap<AddressKey, usize>,
    /// By address, so that a full room finds whose place to take.
    away_of: BTreeMap<AddressKey, BTreeSet<(Ms, SessionKey)>>,
    away: BTreeSet<(Ms, SessionKey)>,
    left: BTreeSet<(Ms, SessionKey)>,
    /// What those in `away` and `left` cost.
    absent_bytes: usize,
    arrivals: u64,
}

/// What of a roster is kept in a snapshot; the rest follows from it.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptRoster {
    pub(crate) arrivals: u64,
    pub(crate) sessions: Vec<(SessionKey, Session)>,
}

impl Roster {
    /// Nobody yet, in this life of a room.
    pub(crate) fn new(life: &Epoch) -> Self {
        let mut key = SipHasher13::new();
        key.write(life.as_str().as_bytes());
        Self {
            sessions: BTreeMap::new(),
            by_conn: HashMap::new(),
            by_token: HashMap::new(),
            by_id: HashMap::new(),
            by_name: HashMap::new(),
            name_hasher: SipHasher13::new_with_keys(key.finish(), 0),
            of_address: BTreeMap::new(),
            away_of: BTreeMap::new(),
            away: BTreeSet::new(),
            left: BTreeSet::new(),
            absent_bytes: 0,
            arrivals: 0,
        }
    }

    /// The sessions of a snapshot, as they were in this life of a room.
    pub(crate) fn of(life: &Epoch, kept: KeptRoster) -> Self {
        let KeptRoster { arrivals, sessions } = kept;
        let mut roster = Self { arrivals, ..Self::new(life) };
        for (key, session) in sessions {
            let standing = session.standing;
            for tab in &session.tabs {
                roster.by_token.extend(tab.tokens().map(|token| (token.mark(), key)));
                if tab.is_open() {
                    roster.by_conn.insert(tab.conn, key);
                }
            }
            let mut session = Box::new(session);
            session.standing = Standing::Here;
            roster.sessions.insert(key, session);
            // Who has left holds neither id nor name, which somebody else may have.
            if let Standing::Left { since } = standing {
                roster.left.insert((since, key));
                roster.absent_bytes += roster.session(key).cost();
                roster.session_mut(key).standing = standing;
            } else {
                roster.show(key);
                roster.stand(key, standing);
            }
        }
        roster
    }

    /// How many sessions have come.
    pub(crate) fn arrivals(&self) -> u64 {
        self.arrivals
    }

    /// All of them, in order of arrival.
    pub(crate) fn sessions(&self) -> impl ExactSizeIterator<Item = (SessionKey, &Session)> {
        self.sessions.iter().map(|(key, session)| (*key, &**session))
    }

    /// The connections of this node, oldest first.
    pub(crate) fn conns_of(&self, node: u32) -> BTreeSet<ConnKey> {
        self.by_conn.keys().copied().filter(|conn| conn.node() == node).collect()
    }

    /// The nodes that have connections here.
    pub(crate) fn nodes(&self) -> BTreeSet<u32> {
        self.by_conn.keys().map(|conn| conn.node()).collect()
    }

    /// How many are visible: here or away.
    pub(crate) fn count(&self) -> usize {
        self.by_id.len()
    }

    /// How many of them came from this address.
    pub(crate) fn count_of(&self, address: AddressKey) -> usize {
        self.of_address.get(&address).copied().unwrap_or(0)
    }

    /// Of those who came from this address, the session that has been away longest.
    pub(crate) fn longest_away_of(&self, address: AddressKey) -> Option<SessionKey> {
        self.away_of.get(&address)?.first().map(|&(_, key)| key)
    }

    /// Of the addresses from which somebody is away, the one that has most members.
    pub(crate) fn most_with_away(&self) -> Option<AddressKey> {
        self.away_of.keys().copied().max_by_key(|&address| self.count_of(address))
    }

    /// How many have a connection.
    pub(crate) fn here(&self) -> usize {
        self.count() - self.away.len()
    }

    /// Whether nobody is here and nobody may come back.
    pub(crate) fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// The session with this key, which the caller got from the roster in this very call.
    ///
    /// # Panics
    /// When the key is not from this roster, which is a mistake in this crate.
    pub(crate) fn session(&self, key: SessionKey) -> &Session {
        &self.sessions[&key]
    }

    /// As [`Roster::session`]. What the indexes are made of (id, name, tabs, standing) is changed
    /// through the roster's own methods only.
    ///
    /// # Panics
    /// As [`Roster::session`].
    pub(crate) fn session_mut(&mut self, key: SessionKey) -> &mut Session {
        self.sessions.get_mut(&key).expect("session keys come from the roster")
    }

    /// The session this connection speaks for.
    pub(crate) fn by_conn(&self, conn: ConnKey) -> Option<SessionKey> {
        self.by_conn.get(&conn).copied()
    }

    /// The session one of whose tabs this token proves to be, where the tab `id` shows it.
    pub(crate) fn by_token(
        &self,
        proof: &TokenHash,
        id: Option<&TabId>,
        life: TokenLife,
        now: Ms,
    ) -> Option<SessionKey> {
        let key = *self.by_token.get(&proof.mark())?;
        self.session(key).tabs.iter().any(|tab| tab.is_proved_by(proof, id, life, now)).then_some(key)
    }

    /// Whether the name is taken by somebody other than `own`.
    pub(crate) fn is_name_taken(&self, name: &Name, own: Option<SessionKey>) -> bool {
        self.holders(name, own).next().is_some()
    }

    /// Since when those have been away who have the name, other than `own`: the last of them. `None` when one
    /// of them is here.
    pub(crate) fn away_with_name(&self, name: &Name, own: Option<SessionKey>) -> Option<Ms> {
        let since = |key| match self.session(key).standing {
            Standing::Away { since } => Some(since),
            Standing::Here | Standing::Left { .. } => None,
        };
        self.holders(name, own).map(since).reduce(|one, other| Some(one?.max(other?))).flatten()
    }

    /// The visible sessions that share a key with the name, other than `own`; one with both comes twice.
    fn holders(&self, name: &Name, own: Option<SessionKey>) -> impl Iterator<Item = SessionKey> {
        let hashes = self.hashes(name);
        let holder = move |hash| self.by_name.get(&hash).copied().filter(|&holder| Some(holder) != own);
        hashes.into_iter().filter_map(holder)
    }

    /// `name` itself, or the first numbered form of it that is free for `own`.
    pub(crate) fn free_name(&self, name: &Name, own: Option<SessionKey>) -> Name {
        if !self.is_name_taken(name, own) {
            return name.clone();
        }
        self.numbers().map(|n| name.numbered(n)).find(|name| !self.is_name_taken(name, own)).expect(ENDLESS)
    }

    /// `id` itself, or the first numbered form of it that is free.
    pub(crate) fn free_id(&self, id: &ClientId) -> ClientId {
        if !self.by_id.contains_key(id) {
            return id.clone();
        }
        self.numbers().map(|n| id.numbered(n)).find(|id| !self.by_id.contains_key(id)).expect(ENDLESS)
    }

    fn numbers(&self) -> impl Iterator<Item = usize> {
        (2..=NUMBERS_IN_ORDER).chain(NUMBERS_IN_ORDER + self.arrivals as usize..)
    }

    /// Adds a session, visible and without tabs. Its id and name must be free.
    pub(crate) fn add(&mut self, session: Session) -> SessionKey {
        let key = SessionKey(self.arrivals);
        self.arrivals += 1;
        self.sessions.insert(key, Box::new(session));
        self.show(key);
        key
    }

    /// Brings back one that had left, under an id and name that are free.
    pub(crate) fn bring_back(&mut self, key: SessionKey, id: ClientId, name: Name) {
        let session = self.session_mut(key);
        session.id = id;
        session.name = name;
        self.show(key);
    }

    fn show(&mut self, key: SessionKey) {
        let session = self.session(key);
        let (id, hashes) = (session.id.clone(), self.hashes(&session.name));
        *self.of_address.entry(self.session(key).address).or_default() += 1;
        self.by_id.insert(id, key);
        self.by_name.extend(hashes.map(|hash| (hash, key)));
    }

    fn hashes(&self, name: &Name) -> [u64; 2] {
        name.keys().map(|key| {
            let mut hasher = self.name_hasher;
            hasher.write(key.as_str().as_bytes());
            hasher.finish()
        })
    }

    fn hide(&mut self, key: SessionKey) {
        self.uncount(self.session(key).address);
        let session = &self.sessions[&key];
        self.by_id.remove(&session.id);
        for hash in self.hashes(&session.name) {
            self.by_name.remove(&hash);
        }
    }

    /// Gives a visible session another name, which must be free for it.
    pub(crate) fn rename(&mut self, key: SessionKey, name: Name) {
        for old in self.hashes(&self.sessions[&key].name) {
            self.by_name.remove(&old);
        }
        let session = self.session_mut(key);
        session.name = name.clone();
        let hashes = self.hashes(&name);
        self.by_name.extend(hashes.map(|hash| (hash, key)));
    }

    /// The session, which is here, comes from this address from now on.
    pub(crate) fn move_to(&mut self, key: SessionKey, address: AddressKey) {
        let before = std::mem::replace(&mut self.session_mut(key).address, address);
        self.uncount(before);
        *self.of_address.entry(address).or_default() += 1;
    }

    fn uncount(&mut self, address: AddressKey) {
        if let Some(count) = self.of_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.of_address.remove(&address);
            }
        }
    }

    /// Opens this tab, with a new token: one the session already has, whose older connection is then
    /// replaced and returned, or one more. `proof` is the token presented, if any; it becomes the previous
    /// one. The session is here from now on.
    pub(crate) fn open_tab(
        &mut self,
        key: SessionKey,
        mut tab: Tab,
        proof: Option<TokenHash>,
    ) -> Option<ConnKey> {
        let (conn, token) = (tab.conn, tab.token);
        self.stand(key, Standing::Here);
        let session = self.sessions.get_mut(&key).expect("session keys come from the roster");
        let mut replaced = None;
        match session.tabs.iter_mut().find(|known| known.id == tab.id) {
            Some(known) => {
                replaced = known.is_open().then_some(known.conn);
                let own = |hash: &TokenHash| known.tokens().any(|old| old == *hash);
                let kept = proof.filter(own).unwrap_or(known.token);
                for old in known.tokens().filter(|old| *old != kept) {
                    self.by_token.remove(&old.mark());
                }
                *known = Tab { since: known.since, previous: Some(kept), ..tab };
            }
            None => {
                if session.tabs.len() == TABS_MAX
                    && let Some(closed) = session.tabs.iter().position(|known| !known.is_open())
                {
                    for old in session.tabs.remove(closed).tokens() {
                        if proof == Some(old) {
                            tab.previous = proof;
                        } else {
                            self.by_token.remove(&old.mark());
                        }
                    }
                }
                session.tabs.push(tab);
            }
        }
        if let Some(replaced) = replaced {
            self.by_conn.remove(&replaced);
        }
        self.by_conn.insert(conn, key);
        self.by_token.insert(token.mark(), key);
        replaced
    }

    /// The tab on `conn` is open no more. Its token still brings it back.
    pub(crate) fn close_tab(&mut self, conn: ConnKey, now: Ms) -> Option<SessionKey> {
        let key = self.by_conn.remove(&conn)?;
        let session = self.session_mut(key);
        for tab in session.tabs.iter_mut().filter(|tab| tab.conn == conn) {
            tab.closed = Some(now);
        }
        Some(key)
    }

    /// Ends the tabs of this session that are younger than the one on `conn`, whose connections it
    /// returns: their tokens bring nobody back.
    pub(crate) fn end_younger_tabs(&mut self, key: SessionKey, conn: ConnKey) -> Vec<ConnKey> {
        let tabs = &mut self.session_mut(key).tabs;
        let younger = tabs.iter().position(|tab| tab.conn == conn).map_or(tabs.len(), |own| own + 1);
        let ended = tabs.split_off(younger);
        for token in ended.iter().flat_map(Tab::tokens) {
            self.by_token.remove(&token.mark());
        }
        let open = ended.into_iter().filter(Tab::is_open).map(|tab| tab.conn).collect::<Vec<_>>();
        for conn in &open {
            self.by_conn.remove(conn);
        }
        open
    }

    /// Gives the tab on `conn` of this session another token; the one that it has becomes its previous one.
    pub(crate) fn renew_token(&mut self, key: SessionKey, conn: ConnKey, token: TokenHash, now: Ms) {
        let session = self.sessions.get_mut(&key).expect("session keys come from the roster");
        let Some(tab) = session.tabs.iter_mut().find(|tab| tab.conn == conn) else { return };
        let before = tab.previous.replace(std::mem::replace(&mut tab.token, token));
        tab.given = now;
        if let Some(before) = before {
            self.by_token.remove(&before.mark());
        }
        self.by_token.insert(token.mark(), key);
    }

    /// Changes where a session stands, and with it whether it is visible.
    pub(crate) fn stand(&mut self, key: SessionKey, standing: Standing) {
        self.stand_nowhere(key);
        if standing != Standing::Here {
            self.absent_bytes += self.session(key).cost();
        }
        match standing {
            Standing::Here => {}
            Standing::Away { since } => {
                self.away.insert((since, key));
                self.away_of.entry(self.session(key).address).or_default().insert((since, key));
            }
            Standing::Left { since } => {
                self.left.insert((since, key));
                self.hide(key);
            }
        }
        self.session_mut(key).standing = standing;
    }

    /// Forgets a session for good.
    pub(crate) fn remove(&mut self, key: SessionKey) -> Session {
        if self.session(key).is_visible() {
            self.hide(key);
        }
        self.stand_nowhere(key);
        let session = self.sessions.remove(&key).expect("session keys come from the roster");
        for tab in &session.tabs {
            for token in tab.tokens() {
                self.by_token.remove(&token.mark());
            }
            self.by_conn.remove(&tab.conn);
        }
        *session
    }

    fn stand_nowhere(&mut self, key: SessionKey) {
        // What a session costs does not change while it has no connection.
        if self.session(key).standing != Standing::Here {
            self.absent_bytes -= self.session(key).cost();
        }
        match self.session(key).standing {
            Standing::Here => {}
            Standing::Away { since } => {
                self.away.remove(&(since, key));
                let address = self.session(key).address;
                if let Some(away) = self.away_of.get_mut(&address) {
                    away.remove(&(since, key));
                    if away.is_empty() {
                        self.away_of.remove(&address);
                    }
                }
            }
            Standing::Left { since } => {
                self.left.remove(&(since, key));
            }
        }
    }

    /// The session that has been away longest, and since when.
    pub(crate) fn longest_away(&self) -> Option<(Ms, SessionKey)> {
        self.away.first().copied()
    }

    /// The session that left first of those that may come back, and when.
    pub(crate) fn first_left(&self) -> Option<(Ms, SessionKey)> {
        self.left.first().copied()
    }

    /// What those cost in memory who have no connection and may come back, in bytes.
    pub(crate) fn absent_bytes(&self) -> usize {
        self.absent_bytes
    }

    /// How many left and may come back.
    pub(crate) fn left_count(&self) -> usize {
        self.left.len()
    }

    /// Those who are visible, in order of arrival, at most [`ROSTER_MAX`], `own` among them.
    pub(crate) fn members(&self, own: SessionKey) -> Vec<Member> {
        let visible = self.sessions.iter().filter(|(_, session)| session.is_visible());
        let mut listed: Vec<SessionKey> = visible.map(|(&key, _)| key).take(ROSTER_MAX).collect();
        if !listed.contains(&own)
            && let Some(last) = listed.last_mut()
        {
            *last = own;
        }
        listed.into_iter().map(|key| self.session(key).member()).collect()
    }
}

const ENDLESS: &str = "there are more numbers than members";
