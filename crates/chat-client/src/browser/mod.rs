//! The few things the page asks of the browser, each behind a function that says what it gives
//! when the browser refuses: private windows have no storage, plain HTTP on a LAN has no
//! clipboard, and none of that may break a chat.

pub mod clipboard;
pub mod clock;
pub mod cookie;
pub mod location;
pub mod network;
pub mod random;
pub mod storage;

use leptos::prelude::window;

/// Whether the finger is the pointer here: then Enter breaks the line instead of sending.
pub fn is_touch() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
}
