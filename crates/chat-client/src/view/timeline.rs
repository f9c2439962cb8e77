//! The conversation itself: a stretch of the log of entries, and below the newest one's own messages
//! under way. Leptos draws the empty list; its rows are drawn by [`chat_ui::rows`].

use std::sync::Arc;

use chat_protocol::SayId;
use chat_ui::{
    bind::{flag, follow, press, text},
    browser::{clock, element},
    dates,
    dom::{Drawn, draw},
    icon,
    rows::Rows,
    sentence::Sentence,
};
use leptos::prelude::*;

use super::message;
use crate::{
    chat::Chat,
    socket::Link,
    state::{Coming, Comings, Entry, EntryKind, Pending, timeline::ENTRIES_MAX},
    words::{self, messages, people, share},
};

/// How many entries are drawn at most: several screens of any size.
pub(super) const DRAWN_MAX: usize = 200;

/// The log, from the entry with key `first` on; or the whole of it, for paper.
#[component]
pub(crate) fn TimelineList(
    chat: Chat,
    first: RwSignal<u64>,
    whole: RwSignal<bool>,
    sharing: RwSignal<bool>,
) -> impl IntoView {
    let mut rows = Rows::default();
    follow(move || {
        // On paper no day is today.
        let (first, most, today) =
            if whole.get() { (0, ENTRIES_MAX, 0) } else { (first.get(), DRAWN_MAX, chat.today()) };
        let entries: Vec<Arc<Entry>> =
            chat.with_timeline(|room| room.timeline.stretch(first, most).cloned().collect());
        let mut pending = chat.pending();
        if most == DRAWN_MAX && !reaches_end(chat, first) {
            pending.clear();
        }
        let keys: Vec<u64> = entries
            .iter()
            .map(|entry| entry_key(entry, today))
            .chain(pending.iter().map(pending_key))
            .collect();
        rows.follow(&element("timeline"), &keys, &mut |at| match entries.get(at) {
            Some(entry) => draw_entry(chat, entry, today),
            None => message::pending(chat, &pending[at - entries.len()]),
        });
    });

    let is_silent =
        move || chat.with_timeline(|room| !room.timeline.has_messages()) && chat.pending().is_empty();
    let entered = move || chat.me().is_some();
    // Whether others talked before, and nobody since.
    let is_late = move || chat.with_timeline(|room| room.timeline.begins_late());
    // From the first attempt on, the bar and the notice say how it goes.
    let begun = move || chat.watch_link() != Link::Idle;
    view! {
        <div class="empty" hidden=flag(move || !is_silent())>
            {icon::view(icon::TALK)}
            <p class="loading" hidden=flag(begun)>{words::LOADING}</p>
            <div class="invitation" hidden=flag(move || !entered())>
                <strong>{text(move || if is_late() { messages::BEGINNING } else { messages::EMPTY }.to_owned())}</strong>
                <p>{text(move || if is_late() { messages::BEGINNING_HINT } else { messages::EMPTY_HINT }.to_owned())}</p>
                <button
                    type="button"
                    class="button quiet small"
                    hidden=flag(is_late)
                    onclick=press(move || sharing.set(true))
                >
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

/// Entries and pending messages share one list; the lowest bit tells them apart. What a day is called
/// depends on today.
fn entry_key(entry: &Entry, today: i64) -> u64 {
    let look = match entry.kind {
        EntryKind::Day(_) => today as u64,
        _ => entry.version.into(),
    };
    (entry.key << 24 | look & 0x00FF_FFFF) << 1
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

fn draw_entry(chat: Chat, entry: &Entry, today: i64) -> Drawn {
    match &entry.kind {
        EntryKind::Day(at) => {
            let day = dates::day_number(*at, clock::utc_offset_minutes(*at));
            draw("li").class("divider").text(&dates::day(day, today))
        }
        EntryKind::Said { said, mine, continues } => {
            message::said(said, chat.hue(&said.from), *mine, *continues)
        }
        EntryKind::Comings(comings) => draw("li").class("comings").children(told(comings)),
        EntryKind::Gap => draw("li").class("gap").text(messages::GAP),
        EntryKind::Beginning => draw("li").class("beginning").text(messages::BEGINNING),
    }
}

/// Most that are told by name, of each kind.
const NAMED_MAX: usize = 3;

/// «سارا و علی آمدند · رضا رفت»
fn told(comings: &Comings) -> Vec<Drawn> {
    let (mut joined, mut left, mut renamed) = (Vec::new(), Vec::new(), Vec::new());
    for Coming { before, now, .. } in &comings.known {
        match (before, now) {
            (None, Some(now)) => joined.push(now.as_str()),
            (Some(before), None) => left.push(before.as_str()),
            (Some(before), Some(now)) => renamed.push((before, now)),
            (None, None) => {}
        }
    }
    let count = |known: &[&str], more: u32| known.len() as u64 + u64::from(more);
    let mut told = vec![
        people::joined(&joined, count(&joined, comings.more_joined)),
        people::left(&left, count(&left, comings.more_left)),
    ];
    told.extend(renamed.iter().take(NAMED_MAX).map(|(from, to)| people::renamed(from.as_str(), to.as_str())));
    if comings.more_renamed > 0 || renamed.len() > NAMED_MAX {
        told.push(Sentence::default().words(people::MORE_RENAMED));
    }
    told.retain(|told| *told != Sentence::default());
    told.iter().map(|told| draw("span").sentence(told)).collect()
}
