//! How a page outside a room begins: the mark, what this is, and a line about it.

use leptos::prelude::*;

/// The head of a card.
pub(crate) fn masthead(title: &'static str, about: String) -> impl IntoView {
    view! {
        <header>
            <img src="/favicon.svg" alt="" width="64" height="64" />
            <h1>{title}</h1>
            <p class="tagline">{about}</p>
        </header>
    }
}
