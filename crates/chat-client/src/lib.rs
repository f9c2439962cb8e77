//! The page. (Being written.)

use chat_protocol::RoomId;
use leptos::prelude::*;

pub mod page;
pub use page::Page;

#[cfg(feature = "ssr")]
pub fn document(page: Page, options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="fa" dir="rtl">
            <head>
                <meta charset="utf-8" />
                <HydrationScripts options />
            </head>
            <body>{format!("{page:?}")}</body>
        </html>
    }
}

pub(crate) fn _room(_: RoomId) {}
