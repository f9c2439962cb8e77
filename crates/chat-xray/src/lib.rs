//! The second client: whatever shows the wire. The room page loads it only when somebody turns the
//! X-ray on, because most people come to talk; pages that are nothing but a view of the wire load it
//! alone. Each function here fills one kind of place in a document. It reads recordings and
//! explains them; it never touches the room's own connection.

// A view's type is the tree of its elements, and the compiler walks it to the leaves.
#![recursion_limit = "512"]

#[cfg(feature = "browser")]
pub mod beside;
pub mod panel;
pub mod stage;
pub mod ways;
pub mod workbench;

#[cfg(feature = "browser")]
pub mod places {
    //! What fills each kind of place: the functions that the script calls by the places' names.

    use leptos::{logging, prelude::document};
    use wasm_bindgen::prelude::wasm_bindgen;
    use web_sys::HtmlElement;

    use crate::{
        beside,
        panel::{Panel, PanelProps},
        ways::{Ways, WaysProps},
        workbench::Workbench,
    };

    /// The X-ray beside a room, of the connections whose recordings its button names.
    #[wasm_bindgen]
    pub fn beside(button: HtmlElement) {
        let place = beside::open(button.clone());
        fill(place, move || Panel(PanelProps { source: button }));
    }

    /// Five ways into the room that the document names.
    #[wasm_bindgen]
    pub fn ways(place: HtmlElement) {
        let room = document()
            .get_element_by_id(chat_client::page::ROOT)
            .and_then(|root| root.get_attribute("data-room"));
        match room.map(|room| room.parse()) {
            Some(Ok(room)) => fill(place, move || Ways(WaysProps { room })),
            _ => logging::warn!("the document names no room"),
        }
    }

    /// A handshake and frames written by hand.
    #[wasm_bindgen]
    pub fn workbench(place: HtmlElement) {
        fill(place, Workbench);
    }

    /// The X-ray of the recordings that the document itself holds.
    #[wasm_bindgen]
    pub fn panel(place: HtmlElement) {
        fill(place.clone(), move || Panel(PanelProps { source: place }));
    }

    fn fill<V: leptos::prelude::IntoView + 'static>(place: HtmlElement, draw: impl FnOnce() -> V + 'static) {
        place.set_text_content(None);
        leptos::mount::mount_to(place, draw).forget();
    }
}
