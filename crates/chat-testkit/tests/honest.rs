//! Whatever an honest server does is accepted, and whatever is changed in it afterwards is not. The
//! honest server is a few lines that anybody can check by reading: it keeps everything, delivers when
//! told to, and loses what was on its way when a connection is cut. The clients are real ones.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, HashMap, VecDeque};

use chat_protocol::{
    ClientId, ClientMsg, Command, Epoch, Member, Name, Presence, ResumeToken, RoomId, Said, SayId, Seq,
    ServerMsg, Text, Welcome,
};
use chat_testkit::{
    checker::{Checker, Event},
    session::{Liveness, Session},
    violation::{ClientNo, Violation},
};
use proptest::prelude::*;

const CLIENTS: usize = 4;
/// How many messages back a resume may reach.
const HISTORY: usize = 12;
const SILENCE_IS_FINE: Liveness = Liveness { ping_after: u64::MAX / 2, dead_after: u64::MAX / 2 };

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A client wants to say something.
    Say(usize),
    /// A client sends the next of what it has to send.
    Send(usize),
    /// The server takes the next of what a client sent.
    Serve(usize),
    /// A client reads the next of what the server sent it.
    Read(usize),
    /// What is on its way is lost.
    Cut(usize),
    /// A client connects.
    Open(usize),
    /// The server forgets everything.
    Restart,
}

fn op() -> impl Strategy<Value = Op> {
    let client = || 0..CLIENTS;
    prop_oneof![
        12 => client().prop_map(Op::Say),
        24 => client().prop_map(Op::Send),
        24 => client().prop_map(Op::Serve),
        40 => client().prop_map(Op::Read),
        6 => client().prop_map(Op::Cut),
        20 => client().prop_map(Op::Open),
        1 => Just(Op::Restart),
    ]
}

struct Person {
    session: Session,
    /// Whether it has a connection, and what is on its way on it.
    open: bool,
    up: VecDeque<ClientMsg>,
    down: VecDeque<ServerMsg>,
    said: usize,
}

/// One identity at the server.
struct Identity {
    member: Member,
    holder: Option<usize>,
    says: HashMap<SayId, Seq>,
}

struct World {
    people: Vec<Person>,
    life: u32,
    said: Vec<Said>,
    identities: BTreeMap<u64, Identity>,
    arrivals: u64,
    history: Vec<(ClientNo, Event)>,
}

fn room() -> RoomId {
    RoomId::parse("class").unwrap()
}

fn token(key: u64) -> ResumeToken {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&key.to_be_bytes());
    ResumeToken::from_bytes(bytes)
}

impl World {
    fn new() -> Self {
        let person = |n: usize| Person {
            session: Session::new(Name::parse(&format!("person {n}")).unwrap(), SILENCE_IS_FINE),
            open: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            said: 0,
        };
        Self {
            people: (0..CLIENTS).map(person).collect(),
            life: 1,
            said: Vec::new(),
            identities: BTreeMap::new(),
            arrivals: 0,
            history: Vec::new(),
        }
    }

    /// What happened, after everybody has come back and heard all of it.
    fn play(ops: Vec<Op>) -> Vec<(ClientNo, Event)> {
        let mut world = Self::new();
        for op in ops {
            world.perform(op);
        }
        for _ in 0..2 {
            (0..CLIENTS).for_each(|no| world.perform(Op::Open(no)));
            while (0..CLIENTS).any(|no| world.send(no) | world.serve(no) | world.read(no)) {}
        }
        world.history
    }

    fn perform(&mut self, op: Op) {
        match op {
            Op::Say(no) => {
                let person = &mut self.people[no];
                person.said += 1;
                person.session.say(Text::parse(&format!("{no} says its {}th", person.said)).unwrap());
            }
            Op::Send(no) => drop(self.send(no)),
            Op::Serve(no) => drop(self.serve(no)),
            Op::Read(no) => drop(self.read(no)),
            Op::Cut(no) => self.cut(no),
            Op::Open(no) => {
                if !self.people[no].open {
                    self.people[no].open = true;
                    self.people[no].session.open(0);
                    self.note(no, Event::Open(room()));
                }
            }
            Op::Restart => {
                (0..CLIENTS).for_each(|no| self.cut(no));
                self.life += 1;
                self.said.clear();
                self.identities.clear();
            }
        }
    }

