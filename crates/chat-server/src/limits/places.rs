//! A bounded number of places that nobody can keep others out of. A sixteenth of them is for networks that
//! have none. When the others are taken, the network that has most gives one up to a newcomer that has fewer:
//! what is idle first, the oldest of that; then the newest. A network is an IPv4 address, or a /48 of IPv6.
//! Pure: who has a place and who gives way; what is ended, and how, is its users'.

use std::collections::{BTreeMap, HashMap};

use super::client_ip::ClientIp;

/// Of how many places one is kept for networks that have none.
const KEPT_ONE_IN: usize = 16;

/// What has a place.
pub(crate) trait Occupant {
    /// Whether nothing is under way there, so that it is the first to give way.
    fn is_idle(&self) -> bool;

    /// Whether it can be told to give way at all.
    fn can_give_way(&self) -> bool;
}

/// A place, by its number; later ones have higher numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PlaceKey(pub(crate) u64);

#[derive(Debug)]
pub(crate) struct Places<T> {
    max: usize,
    taken: usize,
    next: u64,
    /// By network; under `None`, what never gives way.
    by_network: HashMap<Option<ClientIp>, BTreeMap<PlaceKey, T>>,
}

/// All places are taken, and nobody has so many that one should be given up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AllTaken;

impl<T: Occupant> Places<T> {
    pub(crate) fn new(max: usize) -> Self {
        Self { max, taken: 0, next: 0, by_network: HashMap::new() }
    }

    /// A place for this one, and who had to give it up, if somebody had: they have none any more. A newcomer of
    /// no network has whatever place there is.
    pub(crate) fn take(
        &mut self,
        network: Option<ClientIp>,
        occupant: T,
    ) -> Result<(PlaceKey, Option<T>), AllTaken> {
        let own = network.and_then(|_| self.by_network.get(&network)).map_or(0, BTreeMap::len);
        let kept = if own == 0 { 0 } else { self.max / KEPT_ONE_IN };
        let evicted = match self.taken + kept < self.max {
            true => None,
            false => Some(self.evict(own + 1).ok_or(AllTaken)?),
        };
        let key = PlaceKey(self.next);
        self.next += 1;
        self.taken += 1;
        self.by_network.entry(network).or_default().insert(key, occupant);
        Ok((key, evicted))
    }

    /// The oldest of this network of which this is true gives its place up, if there is one.
    pub(crate) fn displace(&mut self, network: Option<ClientIp>, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let key = *self.by_network.get(&network)?.iter().find(|(_, occupant)| is_it(occupant))?.0;
        self.remove(network, key)
    }

    /// The place is free. No matter if it was given up before.
    pub(crate) fn give_up(&mut self, network: Option<ClientIp>, key: PlaceKey) {
        self.remove(network, key);
    }

    pub(crate) fn get_mut(&mut self, network: Option<ClientIp>, key: PlaceKey) -> Option<&mut T> {
        self.by_network.get_mut(&network)?.get_mut(&key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_network.values().flat_map(BTreeMap::values)
    }

    /// How many are taken.
    pub(crate) fn count(&self) -> usize {
        self.taken
    }

    /// Who gives way: of the network that has most, if that is more than this many.
    fn evict(&mut self, than: usize) -> Option<T> {
        let networks = self.by_network.iter().filter(|(network, _)| network.is_some());
        let (&network, places) = networks.max_by_key(|(_, places)| places.len())?;
        if places.len() <= than {
            return None;
        }
        let mut may = places.iter().filter(|(_, occupant)| occupant.can_give_way());
        let idle = may.clone().find(|(_, occupant)| occupant.is_idle());
        let (&key, _) = idle.or_else(|| may.next_back())?;
        self.remove(network, key)
    }

    fn remove(&mut self, network: Option<ClientIp>, key: PlaceKey) -> Option<T> {
        let places = self.by_network.get_mut(&network)?;
        let removed = places.remove(&key)?;
        self.taken -= 1;
        if places.is_empty() {
            self.by_network.remove(&network);
        }
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Socket {
        name: String,
        is_idle: bool,
    }

    impl Occupant for Socket {
        fn is_idle(&self) -> bool {
            self.is_idle
        }

        fn can_give_way(&self) -> bool {
            self.name != "fixed"
        }
    }

    fn network(n: u8) -> Option<ClientIp> {
        Some(ClientIp::from(std::net::IpAddr::from([192, 0, 2, n])))
    }

    fn socket(name: impl Into<String>, is_idle: bool) -> Socket {
        Socket { name: name.into(), is_idle }
    }

    /// Who gave way; panics where there was no place.
    fn take(places: &mut Places<Socket>, n: u8, name: &str, is_idle: bool) -> Option<String> {
        places.take(network(n), socket(name, is_idle)).unwrap().1.map(|socket| socket.name)
    }

    #[test]
    fn newcomers_share_evenly_with_hoarders() {
        let mut places = Places::new(32);
        for n in 0..15 {
            assert_eq!(take(&mut places, 1, &format!("a{n}"), false), None);
            assert_eq!(take(&mut places, 2, &format!("b{n}"), false), None);
        }
        // Two are kept for who has none.
        assert_eq!(take(&mut places, 3, "c0", false), None);
        for n in 1..10 {
            assert!(take(&mut places, 3, &format!("c{n}"), false).is_some_and(|gone| !gone.starts_with('c')));
        }
        let refused = (0..10).filter(|_| places.take(network(3), socket("c", false)).is_err()).count();
        assert!(refused >= 9, "who has as many as others takes none of theirs");
        assert!(places.count() <= 32);
        assert_eq!(take(&mut places, 4, "d", false), None, "one was kept");
    }

    #[test]
    fn idle_oldest_gives_way_before_busy_newest() {
        let mut places = Places::new(6);
        for (name, is_idle) in
            [("fixed", true), ("busy 1", false), ("idle 1", true), ("idle 2", true), ("busy 2", false)]
        {
            take(&mut places, 1, name, is_idle);
        }
        take(&mut places, 2, "other", true);
        let gone: Vec<_> = (3..6).map(|n| take(&mut places, n, "new", true).unwrap()).collect();
        assert_eq!(gone, ["idle 1", "idle 2", "busy 2"]);
    }

    #[test]
    fn lone_places_are_nobodys_to_take() {
        let mut places = Places::new(3);
        for n in 1..=3 {
            take(&mut places, n, "one", true);
        }
        assert_eq!(places.take(network(4), socket("late", true)).unwrap_err(), AllTaken);
        places.give_up(network(1), PlaceKey(0));
        places.give_up(network(1), PlaceKey(0));
        assert_eq!(places.count(), 2);
        assert_eq!(take(&mut places, 4, "late", true), None);
    }

    #[test]
    fn trusted_proxy_never_gives_way() {
        let mut places = Places::new(4);
        for _ in 0..3 {
            places.take(None, socket("proxied", true)).unwrap();
        }
        take(&mut places, 1, "one", true);
        assert!(places.take(network(2), socket("two", true)).is_err());
        assert!(places.take(None, socket("proxied", true)).is_err());
    }
}
