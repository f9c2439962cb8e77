//! A room as a pure state machine. What somebody asks and the time go in, [`Effect`]s come out, in the
//! order in which they must happen; sockets, tasks, clocks and randomness are somebody else's, and
//! `Cargo.toml` keeps it so. Read `room` for what a member can do: join, [`Command`](chat_protocol::Command),
//! leave. Beside it stand `roster` (who is here), `session` (one identity), `history` (what a returning
//! member missed), `presence` (who came and went), `class` (the stage and the vote), `resume_token`, and
//! `token_bucket`, the rate limit of a session.
//!
//! The same calls at the same times give the same effects in every process: no decision hangs on a hash
//! seed, the order of a hash table, the clock or how much memory there is, of which a room is told by
//! [`Room::forget_oldest`]. Several nodes can therefore run one room.

mod class;
mod history;
mod presence;
mod resume_token;
mod room;
mod roster;
mod session;
mod token_bucket;

pub use self::{
    history::{HistoryLimits, message_cost},
    resume_token::{Claim, FreshToken, TokenHash, TokenSeed},
    room::{Departure, Effect, Join, Limits, Refusal, Room},
    token_bucket::{RateLimit, TokenBucket},
};

/// One connection among all of the process, alive or gone; never used twice, and greater than those
/// of connections that were opened before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConnKey(pub u64);

/// Whose address somebody came from, as far as a room must know it: the same, or another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Debug)]
pub struct AddressKey(pub u64);

/// How a connection comes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Way {
    /// By one WebSocket.
    #[default]
    Socket,
    /// By HTTP requests.
    Http,
}

/// Milliseconds since the Unix epoch, from a clock that never goes backwards.
pub type Ms = u64;
