//! What the page knows of the room, as plain data. [`Room::apply`] takes one message from the
//! server and says what changed; [`timeline`], [`roster`] and [`outbox`] are the three things a
//! chat shows: what was said, who is here, and what of mine is still under way. Time is passed in.
//! Nothing here knows the DOM, the socket, or a word of Persian.

pub mod announcer;
pub mod claims;
pub mod comings;
pub mod hue;
pub mod outbox;
pub mod room;
pub mod roster;
pub mod settling;
pub mod snapshot;
pub mod timeline;
pub mod typing;

pub use announcer::{Announcement, Announcer};
pub use comings::{Coming, Comings};
pub use outbox::{Outbox, Pending};
pub use room::{Changed, Room};
pub use roster::Roster;
pub use settling::Settling;
pub use snapshot::Snapshot;
pub use timeline::{Entry, EntryKind, Timeline};
pub use typing::Typing;
