//! A web origin (RFC 6454): scheme, host and port, and nothing after them. What an operator gives as
//! `--public-url` or `--allow-origin`, what a request says it was sent to and what a page calls its own
//! address are all read here, and kept as browsers write an origin (§6.2): in lower case and without the
//! scheme's own port, so that two that are the same are equal. It knows no networks.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// Longest origin, in bytes: a scheme, the longest name that DNS has (RFC 1035 §2.3.4) and a port.
const LONGEST: usize = "https://".len() + 253 + ":65535".len();

/// Where pages come from: `http` or `https` mostly, an app or an extension of a browser sometimes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct WebOrigin(String);

/// Why a text is no such origin, in words for the operator: what is wrong, and what to write instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum BadOrigin {
    #[error("it is empty: leave the option out, or write something like https://chat.example.org")]
    Empty,
    #[error(
        "'*' is not possible, because any site's page could then speak in its visitors' names: \
         name each origin, like https://chat.example.org"
    )]
    Any,
    #[error("it has a space or a control character in it, perhaps at the end: leave that out")]
    Space,
    #[error("it has no scheme: begin with https:// or http://, like https://chat.example.org")]
    NoScheme,
    #[error("its scheme is {0}: write https:// or http://, as for the page; the WebSocket follows the page")]
    Scheme(String),
    #[error("it has a user name: leave out the '@' and what stands before it")]
    User,
    #[error(
        "it has a path ({0}), and Otagh is served at the root of a host only: give it a name of its own, \
         like https://chat.example.org, and let the proxy pass all of / to it"
    )]
    Path(String),
    #[error("it has a query: leave out the '?' and what follows it")]
    Query,
    #[error("it has a fragment: leave out the '#' and what follows it")]
    Fragment,
    #[error("its host is not in ASCII: write it as browsers send it, beginning with xn--")]
    NotAscii,
    #[error("'{0}' is no host name and no IP address (an IPv6 address stands in brackets)")]
    Host(String),
    #[error("{0} is every address at once, which nobody can open: write the one that people use")]
    Everywhere(IpAddr),
    #[error("its port must be a number from 1 to 65535")]
    Port,
    #[error("it is longer than any host name")]
    TooLong,
}

impl WebOrigin {
    /// Reads an `http` or `https` one. A single slash at the end is no path, and left out.
    pub(crate) fn parse(raw: &str) -> Result<Self, BadOrigin> {
        Self::read(raw, |scheme| matches!(scheme, "http" | "https"))
    }

    /// Reads one that a page may have, which also may be that of an app or of an extension of the browser
    /// (`capacitor://localhost`). A WebSocket's is none of a page.
    pub(crate) fn parse_pages(raw: &str) -> Result<Self, BadOrigin> {
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        Self::read(raw, |scheme| {
            !scheme.is_empty() && scheme.bytes().all(is_scheme) && !matches!(scheme, "ws" | "wss")
        })
    }

    fn read(raw: &str, is_good: impl Fn(&str) -> bool) -> Result<Self, BadOrigin> {
        if raw.is_empty() {
            return Err(BadOrigin::Empty);
        }
        if raw == "*" {
            return Err(BadOrigin::Any);
        }
        if raw.contains(|char: char| char.is_whitespace() || char.is_control()) {
            return Err(BadOrigin::Space);
        }
        let (scheme, rest) = raw.split_once("://").ok_or(BadOrigin::NoScheme)?;
        let scheme = match scheme.to_ascii_lowercase() {
            good if is_good(&good) => good,
            other => return Err(BadOrigin::Scheme(other)),
        };
        let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(end);
        match tail.chars().next() {
            Some('?') => return Err(BadOrigin::Query),
            Some('#') => return Err(BadOrigin::Fragment),
            Some(_) if tail != "/" => return Err(BadOrigin::Path(tail.to_owned())),
            _ => {}
        }
        Self::of(&scheme, authority)
    }

