//! The lab: whatever shows the wire. Most people come to talk, so nothing of it is in the room page; each
//! part is a WebAssembly module of its own (`src/bin/`), loaded where somebody asks to see it: the [`xray`]
//! of a connection, beside its room, the [`compare`]d ways into one room, and the [`workbench`]. They read
//! what was recorded and explain it; they never touch the room's own connection. The server draws the
//! [`pages`] that they fill, and by itself the [`slides`] of the presentation.

// A view's type is the tree of its elements, and the compiler walks it to the leaves.
#![recursion_limit = "512"]

#[cfg(any(feature = "browser", test))]
mod about;
#[cfg(any(feature = "browser", test))]
mod cited;
#[cfg(any(feature = "browser", test))]
pub mod compare;
#[cfg(any(feature = "browser", test))]
mod page_shell;
#[cfg(feature = "ssr")]
pub mod pages;
#[cfg(any(feature = "browser", test))]
mod printed;
#[cfg(feature = "ssr")]
pub mod slides;
mod words;
#[cfg(any(feature = "browser", test))]
pub mod workbench;
#[cfg(any(feature = "browser", test))]
pub mod xray;

/// Puts what is drawn in the place of what waits there, for as long as the document lives.
#[cfg(any(feature = "browser", test))]
fn fill<V: leptos::prelude::IntoView + 'static>(
    place: web_sys::HtmlElement,
    draw: impl FnOnce() -> V + 'static,
) {
    place.set_text_content(None);
    leptos::mount::mount_to(place, draw).forget();
}
