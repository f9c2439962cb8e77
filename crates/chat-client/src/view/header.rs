//! The bar above the conversation: which room, how many are in it, how the connection is, and the
//! room's few controls. Where the bar is narrow, some of them are a menu behind a button; which and
//! where is the style's to say (`style/small.css`), and they are the same buttons.

use chat_ui::{
    bind::{act, attr, flag, follow, press, text},
    browser::{element, focus, hear},
    icon,
    theme::ThemeButton,
};
use leptos::{
    ev::{FocusEvent, KeyboardEvent},
    prelude::*,
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, Node};

use crate::{
    chat::Chat,
    socket::{Link, Way},
    words::{self, connection, people, share},
};

#[component]
pub(crate) fn Header(
    chat: Chat,
    /// Whether the people are open, on a phone.
    people_open: RwSignal<bool>,
    /// Whether the room is being shared.
    sharing: RwSignal<bool>,
    /// Whether the menu is open; without effect where the bar has room for what is in it.
    menu_open: RwSignal<bool>,
) -> impl IntoView {
    // Into the menu, and out of it where it closes around the focus.
    follow(move || {
        if menu_open.get() {
            // What is still hidden cannot hold the focus.
            request_animation_frame(|| focus(&element::<HtmlElement>("share-button")));
        } else if menu_holds(active().as_ref()) {
            focus(&element::<HtmlElement>("open-menu"));
        }
    });
    // Before what was chosen opens a dialog, which gives the focus back to where it was.
    let chosen = move || {
        focus(&element::<HtmlElement>("open-menu"));
        menu_open.set(false);
    };
    follow(move || {
        // There is no attribute for it.
        let act = move |event: Event| {
            let to =
                event.unchecked_into::<FocusEvent>().related_target().map(JsCast::unchecked_into::<Node>);
            if to.is_some() && !menu_holds(to.as_ref()) {
                menu_open.set(false);
            }
        };
        hear(&element("menu"), "focusout", Box::new(act));
    });
    let on_key = act(move |event: KeyboardEvent| {
        let to = active().filter(|_| menu_open.get_untracked()).and_then(|item| match event.key().as_str() {
            "ArrowDown" => item.next_sibling(),
            "ArrowUp" => item.previous_sibling(),
            _ => None,
        });
        if let Some(to) = to {
            event.prevent_default();
            focus(to.unchecked_ref());
        }
    });
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
                <h1><bdi translate="no">{text(move || chat.room_name())}</bdi></h1>
                <p class="subtitle">{text(here)}</p>
            </div>
            <LinkState chat />
            <div id="controls" class="actions">
                <button
                    type="button"
                    id="open-people"
                    class="icon-button people-button"
                    aria-label=people::OPEN
                    title=people::OPEN
                    aria-controls="people"
                    aria-expanded=attr(move || Some(if people_open.get() { "true" } else { "false" }))
                    onclick=press(move || people_open.update(|open| *open = !*open))
                >
                    {icon::view(icon::PEOPLE)}
                </button>
                <button
                    type="button"
                    id="open-menu"
                    class="icon-button more-button"
                    aria-label=words::MORE
                    title=words::MORE
                    aria-controls="menu"
                    aria-expanded=attr(move || Some(if menu_open.get() { "true" } else { "false" }))
                    onclick=press(move || menu_open.update(|open| *open = !*open))
                >
                    {icon::view(icon::MORE)}
                </button>
                <div class="backdrop" data-open=attr(move || menu_open.get().then_some("")) onclick=press(move || menu_open.set(false))></div>
                <div
                    id="menu"
                    class="menu"
                    data-open=attr(move || menu_open.get().then_some(""))
                    onclick=press(chosen)
                    onkeydown=on_key
                >
                    <button
                        type="button"
                        id="share-button"
                        class="icon-button"
                        aria-label=share::SHARE
                        title=share::SHARE
                        onclick=press(move || {
                            chosen();
                            sharing.set(true);
                        })
                    >
                        {icon::view(icon::SHARE)}
                    </button>
                    <ThemeButton />
                </div>
            </div>
        </header>
    }
}

fn active() -> Option<Node> {
    document().active_element().map(Into::into)
}

fn menu_holds(node: Option<&Node>) -> bool {
    element::<Element>("menu").contains(node)
}

/// The connection in a word or two, the way it takes where that is not a WebSocket, and the measured
/// round trip.
#[component]
fn LinkState(chat: Chat) -> impl IntoView {
    let waited_for = move || chat.watch_link().is_open() && chat.watch_waited_for();
    let state = move || match chat.watch_link() {
        _ if waited_for() => "trying",
        Link::Open { .. } => "open",
        // Nothing was tried yet, so there is nothing to tell.
        Link::Refused if chat.refused().is_none() => "none",
        Link::Closed(_) => "closed",
        _ => "trying",
    };
    let words = move || match state() {
        "none" => "",
        _ if waited_for() => connection::WAITED_FOR,
        _ => spoken(chat.watch_link()),
    };
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
