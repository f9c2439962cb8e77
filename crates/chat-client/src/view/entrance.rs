//! The door: asks for a name where the conversation will be, for whoever came by a link, and
//! again when a name was not accepted.

use chat_protocol::{Name, typed};
use chat_ui::{
    bind::{Condition, flag, follow, submit},
    browser::{element, focus, focus_drawn, is_touch},
};
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::field::labelled;
use crate::{
    chat::Chat,
    profile,
    words::{errors, home},
};

/// The form. Calls `enter` with a valid name.
#[component]
pub(crate) fn Entrance(
    chat: Chat,
    /// Whether a name is asked for.
    asked: impl Condition,
    enter: impl Fn(Name) + Copy + Send + 'static,
) -> impl IntoView {
    let problem = RwSignal::new(String::new());

    follow(move || {
        let field = field();
        if field.value().is_empty() {
            field.set_value(&profile::name_before());
        }
        if !asked() {
            return;
        }
        let refused = chat.refused();
        // Not with a keyboard that nobody asked for; who was refused has just used it.
        if refused.is_some() || !is_touch() {
            field.select();
            focus_drawn("name");
        }
        if let Some(refused) = refused {
            let free = refused.suggestion.as_ref().map(Name::as_str);
            problem.set(errors::error_until(refused.code, free, refused.free_in).plain());
            if let Some(free) = refused.suggestion {
                field.set_value(free.as_str());
            }
        }
    });
    let send = move || match typed::name(&field().value()) {
        Ok(name) => enter(name),
        Err(flaw) => {
            problem.set(errors::name(flaw));
            focus(&field());
        }
    };
    view! {
        <div class="entrance" hidden=flag(move || !asked())>
            <form novalidate onsubmit=submit(send)>
                <h2>{home::WHO}</h2>
                {labelled("name", home::NAME, home::NAME_EXAMPLE, "nickname", problem)}
                <button class="button">{home::ENTER}</button>
            </form>
        </div>
    }
}

fn field() -> HtmlInputElement {
    element("name")
}
