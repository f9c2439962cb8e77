//! Everything the page says in Persian: its words, its digits, its dates. All user-facing text is
//! here and nowhere else, so that one reader of Persian can proof-read the whole page, and one
//! folder is what a translation would replace.
//!
//! Nothing here reads a clock, a locale or a random number: the browser passes them in, and the
//! server, which has none of them for the reader, draws the same first page. Nothing here touches
//! what people wrote: their words, their code and their addresses keep the digits they were typed
//! with.

pub mod dates;
pub mod digits;
pub mod sentence;
pub mod words;

pub use sentence::{Piece, Sentence, isolate};
