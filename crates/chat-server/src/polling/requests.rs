//! A conversation by requests, for our own page where a network lets no WebSocket through. Each line is a
//! text frame's content, both ways: a `POST` brings messages and is answered when the room has them, a `GET`
//! is answered when there are messages, a `DELETE` leaves. The polling session of a request is found by a
//! secret of the client's own, in a header, so that a request the network delivers twice is the same request,
//! and so that no cookie mixes up two tabs. Each line has a number; a `GET` names the last one that was read,
//! and no line is forgotten before it is named. Everything else is as by WebSocket: only `join` joins, and
//! answers come in their place among the messages of the room.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{FromRef, FromRequestParts, Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use chat_protocol::{
    ClientId, ClientMsg, CloseCode, ErrorCode, RoomId, RoomKey, ServerMsg, limits::FRAME_MAX_BYTES,
};
use chat_room::{Departure, FreshToken, TokenHash};
use http::{HeaderName, Method, StatusCode, header, request::Parts};
use serde::Deserialize;

use super::{
    PollingError, Sender, check_page, closed,
    session::{Hold, Session},
    sessions::{JoinRequest, Key, Sessions},
};
use crate::{
    http::{
        body::{self, BodyError},
        handshake::HandshakeError,
        site::Site,
    },
    limits::{
        client_ip::{ClientIp, Peer},
        ip_limits::IpUsage,
    },
    net::{queue::Told, random},
    rooms::SendError,
};

/// Has the secret that finds the polling session.
const CONNECTION: HeaderName = HeaderName::from_static("otagh-connection");
/// How long that secret must be, and may be, in bytes of visible ASCII.
const SECRET_MIN: usize = 24;
const SECRET_MAX: usize = 128;

/// How long a session stays without a request. The next one follows the last at once, so this is for a
/// network that stops for a while, and less than a WebSocket's silence, ping and deadline together.
const LEASE: Duration = Duration::from_secs(20);

/// How long a `GET` waits for messages: below what proxies allow a silent answer.
const WAIT: Duration = Duration::from_secs(20);

/// Least time between two answers to the same listener: in a busy room each tells what came meanwhile, and
/// a room's messages cost a few requests a second and not one each.
const GATHER: Duration = Duration::from_millis(100);

