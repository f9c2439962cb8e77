//! The page that says a page is not there, and what a room's id may be when that was the trouble. Drawn by
//! the server alone.

use chat_ui::theme::ThemeButton;
use leptos::prelude::*;

use super::masthead::masthead;
use crate::words;

#[component]
pub(crate) fn Missing(
    /// When a room was meant, but its id breaks the rule: in what way, where that is known.
    bad_room: Option<String>,
) -> impl IntoView {
    let (title, about, rule) = match bad_room {
        Some(why) => (words::BAD_ROOM, why, words::bad_room_hint()),
        None => (words::NOT_FOUND, words::NOT_FOUND_HINT.to_owned(), String::new()),
    };
    view! {
        <main class="home">
            <ThemeButton />
            <section class="card">
                {masthead(title, about)}
                <p class="tagline">{rule}</p>
                <a class="button" href="/">{words::GO_HOME}</a>
            </section>
        </main>
    }
}
