//! The room's core against a naive [`model`] of it: whatever people do and in whatever order, what
//! each connection hears is what the protocol promises.
#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test fails by panicking, and is a crate of its own"
)]

mod model;
mod twins;

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use chat_protocol::{
    ClientId, CloseCode, Command, Epoch, ErrorCode, Member, Name, ResumeToken, RoomId, SayId, Seq, ServerMsg,
    TabId, Text,
};
use chat_room::{
    AddressKey, Claim, ConnKey, Departure, Effect, FreshToken, HistoryLimits, Join, Limits, Opening,
    RateLimit, TokenHash, Way, Wish,
};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use self::{
    model::{Asks, Bounds, Conn, Heard, Room},
    twins::Twins,
};

/// One thing that happens. What it is about is picked from what there is when its turn comes.
#[derive(Clone, Debug)]
enum Step {
    Join(Asking),
    /// A connection whose join, if there ever is one, is long on its way.
    Open,
    /// A page is loaded again: it leaves properly and comes back as the same tab. Where somebody is
    /// quick, they have its id by then.
    Reload {
        conn: Index,
        taken: bool,
    },
    /// Many come at once, so that presence has to wait.
    Crowd(usize),
    /// One person opens many tabs, so that some are refused or forgotten.
    Tabs {
        token: Index,
        from: u8,
        count: u8,
    },
    Say {
        conn: Index,
        id: usize,
        letters: usize,
    },
    /// One says something, then so much that it may be forgotten, and then the first again.
    Flood {
        conn: Index,
        others: usize,
    },
    Typing {
        conn: Index,
    },
    Rename {
        conn: Index,
        name: Name,
    },
    /// One looks which tabs they have.
    Look {
        conn: Index,
    },
    /// And ends those that came later.
    End {
        conn: Index,
    },
    Leave {
        conn: Index,
        clean: bool,
    },
    /// The room's task gets to the end of its batch.
    Batch,
    Wait(u64),
}

#[derive(Clone, Debug)]
struct Asking {
    /// On the connection that has been open longest without a join.
    late: bool,
    id: ClientId,
    name: Option<Name>,
    tab: Option<u8>,
    claim: Option<Claiming>,
}

#[derive(Clone, Debug)]
struct Claiming {
    token: Index,
    /// Counted from the newest token, so that honest returns are frequent; `None` is forged.
    back: Option<usize>,
    this_epoch: bool,
    seq: Claimed,
}

#[derive(Clone, Copy, Debug)]
enum Claimed {
    Newest,
    Missed(Seq),
    Future(Seq),
    Absolute(Seq),
}

fn ids() -> impl Strategy<Value = ClientId> {
    select(["ali", "Ali", "sara"].map(|id| ClientId::parse(id).unwrap()).to_vec())
}

fn names() -> impl Strategy<Value = Name> {
    select(["علی", "علي", "sara", "ALI", "sara ۲", "رضا"].map(|name| Name::parse(name).unwrap()).to_vec())
}

fn tabs() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![2 => Just(None), 3 => (0..3u8).prop_map(Some)]
}

fn claims() -> impl Strategy<Value = Claiming> {
    let seq = prop_oneof![
        3 => Just(Claimed::Newest),
        5 => (0..9u64).prop_map(Claimed::Missed),
        1 => (1..3u64).prop_map(Claimed::Future),
        1 => prop_oneof![Just(0), Just(Seq::MAX), 0..20u64].prop_map(Claimed::Absolute),
    ];
    let back = prop_oneof![6 => (0..4usize).prop_map(Some), 1 => Just(None)];
    (any::<Index>(), back, prop::bool::weighted(0.9), seq)
        .prop_map(|(token, back, this_epoch, seq)| Claiming { token, back, this_epoch, seq })
}

/// The model, and what the last step asked of it.
#[derive(Clone, Debug)]
struct Play {
    room: Room,
    acts: Vec<Act>,
}

