//! The five steps of one's own connection, each lit by what really happened on the wire, and with
//! the piece of wire that shows it.

use leptos::prelude::*;

use crate::{
    chat::Chat,
    fa::{digits, words::lesson},
    socket::Link,
};

/// The steps.
#[component]
pub(crate) fn Lesson(chat: Chat) -> impl IntoView {
    let steps = move || {
        let link = chat.watch_link();
        let heard = chat.with_timeline(|room| room.heard);
        let lost = match link {
            Link::Waiting { code, .. } | Link::Closed(code) => Some(code),
            _ => None,
        };
        let opened = matches!(link, Link::Joining | Link::Open { .. });
        let evidence = |done: bool, wire: String| done.then_some(wire);
        [
            evidence(opened, "GET … Upgrade: websocket → 101".into()),
            evidence(link.is_open(), "join → welcome".into()),
            evidence(heard.own > 0, format!("say × {}", heard.own)),
            evidence(heard.all > 0, format!("said × {} · seq {}", heard.all, heard.seq)),
            lost.map(|code| format!("close {code}")),
        ]
    };
    let step = move |at: usize| Memo::new(move |_| steps()[at].clone());
    view! {
        <details class="lesson">
            <summary>{lesson::TITLE}</summary>
            <ol class="steps">
                {lesson::STEPS
                    .into_iter()
                    .enumerate()
                    .map(|(at, lesson::Step { name, what })| {
                        let evidence = step(at);
                        view! {
                            <li title=what data-done=move || evidence.with(Option::is_some).then_some("")>
                                <span class="number" aria-hidden="true">{digits::number(at as u64 + 1)}</span>
                                <span>{name}</span>
                                <code class="evidence">{move || evidence.get().unwrap_or_default()}</code>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </details>
    }
}
