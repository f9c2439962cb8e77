//! The same room by HTTP requests. Where a network lets no WebSocket through, the page has its conversation by
//! [`requests`]; [`classic`] is a page without JavaScript; and for the comparison that the lesson makes there
//! are polling, long polling ([`messages`]) and server-sent events ([`events`]). Each such client has a polling
//! [`session`]: a member whose messages wait in a queue to be fetched. [`sessions`] finds it by its
//! [`resume_cookie`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{FromRef, FromRequestParts, Path, Query},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat_protocol::{
    ClientId, CloseCode, Command, ErrorCode, Flaw, Invalid, Name, Rejection, RoomId, SayId, Seq, ServerMsg,
    Text, typed,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;

use self::{
    resume_cookie::Shown,
    session::Session,
    sessions::{Found, SessionError, Sessions, Visit},
};
use crate::{
    http::{body::BodyError, handshake::HandshakeError, site::Site},
    limits::client_ip::{ClientIp, Peer},
    net::{random, traffic::SocketTraffic},
    rooms::SendError,
};

pub(crate) mod classic;
pub(crate) mod events;
pub(crate) mod messages;
pub(crate) mod requests;
mod resume_cookie;
mod session;
pub(crate) mod sessions;

/// How long a session that polls stays without a request: the timers of a page that nobody looks at fire
/// only once a minute.
pub(crate) const LEASE: Duration = Duration::from_secs(75);

/// How long it stays after its first request, until it shows its cookie: one that never does took a place for
/// one request and no socket.
pub(crate) const FIRST_LEASE: Duration = Duration::from_secs(10);

/// How long a session of the classic page stays: it is refreshed by hand.
pub(crate) const CLASSIC_LEASE: Duration = Duration::from_secs(120);

/// Longest wait of a long poll, in seconds: below what proxies and browsers allow a silent answer.
pub(crate) const WAIT_MAX: u64 = 25;

/// Under this the room is polled, streamed and spoken to.
const ROOMS: &str = "/rooms";

/// Under this its classic page is.
const CLASSIC: &str = "/classic";

/// The query of a request for a room.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// The client id; a random one where it is left out.
    client: Option<String>,
    /// The name to join by.
    name: Option<String>,
    /// The last message that was read.
    after: Option<Seq>,
    /// How long to wait for another, in seconds.
    wait: Option<u64>,
}

/// A request of a session, or of a client that is going to have one.
#[derive(Debug)]
pub(crate) struct PollingRequest {
    room: RoomId,
    client: ClientId,
    name: Option<Name>,
    /// What was wrong with the name in the form of the classic page. A program's is refused at once.
    flaw: Option<Flaw>,
    asked: Asked,
    /// What it shows to be the session that was.
    shown: Shown,
    /// Whether it is a link that was followed from another site, which may be anybody's.
    is_link: bool,
    /// Whether a stream is asked for.
    is_stream: bool,
    headers: HeaderMap,
    traffic: Arc<SocketTraffic>,
    ip: ClientIp,
}

impl<S> FromRequestParts<S> for PollingRequest
where
    S: Send + Sync,
    Arc<Site>: FromRef<S>,
{
    type Rejection = PollingError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PollingError> {
        let site = Arc::<Site>::from_ref(state);
        if parts.method == Method::HEAD {
            // It would join, and take messages out that its answer does not have.
            return Err(PollingError::Head);
        }
        let bad = |detail: &str| PollingError::error(ErrorCode::BadField, detail);
        let Path(room) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| bad("the room id must be percent-encoded UTF-8"))?;
        let Query(asked) = Query::<Asked>::from_request_parts(parts, state)
            .await
            .map_err(|error| bad(&error.body_text()))?;
        let missing = |_| PollingError::Closed(CloseCode::InternalError);
        let Extension(Peer(peer)) =
            Extension::<Peer>::from_request_parts(parts, state).await.map_err(missing)?;
        let Extension(traffic) =
            Extension::<Arc<SocketTraffic>>::from_request_parts(parts, state).await.map_err(missing)?;
        let refused = |why: &HandshakeError| site.hints.refused(why, &parts.headers, Instant::now());
        // People write into the form of a page; programs know the rules.
        let is_page = parts.uri.path().starts_with(CLASSIC);
        let is_link = match check_page(&site, &parts.headers) {
            Ok(Sender::Link) if !is_page || parts.method != Method::GET => Err(HandshakeError::Origin),
            sender => sender.map(|sender| sender == Sender::Link),
        };
        let is_link = is_link.inspect_err(refused).map_err(PollingError::Handshake)?;
        let room = match is_page {
            true => typed::room_name(&room).map_err(PollingError::BadRoom)?,
            false => RoomId::parse(&room)?,
        };
        let (name, flaw) = match asked.name.as_deref() {
            Some(name) if is_page => {
                typed::name(name).map_or_else(|flaw| (None, Some(flaw)), |name| (Some(name), None))
            }
            name => (name.filter(|name| !name.is_empty()).map(Name::parse).transpose()?, None),
        };
        let client = match asked.client.as_deref().filter(|client| !client.is_empty()) {
            Some(client) => ClientId::parse(client)?,
            None => random_client(),
        };
        Ok(Self {
            shown: Shown::of(&parts.headers, &room, &client),
            is_link,
            room,
            client,
            name,
            flaw,
            ip: site.client(peer, &parts.headers),
            is_stream: false,
            headers: parts.headers.clone(),
            traffic,
            asked,
        })
    }
}

