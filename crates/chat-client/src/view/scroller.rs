//! The window onto the conversation. It stays at the newest message while the reader is there, and
//! does not move while the reader is elsewhere: then a button says how much is new below. Only the
//! newest few hundred entries are in the document; scrolling up brings earlier ones back.

use leptos::prelude::*;
use web_sys::Element;

use super::{
    bind::{Condition, flag, follow, press, text},
    icon,
    timeline::TimelineList,
};
use crate::{browser, chat::Chat, fa::words::messages};

/// How near the end counts as being there, in CSS pixels: half a line of text.
const NEAR_END: i32 = 24;
/// How near the beginning brings earlier entries, in CSS pixels: before the reader reaches it.
const NEAR_BEGINNING: i32 = 300;
/// How many entries are drawn at first, and how many more at a time.
const PAGE: usize = 200;
/// How many entries may be drawn, while at the end, before the oldest are taken out of the document.
const DRAWN_MAX: usize = 2 * PAGE;

/// The window.
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

    let to_end = move || {
        at_end.set(true);
        request_animation_frame(|| node().set_scroll_top(node().scroll_height()));
    };
    // Only a reader who goes up leaves the end. That it moved away below, because something came or
    // the window shrank, says nothing about the reader.
    let mut last_top = 0;
    let on_scroll = move |_| {
        let node = node();
        let top = node.scroll_top();
        let went_up = top < std::mem::replace(&mut last_top, top);
        let is_near_end = node.scroll_height() - top - node.client_height() < NEAR_END;
        let is_at_end = is_near_end || (at_end.get_untracked() && !went_up);
        if is_at_end != at_end.get_untracked() {
            seen.set(untrack(|| chat.heard()));
            at_end.set(is_at_end);
        }
        if node.scroll_top() < NEAR_BEGINNING {
            draw_earlier(chat, first, &node);
        }
    };
    // Keeps the end in view as entries come, and the document bounded.
    follow(move || {
        let drawn = chat.with_timeline(|room| room.timeline.len_since(first.get_untracked()));
        if at_end.get_untracked() {
            if drawn > DRAWN_MAX {
                first.set(chat.with_timeline(|room| room.timeline.key_of_newest(PAGE)));
            }
            to_end();
        }
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
        // The window, a keyboard, the composer, the notice: whatever takes height.
        browser::on_resize(&node(), move || {
            if at_end.get_untracked() {
                to_end();
            }
        });
    });

    view! {
        <div class="scroller" id="scroller" hidden=flag(move || !entered()) on:scroll=on_scroll tabindex="0" aria-label=messages::LOG role="log"
            aria-relevant="additions">
            <TimelineList chat first sharing />
        </div>
        <button
            type="button"
            class="button small newer"
            hidden=flag(move || at_end.get() || !entered())
            on:click=press(to_end)
        >
            {icon::view(icon::DOWN)}
            {text(move || match unseen() {
                0 => messages::TO_NEWEST.to_owned(),
                unseen => messages::unread(unseen),
            })}
        </button>
    }
}

fn node() -> Element {
    browser::element("scroller")
}

/// Draws one page more above, and keeps what the reader looks at where it is.
fn draw_earlier(chat: Chat, first: RwSignal<u64>, node: &Element) {
    let earlier =
        untrack(|| chat.with_timeline(|room| room.timeline.key_before(first.get_untracked(), PAGE)));
    if earlier == first.get_untracked() {
        return;
    }
    let below = node.scroll_height() - node.scroll_top();
    first.set(earlier);
    let node = node.clone();
    request_animation_frame(move || node.set_scroll_top(node.scroll_height() - below));
}
