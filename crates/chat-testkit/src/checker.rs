//! Decides, from what all clients sent and heard, whether the promises of `docs/protocol.md` were
//! kept. It is fed event by event, as they happen, in one order for all: a message is written down
//! before it goes out and after it came in, so what is later here was in truth not earlier. Each
//! message is remembered once, however many heard it, and each client by its place; so a long run
//! costs its messages, not its deliveries. It knows the protocol; it deliberately knows no sockets,
//! no clocks, and not what was done to the connections.
//!
//! Three things it leaves out, because scenarios do: sessions that outlive the resume window, rooms
//! with more members than a `welcome` lists, and renames.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chat_protocol::{
    ClientId, ClientMsg, Command, Epoch, ErrorCode, Member, Presence, RoomId, Said, SayId, Seq, ServerMsg,
    Text, Welcome,
};

use crate::violation::{ClientNo, Violation};

/// Most violations that are kept. One mistake of a server is soon thousands, and the first tell most.
const KEPT: usize = 100;

/// What happened to a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// It opens a connection to this room.
    Open(RoomId),
    /// It is about to send this.
    Sent(ClientMsg),
    /// It read this.
    Heard(ServerMsg),
    /// Its connection is over, however it ended.
    Over,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Checker {
    /// How many events there were: the one order.
    tick: Tick,
    clients: BTreeMap<ClientNo, Client>,
    lives: HashMap<Epoch, Life>,
    /// The life and the last message of each room that anybody has heard of.
    newest: HashMap<RoomId, (Epoch, Seq)>,
    says: HashMap<(ClientNo, SayId), Utterance>,
    violations: Vec<Violation>,
    found: usize,
    counts: Counts,
}

/// How much there was to check.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Counts {
    /// Says, each counted once.
    pub sent: u64,
    /// Says that were sent again.
    pub resent: u64,
    /// Answers to those of them that had arrived already.
    pub known: u64,
    /// Says whose sender heard them.
    pub acknowledged: u64,
    /// Says that were dropped for haste.
    pub too_fast: u64,
    /// Messages that clients received, answers to what was sent again included.
    pub delivered: u64,
    /// Welcomes to newcomers.
    pub newcomers: u64,
    /// Resumes that were told that nothing is missing.
    pub recovered: u64,
    /// Resumes that were told that something may be missing, in the same life of the room.
    pub gaps: u64,
    /// Resumes that were told that the room began a new life.
    pub new_lives: u64,
}

type Tick = u64;

#[derive(Debug, Default)]
struct Client {
    room: Option<RoomId>,
    connection: Option<Connection>,
    /// Where it stands in its room, from its last welcome on; kept over a loss.
    place: Option<Place>,
}

#[derive(Debug, Default)]
struct Connection {
    joining: Option<Joining>,
    is_welcomed: bool,
    /// Says that were sent before and sent again here: how often each may be answered although it
    /// was heard already. A say that arrived the first time is answered besides being replayed.
    answers: HashMap<SayId, u32>,
    roster: BTreeMap<ClientId, Member>,
    count: u32,
}

/// A join that waits for its welcome.
#[derive(Debug)]
struct Joining {
    asked: Option<(Epoch, Seq)>,
    /// What had been heard in the room when the join was sent.
    newest: Option<(Epoch, Seq)>,
}

#[derive(Debug)]
struct Place {
    epoch: Epoch,
    you: Member,
    /// The room's newest message when this session came: it has no right to that, nor to any before.
    first: Seq,
    last: Seq,
    /// Numbers below `last` that did not come.
    holes: BTreeSet<Seq>,
}

/// One life of a room.
#[derive(Debug, Default)]
struct Life {
    /// Which client got which id. Each asks for one of its own, so an id belongs to one client.
    ids: HashMap<ClientId, ClientNo>,
    said: BTreeMap<Seq, Heard>,
}

/// A message in its place.
#[derive(Debug)]
struct Heard {
    said: Said,
    /// Who heard it first.
    by: ClientNo,
    sender: Option<ClientNo>,
    acknowledged: Option<Tick>,
}

