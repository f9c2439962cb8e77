//! What a server built without its pages says instead of them, in plain text.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

#[cfg(feature = "lab")]
use super::TakenHome;
use super::{ClassicPage, ClassicProblem, Form, Page};

pub(super) async fn draw(page: Page, _: Request) -> Response {
    text(page).into_response()
}

/// The head of a page that nobody draws.
#[cfg(feature = "lab")]
pub(crate) fn title_block(_: TakenHome) -> String {
    String::new()
}

fn text(page: Page) -> String {
    match page {
        Page::Home(None) => {
            "Otagh, built without its pages. The WebSocket is at /ws/{room_id}/{client_id}.\n".to_owned()
        }
        Page::Home(Some(form)) => {
            let Form { name: (_, name), room: (_, room) } = *form;
            let name = name.map(|flaw| format!("name: {flaw}\n")).unwrap_or_default();
            name + &room.map(|flaw| format!("room: {flaw}\n")).unwrap_or_default()
        }
        Page::Room { room, share_url } => {
            format!("Room {}, to share as {share_url}. Built without its pages.\n", room.as_str())
        }
        Page::Classic(page) => classic(*page),
        Page::Ways(room) => format!("Five ways to room {}. Built without its pages.\n", room.as_str()),
        Page::Workbench => {
            "The workbench, built without its pages. The strict echo is at /ws/echo.\n".to_owned()
        }
        Page::Slides { .. } => {
            "The slides, built without their pages. Their text is docs/presentation.md.\n".to_owned()
        }
        Page::Class { room, share_url } => {
            format!("A class in room {}, to share as {share_url}. Built without its stage.\n", room.as_str())
        }
        Page::BadRoom(flaw) => {
            let why = flaw.map(|flaw| flaw.to_string()).unwrap_or_default();
            format!("نشانی این اتاق درست نیست.\nThis is not a room id. {why}\n")
        }
        Page::NotFound => "این صفحه پیدا نشد.\nNot found.\n".to_owned(),
    }
}

fn classic(page: ClassicPage) -> String {
    let said = page.said.iter().map(|said| format!("{}: {}\n", said.name.as_str(), said.text.as_str()));
    let problem = page.problem.map(|problem| match problem {
        ClassicProblem::Refused(error) => error.to_json() + "\n",
        ClassicProblem::Name(flaw) => format!("name: {flaw}\n"),
    });
    let text = format!("Room {}, built without its pages.\n", page.room.as_str());
    std::iter::once(text).chain(problem).chain(said).collect()
}
