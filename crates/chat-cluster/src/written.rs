//! What stands in a log, as JSON, so that an operator can look at it with the engine's own tools: how a life
//! began, a batch, and a snapshot. Nothing here decides anything.

use chat_protocol::Epoch;
use chat_room::{Ms, Opening, RULES, Room, Wish};
use serde::{Deserialize, Serialize};

use crate::{Loaded, Place, Tag};

/// Something in the log is not what this version writes.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableError {
    /// It cannot be read at all.
    #[error("{what} in the log of a room is not readable: {why}; does another program write here?")]
    Garbled {
        /// Which part.
        what: &'static str,
        /// In the words of the parser.
        why: String,
    },
    /// It can be read, and would be decided by other rules: a room must be decided by one set of them.
    #[error(
        "the room is decided by rules {theirs}, and this version's are {RULES}; run one version on all nodes"
    )]
    OtherRules {
        /// Those of the version that began the life.
        theirs: u32,
    },
}

impl UnreadableError {
    fn new(what: &'static str, why: impl ToString) -> Self {
        Self::Garbled { what, why: why.to_string() }
    }
}

/// How a life began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Begun {
    rules: u32,
    opening: Opening,
}

impl Begun {
    /// One that begins now.
    pub fn with(opening: Opening) -> Self {
        Self { rules: RULES, opening }
    }

    /// As it is written.
    pub fn to_json(&self) -> String {
        json(self)
    }

    /// The batch that a life begins with: nobody wishes anything yet.
    pub fn first_batch() -> String {
        batch(Digest { n: 0, of: 0 }, &[])
    }

    /// As it was written.
    ///
    /// # Errors
    /// [`UnreadableError`].
    pub fn read(json: &str) -> Result<Self, UnreadableError> {
        let begun: Self =
            serde_json::from_str(json).map_err(|error| UnreadableError::new("the opening", error))?;
        if begun.rules != RULES {
            return Err(UnreadableError::OtherRules { theirs: begun.rules });
        }
        Ok(begun)
    }

    /// The room at its beginning.
    pub(crate) fn room(self, life: &Epoch) -> Room {
        Room::new(self.opening, life.clone())
    }
}

/// What a node has decided up to a place, as one number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) n: u64,
    pub(crate) of: u64,
}

/// A batch, as it is read.
#[derive(Deserialize)]
pub(crate) struct ReadBatch {
    pub(crate) digest: Digest,
    pub(crate) wishes: Vec<Wish>,
}

/// A batch of wishes, each as [`wish`] writes it.
pub(crate) fn batch(digest: Digest, wishes: &[String]) -> String {
    format!(r#"{{"digest":{},"wishes":[{}]}}"#, json(&digest), wishes.join(","))
}

pub(crate) fn wish(wish: &Wish) -> String {
    json(wish)
}

impl ReadBatch {
    pub(crate) fn read(json: &str) -> Result<Self, UnreadableError> {
        serde_json::from_str(json).map_err(|error| UnreadableError::new("a batch", error))
    }
}

/// What stands before the room in a snapshot, in a line of its own.
#[derive(Serialize, Deserialize)]
struct Head {
    n: u64,
    tag: String,
    at: Ms,
    digest: u64,
}

pub(crate) fn snapshot(place: Place, at: Ms, digest: u64, room: &Room) -> String {
    let tag = place.tag.map(|tag| tag.to_string()).unwrap_or_default();
    format!("{}\n{}", json(&Head { n: place.n, tag, at, digest }), room.snapshot())
}

/// A room as it was loaded, and where in the log.
pub(crate) struct Restored {
    pub(crate) room: Room,
    pub(crate) place: Place,
    pub(crate) at: Ms,
    pub(crate) digest: u64,
}

impl Restored {
    /// The room before the tail.
    pub(crate) fn read(loaded: &Loaded) -> Result<Self, UnreadableError> {
        let begun = Begun::read(&loaded.opening)?;
        let Some(snapshot) = &loaded.snapshot else {
            let room = begun.room(&loaded.life);
            return Ok(Self { room, place: Place::default(), at: 0, digest: 0 });
        };
        let unreadable = |why: &dyn std::fmt::Display| UnreadableError::new("the snapshot", why);
        let (head, room) = snapshot.split_once('\n').unwrap_or_default();
        let Head { n, tag, at, digest } = serde_json::from_str(head).map_err(|error| unreadable(&error))?;
        let tag: Tag = tag.parse().map_err(|error| unreadable(&error))?;
        let room =
            Room::restore(begun.opening, loaded.life.clone(), room).map_err(|error| unreadable(&error))?;
        Ok(Self { room, place: Place { n, tag: Some(tag) }, at, digest })
    }
}

fn json(written: &impl Serialize) -> String {
    serde_json::to_string(written).unwrap_or_else(|_| unreachable!("strings and numbers always serialise"))
}
