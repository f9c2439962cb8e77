//! Paper, on which nothing can be pressed, and which is no screen.

use leptos::prelude::*;

/// Whether the page goes onto paper.
pub(crate) fn printed() -> RwSignal<bool> {
    let is_printed = RwSignal::new(false);
    for (what, is) in [("beforeprint", true), ("afterprint", false)] {
        let on = window_event_listener_untyped(what, move |_| is_printed.set(is));
        on_cleanup(move || on.remove());
    }
    is_printed
}
