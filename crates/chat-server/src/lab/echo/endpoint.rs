//! The echo: every message comes back as it was, in one frame of its own kind, however many fragments
//! it came in. Pings, close frames and broken rules are answered as RFC 6455 has it (§5.5, §7.1), the
//! last with a close frame that has the rule's code and, as its reason, the rule's name
//! ([`Violation::name`](chat_wire::rules::Violation::name)).

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    response::Response,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    Context, open,
    socket::{Message, Socket},
};
use crate::{http::handshake::HandshakeError, limits::client_ip::Peer};

/// `GET /ws/echo`.
pub(crate) async fn echo(
    State(context): State<Arc<Context>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Result<Response, HandshakeError> {
    let client = context.site.client(peer, request.headers());
    open(&context, request, context.terms_for(client), Some(client), run).await
}

pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(mut socket: Socket<S>) {
    let why = loop {
        match socket.next().await {
            Ok(Message { opcode, payload }) => socket.send(opcode, &payload),
            Err(why) => break why,
        }
    };
    socket.close(why).await;
}
