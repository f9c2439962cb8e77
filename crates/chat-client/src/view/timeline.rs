//! The conversation itself: a log of entries, and below it one's own messages under way.

use chat_protocol::Name;
use leptos::prelude::*;

use super::{
    icon,
    message::{pending_message, said_message},
    names::sentence,
};
use crate::{
    browser::clock,
    chat::Chat,
    fa::{
        Sentence, dates,
        words::{self, messages, people, share},
    },
    state::{Entry, EntryKind, timeline::Comings},
};

/// The log, from the entry with key `first` on.
#[component]
pub(crate) fn TimelineList(chat: Chat, first: RwSignal<u64>, sharing: RwSignal<bool>) -> impl IntoView {
    let entries = move || {
        let first = first.get();
        chat.with_timeline(|room| room.timeline.since(first).cloned().collect::<Vec<_>>())
    };
    let is_silent = Memo::new(move |_| {
        chat.with_timeline(|room| !room.timeline.has_messages()) && chat.pending().is_empty()
    });
    view! {
        <ol class="timeline" role="log" aria-label=messages::LOG aria-relevant="additions" tabindex="-1">
            <Show when=move || is_silent.get()>
                <li class="empty">
                    {icon::talk()}
                    {move || if chat.me().is_some() {
                        view! {
                            <strong>{messages::EMPTY}</strong>
                            <span>{messages::EMPTY_HINT}</span>
                            <button type="button" class="button quiet small" on:click=move |_| sharing.set(true)>
                                {share::SHARE}
                            </button>
                        }
                            .into_any()
                    } else {
                        view! { <strong>{words::LOADING}</strong> }.into_any()
                    }}
                </li>
            </Show>
            <For each=entries key=|entry| (entry.key, entry.version) let:entry>
                {entry_view(&entry)}
            </For>
            <For each=move || chat.pending() key=|pending| (pending.id.clone(), pending.refused.is_some()) let:pending>
                {pending_message(chat, pending)}
            </For>
        </ol>
    }
}

fn entry_view(entry: &Entry) -> AnyView {
    let offset = clock::utc_offset_minutes();
    match &entry.kind {
        EntryKind::Day(at) => {
            let day = dates::day(*at, offset, clock::now_ms());
            view! { <li class="divider">{day}</li> }.into_any()
        }
        EntryKind::Said { said, mine, continues } => said_message(said, *mine, *continues).into_any(),
        EntryKind::Comings(comings) => {
            view! { <li class="comings">{comings_in_words(comings)}</li> }.into_any()
        }
        EntryKind::Gap => view! { <li class="gap">{messages::GAP}</li> }.into_any(),
    }
}

/// «سارا و علی آمدند · رضا رفت»
fn comings_in_words(comings: &Comings) -> impl IntoView + use<> {
    let names = |names: &[Name]| names.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    let renamed = comings.renamed.iter().map(|(from, to)| people::renamed(from.as_str(), to.as_str()));
    [people::joined(&names(&comings.joined)), people::left(&names(&comings.left))]
        .into_iter()
        .chain(renamed)
        .filter(|told| *told != Sentence::default())
        .map(|told| view! { <span>{sentence(told)}</span> })
        .collect_view()
}
