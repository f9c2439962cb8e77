//! The frame of a page of its own: a bar with the way home and to the other pages, the title, the theme and a
//! switch that makes it the stage, and what the page is about below it. On the stage its notes are behind ⓘ;
//! `style/lab/base.css` says what place is left. Nothing of it is for translating: it shows bytes, and lives in
//! text nodes that a translation would take out of the page.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use chat_ui::{
    bind::{attr, press},
    theme::ThemeButton,
    words,
};
use leptos::prelude::*;

use crate::{about::about, printed::printed, words::WIDEN};

#[component]
pub(crate) fn PageShell<C: IntoView + 'static>(
    /// What stands in the bar.
    #[prop(into)]
    title: String,
    /// What the page is for.
    notes: &'static str,
    /// Where else one might go from here: addresses and their names.
    links: Vec<(String, &'static str)>,
    /// What the page is about. Typed, because erased views carry code for every way to draw one.
    children: TypedChildren<C>,
) -> impl IntoView {
    let children = children.into_inner();
    let wide = RwSignal::new(false);
    let is_printed = printed();
    view! {
        <div class="stage" translate="no" data-wide=attr(move || (wide.get() && !is_printed.get()).then_some(""))>
            <header>
                <a class="home-link" href="/" aria-label=words::GO_HOME>
                    <img src="/favicon.svg" alt="" width="36" height="36" />
                </a>
                <h1>{title}</h1>
                {about(move || notes.to_owned()).view()}
                <nav>
                    {links.into_iter().map(|(href, name)| view! { <a href=href>{name}</a> }).collect_view()}
                </nav>
                <button
                    type="button"
                    class="button quiet small widen"
                    aria-pressed=attr(move || Some(if wide.get() { "true" } else { "false" }))
                    onclick=press(move || wide.update(|wide| *wide = !*wide))
                >
                    {WIDEN}
                </button>
                <ThemeButton />
            </header>
            <main>
                <p class="intro">{notes}</p>
                {children()}
            </main>
        </div>
    }
}
