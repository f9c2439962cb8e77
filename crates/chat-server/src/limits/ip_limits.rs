//! The limits of each address: open sockets, and rate limits of new rooms, frames and requests. All
//! connections of an address share one [`IpUsage`], so a place is given up by `Drop` and a frame is counted
//! without a lookup. Of IPv6 a whole /48 has a usage of its own as well. The table of them is locked when a
//! socket or a WebSocket opens, never for a message.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use chat_room::{AddressKey, RateLimit};
use parking_lot::Mutex;

use super::client_ip::ClientIp;

/// How many addresses that have nothing open are remembered for what they spent.
const REMEMBERED: usize = 16_384;
/// After how many new addresses the table is tidied.
const TIDIED_EVERY: usize = 4_096;
/// How many times what one address may is what a /48 of IPv6 may: one customer's, or that of many subscribers.
const NETWORK: u32 = 2;
/// The burst of an address, in seconds at its rate limit: the proportion that one person's burst and rate
/// have by default. A class that comes back after a restart, each with what waited, fits. The same goes for
/// its requests, and a class that opens the page.
const BURST_SECONDS: f64 = 5.0;
/// How long a request over the rate limit waits for its turn: a page whose style is late is still a page.
pub(crate) const REQUEST_PATIENCE: Duration = Duration::from_secs(2);

/// The bounds of one address; 0 sets none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// WebSocket connections at once.
    pub(crate) connections: usize,
    /// Sockets at once that are not WebSockets (yet).
    pub(crate) http_sockets: usize,
    /// New rooms a minute; as many may come at once, and as many more be refused before the address's
    /// newcomers are answered alike whether a room exists or not.
    pub(crate) rooms: u32,
    /// Frames a second; five times as many may come at once.
    pub(crate) frames: u32,
    /// HTTP requests a second; five times as many may come at once.
    pub(crate) requests: u32,
}

/// The addresses that have something open, and those that spent something lately.
///
/// Its size is bounded by what is open (which the limits in all bound), and 16,384 (`REMEMBERED`) and
/// 4,096 (`TIDIED_EVERY`) more. Over that, the addresses that have nothing open are forgotten, and with
/// them what they had spent: a client with that many addresses gains nothing by it.
#[derive(Debug)]
pub(crate) struct IpLimits {
    limits: Limits,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    usages: HashMap<ClientIp, Arc<IpUsage>>,
    /// Those of each /48 of IPv6.
    networks: HashMap<ClientIp, Arc<IpUsage>>,
    since_tidied: usize,
}

impl IpLimits {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, table: Mutex::default() }
    }

    pub(crate) fn at(&self, address: ClientIp, now: Instant) -> Arc<IpUsage> {
        let mut table = self.table.lock();
        if let Some(usage) = table.usages.get(&address) {
            return usage.clone();
        }
        table.since_tidied += 1;
        if table.since_tidied > TIDIED_EVERY {
            table.tidy(now);
        }
        let whole = matches!(address, ClientIp::V6(_)).then(|| {
            let network = address.network();
            let new = || Arc::new(IpUsage::new(network, self.limits.of_network(), None, now));
            table.networks.entry(network).or_insert_with(new).clone()
        });
        let new = || Arc::new(IpUsage::new(address, self.limits, whole, now));
        table.usages.entry(address).or_insert_with(new).clone()
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.table.lock().usages.len()
    }
}

impl Table {
    fn tidy(&mut self, now: Instant) {
        self.since_tidied = 0;
        // Handles are made under the table's lock, or from another handle: so nobody has one.
        let unused = |usage: &Arc<IpUsage>| Arc::strong_count(usage) == 1;
        self.usages.retain(|_, usage| !(unused(usage) && usage.is_as_new(now)));
        if self.usages.len() > REMEMBERED {
            self.usages.retain(|_, usage| !unused(usage));
        }
        self.networks.retain(|_, usage| !(unused(usage) && usage.is_as_new(now)));
        if self.networks.len() > REMEMBERED {
            self.networks.retain(|_, usage| !unused(usage));
        }
    }
}

#[derive(Debug)]
pub(crate) struct IpUsage {
    address: ClientIp,
    /// What all of its network have together, of IPv6.
    whole: Option<Arc<IpUsage>>,
    connections: Count,
    http_sockets: Count,
    rooms: RateLimit,
    /// How many new rooms may be refused before nothing is told of those that exist.
    refusals: RateLimit,
    frames: RateLimit,
    requests: RateLimit,
}

/// How many there are, of how many there may be.
#[derive(Debug)]
struct Count {
    now: AtomicUsize,
    max: usize,
}

#[derive(Clone, Copy, Debug)]
enum Of {
    Connections,
    HttpSockets,
}