    fn note(&mut self, no: usize, event: Event) {
        self.history.push((ClientNo(no), event));
    }

    fn send(&mut self, no: usize) -> bool {
        let person = &mut self.people[no];
        let Some(message) = person.open.then(|| person.session.send(0)).flatten() else { return false };
        person.up.push_back(message.clone());
        self.note(no, Event::Sent(message));
        true
    }

    fn read(&mut self, no: usize) -> bool {
        let Some(message) = self.people[no].down.pop_front() else { return false };
        self.people[no].session.hear(&message, 0);
        self.note(no, Event::Heard(message));
        true
    }

    fn cut(&mut self, no: usize) {
        let person = &mut self.people[no];
        if !std::mem::take(&mut person.open) {
            return;
        }
        person.up.clear();
        person.down.clear();
        assert!(person.session.over(1006, 0.5).is_some());
        self.note(no, Event::Over);
        if let Some(key) = self.key(no) {
            let identity = self.identities.get_mut(&key).unwrap();
            identity.holder = None;
            identity.member.away = true;
            self.tell(key, false);
        }
    }

    fn key(&self, no: usize) -> Option<u64> {
        self.identities.iter().find(|(_, identity)| identity.holder == Some(no)).map(|(key, _)| *key)
    }

    fn broadcast(&mut self, message: &ServerMsg) {
        for no in self.identities.values().filter_map(|identity| identity.holder) {
            self.people[no].down.push_back(message.clone());
        }
    }

    fn tell(&mut self, key: u64, is_new: bool) {
        let mut presence = Presence { member_count: self.identities.len() as u32, ..Presence::default() };
        let whom = if is_new { &mut presence.joined } else { &mut presence.changed };
        whom.push(self.identities[&key].member.clone());
        self.broadcast(&ServerMsg::Presence(presence));
    }

    fn serve(&mut self, no: usize) -> bool {
        let Some(message) = self.people[no].up.pop_front() else { return false };
        match message {
            ClientMsg::Join { name, resume, .. } => {
                let known = resume.as_ref().and_then(|resume| {
                    self.identities.keys().copied().find(|key| token(*key) == resume.token)
                });
                let key = known.unwrap_or(self.arrivals);
                if known.is_none() {
                    self.arrivals += 1;
                    let id = ClientId::parse(&format!("p{no}")).unwrap();
                    let taken = self.identities.values().any(|other| other.member.id == id);
                    let id = if taken { id.numbered(key as usize + 2) } else { id };
                    let member = Member::new(id, name.unwrap());
                    self.identities.insert(key, Identity { member, holder: None, says: HashMap::new() });
                }
                let identity = self.identities.get_mut(&key).unwrap();
                identity.holder = Some(no);
                identity.member.away = false;
                let you = identity.member.clone();
                let newest = self.said.len() as Seq;
                let from = resume
                    .filter(|resume| known.is_some() && resume.epoch == self.epoch())
                    .map(|resume| resume.seq)
                    .filter(|seq| newest - seq <= HISTORY as Seq);
                let members: Vec<Member> =
                    self.identities.values().map(|identity| identity.member.clone()).collect();
                let welcome = Welcome {
                    you,
                    room: room(),
                    epoch: self.epoch(),
                    seq: from.unwrap_or(newest),
                    token: token(key),
                    recovered: from.is_some(),
                    member_count: members.len() as u32,
                    away_count: 0,
                    members,
                };
                self.people[no].down.push_back(ServerMsg::Welcome(welcome));
                let missed = &self.said[from.unwrap_or(newest) as usize..];
                self.people[no].down.extend(missed.iter().cloned().map(ServerMsg::Said));
                self.tell(key, known.is_none());
            }
            ClientMsg::Command(Command::Say { id, text }) => {
                let key = self.key(no).unwrap();
                if let Some(seq) = self.identities[&key].says.get(&id) {
                    let said = self.said[*seq as usize - 1].clone();
                    self.people[no].down.push_back(ServerMsg::Said(said));
                    return true;
                }
                let seq = self.said.len() as Seq + 1;
                let identity = self.identities.get_mut(&key).unwrap();
                identity.says.insert(id.clone(), seq);
                let Member { id: from, name, .. } = identity.member.clone();
                let said = Said { seq, id, from, name, text, at: seq };
                self.said.push(said.clone());
                self.broadcast(&ServerMsg::Said(said));
            }
            ClientMsg::Ping { n } => self.people[no].down.push_back(ServerMsg::Pong { n }),
            ClientMsg::Command(_) => {}
        }
        true
    }

