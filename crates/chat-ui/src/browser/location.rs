//! Addresses of this page and its socket.

use chat_protocol::{ClientId, RoomId};
use leptos::prelude::window;

/// Where the room's socket is: the page's own host, `wss` where the page is `https`. `is_recorded`
/// asks the server to keep what passes it.
pub fn socket_url(room: &RoomId, client: &ClientId, is_recorded: bool) -> String {
    let scheme = if is_secure() { "wss" } else { "ws" };
    let host = host();
    let query = if is_recorded { "?xray=1" } else { "" };
    format!("{scheme}://{host}/ws/{}/{}{query}", encode(room.as_str()), encode(client.as_str()))
}

/// Whether this page came, and its socket is, through TLS.
pub fn is_secure() -> bool {
    window().location().protocol().is_ok_and(|protocol| protocol == "https:")
}

/// Where the same is to be had without a WebSocket.
pub fn http_path(room: &RoomId, client: &ClientId) -> String {
    ["/http/", &encode(room.as_str()), "/", &encode(client.as_str())].concat()
}

/// The path of the room's page that needs no program.
pub fn classic_path(room: &RoomId) -> String {
    ["/classic/", &encode(room.as_str())].concat()
}

/// The path of the page that compares five ways into the room.
pub fn ways_path(room: &RoomId) -> String {
    ["/ways/", &encode(room.as_str())].concat()
}

/// The path of the room's page.
pub fn room_path(room: &RoomId) -> String {
    format!("/r/{}", encode(room.as_str()))
}

/// The origin by which others reach this server: the page's own, or that of the server's word, if it leads
/// further: to this machine only, to its network by a number, or by a name, which no server has but from
/// its operator. Whoever came by a name, a proxy or a tunnel has an address that works, whatever the server
/// sees of it.
pub fn origin_for_others(told: &str) -> String {
    let own = window().location().origin().unwrap_or_default();
    if reach(told) > reach(&own) { told.to_owned() } else { own }
}

/// How far an origin leads: 0 to this very machine, 1 to its network, 2 to wherever the name is known.
fn reach(origin: &str) -> u8 {
    let host = origin.split('/').nth(2).unwrap_or_default();
    let label = host.split(':').next().and_then(|name| name.rsplit('.').next()).unwrap_or_default();
    // No name ends in a number (URL Standard, "ends in a number").
    let is_address = host.starts_with('[') || label.bytes().all(|byte| byte.is_ascii_digit());
    let is_own = match is_address {
        true => ["127.", "0.0.0.0", "[::1]"].iter().any(|own| host.starts_with(own)),
        false => label == "localhost",
    };
    match (is_own, is_address) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}

/// The host by which this server was asked, with its port.
pub fn host() -> String {
    window().location().host().unwrap_or_default()
}

/// Shows this room's address as the page's own, which the room goes by.
pub fn show_room(room: &RoomId) {
    let shown = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&history.state()?, "", Some(&room_path(room))));
    if shown.is_err() {
        leptos::logging::warn!("the address could not be changed");
    }
}

/// Percent-encodes a path segment (RFC 3986 §2.1). Written here because the server draws links
/// too, and has no `encodeURIComponent`.
pub fn encode(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(byte as char);
        } else {
            let hex = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
            encoded.extend(['%', hex(byte >> 4), hex(byte & 15)]);
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reach_ranks_localhost_below_address_below_name() {
        for own in [
            "http://localhost:3000",
            "http://localhost",
            "https://x.localhost:3000",
            "http://127.0.0.1:3000",
            "http://127.8.9.1",
            "http://[::1]:3000",
            "http://[::1]",
            "http://0.0.0.0:3000",
        ] {
            assert_eq!(reach(own), 0, "{own}");
        }
        for address in ["http://192.168.1.7:3000", "http://10.8.0.2", "http://[2001:db8::abcd]:3000", ""] {
            assert_eq!(reach(address), 1, "{address:?}");
        }
        for name in [
            "https://chat.example.org",
            "https://chat.example.org:8443",
            "http://mac.local:3000",
            "http://server:3000",
            "https://127.0.0.1.nip.io",
            "https://localhost.example",
            "http://server2",
        ] {
            assert_eq!(reach(name), 2, "{name}");
        }
    }

    #[test]
    fn a_persian_room_has_a_plain_path() {
        assert_eq!(room_path(&RoomId::parse("باغ-1").unwrap()), "/r/%D8%A8%D8%A7%D8%BA-1");
    }
}
