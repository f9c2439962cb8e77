//! Thousands of members on one thread: who joins, what they say and what they hear. Reading waits
//! for the kernel (epoll) and touches of each frame its header and two numbers, so that a generator
//! never is what is measured. Yet nothing goes unnoticed: each member must hear each message of its
//! room, in order, with exactly the bytes that the first who heard it got, or the run is stopped; and
//! a few, the *witnesses*, are read whole and told to the [`Checker`] of the reliability tests. It
//! does not know what is measured, nor which server it is.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    io::{self, ErrorKind, Read, Write as _},
    mem::MaybeUninit,
    net::{SocketAddr, TcpStream},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use chat_protocol::{ClientMsg, Command, RoomId, SayId, ServerMsg, Text};
use chat_testkit::{
    checker::{Checker, Event},
    violation::ClientNo,
};
use rustix::{event::epoll, io::Errno};

use crate::frames::{self, Kind};

/// What is said, after the number that makes each text another one.
const TEXT: &str = "سلام به همه، این پیامی از میان جمع است";

/// How much is read from a socket at once, in bytes.
const READ: usize = 64 * 1024;

/// How many members may be on their way in at once. Fewer than a listener's backlog.
const ARRIVING: usize = 256;

/// How many events one wait brings at most.
const EVENTS: usize = 1024;

/// How long a handshake, a join or the last deliveries may take. A server that needs longer does not
/// do its work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Any four bytes will do, as long as they are not zero: then there would be nothing to unmask.
const MASK: [u8; 4] = [0x5a, 0x17, 0xc3, 0x88];

/// How a member is to be in the load_clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manner {
    /// Read whole, and told to the checker.
    pub(crate) is_witness: bool,
    /// Joins, and never reads again.
    pub(crate) is_deaf: bool,
    /// Asks to be recorded: only our server does it.
    pub(crate) is_recorded: bool,
}

/// The members, and the servers they are at.
pub(crate) struct Crowd {
    servers: Vec<SocketAddr>,
    epoll: OwnedFd,
    members: Vec<Member>,
    rooms: Vec<Room>,
    arriving: usize,
    /// Members with something to say. What one says in a turn goes out at once.
    unsent: Vec<usize>,
    buffer: Vec<u8>,
    /// What is read at once is numbered here.
    numbers: Vec<u64>,
    checker: Checker,
    /// Bytes read that belong to no message: presence, mostly.
    pub(crate) other_bytes: u64,
    /// Frames read that are no message, welcomes included.
    pub(crate) other_frames: u64,
    /// The tokens of the recordings of members who asked for one.
    pub(crate) recordings: Vec<String>,
    /// Deliveries counted so far.
    pub(crate) delivered: u64,
}

struct Member {
    stream: TcpStream,
    room: usize,
    stage: Stage,
    manner: Manner,
    /// The beginning of a frame whose rest has not come.
    rest: Vec<u8>,
    /// How much of the current frame's payload is still to be passed over.
    skip: usize,
    /// The next message to hear; zero before the first.
    next: u64,
    unsent: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Upgrading,
    Joining,
    Here,
}

#[derive(Default)]
struct Room {
    id: String,
    members: Vec<usize>,
    /// How many of them read.
    hearers: usize,
    /// Messages that some have heard and not all, oldest first.
    partly_heard: VecDeque<PartlyHeard>,
    /// The number of the first of them.
    first: u64,
    spare: Vec<Vec<u8>>,
    /// What was read last at once, and was nothing but messages. A server that sends everybody the same
    /// bytes sends them to the next one too: then a single comparison does for all of them.
    last_read: Messages,
}

#[derive(Default)]
struct Messages {
    bytes: Vec<u8>,
    first: u64,
    /// As their senders numbered them.
    numbers: Vec<u64>,
}

struct PartlyHeard {
    payload: Vec<u8>,
    hearers: usize,
}

/// What a workload is told.
pub(crate) trait Listener {
    /// A member heard the message that its sender numbered `number`.
    fn heard(&mut self, number: u64, now: Instant);
    /// Now everybody in this room has heard it.
    fn completed(&mut self, room: usize, number: u64);
}

/// For when nobody cares: joining, idling.
impl Listener for () {
    fn heard(&mut self, _: u64, _: Instant) {}
    fn completed(&mut self, _: usize, _: u64) {}
}

