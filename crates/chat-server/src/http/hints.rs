//! Warnings about mistakes that only the operator can mend: a page that may not connect, a proxy that takes
//! the upgrade off a handshake, a proxy that is not trusted. People only see a room that does not open, and
//! the mistake is in an option or in the proxy's settings, so each warning has the values that disagree and
//! the option that mends it. Anybody can send such requests, so the same warning comes once, all have a rate
//! limit, and headers are shown bounded and escaped. Ids, names and texts are never shown.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Instant,
};

use chat_room::TokenBucket;
use http::{HeaderMap, HeaderName, Version, header};
use parking_lot::Mutex;

use super::handshake::HandshakeError;
use crate::limits::client_ip::TrustedProxies;

/// How many warnings are remembered, so that they are not repeated.
const REMEMBERED: usize = 64;
/// How many there may be at once.
const AT_ONCE: f64 = 16.0;
/// How many a second there may be in the long run: one in five minutes.
const PER_SECOND: f64 = 1.0 / 300.0;
/// Most bytes of a header that are shown.
const SHOWN_MAX: usize = 128;

/// The headers by which proxies say for whom they ask.
const OF_PROXIES: [HeaderName; 4] = [
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
    header::FORWARDED,
];

/// The lock is held for a few lines, and while nothing else is locked.
#[derive(Debug)]
pub(crate) struct Hints(Mutex<Said>);

#[derive(Debug)]
struct Said {
    /// Hashes of the last warnings, oldest first: a stranger's headers take no memory here.
    lately: VecDeque<u64>,
    keys: RandomState,
    bucket: TokenBucket,
}

impl Hints {
    pub(crate) fn new(now: Instant) -> Self {
        let bucket = TokenBucket::full(AT_ONCE, PER_SECOND, now);
        Self(Mutex::new(Said { lately: VecDeque::new(), keys: RandomState::new(), bucket }))
    }

    /// A request with these headers was refused. Warns if the reason was its `Host` or `Origin`.
    pub(crate) fn refused(&self, why: &HandshakeError, headers: &HeaderMap, now: Instant) {
        let is_host = match why {
            HandshakeError::Host => true,
            // Without one it was Fetch Metadata that told of another site, and there is nothing to mend.
            HandshakeError::Origin if headers.contains_key(header::ORIGIN) => false,
            _ => return,
        };
        let (origin, host) = (shown(headers, &header::ORIGIN), shown(headers, &header::HOST));
        if !self.is_new((is_host, &origin, &host), now) {
            return;
        }
        if is_host {
            tracing::warn!(
                host,
                origin,
                "refused a request, because its Host is not the one of --public-url. If that name is yours, \
                 let the proxy pass Host on unchanged, or add its origin to --allow-origin"
            );
        } else {
            tracing::warn!(
                origin,
                host,
                "refused a page, because its Origin is not the Host that was asked. If the page is yours, let \
                 the proxy pass Host on unchanged, or start with --public-url or --allow-origin and that origin"
            );
        }
    }

    /// A `GET` for a room's WebSocket is no handshake. Warns if headers are missing that a proxy takes off.
    pub(crate) fn no_upgrade(&self, version: Version, headers: &HeaderMap, now: Instant) {
        // What a proxy takes off by itself: these two belong to one connection (RFC 9110 §7.6.1), and it
        // speaks its own version.
        let is_stripped = version < Version::HTTP_11
            || !headers.contains_key(header::UPGRADE)
            || !headers.get_all(header::CONNECTION).iter().any(names_upgrade);
        let has_key = headers.contains_key(header::SEC_WEBSOCKET_KEY);
        if !is_stripped || !self.is_new(("upgrade", has_key), now) {
            return;
        }
        let came = if has_key {
            "a WebSocket's handshake came without 'Upgrade: websocket', 'Connection: Upgrade' or HTTP/1.1: a \
             proxy in between does not pass them on"
        } else {
            "a request for a WebSocket came without 'Upgrade' and 'Sec-WebSocket-Key': opened by hand, or a \
             proxy in between does not know WebSocket"
        };
        tracing::warn!(
            "{came}. nginx needs: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; \
             proxy_set_header Connection \"upgrade\"; (docs/proxy.md has others)"
        );
    }

