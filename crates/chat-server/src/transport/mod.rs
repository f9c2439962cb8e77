//! The same room by other ways than WebSocket, for the comparison that the lesson makes: classic HTTP
//! (a form and a refresh), polling, long polling, and server-sent events. Whoever comes so is a
//! [`guest`]: a member whose messages wait to be fetched. [`lobby`] finds them by their [`ticket`];
//! [`messages`] is polling, long polling and saying, [`events`] a stream, [`classic`] a page without
//! JavaScript; [`meter`] counts what each costs. Where a network lets no WebSocket through, our page has
//! the same conversation by [`requests`]. What a room decides is not known here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{FromRequestParts, Path, Query},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat_protocol::{
    ClientId, ClientMsg, CloseCode, ErrorCode, Flaw, Invalid, Name, Rejection, RoomId, SayId, Seq, ServerMsg,
    Text, typed,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use serde::Deserialize;

use self::{
    guest::Guest,
    lobby::{Found, Lobby, NoGuest, Visit},
    meter::Meter,
    ticket::Ticket,
};
use crate::{
    address::Peer,
    body::NoBody,
    handshake::{self, Refused},
    random,
    room::Unposted,
    server::App,
};

pub mod classic;
pub mod events;
pub mod guest;
pub mod lobby;
pub mod messages;
pub mod meter;
pub mod requests;
pub mod ticket;

/// How long a guest who polls stays without a request: the timers of a page that nobody looks at fire
/// only once a minute.
pub const LEASE: Duration = Duration::from_secs(75);

/// How long who polls stays after their first request, until they show their ticket: who never does took
/// a place for one request and no socket.
pub const FIRST_LEASE: Duration = Duration::from_secs(10);

/// How long a guest of the classic page stays: it is refreshed by hand.
pub const CLASSIC_LEASE: Duration = Duration::from_secs(120);

/// Longest wait of a long poll, in seconds: below what proxies and browsers allow a silent answer.
pub const WAIT_MAX: u64 = 25;

/// Under this the room is polled, streamed and spoken to.
const ROOMS: &str = "/rooms";

/// Under this its classic page is.
const CLASSIC: &str = "/classic";

/// The query of a request for a room.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    /// The client id; a random one where it is left out.
    client: Option<String>,
    /// The name to join by.
    name: Option<String>,
    /// The last message that was read.
    after: Option<Seq>,
    /// How long to wait for another, in seconds.
    wait: Option<u64>,
}

/// A request of a guest, or of somebody who is going to be one.
#[derive(Debug)]
pub struct Arrival {
    /// By the name it goes by.
    room: RoomId,
    client: ClientId,
    name: Option<Name>,
    /// What was wrong with the name in the form of the classic page. A program's is refused at once.
    flaw: Option<Flaw>,
    asked: Asked,
    /// What they show to be the guest they were.
    ticket: Option<Ticket>,
    /// Whether a stream is asked for.
    streams: bool,
    headers: HeaderMap,
    meter: Arc<Meter>,
    whose: crate::address::Address,
}

impl FromRequestParts<Arc<App>> for Arrival {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        if parts.method == Method::HEAD {
            // Who asked would be a member, and told what there is only once.
            return Err(Refusal::Head);
        }
        let bad = |detail: &str| Refusal::error(ErrorCode::BadField, detail);
        let Path(room) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| bad("the room id must be percent-encoded UTF-8"))?;
        let Query(asked) =
            Query::<Asked>::from_request_parts(parts, app).await.map_err(|error| bad(&error.body_text()))?;
        let missing = |_| Refusal::Closed(CloseCode::InternalError);
        let Extension(Peer(peer)) =
            Extension::<Peer>::from_request_parts(parts, app).await.map_err(missing)?;
        let Extension(meter) =
            Extension::<Arc<Meter>>::from_request_parts(parts, app).await.map_err(missing)?;
        let refused = |why: &Refused| app.hints.refused(why, &parts.headers, Instant::now());
        check_page(app, &parts.headers).inspect_err(refused).map_err(Refusal::Site)?;
        // People write into the form of a page; programs know the rules.
        let is_page = parts.uri.path().starts_with(CLASSIC);
        let room = match is_page {
            true => typed::room_name(&room).map_err(Refusal::BadRoom)?,
            false => RoomId::parse(&room)?,
        };
        let room = app.hub.name_of(&room);
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
            ticket: Ticket::of(&parts.headers, &room, &client),
            room,
            client,
            name,
            flaw,
            whose: app.proxies.client(peer, &parts.headers),
            streams: false,
            headers: parts.headers.clone(),
            meter,
            asked,
        })
    }
}

impl Arrival {
    /// The guest whose request it is, within their pace; the request counts as theirs.
    async fn enter(&self, app: &Arc<App>) -> Result<Found, Refusal> {
        let visit = Visit {
            room: self.room.clone(),
            client: self.client.clone(),
            name: self.name.clone(),
            ticket: self.ticket.clone(),
            after: self.asked.after,
            anew: self.streams,
            whose: self.whose,
        };
        let found = Lobby::enter(app, visit).await?;
        self.meter.claim(&found.guest.account);
        Ok(found)
    }

    /// Gives who has just come their ticket, for the addresses under these paths. From then on they
    /// `stay` for so long without a request.
    fn admit(&self, found: &mut Found, paths: &[&str], stay: Duration, headers: &mut HeaderMap) {
        if found.ticket.is_some() && found.guest.over().is_some() {
            // Their ticket is good for nothing, and might push out a better one.
            return;
        }
        found.hold.then(match found.ticket {
            Some(_) if stay == LEASE => FIRST_LEASE,
            _ => stay,
        });
        let Some(ticket) = &found.ticket else { return };
        for path in paths {
            headers.append(header::SET_COOKIE, ticket.to_cookie(&self.room, &self.client, path));
        }
    }

