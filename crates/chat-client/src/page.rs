//! Which page this is, and what the server tells it. Everything the first render needs comes in
//! here, so that server and browser draw the same thing.

use chat_protocol::RoomId;

/// A page of the site, with what its first render needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Page {
    /// `/`: choose a name and a room.
    Home,
    /// `/r/{room}`: the room.
    Room {
        /// Canonical id.
        room: RoomId,
        /// The address to give to others: absolute, and reachable from their devices.
        share_url: String,
    },
    /// Any other path, or a room id that breaks its rule.
    NotFound {
        /// True when a room was meant but its id is not one.
        bad_room: bool,
    },
}