/// A request of such a conversation.
#[derive(Debug)]
pub(crate) struct Caller {
    room: RoomId,
    key: Key,
    client: ClientId,
    ip: ClientIp,
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Arc<Site>: FromRef<S>,
{
    type Rejection = PollingError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PollingError> {
        let site = Arc::<Site>::from_ref(state);
        if parts.method == Method::HEAD {
            // It would acknowledge what nobody has read.
            return Err(PollingError::Head);
        }
        let bad = |detail: &str| PollingError::error(ErrorCode::BadField, detail);
        let Path((room, client)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| bad("room id and client id must be percent-encoded UTF-8"))?;
        let axum::Extension(Peer(peer)) = axum::Extension::<Peer>::from_request_parts(parts, state)
            .await
            .map_err(|_| PollingError::Closed(CloseCode::InternalError))?;
        if check_page(&site, &parts.headers)? == Sender::Link {
            return Err(HandshakeError::Origin.into());
        }
        let secret = parts.headers.get(CONNECTION).and_then(|value| value.to_str().ok());
        let secret =
            secret.filter(|secret| (SECRET_MIN..=SECRET_MAX).contains(&secret.len())).ok_or_else(|| {
                bad("'Otagh-Connection' must be a secret of 24 to 128 visible ASCII characters")
            })?;
        let room = RoomId::parse(&room)?;
        Ok(Self {
            key: (RoomKey::of(&room), TokenHash::of_secret(secret)),
            room,
            client: ClientId::parse(&client)?,
            ip: site.client(peer, &parts.headers),
        })
    }
}

/// `POST /http/{room_id}/{client_id}`: messages, a line each, in their order. The answer is empty, because
/// what comes of them is heard by `GET`; but before one is in, nothing is heard, and the answer has it.
pub(crate) async fn say(
    State(sessions): State<Arc<Sessions>>,
    caller: Result<Caller, PollingError>,
    body: Body,
) -> Response {
    answer(take(&sessions, caller, body).await)
}

/// The last line that was heard.
#[derive(Deserialize)]
pub(crate) struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /http/{room_id}/{client_id}?after=41`: the lines after the one with this number, as soon as there
/// are some. An empty answer means that there is nothing yet.
pub(crate) async fn hear(
    State(sessions): State<Arc<Sessions>>,
    caller: Result<Caller, PollingError>,
    after: Result<Query<After>, QueryRejection>,
) -> Response {
    let after = after.map(|Query(After { after })| after);
    let after = after.map_err(|error| PollingError::error(ErrorCode::BadField, error.body_text()));
    answer(match after {
        Ok(after) => tell(&sessions, caller, after).await,
        Err(error) => Err(error),
    })
}

/// `DELETE /http/{room_id}/{client_id}`: goodbye, as a close frame with 1000 says it.
pub(crate) async fn leave(
    State(sessions): State<Arc<Sessions>>,
    caller: Result<Caller, PollingError>,
) -> Response {
    answer(caller.map(|Caller { key, .. }| {
        if let Some((session, _)) = sessions.hold(&key) {
            session.leave(Departure::Clean);
        }
        BytesMut::new()
    }))
}

async fn take(
    sessions: &Arc<Sessions>,
    caller: Result<Caller, PollingError>,
    body: Body,
) -> Result<BytesMut, PollingError> {
    let caller = caller?;
    let body = body::read(body, FRAME_MAX_BYTES, sessions.settings.body_deadline).await?;
    let body = String::from_utf8(body).map_err(|_| PollingError::Closed(CloseCode::InvalidUtf8))?;
    let mut answers = BytesMut::new();
    for line in body.lines().filter(|line| !line.is_empty()) {
        let usage = sessions.ips.at(caller.ip, Instant::now());
        let found = sessions.hold(&caller.key).map(|(session, mut hold)| {
            hold.then(LEASE);
            (session, hold)
        });
        match caller.on_line(sessions, line, usage, found.as_ref()).await? {
            None => {}
            Some(message) => match &found {
                Some((session, _)) => session.send(&message),
                None => put_line(&mut answers, message.to_json().as_bytes()),
            },
        }
    }
    Ok(answers)
}

impl Caller {
    /// One line, read by the protocol's rules, then done; and what is to be said about it, if something is.
    async fn on_line(
        &self,
        sessions: &Arc<Sessions>,
        line: &str,
        usage: Arc<IpUsage>,
        found: Option<&(Arc<Session>, Hold)>,
    ) -> Result<Option<ServerMsg>, PollingError> {
        let message = match ClientMsg::parse(line, sessions.settings.text_max) {
            Ok(message) => message,
            Err(rejection) => return Ok(Some(rejection.into())),
        };
        let gone = || PollingError::Closed(CloseCode::PingTimeout);
        let now = Instant::now();
        let inside = match found {
            Some((session, _)) => Some(session.inside().ok_or_else(gone)?),
            None => None,
        };
        let is_within_limit = inside.as_ref().is_none_or(|inside| inside.frames.take(now));
        if !is_within_limit || !usage.allow_frame(now) {
            let detail = "rate limit exceeded: this message was dropped; send it again later";
            return Ok(Some(ServerMsg::error_to(&message, ErrorCode::TooFast, detail)));
        }
        let (command, inside) = match (message, inside) {
            (ClientMsg::Command(command), Some(inside)) => (command, inside),
            (ClientMsg::Ping { n }, _) => return Ok(Some(ServerMsg::Pong { n })),
            (ClientMsg::Join { name, resume, tab, teacher }, None) => {
                let join = JoinRequest {
                    room: self.room.clone(),
                    key: self.key.clone(),
                    client: self.client.clone(),
                    name,
                    tab,
                    claim: resume.map(Into::into),
                    teacher: teacher.map(|teacher| TokenHash::of_key(&teacher.token)),
                    token: FreshToken::new(random::bytes()),
                };
                return match sessions.join(join, usage, Arc::default()).await {
                    Ok((_, mut hold)) => {
                        hold.then(LEASE);
                        Ok(None)
                    }
                    Err(error) => match error.into() {
                        PollingError::Error(message) => Ok(Some(*message)),
                        error => Err(error),
                    },
                };
            }
            // The network has brought it twice.
            (ClientMsg::Join { .. }, Some(_)) => return Ok(None),
            // The session was in, and must come back; or it never was.
            (ClientMsg::Command(_), None) => return Err(gone()),
        };
        let failed = PollingError::Closed(CloseCode::InternalError);
        match inside.membership.send(command, None) {
            Ok(()) => Ok(None),
            Err(SendError::Full(unsent)) => {
                inside.membership.send_waiting(unsent).await.map(|()| None).map_err(|_| failed)
            }
            Err(SendError::Gone) => Err(failed),
        }
    }
}

async fn tell(
    sessions: &Sessions,
    caller: Result<Caller, PollingError>,
    after: u64,
) -> Result<BytesMut, PollingError> {
    let gone = || PollingError::Closed(CloseCode::PingTimeout);
    let (session, mut hold) = sessions.hold(&caller?.key).ok_or_else(gone)?;
    hold.then(LEASE);
    let mut listener = session.queue.listen();
    tokio::time::sleep_until(session.queue.next_answer_at(GATHER).into()).await;
    let until = tokio::time::Instant::now() + WAIT;
    let mut told = listener.tell_from(after);
    while told.messages.is_empty() && told.over.is_none() {
        if tokio::time::timeout_at(until, listener.more()).await.is_err() {
            break;
        }
        told = listener.tell_from(after);
    }
    match told {
        Told { messages, over: Some(code) } if messages.is_empty() => Err(PollingError::Closed(code)),
        Told { messages, .. } => {
            let mut lines = BytesMut::new();
            for entry in messages {
                put_line(&mut lines, entry.json());
            }
            Ok(lines)
        }
    }
}

/// JSON has no line ends of its own.
fn put_line(lines: &mut BytesMut, json: &[u8]) {
    lines.extend_from_slice(json);
    lines.extend_from_slice(b"\n");
}

/// Lines, or why there are none, as a line that says what a close frame or an `error` would.
fn answer(lines: Result<BytesMut, PollingError>) -> Response {
    let error = match lines {
        Ok(lines) => {
            let status = if lines.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CACHE_CONTROL, "no-store, no-transform"),
            ];
            return (status, headers, lines.freeze()).into_response();
        }
        Err(error) => error,
    };
    match error {
        PollingError::Handshake(HandshakeError::TooMany(_)) => {
            PollingError::Closed(CloseCode::TryAgainLater).into_response()
        }
        // A WebSocket would not have been opened, and no code of ours says why.
        PollingError::Handshake(_) => {
            let told = serde_json::json!({"type": "closed", "code": 1008, "reason": "policy_violation"});
            (StatusCode::FORBIDDEN, axum::Json(told)).into_response()
        }
        PollingError::Body(BodyError::TooLong) => {
            (StatusCode::PAYLOAD_TOO_LARGE, closed(CloseCode::TooBig)).into_response()
        }
        // What it said is not known, so it is not known what was heard of it.
        PollingError::Body(_) => {
            (StatusCode::REQUEST_TIMEOUT, closed(CloseCode::PingTimeout)).into_response()
        }
        error => error.into_response(),
    }
}
