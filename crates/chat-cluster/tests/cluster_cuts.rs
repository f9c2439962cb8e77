//! Three nodes run one room, and everything between them breaks, ten thousand times over: what is heard of the
//! log is lost, doubled and late, answers to appends are lost before or after they counted, nodes are killed and
//! paused, the engine is exchanged for an empty one, and the clients' wires are cut. Everything is decided by the
//! seed of the case, so that a case that fails can be played again. The shell of a node is played here; what it
//! decides is [`Replica`]'s and the room's. The last test breaks the shell on purpose and sees it found out.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::Hasher,
    panic::{AssertUnwindSafe, catch_unwind},
};

use chat_cluster::{
    Append, Appended, Begun, Entry, FollowerKey, Heard, MemoryLog, Next, Over, Place, Replica, Tag,
};
use chat_protocol::{
    ClientId, Command, Epoch, ErrorCode, Member, Resume, RoomId, Said, SayId, Seq, ServerMsg, TabId, Text,
};
use chat_room::{
    AddressKey, ConnKey, Departure, Effect, FreshToken, HistoryLimits, Join, Limits, Ms, Opening, Refusal,
    Room, Way, Wish,
};
use siphasher::sip::SipHasher13;

const CASES: u64 = 10_000;
const ROOM: &str = "class";
const NODES: usize = 3;
/// Little enough that there are some in each case.
const SNAPSHOT_EVERY: usize = 0;

/// What is wrong with the shell, on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mutation {
    None,
    /// An entry is applied whether it is the next or not.
    ChainIgnored,
    /// A batch is applied when the log has taken it, and not in its place.
    AppliedWhenAcknowledged,
    /// A batch in doubt is sent again as another one.
    SentAsAnother,
    /// A batch in doubt is not sent again.
    NotSentAgain,
    /// Nodes that are gone stay in the room.
    GoneIgnored,
    /// A snapshot is put one place before it belongs.
    SnapshotOffByOne,
    /// A gap in what is heard is not closed by reading the log.
    LogNotRead,
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn of(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.of(sides) == 0
    }
}

enum Up {
    Join(Option<Resume>),
    Say(SayId, Text),
    Close,
}

/// One connection, with what is under way in it.
struct Wire {
    client: usize,
    node: usize,
    conn: ConnKey,
    up: VecDeque<Up>,
    down: VecDeque<ServerMsg>,
    is_cut: bool,
    /// The node knows that it is over.
    is_over: bool,
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
    still_to_say: usize,
    texts: Vec<Text>,
    waiting: Vec<(SayId, Text, bool)>,
    log: Vec<Noted>,
}

enum Noted {
    /// Everything after this one is for us.
    Begin(Epoch, Seq),
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
            still_to_say,
            texts: Vec::new(),
            waiting: Vec::new(),
            log: Vec::new(),
        }
    }

    fn hear(&mut self, message: ServerMsg) {
        match message {
            ServerMsg::Welcome(welcome) => {
                match &self.place {
                    Some(place) if welcome.recovered => {
                        assert_eq!((&place.epoch, place.seq), (&welcome.epoch, welcome.seq), "recovered");
                    }
                    place => {
                        self.log.extend(place.is_some().then_some(Noted::Gap));
                        self.log.push(Noted::Begin(welcome.epoch.clone(), welcome.seq));
                    }
                }
                self.place = Some(Resume { token: welcome.token, epoch: welcome.epoch, seq: welcome.seq });
                self.you = Some(welcome.you.id);
                self.members = by_id(welcome.members).collect();
                self.welcomed = true;
            }
            ServerMsg::Said(said) => {
                assert!(self.welcomed);
                if self.you.as_ref() == Some(&said.from) {
                    self.waiting.retain(|(id, ..)| *id != said.id);
                }
                let place = self.place.as_mut().unwrap();
                if said.seq > place.seq {
                    assert_eq!(said.seq, place.seq + 1, "a silent gap");
                    place.seq = said.seq;
                    self.log.push(Noted::Said(said));
                }
            }
            ServerMsg::Presence(presence) => {
                self.members.retain(|id, _| !presence.left.contains(id));
                self.members.extend(by_id(presence.joined).chain(by_id(presence.changed)));
            }
            other => panic!("nobody asked for {other:?}"),
        }
    }
}

