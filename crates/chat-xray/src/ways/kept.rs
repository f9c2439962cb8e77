//! What a tab remembers of its ways into a room, so that a page that is loaded anew is the same five
//! members: the mark in their names, and of each way its last message, what its account said and, where no
//! cookie has it, what it shows to be who it was.

use chat_client::browser::{random, storage::Keep};
use chat_protocol::RoomId;
use chat_wire::Costs;
use leptos::logging;
use serde::{Deserialize, Serialize};

/// The marks: four digits, so that two pages hardly ever draw the same.
const MARKS: std::ops::RangeInclusive<u32> = 1_000..=9_999;

/// See the module.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Tells the ways of this tab from those of another.
    pub(super) mark: u32,
    /// The ways, in their order.
    pub(super) ways: [Member; 5],
}

/// One way.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Member {
    /// With what it proves who it was.
    pub(super) ticket: Option<Ticket>,
    /// The last message that came.
    pub(super) seq: Option<u64>,
    /// What its account said.
    pub(super) account: Costs,
}

/// A ticket, as a `welcome` has it.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Ticket {
    /// The secret.
    pub(super) token: String,
    /// The life of the room it is good in.
    pub(super) epoch: String,
}

impl Kept {
    /// What this tab kept of the ways into this room; at first, a mark that was just drawn.
    pub(super) fn load(room: &RoomId) -> Self {
        let fresh = || {
            let count = f64::from(MARKS.end() - MARKS.start() + 1);
            Self { mark: MARKS.start() + (random::unit() * count) as u32, ways: Default::default() }
        };
        let Some(json) = Keep::Session.get(&key(room)) else { return fresh() };
        serde_json::from_str(&json).unwrap_or_else(|error| {
            logging::warn!("what was kept of the ways cannot be read: {error}");
            fresh()
        })
    }

    /// Keeps it.
    pub(super) fn save(&self, room: &RoomId) {
        Keep::Session.set_json(&key(room), self);
    }
}

fn key(room: &RoomId) -> String {
    format!("otagh-ways-{}", room.as_str())
}
