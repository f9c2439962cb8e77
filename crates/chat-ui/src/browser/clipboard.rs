//! Copying, also where there is no clipboard: plain HTTP on a LAN is no secure context, and
//! `navigator.clipboard` does not exist there. The old way - select, then `copy` - works in both.

use leptos::prelude::document;
use wasm_bindgen::JsCast;

/// Selects the text of this field and copies it. False when the browser refuses; the text is then
/// still selected, ready for the reader's own copy command.
pub fn copy_field(field: &web_sys::HtmlInputElement) -> bool {
    field.select();
    let Some(document) = document().dyn_into::<web_sys::HtmlDocument>().ok() else { return false };
    document.exec_command("copy").unwrap_or(false)
}
