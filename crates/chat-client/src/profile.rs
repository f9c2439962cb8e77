//! What this browser remembers of its reader between pages: the name used in this tab, the name
//! used last in any, and the last few rooms. It stays in the browser until somebody has it forgotten, on
//! the home page, whose script (`assets/home.js`) shares these keys: each begins with `otagh`.

use chat_protocol::{Name, RoomId, typed};
use chat_ui::browser::storage::Keep;

const NAME: &str = "otagh:name";
const ROOMS: &str = "otagh:rooms";
const ROOMS_MAX: usize = 3;

/// The name chosen in this tab, here or on the home page, with which one goes straight in. The home page
/// (`assets/home.js`) keeps it as it was typed.
pub(crate) fn name_here() -> Option<Name> {
    typed::name(&Keep::Session.get(NAME)?).ok()
}

/// The name chosen last in any tab, to offer; empty if none was.
pub(crate) fn name_before() -> String {
    Keep::Session.get(NAME).or_else(|| Keep::Local.get(NAME)).unwrap_or_default()
}

/// Remembers the chosen name.
pub(crate) fn choose_name(name: &Name) {
    Keep::Session.set(NAME, name.as_str());
    Keep::Local.set(NAME, name.as_str());
}

/// Remembers a visit. Of the spellings of one room, which have this key in common, the last.
pub(crate) fn visited(room: &RoomId, key: &str) {
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
