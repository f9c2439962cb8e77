//! The bar above the conversation: which room, how many are in it, how the connection is, and the
//! room's few controls.

use chat_protocol::RoomId;
use leptos::prelude::*;

use super::{
    bind::{attr, flag, press, text},
    icon,
    theme::ThemeButton,
};
use crate::{
    chat::Chat,
    fa::words::{self, connection, people, share},
    socket::{Link, Way},
};

/// The bar.
#[component]
pub(crate) fn Header(
    chat: Chat,
    room: RoomId,
    /// Whether the people are open, on a phone.
    people_open: RwSignal<bool>,
    /// Whether the room is being shared.
    sharing: RwSignal<bool>,
) -> impl IntoView {
    let here = move || {
        let count = chat.with_roster(|room| room.roster.count());
        if count == 0 { String::new() } else { people::here(count.into()) }
    };
    view! {
        <header class="bar">
            <a class="home-link" href="/" aria-label=words::GO_HOME title=words::GO_HOME>
                <img src="/favicon.svg" alt="" width="36" height="36" />
            </a>
            <div class="title">
                <h1><bdi>{room.as_str().to_owned()}</bdi></h1>
                <p class="subtitle">{text(here)}</p>
            </div>
            <LinkState chat />
            <div id="controls" class="actions">
                <button
                    type="button"
                    class="icon-button"
                    aria-label=share::SHARE
                    title=share::SHARE
                    on:click=press(move || sharing.set(true))
                >
                    {icon::view(icon::SHARE)}
                </button>
                <ThemeButton />
                <button
                    type="button"
                    id="open-people"
                    class="icon-button people-button"
                    aria-label=people::OPEN
                    title=people::OPEN
                    aria-controls="people"
                    aria-expanded=attr(move || Some(if people_open.get() { "true" } else { "false" }))
                    on:click=press(move || people_open.update(|open| *open = !*open))
                >
                    {icon::view(icon::PEOPLE)}
                </button>
            </div>
        </header>
    }
}

/// The connection in a word or two, the way it takes where that is not a WebSocket, and the measured
/// round trip.
#[component]
fn LinkState(chat: Chat) -> impl IntoView {
    let waited_for = move || chat.watch_link().is_open() && chat.watch_waited_for();
    let state = move || match chat.watch_link() {
        _ if waited_for() => "trying",
        Link::Open { .. } => "open",
        Link::Closed(_) => "closed",
        _ => "trying",
    };
    let words = move || if waited_for() { connection::WAITED_FOR } else { spoken(chat.watch_link()) };
    let by_http = move || matches!(chat.watch_link(), Link::Open { way: Way::Http, .. });
    let way = move || if by_http() { connection::HTTP.to_owned() } else { String::new() };
    // The round trip is for the eye: read aloud every ten seconds it would be noise.
    let round_trip = move || match chat.watch_link() {
        Link::Open { rtt_ms: Some(rtt_ms), .. } if !waited_for() => connection::round_trip(rtt_ms),
        _ => String::new(),
    };
    view! {
        <div class="link-state" data-link=attr(move || Some(state()))>
            <span role="status">{text(move || words().to_owned())}</span>
            <bdi class="way" title=connection::BY_HTTP hidden=flag(move || !by_http())>{text(way)}</bdi>
            <span class="round-trip" title=connection::ROUND_TRIP_TITLE>{text(round_trip)}</span>
        </div>
    }
}

fn spoken(link: Link) -> &'static str {
    match link {
        Link::Idle => words::LOADING,
        Link::Opening => connection::OPENING,
        Link::Joining => connection::JOINING,
        Link::Open { .. } => connection::OPEN,
        Link::Waiting { .. } => connection::LOST,
        Link::Refused => connection::REFUSED,
        Link::Closed(_) => connection::CLOSED,
    }
}