    fn epoch(&self) -> Epoch {
        Epoch::parse(&format!("life-{}", self.life)).unwrap()
    }
}

fn verdict(history: &[(ClientNo, Event)]) -> Vec<Violation> {
    let mut checker = Checker::default();
    for (client, event) in history {
        checker.observe(*client, event);
    }
    let everybody: Vec<ClientNo> = (0..CLIENTS).map(ClientNo).collect();
    checker.finish(&everybody).0
}

/// One change to what was heard.
#[derive(Clone, Copy, Debug)]
enum Mutation {
    Drop,
    Duplicate,
    Swap,
    Alter,
    Forge,
    ClaimRecovery,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use Mutation::{Alter, ClaimRecovery, Drop, Duplicate, Forge, Swap};
    prop_oneof![Just(Drop), Just(Duplicate), Just(Swap), Just(Alter), Just(Forge), Just(ClaimRecovery)]
}

fn said(event: &Event) -> Option<&Said> {
    match event {
        Event::Heard(ServerMsg::Said(said)) => Some(said),
        _ => None,
    }
}

/// Where the next event of the same client is.
fn next_of(history: &[(ClientNo, Event)], at: usize) -> Option<usize> {
    (at + 1..history.len()).find(|later| history[*later].0 == history[at].0)
}

/// Applies it at one of the places where it can be, if there is one.
fn mutate(history: &mut Vec<(ClientNo, Event)>, mutation: Mutation, choice: prop::sample::Index) -> bool {
    let fits = |at: &usize| {
        let (client, event) = &history[*at];
        match (mutation, event, said(event)) {
            (Mutation::ClaimRecovery, Event::Heard(ServerMsg::Welcome(welcome)), _) => !welcome.recovered,
            // One's own may come twice: what was sent again is answered besides being replayed.
            (Mutation::Duplicate, _, Some(said)) => {
                !said.from.as_str().starts_with(&format!("p{}", client.0))
            }
            (Mutation::Swap, _, Some(earlier)) => next_of(history, *at)
                .and_then(|next| said(&history[next].1))
                .is_some_and(|later| later.seq == earlier.seq + 1),
            (Mutation::Drop | Mutation::Alter | Mutation::Forge, _, said) => said.is_some(),
            _ => false,
        }
    };
    let places: Vec<usize> = (0..history.len()).filter(fits).collect();
    if places.is_empty() {
        return false;
    }
    let at = places[choice.index(places.len())];
    match mutation {
        Mutation::Drop => drop(history.remove(at)),
        Mutation::Duplicate => history.insert(at, history[at].clone()),
        Mutation::Swap => {
            let next = next_of(history, at).unwrap();
            history.swap(at, next);
        }
        Mutation::Alter | Mutation::Forge | Mutation::ClaimRecovery => match &mut history[at].1 {
            Event::Heard(ServerMsg::Said(said)) if matches!(mutation, Mutation::Alter) => {
                said.text = Text::parse("something else").unwrap();
            }
            Event::Heard(ServerMsg::Said(said)) => said.id = SayId::parse("forged").unwrap(),
            Event::Heard(ServerMsg::Welcome(welcome)) => welcome.recovered = true,
            _ => unreachable!("places are chosen so"),
        },
    }
    true
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(64)
}

proptest! {
    // A second or two, all in all; PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn an_honest_history_is_accepted(ops in prop::collection::vec(op(), 0..400)) {
        prop_assert_eq!(verdict(&World::play(ops)), []);
    }

    #[test]
    fn history_with_one_change_is_rejected(
        ops in prop::collection::vec(op(), 20..400),
        mutation in mutation(),
        choice: prop::sample::Index,
    ) {
        let mut history = World::play(ops);
        prop_assume!(mutate(&mut history, mutation, choice));
        prop_assert_ne!(verdict(&history), []);
    }
}
