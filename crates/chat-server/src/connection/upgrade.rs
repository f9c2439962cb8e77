//! The way into a room: its handshake is that of any WebSocket (see [`handshake`]), to an address with
//! two ids. After the `101` the socket is taken back from the HTTP library and becomes a
//! [`Connection`].

use std::{sync::Arc, time::Instant};

use axum::{
    Extension,
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use chat_protocol::{ClientId, RoomId, SUBPROTOCOL};
use http::{HeaderMap, Method, Uri, header};
use hyper::upgrade::{Parts, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Connection, Destination, Recording, registry::Place};
use crate::{
    address::{Address, Peer},
    handshake::{self, Refused},
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
    let now = Instant::now();
    let (method, version, headers) = (request.method(), request.version(), request.headers());
    let accept = handshake::check(method, version, headers).inspect_err(|_| {
        if method == Method::GET {
            app.hints.no_upgrade(version, headers, now);
        }
    })?;
    handshake::check_site(&app, headers).inspect_err(|refused| app.hints.refused(refused, headers, now))?;
    let offered = offers_subprotocol(request.headers());
    let on_upgrade = handshake::socket(&mut request)?;
    let client = app.proxies.client(peer, request.headers());
    let recorded_for = asks_for_recording(request.uri()).then_some(client);
    let place = handshake::reserve(&app, client, now)?;

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

    Ok(handshake::accepted(&accept, offered.then_some(SUBPROTOCOL)))
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

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    list(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|offered| offered == SUBPROTOCOL)
}
