//! The addresses of pages, and what leads to them: the home page and its form, a room's page and its code.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{
        Path, Query, Request, State,
        rejection::{PathRejection, QueryRejection},
    },
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::typed;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{Form, Page, render};
#[cfg(feature = "lab")]
use crate::net::random;
use crate::{
    http::{links::room_path, qr, request_limit::Cost, site::Site, web_origin::WebOrigin},
    limits::client_ip::Peer,
};

/// The `{room}` of a path, before its rule is checked; an error when it is not UTF-8.
pub(super) type RawRoom = Result<Path<String>, PathRejection>;

/// `GET /`.
pub(crate) async fn home(request: Request) -> Response {
    render(Page::Home(None), request).await
}

/// Any other address: a file of the site, or nothing.
pub(crate) async fn other(request: Request) -> Response {
    #[cfg(feature = "pages")]
    if let Some(file) = super::assets::find(request.method(), request.uri(), request.headers()) {
        return file;
    }
    render(Page::NotFound, request).await
}

/// A room's page, at its one address: what is not part of the name leads there, such as a slash or a full
/// stop at its end. Another spelling is as good, and nothing here tells whether somebody is in the room: only
/// `welcome` says what it goes by.
pub(crate) async fn room(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    raw: RawRoom,
    request: Request,
) -> Response {
    let Ok(Path(raw)) = raw else { return render(Page::BadRoom(None), request).await };
    let room = match typed::room_name(&raw) {
        Ok(room) => room,
        Err(flaw) => return render(Page::BadRoom(Some(flaw)), request).await,
    };
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    if room.as_str() != raw || request.uri().path().ends_with('/') {
        return Redirect::permanent(&(room_path(&room) + &query)).into_response();
    }
    let asked = site.asked(peer, request.headers());
    let share_url = site.share_url(&room, asked.as_ref());
    render(Page::Room { room, share_url }, request).await
}

/// Five ways into a room, side by side.
#[cfg(feature = "lab")]
pub(crate) async fn ways(raw: RawRoom, request: Request) -> Response {
    let page = match raw.map(|Path(raw)| typed::room_name(&raw)) {
        Ok(Ok(room)) => Page::Ways(room),
        Ok(Err(flaw)) => Page::BadRoom(Some(flaw)),
        Err(_) => Page::BadRoom(None),
    };
    render(page, request).await
}

/// `GET /ways`: to ways of one's own, and not into a room that is everybody's. The answer is nobody's to keep.
#[cfg(feature = "lab")]
pub(crate) async fn own_ways() -> Response {
    let room = u64::from_le_bytes(random::bytes());
    ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&format!("/ways/{room}"))).into_response()
}

/// `GET /workbench`.
#[cfg(feature = "lab")]
pub(crate) async fn workbench(request: Request) -> Response {
    render(Page::Workbench, request).await
}

/// `GET /slides`, and `?handout`.
#[cfg(feature = "lab")]
pub(crate) async fn slides(request: Request) -> Response {
    let handout = request.uri().query().is_some_and(|query| query.split('&').any(|one| one == "handout"));
    render(Page::Slides { handout }, request).await
}

/// What is to be drawn as a code.
#[derive(Deserialize)]
pub(crate) struct Drawn {
    /// Scheme, host and port; the server's own word where it is left out.
    origin: Option<String>,
}

/// The room's address as a QR code: at the origin that the page gives to others, which knows best where it
/// is; so that the code beside a link is the code of that link.
pub(crate) async fn qr_code(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    Path(raw): Path<String>,
    drawn: Result<Query<Drawn>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let refuse = |status: StatusCode, why: String| (status, why + "\n").into_response();
    let room = match typed::room_name(&raw) {
        Ok(room) => room,
        Err(flaw) => return refuse(StatusCode::BAD_REQUEST, format!("room id: {flaw}")),
    };
    let asked = site.asked(peer, &headers);
    let url = match drawn {
        Ok(Query(Drawn { origin: None })) => site.share_url(&room, asked.as_ref()),
        Ok(Query(Drawn { origin: Some(origin) })) => match WebOrigin::parse(&origin) {
            Ok(origin) if site.may_draw(&origin, asked.as_ref(), &headers) => {
                origin.to_string() + &room_path(&room)
            }
            Ok(_) => {
                let why = "'origin' is no address of this server; take the code from the room's own page";
                return refuse(StatusCode::FORBIDDEN, why.to_owned());
            }
            Err(bad) => return refuse(StatusCode::BAD_REQUEST, format!("'origin': {bad}")),
        },
        Err(bad) => return refuse(StatusCode::BAD_REQUEST, bad.body_text()),
    };
    match qr::svg(&url) {
        // No cache may give it to a client that it would not have been drawn for.
        Ok(svg) => {
            let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "no-store")];
            (Extension(Cost::DRAWING), headers, svg).into_response()
        }
        Err(_) => refuse(StatusCode::URI_TOO_LONG, "the address is too long for a QR code".to_owned()),
    }
}

/// The form of the home page. The name is only looked at, so that what is wrong with it is told before
/// there is a room around it; it stays in the browser, and is said in `join`.
#[derive(Deserialize)]
pub(crate) struct Go {
    name: Option<String>,
    #[serde(default)]
    room: String,
}

/// `GET /go`: to the room that was written, or to the form again.
pub(crate) async fn go(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    form: Result<Query<Go>, QueryRejection>,
    request: Request,
) -> Response {
    let Ok(Query(Go { name, room })) = form else { return render(Page::BadRoom(None), request).await };
    // A link to a room is one by any of this server's addresses.
    let asked = site.asked(peer, request.headers());
    let addresses = &site.addresses;
    let urls: Vec<String> = addresses.lan().into_iter().map(|address| addresses.url_of(address.ip)).collect();
    let urls = urls.iter().map(|url| url.rsplit('/').next().unwrap_or_default());
    let origins = addresses.public_url.iter().chain(&asked).map(WebOrigin::authority);
    let hosts: Vec<&str> = urls.chain(origins).collect();
    let bad_name = name.as_deref().and_then(|name| typed::name(name).err());
    match (bad_name, typed::room(&room, &hosts)) {
        (None, Ok(wanted)) => Redirect::to(&room_path(&wanted)).into_response(),
        (bad_name, wanted) => {
            let form = Form { name: (name.unwrap_or_default(), bad_name), room: (room, wanted.err()) };
            render(Page::Home(Some(Box::new(form))), request).await
        }
    }
}