    /// An answer in JSON, for this guest alone; its body is counted as theirs.
    fn answer(&self, mut found: Found, body: impl Into<Bytes>) -> Response {
        let body = body.into();
        found.guest.account.gave(body.len());
        let mut response = private(body);
        self.admit(&mut found, &[ROOMS], LEASE, response.headers_mut());
        response
    }

    /// An error for this guest alone, who may have just come.
    fn refuse(&self, mut found: Found, refusal: Refusal) -> Response {
        let mut response = refusal.into_response();
        self.admit(&mut found, &[ROOMS], LEASE, response.headers_mut());
        response
    }
}

/// Whether the page that asks may ask. Whoever asks becomes a member: a page of another site shall not make
/// its readers ask, by a picture or a frame, say, for which browsers send no `Origin`. A link to the classic
/// page is another thing.
fn check_page(app: &App, headers: &HeaderMap) -> Result<(), Refused> {
    handshake::check_site(app, headers)?;
    let says = |name: &str, word: &str| headers.get(name).is_some_and(|value| value == word);
    let is_link = says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document");
    if says("sec-fetch-site", "cross-site") && !is_link {
        return Err(Refused::Origin);
    }
    Ok(())
}

fn random_client() -> ClientId {
    let id = format!("http-{:08x}", u32::from_be_bytes(random::bytes()));
    ClientId::parse(&id).expect("letters, digits and '-' are an id")
}

/// Why a request is not answered with what it asked for. As in the protocol: an `error` names what was
/// wrong; a close code says that there is nothing to come, and whether to come back.
#[derive(Debug)]
pub enum Refusal {
    /// Something was not accepted.
    Error(Box<ServerMsg>),
    /// A page was asked for, of a room that cannot be.
    BadRoom(Flaw),
    /// The room, or the server, has ended it.
    Closed(CloseCode),
    /// It was sent to another name, or by a page of another site; or there is no place.
    Site(Refused),
    /// The body was not read.
    Body(NoBody),
    /// `HEAD` asks for an answer without what is in it.
    Head,
}

impl From<NoBody> for Refusal {
    fn from(why: NoBody) -> Self {
        Self::Body(why)
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Error(Box::new(Rejection { invalid, id: None }.into()))
    }
}

impl From<NoGuest> for Refusal {
    fn from(why: NoGuest) -> Self {
        match why {
            NoGuest::Refused(error) => Self::Error(Box::new(error)),
            NoGuest::Closed(code) => Self::Closed(code),
            NoGuest::NoPlace(why) => Self::Site(Refused::NoPlace(why)),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Site(refused) => return refused.into_response(),
            Self::BadRoom(flaw) => {
                return (StatusCode::BAD_REQUEST, format!("room id: {flaw}\n")).into_response();
            }
            Self::Head => {
                return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response();
            }
            Self::Body(why) => {
                let (status, code, detail) = match why {
                    NoBody::TooLong => {
                        let detail = "the body is longer than any message";
                        (StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::TextTooLong, detail)
                    }
                    NoBody::TooSlow => {
                        (StatusCode::REQUEST_TIMEOUT, ErrorCode::BadField, "the body did not come in time")
                    }
                    NoBody::Broken => (StatusCode::BAD_REQUEST, ErrorCode::BadField, "the body broke off"),
                };
                (status, ServerMsg::error(code, detail).to_json())
            }
            Self::Closed(code) => {
                let status = match code {
                    CloseCode::Replaced => StatusCode::CONFLICT,
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

impl Refusal {
    fn error(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Error(Box::new(ServerMsg::error(code, detail)))
    }
}

/// JSON that nobody on the way may keep.
fn private(body: impl IntoResponse) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body).into_response()
}

/// What a WebSocket's close frame says, in JSON.
fn closed(code: CloseCode) -> String {
    serde_json::json!({"type": "closed", "code": code.code(), "reason": code.reason()}).to_string()
}

/// What is said, checked as a WebSocket's `say` is.
fn saying(app: &App, id: Option<&str>, text: &str) -> Result<(SayId, Text), Refusal> {
    let id =
        id.filter(|id| !id.is_empty()).map_or_else(|| random_client().as_str().to_owned(), str::to_owned);
    let json = serde_json::json!({"type": "say", "id": id, "text": text}).to_string();
    match ClientMsg::parse(&json, app.config.text_max) {
        Ok(ClientMsg::Say { id, text }) => Ok((id, text)),
        Ok(_) => Err(Refusal::error(ErrorCode::BadField, "not a message")),
        Err(rejection) => Err(Refusal::Error(Box::new(rejection.into()))),
    }
}

/// Hands a message to the room, and waits for its echo, which is its acknowledgement here, too.
async fn say(guest: &Guest, id: SayId, text: Text) -> Result<Bytes, Refusal> {
    let gone = || Refusal::Closed(guest.over().unwrap_or(CloseCode::InternalError));
    let echo = guest.echo(id.clone());
    let inside = guest.inside().ok_or_else(gone)?;
    match inside.membership.say(id, text, None) {
        Ok(()) => {}
        Err(Unposted::Full(letter)) => inside.membership.wait(letter).await.map_err(|_| gone())?,
        Err(Unposted::Gone) => return Err(gone()),
    }
    drop(inside);
    echo.await.map_err(|_| gone())
}
