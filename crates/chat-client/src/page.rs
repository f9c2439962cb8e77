//! Which page this is, and what the server tells it. Everything the first drawing needs is in here,
//! so that server and browser draw the same thing; it crosses over as attributes of the page's root.
//!
//! The browser does not bring the server's drawing to life (hydrate it): it draws the page anew and
//! puts it in the other's place. An element that an extension, a translator or a proxy has put into
//! the document would end a hydration, and with it the page; to a fresh root nobody has done
//! anything yet (docs/adr/0001-pages-without-a-client-router.md).

use chat_protocol::RoomId;
#[cfg(feature = "ssr")]
use chat_ui::document::{Document, Program};
#[cfg(any(feature = "ssr", feature = "mount"))]
use leptos::prelude::*;

#[cfg(any(feature = "ssr", feature = "mount"))]
use crate::view::RoomPage;
#[cfg(feature = "ssr")]
pub use crate::view::{Answered, Asked, Classic};
#[cfg(feature = "ssr")]
use crate::{
    view::{ClassicPage, Home, Missing},
    words,
};

/// What only pages outside of a room look like.
#[cfg(feature = "ssr")]
const OUTSIDE_STYLE: &str = "/pkg/home.css";
/// What only the page without a program looks like.
#[cfg(feature = "ssr")]
const CLASSIC_STYLE: &str = "/pkg/classic.css";

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
}

impl Page {
    /// The page, and what the document around it has to know.
    #[cfg(feature = "ssr")]
    pub fn document(self) -> Document {
        match self {
            Self::Home(asked) => Document {
                program: Program::Home,
                styles: &[OUTSIDE_STYLE],
                ..Document::new("home", words::HOME_TITLE, view! { <Home asked /> })
            },
            Self::Room { room, key, share_url } => {
                let title = words::room_title(room.as_str(), 0);
                let told = (room.clone(), key.clone(), share_url.clone());
                let late = Some(crate::view::late::late(&room).into_any());
                let page = Document::new("room", title, view! { <RoomPage room key share_url /> });
                let (room, room_key, share_url) = (Some(told.0), Some(told.1), Some(told.2));
                Document { program: Program::Room, late, room, room_key, share_url, ..page }
            }
            Self::NotFound { bad_room } => {
                let (kind, title) = match &bad_room {
                    None => ("not-found", words::NOT_FOUND),
                    Some(_) => ("bad-room", words::BAD_ROOM),
                };
                let styles = &[OUTSIDE_STYLE];
                Document { styles, ..Document::new(kind, title, view! { <Missing bad_room /> }) }
            }
            Self::Classic(classic) => {
                let title = format!("{} {}", words::classic::TITLE, classic.room);
                let styles = &[CLASSIC_STYLE];
                Document { styles, ..Document::new("classic", title, view! { <ClassicPage classic /> }) }
            }
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
