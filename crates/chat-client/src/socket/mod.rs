//! The connection to the room, kept alive. [`connection`] walks the lesson's steps - open, join,
//! say, hear, close - on one socket, or by HTTP requests; [`driver`] decides when to walk them
//! again, by the pure rules of [`backoff`], [`fallback`] and [`ping`]; [`link`] is what people see of
//! it, a [`wake`] what the driver is asked. Nothing outside this folder touches a socket.

pub(crate) mod backoff;
pub(crate) mod connection;
pub(crate) mod driver;
pub(crate) mod fallback;
pub(crate) mod link;
pub(crate) mod ping;
pub(crate) mod wake;

pub(crate) use link::{Link, Way};
