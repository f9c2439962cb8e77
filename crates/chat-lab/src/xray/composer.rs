//! One line to write in, below every tab: what asks to say something says it here. The text goes to the
//! room's own composer, as if it had been written there, and what was half written there stays.

use chat_ui::{
    bind::{submit, text},
    browser::{element, focus},
    lab,
};
use leptos::{logging, prelude::*};
use web_sys::{Event, EventTarget, HtmlInputElement, HtmlTextAreaElement};

use crate::xray::words;

#[component]
pub(super) fn Composer() -> impl IntoView {
    let refused = RwSignal::new(false);
    let field = || element::<HtmlInputElement>("xray-say");
    let say = move || {
        let field = field();
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
    view! {
        <form class="say" onsubmit=submit(say)>
            <input
                id="xray-say"
                dir="auto"
                autocomplete="off"
                enterkeyhint="send"
                aria-label=words::SAY_HERE
                placeholder=words::SAY_HERE
                aria-describedby="xray-refused"
            />
            <button class="button small">{words::SAY}</button>
            <p id="xray-refused" role="alert">{text(move || if refused.get() { words::NOT_SAID.to_owned() } else { String::new() })}</p>
        </form>
    }
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
