//! `/r/{room}`: the room. Puts the pieces together and ties the page's life - arriving, being
//! hidden, leaving, the seconds passing - to the chat's.

use std::time::Duration;

use chat_protocol::{Name, RoomId};
use leptos::{ev, prelude::*};

use super::{
    composer::Composer, entrance::Entrance, header::Header, notice::Notice, people::People,
    scroller::Scroller, share::Share,
};
use crate::{
    browser::{profile, viewport},
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
    let nameless = RwSignal::new(false);

    Effect::new({
        let room = room.clone();
        move || {
            chat.restore();
            live(chat, &room);
            match profile::name_here() {
                Some(name) => chat.start(name),
                None => nameless.set(true),
            }
        }
    });
    let enter = move |name: Name| {
        profile::choose_name(&name);
        nameless.set(false);
        chat.join_as(name);
    };
    let at_the_door = move || nameless.get() || chat.watch_link() == Link::Refused;

    view! {
        <div class="room" on:keydown=move |event| if event.key() == "Escape" { people_open.set(false) }>
            <Header chat room=room.clone() people_open sharing />
            <main class="talk">
                <Notice chat />
                <Show
                    when=at_the_door
                    fallback=move || view! { <Scroller chat sharing /> <Composer chat /> }
                >
                    <Entrance chat enter />
                </Show>
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
    // What a listener would be removed for - this page going away - takes the page with it.
    let _forever = window_event_listener(ev::pagehide, move |_| chat.keep_for_reload());
    let _forever = window_event_listener(ev::online, move |_| chat.reconnect_now());

    // The title counts what came while nobody looked.
    let room = room.as_str().to_owned();
    let seen = RwSignal::new(0);
    let look = move || {
        if !document().hidden() {
            seen.set(chat.heard());
            chat.reconnect_now();
        }
    };
    let _forever = window_event_listener(ev::visibilitychange, move |_| look());
    Effect::new(move || {
        let heard = chat.heard();
        if !document().hidden() {
            seen.set(heard);
        }
        let unread = heard.saturating_sub(seen.get());
        document().set_title(&words::room_title(&room, unread.into()));
    });
}
