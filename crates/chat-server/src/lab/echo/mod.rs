//! The workbench, where WebSocket is taken apart by hand. The [`endpoint`] is a strict one of RFC 6455 that
//! repeats what it is told and names the rule that was broken; a [`pipe`] carries the raw bytes of a page to one, as
//! no browser lets a page write its own handshake and frames. Both speak through a [`socket`] that reads
//! by [`chat_wire::rules`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{extract::Request, response::Response};
use bytes::Bytes;
use chat_room::RateLimit;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use self::socket::{Rate, Socket, Terms};
use crate::{
    http::{
        handshake::{self, HandshakeError},
        site::Site,
    },
    limits::{client_ip::ClientIp, ip_limits::IpLimits},
    net::{connections::Connections, http_stream::HttpStream, tasks::Tasks},
};

pub(crate) mod endpoint;
pub(crate) mod pipe;
mod socket;

/// Longest message, in bytes. Longer than the chat's, because the third form of a length is legal from
/// 65,536 bytes on (RFC 6455 §5.2), and is to be seen here.
pub const MESSAGE_MAX: usize = 128 * 1024;

#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) site: Arc<Site>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) ips: Arc<IpLimits>,
    pub(crate) tasks: Tasks,
    pub(crate) settings: Settings,
}

/// The options of the workbench: see [`crate::config::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Silence after which a socket is pinged.
    pub(crate) ping_interval: Duration,
    /// How long the answer may take.
    pub(crate) ping_deadline: Duration,
    /// How long the other end may take to finish a close.
    pub(crate) close_grace: Duration,
    /// Longest head of a request in a pipe, in bytes.
    pub(crate) head_max: usize,
    /// Frames one socket may send in the long run, in frames per second; 0 sets no limit.
    pub(crate) messages_per_second: u32,
    /// Frames one socket may send at once.
    pub(crate) messages_burst: u32,
}

impl Context {
    /// What a socket is held to.
    fn terms(&self) -> Terms {
        Terms {
            message_max: MESSAGE_MAX,
            silence: self.settings.ping_interval,
            patience: self.settings.ping_deadline,
            close_grace: self.settings.close_grace,
            stopping: self.tasks.stopping().clone(),
            rate: None,
        }
    }

    /// The same, for a socket of this client, read no faster than a person and an address may speak.
    fn terms_for(&self, client: ClientIp) -> Terms {
        let now = Instant::now();
        let Settings { messages_per_second, messages_burst, .. } = self.settings;
        let own = RateLimit::new(messages_per_second.into(), messages_burst.into(), now);
        let address = self.ips.at(client, now);
        let stopping = self.tasks.stopping().child_token();
        Terms { rate: Some(Arc::new(Rate { own, address })), stopping, ..self.terms() }
    }
}

/// Bytes there and back.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A WebSocket on a TCP connection, or on one in memory.
type AnySocket = Socket<Box<dyn Stream>>;

/// Checks the handshake of this request, and answers `101`; then `run` has the socket, on these
/// terms. Meanwhile it has a place among the connections of its client; none where there is no client,
/// because another connection carries this one and has a place already.
async fn open<F>(
    context: &Context,
    mut request: Request,
    terms: Terms,
    client: Option<ClientIp>,
    run: impl FnOnce(AnySocket) -> F + Send + 'static,
) -> Result<Response, HandshakeError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let accept = handshake::check(request.method(), request.version(), request.headers())?;
    match client {
        Some(_) => context.site.check_and_hint(request.headers())?,
        // What somebody wrote by hand into a pipe is no operator's business.
        None => context.site.check(request.headers())?,
    }
    let on_upgrade = handshake::socket(&mut request)?;
    let slot = client.map(|client| context.connections.reserve(client, Instant::now())).transpose()?;
    context.tasks.spawn(async move {
        match on_upgrade.await {
            Ok(upgraded) => {
                let (stream, leftover) = take_over(upgraded);
                if let Some(slot) = &slot {
                    slot.open_echo(terms.stopping.clone());
                }
                run(Socket::new(stream, leftover, terms)).await;
            }
            Err(error) => tracing::debug!(%error, "the client did not wait for the upgrade"),
        }
        drop(slot);
    });
    Ok(handshake::accepted(&accept, None))
}

/// The stream out of the HTTP library's hands, and what was read from it beyond the handshake. Of a TCP
/// connection it is the bare socket, as nothing here is recorded.
fn take_over(upgraded: Upgraded) -> (Box<dyn Stream>, Bytes) {
    match upgraded.downcast::<TokioIo<HttpStream>>() {
        Ok(Parts { io, read_buf, .. }) => (Box::new(io.into_inner().into_parts().0), read_buf),
        Err(upgraded) => (Box::new(TokioIo::new(upgraded)), Bytes::new()),
    }
}
