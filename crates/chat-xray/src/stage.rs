//! The frame of a page of its own: a bar with the way home, the title and the theme, and what the page is
//! about below it.

use chat_client::{fa::words, view::theme::ThemeButton};
use leptos::prelude::*;

/// The page.
#[component]
pub fn Stage<C: IntoView + 'static>(
    /// What stands in the bar.
    #[prop(into)]
    title: String,
    /// What the page is about. Typed, because erased views carry code for every way to draw one.
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
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
