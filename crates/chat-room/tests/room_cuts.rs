//! The wire is cut at every step of the protocol, ten thousand times over: a room's room, clients
//! that keep the rules of docs/protocol.md, and between them wires that lose whatever is behind the
//! cut. Everything is decided by the seed of the case, so a case that fails can be played again.
//! Nothing here knows how the room does it; what the room does for one step is `room_model`'s.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Instant,
};

use chat_protocol::{
    ClientId, CloseCode, Command, Epoch, ErrorCode, Member, Resume, RoomId, Said, SayId, Seq, ServerMsg,
    TabId, Text,
};
use chat_room::{
    AddressKey, ConnKey, Departure, Effect, FreshToken, HistoryLimits, Join, Limits, Opening, RateLimit,
    Room, Way, Wish,
};

const CASES: u64 = 10_000;
const WINDOW: u64 = 120_000;
const PREVIOUS_TOKEN: u64 = 60_000;

/// What a cut can lose, in the order of a connection's life. Each must have been lost by the end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Lost {
    Join,
    Welcome,
    /// A join that resumes, and the answer to it.
    Resume,
    WelcomeBack,
    /// The same, of one whose welcome back was lost before.
    ResumeAgain,
    WelcomeBackAgain,
    /// All of what was missed, or the rest of it.
    Replay,
    RestOfReplay,
    /// A message on its way, alone or behind others that arrived.
    Say,
    LaterSay,
    /// Its echo, in the room's buffer or already written.
    EchoUnwritten,
    Echo,
    SaidUnwritten,
    Said,
    Presence,
    /// The same message, sent again after a return.
    SayAgain,
    EchoAgain,
    Close,
    Nothing,
}

const ALL: [Lost; 19] = {
    use Lost::*;
    [
        Join,
        Welcome,
        Resume,
        WelcomeBack,
        ResumeAgain,
        WelcomeBackAgain,
        Replay,
        RestOfReplay,
        Say,
        LaterSay,
        EchoUnwritten,
        Echo,
        SaidUnwritten,
        Said,
        Presence,
        SayAgain,
        EchoAgain,
        Close,
        Nothing,
    ]
};

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// One of `0..sides`.
    fn of(&mut self, sides: usize) -> usize {
        (self.roll() % sides as u64) as usize
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.of(sides) == 0
    }
}

enum Up {
    Join(Option<Resume>, Lost),
    Say(SayId, Text, Lost),
    Close,
}

struct Down(ServerMsg, Lost);

/// One connection, with what is under way in it.
struct Wire {
    client: usize,
    up: VecDeque<Up>,
    /// What the room will write at the end of its batch.
    unwritten: Vec<Down>,
    down: VecDeque<Down>,
    is_cut: bool,
    in_room: bool,
    /// The room knows that it is over.
    is_over: bool,
    /// How the welcome counts, if it is lost.
    welcome: Lost,
}

/// Somebody who keeps the rules of docs/protocol.md.
struct Client {
    id: ClientId,
    tab: Option<TabId>,
    you: Option<ClientId>,
    place: Option<Resume>,
    members: BTreeMap<ClientId, Member>,
    wire: Option<usize>,
    welcomed: bool,
    /// Resumes since the last welcome.
    resumes: usize,
    still_to_say: usize,
    texts: Vec<Text>,
    waiting: Vec<Waiting>,
    log: Vec<Entry>,
}

struct Waiting {
    id: SayId,
    text: Text,
    sent: bool,
    sent_before: bool,
}

enum Entry {
    /// Everything after this one is for us.
    Begin(Seq),
    Said(Said),
    /// The server said that something may be missing.
    Gap,
}

impl Client {
    fn new(id: &str, tab: Option<&str>, still_to_say: usize) -> Self {
        Self {
            id: ClientId::parse(id).unwrap(),
            tab: tab.map(|tab| TabId::parse(tab).unwrap()),
            you: None,
            place: None,
            members: BTreeMap::new(),
            wire: None,
            welcomed: false,
            resumes: 0,
            still_to_say,
            texts: Vec::new(),
            waiting: Vec::new(),
            log: Vec::new(),
        }
    }

