//! What the page knows of the room, as plain data. [`Room::apply`] takes one message from the
//! server and says what changed; [`timeline`], [`roster`] and [`outbox`] are the three things a
//! chat shows: what was said, who is here, and what of mine is still under way. Time is passed in.
//! Nothing here knows the DOM, the socket, or a word of Persian.

pub(crate) mod announcer;
pub(crate) mod claims;
pub(crate) mod comings;
pub(crate) mod hue;
pub(crate) mod outbox;
pub(crate) mod room;
pub(crate) mod roster;
pub(crate) mod settling;
pub(crate) mod snapshot;
pub(crate) mod timeline;
pub(crate) mod typing;

pub(crate) use announcer::{Announcement, Announcer};
pub(crate) use comings::{Coming, Comings};
pub(crate) use outbox::{Outbox, Pending};
pub(crate) use room::{Changed, Room};
pub(crate) use roster::Roster;
pub(crate) use settling::Settling;
pub(crate) use snapshot::Snapshot;
pub(crate) use timeline::{Entry, EntryKind, Timeline};
pub(crate) use typing::Typing;
