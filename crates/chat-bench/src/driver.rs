//! A server and its load_clients, and the ways to make them talk: in a *closed loop*, where each message
//! that everybody has heard makes room for the next, so that the server is always busy and never more
//! than so many messages behind; and in an *open loop*, where messages come by the clock whether the
//! server is ready or not, and how long one took is counted from when it was due. It does not know
//! which figures are compared with which.

use std::{
    io::{self, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};

use crate::{
    load_clients::{Crowd, Listener, Manner, PATIENCE},
    peer::{Kind, Peer, Programs},
};

/// What runs before anything is counted: buffers grow, code gets compiled.
pub(crate) const WARM: Duration = Duration::from_millis(300);

/// How long a closed loop looks away between two looks. Whoever waits for each delivery is woken for
/// each, at their own cost and the server's; members at the ends of a real network are not.
const NAP: Duration = Duration::from_micros(250);

/// How many connections are read between two looks at the clock where it is the clock that counts: what comes due
/// meanwhile is said at once, and what is said at once is cheap to deliver.
const PACED_EVENTS: usize = 32;

/// How many speak in turn in a room where few do. They are the witnesses.
pub(crate) const SPEAKERS: usize = 4;

/// A generator that needs more of its core than this may be what is measured, unless the server had no
/// rest either.
const GENERATOR_BUSY_MAX: f64 = 0.8;
/// A server that uses more of its core than this had none.
pub(crate) const SERVER_BUSY: f64 = 0.95;

/// Who is where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seating {
    pub(crate) rooms: usize,
    /// How many in each.
    pub(crate) members: usize,
    /// How many of them in the first room never read.
    pub(crate) deaf: usize,
    /// How many of those who say nothing in the first room are recorded, and see their recording.
    pub(crate) recorded: usize,
    /// Whether everybody speaks, or [`SPEAKERS`] of each room.
    pub(crate) all_speak: bool,
}

/// A server, or several nodes, with everybody in their rooms.
pub(crate) struct Station {
    peers: Vec<Peer>,
    load_clients: Crowd,
    seating: Seating,
    /// How many messages each room has been told.
    said: Vec<u64>,
    expected: u64,
}

/// How fast it went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Deliveries for each second of the server's processor time.
    pub(crate) per_cpu_second: f64,
    /// Deliveries for each second on the wall.
    pub(crate) per_second: f64,
    /// How much of its core the server used.
    pub(crate) server_busy: f64,
    /// How much of its core the generator used.
    pub(crate) generator_busy: f64,
}

impl Rate {
    /// Whether it is the server's rate, and not the generator's.
    pub(crate) fn counts(&self) -> bool {
        self.generator_busy <= GENERATOR_BUSY_MAX || self.server_busy >= SERVER_BUSY
    }
}

/// How long it took.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    /// Of each delivery, from when its message was due, in nanoseconds.
    pub(crate) nanoseconds: Histogram<u64>,
    /// Messages a second.
    pub(crate) rate: f64,
    /// As in [`Rate`].
    pub(crate) server_busy: f64,
    /// As in [`Rate`].
    pub(crate) generator_busy: f64,
    /// Most memory the server had in use, in bytes.
    pub(crate) memory: u64,
}

/// What it cost by the clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) rate: Rate,
    /// How long after it was due a message was heard by all of its room, at the median.
    pub(crate) half: Duration,
    /// The same at the 99th percentile.
    pub(crate) late: Duration,
}

#[derive(Default)]
struct Completed {
    rooms: Vec<usize>,
}

impl Listener for Completed {
    fn heard(&mut self, _: u64, _: Instant) {}

    fn completed(&mut self, room: usize, _: u64) {
        self.rooms.push(room);
    }
}

struct Schedule {
    start: Instant,
    interval: f64,
    first: u64,
    /// The first whose latency counts.
    counted_from: u64,
    nanoseconds: Histogram<u64>,
    completed: u64,
}

impl Schedule {
    fn due(&self, index: u64) -> Instant {
        self.start + Duration::from_secs_f64(self.interval * index as f64)
    }
}

impl Listener for Schedule {
    fn heard(&mut self, number: u64, now: Instant) {
        let index = number - self.first;
        if index >= self.counted_from {
            let late = now.saturating_duration_since(self.due(index));
            self.nanoseconds.saturating_record(late.as_nanos() as u64);
        }
    }

    fn completed(&mut self, _: usize, _: u64) {
        self.completed += 1;
    }
}

/// All rooms in turn, by the clock.
struct Turns {
    start: Instant,
    interval: f64,
    /// How many messages each room had been told before.
    before: Vec<u64>,
    nanoseconds: Histogram<u64>,
}

