//! The words of the page, one file for each part of it.
//!
//! How they are written: the polite «شما», everyday words, short sentences; «ه‌ی» for the ezafe
//! after ه; ZWNJ inside words (می‌نویسد), never a space; Persian punctuation. A name or a room in a
//! sentence makes it a [`Sentence`](super::Sentence), so that it cannot scramble its neighbours.
//! Counts are written with Persian digits and take the singular, as Persian has it («۳ نفر»).

pub mod connection;
pub mod errors;
pub mod home;
pub mod lesson;
pub mod messages;
pub mod people;
pub mod room_names;
pub mod share;
pub mod site;
