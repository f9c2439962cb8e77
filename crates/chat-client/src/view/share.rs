//! Sharing the room: its address to copy, and a code for a phone's camera. Works on plain HTTP,
//! where the clipboard API does not exist.

use chat_protocol::RoomId;
use leptos::{
    html::{Dialog, Input},
    prelude::*,
};

use super::icon;
use crate::{
    browser::{clipboard, location},
    fa::words::{self, share},
};

/// The dialog.
#[component]
pub(crate) fn Share(room: RoomId, share_url: String, open: RwSignal<bool>) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    let address = NodeRef::<Input>::new();
    let copied = RwSignal::new(None::<bool>);

    Effect::new(move || {
        let Some(dialog) = dialog.get() else { return };
        if !open.get() {
            dialog.close();
        } else if !dialog.open() {
            copied.set(None);
            if dialog.show_modal().is_err() {
                leptos::logging::warn!("the dialog could not be shown");
            }
        }
    });
    let copy = move |_| {
        if let Some(address) = address.get() {
            copied.set(Some(clipboard::copy_field(&address)));
        }
    };
    let code = format!("{}/qr.svg", location::room_path(&room));
    view! {
        <dialog node_ref=dialog aria-labelledby="share-title" on:close=move |_| open.set(false)>
            <div class="share">
                <div class="heading">
                    <h2 id="share-title">{share::TITLE}</h2>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label=words::CLOSE
                        title=words::CLOSE
                        on:click=move |_| open.set(false)
                    >
                        {icon::close()}
                    </button>
                </div>
                <img class="qr" src=code alt=share::QR_ALT width="240" height="240" loading="lazy" />
                <p class="caption">{share::SCAN}</p>
                <div class="address">
                    <input readonly value=share_url aria-label=share::LINK node_ref=address />
                    <button type="button" class="button" on:click=copy>{share::COPY}</button>
                </div>
                <p class="caption" role="status">
                    {move || match copied.get() {
                        None => "",
                        Some(true) => share::COPIED,
                        Some(false) => share::COPY_BY_HAND,
                    }}
                </p>
            </div>
        </dialog>
    }
}
