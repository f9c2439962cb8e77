//! The button that turns the X-ray on. It is made in the browser, where alone it means something. All
//! else is the lab's, which is loaded when the button is first pressed and takes it over; see
//! [`lab`].

use chat_ui::{
    bind::follow,
    browser::{element, listen},
    dom::draw,
    icon, lab,
};
use leptos::prelude::*;

use crate::{chat::Chat, words};

/// Puts the button first among the room's controls. `seen` follows whether the panel is shown, and
/// hides it.
pub(crate) fn offer(chat: Chat, seen: RwSignal<bool>) {
    listen(&document(), lab::ON, move || chat.record(true));
    listen(&document(), lab::OFF, move || chat.record(false));
    listen(&document(), lab::STANDS, move || seen.set(lab::is_seen()));
    let mut is_loaded = false;
    let button = draw("button")
        .attr("id", lab::BUTTON)
        .attr("type", "button")
        .class("icon-button glass-button")
        .attr("aria-label", words::XRAY)
        .attr("data-show", "xray")
        .icon(icon::XRAY)
        .on_click(move || {
            if !std::mem::replace(&mut is_loaded, true) {
                lab::load();
            }
        });
    let hide = button.0.clone();
    follow(move || {
        if !seen.get() && lab::is_seen() {
            hide.click();
        }
    });
    let controls: web_sys::Element = element("controls");
    if controls.prepend_with_node_1(&button.0).is_err() {
        leptos::logging::warn!("there is no place for the X-ray's button");
    }
}
