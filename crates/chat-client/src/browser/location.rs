//! Addresses of this page and its socket.

use chat_protocol::{ClientId, RoomId};
use leptos::prelude::window;

/// Where the room's socket is: the page's own host, `wss` where the page is `https`. `is_recorded`
/// asks the server to keep what passes it.
pub fn socket_url(room: &RoomId, client: &ClientId, is_recorded: bool) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let query = if is_recorded { "?xray=1" } else { "" };
    format!("{scheme}://{host}/ws/{}/{}{query}", encode(room.as_str()), encode(client.as_str()))
}

/// Where the same is to be had without a WebSocket.
pub fn http_path(room: &RoomId, client: &ClientId) -> String {
    ["/http/", &encode(room.as_str()), "/", &encode(client.as_str())].concat()
}

/// The path of the room's page that needs no program.
pub fn classic_path(room: &RoomId) -> String {
    ["/classic/", &encode(room.as_str())].concat()
}

/// The path of the room's page.
pub fn room_path(room: &RoomId) -> String {
    format!("/r/{}", encode(room.as_str()))
}

/// Goes to the room's page.
pub fn go_to_room(room: &RoomId) {
    if window().location().set_href(&room_path(room)).is_err() {
        leptos::logging::warn!("could not leave for the room");
    }
}

/// Percent-encodes a path segment (RFC 3986 §2.1). Written here because the server draws links
/// too, and has no `encodeURIComponent`.
fn encode(segment: &str) -> String {
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
    fn a_persian_room_has_a_plain_path() {
        assert_eq!(room_path(&RoomId::parse("باغ-1").unwrap()), "/r/%D8%A8%D8%A7%D8%BA-1");
    }
}
