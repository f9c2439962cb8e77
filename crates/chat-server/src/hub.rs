//! Where rooms are found, created and cleared away. Touched when somebody joins, never when
//! somebody speaks: a member talks to its room directly. The hub knows which rooms there are and
//! nothing of what happens in them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chat_protocol::{CloseCode, RoomId};

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
    rooms: Mutex<HashMap<RoomId, RoomHandle>>,
    max_rooms: usize,
    limits: Limits,
    budget: Arc<Budget>,
    clock: Clock,
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

    /// How many rooms there are.
    pub fn count(&self) -> usize {
        self.rooms().len()
    }

    fn room(self: &Arc<Self>, id: &RoomId, visitor: &Visitor) -> Result<RoomHandle, NoRoom> {
        let mut rooms = self.rooms();
        if let Some(handle) = rooms.get(id) {
            return Ok(handle.clone());
        }
        if rooms.len() >= self.max_rooms {
            return Err(NoRoom::Full);
        }
        if !visitor.may_create_a_room(Instant::now()) {
            return Err(NoRoom::TooMany);
        }
        let core = Core::new(id.clone(), random::epoch(), self.limits, self.budget.share());
        let (room, handle) = Room::open(core, self.clock);
        rooms.insert(id.clone(), handle.clone());
        let entry = Entry { hub: self.clone(), id: id.clone() };
        tokio::spawn(async move {
            let room = room.run().await;
            drop(entry);
            drop(room);
        });
        Ok(handle)
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomId, RoomHandle>> {
        // No code that can panic runs while the lock is held.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A room's place in the hub, given up on drop, so also by a room that failed.
struct Entry {
    hub: Arc<Hub>,
    id: RoomId,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.hub.rooms().remove(&self.id);
    }
}
