//! The recording of one connection: the bytes that passed its socket, in order, and what is known beside
//! them. Writing must cost the connection next to nothing, so bytes are kept as they were and not
//! understood. Bounded in bytes and in events: once full it says so, and records no more. Readers go
//! through [`super::redacted`], which covers secrets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use chat_wire::{Chunk, Direction, Ended, Event, Journey, Opened, Tcp};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::net::{http_stream::Passage, tap::Ends};

/// A recording has at most one event for so many bytes of its bound: a client that sends byte by byte
/// has many in few bytes.
const BYTES_AN_EVENT: usize = 64;

/// About how many bytes are read out at a time.
const PORTION: usize = 32 * 1024;

/// What an event costs besides its bytes, about, in bytes.
const EVENT_COST: usize = 128;

#[derive(Debug)]
pub(crate) struct Recording {
    began: Instant,
    ends: Ends,
    limit: usize,
    pool: Arc<Pool>,
    log: Mutex<Log>,
    /// How many events there are.
    count: watch::Sender<usize>,
}

/// Bytes that all recordings have together.
#[derive(Debug)]
pub(crate) struct Pool(AtomicUsize);

#[derive(Debug, Default)]
struct Log {
    events: Vec<Event>,
    /// How many bytes went in and out.
    offsets: [u64; 2],
    /// What all of this costs, taken from the pool.
    cost: usize,
    is_full: bool,
    ended: Option<Instant>,
}

impl Pool {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    pub(crate) fn left(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Recording {
    /// A recording that begins with the bytes of the handshake, and keeps at most `limit` bytes of both
    /// directions together. `at` is the Unix time now, in milliseconds.
    pub(crate) fn open(
        handshake: Vec<Passage>,
        ends: Ends,
        proxied: bool,
        at: u64,
        limit: usize,
        pool: Arc<Pool>,
    ) -> Self {
        let now = Instant::now();
        let began = handshake.first().map_or(now, |passage| passage.at);
        let opened = Opened {
            at: at.saturating_sub(now.duration_since(began).as_millis() as u64),
            limit_bytes: limit as u64,
            ipv6: ends.peer.ip().to_canonical().is_ipv6(),
            loopback: ends.peer.ip().to_canonical().is_loopback(),
            proxied,
        };
        let recording =
            Self { began, ends, limit, pool, log: Mutex::default(), count: watch::Sender::new(0) };
        recording.note(&mut recording.log.lock(), Event::Opened(opened), 0);
        for Passage { at, direction, bytes } in handshake {
            recording.passed(at, direction, &bytes);
        }
        recording
    }

    pub(crate) fn received(&self, bytes: &[u8]) {
        self.passed(Instant::now(), Direction::In, bytes);
    }

    pub(crate) fn sent(&self, bytes: &[u8]) {
        self.passed(Instant::now(), Direction::Out, bytes);
    }

    fn passed(&self, at: Instant, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut log = self.log.lock();
        let total = log.offsets[0] + log.offsets[1] + bytes.len() as u64;
        let way = usize::from(direction == Direction::Out);
        let offset = log.offsets[way];
        log.offsets[way] += bytes.len() as u64;
        if total > self.limit as u64 {
            self.fill(&mut log, at);
        } else if !log.is_full {
            let data = bytes.to_vec();
            let chunk = Chunk { at_us: self.us(at), direction, offset, data, hidden: Vec::new() };
            self.note(&mut log, Event::Bytes(chunk), bytes.len());
        }
    }

    /// A message of this connection's went its way.
    pub(crate) fn travelled(&self, journey: Journey) {
        self.note(&mut self.log.lock(), Event::Journey(journey), 0);
    }

    pub(crate) fn measured(&self, tcp: Tcp) {
        self.note(&mut self.log.lock(), Event::Tcp(tcp), 0);
    }

    /// The connection is over. The first call counts.
    pub(crate) fn end(&self, code: Option<u16>, by_server: bool) {
        let now = Instant::now();
        let mut log = self.log.lock();
        if log.ended.is_none() {
            log.ended = Some(now);
            log.events.push(Event::Ended(Ended { at_us: self.us(now), code, by_server }));
            self.count.send_replace(log.events.len());
        }
    }

    /// Notes one more event, if it has a place.
    fn note(&self, log: &mut Log, event: Event, bytes: usize) {
        if log.is_full || log.ended.is_some() {
            return;
        }
        let cost = EVENT_COST + bytes;
        if log.events.len() >= self.limit / BYTES_AN_EVENT || !self.pool.take(cost) {
            return self.fill(log, Instant::now());
        }
        log.cost += cost;
        log.events.push(event);
        self.count.send_replace(log.events.len());
    }

    fn fill(&self, log: &mut Log, at: Instant) {
        if !log.is_full && log.ended.is_none() {
            log.is_full = true;
            log.events.push(Event::Full { at_us: self.us(at), limit_bytes: self.limit as u64 });
            self.count.send_replace(log.events.len());
        }
    }

    /// Microseconds from the beginning to `at`.
    pub(crate) fn us(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.began).as_micros() as u64
    }

    pub(crate) fn ends(&self) -> Ends {
        self.ends
    }

    /// Some of the events from the one numbered `from` on, as they were noted: at least one, if there
    /// is one, and so many that a reader holds little at a time.
    pub(crate) fn events(&self, from: usize) -> Vec<Event> {
        let log = self.log.lock();
        let mut bytes = 0;
        let events = log.events.get(from..).unwrap_or_default().iter();
        let portion = events.take_while(|event| {
            let is_within = bytes < PORTION;
            bytes += EVENT_COST + if let Event::Bytes(chunk) = event { chunk.data.len() } else { 0 };
            is_within
        });
        portion.cloned().collect()
    }

    /// How many events there are: to wait for more.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.count.subscribe()
    }

    pub(crate) fn watchers(&self) -> usize {
        self.count.receiver_count()
    }

    /// When the connection ended; `None` while it has not.
    pub(crate) fn ended(&self) -> Option<Instant> {
        self.log.lock().ended
    }

    /// Whether nothing more will be recorded.
    pub(crate) fn is_full(&self) -> bool {
        self.log.lock().is_full
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.pool.give_back(self.log.lock().cost);
    }
}
