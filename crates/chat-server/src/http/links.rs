//! The address to give to others. What a browser has in its address bar may mean nothing at another device
//! (`localhost`), and a proxy in between may have another name and another scheme than this server sees. So
//! the server says which address leads here, as far as it knows: the operator's word first, then what a
//! request says it was sent to, then this machine's address in its network. A page knows its own address
//! better; it may have a code drawn for that, and [`may_be_drawn`] sees to it that nobody has one drawn
//! for a stranger's. Pure, but that [`Addresses`] ask for the networks when they are needed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use chat_protocol::{ClientId, Name, RoomId};
use http::{HeaderMap, HeaderName, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{headers::list, lan::LanAddress, web_origin::WebOrigin};
use crate::limits::client_ip::TrustedProxies;

/// Everything but the characters a URI leaves as they are (RFC 3986 §2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What the server knows about its own addresses.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// The operator's word on the matter.
    pub(crate) public_url: Option<WebOrigin>,
    pub(crate) bound: SocketAddr,
    /// Finds this machine in its networks, the likeliest first: [`lan::find`](super::lan::find). Asked each
    /// time, because people carry laptops about.
    pub(crate) lan: fn() -> Vec<LanAddress>,
}

/// A part of a path, percent-encoded.
pub(crate) fn encode(part: &str) -> String {
    utf8_percent_encode(part, RESERVED).to_string()
}

/// The path of a room's page, percent-encoded, so that it is plain ASCII in a QR code or a redirect.
pub(crate) fn room_path(room: &RoomId) -> String {
    format!("/r/{}", utf8_percent_encode(room.as_str(), RESERVED))
}

/// The path of the stage of a class.
pub(crate) fn class_path(room: &RoomId) -> String {
    format!("/class/{}", utf8_percent_encode(room.as_str(), RESERVED))
}

/// The address of a room's classic page, for a client with this name.
pub(crate) fn classic_path(room: &RoomId, client: &ClientId, name: Option<&Name>) -> String {
    let room = utf8_percent_encode(room.as_str(), RESERVED);
    format!("/classic/{room}?{}", guest_query(client, name))
}

/// The address that their messages are sent to.
#[cfg(feature = "pages")]
pub(crate) fn messages_path(room: &RoomId, client: &ClientId, name: Option<&Name>) -> String {
    let room = utf8_percent_encode(room.as_str(), RESERVED);
    format!("/rooms/{room}/messages?{}", guest_query(client, name))
}

fn guest_query(client: &ClientId, name: Option<&Name>) -> String {
    let encode = |text| utf8_percent_encode(text, RESERVED);
    let name = name.map(|name| format!("&name={}", encode(name.as_str()))).unwrap_or_default();
    format!("client={}{name}", encode(client.as_str()))
}

/// The address of a room for other devices, in answer to a request to `asked` (see [`asked`]).
pub(crate) fn share_url(room: &RoomId, asked: Option<&WebOrigin>, addresses: &Addresses) -> String {
    addresses.base_url(asked) + &room_path(room)
}

/// Where the sender of a request believes to have sent it, as far as the request says. A trusted proxy's
/// word counts before that of its own request: scheme and host of `X-Forwarded-Proto` and
/// `X-Forwarded-Host`, or, where one is missing, of `Forwarded` (RFC 7239). Of a list the first entry is
/// the farthest proxy's. From anybody else it is a plain `http` request to its `Host`.
///
/// A client can make a proxy that does not overwrite these headers pass its own on. All it gains is another
/// link on its own page: nothing that depends on this is kept for others, or lets anybody in.
pub(crate) fn asked(proxies: &TrustedProxies, peer: IpAddr, headers: &HeaderMap) -> Option<WebOrigin> {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
    if !proxies.trusts(peer) {
        return WebOrigin::of("http", &host()?).ok();
    }
    let first = |name| list(headers, name).next().map(str::to_owned);
    let scheme = first(X_FORWARDED_PROTO).or_else(|| forwarded(headers, "proto")).unwrap_or_default();
    // Of a handshake some say the WebSocket's.
    let scheme =
        if ["https", "wss"].iter().any(|tls| scheme.eq_ignore_ascii_case(tls)) { "https" } else { "http" };
    let told = first(X_FORWARDED_HOST).or_else(|| forwarded(headers, "host"));
    let told = told.and_then(|host| WebOrigin::of(scheme, &host).ok());
    told.or_else(|| WebOrigin::of(scheme, &host()?).ok())
}

