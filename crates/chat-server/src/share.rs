//! The address to give to others. What a browser has in its address bar may mean nothing at
//! another device (`localhost`), so the server, which knows its networks, says which one does. Pure
//! but for [`lan_addresses`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use chat_protocol::{ClientId, Name, RoomId};
use http::uri::Authority;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the characters a URI leaves as they are (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What the server knows about its own addresses.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The operator's word on the matter, without a slash at the end.
    pub public_url: Option<String>,
    /// Where the server listens.
    pub bound: SocketAddr,
    /// This machine in its networks, the likeliest first.
    pub lan: Vec<IpAddr>,
}

/// The path of a room's page, percent-encoded, so that it is plain ASCII in a QR code or a redirect.
pub fn room_path(room: &RoomId) -> String {
    format!("/r/{}", utf8_percent_encode(room.as_str(), RESERVED))
}

/// The address of a room's classic page, for this client, who came by this name.
pub fn classic_path(room: &RoomId, client: &ClientId, name: Option<&Name>) -> String {
    let room = utf8_percent_encode(room.as_str(), RESERVED);
    format!("/classic/{room}?{}", guest_query(client, name))
}

/// The address that their messages are sent to.
pub fn messages_path(room: &RoomId, client: &ClientId, name: Option<&Name>) -> String {
    let room = utf8_percent_encode(room.as_str(), RESERVED);
    format!("/rooms/{room}/messages?{}", guest_query(client, name))
}

fn guest_query(client: &ClientId, name: Option<&Name>) -> String {
    let encode = |text| utf8_percent_encode(text, RESERVED);
    let name = name.map(|name| format!("&name={}", encode(name.as_str()))).unwrap_or_default();
    format!("client={}{name}", encode(client.as_str()))
}

/// The address of a room for other devices: at the public URL if there is one; else at the host the
/// request was sent to (`host`, its `Host` header); else, where that is this machine's name for
/// itself, at its address in the network.
pub fn share_url(room: &RoomId, host: Option<&str>, addresses: &Addresses) -> String {
    addresses.base_url(host) + &room_path(room)
}

impl Addresses {
    /// Scheme, host and port by which other devices reach this server, without a slash at the end.
    pub fn base_url(&self, host: Option<&str>) -> String {
        if let Some(public_url) = &self.public_url {
            return public_url.clone();
        }
        let asked = host.and_then(|host| host.parse::<Authority>().ok()).filter(|host| !is_loopback(host));
        match (asked, self.reachable()) {
            (Some(host), _) => format!("http://{host}"),
            (None, Some(ip)) => format!("http://{}", SocketAddr::new(ip, self.bound.port())),
            (None, None) => self.local_url(),
        }
    }

    /// The address for this machine's own browser.
    pub fn local_url(&self) -> String {
        let ip = self.bound.ip();
        let ip = if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip };
        format!("http://{}", SocketAddr::new(ip, self.bound.port()))
    }

    /// The addresses for other devices, the likeliest first. None when only this machine is served.
    pub fn lan_urls(&self) -> Vec<String> {
        let ip = self.bound.ip();
        let ips = match ip {
            _ if ip.is_loopback() => vec![],
            _ if ip.is_unspecified() => self.lan.clone(),
            _ => vec![ip],
        };
        ips.into_iter().map(|ip| format!("http://{}", SocketAddr::new(ip, self.bound.port()))).collect()
    }

    fn reachable(&self) -> Option<IpAddr> {
        let ip = self.bound.ip();
        match ip {
            _ if ip.is_loopback() => None,
            _ if ip.is_unspecified() => self.lan.first().copied(),
            _ => Some(ip),
        }
    }
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host().to_ascii_lowercase();
    let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost"
        || name.ends_with(".localhost")
        || ip.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

/// This machine's IPv4 addresses in its networks, private ones first. A machine that cannot say
/// has none.
pub fn lan_addresses() -> Vec<IpAddr> {
    let found = local_ip_address::list_afinet_netifas().unwrap_or_else(|error| {
        tracing::warn!(%error, "cannot list this machine's addresses");
        Vec::new()
    });
    let mut lan: Vec<Ipv4Addr> = found
        .into_iter()
        .filter_map(|(_, ip)| if let IpAddr::V4(ip) = ip { Some(ip) } else { None })
        .filter(|ip| !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified())
        .collect();
    // Docker's and other inner bridges live in 172.16/12; people's networks rarely do.
    lan.sort_by_key(|ip| (!ip.is_private(), ip.octets()[0] == 172, *ip));
    lan.dedup();
    lan.into_iter().map(IpAddr::V4).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(bound: &str) -> Addresses {
        Addresses {
            public_url: None,
            bound: bound.parse().unwrap(),
            lan: vec!["192.168.1.7".parse().unwrap(), "10.0.0.7".parse().unwrap()],
        }
    }

    fn share(host: Option<&str>, addresses: &Addresses) -> String {
        share_url(&RoomId::parse("class").unwrap(), host, addresses)
    }

    #[test]
    fn the_public_url_is_the_last_word() {
        let public = Addresses { public_url: Some("https://a.example".into()), ..addresses("0.0.0.0:3000") };
        assert_eq!(share(Some("localhost:3000"), &public), "https://a.example/r/class");
    }

    #[test]
    fn the_host_that_was_asked_is_reachable_unless_it_means_this_machine() {
        let open = addresses("0.0.0.0:3000");
        assert_eq!(share(Some("192.168.1.9:3000"), &open), "http://192.168.1.9:3000/r/class");
        assert_eq!(share(Some("mac.local:3000"), &open), "http://mac.local:3000/r/class");
        for own in
            ["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "[::1]:3000", "x.localhost", "0.0.0.0:3000"]
        {
            assert_eq!(share(Some(own), &open), "http://192.168.1.7:3000/r/class", "{own}");
        }
        for nonsense in [None, Some("a b"), Some("a/b"), Some("")] {
            assert_eq!(share(nonsense, &open), "http://192.168.1.7:3000/r/class", "{nonsense:?}");
        }
    }

    #[test]
    fn a_server_for_this_machine_only_says_so() {
        let closed = addresses("127.0.0.1:3000");
        assert_eq!(share(Some("localhost:3000"), &closed), "http://127.0.0.1:3000/r/class");
        assert!(closed.lan_urls().is_empty());
        assert_eq!(addresses("0.0.0.0:1").lan_urls(), ["http://192.168.1.7:1", "http://10.0.0.7:1"]);
        assert_eq!(addresses("[::]:1").local_url(), "http://127.0.0.1:1");
    }

    #[test]
    fn a_persian_room_is_plain_ascii_in_a_link() {
        let room = RoomId::parse("کلاس ۱").unwrap();
        assert_eq!(room_path(&room), "/r/%DA%A9%D9%84%D8%A7%D8%B3-%DB%B1");
    }
}