impl ReferenceStateMachine for Play {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        (select(vec![2, 5, 45]), 1..8usize, 300..3_000usize, select(vec![30_000, 200_000]))
            .prop_map(|(members, messages, bytes, age)| {
                let room = Room::new(Bounds {
                    members,
                    messages,
                    bytes,
                    age,
                    window: 120_000,
                    previous_token: 60_000,
                });
                Self { room, acts: Vec::new() }
            })
            .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let conn = any::<Index>;
        let late = prop::bool::weighted(0.2);
        let name = prop::option::weighted(0.6, names());
        let claim = prop::option::weighted(0.7, claims());
        let asking = (late, ids(), name, tabs(), claim).prop_map(|(late, id, name, tab, claim)| Asking {
            late,
            id,
            name,
            tab,
            claim,
        });
        let waits = select(vec![1, 3, 9, 2_000, 2_499, 2_500, 30_000, 59_999, 60_000, 119_999, 120_000]);
        prop_oneof![
            30 => asking.prop_map(Step::Join),
            3 => Just(Step::Open),
            4 => (conn(), any::<bool>()).prop_map(|(conn, taken)| Step::Reload { conn, taken }),
            1 => (20..40usize).prop_map(Step::Crowd),
            2 => (conn(), 0..12u8, 1..18u8).prop_map(|(token, from, count)| Step::Tabs { token, from, count }),
            25 => (conn(), 0..6usize, 1..400usize).prop_map(|(conn, id, letters)| Step::Say { conn, id, letters }),
            1 => (conn(), 253..258usize).prop_map(|(conn, others)| Step::Flood { conn, others }),
            5 => conn().prop_map(|conn| Step::Typing { conn }),
            6 => (conn(), names()).prop_map(|(conn, name)| Step::Rename { conn, name }),
            4 => conn().prop_map(|conn| Step::Look { conn }),
            3 => conn().prop_map(|conn| Step::End { conn }),
            20 => (conn(), any::<bool>()).prop_map(|(conn, clean)| Step::Leave { conn, clean }),
            20 => Just(Step::Batch),
            15 => waits.prop_map(Step::Wait),
        ]
        .boxed()
    }

    fn apply(mut play: Self, step: &Step) -> Self {
        play.acts = acts(&play.room, step);
        let room = &mut play.room;
        room.news.clear();
        let before = room.roster();
        for act in &play.acts {
            match act.clone() {
                Act::Open => {
                    room.open();
                }
                Act::Join(conn, asks) => room.join(conn, asks),
                Act::Say(conn, id, text) => room.say(conn, id, text),
                Act::Typing(conn) => room.typing(conn),
                Act::Rename(conn, name) => room.rename(conn, name),
                Act::Tabs(conn) => room.tabs(conn),
                Act::EndTabs(conn) => room.end_tabs(conn),
                Act::Leave(conn, clean) => room.leave(conn, clean),
                Act::Batch => {}
                Act::Wait(ms) => room.wait(ms),
            }
        }
        if room.roster() != before {
            room.changed_at = room.now;
        }
        play
    }
}

/// A step as what is asked of a room, word by word.
#[derive(Clone, Debug)]
enum Act {
    Open,
    Join(usize, Asks),
    Say(usize, SayId, Text),
    Typing(usize),
    Rename(usize, Name),
    Tabs(usize),
    EndTabs(usize),
    Leave(usize, bool),
    Batch,
    Wait(u64),
}