/// A say, as its sender knows it.
#[derive(Debug)]
struct Utterance {
    text: Text,
    first_sent: Tick,
    /// When it was sent last after having been refused for haste, or first: between these two lies
    /// when it may have counted.
    last_sent: Tick,
    refused: bool,
    answered: bool,
    places: Vec<(Epoch, Seq)>,
}

impl Checker {
    /// Takes note of the next event.
    pub fn observe(&mut self, client: ClientNo, event: &Event) {
        self.tick += 1;
        match event {
            Event::Open(room) => {
                let client = self.clients.entry(client).or_default();
                client.room = Some(room.clone());
                client.connection = Some(Connection::default());
            }
            Event::Over => self.clients.entry(client).or_default().connection = None,
            Event::Sent(ClientMsg::Join { resume, .. }) => {
                let asked = resume.as_ref().map(|resume| (resume.epoch.clone(), resume.seq));
                self.join(client, asked);
            }
            Event::Sent(ClientMsg::Command(Command::Say { id, text })) => self.say(client, id, text),
            Event::Sent(_) => {}
            Event::Heard(ServerMsg::Welcome(welcome)) => self.welcome(client, welcome),
            Event::Heard(ServerMsg::Said(said)) => self.said(client, said),
            Event::Heard(ServerMsg::Presence(presence)) => self.presence(client, presence),
            Event::Heard(ServerMsg::Error { code, id: Some(id), .. }) => self.refused(client, id, *code),
            Event::Heard(_) => {}
        }
    }

    /// How much there was to check so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether `here`, and all they have said, are now as they should be at rest. Not a verdict: as
    /// long as something moves, it is false of an honest server too.
    pub(crate) fn is_at_rest(&self, here: &[ClientNo]) -> bool {
        self.unrest(here).is_empty()
    }

    /// The verdict at rest: everything was sent, everything that comes has come, and `here` are those
    /// who should be in their rooms. At most the first hundred violations, and how many there were.
    pub fn finish(mut self, here: &[ClientNo]) -> (Vec<Violation>, usize) {
        let clients: Vec<ClientNo> = self.clients.keys().copied().collect();
        for client in clients {
            self.report_holes(client);
        }
        self.check_order();
        self.unrest(here).into_iter().for_each(|violation| self.report(violation));
        (self.violations, self.found)
    }

    fn report(&mut self, violation: Violation) {
        self.found += 1;
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }

    fn join(&mut self, no: ClientNo, asked: Option<(Epoch, Seq)>) {
        let client = self.clients.entry(no).or_default();
        let newest = client.room.as_ref().and_then(|room| self.newest.get(room)).cloned();
        if let Some(connection) = &mut client.connection {
            connection.joining = Some(Joining { asked: asked.clone(), newest });
        }
        let at = client.place.as_ref().map(|place| (&place.epoch, place.last));
        if let Some((epoch, claimed)) = asked
            && at != Some((&epoch, claimed))
        {
            let last = at.map(|(_, last)| last);
            self.report(Violation::FalseClaim { client: no, claimed, last });
        }
    }

    fn say(&mut self, no: ClientNo, id: &SayId, text: &Text) {
        let tick = self.tick;
        let Some(utterance) = self.says.get_mut(&(no, id.clone())) else {
            let utterance = Utterance {
                text: text.clone(),
                first_sent: tick,
                last_sent: tick,
                refused: false,
                answered: false,
                places: Vec::new(),
            };
            self.says.insert((no, id.clone()), utterance);
            self.counts.sent += 1;
            return;
        };
        self.counts.resent += 1;
        if std::mem::take(&mut utterance.refused) {
            utterance.last_sent = tick;
        }
        if let Some(connection) = self.clients.get_mut(&no).and_then(|client| client.connection.as_mut()) {
            *connection.answers.entry(id.clone()).or_default() += 1;
        }
    }

    fn refused(&mut self, no: ClientNo, id: &SayId, code: ErrorCode) {
        self.counts.too_fast += u64::from(code == ErrorCode::TooFast);
        if let Some(utterance) = self.says.get_mut(&(no, id.clone())) {
            utterance.refused = code == ErrorCode::TooFast;
            utterance.answered |= code != ErrorCode::TooFast;
        }
    }