    fn hear(&mut self, msg: ServerMsg) {
        match msg {
            ServerMsg::Welcome(welcome) => {
                match &self.place {
                    None => self.log.push(Entry::Begin(welcome.seq)),
                    Some(place) if welcome.recovered => {
                        assert_eq!((&place.epoch, place.seq), (&welcome.epoch, welcome.seq), "recovered");
                    }
                    Some(_) => self.log.extend([Entry::Gap, Entry::Begin(welcome.seq)]),
                }
                self.place = Some(Resume { token: welcome.token, epoch: welcome.epoch, seq: welcome.seq });
                self.you = Some(welcome.you.id);
                self.members = by_id(welcome.members).collect();
                self.welcomed = true;
                self.resumes = 0;
            }
            ServerMsg::Said(said) => {
                assert!(self.welcomed);
                if self.you.as_ref() == Some(&said.from) {
                    self.waiting.retain(|waiting| waiting.id != said.id);
                }
                let place = self.place.as_mut().unwrap();
                if said.seq > place.seq {
                    assert_eq!(said.seq, place.seq + 1, "a silent gap");
                    place.seq = said.seq;
                    self.log.push(Entry::Said(said));
                }
            }
            ServerMsg::Presence(presence) => {
                self.members.retain(|id, _| !presence.left.contains(id));
                self.members.extend(by_id(presence.joined).chain(by_id(presence.changed)));
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }

    /// What to send on this wire next, if anything.
    fn next_say(&mut self) -> Option<Up> {
        let next = self.waiting.iter_mut().find(|waiting| self.welcomed && !waiting.sent)?;
        let lost = if next.sent_before { Lost::SayAgain } else { Lost::Say };
        (next.sent, next.sent_before) = (true, true);
        Some(Up::Say(next.id.clone(), next.text.clone(), lost))
    }
}

fn by_id(members: Vec<Member>) -> impl Iterator<Item = (ClientId, Member)> {
    members.into_iter().map(|member| (member.id.clone(), member))
}

/// One case: a room, its clients, the wires, and what was lost.
struct Case<'a> {
    dice: Dice,
    room: Room,
    now: u64,
    clients: Vec<Client>,
    wires: Vec<Wire>,
    /// Everything that the room said to everybody, in its order.
    truth: Vec<Said>,
    lost: &'a mut BTreeMap<Lost, u64>,
}

impl Case<'_> {
    fn act(&mut self, cuts: &mut usize, waits: bool) {
        let who = self.dice.of(self.clients.len());
        match self.dice.of(20) {
            0..=4 => self.room_reads(),
            5..=7 => self.client_reads(who),
            8 => self.client_speaks(who),
            9..=10 => self.client_sends(who),
            11..=12 => self.client_connects(who),
            13..=14 => self.client_notices(who),
            15 => self.room_notices(),
            16 if waits && self.dice.one_in(20) => self.now += WINDOW,
            16..=17 => self.end_batch(),
            _ if *cuts > 0 && self.cut(who) => *cuts -= 1,
            _ => {}
        }
    }

    fn client_connects(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.wire.is_some() {
            return;
        }
        let (join, welcome) = match (&client.place, client.resumes) {
            (None, _) => (Lost::Join, Lost::Welcome),
            (Some(_), 0) => (Lost::Resume, Lost::WelcomeBack),
            (Some(_), _) => (Lost::ResumeAgain, Lost::WelcomeBackAgain),
        };
        client.resumes += usize::from(client.place.is_some());
        client.wire = Some(self.wires.len());
        client.welcomed = false;
        for waiting in &mut client.waiting {
            waiting.sent = false;
        }
        self.wires.push(Wire {
            client: who,
            up: [Up::Join(client.place.clone(), join)].into(),
            unwritten: Vec::new(),
            down: VecDeque::new(),
            is_cut: false,
            in_room: false,
            is_over: false,
            welcome,
        });
    }