fn by_id(members: Vec<Member>) -> impl Iterator<Item = (ClientId, Member)> {
    members.into_iter().map(|member| (member.id.clone(), member))
}

struct Node {
    number: u32,
    /// It does nothing, and does not know it.
    is_paused: bool,
    copy: Option<Copy>,
}

impl Node {
    /// Its copy, where it does something.
    fn awake(&mut self) -> Option<&mut Copy> {
        self.copy.as_mut().filter(|_| !self.is_paused)
    }
}

/// A node's copy of the room. With each of its wishes goes the wire of a join.
struct Copy {
    replica: Replica<Option<usize>>,
    room: Room,
    follower: FollowerKey,
    /// The wires of those who are in the room here.
    members: BTreeSet<usize>,
    /// Heard once, and to be heard again.
    again: Vec<Entry>,
}

struct Case {
    mutation: Mutation,
    dice: Dice,
    log: MemoryLog,
    now: Ms,
    nodes: Vec<Node>,
    /// Whose keys are away: those that were killed, and those that were paused for long.
    gone: Vec<(u32, ConnKey)>,
    clients: Vec<Client>,
    wires: Vec<Wire>,
    /// What each life of the room said to everybody, in its order, and what each entry came to.
    truth: BTreeMap<Epoch, Vec<Said>>,
    digests: BTreeMap<(Epoch, u64), u64>,
    /// Of lives, batches and nodes; each is used once.
    names: u64,
    eras: usize,
    snapshots: usize,
}

impl Case {
    fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    fn act(&mut self, calamities: &mut usize) {
        let (who, at) = (self.dice.of(self.clients.len()), self.dice.of(NODES));
        self.now += self.dice.of(20) as Ms;
        match self.dice.of(30) {
            0..=4 => self.node_reads_wire(at),
            5..=8 => self.node_hears(at, true),
            9..=11 => self.node_appends(at, true),
            12 => self.node_reads_log(at, true),
            13 => self.node_ticks(at),
            14 => self.node_looks_for_gone(at),
            15..=16 => self.client_reads(who),
            17 => self.client_speaks(who),
            18..=19 => self.client_sends(who),
            20..=22 => self.client_connects(who),
            23..=24 => self.client_notices(who),
            25 => self.node_notices(),
            26 => self.nodes[at].is_paused = false,
            _ if *calamities > 0 => {
                *calamities -= 1;
                match self.dice.of(12) {
                    0 => self.kill(at),
                    1..=2 => self.pause(at),
                    3 if self.dice.one_in(4) => {
                        self.log.begin_era();
                        self.eras += 1;
                    }
                    _ => self.cut(who),
                }
            }
            _ => {}
        }
    }

    // Clients.

    fn client_connects(&mut self, who: usize) {
        let node = self.dice.of(NODES);
        let conn = ConnKey((self.name() << ConnKey::NODE_BITS) | u64::from(self.nodes[node].number));
        let client = &mut self.clients[who];
        if client.wire.is_some() {
            return;
        }
        client.wire = Some(self.wires.len());
        client.welcomed = false;
        client.waiting.iter_mut().for_each(|(.., sent)| *sent = false);
        self.wires.push(Wire {
            client: who,
            node,
            conn,
            up: [Up::Join(client.place.clone())].into(),
            down: VecDeque::new(),
            is_cut: false,
            is_over: false,
        });
    }

    fn client_speaks(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.still_to_say > 0 {
            client.still_to_say -= 1;
            let text = Text::parse(&format!("{who}-{}", client.still_to_say)).unwrap();
            client.texts.push(text.clone());
            client.waiting.push((SayId::parse(text.as_str()).unwrap(), text, false));
        }
    }

    fn client_sends(&mut self, who: usize) {
        let client = &mut self.clients[who];
        let Some(wire) = client.wire.filter(|_| client.welcomed) else { return };
        if let Some((id, text, sent)) = client.waiting.iter_mut().find(|(.., sent)| !sent) {
            *sent = true;
            if !self.wires[wire].is_cut {
                self.wires[wire].up.push_back(Up::Say(id.clone(), text.clone()));
            }
        }
    }

    fn client_reads(&mut self, who: usize) {
        if let Some(wire) = self.clients[who].wire
            && let Some(message) = self.wires[wire].down.pop_front()
        {
            self.clients[who].hear(message);
        }
    }