    fn welcome(&mut self, no: ClientNo, welcome: &Welcome) {
        self.report_holes(no);
        let Welcome { you, room, epoch, seq, recovered, members, member_count, .. } = welcome;
        let client = self.clients.entry(no).or_default();
        let mut found = Vec::new();

        let connection = client.connection.get_or_insert_default();
        let Some(Joining { asked, newest }) = connection.joining.take() else {
            return self.report(Violation::UnaskedWelcome { client: no });
        };
        connection.is_welcomed = true;
        connection.roster = members.iter().map(|member| (member.id.clone(), member.clone())).collect();
        connection.count = *member_count;

        if let Some(opened) = client.room.as_ref().filter(|opened| *opened != room) {
            found.push(Violation::WrongRoom { client: no, asked: opened.clone(), got: room.clone() });
        }
        let owner = *self.lives.entry(epoch.clone()).or_default().ids.entry(you.id.clone()).or_insert(no);
        if owner != no {
            found.push(Violation::SharedId { id: you.id.clone(), first: owner, second: no });
        }

        let count = match &asked {
            None => &mut self.counts.newcomers,
            Some(_) if *recovered => &mut self.counts.recovered,
            Some((life, _)) if life == epoch => &mut self.counts.gaps,
            Some(_) => &mut self.counts.new_lives,
        };
        *count += 1;

        let before = client.place.take().filter(|place| place.epoch == *epoch);
        let mut last = *seq;
        if *recovered {
            if asked.as_ref() != Some(&(epoch.clone(), *seq)) {
                let got = (epoch.clone(), *seq);
                found.push(Violation::FalseRecovery { client: no, asked: asked.clone(), got });
            }
        } else {
            let own = before.as_ref().map_or(0, |place| place.last);
            let others = newest.filter(|(life, _)| life == epoch).map_or(0, |(_, newest)| newest);
            let had = own.max(others);
            if *seq < had {
                found.push(Violation::WentBack { client: no, had, got: *seq });
                last = own.max(*seq);
            }
        }
        let same = before.filter(|place| asked.is_some() && (*recovered || place.you.id == you.id));
        let first = same.map_or(last, |place| place.first);
        client.place =
            Some(Place { epoch: epoch.clone(), you: you.clone(), first, last, holes: BTreeSet::new() });
        self.note_newest(room, epoch, *seq);
        found.into_iter().for_each(|violation| self.report(violation));
    }

    fn note_newest(&mut self, room: &RoomId, epoch: &Epoch, seq: Seq) {
        let newest = self.newest.entry(room.clone()).or_insert_with(|| (epoch.clone(), 0));
        if newest.0 != *epoch {
            *newest = (epoch.clone(), 0);
        }
        newest.1 = newest.1.max(seq);
    }

    fn said(&mut self, no: ClientNo, said: &Said) {
        self.counts.delivered += 1;
        let seq = said.seq;
        let client = self.clients.entry(no).or_default();
        let (Some(connection), Some(place)) = (&mut client.connection, &mut client.place) else {
            return self.report(Violation::Unwelcomed { client: no, seq });
        };
        if !connection.is_welcomed {
            return self.report(Violation::Unwelcomed { client: no, seq });
        }

        let last = place.last;
        let own = said.from == place.you.id;
        let mut is_answer = || {
            let answers = connection.answers.get_mut(&said.id).filter(|answers| own && **answers > 0);
            answers.map(|answers| *answers -= 1).is_some()
        };
        let misplaced = if seq > last {
            place.holes.extend(last + 1..seq);
            place.last = seq;
            None
        } else if place.holes.remove(&seq) {
            Some(Violation::OutOfOrder { client: no, seq, after: last })
        } else if is_answer() {
            self.counts.known += 1;
            None
        } else if seq <= place.first {
            Some(Violation::BeforeJoin { client: no, seq, joined: place.first })
        } else {
            Some(Violation::Repeated { client: no, seq, last })
        };
        let (epoch, room) = (place.epoch.clone(), client.room.clone());
        if let Some(room) = room {
            self.note_newest(&room, &epoch, seq);
        }
        if let Some(misplaced) = misplaced {
            self.report(misplaced);
        }
        if let Err(violation) = self.enter(no, &epoch, said) {
            return self.report(violation);
        }
        if own {
            self.acknowledge(no, &epoch, said);
        }
    }

