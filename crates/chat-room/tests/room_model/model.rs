//! A room in the dumbest way that is obviously right: everything ever said in one list, everybody
//! who ever came in another, and each promise of docs/protocol.md as one pass over them. It keeps no
//! index and forgets nothing, and shares nothing with the core but the types of the protocol.

use std::collections::BTreeMap;

use chat_protocol::{ClientId, Member, Name, OpenTab, Said, SayId, Seq, Text};

/// What the operator chose for this room.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub members: usize,
    pub messages: usize,
    pub bytes: usize,
    pub age: u64,
    pub window: u64,
    pub previous_token: u64,
}

/// The first number of the tokens that the room drew itself.
pub const DRAWN: usize = 1 << 32;
pub const TABS_MAX: usize = 16;
pub const REMEMBERED_SAYS: usize = 256;
const TYPING_EVERY: u64 = 2_500;

/// Everything that ever happened, as far as somebody may still notice.
#[derive(Clone, Debug)]
pub struct Room {
    pub bounds: Bounds,
    pub now: u64,
    /// All of it; the message numbered 1 comes first.
    pub said: Vec<Said>,
    pub people: Vec<Person>,
    /// By number; the welcome of connection `n` carries token `n`, the `n`th ending of tabs [`DRAWN`]` + n`.
    pub conns: Vec<Conn>,
    pub drawn: usize,
    /// What connections hear because of the last step, but for presence.
    pub news: Vec<(usize, Heard)>,
    /// When the roster was last another.
    pub changed_at: u64,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: ClientId,
    pub name: Name,
    pub first_seq: Seq,
    pub standing: Standing,
    pub tabs: Vec<Tab>,
    /// Every say of theirs, by the id they gave it.
    pub says: Vec<(SayId, Seq)>,
    pub typed_at: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Standing {
    Here,
    Away { since: u64 },
    Left { since: u64 },
    Forgotten,
}

#[derive(Clone, Debug)]
pub struct Tab {
    pub tab: Option<u8>,
    pub conn: usize,
    /// When it was first there; its newest token was given; and its connection was gone.
    pub since: u64,
    pub given: u64,
    pub closed: Option<u64>,
    /// Those that bring it back, the newest last.
    pub tokens: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Conn {
    Member(usize),
    /// Another took its tab or ended it, and nobody told the room yet that it is gone.
    Replaced,
    /// Open, and not in the room.
    Outside,
    Gone,
}

/// What one connection hears.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    Welcome {
        you: ClientId,
        members: BTreeMap<ClientId, Member>,
        seq: Seq,
        recovered: bool,
    },
    Said(Said),
    /// One's own message again; where nobody remembers its text, only these are promised.
    Again {
        seq: Seq,
        id: SayId,
        from: ClientId,
    },
    Typing(ClientId),
    NameTaken,
    Full,
    TooLate,
    Replaced,
    Tabs(Vec<OpenTab>),
    Ended,
}

/// A wish to be let in.
#[derive(Clone, Debug)]
pub struct Asks {
    pub id: ClientId,
    pub name: Option<Name>,
    pub tab: Option<u8>,
    pub claim: Option<Claim>,
}

#[derive(Clone, Debug)]
pub struct Claim {
    /// That of this connection; of one that never was, it is forged.
    pub token: usize,
    pub this_epoch: bool,
    pub seq: Seq,
}

impl Room {
    pub fn new(bounds: Bounds) -> Self {
        let (said, people, conns, news) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { bounds, now: 1_000, said, people, conns, drawn: 0, news, changed_at: 0 }
    }

    pub fn newest(&self) -> Seq {
        self.said.len() as Seq
    }

    /// The map that every client should have.
    pub fn roster(&self) -> BTreeMap<ClientId, Member> {
        let visible = self.people.iter().filter(|person| person.is_visible());
        visible.map(|person| (person.id.clone(), self.member(person))).collect()
    }

    pub fn is_over(&self) -> bool {
        self.people.iter().all(|person| person.standing == Standing::Forgotten)
    }

    fn member(&self, person: &Person) -> Member {
        Member {
            id: person.id.clone(),
            name: person.name.clone(),
            tabs: (self.open_tabs(person) as u32).max(1),
            away: matches!(person.standing, Standing::Away { .. }),
        }
    }

    fn is_open(&self, tab: &Tab) -> bool {
        matches!(self.conns[tab.conn], Conn::Member(_))
    }

    fn open_tabs(&self, person: &Person) -> usize {
        person.tabs.iter().filter(|tab| self.is_open(tab)).count()
    }

    fn everybody_hears(&mut self, heard: &Heard) {
        for (n, conn) in self.conns.iter().enumerate() {
            if let Conn::Member(_) = conn {
                self.news.push((n, heard.clone()));
            }
        }
    }

    fn is_taken(&self, name: &Name) -> bool {
        self.people.iter().any(|person| person.is_visible() && person.name.is_like(name))
    }

