//! The Otagh server.

mod frame;
pub mod room;
