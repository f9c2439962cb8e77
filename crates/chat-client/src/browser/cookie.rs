//! The one cookie: which theme this browser chose, so that the server can draw the first page in
//! it without a flash. It says nothing about who reads.

use leptos::prelude::document;
use wasm_bindgen::JsCast;

/// Its name.
pub const THEME: &str = "theme";

/// Keeps the chosen theme for a year.
pub fn keep_theme(theme: &str) {
    let Some(document) = document().dyn_into::<web_sys::HtmlDocument>().ok() else { return };
    let cookie = format!("{THEME}={theme}; path=/; max-age=31536000; samesite=lax");
    if document.set_cookie(&cookie).is_err() {
        leptos::logging::warn!("the theme lasts only until the page is left: cookies are refused");
    }
}
