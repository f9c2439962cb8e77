//! What the device says about its network.

use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::JsCast;
use web_sys::EventTarget;

/// False only when the device is sure it has none.
pub fn is_online() -> bool {
    window().navigator().on_line()
}

/// What hears a `change` when the device goes from one network to another (Network Information API),
/// where a browser has it: on phones, mostly. There it is the only sign of a change from Wi-Fi to mobile.
pub fn changes() -> Option<EventTarget> {
    Reflect::get(&window().navigator(), &"connection".into()).ok()?.dyn_into().ok()
}