    fn client_speaks(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.still_to_say > 0 {
            client.still_to_say -= 1;
            let text = Text::parse(&format!("{who}-{}", client.still_to_say)).unwrap();
            let id = SayId::parse(text.as_str()).unwrap();
            client.texts.push(text.clone());
            client.waiting.push(Waiting { id, text, sent: false, sent_before: false });
        }
    }

    fn client_sends(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if let Some(wire) = client.wire
            && let Some(say) = client.next_say()
        {
            let wire = &mut self.wires[wire];
            if !wire.is_cut {
                wire.up.push_back(say);
            } else if let Up::Say(_, _, lost) = say {
                *self.lost.entry(lost).or_default() += 1;
            }
        }
    }

    fn client_reads(&mut self, who: usize) {
        if let Some(wire) = self.clients[who].wire
            && let Some(Down(msg, _)) = self.wires[wire].down.pop_front()
        {
            self.clients[who].hear(msg);
        }
    }

    fn client_notices(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.wire.is_some_and(|wire| self.wires[wire].is_cut && self.wires[wire].down.is_empty()) {
            client.wire = None;
            client.welcomed = false;
        }
    }

    /// Cuts the wire of this client, if it has one: of what is under way in either direction, some
    /// arrives and the rest is lost. Some clients get to close it properly, as a page does that is
    /// loaded again; then everything they wrote arrives.
    fn cut(&mut self, who: usize) -> bool {
        let Some(wire) = self.clients[who].wire.filter(|wire| !self.wires[*wire].is_cut) else {
            return false;
        };
        let wire = &mut self.wires[wire];
        wire.is_cut = true;
        let mut lost = Vec::new();
        if self.dice.one_in(4) {
            wire.up.push_back(Up::Close);
            if self.dice.one_in(4) {
                wire.up.pop_back();
                lost.push(Lost::Close);
            }
        } else {
            let arrive = self.dice.of(wire.up.len() + 1);
            let says = wire.up.iter().take(arrive).any(|up| matches!(up, Up::Say(..)));
            lost.extend(wire.up.drain(arrive..).map(|up| match up {
                Up::Say(_, _, Lost::Say) if says => Lost::LaterSay,
                Up::Join(_, lost) | Up::Say(_, _, lost) => lost,
                Up::Close => Lost::Close,
            }));
        }
        let arrive = self.dice.of(wire.down.len() + 1);
        let replays = wire.down.iter().take(arrive).any(|Down(_, lost)| *lost == Lost::Replay);
        lost.extend(wire.down.drain(arrive..).map(|Down(_, lost)| match lost {
            Lost::Replay if replays => Lost::RestOfReplay,
            lost => lost,
        }));
        lost.extend(wire.unwritten.drain(..).map(|Down(_, lost)| match lost {
            Lost::Echo => Lost::EchoUnwritten,
            Lost::Said => Lost::SaidUnwritten,
            lost => lost,
        }));
        if lost.is_empty() {
            lost.push(Lost::Nothing);
        }
        for lost in lost {
            *self.lost.entry(lost).or_default() += 1;
        }
        true
    }

