//! The five steps of one's own connection, each lit by what really happened on the wire, and with
//! the piece of wire that shows it. A step leads to its frame in the X-ray and to its code; that it is open
//! at first, tells when it happens again, and where a press leads, is `assets/room.js`'s.

use chat_ui::{
    bind::{attr, text},
    digits,
};
use leptos::prelude::*;

use crate::{
    chat::Chat,
    socket::{Link, Way},
    words::lesson,
};

#[component]
pub(crate) fn Lesson(chat: Chat) -> impl IntoView {
    // What the wire shows for a step; nothing while it has not happened.
    let evidence = move |step: usize| {
        let link = chat.watch_link();
        let heard = chat.with_timeline(|room| room.heard);
        match (step, link) {
            (0, Link::Open { way: Way::Http, .. }) => "GET /healthz → 200".to_owned(),
            (0, Link::Joining | Link::Open { .. }) => "GET · Upgrade: websocket → 101".to_owned(),
            (1, Link::Open { .. }) => "join → welcome".to_owned(),
            (2, _) if heard.own > 0 => format!("say × {}", heard.own),
            (3, _) if heard.all > 0 => format!("said × {} · seq {}", heard.all, heard.seq),
            (4, Link::Waiting { code, .. } | Link::Closed(code)) => format!("close {code}"),
            _ => String::new(),
        }
    };
    view! {
        <details class="lesson" open>
            <summary>{lesson::TITLE}</summary>
            <ol class="steps">
                {lesson::STEPS
                    .into_iter()
                    .enumerate()
                    .map(|(at, lesson::Step { name, wire })| {
                        view! {
                            <li data-done=attr(move || (!evidence(at).is_empty()).then_some(""))>
                                <button type="button" data-glass=wire>
                                    <span class="number" aria-hidden="true">{digits::number(at as u64 + 1)}</span>
                                    <span>{name}</span>
                                    <code class="evidence">{text(move || evidence(at))}</code>
                                </button>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </details>
    }
}
