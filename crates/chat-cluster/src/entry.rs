//! One entry of a room's log, and its place. Each entry names the one before it by its [`Tag`], which is a
//! chain: where two nodes have the same tag at the same place they have had the same entries, all of them.

use std::{fmt, str::FromStr};

use chat_protocol::Epoch;
use chat_room::Ms;

/// Which batch of which node: never used twice in a life of a room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Tag {
    /// The node's number, of 20 bits.
    pub node: u32,
    /// Greater than those of its batches before; at most 2^53, which is what a script can count to.
    pub batch: u64,
}

/// How far a log goes, or has been read.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// How many entries there are up to here.
    pub n: u64,
    /// The last of them; `None` before the first.
    pub tag: Option<Tag>,
}

/// One batch of one node, in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The life of the room that it belongs to.
    pub life: Epoch,
    /// Its place, counted from 1.
    pub n: u64,
    /// The entry before it; `None` for the first.
    pub prev: Option<Tag>,
    /// Whose it is.
    pub tag: Tag,
    /// When, by the engine's clock, which here never goes backwards.
    pub at: Ms,
    /// What the node asks, as JSON.
    pub batch: String,
}

impl Entry {
    /// Its place.
    pub fn place(&self) -> Place {
        Place { n: self.n, tag: Some(self.tag) }
    }
}

/// What was to be an entry, or a part of one, is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an entry of a log: {0:?}; does another program write under this prefix?")]
pub struct ParseEntryError(pub String);

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.node, self.batch)
    }
}

impl FromStr for Tag {
    type Err = ParseEntryError;

    fn from_str(tag: &str) -> Result<Self, ParseEntryError> {
        let error = || ParseEntryError(tag.chars().take(64).collect());
        let (node, batch) = tag.split_once('-').ok_or_else(error)?;
        Ok(Self { node: node.parse().map_err(|_| error())?, batch: batch.parse().map_err(|_| error())? })
    }
}
