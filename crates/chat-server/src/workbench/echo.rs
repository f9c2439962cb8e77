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
    open,
    socket::{Message, Socket, Terms},
};
use crate::{address::Peer, handshake::Refused, server::App};

/// `GET /ws/echo`.
///
/// # Errors
/// [`Refused`], as an answer, when it does not become a WebSocket.
pub async fn echo(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Result<Response, Refused> {
    let client = app.proxies.client(peer, request.headers());
    open(&app, request, Terms::of(&app), Some(client), converse).await
}

/// The whole conversation.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(mut socket: Socket<S>) {
    let ending = loop {
        match socket.hear().await {
            Ok(Message { opcode, payload }) => socket.send(opcode, &payload),
            Err(ending) => break ending,
        }
    };
    socket.close(ending).await;
}
