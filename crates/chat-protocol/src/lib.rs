//! What goes over the wire between the two ends of an Otagh room.
//!
//! A frame is one JSON object with a `type`. [`ClientMsg::parse`] is the only door from bytes to
//! meaning: behind it every name, text and id has already passed its rule, so nothing further in
//! has to ask again. [`ServerMsg`] is what comes back. Read the two beside `docs/protocol.md`, which
//! says the same for a student who writes a client by hand.
//!
//! This crate knows rules and shapes. It deliberately does not know sockets, clocks, randomness,
//! or what language the people in the room speak.

mod chars;
#[cfg(feature = "class")]
mod class;
mod client_msg;
mod close;
mod command;
mod error;
mod flaw;
mod ids;
pub mod json;
pub mod limits;
mod member;
mod name;
#[cfg(feature = "normalize")]
mod room_key;
mod server_msg;
mod text;
pub mod typed;
mod wire_text;

#[cfg(feature = "class")]
pub use class::{Ballot, Class, MemberRoundTrip, RoundTrip, RoundTrips, Stage, Teacher, Vote};
pub use client_msg::{ClientMsg, Rejection, Resume};
pub use close::CloseCode;
pub use command::Command;
pub use error::{ErrorCode, Invalid};
pub use flaw::Flaw;
#[cfg(feature = "class")]
pub use ids::ClassKey;
pub use ids::{CaptureToken, ClientId, Epoch, ResumeToken, RoomId, SayId, TabId};
pub use member::Member;
pub use name::Name;
#[cfg(feature = "normalize")]
pub use name::NameKey;
#[cfg(feature = "normalize")]
pub use room_key::RoomKey;
pub use server_msg::{OpenTab, Presence, Said, ServerMsg, Welcome};
pub use text::Text;

/// Position of a message in its room: 1 for the first of an epoch, then without gaps. Stays below
/// 2^53, so that JavaScript reads it exactly.
pub type Seq = u64;

#[cfg(feature = "schema")]
const SEQ_MAX: Seq = (1 << 53) - 1;

/// The WebSocket subprotocol our client offers and the server echoes (RFC 6455 §1.9).
pub const SUBPROTOCOL: &str = "otagh.v1";
