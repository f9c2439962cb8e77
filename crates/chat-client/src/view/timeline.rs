//! The conversation itself: a stretch of the log of entries, and below the newest one's own messages
//! under way. Leptos draws the empty list; its rows are drawn by [`super::rows`].

use std::sync::Arc;

use chat_protocol::{Name, SayId};
use leptos::prelude::*;

use super::{
    bind::{flag, follow, press},
    dom::{Drawn, draw},
    icon, message,
    rows::Rows,
};
use crate::{
    browser::{clock, element},
    chat::Chat,
    fa::{
        Sentence, dates,
        words::{self, messages, people, share},
    },
    socket::Link,
    state::{Entry, EntryKind, Pending, timeline::Comings},
};

/// How many entries are drawn at most: several screens of any size.
pub(super) const DRAWN_MAX: usize = 200;

/// The log, from the entry with key `first` on.
#[component]
pub(crate) fn TimelineList(chat: Chat, first: RwSignal<u64>, sharing: RwSignal<bool>) -> impl IntoView {
    let mut rows = Rows::default();
    follow(move || {
        let first = first.get();
        let entries: Vec<Arc<Entry>> =
            chat.with_timeline(|room| room.timeline.stretch(first, DRAWN_MAX).cloned().collect());
        let mut pending = chat.pending();
        if !reaches_end(chat, first) {
            pending.clear();
        }
        let keys: Vec<u64> =
            entries.iter().map(|entry| entry_key(entry)).chain(pending.iter().map(pending_key)).collect();
        rows.follow(&element("timeline"), &keys, &mut |at| match entries.get(at) {
            Some(entry) => draw_entry(chat, entry),
            None => message::pending(chat, &pending[at - entries.len()]),
        });
    });

    let is_silent =
        move || chat.with_timeline(|room| !room.timeline.has_messages()) && chat.pending().is_empty();
    let entered = move || chat.me().is_some();
    // From the first attempt on, the bar and the notice say how it goes.
    let begun = move || chat.watch_link() != Link::Idle;
    view! {
        <div class="empty" hidden=flag(move || !is_silent())>
            {icon::view(icon::TALK)}
            <p class="loading" hidden=flag(begun)>{words::LOADING}</p>
            <div class="invitation" hidden=flag(move || !entered())>
                <strong>{messages::EMPTY}</strong>
                <p>{messages::EMPTY_HINT}</p>
                <button type="button" class="button quiet small" on:click=press(move || sharing.set(true))>
                    {share::SHARE}
                </button>
            </div>
        </div>
        <ol id="timeline" class="timeline"></ol>
    }
}

/// Whether what is drawn from the entry with key `first` on includes the newest.
pub(super) fn reaches_end(chat: Chat, first: u64) -> bool {
    chat.with_timeline(|room| room.timeline.len_since(first) <= DRAWN_MAX)
}

/// Entries and pending messages share one list; the lowest bit tells them apart.
fn entry_key(entry: &Entry) -> u64 {
    (entry.key << 24 | u64::from(entry.version & 0x00FF_FFFF)) << 1
}

fn pending_key(pending: &Pending) -> u64 {
    (hash(&pending.id) << 1 | u64::from(pending.refused.is_some())) << 1 | 1
}

/// 64-bit FNV-1a: two of a person's hundred pending messages will not share one.
fn hash(id: &SayId) -> u64 {
    id.as_str()
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

fn draw_entry(chat: Chat, entry: &Entry) -> Drawn {
    match &entry.kind {
        EntryKind::Day(at) => {
            let day = dates::day(*at, clock::utc_offset_minutes(), clock::now_ms());
            draw("li").class("divider").text(&day)
        }
        EntryKind::Said { said, mine, continues } => {
            message::said(said, chat.hue(&said.from), *mine, *continues)
        }
        EntryKind::Comings(comings) => draw("li").class("comings").children(told(comings)),
        EntryKind::Gap => draw("li").class("gap").text(messages::GAP),
    }
}

/// «سارا و علی آمدند · رضا رفت»
fn told(comings: &Comings) -> impl Iterator<Item = Drawn> {
    let names = |names: &[Name]| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    let renamed = comings.renamed.iter().map(|(from, to)| people::renamed(from.as_str(), to.as_str()));
    [people::joined(&names(&comings.joined)), people::left(&names(&comings.left))]
        .into_iter()
        .chain(renamed)
        .filter(|told| *told != Sentence::default())
        .map(|told| draw("span").sentence(&told))
}