impl Crowd {
    /// Nobody, at these servers, to which members come in turn.
    ///
    /// # Errors
    /// When the system has no epoll to give.
    pub(crate) fn at(servers: Vec<SocketAddr>) -> io::Result<Self> {
        Ok(Self {
            servers,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            members: Vec::new(),
            rooms: Vec::new(),
            arriving: 0,
            unsent: Vec::new(),
            buffer: vec![0; READ],
            numbers: Vec::new(),
            checker: Checker::default(),
            other_bytes: 0,
            recordings: Vec::new(),
            other_frames: 0,
            delivered: 0,
        })
    }

    /// Opens a room for [`Crowd::enter`], and names it by number.
    pub(crate) fn room(&mut self) -> usize {
        let number = self.rooms.len();
        self.rooms.push(Room { id: format!("room-{number}"), ..Room::default() });
        number
    }

    pub(crate) fn members(&self, room: usize) -> &[usize] {
        &self.rooms[room].members
    }

    /// How many deliveries a message in this room makes.
    pub(crate) fn hearers(&self, room: usize) -> usize {
        self.rooms[room].hearers
    }

    /// One more member: connects, upgrades and joins. Returns as soon as few enough are on their way;
    /// [`Crowd::settle`] waits for the last.
    ///
    /// # Errors
    /// When the server refuses, or takes longer than [`PATIENCE`].
    pub(crate) fn enter(&mut self, room: usize, manner: Manner) -> io::Result<()> {
        self.wait_until(|load_clients| load_clients.arriving < ARRIVING)?;
        let number = self.members.len();
        let server = self.servers[number % self.servers.len()];
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let id = &self.rooms[room].id;
        let query = if manner.is_recorded { "?xray=1" } else { "" };
        let request = format!(
            "GET /ws/{id}/m{number}{query} HTTP/1.1\r\nHost: {server}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        stream.set_nonblocking(true)?;
        epoll::add(
            &self.epoll,
            &stream,
            epoll::EventData::new_u64(number as u64),
            epoll::EventFlags::IN | epoll::EventFlags::ET,
        )?;
        if manner.is_witness {
            let id = RoomId::parse(id).map_err(|invalid| io::Error::other(invalid.detail))?;
            self.checker.observe(ClientNo(number), &Event::Open(id));
        }
        self.arriving += 1;
        self.rooms[room].members.push(number);
        self.rooms[room].hearers += usize::from(!manner.is_deaf);
        let (rest, unsent) = (Vec::new(), Vec::new());
        let stage = Stage::Upgrading;
        self.members.push(Member { stream, room, stage, manner, rest, skip: 0, next: 0, unsent });
        Ok(())
    }

    /// Waits until everybody is in.
    ///
    /// # Errors
    /// As [`Crowd::enter`].
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.wait_until(|load_clients| load_clients.arriving == 0)
    }

