//! Which pages may open a connection. Browsers let any page of any site open a WebSocket anywhere
//! and say truthfully where the page is from (RFC 6455 §10.2); a stranger's page must not speak in
//! a visitor's name. Programs that are no browser send no `Origin` and need none: they hold no
//! visitor's credentials.
//!
//! A stranger's page can make itself look like ours: its name first leads to its own server and
//! then, once the page has loaded, to this one (DNS rebinding), so its `Origin` and `Host` agree.
//! A server that knows its own name sees through that, so with a public URL the `Host` is checked too.
//! What happens without one is in docs/adr/0005-other-sites.md.

use std::net::IpAddr;

use http::{HeaderMap, header, uri::Authority};

use super::web_origin::WebOrigin;

/// Whether a request was sent to this server under a name of its own: the host of one of `own`, an IP
/// address or `localhost`, none of which a stranger can own. The port does not count, because a proxy may
/// have another. With `own` empty the server knows no name, and any will do.
pub(crate) fn is_own_host(headers: &HeaderMap, own: &[WebOrigin]) -> bool {
    if own.is_empty() {
        return true;
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = Authority::try_from(host.as_bytes()) else { return false };
    let name = host.host().trim_end_matches('.');
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let is_own = |origin: &WebOrigin| origin.host().trim_end_matches('.').eq_ignore_ascii_case(name);
    bare.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost") || own.iter().any(is_own)
}

/// Whether a request may open a connection: it has no `Origin`, or one whose host and port are the ones the
/// request was sent to, or one of `allowed`. No browser sends two, so two are a stranger's.
pub(crate) fn is_allowed(headers: &HeaderMap, allowed: &[WebOrigin]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    if origins.next().is_some() {
        return false;
    }
    let Some(origin) = origin.to_str().ok().and_then(|origin| WebOrigin::parse_pages(origin).ok()) else {
        return false;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    allowed.contains(&origin) || host.is_some_and(|host| origin.is_at(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origins: &[&str]) -> Vec<WebOrigin> {
        origins.iter().map(|origin| WebOrigin::parse_pages(origin).unwrap()).collect()
    }

    fn allowed(origin: Option<&str>, host: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        is_allowed(&headers, &own(&["https://chat.example.org:443/", "capacitor://localhost"]))
    }

    #[test]
    fn same_host_listed_or_no_origin_passes() {
        assert!(allowed(None, "localhost:3000"));
        assert!(allowed(Some("http://localhost:3000"), "localhost:3000"));
        assert!(allowed(Some("http://LOCALHOST:3000"), "localhost:3000"));
        assert!(allowed(Some("http://[::1]:3000"), "[::1]:3000"));
        assert!(allowed(Some("https://otagh.example"), "otagh.example"), "behind a proxy with TLS");
        assert!(allowed(Some("http://otagh.example"), "otagh.example:80"));
        assert!(allowed(Some("https://otagh.example"), "otagh.example:443"));
        assert!(allowed(Some("https://chat.example.org"), "10.0.0.7:3000"));
        assert!(allowed(Some("capacitor://localhost"), "10.0.0.7:3000"));
    }

    #[test]
    fn public_url_refuses_foreign_host() {
        let own = own(&["https://chat.example.org", "http://friend.example:8080"]);
        let asked = |hosts: &[&str], own: &[WebOrigin]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, host.parse().unwrap());
            }
            is_own_host(&headers, own)
        };
        for host in [
            "chat.example.org",
            "Chat.Example.Org",
            "chat.example.org:443",
            "chat.example.org.",
            "friend.example",
            "127.0.0.1:3000",
            "192.168.1.7",
            "[::1]:3000",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:3000",
        ] {
            assert!(asked(&[host], &own), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:443",
            "chat.example.org.evil.example",
            "xchat.example.org",
            "1.2.3.4.evil.example",
            "localhost.evil.example",
            "evil.localhost",
            "",
            "a b",
            "chat.example.org@evil.example",
            "[evil.example]",
        ] {
            assert!(!asked(&[host], &own), "{host:?}");
            assert!(asked(&[host], &[]), "{host:?} where no name is known");
        }
        assert!(!asked(&[], &own), "none");
        assert!(!asked(&["localhost", "evil.example"], &own), "two");
    }

    #[test]
    fn two_origins_are_refused_even_if_allowed() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:3000".parse().unwrap());
        headers.append(header::ORIGIN, "http://localhost:3000".parse().unwrap());
        assert!(is_allowed(&headers, &[]));
        headers.append(header::ORIGIN, "http://localhost:3000".parse().unwrap());
        assert!(!is_allowed(&headers, &[]));
    }

    #[test]
    fn strangers_may_not() {
        for stranger in [
            "http://evil.example",
            "http://localhost:3001",
            "http://localhost:3000.evil.example",
            "https://chat.example.org.evil.example",
            "null",
            "",
            "file://",
            "http://",
            "capacitor://localhost:3000",
            "ws://localhost:3000",
        ] {
            assert!(!allowed(Some(stranger), "localhost:3000"), "{stranger:?}");
        }
    }
}
