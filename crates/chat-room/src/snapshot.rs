//! A room written down, and read again: as JSON, so that an operator can look at it. Written is what the room
//! cannot make again: its sessions, the history, what was not told yet, the class. Indexes follow from them, and
//! rate limits belong to a node.

use std::collections::VecDeque;

use chat_protocol::{Epoch, Said, Seq};
use serde::{Deserialize, Serialize, ser::SerializeSeq};

use crate::{
    Ms, Opening, Room,
    class::Class,
    history::History,
    presence::PendingPresence,
    roster::{KeptRoster, Roster},
};

/// What was to be a snapshot of a room is none.
#[derive(Debug, thiserror::Error)]
#[error("not a snapshot of a room: {0}; was it written by another version?")]
pub struct SnapshotError(#[from] serde_json::Error);

#[derive(Serialize)]
struct Written<'a> {
    began: Option<Ms>,
    newest: Seq,
    messages: &'a VecDeque<Said>,
    presence: &'a PendingPresence,
    class: &'a Option<Box<Class>>,
    arrivals: u64,
    sessions: Sessions<'a>,
}

struct Sessions<'a>(&'a Roster);

impl Serialize for Sessions<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sessions = self.0.sessions();
        let mut written = serializer.serialize_seq(Some(sessions.len()))?;
        for session in sessions {
            written.serialize_element(&session)?;
        }
        written.end()
    }
}

#[derive(Deserialize)]
struct Read {
    began: Option<Ms>,
    newest: Seq,
    messages: VecDeque<Said>,
    presence: PendingPresence,
    class: Option<Box<Class>>,
    #[serde(flatten)]
    roster: KeptRoster,
}

impl Room {
    /// The room as it stands.
    pub fn snapshot(&self) -> String {
        let written = Written {
            began: self.began,
            newest: self.history.newest(),
            messages: self.history.messages(),
            presence: &self.presence,
            class: &self.class,
            arrivals: self.roster.arrivals(),
            sessions: Sessions(&self.roster),
        };
        serde_json::to_string(&written)
            .unwrap_or_else(|_| unreachable!("strings and numbers always serialise"))
    }

    /// The room that a snapshot shows, whose life began like this.
    ///
    /// # Errors
    /// [`SnapshotError`], for anything that [`Room::snapshot`] does not write.
    pub fn restore(opening: Opening, epoch: Epoch, snapshot: &str) -> Result<Self, SnapshotError> {
        let Read { began, newest, messages, presence, class, roster } = serde_json::from_str(snapshot)?;
        let (roster, history) =
            (Roster::of(&epoch, roster), History::of(opening.limits.history, newest, messages));
        let mut room = Self::new(opening, epoch);
        (room.roster, room.history, room.presence, room.began, room.class) =
            (roster, history, presence, began, class);
        Ok(room)
    }
}
