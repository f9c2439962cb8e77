//! The addresses of a class: its stage, the form that opens one, and what a phone shows of it. A class is a room
//! with a key (docs/protocol.md), and nothing of it is kept here.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::{Path, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use chat_protocol::{ClassKey, typed};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{Page, render, room::RawRoom};
use crate::{
    http::{body, links::class_path, site::Site},
    limits::client_ip::Peer,
    net::random,
};

/// `GET /class/{room}`: the stage of a class in this room. Nothing here knows whether there is one, and the
/// key of whoever teaches it stays in the browser, which sends no fragment.
pub(crate) async fn stage(
    State(site): State<Arc<Site>>,
    Extension(Peer(peer)): Extension<Peer>,
    raw: RawRoom,
    request: Request,
) -> Response {
    let page = match raw.map(|Path(raw)| typed::room_name(&raw)) {
        Ok(Ok(room)) => {
            let share_url = site.share_url(&room, site.asked(peer, request.headers()).as_ref());
            Page::Class { room, share_url }
        }
        Ok(Err(flaw)) => Page::BadRoom(Some(flaw)),
        Err(_) => Page::BadRoom(None),
    };
    render(page, request).await
}

/// What the form of [`open`] says.
#[derive(Deserialize)]
struct NewClass {
    /// A name that the page has drawn; left out or empty where no script runs.
    #[serde(default)]
    room: String,
}

/// `POST /class`: to the stage of a class in a room that is drawn, with a key that is drawn for it. The room
/// takes the key when the stage joins it, in its first half minute, so that nothing is kept here. The answer is
/// nobody's to keep.
pub(crate) async fn open(request: Request) -> Response {
    const BODY_MAX: usize = 2 * 1024;
    const DEADLINE: Duration = Duration::from_secs(10);
    let body = match body::read(request.into_body(), BODY_MAX, DEADLINE).await {
        Ok(body) => body,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    let asked: NewClass = match serde_urlencoded::from_bytes(&body) {
        Ok(asked) => asked,
        Err(error) => {
            let detail = format!("room: {error}; send it as a form, or nothing");
            return (StatusCode::BAD_REQUEST, detail).into_response();
        }
    };
    let key = ClassKey::from_bytes(random::bytes());
    match typed::room_name(&asked.room).or_else(|_| typed::room_name(&drawn_name())) {
        Ok(room) => {
            let stage = format!("{}#key={}", class_path(&room), key.as_str());
            ([(header::CACHE_CONTROL, "no-store")], Redirect::to(&stage)).into_response()
        }
        Err(flaw) => (StatusCode::INTERNAL_SERVER_ERROR, flaw.to_string()).into_response(),
    }
}

/// A room of more names than anybody can try (53 bits), because its name is its only key.
fn drawn_name() -> String {
    let [a, b, c, d] = [(); 4].map(|()| u32::from_le_bytes(random::bytes()) % 10_000);
    format!("کلاس-{a:04}-{b:04}-{c:04}-{d:04}")
}

/// `GET /slides/strip`: what a phone shows of a class, in which its script writes.
#[cfg(feature = "pages")]
pub(crate) async fn strip() -> Response {
    axum::response::Html(chat_lab::slides::strip()).into_response()
}
