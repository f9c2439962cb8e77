//! The Otagh server, from the outside in: [`server`] listens, [`router`] reads addresses,
//! [`connection`] is one socket, [`hub`] finds its room, [`room`] decides and broadcasts. Follow a
//! message: `connection` reads a `say`, the room's actor asks the pure core, the fan-out frames the
//! `said` once, and each member's outbox gets the same bytes.
//!
//! Nothing is stored: no accounts, no database, nothing on disk. How a page looks is not known here;
//! with the `pages` feature the one module of that name asks the client crate.

pub mod address;
pub mod allowance;
pub mod banner;
pub mod body;
pub mod clock;
pub mod config;
pub mod connection;
pub mod door;
pub mod event_stream;
mod frame;
pub mod handshake;
mod headers;
pub mod hints;
pub mod hub;
pub mod lan;
pub mod open_files;
pub mod qr;
pub mod random;
pub mod room;
pub mod router;
pub mod server;
pub mod share;
pub mod transport;
pub mod visitors;
pub mod web_origin;
pub mod wire;
pub mod workbench;

#[cfg(feature = "pages")]
mod assets;
#[cfg(feature = "pages")]
mod encoding;
#[cfg_attr(not(feature = "pages"), path = "plain_pages.rs")]
mod pages;

pub use config::Config;
pub use server::Server;
