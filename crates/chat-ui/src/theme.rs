//! Light or dark. The device decides until the reader does; the choice is kept in a cookie, so
//! that the server draws the next page in it. What a press does is `assets/later.js`'s, on every page.

use leptos::prelude::*;

use crate::{icon, words};

/// The cookie: which theme this browser chose. It says nothing about who reads.
#[cfg(feature = "ssr")]
pub(crate) const COOKIE: &str = "theme";

/// The button that changes to the other theme.
#[component]
pub fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button theme"
            aria-label=words::THEME
            title=words::THEME
        >
            {icon::view(icon::THEME)}
        </button>
    }
}