    /// Compares a message with what others heard in its place, or puts it there.
    fn enter(&mut self, by: ClientNo, epoch: &Epoch, said: &Said) -> Result<(), Violation> {
        let seq = said.seq;
        let life = self.lives.entry(epoch.clone()).or_default();
        if let Some(heard) = life.said.get(&seq) {
            let same = heard.said == *said;
            return same.then_some(()).ok_or(Violation::TwoMessages { seq, first: heard.by, second: by });
        }
        let sender = life.ids.get(&said.from).copied();
        let utterance = sender.and_then(|sender| {
            let utterance = self.says.get_mut(&(sender, said.id.clone()))?;
            Some((sender, utterance))
        });
        let mut heard = Heard { said: said.clone(), by, sender, acknowledged: None };
        let verdict = match utterance {
            None => {
                heard.sender = None;
                Err(Violation::NeverSent { client: by, seq, from: said.from.clone(), id: said.id.clone() })
            }
            Some((sender, utterance)) => {
                let first = utterance.places.iter().find(|(life, _)| life == epoch).map(|(_, seq)| *seq);
                utterance.places.push((epoch.clone(), seq));
                heard.said.text = utterance.text.clone();
                let id = said.id.clone();
                match first {
                    Some(first) => Err(Violation::SaidTwice { sender, id, first, second: seq }),
                    None if utterance.text != said.text => {
                        Err(Violation::Altered { client: by, seq, sender, id })
                    }
                    None => Ok(()),
                }
            }
        };
        life.said.insert(seq, heard);
        verdict
    }

    fn acknowledge(&mut self, no: ClientNo, epoch: &Epoch, said: &Said) {
        if let Some(utterance) = self.says.get_mut(&(no, said.id.clone())) {
            self.counts.acknowledged += u64::from(!utterance.answered);
            utterance.answered = true;
        }
        let heard = self.lives.get_mut(epoch).and_then(|life| life.said.get_mut(&said.seq));
        if let Some(heard) = heard {
            heard.acknowledged.get_or_insert(self.tick);
        }
    }

    fn presence(&mut self, no: ClientNo, presence: &Presence) {
        let client = self.clients.entry(no).or_default();
        let Some(connection) = client.connection.as_mut().filter(|connection| connection.is_welcomed) else {
            return;
        };
        for member in presence.joined.iter().chain(&presence.changed) {
            connection.roster.insert(member.id.clone(), member.clone());
        }
        for id in &presence.left {
            connection.roster.remove(id);
        }
        connection.count = presence.member_count;
    }

    fn report_holes(&mut self, no: ClientNo) {
        let place = self.clients.get_mut(&no).and_then(|client| client.place.as_mut());
        let holes = place.map(|place| std::mem::take(&mut place.holes)).unwrap_or_default();
        let mut gaps: Vec<(Seq, Seq)> = Vec::new();
        for seq in holes {
            match gaps.last_mut() {
                Some((_, to)) if *to + 1 == seq => *to = seq,
                _ => gaps.push((seq, seq)),
            }
        }
        for (from, to) in gaps {
            self.report(Violation::Gap { client: no, from, to });
        }
    }

    /// The two orders of each life: each sender's own, and that of cause and effect.
    fn check_order(&mut self) {
        let mut found = Vec::new();
        for life in self.lives.values() {
            let mut newest_of: HashMap<ClientNo, (Tick, &Said)> = HashMap::new();
            for heard in life.said.values() {
                let Some((sender, utterance)) = self.utterance(heard) else { continue };
                let (sent, said) = *newest_of.entry(sender).or_insert((0, &heard.said));
                if utterance.last_sent < sent {
                    found.push(Violation::SenderOrder {
                        sender,
                        first: (heard.said.id.clone(), heard.said.seq),
                        second: (said.id.clone(), said.seq),
                    });
                }
                if utterance.first_sent > sent {
                    newest_of.insert(sender, (utterance.first_sent, &heard.said));
                }
            }
            // From the last place down: the earliest acknowledgement above, of each sender.
            let mut acknowledged: BTreeMap<ClientNo, (Tick, &Said)> = BTreeMap::new();
            for heard in life.said.values().rev() {
                let Some((sender, utterance)) = self.utterance(heard) else { continue };
                let overtaken = acknowledged
                    .iter()
                    .filter(|(other, _)| **other != sender)
                    .min_by_key(|(_, (tick, _))| *tick)
                    .filter(|(_, (tick, _))| *tick < utterance.first_sent);
                if let Some((other, (_, said))) = overtaken {
                    found.push(Violation::Overtaken {
                        acknowledged: (*other, said.id.clone(), said.seq),
                        sent_later: (sender, heard.said.id.clone(), heard.said.seq),
                    });
                }
                if let Some(tick) = heard.acknowledged {
                    let earliest = acknowledged.entry(sender).or_insert((tick, &heard.said));
                    if tick < earliest.0 {
                        *earliest = (tick, &heard.said);
                    }
                }
            }
        }
        found.into_iter().for_each(|violation| self.report(violation));
    }

