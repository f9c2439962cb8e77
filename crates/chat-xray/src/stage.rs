//! The frame of a page of its own: a bar with the way home, the title and the theme, and what the page is
//! about below it.

use chat_client::{fa::words, view::theme::ThemeButton};
use leptos::prelude::*;

/// The page.
#[component]
pub fn Stage(
    /// What stands in the bar.
    #[prop(into)]
    title: AnyView,
    /// What the page is about.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="stage">
            <header>
                <a class="home-link" href="/" aria-label=words::GO_HOME>
                    <img src="/favicon.svg" alt="" width="36" height="36" />
                </a>
                <h1>{title}</h1>
                <ThemeButton />
            </header>
            <main>{children()}</main>
        </div>
    }
}