    /// Of a scheme in lower case and an authority, as in a `Host` header.
    pub(crate) fn of(scheme: &str, authority: &str) -> Result<Self, BadOrigin> {
        if authority.contains('@') {
            return Err(BadOrigin::User);
        }
        if !authority.is_ascii() {
            return Err(BadOrigin::NotAscii);
        }
        // The colons of an IPv6 address are within its brackets.
        let after = authority.rfind(']').unwrap_or(0);
        let (host, port) = match authority[after..].find(':') {
            Some(at) => (&authority[..after + at], Some(&authority[after + at + 1..])),
            None => (authority, None),
        };
        let host = canonical(host)?;
        let own_port = match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = match port.map(|port| port.parse::<u16>()) {
            None => None,
            // `parse` would take a sign, too.
            Some(Ok(port)) if port > 0 && !authority.contains('+') => {
                Some(port).filter(|port| Some(*port) != own_port)
            }
            Some(_) => return Err(BadOrigin::Port),
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let origin = format!("{scheme}://{host}{port}");
        if origin.len() > LONGEST { Err(BadOrigin::TooLong) } else { Ok(Self(origin)) }
    }

    /// Whether a request with this `Host` was sent to it. The scheme does not count, because a proxy in front
    /// may have taken the TLS off; the port does, but for the scheme's own.
    pub(crate) fn is_at(&self, host: &str) -> bool {
        let scheme = self.0.split_once("://").map_or("", |(scheme, _)| scheme);
        matches!(scheme, "http" | "https") && Self::of(scheme, host).is_ok_and(|asked| asked == *self)
    }

    /// As browsers write it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Name or address, the latter in brackets if it is an IPv6 one.
    pub(crate) fn host(&self) -> &str {
        let authority = self.authority();
        let end = authority.rfind(']').map_or_else(|| authority.find(':'), |at| Some(at + 1));
        &authority[..end.unwrap_or(authority.len())]
    }

    /// Host, and port where it is not the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether it means the very machine that opens it, so that it is good for nobody else.
    pub(crate) fn is_loopback(&self) -> bool {
        let name = self.host().trim_end_matches('.');
        let ip = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name == "localhost"
            || name.ends_with(".localhost")
            || ip.is_ok_and(|ip| ip.to_canonical().is_loopback() || ip.is_unspecified())
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn canonical(host: &str) -> Result<String, BadOrigin> {
    let bad = || BadOrigin::Host(host.to_owned());
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').ok_or_else(bad)?;
        return address.parse::<Ipv6Addr>().map(|ip| format!("[{ip}]")).map_err(|_| bad());
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let has_empty_label = host.trim_end_matches('.').split('.').any(str::is_empty) || host.ends_with("..");
    if has_empty_label || !host.bytes().all(is_name) {
        return Err(bad());
    }
    Ok(host.to_ascii_lowercase())
}

/// The value of `--public-url`: an origin that others can open.
pub(crate) fn public(raw: &str) -> Result<WebOrigin, BadOrigin> {
    let origin = WebOrigin::parse(raw)?;
    let ip = origin.host().trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match ip {
        Ok(ip) if ip.is_unspecified() => Err(BadOrigin::Everywhere(ip)),
        _ => Ok(origin),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_kept_as_browsers_write_them() {
        for (raw, kept) in [
            ("https://chat.example.org", "https://chat.example.org"),
            ("https://chat.example.org/", "https://chat.example.org"),
            ("HTTPS://Chat.Example.ORG:443", "https://chat.example.org"),
            ("http://chat.example.org:80/", "http://chat.example.org"),
            ("http://chat.example.org:443", "http://chat.example.org:443"),
            ("https://xn--mgba3gch31f.example:8443", "https://xn--mgba3gch31f.example:8443"),
            ("http://192.168.1.7:3000", "http://192.168.1.7:3000"),
            ("http://[2001:DB8::0:1]:3000", "http://[2001:db8::1]:3000"),
            ("http://[::1]", "http://[::1]"),
            ("http://my_app:3000", "http://my_app:3000"),
            ("http://chat.example.org.", "http://chat.example.org."),
        ] {
            assert_eq!(WebOrigin::parse(raw).map(|origin| origin.0), Ok(kept.to_owned()), "{raw}");
        }
    }

    #[test]
    fn invalid_origin_is_refused_with_reason() {
        use BadOrigin::*;
        let path = |path: &str| Path(path.to_owned());
        let host = |host: &str| Host(host.to_owned());
        for (raw, why) in [
            ("", Empty),
            ("*", Any),
            ("https://chat.example.org ", Space),
            (" https://chat.example.org", Space),
            ("https://chat.example.org\r", Space),
            ("https://chat.example.org\u{a0}", Space),
            ("https://a b", Space),
            ("chat.example.org", NoScheme),
            ("chat.example.org:3000", NoScheme),
            ("//chat.example.org", NoScheme),
            ("https:/chat.example.org", NoScheme),
            ("null", NoScheme),
            ("ws://chat.example.org", Scheme("ws".into())),
            ("WSS://chat.example.org", Scheme("wss".into())),
            ("ftp://chat.example.org", Scheme("ftp".into())),
            ("://chat.example.org", Scheme(String::new())),
            ("https://chat.example.org/chat", path("/chat")),
            ("https://chat.example.org/chat/", path("/chat/")),
            ("https://chat.example.org//", path("//")),
            ("https://chat.example.org\\chat", path("\\chat")),
            ("https://chat.example.org/?a", path("/?a")),
            ("https://chat.example.org?a=b", Query),
            ("https://chat.example.org#top", Fragment),
            ("https://ali@chat.example.org", User),
            ("https://ali:secret@chat.example.org", User),
            ("https://گفتگو.example", NotAscii),
            ("https://", host("")),
            ("https://:3000", host("")),
            ("https://*.example.org", host("*.example.org")),
            ("https://chat..example.org", host("chat..example.org")),
            ("https://.", host(".")),
            ("https://%61.example", host("%61.example")),
            ("https://[::1", host("[")),
            ("https://[1.2.3.4]", host("[1.2.3.4]")),
            ("https://2001:db8::1", Port),
            ("https://chat.example.org:", Port),
            ("https://chat.example.org:0", Port),
            ("https://chat.example.org:65536", Port),
            ("https://chat.example.org:+3", Port),
            ("https://chat.example.org:3000x", Port),
        ] {
            assert_eq!(WebOrigin::parse(raw), Err(why), "{raw:?}");
        }
        assert_eq!(WebOrigin::parse(&format!("https://{}", "a".repeat(300))), Err(TooLong));
        for everywhere in ["http://0.0.0.0:3000", "http://[::]:3000"] {
            assert!(matches!(public(everywhere), Err(Everywhere(_))), "{everywhere}");
        }
    }

    #[test]
    fn apps_and_extensions_have_pages_too() {
        for raw in ["capacitor://localhost", "chrome-extension://abcdef", "moz-extension://1-2-3:7"] {
            assert_eq!(WebOrigin::parse_pages(raw).map(|origin| origin.0), Ok(raw.to_owned()));
            assert!(WebOrigin::parse(raw).is_err());
        }
        assert_eq!(WebOrigin::parse_pages("HTTPS://A.example:443"), WebOrigin::parse("https://a.example"));
        assert!(!WebOrigin::parse_pages("capacitor://localhost").unwrap().is_at("localhost"));
        for bad in ["ws://a.example", "*", "null", "file://", "://a", "a b://c", "chrome-extension://a/b"] {
            assert!(WebOrigin::parse_pages(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn its_parts_are_found_again() {
        let parts = |raw: &str| {
            let origin = WebOrigin::parse(raw).unwrap();
            (origin.host().to_owned(), origin.authority().to_owned())
        };
        assert_eq!(parts("http://a.example:3000"), ("a.example".into(), "a.example:3000".into()));
        assert_eq!(parts("https://a.example:443"), ("a.example".into(), "a.example".into()));
        assert_eq!(parts("http://[2001:db8::1]:3000"), ("[2001:db8::1]".into(), "[2001:db8::1]:3000".into()));
        assert_eq!(parts("http://[2001:db8::1]"), ("[2001:db8::1]".into(), "[2001:db8::1]".into()));
    }

    #[test]
    fn loopback_means_nobody_else_can_open_it() {
        let loopback = |raw: &str| WebOrigin::parse(raw).unwrap().is_loopback();
        for own in [
            "http://localhost:3000",
            "https://LOCALHOST",
            "http://localhost.:3000",
            "http://x.localhost",
            "http://127.0.0.1:3000",
            "http://127.8.9.1",
            "http://[::1]:3000",
            "http://[::ffff:127.0.0.1]:3000",
            "http://0.0.0.0:3000",
            "http://[::]",
        ] {
            assert!(loopback(own), "{own}");
        }
        for other in [
            "http://192.168.1.7",
            "http://mac.local",
            "https://127.example",
            "http://localhost.example",
            "http://[fe80::1]",
        ] {
            assert!(!loopback(other), "{other}");
        }
    }
}