fn acts(room: &Room, step: &Step) -> Vec<Act> {
    let anon = |id: String| Asks { id: ClientId::parse(&id).unwrap(), name: None, tab: None, claim: None };
    // Mostly members, and those who were replaced and do not know it yet.
    let on = |conn: &Index| {
        let there = |n: &usize| matches!(room.conns[*n], Conn::Member(_) | Conn::Replaced);
        let open: Vec<usize> = (0..room.conns.len()).filter(there).collect();
        (!open.is_empty()).then(|| *conn.get(&open))
    };
    let say = |conn, id: usize, letters: usize| {
        let text = format!("{}{}", room.said.len(), "x".repeat(letters));
        Act::Say(conn, SayId::parse(&format!("s{id}")).unwrap(), Text::parse(&text).unwrap())
    };
    let open = room.conns.len();
    let join = |n: usize, asks| [Act::Open, Act::Join(open + n, asks)];
    match step {
        Step::Join(Asking { late, id, name, tab, claim }) => {
            let claim = claim.as_ref().filter(|_| !room.conns.is_empty()).map(|claim| model::Claim {
                token: match claim.back {
                    Some(2) if room.drawn > 0 => model::DRAWN + claim.token.index(room.drawn),
                    Some(3) => claim.token.index(room.conns.len()),
                    Some(back) => room.conns.len().saturating_sub(back + 1),
                    None => usize::MAX,
                },
                this_epoch: claim.this_epoch,
                seq: match claim.seq {
                    Claimed::Newest => room.newest(),
                    Claimed::Missed(missed) => room.newest().saturating_sub(missed),
                    Claimed::Future(more) => room.newest() + more,
                    Claimed::Absolute(seq) => seq,
                },
            });
            let asks = Asks { id: id.clone(), name: name.clone(), tab: *tab, claim };
            match room.conns.iter().position(|conn| *conn == Conn::Outside).filter(|_| *late) {
                Some(conn) => vec![Act::Join(conn, asks)],
                None => join(0, asks).to_vec(),
            }
        }
        Step::Open => vec![Act::Open],
        Step::Reload { conn, taken } => {
            let Some(conn) = on(conn) else { return vec![] };
            let Conn::Member(who) = room.conns[conn] else { return vec![] };
            let person = &room.people[who];
            let tab = person.tabs.iter().find(|tab| tab.conn == conn).unwrap().tab;
            let claim = model::Claim { token: conn, this_epoch: true, seq: room.newest() };
            let asks = Asks { tab, claim: Some(claim), ..anon("ali".into()) };
            let taker = Asks { id: person.id.clone(), ..anon("ali".into()) };
            let takes = join(0, taker).into_iter().filter(|_| *taken);
            let back = join(usize::from(*taken), asks);
            std::iter::once(Act::Leave(conn, true)).chain(takes).chain(back).collect()
        }
        Step::Crowd(count) => (0..*count).flat_map(|n| join(n, anon(format!("p{n}")))).collect(),
        Step::Tabs { token, from, count } if !room.conns.is_empty() => {
            let token = token.index(room.conns.len());
            let claim = model::Claim { token, this_epoch: true, seq: room.newest() };
            let asks = |tab| Asks { tab: Some(tab), claim: Some(claim.clone()), ..anon("ali".into()) };
            (0..*count).flat_map(|n| join(n.into(), asks(from + n))).collect()
        }
        Step::Tabs { .. } => vec![],
        Step::Say { conn, id, letters } => {
            on(conn).map(|conn| say(conn, *id, *letters)).into_iter().collect()
        }
        Step::Flood { conn, others } => {
            let Some(conn) = on(conn) else { return vec![] };
            let first = 100 + room.said.len();
            (first..=first + others).chain([first]).map(|id| say(conn, id, 1)).collect()
        }
        Step::Typing { conn } => on(conn).map(Act::Typing).into_iter().collect(),
        Step::Rename { conn, name } => {
            on(conn).map(|conn| Act::Rename(conn, name.clone())).into_iter().collect()
        }
        Step::Look { conn } => on(conn).map(Act::Tabs).into_iter().collect(),
        Step::End { conn } => on(conn).map(Act::EndTabs).into_iter().collect(),
        Step::Leave { conn, clean } => on(conn).map(|conn| Act::Leave(conn, *clean)).into_iter().collect(),
        Step::Batch => vec![Act::Batch],
        Step::Wait(ms) => vec![Act::Wait(*ms)],
    }
}

/// The room, and the clients it talks to.
struct Stage {
    core: Twins,
    now: u64,
    clients: BTreeMap<ConnKey, Client>,
    conns: u64,
    heard: Vec<(usize, Heard)>,
    /// The tokens that came without a welcome.
    drawn: Vec<ResumeToken>,
    /// How many commands there were.
    asked: u64,
    /// Whether a batch has ended since the last act.
    settled: bool,
}

/// What a client knows, by the rules of docs/protocol.md.
#[derive(Default)]
struct Client {
    seq: Seq,
    members: BTreeMap<ClientId, Member>,
}

fn epoch() -> Epoch {
    Epoch::parse("e1").unwrap()
}

fn token(conn: u64) -> FreshToken {
    let mut random = [7; 32];
    random[..8].copy_from_slice(&conn.to_be_bytes());
    FreshToken::new(random)
}

impl Stage {
    fn act(&mut self, act: &Act) {
        let (now, mut effects) = (self.now, Vec::new());
        let key = |conn: usize| ConnKey(conn as u64);
        match act.clone() {
            Act::Open => self.conns += 1,
            Act::Join(conn, asks) => return self.join(conn, asks),
            Act::Say(conn, id, text) => self.ask(conn, Command::Say { id, text }, &mut effects),
            Act::Typing(conn) => self.ask(conn, Command::Typing, &mut effects),
            Act::Rename(conn, name) => self.ask(conn, Command::Rename { name }, &mut effects),
            Act::Tabs(conn) => self.ask(conn, Command::Tabs, &mut effects),
            Act::EndTabs(conn) => self.ask(conn, Command::EndTabs, &mut effects),
            Act::Leave(conn, clean) => {
                self.clients.remove(&key(conn));
                let how = if clean { Departure::Clean } else { Departure::Lost };
                self.core.take(&Wish::Leave { conn: key(conn), how }, now, &mut effects).unwrap();
            }
            Act::Batch => self.tick(now),
            Act::Wait(ms) => {
                let until = now + ms;
                while let Some(due) = self.core.next_deadline().filter(|due| *due <= until) {
                    self.tick(due.max(self.now));
                }
                self.now = until;
            }
        }
        self.perform(effects);
        self.settled = matches!(act, Act::Batch | Act::Wait(_));
    }

