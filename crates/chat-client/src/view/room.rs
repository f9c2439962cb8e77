//! `/r/{room}`: the room. Puts the pieces together and ties the page's life - arriving, being
//! hidden, leaving, the seconds passing - to the chat's.

use std::time::Duration;

use chat_protocol::{Name, RoomId};
use chat_ui::{
    bind::{act, attr, flag, follow},
    browser::{element, listen, network},
};
use leptos::prelude::*;
use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    announcer::Announcer,
    composer::Composer,
    entrance::Entrance,
    header::Header,
    layers::{Layer, Layers},
    notice::Notice,
    people::People,
    scroller::Scroller,
    share::Share,
    xray,
};
use crate::{chat::Chat, driver, profile, socket::Link, words};

#[component]
pub(crate) fn RoomPage(
    room: RoomId,
    /// What all its spellings have in common.
    key: String,
    /// Its address, for others.
    share_url: String,
) -> impl IntoView {
    let chat = Chat::new(room.clone());
    let [xray_seen, people_open, renaming, sharing, menu_open] = [(); 5].map(|()| RwSignal::new(false));

    follow({
        let room = room.clone();
        move || {
            chat.restore();
            profile::visited(&room, &key);
            live(chat);
            xray::offer(chat, xray_seen);
            match profile::name_here() {
                Some(name) => driver::start(chat, name),
                None => chat.set_link(Link::Refused),
            }
        }
    });
    // On a wide page the people, and the panel that was not made wider, stand beside the conversation.
    let beside = |is_narrow| is_narrow;
    let layers = Layers::new([
        Layer { open: xray_seen, covers: |is_narrow| is_narrow || chat_ui::lab::is_wide(), returns: false },
        Layer { open: people_open, covers: beside, returns: true },
        Layer { open: renaming, covers: beside, returns: false },
        Layer { open: menu_open, covers: |_| has_menu(), returns: false },
        Layer { open: sharing, covers: |_| true, returns: true },
    ]);
    // The form is in the drawer, and goes with it.
    follow(move || {
        if layers.is_narrow.get() && !people_open.get() {
            renaming.set(false);
        }
    });
    let drawer_open = move || people_open.get() && layers.is_narrow.get();
    let on_key = act(move |event: KeyboardEvent| {
        if event.key() == "Escape" && !event.is_composing() {
            layers.close_topmost();
        }
    });
    let enter = move |name: Name| {
        profile::choose_name(&name);
        chat.set_refused(None);
        driver::start(chat, name);
    };
    let asked = move || chat.watch_link() == Link::Refused;
    let entered = move || !asked();

    view! {
        <div id="room" class="room" data-asked=attr(move || asked().then_some("")) onkeydown=on_key>
            <Header chat people_open sharing menu_open />
            <main class="talk" inert=flag(drawer_open)>
                <Notice chat />
                <Entrance chat asked enter />
                <Scroller chat sharing entered />
                <Composer chat entered />
            </main>
            <People chat open=people_open renaming />
            <Share chat room share_url open=sharing />
            <Announcer chat />
        </div>
    }
}

/// Whether what is in the menu is in a menu, and not in the bar.
fn has_menu() -> bool {
    element::<HtmlElement>("open-menu").offset_width() > 0
}

/// Ties the page's life to the chat's, for as long as the page lives.
fn live(chat: Chat) {
    set_interval(move || chat.second(), Duration::from_secs(1));
    listen(&window(), "pagehide", move || chat.keep_for_reload());
    // A page that was put aside and is shown again, and a network that is another one.
    for look in ["online", "focus", "pageshow"] {
        listen(&window(), look, move || chat.look());
    }
    listen(&window(), "storage", move || chat.answer());
    if let Some(network) = network::changes() {
        listen(&network, "change", move || chat.look());
    }

    // The title counts what came while nobody looked.
    let seen = RwSignal::new(0);
    listen(&document(), "visibilitychange", move || {
        if !document().hidden() {
            seen.set(untrack(|| chat.heard()));
            chat.look();
        }
    });
    follow(move || {
        let heard = chat.heard();
        if !document().hidden() {
            seen.set(heard);
        }
        let room = chat.room_name();
        document().set_title(&words::room_title(&room, heard.saturating_sub(seen.get())));
    });
}
