//! Where each room lives: on the core that had least to do when somebody first came for it, and there for as
//! long as anybody is in it or on the way. Known before the room is, because a connection moves to its core as
//! soon as it is open, and a crowd that comes for a new room at once must not be spread over several.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use chat_protocol::RoomKey;
use parking_lot::Mutex;

use crate::{
    cores::{Core, Cores},
    net::outbox_budget::{OutboxBudget, OutboxBudgets},
};

/// See the module. As many as there are rooms, and connections that have not joined.
#[derive(Debug)]
pub(crate) struct Homes {
    cores: Arc<Cores>,
    outboxes: OutboxBudgets,
    table: Mutex<HashMap<RoomKey, Weak<Home>>>,
}

/// A room's place on a core, which is there for it as long as anybody holds this.
#[derive(Debug)]
pub(crate) struct Home {
    core: Arc<Core>,
    /// How many members it was last told of.
    members: AtomicUsize,
    key: RoomKey,
    homes: Arc<Homes>,
}

impl Homes {
    /// On these cores, whose threads count what waits in outboxes in these parts of their budget.
    pub(crate) fn new(cores: Arc<Cores>, outboxes: OutboxBudgets) -> Arc<Self> {
        Arc::new(Self { cores, outboxes, table: Mutex::default() })
    }

    /// The home of this room, which is found for it if it has none.
    pub(crate) fn of(self: &Arc<Self>, key: RoomKey) -> Arc<Home> {
        let mut table = self.table.lock();
        if let Some(home) = table.get(&key).and_then(Weak::upgrade) {
            return home;
        }
        let core = self.cores.least_loaded().clone();
        core.add_load(1);
        let home =
            Arc::new(Home { core, members: AtomicUsize::new(0), key: key.clone(), homes: self.clone() });
        table.insert(key, Arc::downgrade(&home));
        home
    }
}

impl Home {
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// What all outboxes may have waiting, as its core counts it.
    pub(crate) fn outboxes(&self) -> &Arc<OutboxBudget> {
        &self.homes.outboxes[self.core.number()]
    }

    /// So many members are in the room now. For the room alone to tell.
    pub(crate) fn set_members(&self, members: usize) {
        let before = self.members.load(Relaxed);
        self.members.store(members, Relaxed);
        match members.checked_sub(before) {
            Some(0) => {}
            Some(more) => self.core.add_load(more),
            None => self.core.take_load(before - members),
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.core.take_load(1 + self.members.load(Relaxed));
        let mut table = self.homes.table.lock();
        // Somebody may have come for the room since nobody holds this, and have found it another.
        if table.get(&self.key).is_some_and(|home| home.strong_count() == 0) {
            table.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::RoomId;

    use super::*;
    use crate::cores::Threads;

    fn key(id: &str) -> RoomKey {
        RoomKey::of(&RoomId::parse(id).unwrap())
    }

    fn two() -> (Arc<Homes>, Threads) {
        let (cores, threads) = Cores::start(2).unwrap();
        let outboxes = OutboxBudget::for_threads(cores.threads(), 1_000, 1_000, 10);
        (Homes::new(cores, outboxes), threads)
    }

    #[tokio::test]
    async fn new_rooms_go_where_least_is() {
        let (homes, _threads) = two();
        let (first, second) = (homes.of(key("first")), homes.of(key("second")));
        assert_ne!(first.core().number(), second.core().number());
        first.set_members(10);
        let more: Vec<Arc<Home>> = (0..9).map(|room| homes.of(key(&format!("more-{room}")))).collect();
        assert!(more.iter().all(|home| home.core().number() == second.core().number()));
        first.set_members(3);
        assert_eq!(homes.of(key("last")).core().number(), first.core().number());
    }

    #[tokio::test]
    async fn room_stays_while_anybody_holds_it() {
        let (homes, _threads) = two();
        let home = homes.of(key("class"));
        let core = home.core().number();
        home.set_members(1_000);
        let same = homes.of(key("class"));
        assert_eq!(same.core().number(), core, "whoever comes for it, however much is there");
        drop(home);
        assert_eq!(homes.of(key("class")).core().number(), core);
        drop(same);
        assert!(homes.table.lock().is_empty());
        let [one, other] = ["one", "other"].map(|room| homes.of(key(room)));
        assert_ne!(one.core().number(), other.core().number(), "its load is given back");
    }
}
