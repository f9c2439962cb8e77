//! Leaving the page while it holds what would be lost with the tab. The browser asks in its own words, a
//! reload too, which it cannot tell from an end; and only a person who has touched the page.

use js_sys::{Function, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BeforeUnloadEvent, Event};

/// From now on the browser asks before the page is left, or does not. Nothing listens while it does not:
/// some browsers keep no page for the way back that listens.
pub fn ask_before(asks: bool) {
    let listener = asks.then(|| {
        let ask: Closure<dyn FnMut(Event)> = Closure::new(|leaving: Event| {
            if is_touched() {
                leaving.prevent_default();
                // Chrome before 119 asks for this instead.
                leaving.unchecked_into::<BeforeUnloadEvent>().set_return_value("asks");
            }
        });
        ask.into_js_value().unchecked_into::<Function>()
    });
    window().set_onbeforeunload(listener.as_ref());
}

/// Whether anybody has pressed anything here. Asking in vain is an error in a browser's console.
fn is_touched() -> bool {
    let activation = Reflect::get(&window().navigator(), &"userActivation".into());
    let touched = activation.and_then(|activation| Reflect::get(&activation, &"hasBeenActive".into()));
    touched.ok().is_none_or(|touched| touched.as_bool() != Some(false))
}