/// A parameter of the first element of `Forwarded` (RFC 7239 §4).
fn forwarded(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = list(headers, header::FORWARDED).next()?.split(';');
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim_matches('"').to_owned())
}

/// Whether a code may be drawn for this address, which a request brought along: a browser says that a page
/// of ours wants it as a picture (Fetch Metadata, which a page cannot forge, and which is missing where
/// there is no TLS or the browser is an old one); or it is where the request was sent, whatever the scheme,
/// one of the server's `own` origins, or where it would have sent others itself. So no link to this server
/// shows a code that leads elsewhere: a link asks for a document, and only our page can embed the picture.
pub(crate) fn may_be_drawn(
    origin: &WebOrigin,
    asked: Option<&WebOrigin>,
    headers: &HeaderMap,
    own: &[WebOrigin],
    addresses: &Addresses,
) -> bool {
    let says = |name: &str, word: &str| headers.get(name).is_some_and(|value| value == word);
    says("sec-fetch-site", "same-origin") && says("sec-fetch-dest", "image")
        || asked.is_some_and(|asked| origin.is_at(asked.authority()))
        || own.contains(origin)
        || addresses.base_url(asked) == origin.as_str()
}

impl Addresses {
    /// Scheme, host and port by which other devices reach this server, without a slash at the end: the
    /// public URL if there is one; else where the request was sent; else, where that is this machine's name
    /// for itself, its address in the network.
    pub(crate) fn base_url(&self, asked: Option<&WebOrigin>) -> String {
        if let Some(public_url) = &self.public_url {
            return public_url.to_string();
        }
        match asked.filter(|asked| !asked.is_loopback()) {
            Some(asked) => asked.to_string(),
            None => self.lan().first().map_or_else(|| self.local_url(), |first| self.url_of(first.ip)),
        }
    }

    /// The address for this machine's own browser.
    pub(crate) fn local_url(&self) -> String {
        let ip = self.bound.ip();
        self.url_of(if ip.is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { ip })
    }

    /// The addresses at which other devices reach this server, the likeliest first. None when only this
    /// machine is served, or is in no network.
    pub(crate) fn lan(&self) -> Vec<LanAddress> {
        let ip = self.bound.ip();
        if ip.is_loopback() {
            return Vec::new();
        }
        let mut lan = (self.lan)();
        match ip {
            // A server that listens on every IPv6 address is reached by IPv4, too.
            IpAddr::V6(any) if any.is_unspecified() => {}
            IpAddr::V4(any) if any.is_unspecified() => lan.retain(|address| address.ip.is_ipv4()),
            _ => {
                lan.retain(|address| address.ip == ip);
                if lan.is_empty() {
                    lan.push(LanAddress { ip, kind: super::lan::Kind::Network, interface: String::new() });
                }
            }
        }
        lan
    }

