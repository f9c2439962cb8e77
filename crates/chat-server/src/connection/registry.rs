//! All open connections: to count them, in all and by address, and to tell each that the server is stopping. Touched when
//! one opens and when it closes, never in between.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use chat_protocol::CloseCode;

use super::outbox::Outbox;
use crate::{
    random,
    room::ConnKey,
    visitors::{Held, Visitor},
};

/// The connections of this server.
#[derive(Debug)]
pub struct Registry {
    max: usize,
    places: AtomicUsize,
    keys: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    outboxes: HashMap<ConnKey, Arc<Outbox>>,
    stopping: bool,
}

/// Why there is no place for a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPlace {
    /// Its address has as many as it may.
    AtThisAddress,
    /// The server has as many as it may.
    AtAll,
}

impl Registry {
    /// For at most `max` connections.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, places: AtomicUsize::new(0), keys: AtomicU64::new(0), open: Mutex::default() })
    }

    /// A place for one more connection of this visitor.
    ///
    /// # Errors
    /// [`NoPlace`] when there is none.
    pub fn reserve(self: &Arc<Self>, visitor: Arc<Visitor>) -> Result<Place, NoPlace> {
        let held = visitor.connection().ok_or(NoPlace::AtThisAddress)?;
        let one_more = |taken: usize| (taken < self.max).then_some(taken + 1);
        self.places
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .map_err(|_| NoPlace::AtAll)?;
        let conn = ConnKey(self.keys.fetch_add(1, Ordering::Relaxed));
        Ok(Place { registry: self.clone(), conn, held })
    }

    /// How many places are taken.
    pub fn count(&self) -> usize {
        self.places.load(Ordering::Relaxed)
    }

    /// Closes every connection with [`CloseCode::ServerStopping`], in random order and evenly over
    /// `spread`, so that they do not all come back in the same instant. Those that open from now on
    /// are closed at once.
    pub async fn stop(&self, spread: Duration) {
        let mut outboxes: Vec<_> = {
            let mut open = self.open();
            open.stopping = true;
            open.outboxes.values().cloned().collect()
        };
        shuffle(&mut outboxes);
        let start = tokio::time::Instant::now();
        let count = outboxes.len().max(1) as u32;
        for (n, outbox) in outboxes.into_iter().enumerate() {
            tokio::time::sleep_until(start + spread * n as u32 / count).await;
            outbox.close(CloseCode::ServerStopping);
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // No code that can panic runs while the lock is held.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, given up on drop.
#[must_use = "dropping a place gives it up"]
#[derive(Debug)]
pub struct Place {
    registry: Arc<Registry>,
    conn: ConnKey,
    held: Held,
}

impl Place {
    /// The key of the connection that has this place.
    pub fn conn(&self) -> ConnKey {
        self.conn
    }

    /// Whose connection it is.
    pub fn visitor(&self) -> &Visitor {
        self.held.visitor()
    }

    /// The connection is open: it can now be told to stop.
    pub fn open(&self, outbox: &Arc<Outbox>) {
        let mut open = self.registry.open();
        open.outboxes.insert(self.conn, outbox.clone());
        if open.stopping {
            outbox.close(CloseCode::ServerStopping);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.open().outboxes.remove(&self.conn);
        self.registry.places.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Fisher–Yates, on a generator that needs no quality: only the order of goodbyes hangs on it.
fn shuffle<T>(items: &mut [T]) {
    let mut seed = u64::from_ne_bytes(random::bytes()) | 1;
    for last in (1..items.len()).rev() {
        // xorshift64
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        items.swap(last, (seed % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    #[tokio::test]
    async fn goodbyes_are_spread_over_time_and_reach_everybody() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let registry = Registry::new(10);
        let mut outboxes = Vec::new();
        for n in 0..10 {
            let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (near, _) = listener.accept().await.unwrap();
            let outbox = Arc::new(Outbox::new(near, 1_000, None));
            registry.open().outboxes.insert(ConnKey(n), outbox.clone());
            outboxes.push((outbox, far));
        }
        let told = || {
            outboxes
                .iter()
                .filter(|(outbox, _)| poll_fn(|cx| outbox.poll_drive(cx)).now_or_never().is_some())
                .count()
        };
        let in_no_hurry = registry.stop(Duration::from_secs(1_000));
        assert!(tokio::time::timeout(Duration::from_millis(100), in_no_hurry).await.is_err());
        assert_eq!(told(), 1, "the others have a hundred seconds each");
        registry.stop(Duration::from_millis(10)).await;
        assert_eq!(told(), 10);
    }
}