/// A socket's place among those of its address, given up on drop.
#[must_use = "dropping a place gives it up"]
#[derive(Debug)]
pub(crate) struct IpSlot {
    usage: Arc<IpUsage>,
    of: Of,
}

impl IpSlot {
    pub(crate) fn usage(&self) -> &IpUsage {
        &self.usage
    }
}

impl Drop for IpSlot {
    fn drop(&mut self) {
        self.usage.give_up(self.of);
    }
}

impl Count {
    fn new(limit: usize) -> Self {
        Self { now: AtomicUsize::new(0), max: if limit == 0 { usize::MAX } else { limit } }
    }

    fn take(&self) -> bool {
        let one_more = |now: usize| (now < self.max).then_some(now + 1);
        self.now.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }
}

impl Limits {
    fn of_network(self) -> Self {
        let times = NETWORK as usize;
        Self {
            connections: self.connections.saturating_mul(times),
            http_sockets: self.http_sockets.saturating_mul(times),
            rooms: self.rooms.saturating_mul(NETWORK),
            frames: self.frames.saturating_mul(NETWORK),
            requests: self.requests.saturating_mul(NETWORK),
        }
    }
}

impl IpUsage {
    fn new(address: ClientIp, limits: Limits, whole: Option<Arc<Self>>, now: Instant) -> Self {
        let rooms = f64::from(limits.rooms);
        let by_second = |limit: u32| RateLimit::new(limit.into(), f64::from(limit) * BURST_SECONDS, now);
        Self {
            address,
            whole,
            connections: Count::new(limits.connections),
            http_sockets: Count::new(limits.http_sockets),
            rooms: RateLimit::new(rooms / 60.0, rooms, now),
            refusals: RateLimit::new(rooms / 60.0, rooms, now),
            frames: by_second(limits.frames),
            requests: by_second(limits.requests),
        }
    }

    pub(crate) fn network(&self) -> ClientIp {
        self.address.network()
    }

    /// The address, as rooms know it.
    pub(crate) fn address(&self) -> AddressKey {
        self.address.into()
    }

    /// A place for one more WebSocket connection; `None` when there is none.
    pub(crate) fn connection(self: Arc<Self>) -> Option<IpSlot> {
        self.take(Of::Connections)
    }

    /// A place for one more socket that is no WebSocket (yet); `None` when there is none.
    pub(crate) fn http_socket(self: Arc<Self>) -> Option<IpSlot> {
        self.take(Of::HttpSockets)
    }

    /// The place of a socket that is no WebSocket and is being closed for this one: until it has ended there is
    /// one more than there may be.
    pub(crate) fn http_socket_instead(self: Arc<Self>) -> IpSlot {
        for usage in std::iter::once(&self).chain(&self.whole) {
            usage.http_sockets.now.fetch_add(1, Ordering::Relaxed);
        }
        IpSlot { usage: self, of: Of::HttpSockets }
    }