    fn ask(&mut self, conn: usize, command: Command, effects: &mut Vec<Effect>) {
        self.asked += 1;
        // As many bytes as a token has, and none that a join is given.
        let mut random = [9; 32];
        random[..8].copy_from_slice(&self.asked.to_be_bytes());
        let fresh = matches!(command, Command::EndTabs).then(|| Box::new(FreshToken::new(random)));
        let wish = Wish::Command { conn: ConnKey(conn as u64), command, fresh };
        self.core.take(&wish, self.now, effects).unwrap();
    }

    fn tick(&mut self, now: u64) {
        let mut effects = Vec::new();
        self.now = now;
        self.core.tick(now, &mut effects);
        self.perform(effects);
        assert!(self.core.next_deadline().is_none_or(|due| due > now), "woken for nothing, for ever");
    }

    fn join(&mut self, number: usize, asks: Asks) {
        let (conn, mut effects) = (ConnKey(number as u64), Vec::new());
        let join = Join {
            conn,
            client_id: asks.id,
            name: asks.name,
            tab: asks.tab.map(|tab| TabId::parse(&format!("t{tab}")).unwrap()),
            address: AddressKey(1),
            way: Way::Socket,
            claim: asks.claim.map(|claim| Claim {
                proof: match claim.token.checked_sub(model::DRAWN) {
                    Some(drawn) if drawn < self.drawn.len() => TokenHash::of(&self.drawn[drawn]),
                    _ => token(claim.token as u64).hash,
                },
                epoch: if claim.this_epoch { epoch() } else { Epoch::parse("e0").unwrap() },
                seq: claim.seq,
            }),
            teacher: None,
            token: token(conn.0),
            rate_limit: Some(Arc::new(RateLimit::new(0.0, 0.0, Instant::now()))),
        };
        match self.core.take(&Wish::Join(Box::new(join)), self.now, &mut effects) {
            Ok(()) => {
                self.clients.insert(conn, Client::default());
            }
            Err(refusal) => {
                assert!(effects.is_empty(), "a refusal changes nothing");
                self.heard.push((number, error(refusal.code, refusal.suggestion)));
            }
        }
        self.perform(effects);
        self.settled = false;
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Broadcast(msg) => {
                    for (conn, client) in &mut self.clients {
                        self.heard.extend(client.hear(*conn, &msg, true));
                    }
                }
                Effect::Send(conn, msg) => {
                    if let ServerMsg::Tabs { token, .. } = &msg {
                        self.drawn.extend(token.clone());
                    }
                    let client = self.clients.get_mut(&conn).expect("in the room");
                    self.heard.extend(client.hear(conn, &msg, false));
                }
                Effect::Replay(conn, missed) => {
                    let client = self.clients.get_mut(&conn).expect("in the room");
                    for said in missed {
                        self.heard.extend(client.hear(conn, &ServerMsg::Said(said), false));
                    }
                }
                Effect::Close(conn, code) => {
                    self.clients.remove(&conn).expect("in the room");
                    let heard = match code {
                        CloseCode::Replaced => Heard::Replaced,
                        CloseCode::Ended => Heard::Ended,
                        other => panic!("{other:?}"),
                    };
                    self.heard.push((conn.0 as usize, heard));
                }
            }
        }
    }
}

