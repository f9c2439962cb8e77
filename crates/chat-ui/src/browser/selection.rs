//! What the reader has marked on the page.

use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::{Element, Node, Selection};

/// Whether something is marked that begins in this list. It then ends there too: three clicks on the last
/// line mark it up to whatever follows the list, and with it every row that comes between.
pub fn begins_in(list: &Element) -> bool {
    let marked = marked().filter(|marked| !marked.is_collapsed());
    let Some(range) = marked.and_then(|marked| marked.get_range_at(0).ok()) else { return false };
    let contains = |end: Result<Node, JsValue>| list.contains(end.ok().as_ref());
    let begins = contains(range.start_container());
    if begins
        && !contains(range.end_container())
        && let Some(last) = list.last_element_child()
        && range.set_end_after(&last).is_err()
    {
        leptos::logging::warn!("what is marked may grow");
    }
    begins
}

/// Nothing is marked any more.
pub fn clear() {
    if marked().is_some_and(|marked| marked.remove_all_ranges().is_err()) {
        leptos::logging::warn!("what is marked stays so");
    }
}

fn marked() -> Option<Selection> {
    window().get_selection().ok().flatten()
}