    fn client_notices(&mut self, who: usize) {
        let client = &mut self.clients[who];
        if client.wire.is_some_and(|wire| self.wires[wire].is_cut && self.wires[wire].down.is_empty()) {
            client.wire = None;
            client.welcomed = false;
        }
    }

    /// Cuts the wire of this client, if it has one: of what is under way in either direction, some arrives and the
    /// rest is lost; or the client closes it, and all it wrote arrives.
    fn cut(&mut self, who: usize) {
        let Some(wire) = self.clients[who].wire.filter(|wire| !self.wires[*wire].is_cut) else { return };
        let wire = &mut self.wires[wire];
        wire.is_cut = true;
        if self.dice.one_in(4) {
            wire.up.push_back(Up::Close);
        } else {
            wire.up.truncate(self.dice.of(wire.up.len() + 1));
        }
        wire.down.truncate(self.dice.of(wire.down.len() + 1));
    }

    // Nodes.

    /// Takes what came in on some wire of this node, maybe one that its client gave up long ago.
    fn node_reads_wire(&mut self, at: usize) {
        if self.nodes[at].is_paused {
            return;
        }
        let mine: Vec<usize> = (0..self.wires.len()).filter(|wire| self.wires[*wire].node == at).collect();
        let Some(&wire) = mine.get(self.dice.of(mine.len().max(1))) else { return };
        if self.wires[wire].is_over {
            self.wires[wire].up.clear();
        }
        let Some(up) = self.wires[wire].up.pop_front() else { return };
        let conn = self.wires[wire].conn;
        match up {
            Up::Join(resume) => {
                self.open(at);
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
                    rate_limit: None,
                };
                self.wish(at, Wish::Join(Box::new(join)), Some(wire));
            }
            Up::Say(id, text) => {
                let say = Wish::Command { conn, command: Command::Say { id, text }, fresh: None };
                self.wish(at, say, None);
            }
            Up::Close => self.let_go(wire, Departure::Clean),
        }
    }

    fn node_notices(&mut self) {
        let wire = self.dice.of(self.wires.len().max(1));
        let lost = self.wires.get(wire).is_some_and(|wire| wire.is_cut && wire.up.is_empty());
        if lost && !self.nodes[self.wires[wire].node].is_paused {
            self.let_go(wire, Departure::Lost);
        }
    }

    fn let_go(&mut self, wire: usize, how: Departure) {
        if !self.wires[wire].is_over {
            self.wires[wire].is_over = true;
            let (at, conn) = (self.wires[wire].node, self.wires[wire].conn);
            self.wish(at, Wish::Leave { conn, how }, None);
        }
    }

    fn wish(&mut self, at: usize, wish: Wish, with: Option<usize>) {
        if let Some(copy) = &mut self.nodes[at].copy {
            copy.replica.wish(wish, with);
        }
    }

    /// Makes a copy of the room, if this node has none; and the room, if there is none.
    fn open(&mut self, at: usize) {
        if self.nodes[at].copy.is_some() {
            return;
        }
        let number = self.nodes[at].number;
        let follower = self.log.follow(ROOM);
        let loaded = loop {
            if let Some(loaded) = self.log.load(ROOM, self.now) {
                break loaded;
            }
            let limits = Limits {
                members: 50,
                members_per_address: 0,
                history: HistoryLimits { messages: 100, bytes: 1 << 20, age: 1 << 40 },
                resume_window: 1 << 40,
                previous_token: 1 << 40,
            };
            let begun =
                Begun::with(Opening { room: RoomId::parse(ROOM).unwrap(), limits, class: None }).to_json();
            let life = Epoch::parse(&format!("life{}", self.name())).unwrap();
            let tag = Tag { node: number, batch: self.name() };
            let batch = Begun::first_batch();
            let append = Append { life: &life, tag, batch: &batch, seen: 0, opening: Some(&begun) };
            self.log.append(ROOM, append, self.now);
        };
        let (replica, room) = Replica::of(number, &loaded, self.now).unwrap();
        let replica = replica.with_snapshot_every(SNAPSHOT_EVERY);
        let (members, again) = (BTreeSet::new(), Vec::new());
        self.nodes[at].copy = Some(Copy { replica, room, follower, members, again });
        for entry in loaded.tail {
            self.hear(at, &entry);
        }
        if self.nodes[at].copy.as_ref().is_some_and(|copy| copy.room.nodes().contains(&number)) {
            let before = ConnKey(self.names << ConnKey::NODE_BITS);
            self.wish(at, Wish::Gone { node: number, before }, None);
        }
    }

    /// Sends what is to be sent; the answer may be lost, before the log has taken it or after.
    fn node_appends(&mut self, at: usize, breaks: bool) {
        let (draw, fate) = (self.name(), if breaks { self.dice.of(5) } else { 4 });
        let Some(copy) = self.nodes[at].awake() else { return };
        let Some(append) = copy.replica.to_append(|| draw) else { return };
        let Append { life, mut tag, batch, seen, .. } = append.append();
        if self.mutation == Mutation::SentAsAnother {
            tag.batch = draw;
        }
        let acknowledged = self.mutation == Mutation::AppliedWhenAcknowledged;
        let (life, batch) = (life.clone(), batch.to_owned());
        let answer = (fate > 0).then(|| {
            let append = Append { life: &life, tag, batch: &batch, seen, opening: None };
            self.log.append(ROOM, append, self.now)
        });
        match answer.filter(|_| fate > 1) {
            None if self.mutation == Mutation::NotSentAgain => {}
            None => copy.replica.is_in_doubt(),
            Some(Appended::Taken { .. }) if acknowledged => {
                let Place { n, tag: prev } = copy.replica.place();
                let entry = Entry { life, n: n + 1, prev, tag, at: self.now, batch };
                self.hear(at, &entry);
            }
            Some(answer) => {
                if let Err(over) = copy.replica.appended(answer, self.now) {
                    self.over(at, &over);
                }
            }
        }
    }

    /// Hears what comes next of the log, if anything: it may be lost on the way, or come twice.
    fn node_hears(&mut self, at: usize, breaks: bool) {
        let fate = if breaks { self.dice.of(8) } else { 7 };
        let Some(copy) = self.nodes[at].awake() else { return };
        if fate == 0
            && let Some(entry) = copy.again.pop()
        {
            return self.hear(at, &entry);
        }
        match self.log.hear(copy.follower) {
            None => {}
            Some(Heard::Missed) => copy.replica.missed(),
            Some(Heard::Ended(life)) if life == *copy.replica.life() => self.over(at, &Over::Ended),
            Some(Heard::Ended(_)) => {}
            Some(Heard::Entry(_)) if fate == 1 => {}
            Some(Heard::Entry(entry)) => {
                if fate == 2 {
                    copy.again.push(entry.clone());
                }
                self.hear(at, &entry);
            }
        }
    }

    fn node_reads_log(&mut self, at: usize, breaks: bool) {
        let is_lost = breaks && self.dice.one_in(4);
        let Some(copy) = self.nodes[at].awake() else { return };
        let Some(after) = copy.replica.to_read(self.now) else { return };
        if is_lost || self.mutation == Mutation::LogNotRead {
            return copy.replica.not_read();
        }
        let read = self.log.read(ROOM, copy.replica.life(), after, self.now);
        match copy.replica.read(read, self.now) {
            Ok(entries) => entries.iter().for_each(|entry| self.hear(at, entry)),
            Err(over) => self.over(at, &over),
        }
    }

    fn hear(&mut self, at: usize, entry: &Entry) {
        // Its copy may have ended with the entry before.
        let Some(copy) = &mut self.nodes[at].copy else { return };
        let mut entry = entry.clone();
        if self.mutation == Mutation::ChainIgnored && entry.n > copy.replica.place().n {
            (entry.n, entry.prev) = (copy.replica.place().n + 1, copy.replica.place().tag);
        }
        match copy.replica.hear(&entry, self.now) {
            Ok(None) => {}
            Ok(Some(next)) => self.apply(at, next),
            Err(over) => self.over(at, &over),
        }
    }

    fn apply(&mut self, at: usize, next: Next<Option<usize>>) {
        let mut copy = self.nodes[at].copy.take().unwrap();
        let now = copy.replica.at();
        let mut digest = SipHasher13::new();
        digest.write_u64(copy.replica.digest());
        let wishes: Vec<_> = match next {
            Next::Ours(wishes) => wishes,
            Next::Theirs(wishes) => wishes.into_iter().map(|wish| (wish, None)).collect(),
        };
        let mut effects = Vec::new();
        copy.room.tick(now, &mut effects);
        self.perform(at, &mut copy, &mut effects, &mut digest);
        for (wish, wire) in wishes {
            if self.mutation == Mutation::GoneIgnored && matches!(wish, Wish::Gone { .. }) {
                continue;
            }
            match (copy.room.take(wish, now, &mut effects), wire) {
                (Ok(()), Some(wire)) => {
                    copy.members.insert(wire);
                }
                (Err(Refusal { code, .. }), Some(wire)) => {
                    assert_eq!(code, ErrorCode::AlreadyJoined);
                    assert!(self.wires[wire].is_cut, "refused, and waits for a welcome");
                }
                _ => {}
            }
            self.perform(at, &mut copy, &mut effects, &mut digest);
        }
        copy.room.tick(now, &mut effects);
        self.perform(at, &mut copy, &mut effects, &mut digest);
        let (life, digest) = (copy.replica.life().clone(), digest.finish());
        copy.replica.applied(digest);
        let known = *self.digests.entry((life, copy.replica.place().n)).or_insert(digest);
        assert_eq!(known, digest, "the same on every node");
        if let Some((mut place, state)) = copy.replica.to_snapshot(&copy.room) {
            self.snapshots += 1;
            let mut state = state;
            if self.mutation == Mutation::SnapshotOffByOne && place.n > 1 {
                let before = self.log.read(ROOM, copy.replica.life(), place.n - 2, self.now);
                let chat_cluster::Read::Entries { entries, .. } = before else { return };
                state = state.replacen(&format!("\"n\":{}", place.n), &format!("\"n\":{}", place.n - 1), 1);
                state = state.replacen(&place.tag.unwrap().to_string(), &entries[0].tag.to_string(), 1);
                place = entries[0].place();
            }
            self.log.snapshot(ROOM, copy.replica.life(), place, &state, self.now);
        }
        self.nodes[at].copy = Some(copy);
    }

    fn perform(&mut self, at: usize, copy: &mut Copy, effects: &mut Vec<Effect>, digest: &mut SipHasher13) {
        for effect in effects.drain(..) {
            let to = |conn: ConnKey, copy: &Copy| {
                copy.members.iter().copied().find(|wire| self.wires[*wire].conn == conn)
            };
            match effect {
                Effect::Broadcast(message) => {
                    digest.write(serde_json::to_string(&message).unwrap().as_bytes());
                    if let ServerMsg::Said(said) = &message {
                        let truth = self.truth.entry(copy.replica.life().clone()).or_default();
                        match truth.get(said.seq as usize - 1) {
                            Some(known) => assert_eq!(known, said, "the same on every node"),
                            None => truth.push(said.clone()),
                        }
                        assert!(said.seq as usize <= truth.len(), "no gaps");
                    }
                    for &wire in &copy.members {
                        write(&mut self.wires[wire], message.clone());
                    }
                }
                Effect::Send(conn, message) => {
                    if let Some(wire) = to(conn, copy) {
                        write(&mut self.wires[wire], message);
                    }
                }
                Effect::Replay(conn, missed) => {
                    if let Some(wire) = to(conn, copy) {
                        missed
                            .into_iter()
                            .for_each(|said| write(&mut self.wires[wire], ServerMsg::Said(said)));
                    }
                }
                Effect::Close(conn, _) => {
                    if let Some(wire) = to(conn, copy) {
                        copy.members.remove(&wire);
                        close(&mut self.wires[wire]);
                    }
                }
            }
        }
        // Who left hears no more.
        copy.members.retain(|wire| !self.wires[*wire].is_over && self.wires[*wire].node == at);
    }

    /// This copy of the room is over: everybody here is closed, and comes back.
    fn over(&mut self, at: usize, over: &Over) {
        let Some(copy) = self.nodes[at].copy.take() else { return };
        self.log.unfollow(copy.follower);
        assert!(!over.ends_life(), "the log in memory is whole, and all nodes are of one version: {over}");
        self.wires.iter_mut().filter(|wire| wire.node == at).for_each(close);
    }

    fn node_ticks(&mut self, at: usize) {
        let now = self.now;
        if let Some(copy) = self.nodes[at].awake()
            && copy.replica.tick_due(&copy.room).is_some_and(|due| due <= now)
        {
            copy.replica.wish(Wish::Tick, None);
        }
    }

    fn node_looks_for_gone(&mut self, at: usize) {
        let Some(copy) = self.nodes[at].awake() else { return };
        for &(node, before) in &self.gone {
            if copy.room.oldest_conn_of(node).is_some_and(|oldest| oldest < before) {
                copy.replica.wish(Wish::Gone { node, before }, None);
            }
        }
    }

    /// Ends a node without a word, and starts another one in its place.
    fn kill(&mut self, at: usize) {
        if let Some(copy) = self.nodes[at].copy.take() {
            self.log.unfollow(copy.follower);
        }
        self.gone.push((self.nodes[at].number, ConnKey(u64::MAX)));
        self.nodes[at].number = self.name() as u32;
        self.nodes[at].is_paused = false;
        self.wires.iter_mut().filter(|wire| wire.node == at).for_each(close);
    }

    /// The node does nothing for so long that others give it up.
    fn pause(&mut self, at: usize) {
        self.nodes[at].is_paused = true;
        self.gone.push((self.nodes[at].number, ConnKey(self.names << ConnKey::NODE_BITS)));
    }

    /// No more calamities: everybody comes back, says what is left to say, and hears what is left to hear.
    fn come_to_rest(&mut self) {
        for _ in 0..3_000 {
            self.now += 300;
            for who in 0..self.clients.len() {
                self.client_notices(who);
                self.client_connects(who);
                self.client_speaks(who);
                self.client_sends(who);
                self.client_reads(who);
            }
            for at in 0..NODES {
                self.nodes[at].is_paused = false;
                for _ in 0..4 {
                    self.node_reads_wire(at);
                    self.node_hears(at, false);
                }
                self.node_notices();
                self.node_appends(at, false);
                self.node_reads_log(at, false);
                self.node_ticks(at);
                self.node_looks_for_gone(at);
            }
            if self.is_at_rest() {
                return;
            }
        }
        panic!("never comes to rest");
    }

    fn is_at_rest(&mut self) -> bool {
        let now = self.now;
        let Some(loaded) = self.log.load(ROOM, now) else { return false };
        let done = |client: &Client| {
            client.still_to_say == 0 && client.waiting.is_empty() && client.welcomed && client.wire.is_some()
        };
        let silent = |wire: &Wire| {
            wire.down.is_empty() && (wire.is_over || wire.up.is_empty()) && wire.is_over == wire.is_cut
        };
        let settled = |node: &Node| {
            node.copy.as_ref().is_none_or(|copy| {
                let gone = |(node, before): &(u32, ConnKey)| {
                    copy.room.oldest_conn_of(*node).is_some_and(|oldest| oldest < *before)
                };
                let ignored = self.mutation == Mutation::GoneIgnored;
                copy.replica.is_settled()
                    && copy.replica.place() == loaded.top
                    && copy.replica.tick_due(&copy.room).is_none_or(|due| due > now)
                    && (ignored || !self.gone.iter().any(gone))
            })
        };
        self.clients.iter().all(done) && self.wires.iter().all(silent) && self.nodes.iter().all(settled)
    }

    /// Nothing lost, repeated or reordered for anybody, unless they were told; and all nodes know the same.
    fn check(&mut self) {
        let life = self.log.load(ROOM, self.now).unwrap().life;
        let nothing = Vec::new();
        for client in &self.clients {
            let (mut read, mut of, mut gaps) = (0, life.clone(), 0);
            for noted in &client.log {
                match noted {
                    Noted::Begin(life, seq) => (of, read) = (life.clone(), *seq),
                    Noted::Gap => gaps += 1,
                    Noted::Said(said) => {
                        read += 1;
                        assert_eq!(
                            said,
                            &self.truth[&of][read as usize - 1],
                            "the same to everybody, in order"
                        );
                    }
                }
            }
            assert_eq!(of, life, "in the life that the room is in");
            assert_eq!(read as usize, self.truth.get(&life).unwrap_or(&nothing).len(), "up to the last");
            assert!(gaps <= self.eras, "told of a gap without need");
            let all = || self.truth.values().flatten();
            let said = |text| all().filter(|said| said.text == text).count();
            let counts: Vec<usize> = client.texts.iter().cloned().map(said).collect();
            assert!(counts.iter().all(|count| *count > 0), "said: {counts:?}");
            if self.eras == 0 {
                assert!(counts.iter().all(|count| *count == 1), "said once: {counts:?}");
                let seq = |text: &Text| all().find(|said| said.text == *text).map(|said| said.seq);
                assert!(client.texts.iter().map(seq).is_sorted(), "said in order");
            }
            assert_eq!(client.members, self.clients[0].members, "the same people");
            assert!(client.members.contains_key(client.you.as_ref().unwrap()));
            assert!(client.members.values().all(|member| member.tabs <= 3), "nobody who is gone");
        }
        let open: usize = self.clients.iter().filter(|client| client.wire.is_some()).count();
        let copies = self.nodes.iter().filter_map(|node| node.copy.as_ref());
        let states: BTreeSet<String> = copies.map(|copy| copy.room.snapshot()).collect();
        assert_eq!(states.len(), 1, "all nodes know the same");
        let conns = self.nodes.iter().filter_map(|node| node.copy.as_ref()).map(|copy| copy.members.len());
        assert_eq!(conns.sum::<usize>(), open, "each is in the room once");
        let tabs = self.nodes.iter().find_map(|node| node.copy.as_ref()).unwrap();
        let nodes: Vec<u32> = self.nodes.iter().map(|node| node.number).collect();
        assert!(
            tabs.room.nodes().iter().all(|node| nodes.contains(node)),
            "a node that is gone is in the room"
        );
    }
}

