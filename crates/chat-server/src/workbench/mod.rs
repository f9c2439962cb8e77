//! Where WebSocket is taken apart by hand. [`echo`] is a strict endpoint of RFC 6455 that repeats what
//! it is told and names the rule that was broken; a [`pipe`] carries the raw bytes of a page to one, as
//! no browser lets a page write its own handshake and frames. Both speak through a [`socket`] that reads
//! by [`chat_wire::rules`]. Rooms and their protocol are not known here.

use std::{sync::Arc, time::Instant};

use axum::{extract::Request, response::Response};
use bytes::Bytes;
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use self::socket::{Socket, Terms};
use crate::{
    address::Address,
    handshake::{self, Refused},
    server::App,
    wire::socket::HttpSocket,
};

pub mod echo;
pub mod pipe;
pub mod socket;

/// Longest message, in bytes. Longer than the chat's, because the third form of a length is legal from
/// 65,536 bytes on (RFC 6455 §5.2), and is to be seen here.
pub const MESSAGE_MAX: usize = 128 * 1024;

/// Bytes there and back.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A WebSocket on a TCP connection, or on one in memory.
type AnySocket = Socket<Box<dyn Stream>>;

/// Checks the handshake of this request, and answers `101`; then `converse` has the socket, on these
/// terms. Meanwhile it has a place among the connections of its client; none where there is no client,
/// because another connection carries this one and has a place already.
async fn open<F>(
    app: &Arc<App>,
    mut request: Request,
    terms: Terms,
    client: Option<Address>,
    converse: impl FnOnce(AnySocket) -> F + Send + 'static,
) -> Result<Response, Refused>
where
    F: Future<Output = ()> + Send + 'static,
{
    let accept = handshake::check(request.method(), request.version(), request.headers())?;
    handshake::check_site(app, request.headers()).inspect_err(|refused| {
        // What somebody wrote by hand into a pipe is no operator's business.
        if client.is_some() {
            app.hints.refused(refused, request.headers(), Instant::now());
        }
    })?;
    let on_upgrade = handshake::socket(&mut request)?;
    let place = client.map(|client| handshake::reserve(app, client, Instant::now())).transpose()?;
    app.tasks.spawn(async move {
        match on_upgrade.await {
            Ok(upgraded) => {
                let (stream, leftover) = take_over(upgraded);
                converse(Socket::new(stream, leftover, terms)).await;
            }
            Err(error) => tracing::debug!(%error, "the client did not wait for the upgrade"),
        }
        drop(place);
    });
    Ok(handshake::accepted(&accept, None))
}

/// The stream out of the HTTP library's hands, and what was read from it beyond the handshake. Of a TCP
/// connection it is the bare socket, as nothing here is recorded.
fn take_over(upgraded: Upgraded) -> (Box<dyn Stream>, Bytes) {
    match upgraded.downcast::<TokioIo<HttpSocket>>() {
        Ok(Parts { io, read_buf, .. }) => (Box::new(io.into_inner().into_parts().0), read_buf),
        Err(upgraded) => (Box::new(TokioIo::new(upgraded)), Bytes::new()),
    }
}
