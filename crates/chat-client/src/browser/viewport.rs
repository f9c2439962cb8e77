//! The part of the page that is really visible. A phone's keyboard covers the rest, and not every
//! browser shrinks the page for it.

use leptos::prelude::{document, window};
use wasm_bindgen::{JsCast, prelude::Closure};

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
            let height = format!("{}px", viewport.height());
            if root.style().set_property("--visible-height", &height).is_err() {
                leptos::logging::warn!("the page could not follow the keyboard");
            }
        }
    };
    update();
    let listener = Closure::<dyn FnMut()>::new(update);
    viewport.set_onresize(Some(listener.as_ref().unchecked_ref()));
    // The page's end is the listener's end.
    listener.forget();
}

/// Calls `resized` when the visible height changes, as it does when a keyboard opens.
pub fn on_resize(resized: impl Fn() + 'static) {
    let _forever = leptos::prelude::window_event_listener(leptos::ev::resize, move |_| resized());
}
