//! The page that says a page is not there, and what a room's id may be when that was the trouble.

use leptos::prelude::*;

use super::theme::ThemeButton;
use crate::fa::words;

/// The page.
#[component]
pub fn Missing(
    /// True when a room was meant, but its id breaks the rule.
    bad_room: bool,
) -> impl IntoView {
    let (title, body) = if bad_room {
        (words::BAD_ROOM, words::bad_room_hint())
    } else {
        (words::NOT_FOUND, words::NOT_FOUND_HINT.to_owned())
    };
    view! {
        <main class="home">
            <ThemeButton />
            <section class="card">
                <header>
                    <img src="/favicon.svg" alt="" width="64" height="64" />
                    <h1 class="small">{title}</h1>
                    <p class="tagline">{body}</p>
                </header>
                <a class="button" href="/">{words::GO_HOME}</a>
            </section>
        </main>
    }
}
