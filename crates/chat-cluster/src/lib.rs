//! Several nodes that run one room. The mailbox of a room is a log: with an engine (Redis or Valkey) it is a
//! stream there, in which the wishes of all nodes have one order, and every node with somebody in the room
//! applies them to a room of its own. Nobody owns a room: the engine orders, the nodes decide, all the same.
//!
//! An [`Entry`] is one batch of one node in that log; it names the one before it, so that no gap, fork or
//! rollback of the engine goes unseen. What may be asked of a log is said once ([`Append`], [`Loaded`],
//! [`Read`], [`Heard`]) and kept twice: in memory ([`MemoryLog`]), and on an engine (feature `engine`).

#[cfg(feature = "engine")]
pub mod engine;
mod entry;
mod log;
mod memory_log;
mod outgoing;
mod replica;
mod written;

use chat_room::Ms;

pub use self::{
    entry::{Entry, ParseEntryError, Place, Tag},
    log::{Append, Appended, HEARD_AT_MOST, Heard, KEPT_FOR, Loaded, READ_AT_ONCE, Read},
    memory_log::{FollowerKey, MemoryLog},
    replica::{Batch, Next, Over, Replica, SNAPSHOT_EVERY},
    written::{Begun, UnreadableError},
};
