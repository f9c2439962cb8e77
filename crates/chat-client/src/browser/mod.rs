//! The few things the page asks of the browser, each behind a function that says what it gives
//! when the browser refuses: private windows have no storage, plain HTTP on a LAN has no
//! clipboard, and none of that may break a chat.

pub mod clipboard;
pub mod clock;
pub mod cookie;
pub mod location;
pub mod network;
pub mod profile;
pub mod random;
pub mod storage;
pub mod viewport;

use leptos::prelude::window;

/// Whether the finger is the pointer here: then Enter breaks the line instead of sending.
pub fn is_touch() -> bool {
    matches_media("(pointer: coarse)")
}

/// Whether the device prefers dark pages.
pub fn prefers_dark() -> bool {
    matches_media("(prefers-color-scheme: dark)")
}

fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}
