//! The window onto the conversation. It stays at the newest message while the reader is there, and
//! does not move while the reader is elsewhere: then a button says how much is new below. Only a
//! stretch of the conversation is in the document, and moves along with the reader; what is outside
//! it costs nothing, however much there is.

use chat_ui::{
    bind::{Condition, act, attr, flag, follow, press, text},
    browser::{self, clock, selection},
    dates, icon,
};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::timeline::{DRAWN_MAX, TimelineList, reaches_end};
use crate::{chat::Chat, state::Room, words::messages};

/// How near the end counts as being there, in CSS pixels: half a line of text.
const NEAR_END: i32 = 24;
/// How many entries the stretch moves by: few enough to be drawn within a frame.
const STEP: usize = 25;

#[component]
pub(crate) fn Scroller(
    chat: Chat,
    /// Set to share the room: an empty one invites to.
    sharing: RwSignal<bool>,
    /// Whether there is a conversation to see.
    entered: impl Condition,
) -> impl IntoView {
    let at_end = RwSignal::new(true);
    // Key of the earliest entry drawn.
    let first = RwSignal::new(0_u64);
    // How many messages had been heard when the reader was last at the end.
    let seen = RwSignal::new(0_u64);
    let unseen = move || if at_end.get() { 0 } else { chat.heard().saturating_sub(seen.get()) };
    // How far down the window was when last looked at.
    let last_top = RwSignal::new(0_u64);
    // How high it was then: one that has grown since may have had to go up, which is not the reader's
    // doing either.
    let last_height = RwSignal::new(0_u64);
    let is_moving = RwSignal::new(false);
    // All that is kept is drawn, for paper.
    let whole = RwSignal::new(false);

    let to_end = move || {
        at_end.set(true);
        if !untrack(|| reaches_end(chat, first.get())) {
            first.set(untrack(|| chat.with_timeline(|room| room.timeline.key_of_newest(DRAWN_MAX - STEP))));
            // Everything moves up for what is gone above. That is not the reader's doing.
            last_top.set(0);
        }
        // Once a frame, however much comes; and there are no frames while nobody looks.
        if !is_moving.get_untracked() {
            is_moving.set(true);
            request_animation_frame(move || {
                is_moving.set(false);
                if at_end.get_untracked() {
                    move_to(node().scroll_height(), last_top);
                    last_height.set(pixels(node().client_height()));
                }
            });
        }
    };
    let print = move || {
        let now = clock::now_ms();
        let when = messages::printed(&dates::full(now, clock::utc_offset_minutes(now)));
        if node().set_attribute("data-printed", &when).is_err() {
            leptos::logging::warn!("no date on paper");
        }
        whole.set(true);
    };
    follow(move || {
        browser::listen(&window(), "beforeprint", print);
        browser::listen(&window(), "afterprint", move || whole.set(false));
        // Before another row can come in between.
        browser::listen(&document(), "mouseup", || _ = has_mark());
    });
    // Only a reader who goes up leaves the end. That it moved away below, because something came or
    // the window shrank, says nothing about the reader.
    let on_scroll = press(move || {
        let node = node();
        let (top, height) = (node.scroll_top(), node.client_height());
        let below = node.scroll_height() - top - height;
        let went_up = pixels(top) < last_top.get_untracked() && pixels(height) == last_height.get_untracked();
        last_top.set(pixels(top));
        let reaches_end = untrack(|| reaches_end(chat, first.get()));

        // What has come since and is not drawn yet says nothing about the reader, either.
        let is_at_end = match went_up {
            true => reaches_end && below <= 1,
            false => at_end.get_untracked() || reaches_end && below < NEAR_END,
        };
        if is_at_end != at_end.get_untracked() {
            seen.set(untrack(|| chat.heard()));
            at_end.set(is_at_end);
        }
        if is_at_end && !reaches_end {
            to_end();
        // A screen before the reader comes to where the stretch begins or ends.
        } else if (went_up && top < height) || (!went_up && below < height && !reaches_end) {
            shift(chat, went_up, first, last_top);
        }
    });
    // Keeps the end in view as entries come, and the stretch at the end; but not from under somebody who
    // is marking words to copy.
    let mut heard_before = 0;
    follow(move || {
        let heard = chat.heard();
        if at_end.get_untracked() {
            if has_mark() {
                seen.set(heard_before);
                at_end.set(false);
            } else {
                to_end();
            }
        }
        heard_before = heard;
    });
    let return_to_end = move || {
        selection::clear();
        to_end();
    };
    // The ends of the conversation, and not of the stretch that is drawn.
    let on_key = act(move |event: KeyboardEvent| {
        match event.key().as_str() {
            "End" => return_to_end(),
            // Where all is in view, both ends are.
            "Home" if node().scroll_height() > node().client_height() => {
                seen.set(untrack(|| chat.heard()));
                at_end.set(false);
                first.set(0);
                request_animation_frame(|| node().set_scroll_top(0));
            }
            _ => return,
        }
        event.prevent_default();
    });
    // What one says oneself is always worth seeing.
    let mut before = 0;
    follow(move || {
        let pending = chat.pending().len();
        if pending > before {
            to_end();
        }
        before = pending;
    });
    follow(move || {
        // The window, a keyboard, the composer, the notice: whatever takes height; and a font that comes
        // after the rows it is for.
        for sized in ["scroller", "timeline"] {
            browser::on_resize(&browser::element(sized), move || {
                if at_end.get_untracked() {
                    to_end();
                } else {
                    last_height.set(pixels(node().client_height()));
                }
            });
        }
    });

    view! {
    <div class="scroller" id="scroller" data-end=attr(move || at_end.get().then_some("")) hidden=flag(move || !entered()) onscroll=on_scroll onkeydown=on_key tabindex="0" aria-label=messages::LOG role="log" aria-live="off">
        <TimelineList chat first whole sharing />
        </div>
        <button
            type="button"
            class="button small newer"
            hidden=flag(move || at_end.get() || !entered())
            onclick=press(return_to_end)
        >
            {icon::view(icon::DOWN)}
            <span>
                {text(move || match unseen() {
                    0 => messages::TO_NEWEST.to_owned(),
                    unseen => messages::unread(unseen),
                })}
            </span>
        </button>
    }
}

