//! This node among others that have the same rooms: the engines that order them, the numbers of batches, and
//! which nodes are gone. A room is on one engine, which follows from its name.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Relaxed},
        },
    },
    time::Duration,
};

use chat_cluster::engine::{Engine, EngineUnavailable, Engines, State};
use chat_protocol::RoomKey;
use chat_room::{ConnKey, Ms, Room, Wish};
use parking_lot::Mutex;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::net::conn_keys::ConnKeys;

/// How long a join waits for an engine that is out of reach, and as long again for its room.
pub(super) const JOIN_PATIENCE: Duration = Duration::from_secs(5);

/// How often engines are asked which nodes are gone, and what time it is; more often with little patience.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// How many numbers of batches there are in a millisecond since 1970, which is where they begin: whatever had this
/// node's number before had lower ones. 2^53, to which scripts can count, is reached in 2248.
const BATCHES_IN_A_MS: u64 = 1_024;

/// See the module.
#[derive(Debug)]
pub(crate) struct Cluster {
    engines: Engines,
    keys: Arc<ConnKeys>,
    batch: AtomicU64,
    look_every: Duration,
    /// The nodes that rooms here have heard of, by the place of the engine and number. As many as there were
    /// while this process ran.
    nodes: Mutex<BTreeMap<(usize, u32), Known>>,
    /// Counts what became known of them.
    news: watch::Sender<u64>,
}

/// What is known of a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    Nothing,
    /// It has been there since then, without a break.
    Since(Ms),
    Gone,
}

/// One room on its engine.
#[derive(Clone, Debug)]
pub(crate) struct SharedRoom {
    cluster: Arc<Cluster>,
    /// The place of the engine.
    at: usize,
    /// What the room is called there.
    key: Arc<str>,
}

impl Cluster {
    /// With these engines, which have this patience, for connections with these keys.
    pub(crate) fn new(engines: Engines, patience: Duration, keys: Arc<ConnKeys>) -> Arc<Self> {
        let look_every = LOOK_EVERY.min(patience / 5).max(Duration::from_millis(10));
        let (batch, nodes, news) = (AtomicU64::new(0), Mutex::default(), watch::Sender::new(0));
        let cluster = Arc::new(Self { engines, keys, batch, look_every, nodes, news });
        cluster.set_time();
        cluster
    }

    /// This room, on its engine.
    pub(crate) fn room(self: &Arc<Self>, key: &RoomKey) -> SharedRoom {
        let key: Arc<str> = key.as_str().into();
        SharedRoom { cluster: self.clone(), at: self.engines.place_of(&key), key }
    }

    /// Looks after time, and after nodes that are gone, for as long as it is waited for.
    pub(crate) async fn watch(&self) -> std::convert::Infallible {
        let mut looks = interval(self.look_every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.set_time();
            for (at, engine) in self.engines.iter().enumerate() {
                self.look(at, engine).await;
            }
        }
    }

    /// Whether an engine is lost, so that its rooms are not to be had here.
    pub(crate) fn is_lost(&self) -> bool {
        self.engines.iter().any(|engine| matches!(*engine.state().borrow(), State::Lost))
    }

    fn set_time(&self) {
        self.keys.set_time(self.engines.at(0).now());
    }

    async fn look(&self, at: usize, engine: &Engine) {
        let asked: Vec<u32> = {
            let nodes = self.nodes.lock();
            nodes.range((at, 0)..=(at, u32::MAX)).map(|((_, node), _)| *node).collect()
        };
        let since = match engine.since_of(&asked).await {
            Ok(Some(since)) => since,
            // It is too early to say; or the engine is away, which its state tells whoever waits for it.
            Ok(None) | Err(EngineUnavailable) => return,
        };
        let mut is_news = false;
        let mut nodes = self.nodes.lock();
        for (node, since) in asked.into_iter().zip(since) {
            let known = since.map_or(Known::Gone, Known::Since);
            is_news |= nodes.insert((at, node), known) != Some(known);
        }
        drop(nodes);
        if is_news {
            self.news.send_modify(|news| *news += 1);
        }
    }

    /// A clean stop: others need not wait until this node is missed.
    pub(crate) async fn leave(&self) {
        self.engines.leave().await;
    }
}

impl SharedRoom {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.cluster.engines.at(self.at)
    }

    /// The number of this node.
    pub(crate) fn node(&self) -> u32 {
        self.cluster.engines.number()
    }

    /// The number of a batch, greater than those before.
    pub(crate) fn draw_batch(&self) -> u64 {
        let first = self.engine().now() * BATCHES_IN_A_MS;
        let next = |last: u64| first.max(last + 1);
        let before = self.cluster.batch.fetch_update(AcqRel, Relaxed, |last| Some(next(last)));
        next(before.unwrap_or_default())
    }

    /// Since when this node has been on the engine, once that is up; `None` where it was waited for in vain.
    pub(crate) async fn up(&self) -> Option<Ms> {
        let mut state = self.engine().state();
        let up = state.wait_for(|state| matches!(state, State::Up { .. }));
        match timeout(JOIN_PATIENCE, up).await {
            Ok(Ok(state)) => match *state {
                State::Up { since } => Some(since),
                State::Held { .. } | State::Lost => None,
            },
            Ok(Err(_)) | Err(_) => None,
        }
    }

    /// Whether this connection was opened before this node was on the engine: others take it for gone.
    pub(crate) fn is_older(&self, conn: ConnKey, since: Ms) -> bool {
        conn < ConnKeys::at(self.node(), since)
    }

    /// Counts what becomes known of nodes.
    pub(crate) fn news(&self) -> watch::Receiver<u64> {
        self.cluster.news.subscribe()
    }

    /// The room has heard of this node, which is looked after from now on.
    pub(crate) fn heard_of(&self, node: u32) {
        if node != self.node() {
            self.cluster.nodes.lock().entry((self.at, node)).or_insert(Known::Nothing);
        }
    }

    /// Of the nodes that have connections in the room, those that are gone, or that were gone and are back: what is
    /// to be wished because of them.
    pub(crate) fn gone(&self, room: &Room) -> Vec<Wish> {
        let nodes = self.cluster.nodes.lock();
        let before = |node: u32| match nodes.get(&(self.at, node)) {
            Some(Known::Gone) => Some(ConnKeys::at(node, self.engine().now())),
            Some(Known::Since(since)) => Some(ConnKeys::at(node, *since)),
            Some(Known::Nothing) | None => None,
        };
        let gone = |node: u32| {
            let before = before(node)?;
            (room.oldest_conn_of(node)? < before).then_some(Wish::Gone { node, before })
        };
        room.nodes().into_iter().filter_map(gone).collect()
    }

    /// One that says that nobody of this node is in the room who came before now.
    pub(crate) fn before_now(&self) -> ConnKey {
        ConnKeys::at(self.node(), self.engine().now())
    }
}
