//! All open connections, WebSockets and polling sessions: counts them, in all and by address, and closes
//! them when the server stops. Touched when one opens and when it closes, never in between.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chat_protocol::CloseCode;
use chat_room::ConnKey;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::{conn_keys::ConnKeys, sink::Sink};
use crate::limits::{
    client_ip::ClientIp,
    ip_limits::{IpLimits, IpSlot, IpUsage},
    places::{Occupant, PlaceKey, Places},
};

#[derive(Debug)]
pub(crate) struct Connections {
    ips: Arc<IpLimits>,
    keys: Arc<ConnKeys>,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    places: Places<Connection>,
    stopping: bool,
}

/// What is told to a connection from here.
#[derive(Debug)]
enum Connection {
    /// Nothing yet: its handshake is not over.
    Opening,
    Member(Sink),
    /// It is in no room.
    Echo(CancellationToken),
}

impl Connection {
    fn close(&self, code: CloseCode) {
        match self {
            Self::Opening => {}
            Self::Member(sink) => sink.close(code),
            Self::Echo(over) => over.cancel(),
        }
    }
}

impl Occupant for Connection {
    fn is_idle(&self) -> bool {
        matches!(self, Self::Echo(_))
    }

    fn can_give_way(&self) -> bool {
        !matches!(self, Self::Opening)
    }
}

/// Why there is no place for a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum TooManyConnections {
    #[error("too many connections from your address; close one, or try again later")]
    OfAddress,
    #[error("too many connections on this server; try again later")]
    OfServer,
}

impl Connections {
    /// For at most `max` connections in all, and as many of each address as `ips` allow; each has a key of these.
    pub(crate) fn new(max: usize, ips: Arc<IpLimits>, keys: Arc<ConnKeys>) -> Arc<Self> {
        let open = Mutex::new(Open { places: Places::new(max), stopping: false });
        Arc::new(Self { ips, keys, open })
    }

    /// A place for one more connection of this client.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        client: ClientIp,
        now: Instant,
    ) -> Result<Slot, TooManyConnections> {
        self.reserve_for(self.ips.at(client, now))
    }

    /// The same, for a client whose address was looked up. Where all places are taken, a connection of the
    /// network that has most is closed to make one.
    pub(crate) fn reserve_for(self: &Arc<Self>, usage: Arc<IpUsage>) -> Result<Slot, TooManyConnections> {
        let ip_slot = usage.connection().ok_or(TooManyConnections::OfAddress)?;
        let network = Some(ip_slot.usage().network());
        let taken = self.open.lock().places.take(network, Connection::Opening);
        let (key, evicted) = taken.map_err(|_| TooManyConnections::OfServer)?;
        if let Some(evicted) = evicted {
            evicted.close(CloseCode::TryAgainLater);
        }
        let conn = self.keys.next();
        Ok(Slot { connections: self.clone(), place: key, conn, ip_slot })
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().places.count()
    }

    /// Closes every connection with [`CloseCode::ServerStopping`], in random order and evenly over
    /// `spread`, so that they do not all come back in the same instant. Those that open from now on
    /// are closed at once.
    pub(crate) async fn stop(&self, spread: Duration) {
        let mut sinks: Vec<Sink> = {
            let mut open = self.open.lock();
            open.stopping = true;
            let sink = |connection: &Connection| match connection {
                Connection::Member(sink) => Some(sink.clone()),
                _ => None,
            };
            open.places.iter().filter_map(sink).collect()
        };
        fastrand::shuffle(&mut sinks);
        let start = tokio::time::Instant::now();
        let count = sinks.len().max(1) as u32;
        for (n, sink) in sinks.into_iter().enumerate() {
            tokio::time::sleep_until(start + spread * n as u32 / count).await;
            sink.close(CloseCode::ServerStopping);
        }
    }
}

/// A connection's place, given up on drop.
#[must_use = "dropping a slot gives the place up"]
#[derive(Debug)]
pub(crate) struct Slot {
    connections: Arc<Connections>,
    place: PlaceKey,
    conn: ConnKey,
    ip_slot: IpSlot,
}

impl Slot {
    /// The key of the connection that has this place.
    pub(crate) fn conn(&self) -> ConnKey {
        self.conn
    }

    pub(crate) fn usage(&self) -> &IpUsage {
        self.ip_slot.usage()
    }

    /// The connection is open: from now on [`Connections::stop`] closes it, and it may be told to give way.
    pub(crate) fn open(&self, sink: Sink) {
        let mut open = self.connections.open.lock();
        if open.stopping {
            sink.close(CloseCode::ServerStopping);
        }
        self.occupy(&mut open, Connection::Member(sink));
    }

    /// The same, for one that is in no room and ends when this is cancelled.
    pub(crate) fn open_echo(&self, over: CancellationToken) {
        self.occupy(&mut self.connections.open.lock(), Connection::Echo(over));
    }

    fn occupy(&self, open: &mut Open, connection: Connection) {
        if let Some(place) = open.places.get_mut(Some(self.usage().network()), self.place) {
            *place = connection;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let network = Some(self.usage().network());
        self.connections.open.lock().places.give_up(network, self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures_util::FutureExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::{clock::Clock, outbox::Outbox, outbox_budget::OutboxBudget};

    #[tokio::test]
    async fn closes_are_spread_over_time() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bounds = crate::limits::ip_limits::Limits {
            connections: 0,
            http_sockets: 0,
            rooms: 0,
            frames: 0,
            requests: 0,
        };
        let connections = Connections::new(
            10,
            Arc::new(IpLimits::new(bounds)),
            Arc::new(ConnKeys::new(None, Clock::start())),
        );
        let (mut outboxes, mut slots) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (near, _) = listener.accept().await.unwrap();
            let outbox = Arc::new(Outbox::new(near, OutboxBudget::new(1_000, 1 << 20, 1), None));
            let client = far.local_addr().unwrap().ip().into();
            slots.push(connections.reserve(client, Instant::now()).unwrap());
            slots.last().unwrap().open(outbox.clone().into());
            outboxes.push((outbox, far));
        }
        let told = || {
            outboxes
                .iter()
                .filter(|(outbox, _)| poll_fn(|cx| outbox.poll_drive(cx)).now_or_never().is_some())
                .count()
        };
        let in_no_hurry = connections.stop(Duration::from_secs(1_000));
        assert!(tokio::time::timeout(Duration::from_millis(100), in_no_hurry).await.is_err());
        assert_eq!(told(), 1, "the others have a hundred seconds each");
        connections.stop(Duration::from_millis(10)).await;
        assert_eq!(told(), 10);
    }
}
