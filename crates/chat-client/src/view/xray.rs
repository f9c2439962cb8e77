//! The button that turns the X-ray on. It is made in the browser, where alone it means something. All
//! else is another client's, which is loaded when the button is first pressed and takes it over; see
//! [`crate::xray`].

use leptos::prelude::*;

use super::{bind::follow, dom::draw, icon};
use crate::{
    browser::{element, listen},
    chat::Chat,
    fa::words::show,
    xray,
};

/// Puts the button first among the room's controls. `seen` follows whether the panel is shown, and
/// hides it.
pub(crate) fn offer(chat: Chat, seen: RwSignal<bool>) {
    listen(&document(), xray::ON, move || chat.record(true));
    listen(&document(), xray::OFF, move || chat.record(false));
    listen(&document(), xray::STANDS, move || seen.set(xray::is_seen()));
    let mut is_loaded = false;
    let button = draw("button")
        .attr("id", xray::BUTTON)
        .attr("type", "button")
        .class("icon-button")
        .attr("aria-label", show::XRAY)
        .attr("title", show::XRAY)
        .attr("data-show", "beside")
        .icon(icon::XRAY)
        .on_click(move || {
            if !std::mem::replace(&mut is_loaded, true) {
                xray::load();
            }
        });
    let hide = button.0.clone();
    follow(move || {
        if !seen.get() && xray::is_seen() {
            hide.click();
        }
    });
    let controls: web_sys::Element = element("controls");
    if controls.prepend_with_node_1(&button.0).is_err() {
        leptos::logging::warn!("there is no place for the X-ray's button");
    }
}
