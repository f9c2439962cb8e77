//! What this browser remembers of its reader between pages: the name used in this tab, the name
//! used last in any, and the last few rooms. It stays in the browser, until somebody has it forgotten.

use chat_protocol::{Name, RoomId};

use super::storage::Keep;

/// What every key of ours begins with, here and elsewhere.
const PREFIX: &str = "otagh";
const NAME: &str = "otagh:name";
const ROOMS: &str = "otagh:rooms";
/// Most rooms remembered.
const ROOMS_MAX: usize = 3;

/// The name chosen in this tab, with which a reload goes straight back in.
pub fn name_here() -> Option<Name> {
    Name::parse(&Keep::Session.get(NAME)?).ok()
}

/// The name chosen last in any tab, to offer; empty if none was.
pub fn name_before() -> String {
    Keep::Session.get(NAME).or_else(|| Keep::Local.get(NAME)).unwrap_or_default()
}

/// Forgets whoever was here: names, rooms, and what this tab kept of them. The theme is the device's own,
/// and says nothing of anybody.
pub fn forget() {
    Keep::Session.forget(PREFIX);
    Keep::Local.forget(PREFIX);
}

/// Remembers the chosen name.
pub fn choose_name(name: &Name) {
    Keep::Session.set(NAME, name.as_str());
    Keep::Local.set(NAME, name.as_str());
}

/// The rooms visited last, newest first.
pub fn recent_rooms() -> Vec<RoomId> {
    let rooms = Keep::Local.get(ROOMS).unwrap_or_default();
    rooms.lines().filter_map(|room| RoomId::parse(room).ok()).take(ROOMS_MAX).collect()
}

/// Remembers a visit.
pub fn visited(room: &RoomId) {
    let mut rooms = recent_rooms();
    rooms.retain(|other| other != room);
    rooms.insert(0, room.clone());
    rooms.truncate(ROOMS_MAX);
    let lines: Vec<&str> = rooms.iter().map(RoomId::as_str).collect();
    Keep::Local.set(ROOMS, &lines.join("\n"));
}