impl PollingRequest {
    /// The session whose request it is, within its rate limit; the request counts as its.
    async fn enter(&self, sessions: &Arc<Sessions>) -> Result<Found, PollingError> {
        let visit = Visit {
            room: self.room.clone(),
            client: self.client.clone(),
            name: self.name.clone(),
            cookie: self.shown.resume.clone(),
            after: self.asked.after,
            is_anew: self.is_stream,
            ip: self.ip,
        };
        let found = sessions.enter(visit).await?;
        self.traffic.assign_to(&found.session.traffic);
        Ok(found)
    }

    /// Gives a client that has just joined its cookie, for the addresses under these paths, and a browser the
    /// one it has again, before it forgets it. From then on its session `stay`s for so long without a request.
    fn admit(
        &self,
        sessions: &Sessions,
        found: &mut Found,
        paths: &[&str],
        stay: Duration,
        headers: &mut HeaderMap,
    ) {
        if found.cookie.is_some() && found.session.queue.over().is_some() {
            // Its cookie is good for nothing, and might push out a better one.
            return;
        }
        found.hold.then(match found.cookie {
            Some(_) if stay == LEASE => FIRST_LEASE,
            _ => stay,
        });
        let (now, renewal) = (Instant::now(), &found.session.renewal);
        let kept = self.shown.resume.as_ref().filter(|_| self.shown.is_cookie && renewal.is_due(now));
        let Some(cookie) = found.cookie.as_ref().or(kept) else { return };
        let age = renewal.give(stay, sessions.settings.resume_window, now);
        for path in paths {
            let cookie = self.shown.renewed(cookie, &self.room, &self.client, path, age);
            headers.append(header::SET_COOKIE, cookie);
        }
    }

    /// An answer in JSON, for this session alone; its body is counted as its payload.
    fn answer(&self, sessions: &Sessions, mut found: Found, body: impl Into<Bytes>) -> Response {
        let body = body.into();
        found.session.traffic.add_payload_out(body.len());
        let mut response = private(body);
        self.admit(sessions, &mut found, &[ROOMS], LEASE, response.headers_mut());
        response
    }

    /// An error for this session alone, which may have just begun.
    fn refuse(&self, sessions: &Sessions, mut found: Found, error: PollingError) -> Response {
        let mut response = error.into_response();
        self.admit(sessions, &mut found, &[ROOMS], LEASE, response.headers_mut());
        response
    }
}

/// Whose request it is, as its browser says (Fetch Metadata).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sender {
    /// A page of this server, its reader, or a program.
    Own,
    /// A link that was followed from another site, in a tab of its own.
    Link,
}

/// Whether the page that asks may ask. A request joins, or acknowledges: a page of another site, a neighbour of
/// the same domain included, shall not make its readers' browsers send one, by a picture or a form, say, for
/// which they send no `Origin`. A link to the classic page is another thing, and is the caller's to bound. A
/// prefetch was not asked for by anybody.
fn check_page(site: &Site, headers: &HeaderMap) -> Result<Sender, HandshakeError> {
    site.check(headers)?;
    let says = |name: &str, word: &str| headers.get(name).is_some_and(|value| value == word);
    let fetches_ahead =
        |name: &str| headers.get_all(name).iter().any(|value| value.as_bytes().starts_with(b"prefetch"));
    if ["sec-purpose", "purpose", "x-moz"].into_iter().any(fetches_ahead) {
        return Err(HandshakeError::Prefetch);
    }
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(Sender::Own),
        Some(_) if says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document") => {
            Ok(Sender::Link)
        }
        Some(_) => Err(HandshakeError::Origin),
    }
}

