//! The part of the page that is really visible. A phone's keyboard covers the rest, and not every
//! browser shrinks the page for it.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;

/// Keeps the style's `--visible-height` at the height above the keyboard.
pub fn follow() {
    let Some(viewport) = window().visual_viewport() else { return };
    let update = {
        let viewport = viewport.clone();
        move || {
            // Zoomed in, the visible part is a detail of the page, not the page.
            if (viewport.scale() - 1.0).abs() > 0.01 {
                return;
            }
            let root = document().document_element();
            let Some(root) = root.and_then(|root| root.dyn_into::<web_sys::HtmlElement>().ok()) else {
                return;
            };
            let height = format!("{}px", viewport.height() as i32);
            if root.style().set_property("--visible-height", &height).is_err() {
                leptos::logging::warn!("the page could not follow the keyboard");
            }
        }
    };
    update();
    super::listen(&viewport, "resize", update);
}
