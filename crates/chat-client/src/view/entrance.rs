//! The door: asks for a name where the conversation will be, for whoever came by a link, and
//! again when a name was not accepted.

use chat_protocol::Name;
use leptos::{ev::SubmitEvent, html::Input, prelude::*};

use super::names::sentence;
use crate::{
    browser::profile,
    chat::Chat,
    fa::words::{errors, home},
};

/// The form. Calls `enter` with a valid name.
#[component]
pub(crate) fn Entrance(chat: Chat, enter: impl Fn(Name) + Copy + 'static) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let problem = RwSignal::new(None::<String>);

    Effect::new(move || {
        let Some(field) = field.get() else { return };
        if field.value().is_empty() {
            field.set_value(&profile::name_before());
        }
        if let Some(refused) = chat.refused() {
            let free = refused.suggestion.as_ref().map(Name::as_str);
            problem.set(Some(errors::error(refused.code, free).plain()));
            if let Some(free) = refused.suggestion {
                field.set_value(free.as_str());
            }
        }
        if field.focus().is_ok() {
            field.select();
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = field.get() else { return };
        match Name::parse(&field.value()) {
            Ok(name) => enter(name),
            Err(invalid) => problem.set(Some(errors::error(invalid.code, None).plain())),
        }
    };
    view! {
        <div class="entrance">
            <form novalidate on:submit=submit>
                <h2>{sentence(home::who_enters(chat.room_id().as_str()))}</h2>
                <div class="field">
                    <label for="name">{home::NAME}</label>
                    <input
                        id="name"
                        dir="auto"
                        autocomplete="nickname"
                        required
                        maxlength="64"
                        node_ref=field
                        aria-invalid=move || problem.with(Option::is_some).to_string()
                        aria-describedby="name-problem"
                    />
                    <p id="name-problem" class="problem" role="alert">{problem}</p>
                </div>
                <button class="button">{home::ENTER}</button>
            </form>
        </div>
    }
}