fn random_client() -> ClientId {
    let id = format!("http-{:08x}", u32::from_be_bytes(random::bytes()));
    ClientId::parse(&id).expect("letters, digits and '-' are an id")
}

/// Why a request is not answered with what it asked for. As in the protocol: an `error` names what was
/// wrong; a close code says that there is nothing to come, and whether to come back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollingError {
    #[error("{}", .0.to_json())]
    Error(Box<ServerMsg>),
    /// A page was asked for, of a room that cannot be.
    #[error("room id: {0}")]
    BadRoom(Flaw),
    /// The room, or the server, has ended it.
    #[error("closed: {}", .0.reason())]
    Closed(CloseCode),
    /// It was sent to another name, or by a page of another site; or there is no place.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error(transparent)]
    Body(#[from] BodyError),
    /// `HEAD` asks for an answer without what is in it.
    #[error("the method must be GET or POST")]
    Head,
}

impl From<Invalid> for PollingError {
    fn from(invalid: Invalid) -> Self {
        Self::Error(Box::new(Rejection { invalid, id: None }.into()))
    }
}

impl From<SessionError> for PollingError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Refused(error) => Self::Error(error),
            SessionError::Closed(code) => Self::Closed(code),
            SessionError::TooMany(error) => Self::Handshake(error.into()),
        }
    }
}

impl IntoResponse for PollingError {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Handshake(error) => return error.into_response(),
            Self::BadRoom(flaw) => {
                return (StatusCode::BAD_REQUEST, format!("room id: {flaw}\n")).into_response();
            }
            Self::Head => {
                return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response();
            }
            Self::Body(why) => {
                let (status, code) = match why {
                    BodyError::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TextTooLong),
                    BodyError::TooSlow => (StatusCode::REQUEST_TIMEOUT, ErrorCode::BadField),
                    BodyError::Broken => (StatusCode::BAD_REQUEST, ErrorCode::BadField),
                };
                (status, ServerMsg::error(code, why.to_string()).to_json())
            }
            Self::Closed(code) => {
                let status = match code {
                    CloseCode::Replaced | CloseCode::Ended => StatusCode::CONFLICT,
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                (status, closed(code))
            }
            Self::Error(error) => {
                let status = match &*error {
                    ServerMsg::Error { code: ErrorCode::TooFast, .. } => StatusCode::TOO_MANY_REQUESTS,
                    ServerMsg::Error { code: ErrorCode::NameTaken, .. } => StatusCode::CONFLICT,
                    ServerMsg::Error { code: ErrorCode::RoomFull, .. } => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::BAD_REQUEST,
                };
                (status, error.to_json())
            }
        };
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl PollingError {
    fn error(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Error(Box::new(ServerMsg::error(code, detail)))
    }
}

/// JSON that no cache may keep.
fn private(body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// What a WebSocket's close frame says, in JSON.
fn closed(code: CloseCode) -> String {
    serde_json::json!({"type": "closed", "code": code.code(), "reason": code.reason()}).to_string()
}

/// The id and text to send, by the rules of a WebSocket's `say`.
fn saying(sessions: &Sessions, id: Option<&str>, text: &str) -> Result<(SayId, Text), PollingError> {
    let random = || random_client().as_str().to_owned();
    let id = SayId::parse(&id.filter(|id| !id.is_empty()).map_or_else(random, str::to_owned))?;
    match Text::parse_within(text, sessions.settings.text_max) {
        Ok(text) => Ok((id, text)),
        Err(invalid) => Err(PollingError::Error(Box::new(Rejection { invalid, id: Some(id) }.into()))),
    }
}

/// Sends a message to the room, and waits for its echo, which is its acknowledgement here, too.
async fn say(session: &Session, id: SayId, text: Text) -> Result<Bytes, PollingError> {
    let gone = || PollingError::Closed(session.queue.over().unwrap_or(CloseCode::InternalError));
    let echo = session.queue.echo(id.clone());
    let inside = session.inside().ok_or_else(gone)?;
    match inside.membership.send(Command::Say { id, text }, None) {
        Ok(()) => {}
        Err(SendError::Full(unsent)) => inside.membership.send_waiting(unsent).await.map_err(|_| gone())?,
        Err(SendError::Gone) => return Err(gone()),
    }
    drop(inside);
    echo.await.map_err(|_| gone())
}
