//! The strip under the bar that appears when the connection is lost: what happened, when it will
//! be tried again, and a way not to wait.

use leptos::prelude::*;

use crate::{chat::Chat, fa::words::connection, socket::Link};

/// The strip; nothing while all is well.
#[component]
pub(crate) fn Notice(chat: Chat) -> impl IntoView {
    let lost = Memo::new(move |_| match chat.watch_link() {
        Link::Waiting { offline, code, .. } => {
            Some((if offline { connection::OFFLINE } else { connection::closed(code) }, false))
        }
        Link::Closed(code) => Some((connection::closed(code), true)),
        _ => None,
    });
    let countdown = move || match chat.watch_link() {
        Link::Waiting { until_ms, .. } => connection::retry_in(until_ms.saturating_sub(chat.now_ms())),
        _ => String::new(),
    };
    view! {
        <Show when=move || lost.with(Option::is_some)>
            <div class="notice" class:over=move || lost.with(|lost| lost.as_ref().is_some_and(|(_, over)| *over))>
                <span role="alert">{move || lost.get().map(|(why, _)| why)}</span>
                <span class="countdown" aria-hidden="true">{countdown}</span>
                <button type="button" class="link-button" on:click=move |_| chat.reconnect_now()>
                    {move || match chat.watch_link() {
                        Link::Closed(_) => connection::RECONNECT,
                        _ => connection::NOW,
                    }}
                </button>
            </div>
        </Show>
    }
}