impl Turns {
    fn due(&self, index: u64) -> Instant {
        self.start + Duration::from_secs_f64(self.interval * index as f64)
    }
}

impl Listener for Turns {
    fn heard(&mut self, _: u64, _: Instant) {}

    fn completed(&mut self, room: usize, number: u64) {
        let index = (number - self.before[room] - 1) * self.before.len() as u64 + room as u64;
        let late = Instant::now().saturating_duration_since(self.due(index));
        self.nanoseconds.saturating_record(late.as_nanos() as u64);
    }
}

/// A moment: what had been delivered, and what had been spent.
struct Mark {
    at: Instant,
    delivered: u64,
    server: Duration,
    generator: Duration,
}

/// Reads a recording as it grows, on a thread of its own, until the server ends.
fn look_at(server: SocketAddr, token: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    stream.write_all(format!("GET /xray/{token}/events HTTP/1.0\r\nHost: {server}\r\n\r\n").as_bytes())?;
    std::thread::spawn(move || io::copy(&mut stream, &mut io::sink()));
    Ok(())
}

impl Station {
    /// Starts a server on these cores, and lets everybody in.
    ///
    /// # Errors
    /// When the server does not start, or refuses somebody.
    pub(crate) fn open(
        programs: &Programs,
        kind: Kind,
        cores: &[usize],
        options: &[&str],
        seating: Seating,
    ) -> io::Result<Self> {
        Self::among(vec![programs.start(kind, cores, options)?], seating)
    }

    /// Lets everybody in, to these nodes in turn. They are of one kind.
    ///
    /// # Errors
    /// When somebody is refused.
    pub(crate) fn among(peers: Vec<Peer>, seating: Seating) -> io::Result<Self> {
        let kind = peers[0].kind();
        let mut load_clients = Crowd::at(peers.iter().map(Peer::address).collect())?;
        for room in 0..seating.rooms {
            let number = load_clients.room();
            for member in 0..seating.members {
                // The checker wants to be told the whole truth, which only our server tells.
                let speaks = if seating.all_speak { room == 0 } else { member < SPEAKERS };
                let is_witness = speaks && kind.is_ours();
                let is_deaf = room == 0 && member >= seating.members - seating.deaf;
                let is_recorded = room == 0 && (SPEAKERS..SPEAKERS + seating.recorded).contains(&member);
                load_clients.enter(number, Manner { is_witness, is_deaf, is_recorded })?;
            }
        }
        load_clients.settle()?;
        for recording in &load_clients.recordings {
            look_at(peers[0].address(), recording)?;
        }
        Ok(Self { peers, load_clients, seating, said: vec![0; seating.rooms], expected: 0 })
    }

    pub(crate) fn kind(&self) -> Kind {
        self.peers[0].kind()
    }

    /// Of the first node.
    pub(crate) fn address(&self) -> SocketAddr {
        self.peers[0].address()
    }

    /// How many messages have been said so far.
    pub(crate) fn said(&self) -> u64 {
        self.said.iter().sum()
    }

    fn say(&mut self, room: usize) -> io::Result<()> {
        self.said[room] += 1;
        let members = self.load_clients.members(room);
        let speakers = if self.seating.all_speak { members.len() } else { SPEAKERS.min(members.len()) };
        let speaker = members[self.said[room] as usize % speakers];
        self.expected += self.load_clients.hearers(room) as u64;
        self.load_clients.say(speaker, self.said[room])
    }

    /// Talks for so long, with so many messages in flight in each room.
    ///
    /// # Errors
    /// When a message is lost, repeated, reordered or altered, or the server stops.
    pub(crate) fn closed(&mut self, window: usize, time: Duration) -> io::Result<Rate> {
        let mut completed = Completed::default();
        for room in 0..self.seating.rooms {
            for _ in 0..window {
                self.say(room)?;
            }
        }
        let (start, mut from) = (Instant::now(), None);
        let rate = loop {
            self.load_clients.turn(Duration::from_millis(100), &mut completed)?;
            std::thread::sleep(NAP);
            for room in completed.rooms.drain(..) {
                self.say(room)?;
            }
            match &from {
                None if start.elapsed() >= WARM => from = Some(self.mark()?),
                Some(from) if from.at.elapsed() >= time => break from.until(&self.mark()?),
                _ if start.elapsed() > PATIENCE => return Err(io::Error::other("it takes too long")),
                _ => {}
            }
        };
        self.drain()?;
        Ok(rate)
    }

