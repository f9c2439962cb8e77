//! The accept limit: whether a socket that was just accepted may stay. It is asked before anything is
//! read, so a client that says nothing, or half of something, is counted too. A socket that has become a
//! WebSocket is counted by [`crate::net::connections`] instead.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::IpAddr,
    sync::Arc,
    time::Instant,
};

use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{
    client_ip::TrustedProxies,
    ip_limits::{IpLimits, IpSlot},
};

/// The sockets that are not WebSockets (yet), in all and by address.
#[derive(Debug)]
pub(crate) struct AcceptLimit {
    all: Arc<Semaphore>,
}

/// The place of such a socket, given up on drop.
#[must_use = "dropping a place gives it up"]
#[derive(Debug)]
pub(crate) struct AcceptSlot {
    _of_address: Option<IpSlot>,
    _of_all: OwnedSemaphorePermit,
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
        Self { all: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))) }
    }

    /// A place for a socket from `peer`. A trusted proxy has many sockets for many people, and has its own
    /// deadlines: it is only counted in all.
    pub(crate) fn admit(
        &self,
        peer: IpAddr,
        proxies: &TrustedProxies,
        ips: &IpLimits,
    ) -> Result<AcceptSlot, TooManySockets> {
        let of_address = match proxies.trusts(peer) {
            true => None,
            false => {
                let usage = ips.at(peer.into(), Instant::now());
                Some(usage.http_socket().ok_or(TooManySockets::Address)?)
            }
        };
        let of_all = self.all.clone().try_acquire_owned().map_err(|_| TooManySockets::Server)?;
        Ok(AcceptSlot { _of_address: of_address, _of_all: of_all })
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
