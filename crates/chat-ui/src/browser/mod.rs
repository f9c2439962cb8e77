//! The few things the page asks of the browser, each behind a function that says what it gives
//! when the browser refuses: private windows have no storage, plain HTTP on a LAN has no
//! clipboard, and none of that may break a chat.

pub mod clipboard;
pub mod clock;
pub mod collation;
pub mod history;
pub mod json;
pub mod location;
pub mod network;
pub mod random;
pub mod selection;
pub mod storage;

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget, HtmlDocument, HtmlElement, HtmlTextAreaElement};

/// The element with this id, which the page drew with this type. Ids rather than Leptos'
/// `NodeRef`s: those bring a set of signals for each type of element.
///
/// # Panics
/// When the page drew no such element, which is a mistake in this crate.
pub fn element<T: JsCast>(id: &str) -> T {
    document().get_element_by_id(id).expect("the page draws every id it asks for").unchecked_into()
}

/// Calls `act` at each such event of the window or the document, for as long as the page lives.
pub fn listen(target: &EventTarget, event: &str, mut act: impl FnMut() + 'static) {
    hear(target, event, Box::new(move |_| act()));
}

/// Calls `act` with each such event, for as long as its target lives. Boxed, so that there is one kind of
/// listener.
pub fn hear(target: &EventTarget, event: &str, act: Box<dyn FnMut(Event)>) {
    // Freed by the browser's collector together with the target.
    let listener = Closure::wrap(act).into_js_value();
    if target.add_event_listener_with_callback(event, listener.unchecked_ref()).is_err() {
        leptos::logging::warn!("{event} cannot be listened to");
    }
}

/// Whether the finger is the first pointer here: then Enter breaks the line instead of sending. A laptop
/// with a touch screen has a mouse first, and is none. Whether there is a finer pointer besides is no
/// matter: phones with a pen say so too, and have no Shift.
pub fn is_touch() -> bool {
    matches_media("(pointer: coarse)")
}

/// Calls `act` whenever the element's size changes, for as long as it lives.
pub fn on_resize(element: &web_sys::Element, act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    // Freed by the browser's collector together with the element.
    let observer = Closure::wrap(act).into_js_value();
    match web_sys::ResizeObserver::new(observer.unchecked_ref()) {
        Ok(watch) => watch.observe(element),
        Err(error) => leptos::logging::warn!("sizes cannot be watched: {error:?}"),
    }
}

/// Puts the focus here, where the browser lets us.
pub fn focus(element: &HtmlElement) {
    if element.focus().is_err() {
        leptos::logging::warn!("an element could not be focused");
    }
}

/// Writes this after what is in the focused field, as its owner would: it can be undone, and is told as
/// input. False when the browser writes nothing for us.
pub fn write_at_end(field: &HtmlTextAreaElement, text: &str) -> bool {
    let end = field.text_length();
    let Ok(document) = document().dyn_into::<HtmlDocument>() else { return false };
    let write = || document.exec_command_with_show_ui_and_value("insertText", false, text);
    field.set_selection_range(end, end).is_ok() && write().unwrap_or_default()
}

/// Puts the focus on the element with this id, once everything that changes now is drawn: what is still
/// hidden cannot hold it.
pub fn focus_drawn(id: &'static str) {
    request_animation_frame(move || focus(&element(id)));
}

/// Whether this holds of the page now.
pub fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}
