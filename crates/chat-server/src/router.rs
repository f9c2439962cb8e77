//! Every address of the server, in one table. It reads paths and queries and decides what each is;
//! how a page looks is the page module's, what happens on a socket the connection's.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{any, get, post},
};
use chat_protocol::typed;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::{
    address::Peer,
    connection::upgrade::upgrade,
    headers, pages, qr,
    server::App,
    share::{self, room_path, share_url},
    transport::{classic, events, messages, requests},
    web_origin::WebOrigin,
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

/// A room's page, at its one address: what is not part of the name leads there, such as a slash or a full
/// stop at its end, and so does another spelling of the room, for as long as somebody is in it.
async fn room(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    raw: RawRoom,
    request: Request,
) -> Response {
    let Ok(Path(raw)) = raw else { return pages::bad_room(None, request).await };
    let room = match typed::room_name(&raw) {
        Ok(room) => room,
        Err(flaw) => return pages::bad_room(Some(flaw), request).await,
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if room.as_str() != raw || request.uri().path().ends_with('/') {
        return Redirect::permanent(&(room_path(&room) + &query)).into_response();
    }
    let own = app.hub.name_of(&room);
    if own != room {
        return Redirect::temporary(&(room_path(&own) + &query)).into_response();
    }
    let asked = share::asked(&app.proxies, peer, request.headers());
    let share_url = share_url(&room, asked.as_ref(), &app.addresses);
    pages::room(room, share_url, request).await
}

/// Five ways into a room, side by side.
async fn ways(State(app): State<Arc<App>>, raw: RawRoom, request: Request) -> Response {
    match raw.map(|Path(raw)| typed::room_name(&raw)) {
        Ok(Ok(room)) => pages::ways(app.hub.name_of(&room), request).await,
        Ok(Err(flaw)) => pages::bad_room(Some(flaw), request).await,
        Err(_) => pages::bad_room(None, request).await,
    }
}

/// What is to be drawn as a code.
#[derive(Deserialize)]
struct Drawn {
    /// Scheme, host and port; the server's own word where it is left out.
    origin: Option<String>,
}

/// The room's address as a QR code: at the origin that the page gives to others, which knows best where it
/// is; so that the code beside a link is the code of that link.
async fn room_qr(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(raw): Path<String>,
    drawn: Result<Query<Drawn>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let refuse = |status: StatusCode, why: String| (status, why + "\n").into_response();
    let room = match typed::room_name(&raw) {
        Ok(room) => app.hub.name_of(&room),
        Err(flaw) => return refuse(StatusCode::BAD_REQUEST, format!("room id: {flaw}")),
    };
    let asked = share::asked(&app.proxies, peer, &headers);
    let url = match drawn {
        Ok(Query(Drawn { origin: None })) => share_url(&room, asked.as_ref(), &app.addresses),
        Ok(Query(Drawn { origin: Some(origin) })) => match WebOrigin::parse(&origin) {
            Ok(origin)
                if share::may_be_drawn(&origin, asked.as_ref(), &headers, &app.origins, &app.addresses) =>
            {
                origin.to_string() + &room_path(&room)
            }
            Ok(_) => {
                let why = "only a page of this server has a code drawn for the address it was opened at";
                return refuse(StatusCode::FORBIDDEN, why.to_owned());
            }
            Err(bad) => return refuse(StatusCode::BAD_REQUEST, format!("'origin': {bad}")),
        },
        Err(bad) => return refuse(StatusCode::BAD_REQUEST, bad.body_text()),
    };
    match qr::svg(&url) {
        // Kept by nobody, who might give it to somebody it would not have been drawn for.
        Ok(svg) => ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")], svg)
            .into_response(),
        Err(_) => refuse(StatusCode::URI_TOO_LONG, "the address is too long for a QR code".to_owned()),
    }
}

/// The form of the home page. The name is only looked at, so that what is wrong with it is told before
/// there is a room around it; it stays in the browser, and is said in `join`.
#[derive(Deserialize)]
struct Go {
    name: Option<String>,
    #[serde(default)]
    room: String,
}

async fn go(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    form: Result<Query<Go>, QueryRejection>,
    request: Request,
) -> Response {
    let Ok(Query(Go { name, room })) = form else { return pages::bad_room(None, request).await };
    // A link to a room is one by any of this server's addresses.
    let asked = share::asked(&app.proxies, peer, request.headers());
    let urls: Vec<String> =
        app.addresses.lan().into_iter().map(|address| app.addresses.url_of(address.ip)).collect();
    let urls = urls.iter().map(|url| url.rsplit('/').next().unwrap_or_default());
    let origins = app.addresses.public_url.iter().chain(&asked).map(WebOrigin::authority);
    let hosts: Vec<&str> = urls.chain(origins).collect();
    let bad_name = name.as_deref().and_then(|name| typed::name(name).err());
    match (bad_name, typed::room(&room, &hosts)) {
        (None, Ok(wanted)) => Redirect::to(&room_path(&wanted)).into_response(),
        (bad_name, wanted) => {
            let name = (name.unwrap_or_default(), bad_name);
            pages::home_again(name, (room, wanted.err()), request).await
        }
    }
}
