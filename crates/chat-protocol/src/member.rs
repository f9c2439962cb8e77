//! One person as the room sees them.

use serde::{Deserialize, Serialize};

use crate::{ClientId, Name, read_fields};

/// A member of a room: one entry in the roster, however many tabs they have open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Member {
    /// Public id, unique in the room.
    pub id: ClientId,
    /// Display name, unique in the room to the eye.
    pub name: Name,
    /// How many connections this person has; left out when it is one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub tabs: u32,
    /// Whether the connection was lost and may yet be resumed; left out when it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub away: bool,
}

impl Member {
    /// A member who is here, once.
    pub fn new(id: ClientId, name: Name) -> Self {
        Self { id, name, tabs: 1, away: false }
    }
}

read_fields! { Member { id, name, tabs or 1, away or false } }

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_one(tabs: &u32) -> bool {
    *tabs == 1
}