    fn free_name(&self, name: &Name) -> Name {
        let numbered = (2..).map(|n| name.numbered(n));
        std::iter::once(name.clone()).chain(numbered).find(|name| !self.is_taken(name)).unwrap()
    }

    fn free_id(&self, id: &ClientId) -> ClientId {
        let taken = |id: &ClientId| self.people.iter().any(|person| person.is_visible() && person.id == *id);
        let numbered = (2..).map(|n| id.numbered(n));
        std::iter::once(id.clone()).chain(numbered).find(|id| !taken(id)).unwrap()
    }

    /// Whether everything after `seq` is still remembered.
    fn remembers_all_after(&self, seq: Seq) -> bool {
        let after: Vec<&Said> = self.said.iter().filter(|said| said.seq > seq).collect();
        after.len() <= self.bounds.messages
            && after.iter().map(|said| bytes(said)).sum::<usize>() <= self.bounds.bytes
            && after.iter().all(|said| self.now < said.at + self.bounds.age)
    }

    pub fn open(&mut self) -> usize {
        self.conns.push(Conn::Outside);
        self.conns.len() - 1
    }

    pub fn join(&mut self, conn: usize, asks: Asks) {
        let who = asks.claim.as_ref().and_then(|claim| {
            let has = |tab: &Tab| {
                let is_newest = tab.tokens.last() == Some(&claim.token);
                let lasted = tab.closed.unwrap_or(self.now) - tab.given;
                let is_known = tab.closed.is_none_or(|closed| self.now < closed + self.bounds.window);
                let is_good = is_newest || (tab.tab == asks.tab && lasted < self.bounds.previous_token);
                is_known && is_good && tab.tokens.contains(&claim.token)
            };
            let is = |person: &Person| person.standing != Standing::Forgotten && person.tabs.iter().any(has);
            self.people.iter().position(is)
        });

        let has_moved_on = |tab: &Tab| tab.tab == asks.tab && tab.conn > conn;
        if who.is_some_and(|who| self.people[who].tabs.iter().any(has_moved_on)) {
            return self.news.push((conn, Heard::TooLate));
        }
        let name_taken = asks.name.as_ref().is_some_and(|name| self.is_taken(name));
        if who.is_none() && name_taken {
            return self.news.push((conn, Heard::NameTaken));
        }
        let visible = self.people.iter().filter(|person| person.is_visible()).count();
        if !who.is_some_and(|who| self.people[who].is_visible()) && visible >= self.bounds.members {
            // All of them come from one address, which may take its own places.
            let away = |person: &&mut Person| matches!(person.standing, Standing::Away { .. });
            match self.people.iter_mut().filter(away).min_by_key(|person| person.standing) {
                Some(longest) => longest.standing = Standing::Forgotten,
                None => return self.news.push((conn, Heard::Full)),
            }
        }
        let returns = who.is_some();
        let who = match who {
            Some(who) => {
                let same = self.people[who].tabs.iter().any(|tab| tab.tab == asks.tab);
                if !same && self.open_tabs(&self.people[who]) == TABS_MAX {
                    return self.news.push((conn, Heard::Full));
                }
                if !self.people[who].is_visible() {
                    self.people[who].id = self.free_id(&self.people[who].id);
                    self.people[who].name = self.free_name(&self.people[who].name);
                }
                self.people[who].standing = Standing::Here;
                who
            }
            None => {
                let id_as_name = Name::from(&asks.id);
                self.people.push(Person {
                    id: self.free_id(&asks.id),
                    name: asks.name.unwrap_or_else(|| self.free_name(&id_as_name)),
                    first_seq: self.newest(),
                    standing: Standing::Here,
                    tabs: Vec::new(),
                    says: Vec::new(),
                    typed_at: None,
                });
                self.people.len() - 1
            }
        };
        self.open_tab(who, asks.tab, conn, asks.claim.as_ref().map(|claim| claim.token));
        self.conns[conn] = Conn::Member(who);

        let person = &self.people[who];
        let from = asks.claim.filter(|claim| {
            returns
                && claim.this_epoch
                && claim.seq >= person.first_seq
                && claim.seq <= self.newest()
                && self.remembers_all_after(claim.seq)
        });
        let recovered = from.is_some();
        let seq = from.map_or(self.newest(), |claim| claim.seq);
        let you = person.id.clone();
        self.news.push((conn, Heard::Welcome { you, members: self.roster(), seq, recovered }));
        for said in self.said.iter().filter(|said| said.seq > seq) {
            self.news.push((conn, Heard::Said(said.clone())));
        }
    }