fn write(wire: &mut Wire, message: ServerMsg) {
    if !wire.is_cut {
        wire.down.push_back(message);
    }
}

/// The node closes it: what is under way to the client arrives.
fn close(wire: &mut Wire) {
    (wire.is_cut, wire.is_over) = (true, true);
    wire.up.clear();
}

fn play(seed: u64, mutation: Mutation) -> Case {
    let mut case = Case {
        mutation,
        dice: Dice(seed),
        log: MemoryLog::new(),
        now: 1_000,
        nodes: Vec::new(),
        gone: Vec::new(),
        // Two of them would like the same id, and one is there in two tabs.
        clients: vec![
            Client::new("ali", Some("t1"), 4),
            Client::new("ali", None, 4),
            Client::new("sara", Some("t1"), 3),
        ],
        wires: Vec::new(),
        truth: BTreeMap::new(),
        digests: BTreeMap::new(),
        names: 0,
        eras: 0,
        snapshots: 0,
    };
    for _ in 0..NODES {
        let number = case.name() as u32;
        case.nodes.push(Node { number, is_paused: false, copy: None });
    }
    let mut calamities = 1 + case.dice.of(14);
    for _ in 0..300 {
        case.act(&mut calamities);
    }
    case.come_to_rest();
    case.check();
    case
}

