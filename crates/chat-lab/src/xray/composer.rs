//! One line to write in, below every tab: what asks to say something says it here. The text goes to the
//! room's own composer, as if it had been written there, and what was half written there stays.

use chat_ui::{
    browser::{element, focus},
    dom::{Drawn, draw},
    lab,
};
use leptos::{logging, prelude::*};
use web_sys::{Event, EventTarget, HtmlInputElement, HtmlTextAreaElement};

use super::pieces::p;
use crate::xray::words;

/// The id of the field.
const FIELD: &str = "xray-say";

pub(super) fn composer() -> Drawn {
    let refused = RwSignal::new(false);
    let say = move |event: Event| {
        event.prevent_default();
        let field: HtmlInputElement = element(FIELD);
        if field.value().trim().is_empty() {
            return;
        }
        let is_taken = hand_over(&field.value());
        if is_taken {
            field.set_value("");
        }
        refused.set(!is_taken);
        // The room's composer has it now.
        focus(&field);
    };
    let field = draw("input")
        .attr("id", FIELD)
        .attr("dir", "auto")
        .attr("autocomplete", "off")
        .attr("enterkeyhint", "send")
        .attr("aria-label", words::SAY_HERE)
        .attr("placeholder", words::SAY_HERE)
        .attr("aria-describedby", "xray-refused");
    let told = move || if refused.get() { words::NOT_SAID } else { "" }.to_owned();
    draw("form")
        .class("say")
        .on("submit", say)
        .child(field)
        .child(draw("button").class("button small").text(words::SAY))
        .child(p("").attr("id", "xray-refused").attr("role", "alert").live_text(told))
}

/// Says it by the room's composer. False when the room did not take it; the composer says why.
fn hand_over(said: &str) -> bool {
    let composer: HtmlTextAreaElement = element(lab::COMPOSER);
    let Some(form) = composer.form() else { return false };
    let draft = composer.value();
    composer.set_value(said);
    // Before a name was given there is nowhere to say anything.
    let is_taken = !form.hidden() && dispatch(&form, "submit") && composer.value().is_empty();
    composer.set_value(&draft);
    if !draft.is_empty() {
        // It is kept again.
        dispatch(&composer, "input");
    }
    is_taken
}

/// What the browser would tell: `requestSubmit` is younger than the oldest of our browsers. Whether it was told.
fn dispatch(to: &EventTarget, what: &str) -> bool {
    let told = Event::new(what).and_then(|event| to.dispatch_event(&event));
    if let Err(error) = &told {
        logging::warn!("the room's composer was not told: {error:?}");
    }
    told.is_ok()
}
