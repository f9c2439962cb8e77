//! What may be asked of the log of a room, and the answers: the same words for the log in memory and for
//! the one on an engine. It deliberately says nothing of connections, nor of what is in a batch.

use chat_protocol::Epoch;

use crate::{Entry, Ms, Place, Tag};

/// How long the log of a room is kept after the last that was appended to it or read of it.
pub const KEPT_FOR: Ms = 15 * 60 * 1000;

/// Most entries that one [`Read`] gives, and as many as a snapshot leaves in the log for readers who are a
/// little behind it.
pub const READ_AT_ONCE: u64 = 256;

/// Most of what a follower has not taken yet; more is dropped, and [`Heard::Missed`] says so.
pub const HEARD_AT_MOST: usize = 1_024;

/// One batch for the log of a room.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The life of the room that it is meant for.
    pub life: &'a Epoch,
    /// Which batch of which node. The same again when it is sent again.
    pub tag: Tag,
    /// What the node asks, as JSON.
    pub batch: &'a str,
    /// How far the node has read the log: if the entry after that is not there any more, the batch may have been
    /// taken before without anybody knowing it, and is refused.
    pub seen: u64,
    /// What the life begins with, where this batch may begin it: opaque, kept as long as the life, and
    /// given to all who load the room.
    pub opening: Option<&'a str>,
}

/// What became of an [`Append`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Appended {
    /// It has this place, and is told to all who follow the room.
    Taken {
        /// The place of this batch.
        n: u64,
    },
    /// It has been taken before: a batch sent again.
    Known {
        /// How far the log goes now; the batch is in it.
        n: u64,
    },
    /// The node has not read what a snapshot has taken the place of, and must load the room.
    Behind,
    /// There is no such room here, and the batch may not open it.
    Absent,
    /// The room is in another life.
    OtherLife,
}

/// All that a node needs to follow a room from here on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The life that the room is in.
    pub life: Epoch,
    /// What it began with.
    pub opening: String,
    /// How far the log goes.
    pub top: Place,
    /// The state up to the first entry of the tail; `None` where the tail begins with the first of all.
    pub snapshot: Option<String>,
    /// What came after the snapshot, without a gap, up to the top.
    pub tail: Vec<Entry>,
}

/// Entries of a log, after a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Read {
    /// There is no such room here.
    Absent,
    /// The room is in another life.
    OtherLife,
    /// Those that came after, at most [`READ_AT_ONCE`]. Where a snapshot has taken the place of some of
    /// them, the first is not the one that was asked for: the reader must load the room.
    Entries {
        /// How far the log goes.
        top: u64,
        /// In order, without a gap between them.
        entries: Vec<Entry>,
    },
}

/// What a follower of a room is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// The next entry; or one that has been heard, or read, before.
    Entry(Entry),
    /// This life of the room was ended.
    Ended(Epoch),
    /// Something may have been missed: the log must be read.
    Missed,
}
