//! A conversation by requests, for our own page where a network lets no WebSocket through. Each line is
//! what a text frame would be, both ways: a `POST` brings messages and is answered when the room has
//! them, a `GET` is answered when there is something to hear, a `DELETE` says goodbye. Which conversation
//! a request belongs to is shown by a secret of the client's own, in a header, so that a request the
//! network delivers twice is the same request, and so that no cookie mixes up two tabs. Each line heard
//! has a number; a `GET` names the last one that was read, and nothing is forgotten before it is named.
//! Everything else is as by WebSocket: only `join` joins, and what comes of a message comes in its place
//! among those of the room.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{FromRequestParts, Path, Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use bytes::BytesMut;
use chat_protocol::{
    ClientId, ClientMsg, CloseCode, ErrorCode, RoomId, RoomKey, ServerMsg, limits::FRAME_MAX_BYTES,
};
use http::{HeaderName, Method, StatusCode, header, request::Parts};
use serde::Deserialize;

use super::{
    Refusal, check_page, closed,
    guest::{Guest, Hold, Told},
    lobby::{Key, Lobby, Newcomer},
};
use crate::{
    address::{Address, Peer},
    body::{self, NoBody},
    connection::error_about,
    handshake::Refused,
    random,
    room::{
        Departure, Unposted,
        token::{FreshToken, TokenHash},
    },
    server::App,
    visitors::Visitor,
};

/// Shows which conversation a request belongs to.
const CONNECTION: HeaderName = HeaderName::from_static("otagh-connection");
/// How long that secret must be, and may be, in bytes of visible ASCII.
const SECRET_MIN: usize = 24;
const SECRET_MAX: usize = 128;

/// How long somebody stays without a request. Their next one follows the last at once, so this is for a
/// network that stops for a while, and less than a WebSocket's silence, ping and deadline together.
const LEASE: Duration = Duration::from_secs(20);

/// How long a `GET` is held when there is nothing to hear: below what proxies allow a silent answer.
const WAIT: Duration = Duration::from_secs(20);

/// Least time between two answers to the same listener: in a busy room each tells what came meanwhile, and
/// a room's messages cost a few requests a second and not one each.
const GATHER: Duration = Duration::from_millis(100);

/// A request of such a conversation.
#[derive(Debug)]
pub struct Caller {
    room: RoomId,
    key: Key,
    client: ClientId,
    whose: Address,
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        if parts.method == Method::HEAD {
            // It would acknowledge what nobody has read.
            return Err(Refusal::Head);
        }
        let bad = |detail: &str| Refusal::error(ErrorCode::BadField, detail);
        let Path((room, client)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| bad("room id and client id must be percent-encoded UTF-8"))?;
        let axum::Extension(Peer(peer)) = axum::Extension::<Peer>::from_request_parts(parts, app)
            .await
            .map_err(|_| Refusal::Closed(CloseCode::InternalError))?;
        check_page(app, &parts.headers).map_err(Refusal::Site)?;
        let secret = parts.headers.get(CONNECTION).and_then(|value| value.to_str().ok());
        let secret =
            secret.filter(|secret| (SECRET_MIN..=SECRET_MAX).contains(&secret.len())).ok_or_else(|| {
                bad("'Otagh-Connection' must be a secret of 24 to 128 visible ASCII characters")
            })?;
        let room = app.hub.name_of(&RoomId::parse(&room)?);
        Ok(Self {
            key: (RoomKey::of(&room), TokenHash::of_secret(secret)),
            room,
            client: ClientId::parse(&client)?,
            whose: app.proxies.client(peer, &parts.headers),
        })
    }
}

/// `POST /http/{room_id}/{client_id}`: messages, a line each, in their order. The answer is empty, because
/// what comes of them is heard by `GET`; but before one is in, nothing is heard, and the answer has it.
pub async fn say(State(app): State<Arc<App>>, caller: Result<Caller, Refusal>, body: Body) -> Response {
    answer(take(&app, caller, body).await)
}

/// The last line that was heard.
#[derive(Deserialize)]
pub struct After {
    #[serde(default)]
    after: u64,
}

/// `GET /http/{room_id}/{client_id}?after=41`: the lines after the one with this number, as soon as there
/// are some. An empty answer means that there is nothing yet.
pub async fn hear(
    State(app): State<Arc<App>>,
    caller: Result<Caller, Refusal>,
    after: Result<Query<After>, QueryRejection>,
) -> Response {
    let after = after.map(|Query(After { after })| after);
    let after = after.map_err(|error| Refusal::error(ErrorCode::BadField, error.body_text()));
    answer(match after {
        Ok(after) => tell(&app, caller, after).await,
        Err(refusal) => Err(refusal),
    })
}

/// `DELETE /http/{room_id}/{client_id}`: goodbye, as a close frame with 1000 says it.
pub async fn leave(State(app): State<Arc<App>>, caller: Result<Caller, Refusal>) -> Response {
    answer(caller.map(|Caller { key, .. }| {
        if let Some((guest, _)) = app.lobby.hold(&key) {
            guest.leave(Departure::Clean);
        }
        BytesMut::new()
    }))
}

