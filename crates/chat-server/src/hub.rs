//! Where rooms are found, created and cleared away. Touched when somebody joins, never when
//! somebody speaks: a member talks to its room directly. Rooms are found by their keys, so that
//! whoever spells one differently is in it, too; each goes by the name that its first member wrote.
//! The hub knows which rooms there are and nothing of what happens in them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chat_protocol::{CloseCode, RoomId, RoomKey};

use crate::{
    clock::Clock,
    connection::outbox::Outbox,
    random,
    room::{Core, Join, Limits, Membership, Refusal, RoomHandle, actor::Room, budget::Budget},
    visitors::Visitor,
};

/// The rooms of this server.
#[derive(Debug)]
pub struct Hub {
    rooms: Mutex<HashMap<RoomKey, Found>>,
    max_rooms: usize,
    limits: Limits,
    budget: Arc<Budget>,
    clock: Clock,
}

/// A room, and the name it goes by.
#[derive(Debug)]
struct Found {
    name: RoomId,
    handle: RoomHandle,
}

/// Why a room is not created.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoRoom {
    /// There are as many rooms as there may be.
    Full,
    /// Whoever asks created as many, lately, as one address may.
    TooMany,
}

impl From<NoRoom> for CloseCode {
    fn from(why: NoRoom) -> Self {
        match why {
            NoRoom::Full => Self::TryAgainLater,
            NoRoom::TooMany => Self::TooManyRooms,
        }
    }
}

impl Hub {
    /// A hub without rooms, which will have at most `max_rooms`, each within `limits`. Together
    /// they keep at most `resume_total` bytes for those who come back.
    pub fn new(max_rooms: usize, limits: Limits, resume_total: usize, clock: Clock) -> Arc<Self> {
        let budget = Budget::new(resume_total, max_rooms);
        Arc::new(Self { rooms: Mutex::default(), max_rooms, limits, budget, clock })
    }

    /// Joins a room, which is created for this visitor if it is not there.
    ///
    /// # Errors
    /// [`NoRoom`] when a room would have to be created and may not.
    pub async fn join(
        self: &Arc<Self>,
        room: &RoomId,
        join: Join,
        outbox: &Arc<Outbox>,
        visitor: &Visitor,
    ) -> Result<Result<Membership, Refusal>, NoRoom> {
        loop {
            let handle = self.room(room, visitor)?;
            match handle.join(join.clone(), outbox.clone()).await {
                Ok(answer) => return Ok(answer),
                // The room was being cleared away. It is out of the hub before it stops answering,
                // or about to be; the next look finds another.
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }

    /// The name that this room goes by: as its first member wrote it, or, where nobody is in it, as
    /// it is written here.
    pub fn name_of(&self, room: &RoomId) -> RoomId {
        self.rooms().get(&RoomKey::of(room)).map_or(room, |found| &found.name).clone()
    }

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        self.rooms().len()
    }

    fn room(self: &Arc<Self>, id: &RoomId, visitor: &Visitor) -> Result<RoomHandle, NoRoom> {
        let key = RoomKey::of(id);
        let mut rooms = self.rooms();
        if let Some(found) = rooms.get(&key) {
            return Ok(found.handle.clone());
        }
        if rooms.len() >= self.max_rooms {
            return Err(NoRoom::Full);
        }
        if !visitor.may_create_a_room(Instant::now()) {
            return Err(NoRoom::TooMany);
        }
        let core = Core::new(id.clone(), random::epoch(), self.limits, self.budget.share());
        let (room, handle) = Room::open(core, self.clock);
        rooms.insert(key.clone(), Found { name: id.clone(), handle: handle.clone() });
        let entry = Entry { hub: self.clone(), key };
        tokio::spawn(async move {
            let room = room.run().await;
            drop(entry);
            drop(room);
        });
        Ok(handle)
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomKey, Found>> {
        // No code that can panic runs while the lock is held.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room's place in the hub, given up on drop, so also by a room that failed.
struct Entry {
    hub: Arc<Hub>,
    key: RoomKey,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.hub.rooms().remove(&self.key);
    }
}
