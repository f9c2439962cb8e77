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
use crate::view::RoomPage;
#[cfg(feature = "ssr")]
use crate::{
    fa::words,
    view::{ClassicPage, Home, Missing, Shown},
};

/// The id of the element that holds the page.
pub const ROOT: &str = "page";

/// A page of the site, with what its first drawing needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Page {
    /// `/`: choose a name and a room.
    #[cfg(feature = "ssr")]
    Home(Asked),
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
    #[cfg(feature = "ssr")]
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

/// What was written into the home page, where that page is the answer to it.
#[cfg(feature = "ssr")]
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Under which name.
    pub name: Answered,
    /// For which room.
    pub room: Answered,
}

/// A field of a form.
#[cfg(feature = "ssr")]
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answered {
    /// What was written, as it was.
    pub value: String,
    /// What is wrong with it, in Persian; empty when nothing is.
    pub problem: String,
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
    /// None, but the home page's script.
    Home,
    /// None.
    None,
}

impl Page {
    /// Draws the page.
    #[cfg(feature = "ssr")]
    pub(crate) fn view(self) -> AnyView {
        match self {
            Self::Home(asked) => view! { <Home asked /> }.into_any(),
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
            Self::Room { .. } => Program::Page,
            Self::Shown { .. } => Program::Shown,
            Self::Home(_) => Program::Home,
            Self::Classic(_) | Self::NotFound { .. } => Program::None,
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
            Self::Home(_) => words::HOME_TITLE.to_owned(),
            Self::Room { room, .. } => words::room_title(room.as_str(), 0),
            Self::NotFound { bad_room: None } => words::NOT_FOUND.to_owned(),
            Self::NotFound { bad_room: Some(_) } => words::BAD_ROOM.to_owned(),
            Self::Classic(Classic { room, .. }) => format!("{} {room}", words::ways::CLASSIC_TITLE),
            Self::Shown { title, .. } => format!("{title} · {}", words::APP_NAME),
        }
    }

    /// What the root says of the page, for the browser to read back: its kind, and of a room its name, its
    /// key and its address for others.
    #[cfg(feature = "ssr")]
    pub(crate) fn attributes(&self) -> (&'static str, [Option<String>; 3]) {
        let name = |room: &RoomId| Some(room.as_str().to_owned());
        match self {
            Self::Home(_) => ("home", [const { None }; 3]),
            Self::Room { room, key, share_url } => {
                ("room", [name(room), Some(key.clone()), Some(share_url.clone())])
            }
            Self::NotFound { bad_room: None } => ("not-found", [const { None }; 3]),
            Self::NotFound { bad_room: Some(_) } => ("bad-room", [const { None }; 3]),
            Self::Classic(_) => ("classic", [const { None }; 3]),
            Self::Shown { what, room, .. } => (what, [room.as_ref().and_then(name), None, None]),
        }
    }

    /// Draws the page in this root, for as long as the document lives.
    #[cfg(feature = "mount")]
    pub(crate) fn mount(self, root: web_sys::HtmlElement) {
        // In the browser there is no other.
        #[cfg_attr(
            not(feature = "ssr"),
            expect(irrefutable_let_patterns, reason = "only the server draws others")
        )]
        if let Self::Room { room, key, share_url } = self {
            leptos::mount::mount_to(root, move || view! { <RoomPage room key share_url /> }).forget();
        }
    }

    /// Reads back what the server told this root. `None` when it is no root of ours.
    #[cfg(feature = "mount")]
    pub(crate) fn of(root: &web_sys::HtmlElement) -> Option<Self> {
        let data = |key: &str| root.get_attribute(&format!("data-{key}"));
        Some(Self::Room {
            room: data("room")?.parse().ok()?,
            key: data("room-key")?,
            share_url: data("share-url")?,
        })
    }
}
