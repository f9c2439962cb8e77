//! Addresses of this page and its socket.

use chat_protocol::{ClientId, RoomId};
use leptos::prelude::window;

/// Where the room's socket is: the page's own host, `wss` where the page is `https`.
pub fn socket_url(room: &RoomId, client: &ClientId) -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    format!("{scheme}://{host}/ws/{}/{}", encode(room.as_str()), encode(client.as_str()))
}

/// Goes to the room's page.
pub fn go_to_room(room: &RoomId) {
    if let Err(error) = window().location().set_href(&format!("/r/{}", encode(room.as_str()))) {
        leptos::logging::warn!("could not leave for the room: {error:?}");
    }
}

fn encode(segment: &str) -> String {
    js_sys::encode_uri_component(segment).into()
}
