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
use chat_cluster::engine::{ConnectError, Engine, Engines};
use chat_protocol::{ClassKey, RoomKey};
use chat_room::TokenHash;
use http::Request;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tower::ServiceExt;

use crate::{
    App, banner,
    config::Config,
    cores::{Cores, Threads, wake_each_second},
    demo,
    http::sse,
    limits::{
        accept_limit::{AcceptLimit, HttpSocket},
        client_ip::Peer,
    },
    net::{http_stream::HttpStream, random, traffic::SocketTraffic, turns::Turns},
    rooms::cluster::Cluster,
    router::router,
};

/// The least that the HTTP library accepts as the bound of its buffers, in bytes.
const BUFFER_MIN: usize = 8 * 1024;

/// How many connections the kernel may keep for us until we accept them; it takes the less of this
/// and its own bound (`somaxconn`). Over it a client's first packet is dropped, and it tries again
/// only a second later: with the 128 that are usual, a crowd that reconnects at once feels that.
const BACKLOG: u32 = 4096;

/// How much the kernel keeps of what was sent to one socket and not taken, in bytes; Linux doubles it, for what
/// it needs itself. By itself it would keep up to four megabytes for a reader that never reads. A replay of a
/// usual room fits, and so does what is under way to a phone at some 5 Mbit/s.
const SEND_BUFFER: u32 = 64 * 1024;

/// At a stop, the close frames are spread over this part of the drain deadline, and at most a second.
const CLOSE_SPREAD: u32 = 5;

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    threads: Threads,
    app: App,
    terms: Terms,
    drain_deadline: Duration,
    /// For the banner, until it runs.
    class: Option<banner::Class>,
    /// How many members rehearse it.
    demo: usize,
}

