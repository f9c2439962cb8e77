//! The strip under the bar that appears when the connection is lost: what happened, when it will
//! be tried again, and a way not to wait.

use leptos::prelude::*;

use super::bind::{attr, flag, press, text};
use crate::{chat::Chat, fa::words::connection, socket::Link};

/// The strip; nothing while all is well.
#[component]
pub(crate) fn Notice(chat: Chat) -> impl IntoView {
    let over = move || matches!(chat.watch_link(), Link::Closed(_));
    let lost = move || over() || matches!(chat.watch_link(), Link::Waiting { .. });
    let why = move || match chat.watch_link() {
        Link::Waiting { .. } if chat.is_full() => connection::ROOM_FULL,
        Link::Waiting { offline: true, .. } => connection::OFFLINE,
        Link::Waiting { code, .. } | Link::Closed(code) => connection::closed(code),
        _ => "",
    };
    let countdown = move || match chat.watch_link() {
        Link::Waiting { until_ms, .. } => connection::retry_in(until_ms.saturating_sub(chat.now_ms())),
        _ => String::new(),
    };
    let again = move || if over() { connection::RECONNECT } else { connection::NOW };
    view! {
        <div class="notice" data-over=attr(move || over().then_some("")) hidden=flag(move || !lost())>
            <span role="alert">{text(move || why().to_owned())}</span>
            <span class="countdown" aria-hidden="true">{text(countdown)}</span>
            <button type="button" class="link-button" on:click=press(move || chat.reconnect_now())>
                {text(move || again().to_owned())}
            </button>
        </div>
    }
}
