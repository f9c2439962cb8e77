//! What the reader has marked on the page.

use leptos::prelude::window;
use web_sys::{Element, Selection};

/// Whether something is marked that begins in this element.
pub fn begins_in(element: &Element) -> bool {
    marked().is_some_and(|marked| !marked.is_collapsed() && element.contains(marked.anchor_node().as_ref()))
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
