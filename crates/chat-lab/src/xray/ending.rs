//! How a connection was closed, as far as it passed the wire: the close frames, then TCP's own end. Who closed
//! first, with what, and what follows from that. What was not seen is said to follow from the RFC.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use chat_wire::Direction;
use leptos::prelude::*;

use super::{
    recording::{Recording, Says, Shown},
    recordings::Recordings,
};
use crate::{about::About, xray::words::handshake as words};

/// How it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ending {
    /// The close frames in their order: whose, and with what code.
    closes: Vec<(Direction, Option<u16>)>,
    /// Who was done with TCP first, and so keeps its place in `TIME_WAIT`.
    finished: Direction,
}

impl Ending {
    /// Of a recording that is over.
    fn of(recording: &Recording) -> Option<Self> {
        let ended = recording.ended.as_ref()?;
        let close = |shown: &Shown| match &shown.says {
            Says::Close(said) => Some((shown.direction, said.as_ref().map(|(code, _)| *code))),
            _ => None,
        };
        let closes: Vec<_> = recording.frames.iter().filter_map(close).collect();
        // Behind its close frame the server's FIN goes at once (RFC 6455 §7.1.1).
        let is_servers = ended.by_server || closes.iter().any(|(way, _)| *way == Direction::Out);
        Some(Self { closes, finished: if is_servers { Direction::Out } else { Direction::In } })
    }
}

/// The closing handshake, or how it would go.
#[component]
pub(super) fn End(recordings: Recordings) -> impl IntoView {
    let ending = Memo::new(move |_| recordings.with(Ending::of).flatten());
    let step = |name: String, who: Direction, is_seen: bool| {
        let tag = if is_seen { words::SEEN } else { words::NOT_SEEN };
        view! {
            <li><code>{name}</code> <span>{words::by(who == Direction::In)}</span> <span class="tag" data-real=is_seen.then_some("")>{tag}</span></li>
        }
    };
    let told = move || match ending.get() {
        None => words::STILL_OPEN.to_owned(),
        Some(Ending { closes, .. }) => match closes.first() {
            None => words::NO_CLOSE.to_owned(),
            Some((who, code)) => words::closed_first(*who == Direction::In, *code),
        },
    };
    let steps = move || {
        ending.get().map(|Ending { closes, finished }| {
            let other = if finished == Direction::In { Direction::Out } else { Direction::In };
            let close = |code: Option<u16>| code.map_or("close".to_owned(), |code| format!("close {code}"));
            let closes = closes.into_iter().map(|(who, code)| step(close(code), who, true)).collect_view();
            view! {
                <ol>
                    {closes}
                    {step("FIN".to_owned(), finished, false)}
                    {step("FIN".to_owned(), other, false)}
                    {step("TIME_WAIT".to_owned(), finished, false)}
                </ol>
            }
        })
    };
    view! {
        <section class="ending">
            <div class="titled">
                <h3>{words::END} " " <span class="tag">"RFC 6455 §7"</span></h3>
                <About about=words::CODES />
            </div>
            <p>{told}</p>
            {steps}
        </section>
    }
}
