//! The client's address, which limits are counted for. It is the socket's own, or, behind a proxy that the
//! operator trusts, the one that this proxy saw. Pure: addresses and headers in, a [`ClientIp`] out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use chat_room::AddressKey;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a socket, an extension of each request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub IpAddr);

/// One that limits are counted for. An IPv4 address, also in its IPv6 form `::ffff:a.b.c.d`
/// (RFC 4291 §2.5.5.2); of IPv6 the first 64 bits, because that is what one subscriber is given at
/// least (RFC 6177 §2), and within it they choose addresses as they like.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ClientIp {
    /// One IPv4 address: a household, a school, or some thousand subscribers of a mobile carrier.
    V4(Ipv4Addr),
    /// The upper half of an IPv6 address.
    V6(u64),
}

impl From<ClientIp> for AddressKey {
    fn from(ip: ClientIp) -> Self {
        match ip {
            ClientIp::V4(ip) => Self(ip.to_bits().into()),
            // No /64 that anybody is given begins with 32 zeros.
            ClientIp::V6(prefix) => Self(prefix),
        }
    }
}

impl From<IpAddr> for ClientIp {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => Self::V6((ip.to_bits() >> 64) as u64),
        }
    }
}

impl ClientIp {
    /// What it is part of: the address itself, or the first 48 bits of IPv6, which many providers give to one
    /// customer, who then has 65,536 of these (RFC 6177 §2).
    pub(crate) fn network(self) -> Self {
        match self {
            Self::V4(_) => self,
            Self::V6(upper) => Self::V6(upper & !0xFFFF),
        }
    }
}

/// The proxies whose forwarding headers are believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    pub(crate) fn trusts(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// The client that sent a request which came from `peer`.
    ///
    /// Each proxy appends to `X-Forwarded-For` the address it was spoken to from, so the last entry
    /// is the word of `peer`, the one before it the word of that last entry, and so on. The walk goes
    /// from the right and ends at the first address that is no trusted proxy: what stands to the left
    /// of it anybody may have written. It also ends, at the last address that was good, where there
    /// are no more entries or one is no address. An untrusted peer's header is not looked at.
    ///
    /// `Forwarded` (RFC 7239) is not read: the proxies in use send `X-Forwarded-For`, and of two
    /// headers an attacker would choose the one that the proxy does not overwrite.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        let mut client = peer;
        let mut lines = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        let mut entries = lines
            .by_ref()
            .flat_map(|line| line.to_str().unwrap_or("not an address").rsplit(','))
            .map_while(|entry| parse(entry.trim()));
        while self.trusts(client)
            && let Some(before) = entries.next()
        {
            client = before;
        }
        client.into()
    }
}

/// An entry: an address, some proxies add the port.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| Some(entry.parse::<SocketAddr>().ok()?.ip()))
}

