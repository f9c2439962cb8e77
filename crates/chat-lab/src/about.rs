//! Notes behind ⓘ: what somebody may want to know once, and does not have to read each time.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, Node};

use crate::words::ABOUT;

/// Opens at a press; Escape, and whatever takes the focus away, close it.
#[component]
pub(crate) fn About(
    /// What is to be known. Boxed, so that there is one kind of it.
    #[prop(into)]
    about: Notes,
) -> impl IntoView {
    let on_key = |event: KeyboardEvent| {
        let details = around(&event);
        if event.key() == "Escape" && details.has_attribute("open") {
            // And not what is around it.
            event.stop_propagation();
            close(&details);
        }
    };
    let on_leave = |event: FocusEvent| {
        let details = around(&event);
        let to = event.related_target().map(JsCast::unchecked_into::<Node>);
        if !details.contains(to.as_ref()) {
            close(&details);
        }
    };
    view! {
        <details class="about" on:keydown=on_key on:focusout=on_leave>
            <summary aria-label=ABOUT title=ABOUT>"i"</summary>
            <div class="text" tabindex="-1">{about.0}</div>
        </details>
    }
}

/// A text that may change.
pub(crate) struct Notes(Box<dyn FnMut() -> String + Send>);

impl<F: FnMut() -> String + Send + 'static> From<F> for Notes {
    fn from(read: F) -> Self {
        Self(Box::new(read))
    }
}

impl From<&'static str> for Notes {
    fn from(text: &'static str) -> Self {
        Self(Box::new(move || text.to_owned()))
    }
}

fn around(event: &Event) -> Element {
    event_target::<Element>(event).closest(".about").ok().flatten().unwrap_or_else(|| event_target(event))
}

fn close(details: &Element) {
    if details.remove_attribute("open").is_err() {
        leptos::logging::warn!("the notes could not be closed");
    }
}
