//! The door between the room page and the lab (`chat-lab`), which shows the wire and is downloaded only
//! where somebody asks for it. The two share nothing but the X-ray's button, with the tokens of what was
//! recorded and what is wanted to be seen of it noted on it, the field in which one writes, the rows of the
//! conversation, two events by which the panel asks for a recording, one by which it says where it stands, and
//! one by which it is asked to show something.

use web_sys::HtmlElement;

use crate::{
    browser::element,
    dom::{append, draw},
};

/// The id of the button.
pub const BUTTON: &str = "xray-button";
/// The id of the panel.
pub const PANEL: &str = "xray";
/// The id of the field in which the room is written to: what is said in the panel is handed to it.
pub const COMPOSER: &str = "composer";
/// The id of the conversation, whose rows are looked at for how long the browser waited.
pub const LOG: &str = "timeline";
/// Which of its rows is a message of one's own on its way. Once it is back, its row has the id as `data-glass`.
pub const UNDER_WAY: &str = "[data-state='sending']";
/// What in a row was said.
pub const TEXT: &str = ".text";
/// The attribute that holds the tokens of all recordings so far, oldest first, each after a space.
pub const RECORDINGS: &str = "data-recordings";
/// The event, at the document, that asks for the connection to be recorded.
pub const ON: &str = "xray-on";
/// The event that asks for it not to be recorded any more.
pub const OFF: &str = "xray-off";
/// The event that says that the panel was shown or hidden, or is on the stage.
pub const STANDS: &str = "xray-stands";
/// The attribute of the button that says what is to be shown: `handshake`, `join`, `say`, `said` or `close`, and
/// after a space the id of the message that is meant. What may be asked stands on steps and messages as
/// `data-glass`; `assets/room.js` carries it from there to here.
pub const WANTED: &str = "data-wanted";
/// The event that says that something else is wanted.
pub const SHOW: &str = "xray-show";
/// The script that fills every place with a `data-show`, each by the module of that name.
pub const SCRIPT: &str = "/lab.js";
/// How the panel looks.
pub const STYLE: &str = "/pkg/xray.css";

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

/// Whether the panel, when shown, is on the stage: all of the page.
pub fn is_wide() -> bool {
    panel_has("data-wide")
}

fn panel_has(attribute: &str) -> bool {
    let panel = leptos::prelude::document().get_element_by_id(PANEL);
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
