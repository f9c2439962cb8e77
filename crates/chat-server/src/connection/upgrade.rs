//! The handshake: an HTTP request that asks to become a WebSocket (RFC 6455 §4.2). It is checked
//! here by hand, header by header, because seeing it is the point; what fails is answered with a
//! status and a sentence that names the rule. After the `101` the socket is taken back from the
//! HTTP library and becomes a [`Connection`].

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use chat_protocol::{ClientId, RoomId, SUBPROTOCOL};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use hyper::upgrade::{OnUpgrade, Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tungstenite::handshake::derive_accept_key;

use super::{
    Connection, Destination, Recording, origin,
    registry::{NoPlace, Place},
};
use crate::{
    address::{Address, Peer},
    headers::list,
    server::App,
    wire::{
        capture::Ends,
        captures::Subject,
        socket::{HttpSocket, Passage},
    },
};

/// `GET /ws/{room_id}/{client_id}`.
pub async fn upgrade(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    ids: Result<Path<(String, String)>, PathRejection>,
    mut request: Request,
) -> Result<Response, Refused> {
    let Ok(Path((room, client_id))) = ids else {
        return Err(Refused::BadRequest("room id and client id must be percent-encoded UTF-8".into()));
    };
    let room = RoomId::parse(&room).map_err(|invalid| Refused::BadRequest(invalid.detail))?;
    let client_id = ClientId::parse(&client_id).map_err(|invalid| Refused::BadRequest(invalid.detail))?;
    let accept = check_handshake(request.method(), request.version(), request.headers())?;
    if app.config.public_url.is_some() && !origin::is_own_host(request.headers(), &app.origins) {
        return Err(Refused::Host);
    }
    if !origin::is_allowed(request.headers(), &app.origins) {
        return Err(Refused::Origin);
    }
    let offered = offers_subprotocol(request.headers());
    let Some(on_upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return Err(Refused::NotAnUpgrade("this connection cannot be upgraded"));
    };
    let client = app.proxies.client(peer, request.headers());
    let recorded_for = asks_for_recording(request.uri()).then_some(client);
    let visitor = app.visitors.at(client, Instant::now());
    let place = app.connections.reserve(visitor).map_err(Refused::NoPlace)?;

    let destination = Destination { room, client_id };
    app.tasks.clone().spawn(async move {
        match on_upgrade.await {
            Ok(upgraded) => match open(app.clone(), destination, upgraded, place, recorded_for) {
                // A task of its own: this one's size is that of what it holds here.
                Some(connection) => drop(app.tasks.spawn(connection.run())),
                None => tracing::error!("the upgraded connection is not the socket that was accepted"),
            },
            Err(error) => tracing::debug!(%error, "the client did not wait for the upgrade"),
        }
    });

    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept);
    if offered {
        response = response.header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    }
    Ok(response.body(Body::empty()).expect("all headers are valid"))
}

fn open(
    app: Arc<App>,
    destination: Destination,
    upgraded: Upgraded,
    place: Place,
    recorded_for: Option<Address>,
) -> Option<Box<Connection>> {
    let Parts { io, read_buf, .. } = upgraded.downcast::<TokioIo<HttpSocket>>().ok()?;
    let (stream, handshake) = io.into_inner().into_parts();
    let recording = match recorded_for {
        Some(whose) => record(&app, &stream, handshake, whose).unwrap_or(Recording::Refused),
        None => Recording::NotAsked,
    };
    Some(Connection::open(app, destination, stream, read_buf, place, recording))
}

/// Begins the recording of a connection whose handshake is over; `None` when it cannot be.
fn record(
    app: &App,
    stream: &TcpStream,
    handshake: Option<Vec<Passage>>,
    whose: Address,
) -> Option<Recording> {
    let ends = Ends { local: stream.local_addr().ok()?, peer: stream.peer_addr().ok()? };
    let config = &app.config;
    let subject = Subject {
        handshake: handshake?,
        ends,
        proxied: app.proxies.trusts(ends.peer.ip()),
        whose,
        is_breakable: config.lab.is_open_to(ends.peer.ip(), config.is_public()),
    };
    let (token, tap) = app.captures.open(subject, app.clock.now(), Instant::now())?;
    Some(Recording::Begun(token, tap))
}

/// Whether `xray=1` stands in the query.
fn asks_for_recording(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "xray=1"))
}

/// The checks of RFC 6455 §4.2.1, and the accept key that answers them.
fn check_handshake(method: &Method, version: Version, headers: &HeaderMap) -> Result<String, Refused> {
    if method != Method::GET {
        return Err(Refused::NotAnUpgrade("the method must be GET"));
    }
    if version != Version::HTTP_11 {
        return Err(Refused::NotAnUpgrade("the request must be HTTP/1.1"));
    }
    if !has_token(headers, header::UPGRADE, "websocket") {
        return Err(Refused::NotAnUpgrade("'Upgrade: websocket' is missing"));
    }
    if !has_token(headers, header::CONNECTION, "upgrade") {
        return Err(Refused::NotAnUpgrade("'Connection: Upgrade' is missing"));
    }
    if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refused::NotAnUpgrade("'Sec-WebSocket-Version' must be 13"));
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => Ok(derive_accept_key(key.as_bytes())),
        _ => Err(Refused::BadRequest("'Sec-WebSocket-Key' must be 16 bytes in base64".into())),
    }
}

/// Sixteen bytes in base64 are 22 digits and two paddings.
fn is_key(key: &HeaderValue) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match key.as_bytes().split_last_chunk::<2>() {
        Some((digits, b"==")) => digits.len() == 22 && digits.iter().all(digit),
        _ => false,
    }
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    list(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == SUBPROTOCOL)
}

fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    list(headers, name).any(|found| found.eq_ignore_ascii_case(token))
}

/// Why a request does not become a WebSocket.
#[derive(Debug)]
pub enum Refused {
    /// An id or a header breaks its rule.
    BadRequest(String),
    /// The request does not ask for the upgrade, or for another version of it.
    NotAnUpgrade(&'static str),
    /// It was sent to a name that is not this server's.
    Host,
    /// A page of another site asks.
    Origin,
    /// There are as many connections as there may be.
    NoPlace(NoPlace),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::BadRequest(rule) => (StatusCode::BAD_REQUEST, rule + "\n").into_response(),
            Self::NotAnUpgrade(rule) => {
                let headers = [
                    (header::UPGRADE, "websocket"),
                    (header::CONNECTION, "Upgrade"),
                    (header::SEC_WEBSOCKET_VERSION, "13"),
                ];
                let text = format!("this address is a WebSocket: {rule}\n");
                (StatusCode::UPGRADE_REQUIRED, headers, text).into_response()
            }
            Self::Host => {
                let text =
                    "this server does not go by the name in 'Host'; see --public-url and --allow-origin\n";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            Self::Origin => {
                let text = "a page of another site may not connect; see --allow-origin\n";
                (StatusCode::FORBIDDEN, text).into_response()
            }
            // RFC 6585 §4: it is about this client, and others are served.
            Self::NoPlace(NoPlace::AtThisAddress) => {
                let text = "your address has as many connections as it may; close one, or try again later\n";
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "10")], text).into_response()
            }
            Self::NoPlace(NoPlace::AtAll) => {
                let text = "the server has as many connections as it may; try again later\n";
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], text).into_response()
            }
        }
    }
}
