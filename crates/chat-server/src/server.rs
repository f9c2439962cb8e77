//! The server: listens, hands each connection to the HTTP library with deadlines on, and stops in
//! order. It does not know what is served, which is the router's.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    clock::Clock,
    config::Config,
    connection::registry::Registry,
    hub::Hub,
    router,
    share::{self, Addresses},
};

/// Longest request head, in bytes: enough for any browser's cookies and headers. Over it the answer
/// is `431`.
const HEAD_MAX: usize = 16 * 1024;

/// At a stop, the goodbyes are spread over this part of the drain deadline, and at most a second.
const GOODBYES: u32 = 5;

/// What every part of the server shares.
#[derive(Debug)]
pub struct App {
    /// The options.
    pub config: Config,
    /// The origins whose pages may connect, besides the server's own host.
    pub origins: Vec<String>,
    /// How this server is reached.
    pub addresses: Addresses,
    /// The rooms.
    pub hub: Arc<Hub>,
    /// The WebSocket connections.
    pub connections: Arc<Registry>,
    /// The tasks that must end before the process may.
    pub tasks: TaskTracker,
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
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let bound = listener.local_addr().map_err(failed)?;
        let addresses =
            Addresses { public_url: config.public_url.clone(), bound, lan: share::lan_addresses() };
        let app = App {
            origins: config.origins(),
            addresses,
            hub: Hub::new(config.max_rooms, config.room_limits(), Clock::start()),
            connections: Registry::new(config.max_connections),
            tasks: TaskTracker::new(),
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
        let stopping = CancellationToken::new();
        let router = router::router(app.clone());
        tokio::select! {
            () = stop => {}
            never = accept_all(&listener, &app, &router, &stopping) => match never {},
        }
        drop(listener);
        stopping.cancel();
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

async fn accept_all(
    listener: &TcpListener,
    app: &Arc<App>,
    router: &Router,
    stopping: &CancellationToken,
) -> Infallible {
    /// How long to pause when the system refuses: out of file descriptors, mostly, and trying again
    /// at once would only burn the processor until somebody leaves.
    const PAUSE: Duration = Duration::from_millis(100);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let deadline = app.config.head_deadline;
                app.tasks.spawn(serve_http(stream, router.clone(), deadline, stopping.clone()));
            }
            Err(error) if is_the_clients_own(&error) => tracing::debug!(%error, "a client gave up early"),
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
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
async fn serve_http(stream: TcpStream, router: Router, head_deadline: Duration, stopping: CancellationToken) {
    // Frames are small and someone waits for each: no delay to gather them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY on this connection");
    }
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_deadline)
        .max_buf_size(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    let mut http = pin!(http);
    let served = tokio::select! {
        served = http.as_mut() => served,
        () = stopping.cancelled() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP connection failed");
    }
}
