//! The page that says a page is not there, and what a room's id may be when that was the trouble.

use leptos::prelude::*;

use super::{masthead::masthead, theme::ThemeButton};
use crate::fa::words;

/// The page.
#[component]
pub fn Missing(
    /// True when a room was meant, but its id breaks the rule.
    bad_room: bool,
) -> impl IntoView {
    let (title, about) = if bad_room {
        (words::BAD_ROOM, words::bad_room_hint())
    } else {
        (words::NOT_FOUND, words::NOT_FOUND_HINT.to_owned())
    };
    view! {
        <main class="home">
            <ThemeButton />
            <section class="card">
                {masthead(title, about)}
                <a class="button" href="/">{words::GO_HOME}</a>
            </section>
        </main>
    }
}
