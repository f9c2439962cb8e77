//! The rooms: found, created and cleared away here. Touched by joins, never by messages: a member talks to
//! its room directly. Rooms are found by their keys, so that another spelling leads to the same one; each
//! goes by the name that its first member wrote.
//!
//! What a room decides is [`chat_room::Room`]'s. An [`actor`] owns one room, takes what its members send in
//! order, and hands what the room decided to the [`fanout`], which encodes a broadcast once for everybody. Each
//! has its home on one core ([`homes`]), where its connections are, too. A [`memory_budget`] is what all rooms may
//! keep together. A [`handle`] is what a connection has of its room, with its [`mailbox`]. A connection may wait for a room (that is
//! backpressure); a room never waits for a connection. [`recorder`] has the hooks of the X-ray.

use std::{collections::HashMap, sync::Arc, time::Instant};

use chat_protocol::{CloseCode, RoomId, RoomKey};
use chat_room::{Join, Limits, Opening, Room, TokenHash};
use parking_lot::Mutex;
use tokio::time::timeout;

pub(crate) use self::handle::{Joined, Membership, RoomHandle, SendError, Unsent};
use self::{
    actor::RoomActor,
    cluster::{Cluster, JOIN_PATIENCE},
    handle::RoomGone,
    homes::{Home, Homes},
    memory_budget::MemoryBudget,
    replica_actor::ReplicaActor,
};
use crate::{
    limits::ip_limits::IpUsage,
    net::{clock::Clock, random, sink::Sink},
};

pub(crate) mod actor;
pub(crate) mod cluster;
mod fanout;
mod handle;
pub(crate) mod homes;
mod local_room;
mod mailbox;
pub(crate) mod memory_budget;
pub(crate) mod recorder;
mod replica_actor;

#[derive(Debug)]
pub(crate) struct Rooms {
    rooms: Mutex<HashMap<RoomKey, Found>>,
    max_rooms: usize,
    limits: Limits,
    budget: Arc<MemoryBudget>,
    homes: Arc<Homes>,
    clock: Clock,
    /// Where other nodes have the same rooms.
    cluster: Option<Arc<Cluster>>,
    /// The room that the operator opens as a class, in each of its lives, and the hash of its key.
    class: Option<(RoomKey, TokenHash)>,
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
    #[error("the engine that this server shares its rooms with is out of reach; try again later")]
    EngineLost,
    #[error("this connection is older than this server's place on the engine; connect again")]
    ConnectionTooOld,
}

impl From<CreateError> for CloseCode {
    fn from(why: CreateError) -> Self {
        match why {
            CreateError::Full | CreateError::EngineLost => Self::TryAgainLater,
            CreateError::ConnectionTooOld => Self::EngineLost,
            CreateError::TooMany => Self::TooManyRooms,
        }
    }
}

impl Rooms {
    /// No rooms yet; there will be at most `max_rooms`, each within `limits`. Together they keep at most
    /// `resume_total` bytes for those who come back; each has one of the `homes`.
    /// One may be a `class` whose teacher has the key with this hash. Other nodes of a `cluster` have the same rooms.
    pub(crate) fn new(
        max_rooms: usize,
        limits: Limits,
        resume_total: usize,
        homes: Arc<Homes>,
        clock: Clock,
        class: Option<(RoomKey, TokenHash)>,
        cluster: Option<Arc<Cluster>>,
    ) -> Arc<Self> {
        let budget = MemoryBudget::new(resume_total, max_rooms);
        Arc::new(Self { rooms: Mutex::default(), max_rooms, limits, budget, homes, clock, cluster, class })
    }

    /// Where this room lives, or is going to.
    pub(crate) fn home(&self, room: RoomKey) -> Arc<Home> {
        self.homes.of(room)
    }