    /// The room takes what came in on some wire, maybe one that its client gave up long ago.
    fn room_reads(&mut self) {
        let wire = self.dice.of(self.wires.len().max(1));
        let Some(up) = self.wires.get_mut(wire).and_then(|wire| wire.up.pop_front()) else { return };
        let (conn, mut effects) = (ConnKey(wire as u64), Vec::new());
        match up {
            Up::Join(resume, _) => {
                let client = &self.clients[self.wires[wire].client];
                let mut random = [0; 32];
                random[..8].copy_from_slice(&conn.0.to_be_bytes());
                let join = Join {
                    conn,
                    client_id: client.id.clone(),
                    name: None,
                    tab: client.tab.clone(),
                    address: AddressKey(1),
                    way: Way::Socket,
                    claim: resume.map(Into::into),
                    teacher: None,
                    token: FreshToken::new(random),
                    rate_limit: Some(Arc::new(RateLimit::new(0.0, 0.0, Instant::now()))),
                };
                match self.room.take(Wish::Join(Box::new(join)), self.now, &mut effects) {
                    Ok(()) => self.wires[wire].in_room = true,
                    Err(refusal) => {
                        assert_eq!(refusal.code, ErrorCode::AlreadyJoined);
                        assert!(self.wires[wire].is_cut, "refused, and waits for a welcome");
                    }
                }
            }
            Up::Say(id, text, _) => {
                let wish = Wish::Command { conn, command: Command::Say { id, text }, fresh: None };
                self.room.take(wish, self.now, &mut effects).unwrap();
            }
            Up::Close => self.room_lets_go(wire, Departure::Clean),
        }
        self.perform(effects);
    }

    fn room_notices(&mut self) {
        let wire = self.dice.of(self.wires.len().max(1));
        if self.wires.get(wire).is_some_and(|wire| wire.is_cut && wire.up.is_empty()) {
            self.room_lets_go(wire, Departure::Lost);
        }
    }

    fn room_lets_go(&mut self, wire: usize, how: Departure) {
        if !self.wires[wire].is_over {
            self.wires[wire].is_over = true;
            self.wires[wire].in_room = false;
            let leave = Wish::Leave { conn: ConnKey(wire as u64), how };
            self.room.take(leave, self.now, &mut Vec::new()).unwrap();
        }
    }

    fn end_batch(&mut self) {
        self.now += self.dice.roll() % 50;
        let mut effects = Vec::new();
        self.room.tick(self.now, &mut effects);
        self.perform(effects);
        for wire in &mut self.wires {
            wire.down.extend(wire.unwritten.drain(..));
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Broadcast(msg) => {
                    if let ServerMsg::Said(said) = &msg {
                        self.truth.push(said.clone());
                    }
                    for wire in 0..self.wires.len() {
                        if self.wires[wire].in_room {
                            self.write(wire, msg.clone(), None);
                        }
                    }
                }
                Effect::Send(conn, msg @ ServerMsg::Welcome(_)) => {
                    let wire = conn.0 as usize;
                    self.write(wire, msg, Some(self.wires[wire].welcome));
                }
                Effect::Send(conn, msg) => self.write(conn.0 as usize, msg, Some(Lost::EchoAgain)),
                Effect::Replay(conn, missed) => {
                    for said in missed {
                        self.write(conn.0 as usize, ServerMsg::Said(said), Some(Lost::Replay));
                    }
                }
                Effect::Close(conn, code) => {
                    assert_eq!(code, CloseCode::Replaced);
                    let wire = &mut self.wires[conn.0 as usize];
                    assert!(wire.is_cut, "the connection in use was closed");
                    wire.in_room = false;
                }
            }
        }
    }

    fn write(&mut self, wire: usize, msg: ServerMsg, lost: Option<Lost>) {
        let wire = &mut self.wires[wire];
        let lost = lost.unwrap_or_else(|| match &msg {
            ServerMsg::Said(said) if self.clients[wire.client].you.as_ref() == Some(&said.from) => Lost::Echo,
            ServerMsg::Said(_) => Lost::Said,
            _ => Lost::Presence,
        });
        if wire.is_cut {
            *self.lost.entry(lost).or_default() += 1;
        } else {
            wire.unwritten.push(Down(msg, lost));
        }
    }

    /// No more cuts: everybody comes back, says what is left to say, and hears what is left to hear.
    fn come_to_rest(&mut self) {
        for _ in 0..10_000 {
            for who in 0..self.clients.len() {
                self.client_notices(who);
                self.client_connects(who);
                self.client_speaks(who);
                self.client_sends(who);
                self.client_reads(who);
            }
            for _ in 0..4 {
                self.room_reads();
                self.room_notices();
            }
            self.end_batch();
            let done = |client: &Client| client.still_to_say == 0 && client.waiting.is_empty();
            let silent =
                |wire: &Wire| wire.up.is_empty() && wire.down.is_empty() && wire.is_over == wire.is_cut;
            if self.clients.iter().all(done) && self.wires.iter().all(silent) {
                return;
            }
        }
        panic!("never comes to rest");
    }

    /// Nothing lost, repeated or reordered for anybody, unless they were told.
    fn check(&self, may_forget: bool, may_miss: bool) {
        assert!(self.truth.iter().map(|said| said.seq).eq(1..=self.truth.len() as Seq), "one order, no gaps");
        for client in &self.clients {
            let (mut read, mut gaps) = (0, 0);
            for entry in &client.log {
                match entry {
                    Entry::Begin(seq) => read = *seq,
                    Entry::Gap => gaps += 1,
                    Entry::Said(said) => {
                        read += 1;
                        assert_eq!(said, &self.truth[read as usize - 1], "the same to everybody, in order");
                    }
                }
            }
            assert_eq!(read as usize, self.truth.len(), "up to the last");
            assert!(gaps == 0 || may_miss || may_forget, "told of a gap without need");

            let said =
                |text| self.truth.iter().filter(|said| said.text == text).map(|said| said.seq).collect();
            let seqs: Vec<Vec<Seq>> = client.texts.iter().cloned().map(said).collect();
            if may_forget && gaps > 0 {
                assert!(seqs.iter().all(|seqs| !seqs.is_empty()), "said");
            } else {
                assert!(seqs.iter().all(|seqs| seqs.len() == 1), "said once: {seqs:?}");
                assert!(seqs.is_sorted(), "said in order: {seqs:?}");
            }
            assert_eq!(client.members, self.clients[0].members, "the same people");
            assert!(client.members.contains_key(client.you.as_ref().unwrap()));
        }
    }
}