/// An option's value: a network, or one address.
///
/// # Errors
/// A sentence that says how it should look.
pub(crate) fn network(raw: &str) -> Result<IpNet, String> {
    let alone = |ip: IpAddr| IpNet::from(ip.to_canonical());
    raw.parse().or_else(|_| raw.parse().map(alone)).map_err(|_| "must be like 10.0.0.0/8 or ::1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn address(text: &str) -> ClientIp {
        ip(text).into()
    }

    fn client(peer: &str, lines: &[&[u8]]) -> ClientIp {
        let networks = ["10.0.0.0/8", "127.0.0.1", "2001:db8:aaaa::/48"].map(|raw| network(raw).unwrap());
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, http::HeaderValue::from_bytes(line).unwrap());
        }
        TrustedProxies::new(networks.into()).client(ip(peer), &headers)
    }

    #[test]
    fn ipv4_counts_whole_ipv6_by_prefix() {
        assert_eq!(address("192.0.2.7"), address("::ffff:192.0.2.7"));
        assert_ne!(address("192.0.2.7"), address("192.0.2.8"));
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_ne!(address("::"), address("0.0.0.0"));
        let same_network = |one: &str, other: &str| address(one).network() == address(other).network();
        assert!(same_network("2001:db8:1:2::1", "2001:db8:1:ffff::1"));
        assert!(!same_network("2001:db8:1:2::1", "2001:db8:2:2::1"));
        assert!(!same_network("192.0.2.7", "192.0.2.8"));
    }

    #[test]
    fn untrusted_peers_header_has_no_effect() {
        for peer in ["192.0.2.7", "127.0.0.2", "2001:db8:bbbb::1"] {
            assert_eq!(client(peer, &[b"198.51.100.1"]), address(peer), "{peer}");
        }
    }

    #[test]
    fn trusted_peer_is_believed_one_hop() {
        for peer in ["10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "2001:db8:aaaa:1::1"] {
            assert_eq!(client(peer, &[b"198.51.100.1"]), address("198.51.100.1"), "{peer}");
            // The client itself wrote the first two.
            assert_eq!(client(peer, &[b"203.0.113.9, 10.9.9.9, 198.51.100.1"]), address("198.51.100.1"));
        }
    }

    #[test]
    fn trusted_proxy_chain_is_walked_from_right() {
        let chain: &[u8] = b"203.0.113.9,198.51.100.1 ,  10.0.0.2,2001:db8:aaaa::5";
        assert_eq!(client("10.0.0.1", &[chain]), address("198.51.100.1"));
        // As one line, so as several (RFC 9110 §5.3).
        let lines: &[&[u8]] = &[b"203.0.113.9", b"198.51.100.1, 10.0.0.2", b"2001:db8:aaaa::5"];
        assert_eq!(client("10.0.0.1", lines), address("198.51.100.1"));
        // Nothing but proxies: the farthest of them is who asks.
        assert_eq!(client("10.0.0.1", &[b"10.0.0.3, 10.0.0.2"]), address("10.0.0.3"));
    }

    #[test]
    fn invalid_address_ends_walk_at_last_good() {
        for bad in [b"unknown".as_slice(), b"", b"_hidden", b"1.2.3", b"10.0.0.3;x", b"fe80::1%eth0", b"\xFF"]
        {
            assert_eq!(client("10.0.0.1", &[bad]), address("10.0.0.1"), "{bad:?}");
            let between = [b"198.51.100.1,", bad, b", 10.0.0.2"].concat();
            // A line that is not text is no address as a whole.
            let good = if bad == b"\xFF" { "10.0.0.1" } else { "10.0.0.2" };
            assert_eq!(client("10.0.0.1", &[&between]), address(good), "{bad:?}");
            assert_eq!(client("10.0.0.1", &[b"198.51.100.1", bad, b"10.0.0.2"]), address("10.0.0.2"));
        }
        assert_eq!(client("10.0.0.1", &[]), address("10.0.0.1"));
    }

    #[test]
    fn a_port_is_left_out() {
        assert_eq!(client("10.0.0.1", &[b"198.51.100.1:4711"]), address("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &[b"[2001:db8:1:2::9]:4711"]), address("2001:db8:1:2::"));
        assert_eq!(client("10.0.0.1", &[b"[2001:db8:1:2::9]"]), address("2001:db8:1:2::"));
        assert_eq!(client("10.0.0.1", &[b"2001:db8:1:2::9"]), address("2001:db8:1:2::"));
    }

    #[test]
    fn longest_forwarded_header_is_walked() {
        let long = "10.0.0.2,".repeat(1_800) + "10.0.0.2";
        assert_eq!(client("10.0.0.1", &[long.as_bytes()]), address("10.0.0.2"));
    }

    #[test]
    fn trusted_proxy_option_is_network_or_address() {
        assert!(network("10.0.0.0/8").unwrap().contains(&ip("10.255.0.1")));
        assert!(!network("10.0.0.1").unwrap().contains(&ip("10.0.0.2")));
        assert!(network("::1").unwrap().contains(&ip("::1")));
        for bad in ["", "localhost", "10.0.0.0/33", "*"] {
            assert!(network(bad).is_err(), "{bad:?}");
        }
    }
}