    /// Talks for so long, by the clock, so many messages a second, in the first room.
    ///
    /// # Errors
    /// As [`Station::closed`].
    pub(crate) fn open_loop(&mut self, rate: f64, time: Duration) -> io::Result<Latency> {
        let messages = (rate * (WARM + time).as_secs_f64()) as u64;
        let mut schedule = Schedule {
            start: Instant::now() + Duration::from_millis(1),
            interval: 1.0 / rate,
            first: self.said[0] + 1,
            counted_from: (rate * WARM.as_secs_f64()) as u64,
            nanoseconds: Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)?,
            completed: 0,
        };
        let (from, mut said, mut memory, mut looked) = (self.mark()?, 0, 0, Instant::now());
        while schedule.completed < messages {
            let now = Instant::now();
            while said < messages && schedule.due(said) <= now {
                self.say(0)?;
                said += 1;
            }
            let next = if said < messages { schedule.due(said) } else { now + Duration::from_millis(10) };
            self.load_clients.turn(next.saturating_duration_since(Instant::now()), &mut schedule)?;
            if looked.elapsed() > Duration::from_millis(100) {
                looked = Instant::now();
                memory = memory.max(self.peers[0].usage().memory()?);
            }
            if from.at.elapsed() > time + PATIENCE {
                let error = format!("{} of {messages} messages heard by all", schedule.completed);
                return Err(io::Error::other(error));
            }
        }
        let Rate { server_busy, generator_busy, .. } = from.until(&self.mark()?);
        self.drain()?;
        Ok(Latency { nanoseconds: schedule.nanoseconds, rate, server_busy, generator_busy, memory })
    }

    /// Talks for so long, by the clock, so many messages a second, in all rooms in turn: what a delivery costs
    /// at this rate, whoever could do more.
    ///
    /// # Errors
    /// As [`Station::closed`].
    pub(crate) fn paced(&mut self, rate: f64, time: Duration) -> io::Result<Pace> {
        let mut turns = Turns {
            start: Instant::now(),
            interval: 1.0 / rate,
            before: self.said.clone(),
            nanoseconds: Histogram::new_with_bounds(1_000, 60_000_000_000, 3).map_err(io::Error::other)?,
        };
        let (mut from, mut said) = (None, 0);
        let rate = loop {
            let now = Instant::now();
            while turns.due(said) <= now {
                self.say(said as usize % self.seating.rooms)?;
                said += 1;
            }
            let rest = turns.due(said).saturating_duration_since(Instant::now());
            self.load_clients.turn_of::<PACED_EVENTS>(rest, &mut turns)?;
            match &from {
                None if turns.start.elapsed() >= WARM => {
                    turns.nanoseconds.reset();
                    from = Some(self.mark()?);
                }
                Some(from) if from.at.elapsed() >= time => break from.until(&self.mark()?),
                _ => {}
            }
        };
        self.drain()?;
        let [half, late] =
            [0.5, 0.99].map(|of| Duration::from_nanos(turns.nanoseconds.value_at_quantile(of)));
        Ok(Pace { rate, half, late })
    }

    /// Waits for the last deliveries, and counts: not one more or fewer than there should be.
    fn drain(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.load_clients.delivered < self.expected && Instant::now() < deadline {
            self.load_clients.turn(Duration::from_millis(100), &mut ())?;
        }
        while self.load_clients.turn(Duration::ZERO, &mut ())? {}
        if self.load_clients.delivered != self.expected {
            let (delivered, expected) = (self.load_clients.delivered, self.expected);
            return Err(io::Error::other(format!("{delivered} deliveries of {expected}")));
        }
        Ok(())
    }

    fn mark(&self) -> io::Result<Mark> {
        Ok(Mark {
            at: Instant::now(),
            delivered: self.load_clients.delivered,
            server: self.peers.iter().map(|peer| peer.usage().threads_time()).sum::<io::Result<_>>()?,
            generator: own_time()?,
        })
    }

    /// How many of those who do not read were cut for it.
    ///
    /// # Errors
    /// When the system fails.
    pub(crate) fn cut(&mut self) -> io::Result<usize> {
        self.load_clients.cut()
    }

    /// What the checker found in what the witnesses sent and heard.
    pub(crate) fn verdict(self) -> Vec<String> {
        self.load_clients.verdict()
    }
}

impl Mark {
    fn until(&self, later: &Self) -> Rate {
        let deliveries = (later.delivered - self.delivered) as f64;
        let wall = (later.at - self.at).as_secs_f64();
        let server = (later.server - self.server).as_secs_f64();
        Rate {
            per_cpu_second: deliveries / server,
            per_second: deliveries / wall,
            server_busy: server / wall,
            generator_busy: (later.generator - self.generator).as_secs_f64() / wall,
        }
    }
}

/// The processor time of this thread.
fn own_time() -> io::Result<Duration> {
    clock_gettime(ClockId::ThreadCPUTime).try_into().map_err(io::Error::other)
}