    fn utterance(&self, heard: &Heard) -> Option<(ClientNo, &Utterance)> {
        let sender = heard.sender?;
        Some((sender, self.says.get(&(sender, heard.said.id.clone()))?))
    }

    /// Everybody who should be here is, in one life of their room, with all of it heard and all of
    /// their own answered, and sees who else is here.
    fn unrest(&self, here: &[ClientNo]) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut rooms: BTreeMap<&str, Vec<(ClientNo, &Place, &Connection)>> = BTreeMap::new();
        for &no in here {
            let seat = self.clients.get(&no).and_then(|client| {
                let connection = client.connection.as_ref().filter(|connection| connection.is_welcomed)?;
                Some((client.room.as_ref()?, client.place.as_ref()?, connection))
            });
            match seat {
                Some((room, place, connection)) => {
                    rooms.entry(room.as_str()).or_default().push((no, place, connection));
                }
                None => found.push(Violation::Absent { client: no }),
            }
        }
        for (room, members) in &rooms {
            let Some((first, at, _)) = members.first() else { continue };
            let split = members.iter().find(|(_, place, _)| place.epoch != at.epoch);
            if let Some((second, ..)) = split
                && let Ok(room) = RoomId::parse(room)
            {
                found.push(Violation::SplitRoom { room, first: *first, second: *second });
                continue;
            }
            let heard = self.lives.get(&at.epoch).and_then(|life| life.said.keys().next_back().copied());
            let newest = members.iter().map(|(_, place, _)| place.last).chain(heard).max().unwrap_or(0);
            let present: BTreeMap<&ClientId, &Member> =
                members.iter().map(|(_, place, _)| (&place.you.id, &place.you)).collect();
            for (no, place, connection) in members {
                if place.last < newest {
                    found.push(Violation::Behind { client: *no, last: place.last, newest });
                }
                found.extend(connection.compare(*no, &present));
            }
        }
        let mut unanswered: Vec<&(ClientNo, SayId)> = self
            .says
            .iter()
            .filter(|((sender, _), utterance)| here.contains(sender) && !utterance.answered)
            .map(|(key, _)| key)
            .collect();
        unanswered.sort();
        for (client, id) in unanswered {
            found.push(Violation::Unacknowledged { client: *client, id: id.clone() });
        }
        found
    }
}

impl Connection {
    /// Whether the list of members is those who are present. Somebody whose welcome was lost on the
    /// way may have become another member, and the first one is away for as long as the resume window;
    /// so who is away and none of us is let pass.
    fn compare(&self, client: ClientNo, present: &BTreeMap<&ClientId, &Member>) -> Option<Violation> {
        let missing: Vec<ClientId> = present
            .iter()
            .filter(|(id, member)| self.roster.get(**id).is_none_or(|seen| seen != **member))
            .map(|(id, _)| (*id).clone())
            .collect();
        let extra: Vec<ClientId> = self
            .roster
            .values()
            .filter(|member| !member.away && !present.contains_key(&member.id))
            .map(|member| member.id.clone())
            .collect();
        let count = Some(self.count).filter(|count| *count as usize != self.roster.len());
        let agrees = missing.is_empty() && extra.is_empty() && count.is_none();
        (!agrees).then_some(Violation::Roster { client, missing, extra, count })
    }
}

#[cfg(test)]
#[path = "checker_tests.rs"]
mod tests;
