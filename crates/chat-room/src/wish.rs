//! What somebody asks of a room, and a node: the one door is [`Room::take`](crate::Room::take). Plain data, so
//! that it can be queued, and written into a log that several nodes read.

use chat_protocol::Command;
use serde::{Deserialize, Serialize};

use crate::{ConnKey, Departure, FreshToken, Join};

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// To be a member.
    Join(Box<Join>),
    /// What a member asks.
    Command {
        /// The connection that asks.
        conn: ConnKey,
        /// What it asks.
        command: Command,
        /// The token to give, for `end_tabs`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        fresh: Option<Box<FreshToken>>,
    },
    /// A connection is over.
    Leave {
        /// Which.
        conn: ConnKey,
        /// How it ended.
        how: Departure,
    },
    /// A node is gone without a word, and with it its connections that were opened before this key: they
    /// are lost.
    Gone {
        /// Its number.
        node: u32,
        /// It may be back, with younger connections.
        before: ConnKey,
    },
    /// A node has no memory for what the room keeps: sessions without a connection are forgotten until they take
    /// so many bytes at most, who left first and then who has been away longest.
    Forget {
        /// How many bytes they may take.
        bytes: usize,
    },
    /// Nothing but the time at which it comes.
    Tick,
}
