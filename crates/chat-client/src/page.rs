//! Which page this is, and what the server tells it. Everything the first drawing needs is in here,
//! so that server and browser draw the same thing; it crosses over as attributes of the page's root.
//!
//! The browser does not bring the server's drawing to life (hydrate it): it draws the page anew and
//! puts it in the other's place. An element that an extension, a translator or a proxy has put into
//! the document would end a hydration, and with it the page; to a fresh root nobody has done
//! anything yet (docs/adr/0001-pages-without-a-client-router.md).

use chat_protocol::RoomId;
#[cfg(any(feature = "ssr", feature = "mount"))]
use leptos::prelude::*;

#[cfg(any(feature = "ssr", feature = "mount"))]
use crate::view::{Home, Missing, RoomPage};
#[cfg(feature = "ssr")]
use crate::{
    fa::words,
    view::{ClassicPage, Shown},
};

/// The id of the element that holds the page.
pub const ROOT: &str = "page";

/// A page of the site, with what its first drawing needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Page {
    /// `/`: choose a name and a room.
    Home,
    /// `/r/{room}`: the room.
    Room {
        /// The name it goes by.
        room: RoomId,
        /// What all its spellings have in common (`RoomKey`).
        key: String,
        /// The address to give to others: absolute, and reachable from their devices.
        share_url: String,
    },
    /// Any other path, or a room id that breaks its rule.
    NotFound {
        /// When a room was meant but its id is not one: why, in Persian, where that is known.
        bad_room: Option<String>,
    },
    /// `/classic/{room}`: a page without a program.
    #[cfg(feature = "ssr")]
    Classic(Classic),
    /// A page of the second client: the server draws its place, and `chat-xray` what is in it.
    #[cfg(feature = "ssr")]
    Shown {
        /// What is shown: the name of a function that `chat-xray` exports.
        what: &'static str,
        /// What the browser shows as the page's name.
        title: &'static str,
        /// The room it happens in, if it happens in one.
        room: Option<RoomId>,
    },
}

/// What a classic page shows.
#[cfg(feature = "ssr")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Classic {
    /// The room, percent-encoded where it stands in an address.
    pub room: String,
    /// Whose page it is.
    pub client: String,
    /// The name they came by.
    pub name: Option<String>,
    /// The address that their messages are sent to.
    pub post: String,
    /// Whether they are in, and not asked for a name.
    pub is_in: bool,
    /// What was said since they came, oldest first.
    pub said: Vec<chat_protocol::Said>,
    /// Why they are not in, in Persian.
    pub problem: Option<String>,
}

/// Which program a page runs.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Program {
    /// This one.
    Page,
    /// The second client.
    Shown,
    /// None.
    None,
}

impl Page {
    /// Draws the page.
    #[cfg(feature = "ssr")]
    pub(crate) fn view(self) -> AnyView {
        match self {
            Self::Home => Home().into_any(),
            Self::Room { room, key, share_url } => view! { <RoomPage room key share_url /> }.into_any(),
            Self::NotFound { bad_room } => view! { <Missing bad_room /> }.into_any(),
            Self::Shown { what, .. } => view! { <Shown what /> }.into_any(),
            Self::Classic(classic) => view! { <ClassicPage classic /> }.into_any(),
        }
    }

    /// Which program it runs.
    #[cfg(feature = "ssr")]
    pub(crate) fn program(&self) -> Program {
        match self {
            Self::Shown { .. } => Program::Shown,
            Self::Classic(_) => Program::None,
            _ => Program::Page,
        }
    }

    /// Where this room can be talked in without a program.
    #[cfg(feature = "ssr")]
    pub(crate) fn classic(&self) -> Option<String> {
        let room = match self {
            Self::Room { room, .. } | Self::Shown { room: Some(room), .. } => room,
            _ => return None,
        };
        Some(crate::browser::location::classic_path(room))
    }

    /// What the browser shows as the page's name.
    #[cfg(feature = "ssr")]
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Home => words::HOME_TITLE.to_owned(),
            Self::Room { room, .. } => words::room_title(room.as_str(), 0),
            Self::NotFound { bad_room: None } => words::NOT_FOUND.to_owned(),
            Self::NotFound { bad_room: Some(_) } => words::BAD_ROOM.to_owned(),
            Self::Classic(Classic { room, .. }) => format!("{} {room}", words::ways::CLASSIC_TITLE),
            Self::Shown { title, .. } => format!("{title} · {}", words::APP_NAME),
        }
    }

    /// What the root says of the page, for the browser to read back: its kind, for a room its name, its key
    /// and its address for others, and what is wrong with a room that cannot be.
    #[cfg(feature = "ssr")]
    pub(crate) fn attributes(&self) -> (&'static str, [Option<String>; 4]) {
        match self {
            Self::Home => ("home", [const { None }; 4]),
            Self::Room { room, key, share_url } => {
                let room = room.as_str().to_owned();
                ("room", [Some(room), Some(key.clone()), Some(share_url.clone()), None])
            }
            Self::NotFound { bad_room: None } => ("not-found", [const { None }; 4]),
            Self::NotFound { bad_room } => ("bad-room", [None, None, None, bad_room.clone()]),
            Self::Classic(_) => ("classic", [const { None }; 4]),
            Self::Shown { what, room, .. } => {
                (what, [room.as_ref().map(|room| room.as_str().to_owned()), None, None, None])
            }
        }
    }

    /// Draws the page in this root, for as long as the document lives. One call a page, so that no
    /// page's type is erased: erased views carry code for every way a view could be drawn, and doubled
    /// the download.
    #[cfg(feature = "mount")]
    pub(crate) fn mount(self, root: web_sys::HtmlElement) {
        use leptos::mount::mount_to;
        match self {
            Self::Home => mount_to(root, Home).forget(),
            Self::Room { room, key, share_url } => {
                mount_to(root, move || view! { <RoomPage room key share_url /> }).forget();
            }
            Self::NotFound { bad_room } => mount_to(root, move || view! { <Missing bad_room /> }).forget(),
            #[cfg(feature = "ssr")]
            Self::Shown { .. } | Self::Classic(_) => {}
        }
    }

    /// Reads back what the server told this root. `None` when it is no root of ours.
    #[cfg(feature = "mount")]
    pub(crate) fn of(root: &web_sys::HtmlElement) -> Option<Self> {
        let data = |key: &str| root.get_attribute(&format!("data-{key}"));
        Some(match data("page")?.as_str() {
            "home" => Self::Home,
            "room" => Self::Room {
                room: data("room")?.parse().ok()?,
                key: data("room-key")?,
                share_url: data("share-url")?,
            },
            _ => Self::NotFound { bad_room: data("problem") },
        })
    }
}
