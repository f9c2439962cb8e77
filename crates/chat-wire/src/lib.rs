//! What a recorded WebSocket connection is made of. An [`Event`] is one thing that the server's tap
//! saw, as it travels to the page that shows it. Everything here looks at bytes and explains them;
//! it compiles for the server and for the browser, so that what the page shows and what the tests
//! compare is read by the same code. It knows no socket, clock or human language, and nothing of a
//! room.
//!
//! From the bytes up: `scanner` says what each byte belongs to, [`frame`] reads one header,
//! [`decoder`] gives whole heads, frames and messages, [`rules`] is a strict receiver. Beside them
//! [`head`] reads HTTP, [`accept`] computes the handshake's answer, [`redact`] hides secrets and
//! [`pcapng`] writes a recording for Wireshark. [`Costs`] are what a way
//! into a room takes.

pub mod accept;
mod costs;
pub mod decoder;
mod event;
pub mod frame;
pub mod head;
pub mod pcapng;
pub mod redact;
pub mod rules;
mod scanner;

pub use costs::Costs;
pub use event::{Chunk, Direction, Ended, Event, Journey, Opened, Tcp};