    /// `http`, this address and the port, where that is not `http`'s own.
    pub(crate) fn url_of(&self, ip: IpAddr) -> String {
        let authority = SocketAddr::new(ip, self.bound.port()).to_string();
        format!("http://{}", authority.strip_suffix(":80").unwrap_or(&authority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{http::lan::Kind, limits::client_ip::network};

    fn two_networks() -> Vec<LanAddress> {
        let address = |ip: &str, interface: &str| LanAddress {
            ip: ip.parse().unwrap(),
            kind: Kind::Network,
            interface: interface.into(),
        };
        vec![address("192.168.1.7", "wlan0"), address("10.0.0.7", "eth0"), address("2001:db8::7", "wlan0")]
    }

    fn addresses(bound: &str) -> Addresses {
        Addresses { public_url: None, bound: bound.parse().unwrap(), lan: two_networks }
    }

    fn urls(addresses: &Addresses) -> Vec<String> {
        addresses.lan().into_iter().map(|address| addresses.url_of(address.ip)).collect()
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec![network("10.0.0.0/8").unwrap()])
    }

    /// Where a request believes to have been sent, from a trusted proxy and from anybody else.
    fn asked_by(lines: &[(&'static str, &str)]) -> (Option<String>, Option<String>) {
        let by = |peer: &str| {
            asked(&proxies(), peer.parse().unwrap(), &headers(lines)).map(|origin| origin.to_string())
        };
        (by("10.1.2.3"), by("192.0.2.1"))
    }

    fn share(host: Option<&str>, addresses: &Addresses) -> String {
        let lines: Vec<(&str, &str)> = host.iter().map(|host| ("host", *host)).collect();
        let asked = asked(&proxies(), "192.0.2.1".parse().unwrap(), &headers(&lines));
        share_url(&RoomId::parse("class").unwrap(), asked.as_ref(), addresses)
    }

    #[test]
    fn the_public_url_is_the_last_word() {
        let public = WebOrigin::parse("https://a.example").unwrap();
        let public = Addresses { public_url: Some(public), ..addresses("0.0.0.0:3000") };
        for host in ["localhost:3000", "192.168.1.7:3000", "b.example"] {
            assert_eq!(share(Some(host), &public), "https://a.example/r/class", "{host}");
        }
    }

    #[test]
    fn asked_host_is_shared_unless_loopback() {
        let open = addresses("0.0.0.0:3000");
        assert_eq!(share(Some("192.168.1.9:3000"), &open), "http://192.168.1.9:3000/r/class");
        assert_eq!(share(Some("mac.local:3000"), &open), "http://mac.local:3000/r/class");
        assert_eq!(share(Some("[2001:db8::9]:3000"), &open), "http://[2001:db8::9]:3000/r/class");
        assert_eq!(share(Some("chat.example:80"), &open), "http://chat.example/r/class");
        for own in
            ["localhost:3000", "LOCALHOST", "127.0.0.1:3000", "[::1]:3000", "x.localhost", "0.0.0.0:3000"]
        {
            assert_eq!(share(Some(own), &open), "http://192.168.1.7:3000/r/class", "{own}");
        }
        for nonsense in [None, Some("a b"), Some("a/b"), Some(""), Some("x@evil.example"), Some("a:0")] {
            assert_eq!(share(nonsense, &open), "http://192.168.1.7:3000/r/class", "{nonsense:?}");
        }
    }

    #[test]
    fn loopback_server_links_to_loopback() {
        let closed = addresses("127.0.0.1:3000");
        assert_eq!(share(Some("localhost:3000"), &closed), "http://127.0.0.1:3000/r/class");
        assert!(closed.lan().is_empty());
        assert_eq!(addresses("[::]:1").local_url(), "http://127.0.0.1:1");
    }

    #[test]
    fn only_what_is_listened_on_is_offered() {
        assert_eq!(urls(&addresses("0.0.0.0:1")), ["http://192.168.1.7:1", "http://10.0.0.7:1"]);
        assert_eq!(
            urls(&addresses("[::]:1")),
            ["http://192.168.1.7:1", "http://10.0.0.7:1", "http://[2001:db8::7]:1"]
        );
        assert_eq!(urls(&addresses("10.0.0.7:1")), ["http://10.0.0.7:1"]);
        assert_eq!(urls(&addresses("10.9.9.9:1")), ["http://10.9.9.9:1"]);
        assert_eq!(urls(&addresses("0.0.0.0:80")), ["http://192.168.1.7", "http://10.0.0.7"]);
        assert_eq!(addresses("[2001:db8::7]:80").local_url(), "http://[2001:db8::7]");
    }

    #[test]
    fn networks_are_looked_up_on_demand() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let moving = Addresses {
            lan: || {
                let at = ASKED.fetch_add(1, Ordering::Relaxed);
                two_networks().split_off(at)
            },
            ..addresses("0.0.0.0:3000")
        };
        assert_eq!(share(Some("localhost:3000"), &moving), "http://192.168.1.7:3000/r/class");
        assert_eq!(share(Some("localhost:3000"), &moving), "http://10.0.0.7:3000/r/class");
        share(Some("192.168.1.9"), &moving);
        assert_eq!(ASKED.load(Ordering::Relaxed), 2, "asked only where it is needed");
    }

    #[test]
    fn only_trusted_proxy_sets_scheme_and_host() {
        let host = ("host", "backend:3000");
        let (https, backend) =
            (Some("https://chat.example".to_owned()), Some("http://backend:3000".to_owned()));
        for told in [
            &[("x-forwarded-proto", "https"), ("x-forwarded-host", "chat.example")][..],
            &[("x-forwarded-proto", "HTTPS, http"), ("x-forwarded-host", "chat.example, inner:80")],
            &[("x-forwarded-proto", "wss"), ("x-forwarded-host", "chat.example:443")],
            &[("forwarded", "for=192.0.2.9;proto=https;host=chat.example, for=10.0.0.1;proto=http")],
            &[("forwarded", "For=\"[2001:db8::1]\"; Proto=https; Host=\"chat.example\"")],
            &[("x-forwarded-proto", "https"), ("forwarded", "proto=http;host=chat.example")],
        ] {
            assert_eq!(asked_by(&[told, &[host]].concat()), (https.clone(), backend.clone()), "{told:?}");
        }
        let own = ("host", "chat.example");
        assert_eq!(asked_by(&[("x-forwarded-proto", "https"), own]).0, https);
        assert_eq!(asked_by(&[("x-forwarded-proto", "https"), ("x-forwarded-host", "a b"), own]).0, https);
        for nothing in ["http", "ftp", "", "https://", "javascript"] {
            let told = asked_by(&[("x-forwarded-proto", nothing), own]).0;
            assert_eq!(told.as_deref(), Some("http://chat.example"), "{nothing:?}");
        }
        assert_eq!(asked_by(&[]), (None, None));
    }

    #[test]
    fn qr_code_is_limited_to_own_addresses() {
        let open = addresses("0.0.0.0:3000");
        let own_page = [("sec-fetch-site", "same-origin"), ("sec-fetch-dest", "image")];
        let drawn = |origin: &str, lines: &[(&'static str, &str)]| {
            let headers = headers(lines);
            let asked = asked(&proxies(), "192.0.2.1".parse().unwrap(), &headers);
            let own = [WebOrigin::parse("https://friend.example").unwrap()];
            may_be_drawn(&WebOrigin::parse(origin).unwrap(), asked.as_ref(), &headers, &own, &open)
        };
        // Through a tunnel that says `localhost` here, asked by the page itself.
        assert!(drawn("https://x.tunnel.example", &[&own_page[..], &[("host", "localhost:3000")]].concat()));
        // Without Fetch Metadata: where it was sent to, with or without TLS before it; or the server's word.
        for origin in ["https://chat.example", "http://chat.example"] {
            assert!(drawn(origin, &[("host", "chat.example")]), "{origin}");
        }
        assert!(drawn("http://192.168.1.7:3000", &[("host", "localhost:3000")]));
        assert!(drawn("https://friend.example", &[("host", "backend:3000")]));
        // A link, a frame, another site's page, and whoever types it.
        for (site, dest) in [
            ("same-origin", "document"),
            ("same-origin", "iframe"),
            ("cross-site", "image"),
            ("same-site", "image"),
            ("none", "document"),
        ] {
            let lines = [("sec-fetch-site", site), ("sec-fetch-dest", dest), ("host", "chat.example")];
            assert!(!drawn("https://evil.example", &lines), "{site} {dest}");
        }
        for stranger in [
            "https://evil.example",
            "https://chat.example.evil.example",
            "https://chat.example:8443",
            "http://10.0.0.9",
        ] {
            assert!(!drawn(stranger, &[("host", "chat.example")]), "{stranger}");
            assert!(!drawn(stranger, &[]), "{stranger}");
        }
    }

    #[test]
    fn persian_room_link_is_plain_ascii() {
        let room = RoomId::parse("کلاس ۱").unwrap();
        assert_eq!(room_path(&room), "/r/%DA%A9%D9%84%D8%A7%D8%B3-%DB%B1");
    }
}
