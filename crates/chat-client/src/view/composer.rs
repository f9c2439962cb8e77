//! Where one writes. Enter says it and Shift+Enter breaks the line; on a touch screen, which has no
//! Shift, Enter breaks the line and the button says it, or Ctrl+Enter of a keyboard beside it. Enter that
//! confirms an input method's choice does neither. What is half written survives a reload, and the
//! browser asks before it is lost with the tab: `assets/later.js` sees to that, and says `NO_FILES`.

use chat_protocol::{ClientId, ErrorCode, Text, limits::TEXT_MAX_CHARS};
use chat_ui::{
    bind::{Condition, act, attr, flag, follow, press, submit, text},
    browser::{self, storage::Keep},
    dom::{self, draw},
    icon, prose,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTextAreaElement, KeyboardEvent};

use crate::{
    chat::Chat,
    state::{Pending, outbox::WAITING_MAX},
    words::{errors, messages, people},
};

/// How many characters before the end a count of them appears.
const COUNT_FROM: usize = 200;
/// `keyCode` of a key press that an input method consumed (UI Events §"Legacy key codes").
const CONSUMED_BY_INPUT_METHOD: u32 = 229;

#[component]
pub(crate) fn Composer(
    chat: Chat,
    /// Whether there is a conversation to take part in.
    entered: impl Condition,
) -> impl IntoView {
    let written = RwSignal::new(String::new());
    let direction = move || written.with(|written| prose::draft_direction(written).as_str());
    let draft_key = move || format!("otagh:draft:{}", chat.room_id().as_str());

    // What the field holds is what counts; everything else follows.
    let took = move |field: &HtmlTextAreaElement| {
        let value = field.value();
        Keep::Session.set(&draft_key(), &value);
        written.set(value);
        grow(field);
    };
    // What cannot be done with what is written, until something else is.
    let note = RwSignal::new(String::new());
    follow(move || {
        let field = field();
        if field.value().is_empty()
            && let Some(draft) = Keep::Session.get(&draft_key())
        {
            field.set_value(&draft);
        }
        took(&field);
    });
    // Ready to write as soon as one is in, but never with a keyboard that nobody asked for; and only
    // then, or every measured round trip would take the focus from wherever it is.
    let mut was_in = false;
    follow(move || {
        let is_in = entered();
        if is_in && !was_in && !browser::is_touch() {
            browser::focus_drawn("composer");
        }
        was_in = is_in;
    });
    let refused = RwSignal::new(false);
    let say = move || {
        let field = field();
        let text = match Text::parse(&field.value()) {
            Ok(text) => text,
            Err(invalid) if invalid.code == ErrorCode::TextTooLong => {
                return note.set(errors::error(invalid.code, None).plain());
            }
            Err(_) => return,
        };
        let taken = chat.say(text);
        if taken {
            field.set_value("");
            took(&field);
            note.set(String::new());
        }
        refused.set(!taken);
        browser::focus(&field);
    };
    let on_input = press(move || {
        let field = field();
        took(&field);
        note.set(String::new());
        if !field.value().is_empty() {
            chat.typing();
        }
    });
    let on_key = act(move |event: KeyboardEvent| {
        let composing = event.is_composing() || event.key_code() == CONSUMED_BY_INPUT_METHOD;
        let sends = !browser::is_touch() || event.ctrl_key() || event.meta_key();
        if event.key() == "Enter" && !event.shift_key() && !composing && sends {
            event.prevent_default();
            say();
        }
        // What is written never has several pages: the conversation has.
        let pages = match event.key().as_str() {
            "PageUp" => -1.0,
            "PageDown" => 1.0,
            _ => return,
        };
        event.prevent_default();
        turn(pages);
    });
    let is_unsent = move || written.with(|written| !written.trim().is_empty()) || !chat.pending().is_empty();
    let problem = move || written.with(|written| Text::parse(written).err().map(|invalid| invalid.code));
    follow(move || {
        let names: Vec<String> = chat.with_typing(|room| {
            let name = |id: &ClientId| room.roster.get(id).map(|member| member.name.as_str().to_owned());
            room.typing.who().filter_map(name).collect()
        });
        let sentence = draw("span").sentence(&people::typing(&names));
        dom::fill(&browser::element("who-types"), &sentence);
    });
    // Gone by itself as soon as there is place again.
    let queue = move || match chat.pending().len() {
        waiting if waiting >= WAITING_MAX && refused.get() => messages::queue_full(waiting),
        _ => note.get(),
    };
    let count = move || {
        let length = written.with(|written| written.chars().count());
        if length + COUNT_FROM > TEXT_MAX_CHARS {
            messages::characters_left(length, TEXT_MAX_CHARS)
        } else {
            String::new()
        }
    };

    view! {
        <form class="composer" data-unsent=attr(move || is_unsent().then_some("")) hidden=flag(move || !entered()) onsubmit=submit(say)>
            <div class="under">
                <span id="who-types" class="who-types"></span>
                <span data-over="" role="alert">
                    <span>{text(queue)}</span>
                    <span id="no-files" data-words=messages::NO_FILES></span>
                </span>
                <span data-over=attr(move || (problem() == Some(ErrorCode::TextTooLong)).then_some(""))>{text(count)}</span>
            </div>
            <div class="box">
                <textarea
                    id="composer"
                    rows="1"
                    dir=attr(move || Some(direction()))
                    aria-label=messages::COMPOSER
                    title=messages::KEYS_HINT
                    placeholder=messages::PLACEHOLDER
                    enterkeyhint="enter"
                    autocomplete="off"
                    oninput=on_input
                    onkeydown=on_key
                ></textarea>
                <button
                    class="icon-button send"
                    aria-label=messages::SEND
                    title=messages::SEND
                    disabled=flag(move || problem().is_some())
                >
                    {icon::view(icon::SEND)}
                </button>
            </div>
        </form>
    }
}

/// Takes a refused message back to be written otherwise, below what is being written meanwhile.
pub(super) fn take_back(chat: Chat, refused: &Pending) {
    let field = field();
    browser::focus(&field);
    let written = field.value();
    let gap = if written.is_empty() || written.ends_with('\n') { "" } else { "\n" };
    if browser::write_at_end(&field, &[gap, refused.text.as_str()].concat()) {
        chat.discard(&refused.id);
    }
}

/// Turns so many pages of the conversation, less a few lines that stay to go on from.
fn turn(pages: f64) {
    let conversation: Element = browser::element("scroller");
    conversation.scroll_by_with_x_and_y(0.0, pages * 0.875 * f64::from(conversation.client_height()));
}

fn field() -> HtmlTextAreaElement {
    browser::element("composer")
}

/// As tall as its text, within what the style allows. The box around it stands still meanwhile: a box
/// that shrinks and grows again moves the conversation above it.
fn grow(field: &HtmlTextAreaElement) {
    let set = |element: &HtmlElement, height: &str| {
        if element.style().set_property("block-size", height).is_err() {
            leptos::logging::warn!("the composer could not grow");
        }
    };
    let pixels = |height: i32| format!("{height}px");
    let Some(around) = field.parent_element() else { return };
    let around: HtmlElement = around.unchecked_into();
    set(&around, &pixels(around.offset_height()));
    set(field, "auto");
    set(field, &pixels(field.scroll_height()));
    set(&around, "auto");
}
