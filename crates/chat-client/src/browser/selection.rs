//! What the reader has marked on the page. Asked for by name: `web_sys::Selection` is no part of what Leptos
//! has compiled anyway.

use js_sys::{Function, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

/// Whether something is marked that begins in this element.
pub fn begins_in(element: &Element) -> bool {
    let selection = selection();
    let begins = Reflect::get(&selection, &"anchorNode".into()).ok();
    let begins = begins.and_then(|node| node.dyn_into::<Node>().ok());
    let is_empty = Reflect::get(&selection, &"isCollapsed".into());
    begins.is_some() && element.contains(begins.as_ref()) && is_empty.is_ok_and(|empty| empty.is_falsy())
}

/// Nothing is marked any more.
pub fn clear() {
    call(&selection(), "removeAllRanges");
}

fn selection() -> JsValue {
    call(&window(), "getSelection")
}

/// What this method gives; undefined where there is none.
fn call(on: &JsValue, method: &str) -> JsValue {
    let method = Reflect::get(on, &method.into()).and_then(|method| method.dyn_into::<Function>());
    method.and_then(|method| method.call0(on)).unwrap_or_default()
}
