//! Where a recording is to be had. Behind a proxy that sends each room to one of several servers, only the one
//! with the room has the recording: so its address names the room as the page's own does. The server ignores it.

use leptos::prelude::window;

/// The address of `part` of the recording with this token.
pub(super) fn address(token: &str, part: &str) -> String {
    let path = window().location().pathname().unwrap_or_default();
    let room = path.rsplit('/').next().unwrap_or_default();
    format!("/xray/{token}/{part}?room={room}")
}
