//! A room: a pure core that decides, and a thin actor that carries out.
//!
//! Read [`core`] for what happens when somebody joins, says something or leaves, with
//! [`roster`], [`session`], [`history`] and [`presence`] beside it; they know no socket, clock or
//! randomness. [`budget`] is the one thing rooms have in common. [`actor`] owns one core, takes its mail in order, and hands what the core decided
//! to [`fanout`], which encodes a broadcast once for everybody. [`handle`] is what connections
//! hold. A connection may wait for a room; a room never waits for a connection.

pub mod actor;
pub mod budget;
pub mod core;
pub mod fanout;
pub mod handle;
pub mod history;
pub mod presence;
pub mod roster;
pub mod session;
pub mod token;

pub use self::{
    core::{Core, Departure, Effect, Join, Limits, Refusal},
    handle::{Letter, Membership, RoomHandle, Unposted},
};

/// One connection among all of the process, alive or gone; never used twice, and greater than those
/// of connections that were opened before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConnKey(pub u64);

/// Milliseconds since the Unix epoch, from a clock that never goes backwards.
pub type Ms = u64;
