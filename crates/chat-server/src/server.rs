//! The server: listens, hands each connection to the HTTP library with deadlines on, and stops in
//! order. It does not know what is served, which is the router's.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    address::{Peer, TrustedProxies},
    clock::Clock,
    config::Config,
    connection::registry::Registry,
    door::Door,
    hints::Hints,
    hub::Hub,
    lan, router,
    share::Addresses,
    transport::{lobby::Lobby, meter::Meter},
    visitors::Visitors,
    web_origin::WebOrigin,
    wire::{captures::Captures, socket::HttpSocket},
};

/// The least that the HTTP library accepts as the bound of its buffers, in bytes.
const BUFFER_MIN: usize = 8 * 1024;

/// How many connections the kernel may keep for us until we accept them; it takes the less of this
/// and its own bound (`somaxconn`). Over it a client's first packet is dropped, and it tries again
/// only a second later: with the 128 that are usual, everybody who comes back at once feels that.
const BACKLOG: u32 = 4096;

/// At a stop, the goodbyes are spread over this part of the drain deadline, and at most a second.
const GOODBYES: u32 = 5;

/// What every part of the server shares.
#[derive(Debug)]
pub struct App {
    /// The options.
    pub config: Config,
    /// The origins whose pages may connect, besides the server's own host.
    pub origins: Vec<WebOrigin>,
    /// How this server is reached.
    pub addresses: Addresses,
    /// The clock of the rooms and the recordings.
    pub clock: Clock,
    /// The rooms.
    pub hub: Arc<Hub>,
    /// The members who come without a WebSocket.
    pub lobby: Lobby,
    /// The recordings of those who want to see their wire.
    pub captures: Captures,
    /// The WebSocket connections.
    pub connections: Arc<Registry>,
    /// The sockets that are none (yet).
    pub door: Door,
    /// What each address has.
    pub visitors: Visitors,
    /// Whose word about an address is taken.
    pub proxies: TrustedProxies,
    /// What only the operator can mend.
    pub hints: Hints,
    /// The tasks that must end before the process may.
    pub tasks: TaskTracker,
    /// Cancelled when the server stops: what would answer for ever, ends.
    pub stopping: CancellationToken,
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
}

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Something else listens there.
    #[error("port {0} is already in use. Stop what uses it, or choose another one: --port {1}")]
    PortTaken(u16, u16),
    /// The port is one of those that need rights.
    #[error("no right to listen on port {0}. Choose one above 1023: --port 3000")]
    Forbidden(u16),
    /// Anything else, mostly an address this machine does not have.
    #[error("cannot listen on {0}: {1}. Choose another address: --host 0.0.0.0")]
    Other(SocketAddr, io::Error),
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// [`BindError`], whose words say what to do.
    pub async fn bind(config: Config) -> Result<Self, BindError> {
        let address = SocketAddr::new(config.host, config.port);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => {
                let other = config.port.checked_add(1).unwrap_or(3000);
                BindError::PortTaken(config.port, other)
            }
            io::ErrorKind::PermissionDenied => BindError::Forbidden(config.port),
            _ => BindError::Other(address, error),
        };
        let listener = listen(address).map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let addresses = Addresses { public_url: config.public_url.clone(), bound, lan: lan::find };
        let clock = Clock::start();
        let app = App {
            lobby: Lobby::default(),
            captures: Captures::new(config.xray_bytes, config.xray_total_bytes),
            origins: config.origins(),
            addresses,
            hub: Hub::new(config.max_rooms, config.room_limits(), config.resume_total_bytes, clock),
            clock,
            connections: Registry::new(config.max_connections),
            door: Door::new(config.max_http_sockets),
            visitors: Visitors::new(config.address_limits()),
            proxies: TrustedProxies::new(config.trusted_proxy.clone()),
            hints: Hints::new(Instant::now()),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            config,
        };
        Ok(Self { listener, app: Arc::new(app) })
    }

    /// What the server shares with its parts.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves until `stop` is ready; then stops accepting, tells every client to come back later,
    /// lets what is on its way arrive, and returns, after [`Config::drain_deadline`] at the latest.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, app } = self;
        let router = router::router(app.clone());
        tokio::select! {
            () = stop => {}
            never = accept_all(&listener, &app, &router) => match never {},
        }
        drop(listener);
        app.stopping.cancel();
        app.tasks.close();
        let deadline = app.config.drain_deadline;
        let drained = async {
            app.connections.stop((deadline / GOODBYES).min(Duration::from_secs(1))).await;
            app.tasks.wait().await;
        };
        tracing::info!(connections = app.connections.count(), "stopping");
        if tokio::time::timeout(deadline, drained).await.is_err() {
            tracing::warn!(connections = app.connections.count(), "stopped before everybody had gone");
        }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Started again, it may take the port of connections that are just ending. (On Windows the
    // option means something else, and is not needed.)
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    // Every address means those of IPv4, too, also where the system would keep the two apart. Where it
    // cannot do that it says so, and IPv6 alone is better than nothing.
    if address.is_ipv6()
        && address.ip().is_unspecified()
        && let Err(error) = SockRef::from(&socket).set_only_v6(false)
    {
        tracing::warn!(%error, "listening by IPv6 only");
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept_all(listener: &TcpListener, app: &Arc<App>, router: &Router) -> Infallible {
    /// How long to pause when the system refuses: out of file descriptors, mostly, and trying again
    /// at once would only burn the processor until somebody leaves.
    const PAUSE: Duration = Duration::from_millis(100);
    /// How long that is said only once: a log can be flooded, too.
    const SAID_FOR: Duration = Duration::from_secs(60);
    let mut said: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match app.door.admit(peer.ip(), &app.proxies, &app.visitors) {
                Ok(admitted) => {
                    let http = serve_http(app.clone(), stream, peer, router.clone());
                    app.tasks.spawn(async move {
                        http.await;
                        drop(admitted);
                    });
                }
                Err(busy) => {
                    if let Err(error) = busy.turn_away(stream) {
                        tracing::debug!(%error, "a client did not wait to be turned away");
                    }
                }
            },
            Err(error) if is_the_clients_own(&error) => tracing::debug!(%error, "a client gave up early"),
            Err(error) => {
                if said.is_none_or(|at| at.elapsed() >= SAID_FOR) {
                    tracing::warn!(%error, "cannot accept connections; trying again, and silent for a minute");
                    said = Some(Instant::now());
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_the_clients_own(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection as long as it speaks HTTP. The library's own deadline covers silent sockets, heads
/// sent by the byte, and idle keep-alive alike.
async fn serve_http(app: Arc<App>, stream: TcpStream, peer: SocketAddr, router: Router) {
    let config = &app.config;
    let peer = Peer(peer.ip());
    let meter = Arc::new(Meter::default());
    let counted = meter.clone();
    let served_by = app.clone();
    let service = router.map_request(move |mut request: Request<Incoming>| {
        served_by.hints.came(peer.0, request.headers(), &served_by.proxies, Instant::now());
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(meter.clone());
        request
    });
    // Frames are small and someone waits for each: no delay to gather them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY on this connection");
    }
    // A WebSocket has its pings; whoever takes nothing of another answer is found by the kernel.
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(config.silence_max())) {
        tracing::debug!(%error, "no TCP_USER_TIMEOUT on this connection");
    }
    let buffer_max = config.head_max.max(BUFFER_MIN);
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(config.head_deadline)
        .max_header_size(config.head_max)
        .max_buf_size(buffer_max)
        .serve_connection(
            TokioIo::new(HttpSocket::new(stream, buffer_max, counted)),
            TowerToHyperService::new(service),
        )
        .with_upgrades();
    let mut http = pin!(http);
    let served = tokio::select! {
        served = http.as_mut() => served,
        () = app.stopping.cancelled() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection failed");
    }
}
