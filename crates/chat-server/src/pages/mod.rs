//! The pages: which there are ([`Page`]), the addresses that lead to them ([`room`] and its neighbours), and one way to draw
//! them, as HTML by the client crate or, in a server built without its pages, as plain text. The `pages`
//! feature decides; addresses and statuses are the same.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use chat_protocol::{ClientId, Flaw, Name, RoomId, Said, ServerMsg};
use http::StatusCode;
use tokio::sync::Semaphore;

use crate::http::request_limit::Cost;

#[cfg(feature = "pages")]
mod assets;
#[cfg(feature = "lab")]
pub(crate) mod class;
#[cfg(feature = "pages")]
mod encoding;
#[cfg(feature = "pages")]
mod html;
#[cfg(not(feature = "pages"))]
mod plain;
pub(crate) mod room;
pub(crate) mod source;

#[cfg(feature = "pages")]
use html::draw;
#[cfg(not(feature = "pages"))]
use plain::draw;

#[cfg(all(feature = "lab", feature = "pages"))]
pub(crate) use html::title_block;
#[cfg(all(feature = "lab", not(feature = "pages")))]
pub(crate) use plain::title_block;

/// Whose turn it is to be drawn.
static DRAWING: Semaphore = Semaphore::const_new(1);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Page {
    /// `/`: choose a name and a room. With what was written, where something was wrong with it.
    Home(Option<Box<Form>>),
    /// `/r/{room}`.
    Room {
        room: RoomId,
        /// The address to give to others.
        share_url: String,
    },
    /// `/classic/{room}`: the room without JavaScript.
    Classic(Box<ClassicPage>),
    /// `/ways/{room}`: five ways into a room, side by side.
    Ways(RoomId),
    /// `/workbench`.
    Workbench,
    /// `/slides`: the presentation; as a handout with its notes.
    Slides {
        handout: bool,
    },
    /// `/class/{room}`: the stage of a class.
    Class {
        room: RoomId,
        /// The address of its room, to give to others.
        share_url: String,
    },
    /// A room was meant, but its id is not one, because of this, or because it is not even a text.
    BadRoom(Option<Flaw>),
    NotFound,
}

/// What was written into the home page, and what was wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    pub(crate) name: (String, Option<Flaw>),
    pub(crate) room: (String, Option<Flaw>),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ClassicPage {
    pub(crate) room: RoomId,
    /// Whose page it is: stands in the addresses of its forms.
    pub(crate) client: ClientId,
    /// The name they came by, should they have to come again.
    pub(crate) name: Option<Name>,
    /// Whether they are in, and not asked for a name.
    pub(crate) is_in: bool,
    /// What was said since they came, oldest first.
    pub(crate) said: Vec<Said>,
    /// Why they are not in.
    pub(crate) problem: Option<ClassicProblem>,
}

/// What a recording was of, for whoever takes it home.
#[cfg(feature = "lab")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TakenHome {
    pub(crate) room: String,
    pub(crate) name: String,
    /// When it began, as RFC 3339 has it.
    pub(crate) at: String,
    /// Where the server was.
    pub(crate) host: String,
    /// The addresses of the client and of the server.
    pub(crate) ends: [String; 2],
}

/// Why a join by the classic page failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ClassicProblem {
    /// As the room says it.
    Refused(Box<ServerMsg>),
    /// What is wrong with the name in the form.
    Name(Flaw),
}

impl Page {
    fn status(&self) -> StatusCode {
        match self {
            Self::Home(Some(_)) | Self::BadRoom(_) => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        }
    }
}

/// This page, in answer to this request.
pub(crate) async fn render(page: Page, request: Request) -> Response {
    let status = page.status();
    // A page is drawn in one go, and takes as long as ten requests. One at a time, and after all that was
    // ready before it, it leaves the other threads to the rooms, and of its own the time between two pages.
    let mut response = match DRAWING.acquire().await {
        Ok(_alone) => {
            tokio::task::yield_now().await;
            draw(page, request).await
        }
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    *response.status_mut() = status;
    response.extensions_mut().insert(Cost::DRAWING);
    response
}