impl Client {
    fn hear(&mut self, conn: ConnKey, msg: &ServerMsg, everybody: bool) -> Option<(usize, Heard)> {
        let heard = match msg.clone() {
            ServerMsg::Welcome(welcome) => {
                assert!((&welcome.room, &welcome.epoch) == (&RoomId::parse("class").unwrap(), &epoch()));
                assert!(TokenHash::of(&welcome.token) == token(conn.0).hash);
                let count = welcome.members.len();
                let names: Vec<_> = welcome.members.iter().map(|member| member.name.clone()).collect();
                let alike = |(n, name): (usize, &Name)| names[..n].iter().any(|other| other.is_like(name));
                self.members = by_id(welcome.members);
                assert!(!names.iter().enumerate().any(alike), "names are unique");
                assert_eq!(self.members.len(), count, "ids are unique");
                assert_eq!(welcome.member_count as usize, count);
                assert_eq!(welcome.away_count as usize, away(&self.members));
                assert_eq!(self.members[&welcome.you.id], welcome.you);
                self.seq = welcome.seq;
                Heard::Welcome {
                    you: welcome.you.id,
                    members: self.members.clone(),
                    seq: welcome.seq,
                    recovered: welcome.recovered,
                }
            }
            ServerMsg::Said(said) if said.seq <= self.seq => {
                assert!(!everybody, "repeated");
                Heard::Again { seq: said.seq, id: said.id, from: said.from }
            }
            ServerMsg::Said(said) => {
                assert_eq!(said.seq, self.seq + 1, "a silent gap");
                self.seq = said.seq;
                if everybody {
                    let speaker = self.members.get(&said.from).map(|member| &member.name);
                    assert_eq!(speaker, Some(&said.name), "seen before heard");
                }
                Heard::Said(said)
            }
            ServerMsg::Presence(presence) => {
                assert!(everybody);
                for id in &presence.left {
                    self.members.remove(id);
                }
                self.members.extend(by_id(presence.joined));
                self.members.extend(by_id(presence.changed));
                assert_eq!(presence.member_count as usize, self.members.len());
                assert_eq!(presence.away_count as usize, away(&self.members));
                return None;
            }
            ServerMsg::Typing { from } => Heard::Typing(from),
            ServerMsg::Tabs { tabs, .. } => Heard::Tabs(tabs),
            ServerMsg::Error { code, suggestion, .. } => error(code, suggestion),
            _ => panic!("nobody asked"),
        };
        Some((conn.0 as usize, heard))
    }
}

fn away(members: &BTreeMap<ClientId, Member>) -> usize {
    members.values().filter(|member| member.away).count()
}

fn by_id(members: Vec<Member>) -> BTreeMap<ClientId, Member> {
    members.into_iter().map(|member| (member.id.clone(), member)).collect()
}

fn error(code: ErrorCode, suggestion: Option<Name>) -> Heard {
    match (code, suggestion) {
        (ErrorCode::NameTaken, Some(_)) => Heard::NameTaken,
        (ErrorCode::RoomFull, None) => Heard::Full,
        (ErrorCode::AlreadyJoined, None) => Heard::TooLate,
        other => panic!("{other:?}"),
    }
}

/// How long a presence may wait at most, by its promise: in a small room it does not.
fn presence_wait(members: usize) -> u64 {
    if members <= 32 { 0 } else { 2_000 }
}

impl StateMachineTest for Stage {
    type SystemUnderTest = Self;
    type Reference = Play;

    fn init_test(Play { room, .. }: &Play) -> Self {
        let limits = Limits {
            members: room.bounds.members,
            members_per_address: 0,
            history: HistoryLimits {
                messages: room.bounds.messages,
                bytes: room.bounds.bytes,
                age: room.bounds.age,
            },
            resume_window: room.bounds.window,
            previous_token: room.bounds.previous_token,
        };
        let opening = Opening { room: RoomId::parse("class").unwrap(), limits, class: None };
        let core = Twins::new(opening, &epoch());
        Self {
            core,
            now: room.now,
            clients: BTreeMap::new(),
            conns: 0,
            heard: Vec::new(),
            drawn: Vec::new(),
            asked: 0,
            settled: true,
        }
    }

    fn apply(mut stage: Self, Play { acts, .. }: &Play, _: Step) -> Self {
        stage.heard.clear();
        for act in acts {
            stage.act(act);
        }
        stage
    }

    fn check_invariants(stage: &Self, Play { room, .. }: &Play) {
        let sorted = |heard: &[(usize, Heard)]| {
            let mut heard = heard.to_vec();
            heard.sort_by_key(|(conn, _)| *conn);
            heard
        };
        assert_eq!(sorted(&stage.heard), sorted(&room.news), "what everybody hears");
        assert_eq!(stage.core.is_over(), room.is_over());
        let roster = room.roster();
        if stage.settled && room.now >= room.changed_at + presence_wait(roster.len()) {
            for client in stage.clients.values() {
                assert_eq!(client.members, roster, "who is here");
            }
        }
    }

    fn teardown(mut stage: Self, mut play: Play) {
        play.room.wait(2_000);
        play.room.news.clear();
        stage.heard.clear();
        stage.act(&Act::Batch);
        stage.act(&Act::Wait(2_000));
        Self::check_invariants(&stage, &play);
        for conn in std::mem::take(&mut stage.clients).into_keys() {
            let leave = Wish::Leave { conn, how: Departure::Lost };
            stage.core.take(&leave, stage.now, &mut Vec::new()).unwrap();
        }
        stage.act(&Act::Wait(play.room.bounds.window));
        assert!(stage.core.is_over(), "nobody is here and nobody may come back");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_room_does_what_the_protocol_promises(sequential 1..80 => Stage);
}