fn node() -> Element {
    browser::element("scroller")
}

/// Whether something in the conversation is marked.
fn has_mark() -> bool {
    selection::begins_in(&browser::element("timeline"))
}

/// A place in the window as a number; some browsers let it be negative while it bounces.
fn pixels(top: i32) -> u64 {
    top.max(0) as u64
}

/// Moves the window, and knows that it was not the reader.
fn move_to(top: i32, last_top: RwSignal<u64>) {
    node().set_scroll_top(top);
    last_top.set(pixels(node().scroll_top()));
}

/// Moves the stretch up or down the conversation, and keeps what the reader looks at where it is:
/// the row at the edge stays drawn, and is put back to where it was.
fn shift(chat: Chat, up: bool, first: RwSignal<u64>, last_top: RwSignal<u64>) {
    let from = first.get_untracked();
    let to = untrack(|| {
        chat.with_timeline(|Room { timeline, .. }| match up {
            true => timeline.key_before(from, STEP),
            false => timeline.key_after(from, STEP).min(timeline.key_of_newest(DRAWN_MAX)),
        })
    });
    let list: Element = browser::element("timeline");
    let edge = if up { list.first_element_child() } else { list.last_element_child() };
    let Some(edge) = edge.filter(|_| to != from) else { return };
    let edge: HtmlElement = edge.unchecked_into();
    let above = edge.offset_top() - node().scroll_top();
    first.set(to);
    request_animation_frame(move || move_to(edge.offset_top() - above, last_top));
}
