//! What a screen reader says by itself: new messages of others, and that one of one's own was not taken.
//! A live region of its own, because the list of messages is drawn anew by a reload and by scrolling,
//! and says one's own twice: first on its way, then arrived. The list can be read, and is silent.

use chat_ui::{
    bind::follow,
    browser::element,
    dom::{append, draw, name},
};
use leptos::prelude::*;
use web_sys::Element;

use crate::{
    chat::Chat,
    state::{Announcement, Announcer as Announced, EntryKind, Room},
    words::{errors, messages},
};

/// How many announcements stay in the document, for a screen reader that is slow to look; and for how
/// many seconds, because whoever reads the page line by line meets them again.
const KEPT: u32 = 3;
const KEPT_SECONDS: u32 = 10;
/// How far back the newest messages of others are looked for.
const LOOK_BACK: usize = 64;

#[component]
pub(crate) fn Announcer(chat: Chat) -> impl IntoView {
    let mut announced = Announced::default();
    let mut failed = 0;
    let mut silent_seconds = 0;
    follow(move || {
        chat.now_ms();
        let region: Element = element("announcer");
        let lines = untrack(|| {
            let heard = announced.second(chat.heard());
            chat.with_timeline(|room| {
                let mut lines = match heard {
                    Announcement::Nothing => Vec::new(),
                    Announcement::Messages(count) => said(room, count),
                    Announcement::Count(count) => vec![draw("p").text(&messages::unread(count))],
                };
                if room.outbox.refusals() != failed {
                    failed = room.outbox.refusals();
                    let why = room.outbox.all().iter().rev().find_map(|pending| pending.refused);
                    let line = why.map(|why| errors::error(why, None));
                    lines
                        .extend(line.map(|line| draw("p").text(messages::FAILED).text(": ").sentence(&line)));
                }
                lines
            })
        });
        if !lines.is_empty() {
            silent_seconds = 0;
            append(&region, &draw("div").children(lines).0);
        } else {
            silent_seconds += 1;
        }
        let first = region.first_element_child();
        if let Some(oldest) =
            first.filter(|_| region.child_element_count() > KEPT || silent_seconds > KEPT_SECONDS)
        {
            oldest.remove();
        }
    });
    view! { <div id="announcer" class="unseen" aria-live="polite"></div> }
}

/// The newest `count` messages of others, oldest first, each with its author.
fn said(room: &Room, count: usize) -> Vec<chat_ui::dom::Drawn> {
    let said = room.timeline.newest(LOOK_BACK).filter_map(|entry| match &entry.kind {
        EntryKind::Said { said, mine: false, .. } => Some(said),
        _ => None,
    });
    let said: Vec<_> = said.collect();
    let newest = said.iter().skip(said.len().saturating_sub(count));
    newest.map(|said| draw("p").child(name(said.name.as_str())).text(": ").text(said.text.as_str())).collect()
}
