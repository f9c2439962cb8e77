//! The entries that this page adds to its tab's history, each with a number that says what was open
//! there. The browser keeps the number over a reload, and gives it back to whoever returns to the entry.

use leptos::{logging, prelude::window};

/// The number of the entry where the tab is; 0 for one that the page did not add.
pub fn state() -> u32 {
    let state = window().history().and_then(|history| history.state());
    state.ok().and_then(|state| state.as_f64()).unwrap_or_default() as u32
}

/// Adds an entry with this number after the one where the tab is.
pub fn push(state: u32) {
    let pushed = window().history().and_then(|history| history.push_state(&state.into(), ""));
    if pushed.is_err() {
        // Safari adds a hundred in half a minute, and no more.
        logging::warn!("the history takes no entry");
    }
}

/// Gives the entry where the tab is another number.
pub fn replace(state: u32) {
    let replaced = window().history().and_then(|history| history.replace_state(&state.into(), ""));
    if replaced.is_err() {
        logging::warn!("the history's entry cannot be changed");
    }
}

/// Goes back by so many entries. A `popstate` event follows, later.
pub fn back(entries: u32) {
    let gone = window().history().and_then(|history| history.go_with_delta(-(entries as i32)));
    if gone.is_err() {
        logging::warn!("there is no way back");
    }
}
