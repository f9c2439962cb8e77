//! The door: asks for a name where the conversation will be, for whoever came by a link, and
//! again when a name was not accepted.

use chat_protocol::Name;
use leptos::prelude::*;

use web_sys::HtmlInputElement;

use super::{
    bind::{Condition, flag, follow, submit},
    field::labelled,
};
use crate::{
    browser::{element, focus, profile},
    chat::Chat,
    fa::words::{errors, home},
};

/// The form. Calls `enter` with a valid name.
#[component]
pub(crate) fn Entrance(
    chat: Chat,
    /// Whether a name is asked for.
    asked: impl Condition,
    enter: impl Fn(Name) + Copy + 'static,
) -> impl IntoView {
    let problem = RwSignal::new(String::new());

    follow(move || {
        let field = field();
        if field.value().is_empty() {
            field.set_value(&profile::name_before());
        }
        if asked()
            && let Some(refused) = chat.refused()
        {
            let free = refused.suggestion.as_ref().map(Name::as_str);
            problem.set(errors::error_until(refused.code, free, refused.free_in).plain());
            if let Some(free) = refused.suggestion {
                field.set_value(free.as_str());
            }
        }
        if asked() {
            focus(&field);
            field.select();
        }
    });
    let send = move || match Name::parse(&field().value()) {
        Ok(name) => enter(name),
        Err(invalid) => problem.set(errors::error(invalid.code, None).plain()),
    };
    view! {
        <div class="entrance" hidden=flag(move || !asked())>
            <form novalidate on:submit=submit(send)>
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
