//! Sharing the room: its address to copy, and a code for a phone's camera. Which address that is, page and
//! server know together ([`location::origin_for_others`]); the server draws the code for the one that is
//! shown. The code as large as the screen, and a phone's own way to share, are `assets/room.js`'s. Works on
//! plain HTTP, where the clipboard API does not exist.

use chat_protocol::RoomId;
use chat_ui::{
    bind::{follow, press, text},
    browser::{clipboard, element, location},
    icon,
};
use leptos::prelude::*;
use web_sys::{Element, HtmlDialogElement, HtmlInputElement};

use crate::{
    chat::Chat,
    words::{self, share},
};

#[component]
pub(crate) fn Share(chat: Chat, room: RoomId, share_url: String, open: RwSignal<bool>) -> impl IntoView {
    let copied = RwSignal::new(String::new());
    let path = location::room_path(&room);

    let told = share_url.clone();
    follow(move || {
        let dialog: HtmlDialogElement = element("share");
        if !open.get() {
            dialog.close();
        } else if !dialog.open() {
            copied.set(String::new());
            let origin = location::origin_for_others(told.strip_suffix(&path).unwrap_or_default());
            // The name that the room goes by, which may be known only since the welcome.
            let path = location::room_path(&chat.room_id());
            element::<HtmlInputElement>("address").set_value(&[&origin, &*path].concat());
            let code = [&path, "/qr.svg?origin=", &location::encode(&origin)].concat();
            if element::<Element>("code").set_attribute("src", &code).is_err() {
                leptos::logging::warn!("the code could not be shown");
            }
            if dialog.show_modal().is_err() {
                leptos::logging::warn!("the dialog could not be shown");
            }
        }
    });
    let copy = move || {
        let done = clipboard::copy_field(&element("address"));
        copied.set(if done { share::COPIED } else { share::COPY_BY_HAND }.to_owned());
    };
    view! {
        <dialog id="share" aria-labelledby="share-title" onclose=press(move || open.set(false))>
            <div class="share">
                <div class="heading">
                    <h2 id="share-title">{share::TITLE}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=words::CLOSE
                        title=words::CLOSE
                        onclick=press(move || open.set(false))
                    >
                        {icon::view(icon::CLOSE)}
                    </button>
                </div>
                <button type="button" id="project" class="qr" aria-label=share::PROJECT>
                    <img id="code" alt=share::QR_ALT width="240" height="240" />
                </button>
                <p class="caption">{share::SCAN}</p>
                <div class="address">
                    <input id="address" readonly value=share_url aria-label=share::LINK />
                    <button type="button" class="button" onclick=press(copy)>{share::COPY}</button>
                </div>
                <p class="caption" role="status">
                    {text(move || copied.get())}
                </p>
            </div>
        </dialog>
    }
}
