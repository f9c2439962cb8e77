//! Light or dark. The device decides until the reader does; the choice is kept in a cookie, so
//! that the server draws the next page in it.

use leptos::prelude::*;

use super::{bind::press, icon};
use crate::{browser::cookie, fa::words};

/// The button that changes to the other theme.
#[component]
pub fn ThemeButton() -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button theme"
            aria-label=words::THEME
            title=words::THEME
            on:click=press(toggle)
        >
            {icon::view(icon::THEME)}
        </button>
    }
}

fn toggle() {
    let Some(root) = document().document_element() else { return };
    let chosen = root.get_attribute("data-theme");
    let is_dark = chosen.map_or_else(crate::browser::prefers_dark, |theme| theme == "dark");
    let other = if is_dark { "light" } else { "dark" };
    if root.set_attribute("data-theme", other).is_ok() {
        cookie::keep_theme(other);
    }
}
