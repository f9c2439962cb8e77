//! The connection to the room, kept alive. [`connection`] walks the lesson's steps - open, join,
//! say, hear, close - on one socket; [`driver`] decides when to walk them again, by the pure rules
//! of [`backoff`]; [`link`] is what people see of it. Nothing outside this folder touches a socket.

pub mod backoff;
pub mod connection;
pub mod driver;
pub mod link;

pub use link::Link;
