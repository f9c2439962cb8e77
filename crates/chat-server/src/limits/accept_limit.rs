//! The accept limit: whether a socket that was just accepted may stay. It is asked before anything is
//! read, so a client that says nothing, or half of something, is counted too. A socket that has become a
//! WebSocket is counted by [`crate::net::connections`] instead.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Instant,
};

use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use super::{
    client_ip::{ClientIp, TrustedProxies},
    ip_limits::{IpLimits, IpSlot, IpUsage},
    places::{Occupant, PlaceKey, Places},
};

/// The sockets that are not WebSockets (yet), in all and by address.
#[derive(Debug)]
pub(crate) struct AcceptLimit {
    places: Mutex<Places<Arc<HttpSocket>>>,
}

/// The place of such a socket, given up on drop.
#[must_use = "dropping a place gives it up"]
#[derive(Debug)]
pub(crate) struct AcceptSlot {
    limit: Arc<AcceptLimit>,
    network: Option<ClientIp>,
    key: PlaceKey,
    socket: Arc<HttpSocket>,
    _of_address: Option<IpSlot>,
}

/// What is known of a socket from outside.
#[derive(Debug)]
pub(crate) struct HttpSocket {
    /// Of a trusted proxy it is nobody's.
    address: Option<ClientIp>,
    is_busy: AtomicBool,
    /// Whether something was asked here.
    is_used: AtomicBool,
    evicted: CancellationToken,
}

impl HttpSocket {
    fn new(address: Option<ClientIp>) -> Self {
        let (is_busy, is_used) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { address, is_busy, is_used, evicted: CancellationToken::new() }
    }

    /// Whether a request is being answered here, from now on.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        self.is_busy.store(is_busy, Relaxed);
        self.is_used.store(true, Relaxed);
    }

    /// Whether it is kept alive by a client that has its answer, and may have another one whenever it likes.
    fn is_kept_alive(&self) -> bool {
        self.is_idle() && self.is_used.load(Relaxed)
    }

    fn is_idle(&self) -> bool {
        !self.is_busy.load(Relaxed)
    }

    /// Ready when its place has been given to another: then it is to be closed.
    pub(crate) fn evicted(&self) -> WaitForCancellationFuture<'_> {
        self.evicted.cancelled()
    }
}

impl Occupant for Arc<HttpSocket> {
    fn is_idle(&self) -> bool {
        HttpSocket::is_idle(self)
    }

    fn can_give_way(&self) -> bool {
        true
    }
}

/// Why a socket may not stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum TooManySockets {
    #[error("too many sockets from this address; close one, or raise --http-sockets-per-address")]
    Address,
    #[error("too many sockets on this server; wait, or raise --max-http-sockets")]
    Server,
}

impl AcceptLimit {
    /// For at most `max` sockets at once.
    pub(crate) fn new(max: usize) -> Self {
        Self { places: Mutex::new(Places::new(max)) }
    }

    /// A place for a socket from `peer`, for which a socket of the network that has most may have to go; where
    /// its own address has all it may, one that is only kept alive, as browsers do with several for each page. A
    /// trusted proxy has many sockets for many people, and has its own deadlines: it is only counted in all,
    /// and gives no place up.
    pub(crate) fn admit(
        self: &Arc<Self>,
        peer: IpAddr,
        proxies: &TrustedProxies,
        ips: &IpLimits,
    ) -> Result<AcceptSlot, TooManySockets> {
        let of_address = match proxies.trusts(peer) {
            true => None,
            false => {
                let usage = ips.at(peer.into(), Instant::now());
                let own = usage.clone().http_socket().or_else(|| self.instead_of_idle(peer.into(), usage));
                Some(own.ok_or(TooManySockets::Address)?)
            }
        };
        let network = of_address.as_ref().map(|slot| slot.usage().network());
        let socket = Arc::new(HttpSocket::new(of_address.as_ref().map(|_| peer.into())));
        let taken = self.places.lock().take(network, socket.clone());
        let (key, evicted) = taken.map_err(|_| TooManySockets::Server)?;
        if let Some(evicted) = evicted {
            evicted.evicted.cancel();
        }
        Ok(AcceptSlot { limit: self.clone(), network, key, socket, _of_address: of_address })
    }
}

impl AcceptLimit {
    /// A place of this address in the stead of its oldest socket that is only kept alive, if there is one.
    fn instead_of_idle(&self, address: ClientIp, usage: Arc<IpUsage>) -> Option<IpSlot> {
        let is_own = |socket: &Arc<HttpSocket>| socket.address == Some(address) && socket.is_kept_alive();
        let evicted = self.places.lock().displace(Some(address.network()), is_own)?;
        evicted.evicted.cancel();
        Some(usage.http_socket_instead())
    }
}

impl AcceptSlot {
    pub(crate) fn socket(&self) -> &Arc<HttpSocket> {
        &self.socket
    }
}

impl Drop for AcceptSlot {
    fn drop(&mut self) {
        self.limit.places.lock().give_up(self.network, self.key);
    }
}

impl TooManySockets {
    fn answer(self) -> &'static [u8] {
        match self {
            Self::Address => {
                b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nConnection: close\r\n\
                  Content-Type: text/plain; charset=utf-8\r\n\r\n\
                  too many sockets from your address; close one, or try again later\n"
            }
            Self::Server => {
                b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\
                  Content-Type: text/plain; charset=utf-8\r\n\r\n\
                  too many sockets on this server; try again later\n"
            }
        }
    }

    /// Answers and closes the socket at once: to wait for its request would take the place that there is
    /// not. A client whose request is still on its way may see a reset after the answer.
    pub(crate) fn turn_away(self, stream: TcpStream) -> io::Result<()> {
        // The runtime's own handle does not know yet whether the socket can be written to.
        let mut stream = stream.into_std()?;
        stream.write_all(self.answer())?;
        // Closing a socket that holds unread bytes resets it.
        match stream.read(&mut [0; 4096]) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => stream.shutdown(std::net::Shutdown::Write),
        }
    }
}