    fn take(self: Arc<Self>, of: Of) -> Option<IpSlot> {
        if !self.count(of).take() {
            return None;
        }
        if self.whole.as_ref().is_some_and(|whole| !whole.count(of).take()) {
            self.count(of).now.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(IpSlot { usage: self, of })
    }

    fn give_up(&self, of: Of) {
        self.count(of).now.fetch_sub(1, Ordering::Relaxed);
        if let Some(whole) = &self.whole {
            whole.give_up(of);
        }
    }

    fn count(&self, of: Of) -> &Count {
        match of {
            Of::Connections => &self.connections,
            Of::HttpSockets => &self.http_sockets,
        }
    }

    /// Whether a frame that came now is within the rate limit; counts it. Its network is not asked, which would
    /// be one more lock for each message; those of a /48 are bounded by its connections.
    pub(crate) fn allow_frame(&self, now: Instant) -> bool {
        self.frames.take(now)
    }

    /// When the turn of a request is that came now: after this time; counts it.
    ///
    /// # Errors
    /// After what time it would be, where that is longer than [`REQUEST_PATIENCE`].
    pub(crate) fn request_in(&self, now: Instant) -> Result<Duration, Duration> {
        let own = self.requests.take_within(now, REQUEST_PATIENCE)?;
        match &self.whole {
            Some(whole) => Ok(own.max(whole.request_in(now)?)),
            None => Ok(own),
        }
    }

    /// A request has cost as much as this many more.
    pub(crate) fn charge_requests(&self, more: u32, now: Instant) {
        self.requests.charge(more.into(), now);
        if let Some(whole) = &self.whole {
            whole.charge_requests(more, now);
        }
    }

    /// Whether a room may be created now; counts it.
    pub(crate) fn allow_room(&self, now: Instant) -> bool {
        self.rooms.take(now) && self.whole.as_ref().is_none_or(|whole| whole.allow_room(now))
    }

    /// Counts a room that could not be created.
    pub(crate) fn room_refused(&self, now: Instant) {
        self.refusals.take(now);
        if let Some(whole) = &self.whole {
            whole.room_refused(now);
        }
    }

    /// Whether so many creations were refused of late that somebody may be guessing the names of rooms.
    pub(crate) fn may_be_guessing(&self, now: Instant) -> bool {
        !self.refusals.has_one(now) || self.whole.as_ref().is_some_and(|whole| whole.may_be_guessing(now))
    }

    fn is_as_new(&self, now: Instant) -> bool {
        let limits = [&self.rooms, &self.refusals, &self.frames, &self.requests];
        limits.iter().all(|limit| limit.is_whole(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { connections: 2, http_sockets: 3, rooms: 6, frames: 10, requests: 10 };

    fn address(n: usize) -> ClientIp {
        ClientIp::V6(n as u64)
    }

    #[test]
    fn connections_per_address_are_limited_and_freed() {
        let now = Instant::now();
        let usages = IpLimits::new(LIMITS);
        let one = || usages.at(address(1), now).connection();
        let held = (one(), one());
        assert!(held.0.is_some() && held.1.is_some());
        assert!(one().is_none());
        assert!(usages.at(address(2), now).connection().is_some(), "another is unharmed");
        assert!(usages.at(address(1), now).http_socket().is_some(), "the two are counted apart");
        drop(held.0);
        assert!(one().is_some());
    }

    #[test]
    fn networks_may_twice_what_addresses_may() {
        let now = Instant::now();
        let usages = IpLimits::new(LIMITS);
        let of_network = |n: usize| usages.at(address(7 << 16 | n), now);
        let held: Vec<_> = (0..10).filter_map(|n| of_network(n).connection()).collect();
        assert_eq!(held.len(), 4, "one of each address, of two that each may have");
        assert_eq!((0..100).filter(|n| of_network(*n).allow_room(now)).count(), 12);
        assert!(usages.at(address(8 << 16), now).connection().is_some(), "another network is unharmed");
        drop(held);
        assert!(of_network(0).connection().is_some());
    }

    #[test]
    fn zero_is_no_limit() {
        let now = Instant::now();
        let usages =
            IpLimits::new(Limits { connections: 0, http_sockets: 0, rooms: 0, frames: 0, requests: 0 });
        let usage = usages.at(address(1), now);
        let held: Vec<_> = (0..10_000).map(|_| usage.clone().connection()).collect();
        assert!(held.iter().all(Option::is_some));
        assert!((0..10_000).all(|_| usage.allow_frame(now) && usage.allow_room(now)));
        assert!((0..100_000).all(|_| usage.request_in(now) == Ok(Duration::ZERO)));
    }

    #[test]
    fn rooms_refill_by_minute_frames_by_second() {
        let now = Instant::now();
        let usage = IpLimits::new(LIMITS).at(address(1), now);
        let rooms = |at| (0..100).filter(|_| usage.allow_room(at)).count();
        assert_eq!((rooms(now), rooms(now + Duration::from_secs(20))), (6, 2));
        let frames = |at| (0..100).filter(|_| usage.allow_frame(at)).count();
        assert_eq!((frames(now), frames(now + Duration::from_secs(1))), (50, 10));
    }

    #[test]
    fn room_rate_limit_outlives_sockets() {
        let now = Instant::now();
        let usages = IpLimits::new(LIMITS);
        for _ in 0..6 {
            let held = usages.at(address(0), now).connection().unwrap();
            assert!(held.usage().allow_room(now));
        }
        // Many others come and go, so that the table is tidied.
        for n in 1..3 * TIDIED_EVERY {
            drop(usages.at(address(n), now).connection());
        }
        assert!(!usages.at(address(0), now).allow_room(now));
        assert!(usages.count() <= TIDIED_EVERY + 1, "{}", usages.count());
    }

    #[test]
    fn address_flood_is_forgotten_except_open_ones() {
        let now = Instant::now();
        let usages = IpLimits::new(LIMITS);
        let held = [usages.at(address(0), now).connection(), usages.at(address(0), now).connection()];
        let mut most = 0;
        for n in 1..2 * REMEMBERED {
            usages.at(address(n), now).allow_frame(now);
            most = most.max(usages.count());
        }
        assert!(most <= REMEMBERED + TIDIED_EVERY + 1, "{most} addresses in the table");
        assert!(usages.at(address(0), now).connection().is_none(), "still has its two connections");
        drop(held);
    }
}