/// Every sixteenth room remembers little, and every other sixteenth is left alone for longer than it
/// waits: there somebody may miss something, and must then be told.
fn play(seed: u64, lost: &mut BTreeMap<Lost, u64>) {
    let (may_miss, may_forget) = (seed % 16 == 7, seed % 16 == 15);
    let limits = Limits {
        members: 50,
        members_per_address: 0,
        history: HistoryLimits { messages: if may_miss { 3 } else { 100 }, bytes: 1 << 20, age: 10 * WINDOW },
        resume_window: WINDOW,
        previous_token: PREVIOUS_TOKEN,
    };
    let (room, epoch) = (RoomId::parse("class").unwrap(), Epoch::parse("e1").unwrap());
    let room = Room::new(Opening { room, limits, class: None }, epoch);
    // Two of them would like the same id.
    let clients = vec![
        Client::new("ali", Some("t1"), 4),
        Client::new("ali", None, 4),
        Client::new("sara", Some("t1"), 3),
    ];
    let (wires, truth) = (Vec::new(), Vec::new());
    let mut case = Case { dice: Dice(seed), room, now: 1_000, clients, wires, truth, lost };
    let mut cuts = 1 + case.dice.of(12);
    for _ in 0..200 {
        case.act(&mut cuts, may_forget);
    }
    case.come_to_rest();
    case.check(may_forget, may_miss);
}

#[test]
fn ten_thousand_cuts_break_no_delivery() {
    let mut lost = BTreeMap::new();
    for seed in 0..CASES {
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(seed, &mut lost)));
        if let Err(panic) = played {
            eprintln!("the seed was {seed}");
            std::panic::resume_unwind(panic);
        }
    }
    for what in ALL {
        assert!(lost.get(&what).is_some_and(|times| *times > 0), "never lost: {what:?}");
    }
    println!("lost, and nobody missed it: {lost:?}");
}
