//! What a room's page leads to: other pages about the same room, the code of each of the five steps, what the
//! glass does to the connection, and a phone's own way to share. It is the same whatever happens, so the server
//! draws it into a template, `assets/room.js` puts it in its places, and the room's program does not carry it.

use chat_protocol::RoomId;
use chat_ui::browser::location;
use leptos::prelude::*;

use crate::words::{self, lesson, share};

pub(crate) fn late(room: &RoomId) -> impl IntoView + use<> {
    let [ways, classic] = [location::ways_path(room), location::classic_path(room)];
    let codes = lesson::CODES.map(|code| view! { <a href=code target="_blank">{lesson::CODE}</a> });
    view! {
        <template id="late" data-records=words::XRAY_TITLE>
            <nav class="links">
                <a href=ways target="_blank">{words::WAYS}</a>
                <a href="/workbench" target="_blank">{words::WORKBENCH}</a>
                <a href=classic target="_blank">{words::PLAIN}</a>
            </nav>
            {codes.into_iter().collect_view()}
            <button type="button" id="send-link" class="button quiet">{share::SEND}</button>
        </template>
    }
}
