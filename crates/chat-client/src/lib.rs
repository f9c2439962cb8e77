//! The page of an Otagh room: Persian, right to left, drawn on the server so that there is something
//! to read at once, and drawn anew in the browser when its program has arrived.
//!
//! Data walks in a circle: the [`driver`] keeps a [`socket`] alive and hears messages, [`state`] takes them
//! in, [`view`] shows them, and what people do goes out through the socket again; [`chat`] is where all of
//! them meet. Every word a reader sees is in [`words`], or, said by all pages, in [`chat_ui`], whose
//! elements the views are made of. The first drawing is the same on both sides, so that nobody sees the one
//! replace the other: no clock, no storage, no randomness in it. There is no client-side router; each page
//! is a document of its own.

// A view's type is the tree of its elements, and the compiler walks it to the leaves.
#![recursion_limit = "256"]
#![cfg_attr(
    not(any(feature = "ssr", feature = "mount")),
    allow(dead_code, unused_imports, reason = "without either nobody draws a page")
)]

mod chat;
mod driver;
pub mod page;
mod person;
mod profile;
mod socket;
mod state;
mod view;
pub mod words;

pub use page::Page;

/// Draws the page in a root of its own, which the script that loaded this (`boot.js`) then puts in the
/// place of what the server drew. Called once.
#[cfg(feature = "mount")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn mount(root: web_sys::HtmlElement) {
    match Page::of(&root) {
        Some(page) => page.mount(root),
        None => leptos::logging::warn!("this root is not one of ours: there is nothing to draw"),
    }
}