#[test]
fn ten_thousand_cuts_break_no_room() {
    let (mut eras, mut snapshots, mut nodes) = (0, 0, 0);
    for seed in 0..CASES {
        match catch_unwind(AssertUnwindSafe(|| play(seed, Mutation::None))) {
            Ok(case) => {
                (eras, snapshots) = (eras + case.eras, snapshots + case.snapshots);
                nodes += case.gone.len();
            }
            Err(panic) => {
                eprintln!("the seed was {seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(eras > 100 && snapshots > 1_000 && nodes > 1_000, "{eras}, {snapshots}, {nodes}");
    println!("{eras} eras, {snapshots} snapshots, {nodes} nodes gone, and nobody missed anything");
}

#[test]
fn broken_nodes_are_found_out() {
    let silent = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let survived: Vec<Mutation> = [
        Mutation::ChainIgnored,
        Mutation::AppliedWhenAcknowledged,
        Mutation::SentAsAnother,
        Mutation::NotSentAgain,
        Mutation::GoneIgnored,
        Mutation::SnapshotOffByOne,
        Mutation::LogNotRead,
    ]
    .into_iter()
    .filter(|mutation| (0..500).all(|seed| catch_unwind(AssertUnwindSafe(|| play(seed, *mutation))).is_ok()))
    .collect();
    std::panic::set_hook(silent);
    assert!(survived.is_empty(), "nobody noticed: {survived:?}");
}