    /// Joins a room, which is created if it is not there; `usage` is that of the address that asks. While that
    /// address may be guessing names, its newcomers are answered as if each room would be a new one, so that
    /// the answer does not tell which exist; who proves to have been in is let in.
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
            let is_elsewhere = match &self.cluster {
                Some(cluster) => self.is_elsewhere(cluster, room, &join).await?,
                None => false,
            };
            let (handle, is_new) = self.room(room, is_elsewhere, usage)?;
            let joined = async {
                if !is_new && usage.may_be_guessing(Instant::now()) {
                    let is_known = match &join.claim {
                        Some(claim) => handle.knows(claim.proof, join.tab.clone()).await?,
                        None => false,
                    };
                    if !is_known && let Err(why) = self.check_create(self.count(), usage) {
                        return Ok(Err(why));
                    }
                }
                handle.join(join.clone(), sink.clone()).await.map(Ok)
            };
            let joined = match &self.cluster {
                None => joined.await,
                // Should it be let in after all, nobody waits for the answer any more, and that is how it leaves.
                Some(_) => match timeout(JOIN_PATIENCE, joined).await {
                    Ok(joined) => joined,
                    Err(_) => return Err(CreateError::EngineLost),
                },
            };
            match joined {
                Ok(answer) => return answer,
                // The room was being cleared away. It is out of the table before it stops answering,
                // or about to be; the next look finds another.
                Err(RoomGone) => tokio::task::yield_now().await,
            }
        }
    }

    /// The name that this room goes by: as its first member wrote it, or, where nobody is in it, as
    /// it is written here. Only for a member: anybody else would learn from it that the room exists.
    pub(crate) fn name_of(&self, room: &RoomId) -> RoomId {
        self.rooms.lock().get(&RoomKey::of(room)).map_or(room, |found| &found.name).clone()
    }

    /// Whether a room that is not here is on its engine.
    async fn is_elsewhere(
        &self,
        cluster: &Arc<Cluster>,
        room: &RoomId,
        join: &Join,
    ) -> Result<bool, CreateError> {
        let key = RoomKey::of(room);
        let shared = cluster.room(&key);
        let since = shared.up().await.ok_or(CreateError::EngineLost)?;
        // Others would take the member for gone, because the connection is of a time when this node was.
        if shared.is_older(join.conn, since) {
            return Err(CreateError::ConnectionTooOld);
        }
        if self.rooms.lock().contains_key(&key) {
            return Ok(false);
        }
        shared.engine().exists(shared.key()).await.map_err(|_| CreateError::EngineLost)
    }

    /// Waits until all that was asked of rooms is done.
    pub(crate) async fn settle(&self) {
        let handles: Vec<RoomHandle> = self.rooms.lock().values().map(|found| found.handle.clone()).collect();
        for handle in handles {
            handle.settle().await;
        }
    }

    fn count(&self) -> usize {
        self.rooms.lock().len()
    }

    /// Whether an address may create a room beside so many; counts it, and a refusal.
    fn check_create(&self, rooms: usize, usage: &IpUsage) -> Result<(), CreateError> {
        let now = Instant::now();
        let checked = if rooms >= self.max_rooms {
            Err(CreateError::Full)
        } else if usage.allow_room(now) {
            Ok(())
        } else {
            Err(CreateError::TooMany)
        };
        checked.inspect_err(|_| usage.room_refused(now))
    }

    /// The way into a room, and whether it is a new one: neither here nor elsewhere.
    fn room(
        self: &Arc<Self>,
        id: &RoomId,
        is_elsewhere: bool,
        usage: &IpUsage,
    ) -> Result<(RoomHandle, bool), CreateError> {
        let key = RoomKey::of(id);
        let mut rooms = self.rooms.lock();
        if let Some(found) = rooms.get(&key) {
            return Ok((found.handle.clone(), false));
        }
        if !is_elsewhere {
            self.check_create(rooms.len(), usage)?;
        } else if rooms.len() >= self.max_rooms {
            return Err(CreateError::Full);
        }
        let class = self.class.as_ref().filter(|(class, _)| *class == key).map(|(_, hash)| *hash);
        let opening = Opening { room: id.clone(), limits: self.limits, class };
        let (share, home) = (self.budget.share(), self.homes.of(key.clone()));
        let core = home.core().clone();
        let found = |handle: &RoomHandle| Found { name: id.clone(), handle: handle.clone() };
        let entry = Entry { rooms: self.clone(), key: key.clone() };
        // A core that is over drops at once what is to run on it, and the entry locks the table.
        let handle = match &self.cluster {
            None => {
                let room = Room::new(opening, random::epoch());
                let (actor, handle) = RoomActor::open(room, share, home, self.clock);
                rooms.insert(key, found(&handle));
                drop(rooms);
                core.runtime().spawn(async move { drop((entry, actor.run().await)) });
                handle
            }
            Some(cluster) => {
                let (actor, handle) = ReplicaActor::open(opening, cluster.room(&key), share, home);
                rooms.insert(key, found(&handle));
                drop(rooms);
                core.runtime().spawn(async move { drop((entry, actor.run().await)) });
                handle
            }
        };
        Ok((handle, !is_elsewhere))
    }
}

/// A room of a test, for ten.
#[cfg(test)]
pub(crate) fn few(room: RoomId) -> Opening {
    let limits = Limits {
        members: 10,
        members_per_address: 0,
        history: chat_room::HistoryLimits { messages: 10, bytes: 1 << 16, age: 1_000 },
        resume_window: 1_000,
        previous_token: 1_000,
    };
    Opening { room, limits, class: None }
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::sync::oneshot;

    use super::*;
    use crate::{
        cores::Cores,
        limits::ip_limits::{self, IpLimits},
        net::outbox_budget::OutboxBudget,
    };

    #[tokio::test]
    async fn room_on_ended_core_ends() {
        let (cores, threads) = Cores::start(2).unwrap();
        let outboxes = OutboxBudget::for_threads(cores.threads(), 1_000, 1_000, 10);
        let id = RoomId::parse("class").unwrap();
        let limits = few(id.clone()).limits;
        let rooms = Rooms::new(10, limits, 1 << 20, Homes::new(cores, outboxes), Clock::start(), None, None);
        let (held, over) = oneshot::channel::<()>();
        let home = rooms.home(RoomKey::of(&id));
        home.core().runtime().spawn(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(threads);
        assert!(over.await.is_err(), "the core is over");
        let ips = ip_limits::Limits { connections: 0, http_sockets: 0, rooms: 0, frames: 0, requests: 0 };
        let usage = IpLimits::new(ips).at(IpAddr::from(Ipv4Addr::LOCALHOST).into(), Instant::now());
        rooms.room(&id, false, &usage).unwrap();
        assert_eq!(rooms.count(), 0);
    }
}
