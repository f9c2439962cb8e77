//! A page of the second client, as the server draws it: a place that says what belongs there, and
//! a word until it is there. What is shown is not known here.

use leptos::prelude::*;

use crate::fa::words;

/// The place. `what` is the name of a function that `chat-xray` exports; it takes the place over.
#[component]
pub(crate) fn Shown(what: &'static str) -> impl IntoView {
    view! {
        <div class="shown" data-show=what>
            <p>{words::LOADING}</p>
        </div>
    }
}
