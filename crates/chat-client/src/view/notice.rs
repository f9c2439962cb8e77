//! The strip over the conversation that says when something is wrong with the connection: what
//! happened, when it will be tried again, and a way not to wait; and that a network lets no WebSocket
//! through. What it says stays the same as long as the same is wrong, so that it is read aloud once,
//! and it lies above the conversation, which therefore does not move: see `style/room.css`.

use chat_ui::{
    bind::{attr, flag, press, text},
    browser::location,
    icon,
};
use leptos::prelude::*;

use crate::{
    chat::Chat,
    socket::{Link, Way},
    words::{self, connection},
};

/// The strip; nothing while all is well.
#[component]
pub(crate) fn Notice(chat: Chat) -> impl IntoView {
    // Whoever knows that it goes by HTTP need not read it all the time.
    let dismissed = RwSignal::new(false);
    let over = move || matches!(chat.watch_link(), Link::Closed(_));
    let by_http = move || matches!(chat.watch_link(), Link::Open { way: Way::Http, .. });
    let blocked = move || by_http() || matches!(chat.watch_link(), Link::Waiting { blocked: true, .. });
    let why = move || match chat.watch_link() {
        Link::Open { way: Way::Http, .. } if !dismissed.get() => connection::CARRIED_BY_HTTP,
        Link::Waiting { .. } if chat.is_full() => connection::ROOM_FULL,
        Link::Waiting { blocked: true, .. } => connection::BLOCKED,
        Link::Waiting { code, .. } | Link::Closed(code) => connection::closed(code),
        _ => "",
    };
    let countdown = move || match chat.watch_link() {
        Link::Waiting { until_ms, offline, .. } => {
            let left = until_ms.saturating_sub(chat.now_ms());
            let mut told = if offline { connection::OFFLINE.to_owned() } else { String::new() };
            told += &if left == 0 { connection::TRYING.to_owned() } else { connection::retry_in(left) };
            told
        }
        _ => String::new(),
    };
    let again = move || match chat.watch_link() {
        Link::Closed(_) => connection::RECONNECT,
        Link::Open { .. } => connection::AGAIN,
        _ => connection::NOW,
    };
    let classic = location::classic_path(&chat.room_id());
    view! {
        <div
            class="notice"
            data-over=attr(move || over().then_some(""))
            data-way=attr(move || by_http().then_some("http"))
            hidden=flag(move || why().is_empty())
        >
            <span role="alert">{text(move || why().to_owned())}</span>
            <span class="countdown" aria-hidden="true">{text(countdown)}</span>
            <button type="button" class="link-button" onclick=press(move || chat.reconnect_now())>
                {text(move || again().to_owned())}
            </button>
            <a class="link-button" href=classic hidden=flag(move || !blocked())>{connection::CLASSIC}</a>
            <button
                type="button"
                class="icon-button"
                aria-label=words::CLOSE
                title=words::CLOSE
                hidden=flag(move || !by_http())
                onclick=press(move || dismissed.set(true))
            >
                {icon::view(icon::CLOSE)}
            </button>
        </div>
    }
}
