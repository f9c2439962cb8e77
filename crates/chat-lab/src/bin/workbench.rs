//! Fills the page of the workbench. A module of its own, so that nobody downloads
//! what another page shows; `assets/lab.js` calls [`show`].

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::HtmlElement;

/// Fills this place, for as long as the document lives.
#[wasm_bindgen]
pub fn show(place: HtmlElement) {
    chat_lab::workbench::show(place);
}

fn main() {}
