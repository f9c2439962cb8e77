//! The X-ray of one's own connection, as far as the room page knows it: a button, and the tokens of
//! what was recorded, which are noted on it. What is shown is drawn by another client, `chat-xray`, which
//! is downloaded when the button is first pressed: the room page has no room for it. The two share
//! nothing but the button's attributes, two events by which the other asks for a recording, and one by
//! which it says where its panel stands.

use web_sys::HtmlElement;

use crate::{
    browser::element,
    view::dom::{append, draw},
};

/// The id of the button.
pub const BUTTON: &str = "xray-button";
/// The attribute that holds the tokens of all recordings so far, oldest first, each after a space.
pub const RECORDINGS: &str = "data-recordings";
/// The event, at the document, that asks for the connection to be recorded.
pub const ON: &str = "xray-on";
/// The event that asks for it not to be recorded any more.
pub const OFF: &str = "xray-off";
/// The event that says that the panel was shown or hidden, or is another width.
pub const STANDS: &str = "xray-stands";
/// Loads the other client, which then looks for its places.
pub const SCRIPT: &str = "/xray.js";
/// How it looks.
pub const STYLE: &str = "/pkg/otagh-xray.css";

/// Loads what shows the wire. To be called once.
pub fn load() {
    let style = draw("link").attr("rel", "stylesheet").attr("href", STYLE);
    let script = draw("script").attr("type", "module").attr("src", SCRIPT);
    if let Some(head) = leptos::prelude::document().head() {
        append(&head, &style.0);
        append(&head, &script.0);
    }
}

/// Whether the panel is shown.
pub fn is_seen() -> bool {
    panel_has("data-seen")
}

/// Whether the panel, when shown, is as wide as the page.
pub fn is_wide() -> bool {
    panel_has("data-wide")
}

fn panel_has(attribute: &str) -> bool {
    let panel = leptos::prelude::document().get_element_by_id("xray");
    panel.is_some_and(|panel| panel.has_attribute(attribute))
}

/// A recording has begun: it is shown beside those before it.
pub fn show(token: &str) {
    let button: HtmlElement = element(BUTTON);
    let tokens = button.get_attribute(RECORDINGS).unwrap_or_default() + " " + token;
    if button.set_attribute(RECORDINGS, &tokens).is_err() {
        leptos::logging::warn!("what is recorded cannot be shown");
    }
}
