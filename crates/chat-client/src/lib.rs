//! The page of an Otagh room: Persian, right to left, drawn on the server and brought to life in
//! the browser.
//!
//! Data walks in a circle: [`socket`] hears messages, [`state`] takes them in, [`view`] shows
//! them, and what people do goes out through the socket again; [`chat`] is where the four meet.
//! Every word a reader sees is in [`fa`], every question to the browser in [`browser`]. The first
//! render is the same on both sides: no clock, no storage, no randomness before hydration. There
//! is no client-side router; each page is a document of its own.

// A view's type is the tree of its elements, and the compiler walks it to the leaves.
#![recursion_limit = "256"]

pub mod browser;
pub mod chat;
#[cfg(feature = "ssr")]
mod document;
pub mod fa;
pub mod page;
pub mod person;
pub mod prose;
pub mod socket;
pub mod state;
pub mod view;
pub mod xray;

#[cfg(feature = "ssr")]
pub use document::document;
pub use page::Page;

/// Brings the page to life. Called once, by the script that loaded this.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    match Page::of_document() {
        Some(page) => page.hydrate(),
        None => leptos::logging::warn!("this document is not one of ours: nothing to hydrate"),
    }
}