    fn wait_until(&mut self, is_so: impl Fn(&Self) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            if Instant::now() >= deadline {
                let error = format!("{} members are not in after {PATIENCE:?}", self.arriving);
                return Err(io::Error::new(ErrorKind::TimedOut, error));
            }
            self.turn(Duration::from_millis(100), &mut ())?;
        }
        Ok(())
    }

    /// Says the message with this number, which no other in its room may have.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) fn say(&mut self, member: usize, number: u64) -> io::Result<()> {
        let say = say(number);
        if self.members[member].manner.is_witness {
            let id = SayId::parse(&number.to_string()).map_err(|invalid| io::Error::other(invalid.detail))?;
            let text = Text::parse(&text(number)).map_err(|invalid| io::Error::other(invalid.detail))?;
            self.checker
                .observe(ClientNo(member), &Event::Sent(ClientMsg::Command(Command::Say { id, text })));
        }
        self.write(member, frames::TEXT_FIRST, say.as_bytes())
    }

    fn write(&mut self, member: usize, first: u8, payload: &[u8]) -> io::Result<()> {
        let unsent = &mut self.members[member].unsent;
        if unsent.is_empty() {
            self.unsent.push(member);
        }
        frames::put_masked(unsent, first, payload, MASK);
        Ok(())
    }

    /// Sends what was said, waits at most this long for something to come, and reads what has. Returns
    /// whether anything has.
    ///
    /// # Errors
    /// When a connection is lost, or a message is lost, repeated, reordered or altered.
    pub(crate) fn turn(&mut self, patience: Duration, listener: &mut impl Listener) -> io::Result<bool> {
        self.turn_of::<EVENTS>(patience, listener)
    }

    /// As [`Crowd::turn`], of so many connections at most, so that it takes no longer.
    ///
    /// # Errors
    /// As [`Crowd::turn`].
    pub(crate) fn turn_of<const MOST: usize>(
        &mut self,
        patience: Duration,
        listener: &mut impl Listener,
    ) -> io::Result<bool> {
        let mut stuck = Vec::new();
        for member in self.unsent.drain(..) {
            if !self.members[member].flush()? {
                stuck.push(member);
            }
        }
        self.unsent = stuck;
        let mut events = [MaybeUninit::<epoll::Event>::uninit(); MOST];
        let patience = patience.try_into().map_err(io::Error::other)?;
        let (events, _) = match epoll::wait(&self.epoll, &mut events, Some(&patience)) {
            // A process of ours has ended, and its engine's runtime was told.
            Err(Errno::INTR) => return Ok(false),
            waited => waited?,
        };
        for event in &*events {
            // Told once for all that came (EPOLLET), so until there is no more.
            while self.read(event.data.u64() as usize, listener)? {}
        }
        Ok(!events.is_empty())
    }

    /// Reads what has come; whether there may be more.
    fn read(&mut self, number: usize, listener: &mut impl Listener) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.read_into(number, &mut buffer, listener);
        self.buffer = buffer;
        read
    }

    fn read_into(
        &mut self,
        number: usize,
        buffer: &mut Vec<u8>,
        listener: &mut impl Listener,
    ) -> io::Result<bool> {
        let member = &mut self.members[number];
        let kept = member.rest.len();
        if buffer.len() < kept + READ {
            buffer.resize(kept + READ, 0);
        }
        buffer[..kept].copy_from_slice(&member.rest);
        member.rest.clear();
        let read = match member.stream.read(&mut buffer[kept..kept + READ]) {
            Ok(0) => return Err(lost(number, "the server hung up")),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) => return Err(lost(number, &error.to_string())),
        };
        let now = Instant::now();
        let mut bytes = &buffer[..kept + read];
        if member.stage == Stage::Upgrading {
            match bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                Some(end) if bytes.starts_with(b"HTTP/1.1 101 ") => {
                    bytes = &bytes[end + 4..];
                    self.join(number)?;
                }
                Some(_) => return Err(lost(number, &String::from_utf8_lossy(bytes))),
                None => {
                    member.rest.extend_from_slice(bytes);
                    return Ok(read == READ);
                }
            }
        }
        if self.heard_as_last(number, bytes, now, listener) {
            return Ok(read == READ);
        }
        let (all, from) = (bytes, self.members[number].next);
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.clear();
        let mut is_all_messages = kept == 0 && from != 0;
        while !bytes.is_empty() {
            let member = &mut self.members[number];
            if member.skip > 0 {
                let skipped = member.skip.min(bytes.len());
                member.skip -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            let head = frames::head(bytes).map_err(|error| lost(number, &error.to_string()))?;
            let Some(head) = head else { break };
            let whole = head.header + head.payload;
            if bytes.len() < whole && (head.kind != Kind::Other || member.manner.is_witness) {
                break;
            }
            let here = whole.min(bytes.len());
            let payload = &bytes[head.header..here];
            member.skip = whole - here;
            bytes = &bytes[here..];
            match head.kind {
                Kind::Said => numbers.push(self.said(number, payload, now, listener)?),
                Kind::Other => {
                    is_all_messages = false;
                    self.other(number, payload, whole)?;
                }
                Kind::Ping => self.write(number, frames::PONG_FIRST, payload)?,
                Kind::Close => {
                    let text = String::from_utf8_lossy(payload);
                    return Err(lost(number, &format!("the server closed: {text}")));
                }
            }
        }
        let member = &mut self.members[number];
        let last = &mut self.rooms[member.room].last_read;
        if is_all_messages && bytes.is_empty() && !numbers.is_empty() {
            last.bytes.clear();
            last.bytes.extend_from_slice(all);
            last.first = from;
            std::mem::swap(&mut last.numbers, &mut numbers);
        }
        self.numbers = numbers;
        member.rest.extend_from_slice(bytes);
        Ok(read == READ && !(member.manner.is_deaf && member.stage == Stage::Here))
    }

    /// Whether this member now heard, in its turn, the same bytes as the one before.
    fn heard_as_last(
        &mut self,
        number: usize,
        bytes: &[u8],
        now: Instant,
        listener: &mut impl Listener,
    ) -> bool {
        let member = &mut self.members[number];
        let room = &mut self.rooms[member.room];
        let last = &room.last_read;
        let Some(place) = last.first.checked_sub(room.first) else { return false };
        let is_the_same = member.next == last.first && member.skip == 0 && last.bytes == bytes;
        let messages = place as usize..place as usize + last.numbers.len();
        if !is_the_same || member.manner.is_witness || messages.end > room.partly_heard.len() {
            return false;
        }
        member.next += last.numbers.len() as u64;
        self.delivered += last.numbers.len() as u64;
        for (heard, id) in room.partly_heard.range_mut(messages).zip(&last.numbers) {
            heard.hearers += 1;
            listener.heard(*id, now);
            if heard.hearers == room.hearers {
                listener.completed(member.room, *id);
            }
        }
        room.forget_completed();
        true
    }

    fn join(&mut self, number: usize) -> io::Result<()> {
        let member = &mut self.members[number];
        member.stage = Stage::Joining;
        if member.manner.is_witness {
            let join = ClientMsg::join(None, None, None);
            self.checker.observe(ClientNo(number), &Event::Sent(join));
        }
        self.write(number, frames::TEXT_FIRST, br#"{"type":"join"}"#)
    }

    fn other(&mut self, number: usize, payload: &[u8], whole: usize) -> io::Result<()> {
        self.other_bytes += whole as u64;
        self.other_frames += 1;
        let member = &mut self.members[number];
        if payload.starts_with(br#"{"type":"error""#) {
            return Err(lost(number, &String::from_utf8_lossy(payload)));
        }
        if member.manner.is_recorded
            && let Some(token) = payload.strip_prefix(br#"{"type":"xray","token":""#)
        {
            self.recordings.push(String::from_utf8_lossy(token.split_at(64.min(token.len())).0).into_owned());
        }
        if member.stage == Stage::Joining {
            if !payload.starts_with(br#"{"type":"welcome""#) {
                return Ok(());
            }
            member.stage = Stage::Here;
            self.arriving -= 1;
            if member.manner.is_deaf {
                epoll::delete(&self.epoll, &member.stream)?;
            }
            if member.manner.is_witness {
                self.testify(number, payload)?;
            }
        }
        Ok(())
    }

    fn testify(&mut self, number: usize, payload: &[u8]) -> io::Result<()> {
        let heard: ServerMsg = serde_json::from_slice(payload).map_err(io::Error::other)?;
        self.checker.observe(ClientNo(number), &Event::Heard(heard));
        Ok(())
    }

    fn said(
        &mut self,
        number: usize,
        payload: &[u8],
        now: Instant,
        listener: &mut impl Listener,
    ) -> io::Result<u64> {
        let (seq, id) =
            frames::numbers(payload).ok_or_else(|| lost(number, "a message without its numbers"))?;
        let member = &mut self.members[number];
        if member.next != 0 && seq != member.next {
            let error = format!("heard message {seq}, and {} should have been next", member.next);
            return Err(lost(number, &error));
        }
        member.next = seq + 1;
        let (is_witness, room_no) = (member.manner.is_witness, member.room);
        let room = &mut self.rooms[room_no];
        if room.partly_heard.is_empty() {
            room.first = seq;
        }
        let Some(place) = seq.checked_sub(room.first).map(|place| place as usize) else {
            return Err(lost(number, &format!("heard message {seq} when all had heard it before")));
        };
        if place == room.partly_heard.len() {
            let mut copy = room.spare.pop().unwrap_or_default();
            copy.clear();
            copy.extend_from_slice(payload);
            room.partly_heard.push_back(PartlyHeard { payload: copy, hearers: 0 });
        }
        let Some(heard) = room.partly_heard.get_mut(place) else {
            return Err(lost(number, &format!("heard message {seq} before the one before it")));
        };
        if heard.payload != payload {
            return Err(lost(number, &format!("message {seq} is not what others heard")));
        }
        heard.hearers += 1;
        let is_complete = heard.hearers == room.hearers;
        room.forget_completed();
        self.delivered += 1;
        if is_witness {
            self.testify(number, payload)?;
        }
        listener.heard(id, now);
        if is_complete {
            listener.completed(room_no, id);
        }
        Ok(id)
    }

    /// How many of those who did not read were cut for it: reads now all that there is for them, to its
    /// end. Who was not cut is left in silence instead.
    ///
    /// # Errors
    /// When the system fails.
    pub(crate) fn cut(&mut self) -> io::Result<usize> {
        let mut cut = 0;
        for member in self.members.iter_mut().filter(|member| member.manner.is_deaf) {
            member.stream.set_nonblocking(false)?;
            member.stream.set_read_timeout(Some(Duration::from_millis(200)))?;
            match io::copy(&mut member.stream, &mut io::sink()) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(error),
                _ => cut += 1,
            }
        }
        Ok(cut)
    }

    /// What the checker found in what the witnesses sent and heard; nothing, of an honest server.
    pub(crate) fn verdict(self) -> Vec<String> {
        let (violations, _) = self.checker.finish(&[]);
        violations.iter().map(ToString::to_string).collect()
    }
}

