//! What every page of Otagh is made of, whichever crate draws it: elements and what follows a signal
//! ([`dom`], [`live`], [`rows`]; [`bind`] in the views of Leptos), every question to the browser ([`browser`]), a
//! text that stands as it was typed ([`prose`], [`said`]), Persian numbers, dates and sentences, and the
//! [`document`] around a page. It knows no page; those are in `chat-client` (the room) and `chat-lab` (what shows
//! the wire), each with its words beside it, and the few [`words`] that all pages say are here.
//!
//! Nothing here reads a clock, a locale or a random number while a page is first drawn: the server, which
//! has none of them for the reader, draws the same page. Nothing here touches what people wrote: their
//! words, their code and their addresses keep the digits they were typed with.

// A view's type is the tree of its elements, and the compiler walks it to the leaves.
#![recursion_limit = "256"]

pub mod bind;
pub mod browser;
pub mod dates;
pub mod digits;
#[cfg(feature = "ssr")]
pub mod document;
pub mod dom;
pub mod icon;
pub mod lab;
pub mod live;
pub mod prose;
pub mod rows;
pub mod said;
pub mod sentence;
pub mod theme;
pub mod words;

/// The id of the element that holds the page.
pub const ROOT: &str = "page";
