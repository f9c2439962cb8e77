//! `/r/{room}`: the room. Puts the pieces together and ties the page's life - arriving, being
//! hidden, leaving, the seconds passing - to the chat's.

use std::time::Duration;

use chat_protocol::{Name, RoomId};
use leptos::prelude::*;

use super::{
    bind::{flag, follow},
    composer::Composer,
    entrance::Entrance,
    header::Header,
    notice::Notice,
    people::People,
    scroller::Scroller,
    share::Share,
    xray,
};
use crate::{
    browser::{listen, network, profile, viewport},
    chat::Chat,
    fa::words,
    socket::Link,
};

/// The page.
#[component]
pub fn RoomPage(
    /// Which room.
    room: RoomId,
    /// Its address, for others.
    share_url: String,
) -> impl IntoView {
    let chat = Chat::new(room.clone());
    let people_open = RwSignal::new(false);
    let sharing = RwSignal::new(false);

    follow({
        let room = room.clone();
        move || {
            chat.restore();
            live(chat, &room);
            xray::offer(chat);
            match profile::name_here() {
                Some(name) => chat.start(name),
                None => chat.set_link(Link::Refused),
            }
        }
    });
    let enter = move |name: Name| {
        profile::choose_name(&name);
        chat.join_as(name);
    };
    let asked = move || chat.watch_link() == Link::Refused;
    let entered = move || !asked();

    view! {
        <div id="room" class="room" on:keydown=move |event| if event.key() == "Escape" { people_open.set(false) }>
            <Header chat room=room.clone() people_open sharing />
            <main class="talk" inert=flag(move || people_open.get())>
                <Notice chat />
                <Entrance chat asked enter />
                <Scroller chat sharing entered />
                <Composer chat entered />
                <noscript><p class="notice">{words::NOSCRIPT}</p></noscript>
            </main>
            <People chat open=people_open />
            <Share room share_url open=sharing />
        </div>
    }
}

/// Ties the page's life to the chat's, for as long as the page lives.
fn live(chat: Chat, room: &RoomId) {
    profile::visited(room);
    viewport::follow();

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
    let room = room.as_str().to_owned();
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
        document().set_title(&words::room_title(&room, heard.saturating_sub(seen.get())));
    });
}
