//! Light or dark. The device decides until the reader does; the choice is kept in a cookie, so
//! that the server draws the next page in it. What a press does, and which of the three the button says that
//! it is, is `assets/later.js`'s, on every page.

use leptos::prelude::*;

use crate::{icon, words};

/// The cookie: which theme this browser chose. It says nothing about who reads.
#[cfg(feature = "ssr")]
pub(crate) const COOKIE: &str = "theme";

/// The button that changes to the next theme.
#[component]
pub fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button theme"
            aria-label=words::THEME
            title=words::THEME
            data-themes=words::THEMES
        >
            {icon::view(icon::THEME)}
        </button>
    }
}
