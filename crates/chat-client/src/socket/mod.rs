//! What a connection to the room is. [`connection`] has the lesson's steps - open, send, hear, close - on
//! one socket, or by HTTP requests; [`backoff`], [`fallback`] and [`ping`] are the pure rules by which the
//! [`driver`](crate::driver) keeps one alive; [`link`] is what people see of it, a [`wake`] what the driver
//! is asked. Nothing outside this folder touches a socket.

pub(crate) mod backoff;
pub(crate) mod connection;
pub(crate) mod fallback;
pub(crate) mod link;
pub(crate) mod ping;
pub(crate) mod wake;

pub(crate) use link::{Link, Way};
