//! The few things the page asks of the browser, each behind a function that says what it gives
//! when the browser refuses: private windows have no storage, plain HTTP on a LAN has no
//! clipboard, and none of that may break a chat.

pub mod clipboard;
pub mod clock;
pub mod collation;
pub mod cookie;
pub mod json;
pub mod location;
pub mod network;
pub mod profile;
pub mod random;
pub mod storage;
pub mod viewport;

use leptos::prelude::{document, request_animation_frame, window};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::HtmlElement;

/// The element with this id, which the page drew with this type. Ids rather than Leptos'
/// `NodeRef`s: those bring a set of signals for each type of element.
///
/// # Panics
/// When the page drew no such element, which is a mistake in this crate.
pub fn element<T: JsCast>(id: &str) -> T {
    document().get_element_by_id(id).expect("the page draws every id it asks for").unchecked_into()
}

/// Calls `act` at each such event of the window or the document, for as long as the page lives.
pub fn listen(target: &web_sys::EventTarget, event: &str, act: impl FnMut() + 'static) {
    let listener: Closure<dyn FnMut()> = Closure::new(act);
    if target.add_event_listener_with_callback(event, listener.as_ref().unchecked_ref()).is_err() {
        leptos::logging::warn!("{event} cannot be listened to");
    }
    // The page's end is the listener's end.
    listener.forget();
}

/// Whether the finger is the pointer here: then Enter breaks the line instead of sending.
pub fn is_touch() -> bool {
    matches_media("(pointer: coarse)")
}

/// Calls `act` whenever the element's size changes, for as long as the page lives.
pub fn on_resize(element: &web_sys::Element, act: impl FnMut() + 'static) {
    let observer: Closure<dyn FnMut()> = Closure::new(act);
    match web_sys::ResizeObserver::new(observer.as_ref().unchecked_ref()) {
        Ok(watch) => watch.observe(element),
        Err(error) => leptos::logging::warn!("sizes cannot be watched: {error:?}"),
    }
    observer.forget();
}

/// Puts the focus here, where the browser lets us.
pub fn focus(element: &HtmlElement) {
    if element.focus().is_err() {
        leptos::logging::warn!("an element could not be focused");
    }
}

/// Puts the focus on the element with this id, once everything that changes now is drawn: what is still
/// hidden cannot hold it.
pub fn focus_drawn(id: &'static str) {
    request_animation_frame(move || focus(&element(id)));
}

/// Whether somebody has put the focus somewhere.
pub fn has_focus() -> bool {
    document().active_element().is_some_and(|element| element.tag_name() != "BODY")
}

/// Whether the device prefers dark pages.
pub fn prefers_dark() -> bool {
    matches_media("(prefers-color-scheme: dark)")
}

fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}