    /// A request came from `peer` with these headers. Warns if it is a proxy's that is not trusted.
    pub(crate) fn came(&self, peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies, now: Instant) {
        let Some(name) = OF_PROXIES.into_iter().find(|name| headers.contains_key(name)) else { return };
        if proxies.trusts(peer) {
            return;
        }
        let peer = peer.to_canonical();
        if self.is_new(("proxy", peer), now) {
            tracing::warn!(
                %peer,
                header = %name,
                "ignored the header of a proxy that is not trusted: everybody behind it counts as one address. \
                 If it is yours, start with --trusted-proxy and its address"
            );
        }
    }

    /// Whether this warning was not given lately, and is within the rate limit.
    fn is_new(&self, what: impl std::hash::Hash, now: Instant) -> bool {
        let mut said = self.0.lock();
        let hash = said.keys.hash_one(what);
        // A warning over the limit is not remembered either: it may come later.
        if said.lately.contains(&hash) || !said.bucket.take(now) {
            return false;
        }
        if said.lately.len() == REMEMBERED {
            said.lately.pop_front();
        }
        said.lately.push_back(hash);
        true
    }
}

fn names_upgrade(value: &http::HeaderValue) -> bool {
    value.as_bytes().to_ascii_lowercase().windows(b"upgrade".len()).any(|part| part == b"upgrade")
}

/// What a header says, for a log: its bytes, those that are no plain ASCII escaped, and not all of them if
/// they are many.
fn shown(headers: &HeaderMap, name: &HeaderName) -> String {
    let mut lines = headers.get_all(name).iter().map(|value| {
        let bytes = value.as_bytes();
        let (bytes, rest) = bytes.split_at(bytes.len().min(SHOWN_MAX));
        format!("{}{}", bytes.escape_ascii(), if rest.is_empty() { "" } else { "…" })
    });
    let mut all = lines.next().unwrap_or_default();
    if lines.next().is_some() {
        all.push_str(" and more");
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn hints_are_deduplicated_and_rate_limited() {
        let start = Instant::now();
        let hints = Hints::new(start);
        assert!(hints.is_new(("origin", "a", "b"), start));
        for _ in 0..1_000 {
            assert!(!hints.is_new(("origin", "a", "b"), start));
        }
        assert!(hints.is_new(("origin", "b", "a"), start), "another pair");
        let flood = (0..100_000).filter(|n| hints.is_new(("origin", n, "b"), start)).count();
        assert_eq!(flood, 14, "of a flood no more than the rest of sixteen");
        let later = start + Duration::from_secs(300);
        assert!(!hints.is_new(("origin", "a", "b"), later), "still remembered");
        assert!(hints.is_new(("upgrade", true), later), "a flood ends");
        assert!(!hints.is_new(("upgrade", false), later));
        assert!(
            hints.is_new(("upgrade", false), later + Duration::from_secs(300)),
            "what was not said may be"
        );
    }

    #[test]
    fn memory_has_a_bound() {
        let start = Instant::now();
        let hints = Hints::new(start);
        for n in 0..10_000_u32 {
            hints.is_new(n, start + Duration::from_secs(300) * n);
        }
        assert_eq!(hints.0.lock().lately.len(), REMEMBERED);
    }

    #[test]
    fn foreign_header_is_bounded_and_escaped() {
        let shown = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::ORIGIN, http::HeaderValue::from_bytes(value).unwrap());
            }
            shown(&headers, &header::ORIGIN)
        };
        assert_eq!(shown(&[b"https://a.example"]), "https://a.example");
        assert_eq!(shown(&[b"a\tb\xFF\"\\"]), r#"a\tb\xff\"\\"#);
        assert_eq!(shown(&["\u{202e}".as_bytes()]), r"\xe2\x80\xae");
        assert_eq!(shown(&[b"a", b"b"]), "a and more");
        assert_eq!(shown(&[]), "");
        let long = shown(&[&[b'a'; 5_000]]);
        assert!(long.ends_with('…') && long.len() < 200, "{long}");
    }
}
