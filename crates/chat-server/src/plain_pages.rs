//! What a server built without its pages says instead of them, in plain text. The WebSocket is the
//! same; so are the addresses and their statuses.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use chat_protocol::{Flaw, RoomId};
use http::StatusCode;

use crate::transport::classic::{Problem, View};

/// `/`.
pub(crate) async fn home(_: Request) -> Response {
    (StatusCode::OK, "Otagh, built without its pages. The WebSocket is at /ws/{room_id}/{client_id}.\n")
        .into_response()
}

/// `/go`, where something is wrong with what was written.
pub(crate) async fn home_again(
    (_, name): (String, Option<Flaw>),
    (_, room): (String, Option<Flaw>),
    _: Request,
) -> Response {
    let name = name.map(|flaw| format!("name: {flaw}\n")).unwrap_or_default();
    let room = room.map(|flaw| format!("room: {flaw}\n")).unwrap_or_default();
    (StatusCode::BAD_REQUEST, name + &room).into_response()
}

/// `/r/{room}`, for a valid room.
pub(crate) async fn room(room: RoomId, share_url: String, _: Request) -> Response {
    let text = format!("Room {}, to share as {share_url}. Built without its pages.\n", room.as_str());
    (StatusCode::OK, text).into_response()
}

/// `/classic/{room}`.
pub(crate) async fn classic(view: View, _: Request) -> Response {
    let said = view.said.iter().map(|said| format!("{}: {}\n", said.name.as_str(), said.text.as_str()));
    let problem = view.problem.map(|problem| match problem {
        Problem::Refused(error) => error.to_json() + "\n",
        Problem::Name(flaw) => format!("name: {flaw}\n"),
    });
    let text = format!("Room {}, built without its pages.\n", view.room.as_str());
    let lines: String = std::iter::once(text).chain(problem).chain(said).collect();
    (StatusCode::OK, lines).into_response()
}

/// `/ways/{room}`.
pub(crate) async fn ways(room: RoomId, _: Request) -> Response {
    (StatusCode::OK, format!("Five ways to room {}. Built without its pages.\n", room.as_str()))
        .into_response()
}

/// `/workbench`.
pub(crate) async fn workbench(_: Request) -> Response {
    (StatusCode::OK, "The workbench, built without its pages. The strict echo is at /ws/echo.\n")
        .into_response()
}

/// A room was meant, but its id is not one, because of this, or because it is not even a text.
pub(crate) async fn bad_room(flaw: Option<Flaw>, _: Request) -> Response {
    let why = flaw.map(|flaw| flaw.to_string()).unwrap_or_default();
    let text = format!("نشانی این اتاق درست نیست.\nThis is not a room id. {why}\n");
    (StatusCode::BAD_REQUEST, text).into_response()
}

/// Any other path.
pub(crate) async fn not_found(_: Request) -> Response {
    (StatusCode::NOT_FOUND, "این صفحه پیدا نشد.\nNot found.\n").into_response()
}