/// What sockets are held to while they speak HTTP.
#[derive(Clone, Debug)]
struct Terms {
    accept_limit: Arc<AcceptLimit>,
    head_deadline: Duration,
    head_max: usize,
    silence_max: Duration,
    turns: Turns,
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
    /// There are no more threads, or files, to be had.
    #[error("cannot start a thread for each of {0} cores: {1}. Start fewer: --cores 1")]
    Cores(usize, io::Error),
    /// The rooms cannot be shared.
    #[error("cannot use --engine: {0}")]
    Engine(#[from] ConnectError),
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
        let (cores, threads) =
            Cores::start(config.cores).map_err(|error| BindError::Cores(config.cores, error))?;
        let class = config.class_room().map(|room| {
            let key = config.class_key.clone();
            banner::Class { room, key: key.unwrap_or_else(|| ClassKey::from_bytes(random::bytes())) }
        });
        let hashed = class.as_ref().map(|class| (RoomKey::of(&class.room), TokenHash::of_key(&class.key)));
        let engines = match &config.engines()[..] {
            [] => None,
            urls => Some(Engines::connect(urls, &config.engine_prefix, config.engine_patience).await?),
        };
        if let Some(engines) = &engines {
            let at: Vec<&str> = engines.iter().map(Engine::at).collect();
            tracing::info!(engines = at.join(","), node = engines.number(), "rooms are shared");
        }
        let app = App::new(&config, cores, bound, hashed, engines);
        let terms = Terms {
            accept_limit: Arc::new(AcceptLimit::new(config.max_http_sockets)),
            head_deadline: config.head_deadline,
            head_max: config.head_max,
            silence_max: config.silence_max(),
            turns: Turns::new(),
        };
        Ok(Self {
            listener,
            threads,
            app,
            terms,
            drain_deadline: config.drain_deadline,
            class,
            demo: config.demo,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.site.addresses.bound
    }

    /// Prints its addresses and a QR code to standard output, and the teacher's link to a class, which is said
    /// nowhere else.
    ///
    /// # Errors
    /// When standard output cannot be written to.
    pub fn print_banner(&self) -> io::Result<()> {
        banner::print(&self.app.site.addresses, self.class.as_ref())
    }

    /// What answers its requests, without a socket.
    pub fn router(&self) -> Router {
        router(self.app.clone())
    }

    /// Serves until `stop` is ready; then stops accepting, tells every client to come back later,
    /// lets what is on its way arrive, and returns, after `--drain-deadline` at the latest.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, threads: _threads, app, terms, drain_deadline, class, demo } = self;
        if let Some(class) = class.filter(|_| demo > 0) {
            let bound = app.site.addresses.bound;
            app.tasks.spawn(demo::rehearse(demo, class.room, bound, app.tasks.clone()));
        }
        let router = router(app.clone());
        tokio::select! {
            () = stop => {}
            never = accept_all(&listener, &app, &terms, &router) => match never {},
            never = wake_each_second() => match never {},
            never = watch(app.cluster.as_deref()) => match never {},
        }
        drop(listener);
        app.tasks.stop();
        let drained = async {
            app.connections.stop((drain_deadline / CLOSE_SPREAD).min(Duration::from_secs(1))).await;
            app.tasks.wait().await;
            if let Some(cluster) = &app.cluster {
                app.rooms.settle().await;
                cluster.leave().await;
            }
        };
        tracing::info!(connections = app.connections.count(), "stopping");
        if tokio::time::timeout(drain_deadline, drained).await.is_err() {
            let connections = app.connections.count();
            tracing::warn!(
                connections,
                "stopped with connections open; raise --drain-deadline to wait for them"
            );
        }
    }
}

/// Looks after the cluster, where there is one.
async fn watch(cluster: Option<&Cluster>) -> Infallible {
    match cluster {
        Some(cluster) => cluster.watch().await,
        None => std::future::pending().await,
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
    // The sockets that are accepted have it from here.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept_all(listener: &TcpListener, app: &App, terms: &Terms, router: &Router) -> Infallible {
    /// How long to pause when the system refuses: out of file descriptors, mostly, and trying again
    /// at once would only burn the processor until somebody leaves.
    const PAUSE: Duration = Duration::from_millis(100);
    /// How long that is said only once: a log can be flooded, too.
    const SAID_FOR: Duration = Duration::from_secs(60);
    let mut said: Option<Instant> = None;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => match terms.accept_limit.admit(peer.ip(), &app.site.proxies, &app.ips) {
                Ok(slot) => {
                    let socket = slot.socket().clone();
                    let http = serve_http(app.clone(), terms.clone(), stream, peer, socket, router.clone());
                    app.tasks.spawn(async move {
                        http.await;
                        drop(slot);
                    });
                }
                Err(refused) => {
                    if let Err(error) = refused.turn_away(stream) {
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
/// sent by the byte, and idle keep-alive alike. A socket whose place is given to another is closed as it is.
async fn serve_http(
    app: App,
    terms: Terms,
    stream: TcpStream,
    peer: SocketAddr,
    socket: Arc<HttpSocket>,
    router: Router,
) {
    let peer = Peer(peer.ip());
    let traffic = Arc::new(SocketTraffic::default());
    let counted = traffic.clone();
    let site = app.site.clone();
    let (asked, answered) = (socket.clone(), socket.clone());
    let service = router.map_request(move |mut request: Request<Incoming>| {
        asked.set_busy(true);
        site.hints.came(peer.0, request.headers(), &site.proxies, Instant::now());
        request.extensions_mut().insert(peer);
        request.extensions_mut().insert(traffic.clone());
        request
    });
    // Any other answer is there as a whole.
    let service = service.map_response(move |answer| {
        answered.set_busy(sse::is_stream(&answer));
        answer
    });
    // Frames are small and someone waits for each: no delay to gather them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY on this connection");
    }
    // A WebSocket has its pings; a client that takes nothing of another answer is found by the kernel.
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(&stream).set_tcp_user_timeout(Some(terms.silence_max)) {
        tracing::debug!(%error, "no TCP_USER_TIMEOUT on this connection");
    }
    let buffer_max = terms.head_max.max(BUFFER_MIN);
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(terms.head_deadline)
        .max_header_size(terms.head_max)
        .max_buf_size(buffer_max)
        .serve_connection(
            TokioIo::new(HttpStream::new(stream, buffer_max, counted)),
            TowerToHyperService::new(service),
        )
        .with_upgrades();
    let mut http = pin!(http);
    let served = tokio::select! {
        served = terms.turns.run(http.as_mut()) => served,
        () = socket.evicted() => return,
        () = app.tasks.stopping().cancelled() => {
            http.as_mut().graceful_shutdown();
            terms.turns.run(http).await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection failed");
    }
}
