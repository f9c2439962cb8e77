//! The rooms: found, created and cleared away here. Touched by joins, never by messages: a member talks to
//! its room directly. Rooms are found by their keys, so that another spelling leads to the same one; each
//! goes by the name that its first member wrote.
//!
//! What a room decides is [`chat_room::Room`]'s. An [`actor`] owns one room, takes what its members send in
//! order, and hands what the room decided to the [`fanout`], which encodes a broadcast once for everybody. A
//! [`memory_budget`] is what all rooms may keep together. A
//! [`handle`] is what a connection has of its room. A connection may wait for a room (that is backpressure);
//! a room never waits for a connection. [`recorder`] has the hooks of the X-ray.

use std::{collections::HashMap, sync::Arc, time::Instant};

use chat_protocol::{CloseCode, RoomId, RoomKey};
use chat_room::{Join, Limits, Room};
use parking_lot::Mutex;

pub(crate) use self::handle::{Joined, Membership, RoomHandle, SendError, Unsent};
use self::{actor::RoomActor, memory_budget::MemoryBudget};
use crate::{
    limits::ip_limits::IpUsage,
    net::{clock::Clock, random, sink::Sink},
};

pub(crate) mod actor;
mod fanout;
mod handle;
pub(crate) mod memory_budget;
pub(crate) mod recorder;

#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<RoomKey, Found>>,
    max_rooms: usize,
    limits: Limits,
    budget: Arc<MemoryBudget>,
    clock: Clock,
}

/// A room, and the name it goes by.
#[derive(Debug)]
struct Found {
    name: RoomId,
    handle: RoomHandle,
}

/// Why a room is not created.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum CreateError {
    #[error("too many rooms on this server; try again later")]
    Full,
    #[error("too many new rooms from your address; try again in a minute")]
    TooMany,
}

impl From<CreateError> for CloseCode {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Full => Self::TryAgainLater,
            CreateError::TooMany => Self::TooManyRooms,
        }
    }
}

impl Rooms {
    /// No rooms yet; there will be at most `max_rooms`, each within `limits`. Together they keep at most `resume_total` bytes for those who come back.
    pub(crate) fn new(max_rooms: usize, limits: Limits, resume_total: usize, clock: Clock) -> Arc<Self> {
        let budget = MemoryBudget::new(resume_total, max_rooms);
        Arc::new(Self { rooms: Mutex::default(), max_rooms, limits, budget, clock })
    }

    /// Joins a room, which is created if it is not there; `usage` is that of the address that asks.
    ///
    /// # Errors
    /// [`CreateError`] when a room would have to be created and may not.
    pub(crate) async fn join(
        self: &Arc<Self>,
        room: &RoomId,
        join: Join,
        sink: &Sink,
        usage: &IpUsage,
    ) -> Result<Joined, CreateError> {
        loop {
            let handle = self.room(room, usage)?;
            match handle.join(join.clone(), sink.clone()).await {
                Ok(answer) => return Ok(answer),
                // The room was being cleared away. It is out of the table before it stops answering,
                // or about to be; the next look finds another.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    /// The name that this room goes by: as its first member wrote it, or, where nobody is in it, as
    /// it is written here.
    pub(crate) fn name_of(&self, room: &RoomId) -> RoomId {
        self.rooms.lock().get(&RoomKey::of(room)).map_or(room, |found| &found.name).clone()
    }

    fn room(self: &Arc<Self>, id: &RoomId, usage: &IpUsage) -> Result<RoomHandle, CreateError> {
        let key = RoomKey::of(id);
        let mut rooms = self.rooms.lock();
        if let Some(found) = rooms.get(&key) {
            return Ok(found.handle.clone());
        }
        if rooms.len() >= self.max_rooms {
            return Err(CreateError::Full);
        }
        if !usage.allow_room(Instant::now()) {
            return Err(CreateError::TooMany);
        }
        let room = Room::new(id.clone(), random::epoch(), self.limits);
        let (actor, handle) = RoomActor::open(room, self.budget.share(), self.clock);
        rooms.insert(key.clone(), Found { name: id.clone(), handle: handle.clone() });
        let entry = Entry { rooms: self.clone(), key };
        tokio::spawn(async move {
            let actor = actor.run().await;
            drop(entry);
            drop(actor);
        });
        Ok(handle)
    }
}

/// A room's place in the table, given up on drop, so also by a room that failed.
struct Entry {
    rooms: Arc<Rooms>,
    key: RoomKey,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.rooms.rooms.lock().remove(&self.key);
    }
}