    fn open_tab(&mut self, who: usize, tab: Option<u8>, conn: usize, proof: Option<usize>) {
        let open: Vec<bool> = self.people[who].tabs.iter().map(|tab| self.is_open(tab)).collect();
        let now = self.now;
        let tabs = &mut self.people[who].tabs;
        if let Some(known) = tabs.iter().position(|known| known.tab == tab) {
            if open[known] {
                self.conns[tabs[known].conn] = Conn::Replaced;
                self.news.push((tabs[known].conn, Heard::Replaced));
            }
            // The proof may be needed again, should this welcome be lost. A tab that came with the
            // proof of another keeps the way back that it was given last.
            let known = &mut tabs[known];
            let newest = *known.tokens.last().unwrap();
            let kept = proof.filter(|proof| known.tokens.contains(proof)).unwrap_or(newest);
            known.tokens = vec![kept, conn];
            (known.conn, known.given, known.closed) = (conn, now, None);
            return;
        }
        let mut tokens = vec![conn];
        if tabs.len() == TABS_MAX {
            let oldest_closed = open.iter().position(|open| !open).unwrap();
            let forgotten = tabs.remove(oldest_closed);
            tokens.splice(0..0, proof.filter(|proof| forgotten.tokens.contains(proof)));
        }
        tabs.push(Tab { tab, conn, since: now, given: now, closed: None, tokens });
    }

    pub fn say(&mut self, conn: usize, id: SayId, text: Text) {
        let Conn::Member(who) = self.conns[conn] else { return };
        let (seq, now) = (self.newest() + 1, self.now);
        let person = &mut self.people[who];
        let known = person.says.iter().rev().take(REMEMBERED_SAYS).find(|(known, _)| *known == id);
        if let Some(&(_, seq)) = known {
            let from = person.id.clone();
            return self.news.push((conn, Heard::Again { seq, id, from }));
        }
        person.says.push((id.clone(), seq));
        person.typed_at = None;
        let said = Said { seq, id, from: person.id.clone(), name: person.name.clone(), text, at: now };
        self.said.push(said.clone());
        self.everybody_hears(&Heard::Said(said));
    }

    pub fn typing(&mut self, conn: usize) {
        let Conn::Member(who) = self.conns[conn] else { return };
        if self.people[who].typed_at.is_none_or(|at| self.now >= at + TYPING_EVERY) {
            self.people[who].typed_at = Some(self.now);
            self.everybody_hears(&Heard::Typing(self.people[who].id.clone()));
        }
    }

    pub fn rename(&mut self, conn: usize, name: Name) {
        let Conn::Member(who) = self.conns[conn] else { return };
        // Likeness is no equivalence: a name may be like one's own and like another's.
        let others = self.people.iter().enumerate().filter(|(n, person)| *n != who && person.is_visible());
        if others.map(|(_, person)| &person.name).any(|other| other.is_like(&name)) {
            return self.news.push((conn, Heard::NameTaken));
        }
        self.people[who].name = name;
    }

    pub fn tabs(&mut self, conn: usize) {
        let Conn::Member(who) = self.conns[conn] else { return };
        let open = self.people[who].tabs.iter().filter(|tab| self.is_open(tab));
        let open = open.map(|tab| OpenTab {
            since: tab.since,
            http: false,
            elsewhere: false,
            this: tab.conn == conn,
        });
        self.news.push((conn, Heard::Tabs(open.collect())));
    }

    pub fn end_tabs(&mut self, conn: usize) {
        let Conn::Member(who) = self.conns[conn] else { return };
        let tabs = &mut self.people[who].tabs;
        let own = tabs.iter().position(|tab| tab.conn == conn).unwrap();
        for ended in tabs.split_off(own + 1).iter().filter(|tab| tab.closed.is_none()) {
            self.conns[ended.conn] = Conn::Replaced;
            self.news.push((ended.conn, Heard::Ended));
        }
        let own = &mut self.people[who].tabs[own];
        own.tokens = vec![*own.tokens.last().unwrap(), DRAWN + self.drawn];
        own.given = self.now;
        self.drawn += 1;
        self.tabs(conn);
    }

    pub fn leave(&mut self, conn: usize, clean: bool) {
        let Conn::Member(who) = std::mem::replace(&mut self.conns[conn], Conn::Gone) else { return };
        let now = self.now;
        self.people[who]
            .tabs
            .iter_mut()
            .filter(|tab| tab.conn == conn)
            .for_each(|tab| tab.closed = Some(now));
        if self.open_tabs(&self.people[who]) > 0 {
            return;
        }
        let since = self.now;
        self.people[who].standing = if clean { Standing::Left { since } } else { Standing::Away { since } };
        let left = |person: &Person| matches!(person.standing, Standing::Left { .. });
        if self.people.iter().filter(|person| left(person)).count() > self.bounds.members {
            let first =
                self.people.iter_mut().filter(|person| left(person)).min_by_key(|person| person.standing);
            first.unwrap().standing = Standing::Forgotten;
        }
    }

    pub fn wait(&mut self, ms: u64) {
        self.now += ms;
        let over = |since: u64| since + self.bounds.window <= self.now;
        for person in &mut self.people {
            if let Standing::Away { since } | Standing::Left { since } = person.standing
                && over(since)
            {
                person.standing = Standing::Forgotten;
            }
        }
    }
}

impl Person {
    pub fn is_visible(&self) -> bool {
        matches!(self.standing, Standing::Here | Standing::Away { .. })
    }
}

/// What a message takes of the bytes a room may keep.
fn bytes(said: &Said) -> usize {
    chat_room::message_cost(said)
}
