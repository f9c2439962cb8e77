//! Where one writes. Enter says it and Shift+Enter breaks the line; on a touch screen, which has no
//! Shift, Enter breaks the line and the button says it. Enter that confirms an input method's
//! choice does neither. What is half written survives a reload.

use chat_protocol::{ClientId, ErrorCode, Text, limits::TEXT_MAX_CHARS};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html::Textarea,
    prelude::*,
};

use super::{icon, names::sentence};
use crate::{
    browser::{self, storage::Keep},
    chat::Chat,
    fa::words::{messages, people},
    prose,
};

/// How many characters before the end a count of them appears.
const COUNT_FROM: usize = 200;
/// `keyCode` of a key press that an input method consumed (UI Events §"Legacy key codes").
const CONSUMED_BY_INPUT_METHOD: u32 = 229;

/// The composer.
#[component]
pub(crate) fn Composer(chat: Chat) -> impl IntoView {
    let node = NodeRef::<Textarea>::new();
    let written = RwSignal::new(String::new());
    let direction = Memo::new(move |_| written.with(|written| prose::base_direction(written).as_str()));
    let draft_key = format!("otagh:draft:{}", chat.room_id().as_str());
    let draft_key = StoredValue::new(draft_key);

    // What the field holds is what counts; everything else follows.
    let follow = move |field: &web_sys::HtmlTextAreaElement| {
        let value = field.value();
        draft_key.with_value(|key| Keep::Session.set(key, &value));
        written.set(value);
        grow(field);
    };
    Effect::new(move || {
        let Some(field) = node.get() else { return };
        if field.value().is_empty()
            && let Some(draft) = draft_key.with_value(|key| Keep::Session.get(key))
        {
            field.set_value(&draft);
        }
        follow(&field);
        if !browser::is_touch() && field.focus().is_err() {
            leptos::logging::warn!("the composer could not be focused");
        }
    });
    let say = move || {
        let Some(field) = node.get() else { return };
        let Ok(text) = Text::parse(&field.value()) else { return };
        if chat.say(text) {
            field.set_value("");
            follow(&field);
        }
        if field.focus().is_err() {
            leptos::logging::warn!("the composer could not be focused");
        }
    };
    let on_input = move |_| {
        if let Some(field) = node.get() {
            follow(&field);
            if !field.value().is_empty() {
                chat.typing();
            }
        }
    };
    let on_key = move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == CONSUMED_BY_INPUT_METHOD;
        if event.key() == "Enter" && !event.shift_key() && !composing && !browser::is_touch() {
            event.prevent_default();
            say();
        }
    };
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        say();
    };
    let problem =
        Memo::new(move |_| written.with(|written| Text::parse(written).err().map(|invalid| invalid.code)));
    let count = move || {
        let length = written.with(|written| written.chars().count());
        (length + COUNT_FROM > TEXT_MAX_CHARS).then(|| messages::characters_left(length, TEXT_MAX_CHARS))
    };

    view! {
        <form class="composer" on:submit=on_submit>
            <div class="under">
                <span class="who-types"><TypingLine chat /></span>
                <span class:too-long=move || problem.get() == Some(ErrorCode::TextTooLong)>{count}</span>
            </div>
            <div class="box">
                <textarea
                    rows="1"
                    dir=move || direction.get()
                    aria-label=messages::COMPOSER
                    title=messages::KEYS_HINT
                    placeholder=messages::PLACEHOLDER
                    enterkeyhint="enter"
                    autocomplete="off"
                    node_ref=node
                    on:input=on_input
                    on:keydown=on_key
                ></textarea>
                <button
                    class="icon-button send"
                    aria-label=messages::SEND
                    title=messages::SEND
                    disabled=move || problem.get().is_some()
                >
                    {icon::send()}
                </button>
            </div>
        </form>
    }
}

/// «سارا می‌نویسد…»
#[component]
fn TypingLine(chat: Chat) -> impl IntoView {
    move || {
        chat.with_typing(|room| {
            let name = |id: &ClientId| room.roster.get(id).map(|member| member.name.as_str().to_owned());
            let names: Vec<String> = room.typing.who().filter_map(name).collect();
            sentence(people::typing(&names))
        })
    }
}

/// As tall as its text, within what the style allows.
fn grow(field: &web_sys::HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    let height = |value: &str| {
        if style.set_property("block-size", value).is_err() {
            leptos::logging::warn!("the composer could not grow");
        }
    };
    height("auto");
    height(&format!("{}px", field.scroll_height()));
}
