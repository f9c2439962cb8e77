//! What is dropped on the page, or pasted. Left alone, a browser shows a dropped file, or goes to a
//! dropped link, in the place of the page. Here only text can be dropped, and only where one writes.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, DataTransfer, DragEvent, Element, Event};

use super::listen_to;

/// Keeps the page, whatever is dropped on it, and calls `act` when that was a file, for as long as the
/// page lives.
pub fn refuse_files(mut act: impl FnMut() + 'static) {
    // Also of what is only dragged over it: what is not refused here is never dropped on the page.
    listen_to(&document(), "dragover", |event| {
        refuse(event);
    });
    listen_to(&document(), "drop", move |event| {
        if refuse(event) {
            act();
        }
    });
}

/// Lets text be dropped where one writes, and nothing else anywhere. True for a file.
fn refuse(event: Event) -> bool {
    let dragged: DragEvent = event.unchecked_into();
    let is_file = dragged.data_transfer().is_some_and(|data| has(&data, "Files"));
    let target = dragged.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_field = target.is_some_and(|target| target.matches(":read-write").unwrap_or_default());
    if is_file || !is_field {
        dragged.prevent_default();
    }
    is_file
}

/// Calls `act` when nothing of what is pasted into this field can be written there: a picture, a file.
pub fn refuse_pictures(field: &Element, mut act: impl FnMut() + 'static) {
    listen_to(field, "paste", move |event| {
        if is_only_files(&event.unchecked_into()) {
            act();
        }
    });
}

fn is_only_files(pasted: &ClipboardEvent) -> bool {
    pasted.clipboard_data().is_some_and(|data| has(&data, "Files") && !has(&data, "text/plain"))
}

fn has(data: &DataTransfer, kind: &str) -> bool {
    data.types().includes(&kind.into(), 0)
}