async fn take(app: &Arc<App>, caller: Result<Caller, Refusal>, body: Body) -> Result<BytesMut, Refusal> {
    let caller = caller?;
    let body = body::read(body, FRAME_MAX_BYTES, app.config.head_deadline).await?;
    let body = String::from_utf8(body).map_err(|_| Refusal::Closed(CloseCode::InvalidUtf8))?;
    let mut answers = BytesMut::new();
    for line in body.lines().filter(|line| !line.is_empty()) {
        let visitor = app.visitors.at(caller.whose, Instant::now());
        let found = app.lobby.hold(&caller.key).map(|(guest, mut hold)| {
            hold.then(LEASE);
            (guest, hold)
        });
        match caller.hear(app, line, visitor, found.as_ref()).await? {
            None => {}
            Some(message) => match &found {
                Some((guest, _)) => guest.send(&message),
                None => put_line(&mut answers, message.to_json().as_bytes()),
            },
        }
    }
    Ok(answers)
}

impl Caller {
    /// One line, read by the protocol's rules, then done; and what is to be said about it, if something is.
    async fn hear(
        &self,
        app: &Arc<App>,
        line: &str,
        visitor: Arc<Visitor>,
        found: Option<&(Arc<Guest>, Hold)>,
    ) -> Result<Option<ServerMsg>, Refusal> {
        let message = match ClientMsg::parse(line, app.config.text_max) {
            Ok(message) => message,
            Err(rejection) => return Ok(Some(rejection.into())),
        };
        let gone = || Refusal::Closed(CloseCode::PingTimeout);
        let now = Instant::now();
        let inside = match found {
            Some((guest, _)) => Some(guest.inside().ok_or_else(gone)?),
            None => None,
        };
        let is_within_pace = inside.as_ref().is_none_or(|inside| inside.membership.frames().take(now));
        if !is_within_pace || !visitor.may_send(now) {
            let detail = "too many messages; this one was dropped";
            return Ok(Some(error_about(message, ErrorCode::TooFast, detail)));
        }
        let posted = match (message, &inside) {
            (ClientMsg::Ping { n }, _) => return Ok(Some(ServerMsg::Pong { n })),
            (ClientMsg::Join { name, resume, tab }, None) => {
                let newcomer = Newcomer {
                    room: self.room.clone(),
                    key: self.key.clone(),
                    client: self.client.clone(),
                    name,
                    tab,
                    claim: resume.map(Into::into),
                    token: FreshToken::new(random::bytes()),
                };
                return match Lobby::admit(app, newcomer, visitor, Arc::default()).await {
                    Ok((_, mut hold)) => {
                        hold.then(LEASE);
                        Ok(None)
                    }
                    Err(no_guest) => match no_guest.into() {
                        Refusal::Error(error) => Ok(Some(*error)),
                        refusal => Err(refusal),
                    },
                };
            }
            // The network has brought it twice.
            (ClientMsg::Join { .. }, Some(_)) => return Ok(None),
            // They were in, and must come back; or they never were.
            (_, None) => return Err(gone()),
            (ClientMsg::Say { id, text }, Some(inside)) => inside.membership.say(id, text, None),
            (ClientMsg::Typing, Some(inside)) => inside.membership.typing(),
            (ClientMsg::Rename { name }, Some(inside)) => inside.membership.rename(name),
        };
        match (posted, inside) {
            (Err(Unposted::Full(letter)), Some(inside)) => {
                inside
                    .membership
                    .wait(letter)
                    .await
                    .map_err(|_| Refusal::Closed(CloseCode::InternalError))?;
            }
            (Err(_), _) => return Err(Refusal::Closed(CloseCode::InternalError)),
            (Ok(()), _) => {}
        }
        Ok(None)
    }
}

async fn tell(app: &Arc<App>, caller: Result<Caller, Refusal>, after: u64) -> Result<BytesMut, Refusal> {
    let gone = || Refusal::Closed(CloseCode::PingTimeout);
    let (guest, mut hold) = app.lobby.hold(&caller?.key).ok_or_else(gone)?;
    hold.then(LEASE);
    let mut listener = guest.listen();
    tokio::time::sleep_until(guest.told_at(GATHER).into()).await;
    let until = tokio::time::Instant::now() + WAIT;
    let mut told = listener.tell_from(after);
    while told.messages.is_empty() && told.over.is_none() {
        if tokio::time::timeout_at(until, listener.more()).await.is_err() {
            break;
        }
        told = listener.tell_from(after);
    }
    match told {
        Told { messages, over: Some(code) } if messages.is_empty() => Err(Refusal::Closed(code)),
        Told { messages, .. } => {
            let mut lines = BytesMut::new();
            for entry in messages {
                put_line(&mut lines, &entry.json);
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
fn answer(lines: Result<BytesMut, Refusal>) -> Response {
    let refusal = match lines {
        Ok(lines) => {
            let status = if lines.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::OK };
            let headers = [
                (header::CONTENT_TYPE, "application/x-ndjson"),
                (header::CACHE_CONTROL, "no-store, no-transform"),
            ];
            return (status, headers, lines.freeze()).into_response();
        }
        Err(refusal) => refusal,
    };
    match refusal {
        Refusal::Site(Refused::NoPlace(_)) => Refusal::Closed(CloseCode::TryAgainLater).into_response(),
        // A WebSocket would not have been opened, and no code of ours says why.
        Refusal::Site(_) => {
            let told = serde_json::json!({"type": "closed", "code": 1008, "reason": "policy_violation"});
            (StatusCode::FORBIDDEN, axum::Json(told)).into_response()
        }
        Refusal::Body(NoBody::TooLong) => {
            (StatusCode::PAYLOAD_TOO_LARGE, closed(CloseCode::TooBig)).into_response()
        }
        // What it said is not known, so it is not known what was heard of it.
        Refusal::Body(_) => (StatusCode::REQUEST_TIMEOUT, closed(CloseCode::PingTimeout)).into_response(),
        refusal => refusal.into_response(),
    }
}
