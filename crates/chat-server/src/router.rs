//! Every address of the server, in one table. It reads paths and queries and decides what each is;
//! how a page looks is the page module's, what happens on a socket the connection's.

use std::sync::Arc;

use axum::{
    Router,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{any, get, post},
};
use chat_protocol::RoomId;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{
    connection::upgrade::upgrade,
    headers, pages, qr,
    server::App,
    share::{room_path, share_url},
    transport::{classic, events, messages, requests},
    wire::{faults, stream},
    workbench::{echo, pipe},
};

/// The table.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/go", get(go))
        .route("/r/{room}", get(room))
        .route("/r/{room}/", get(room))
        .route("/r/{room}/qr.svg", get(room_qr))
        .route("/ws/{room_id}/{client_id}", any(upgrade))
        .route("/ws/echo", any(echo::echo))
        .route("/workbench/pipe", any(pipe::pipe))
        .route("/http/{room_id}/{client_id}", get(requests::hear).post(requests::say).delete(requests::leave))
        .route("/rooms/{room}/messages", get(messages::poll).post(messages::post))
        .route("/rooms/{room}/events", get(events::events))
        .route("/rooms/{room}/costs", get(messages::costs))
        .route("/classic/{room}", get(classic::page))
        .route("/ways/{room}", get(ways))
        .route("/workbench", get(pages::workbench))
        .route("/xray/{token}/events", get(stream::events))
        .route("/xray/{token}/otagh.pcapng", get(stream::file))
        .route("/xray/{token}/break", post(faults::break_it))
        .route("/healthz", get("ok\n"))
        .fallback(other)
        .layer(middleware::map_response(headers::secure))
        .with_state(app)
}

/// Any other address: a file of the site, or nothing.
async fn other(request: Request) -> Response {
    #[cfg(feature = "pages")]
    if let Some(file) = crate::assets::find(request.method(), request.uri(), request.headers()) {
        return file;
    }
    pages::not_found(request).await
}

/// The `{room}` of a path, before its rule is checked; an error when it is not UTF-8.
type RawRoom = Result<Path<String>, PathRejection>;

/// A room's page, at its one address: another spelling of the id leads there, and so does a slash
/// at the end.
async fn room(State(app): State<Arc<App>>, raw: RawRoom, request: Request) -> Response {
    let Ok(Path(raw)) = raw else { return pages::bad_room(request).await };
    let Ok(room) = RoomId::parse(&raw) else { return pages::bad_room(request).await };
    if room.as_str() != raw || request.uri().path().ends_with('/') {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&(room_path(&room) + &query)).into_response();
    }
    let share_url = share_url(&room, host(request.headers()), &app.addresses);
    pages::room(room, share_url, request).await
}

/// Five ways into a room, side by side.
async fn ways(raw: RawRoom, request: Request) -> Response {
    match raw.map(|Path(raw)| RoomId::parse(&raw)) {
        Ok(Ok(room)) => pages::ways(room, request).await,
        Ok(Err(_)) | Err(_) => pages::bad_room(request).await,
    }
}

/// The room's address as a QR code.
async fn room_qr(State(app): State<Arc<App>>, Path(raw): Path<String>, headers: HeaderMap) -> Response {
    let room = match RoomId::parse(&raw) {
        Ok(room) => room,
        Err(invalid) => return (StatusCode::BAD_REQUEST, invalid.detail + "\n").into_response(),
    };
    match qr::svg(&share_url(&room, host(&headers), &app.addresses)) {
        Ok(svg) => ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-cache")], svg)
            .into_response(),
        Err(_) => (StatusCode::URI_TOO_LONG, "the address is too long for a QR code\n").into_response(),
    }
}

/// The form of the home page, as a browser without JavaScript submits it.
#[derive(Deserialize)]
struct Go {
    #[serde(default)]
    room: String,
}

async fn go(form: Result<Query<Go>, QueryRejection>, request: Request) -> Response {
    match form.map(|Query(Go { room })| RoomId::parse(&room)) {
        Ok(Ok(room)) => Redirect::to(&room_path(&room)).into_response(),
        Ok(Err(_)) | Err(_) => pages::bad_room(request).await,
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|host| host.to_str().ok())
}