impl Room {
    fn forget_completed(&mut self) {
        while self.partly_heard.front().is_some_and(|first| first.hearers == self.hearers) {
            self.spare.extend(self.partly_heard.pop_front().map(|first| first.payload));
            self.first += 1;
        }
    }
}

impl Member {
    /// Writes what is unsent; whether that was all.
    fn flush(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// The frame's payload of the message with this number.
pub(crate) fn say(number: u64) -> String {
    let mut say = format!(r#"{{"type":"say","id":"{number}","text":""#);
    write!(say, r#"{}"}}"#, text(number)).expect("a string takes everything");
    say
}

pub(super) fn text(number: u64) -> String {
    format!("{number}: {TEXT}")
}

fn lost(member: usize, why: &str) -> io::Error {
    io::Error::other(format!("member {member}: {why}"))
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    /// What two members of a room hear, when their server sends each of them these messages at once.
    fn heard(first: &[&str], second: &[&str]) -> Result<u64, String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut load_clients = Crowd::at(vec![listener.local_addr().unwrap()]).unwrap();
        let room = load_clients.room();
        let frame = |json: &str| [&[frames::TEXT_FIRST, json.len() as u8], json.as_bytes()].concat();
        let welcome = frame(r#"{"type":"welcome"}"#);
        let scripts =
            [first, second].map(|script| script.iter().flat_map(|json| frame(json)).collect::<Vec<_>>());
        let server = thread::spawn(move || {
            let enter = |_| {
                let (mut member, _) = listener.accept().unwrap();
                member.set_nodelay(true).unwrap();
                let mut asked = [0; 1024];
                let _upgrade = member.read(&mut asked).unwrap();
                member.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
                let _join = member.read(&mut asked).unwrap();
                member.write_all(&welcome).unwrap();
                member
            };
            let mut members: Vec<TcpStream> = (0..2).map(enter).collect();
            for (member, script) in members.iter_mut().zip(scripts) {
                member.write_all(&script).unwrap();
            }
            members
        });
        let listen = || {
            load_clients.enter(room, Manner::default())?;
            load_clients.enter(room, Manner::default())?;
            load_clients.settle()?;
            // Then all is on its way, and on this machine that is there.
            let _still_open = server.join().unwrap();
            while load_clients.turn(Duration::ZERO, &mut ())? {}
            Ok(load_clients.delivered)
        };
        listen().map_err(|error: io::Error| error.to_string())
    }

    const ONE: &str = r#"{"type":"said","seq":1,"id":"1","text":"a"}"#;
    const TWO: &str = r#"{"type":"said","seq":2,"id":"2","text":"b"}"#;
    const THREE: &str = r#"{"type":"said","seq":3,"id":"3","text":"c"}"#;

    #[test]
    fn an_honest_server_is_counted() {
        assert_eq!(heard(&[ONE, TWO, THREE], &[ONE, TWO, THREE]), Ok(6));
        assert_eq!(heard(&[ONE, r#"{"type":"presence"}"#, TWO], &[ONE, TWO]), Ok(4));
    }

    #[test]
    fn members_come_to_servers_in_turn() {
        let listeners = [0, 1].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let servers = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let mut load_clients = Crowd::at(servers).unwrap();
        let room = load_clients.room();
        for _ in 0..2 {
            load_clients.enter(room, Manner::default()).unwrap();
        }
        for listener in listeners {
            listener.set_nonblocking(true).unwrap();
            let came = [0, 1].map(|_| listener.accept().is_ok());
            assert_eq!(came, [true, false]);
        }
    }

    #[test]
    fn faulty_delivery_stops_the_run() {
        for (second, complaint) in [
            (&[ONE, THREE][..], "heard message 3, and 2 should have been next"),
            (&[ONE, ONE], "heard message 1, and 2 should have been next"),
            (&[TWO, ONE], "heard message 1, and 3 should have been next"),
            (&[ONE, r#"{"type":"said","seq":2,"id":"2","text":"B"}"#], "message 2 is not what others heard"),
            (&[ONE, r#"{"type":"said","seq":2}"#], "a message without its numbers"),
            (&[ONE, r#"{"type":"error","code":"too_fast"}"#], "too_fast"),
        ] {
            let stopped = heard(&[ONE, TWO, THREE], second).expect_err(complaint);
            assert!(stopped.contains(complaint), "{stopped}");
        }
    }
}
