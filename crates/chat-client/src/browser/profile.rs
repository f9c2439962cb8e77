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
    rooms.lines().filter_map(|line| RoomId::parse(parts(line).0).ok()).take(ROOMS_MAX).collect()
}

/// Remembers a visit. Of the spellings of one room, which have this key in common, the last.
pub fn visited(room: &RoomId, key: &str) {
    let rooms = Keep::Local.get(ROOMS).unwrap_or_default();
    let this = [room.as_str(), key].join("\t");
    let others = rooms.lines().filter(|line| parts(line).1 != key && parts(line).0 != room.as_str());
    let lines: Vec<&str> = [this.as_str()].into_iter().chain(others).take(ROOMS_MAX).collect();
    Keep::Local.set(ROOMS, &lines.join("\n"));
}

/// A line's room and its key. Lines from before there were keys have none: the room was its own.
fn parts(line: &str) -> (&str, &str) {
    line.split_once('\t').unwrap_or((line, line))
}
