//! Notes behind ⓘ: what somebody may want to know once, and does not have to read each time.

use chat_ui::{
    bind::follow,
    dom::{Drawn, draw, fill},
};
use leptos::ev::{FocusEvent, KeyboardEvent};
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

use crate::{cited::cited, words::ABOUT};

/// Opens at a press; Escape, and whatever takes the focus away, close it. The text may change.
pub(crate) fn about(mut read: impl FnMut() -> String + 'static) -> Drawn {
    let text = draw("div").class("text").attr("tabindex", "-1");
    let place = text.0.clone();
    follow(move || fill(&place, &cited(draw("span"), &read())));
    let details = draw("details").class("about");
    let (on_key, on_leave) = (details.0.clone(), details.0.clone());
    details
        .child(draw("summary").attr("aria-label", ABOUT).attr("title", ABOUT).text("i"))
        .child(text)
        .on("keydown", move |event| {
            let is_escape = event.unchecked_ref::<KeyboardEvent>().key() == "Escape";
            if is_escape && on_key.has_attribute("open") {
                // And not what is around it.
                event.stop_propagation();
                close(&on_key);
            }
        })
        .on("focusout", move |event| {
            let to = event.unchecked_ref::<FocusEvent>().related_target().map(JsCast::unchecked_into::<Node>);
            if !on_leave.contains(to.as_ref()) {
                close(&on_leave);
            }
        })
}

fn close(details: &Element) {
    if details.remove_attribute("open").is_err() {
        leptos::logging::warn!("the notes could not be closed");
    }
}
