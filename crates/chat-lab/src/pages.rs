//! The lab's own pages as the server draws them: a place that names the module which fills it
//! (`assets/lab.js`), and a word until that is there.

use chat_protocol::RoomId;
use chat_ui::{
    document::{Document, Program},
    words::{APP_NAME, LOADING, WAYS, WORKBENCH},
};
use leptos::prelude::*;

/// Five ways into this room, side by side.
pub fn compare(room: RoomId) -> Document {
    let page = page("compare", WAYS);
    Document { room: Some(room), styles: &["/pkg/compare.css"], ..page }
}

/// A handshake and frames written by hand.
pub fn workbench() -> Document {
    Document { styles: &["/pkg/workbench.css"], ..page("workbench", WORKBENCH) }
}

/// A page that this module fills.
fn page(module: &'static str, title: &str) -> Document {
    let place = view! {
        <div class="shown" data-show=module>
            <p>{LOADING}</p>
        </div>
    };
    Document { program: Program::Lab, ..Document::new(module, format!("{title} · {APP_NAME}"), place) }
}
