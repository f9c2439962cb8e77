//! A room as a pure state machine. What somebody asks and the time go in, [`Effect`]s come out, in the
//! order in which they must happen; sockets, tasks, clocks and randomness are somebody else's, and
//! `Cargo.toml` keeps it so. Read `room` for what a member can do: join, [`Command`](chat_protocol::Command),
//! leave. Each is a [`Wish`], which can be queued, written down and read again. Beside it stand `roster` (who is here), `session` (one identity), `history` (what a returning
//! member missed), `presence` (who came and went), `class` (the stage and the vote), `resume_token`,
//! `snapshot`, and `token_bucket`, the rate limit of a session.
//!
//! The same calls at the same times give the same effects in every process: no decision hangs on a hash
//! seed, the order of a hash table, the clock or how much memory there is, of which a room is told by
//! [`Room::forget_oldest`]. Several nodes can therefore run one room.

use serde::{Deserialize, Serialize};

mod class;
mod history;
mod presence;
mod resume_token;
mod room;
mod roster;
mod session;
mod snapshot;
mod token_bucket;
mod wish;

pub use self::{
    history::{HistoryLimits, message_cost},
    resume_token::{Claim, FreshToken, TokenHash},
    room::{Departure, Effect, Join, Limits, Opening, Refusal, Room},
    snapshot::SnapshotError,
    token_bucket::{RateLimit, TokenBucket},
    wish::Wish,
};

/// Which decisions these are. Nodes that run one room must decide alike: another number is due with any change
/// of what a room decides, of which `tests/decisions.rs` tells, or of the Unicode tables behind a name's keys.
pub const RULES: u32 = 1;

/// One connection among all of all nodes, alive or gone; never used twice, and greater than those of
/// connections that were opened before. The lowest 20 bits are its node's number, which is 0 where there is one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ConnKey(pub u64);

impl ConnKey {
    /// How many bits of a key are its node's number.
    pub const NODE_BITS: u32 = 20;

    /// Its node.
    pub fn node(self) -> u32 {
        (self.0 & ((1 << Self::NODE_BITS) - 1)) as u32
    }
}

/// Whose address somebody came from, as far as a room must know it: the same, or another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug, Serialize, Deserialize)]
pub struct AddressKey(pub u64);

/// How a connection comes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// By one WebSocket.
    #[default]
    Socket,
    /// By HTTP requests.
    Http,
}

/// Milliseconds since the Unix epoch, from a clock that never goes backwards.
pub type Ms = u64;
