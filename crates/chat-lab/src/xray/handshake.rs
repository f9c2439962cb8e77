//! The handshake as it was: each line with what it is for, and how the answer's key comes from the
//! request's. It knows no frames.

use chat_wire::{accept::Accept, head::Head};
use leptos::prelude::*;

use super::recordings::Recordings;
use crate::xray::words::handshake as words;

#[component]
pub(super) fn Handshake(recordings: Recordings) -> impl IntoView {
    let heads = Memo::new(move |_| recordings.with(|one| (one.request.clone(), one.answer.clone())));
    view! {
        <div class="handshake">
            {move || {
                let (request, answer) = heads.get().unwrap_or_default();
                let accept = request.as_ref().and_then(|head| head.value("sec-websocket-key").map(|key| Accept::of(&key)));
                let answered = answer.as_ref().and_then(|head| head.value("sec-websocket-accept").map(String::from));
                let lines = |head: Option<Head>, heading, first| {
                    head.map(|head| view! {
                        <section>
                            <h3>{heading}</h3>
                            <Lines head first />
                        </section>
                    })
                };
                view! {
                    {lines(request, words::REQUEST, words::REQUEST_LINE)}
                    {lines(answer, words::ANSWER, words::STATUS_LINE)}
                    {accept.map(|accept| view! { <Computation accept answered /> })}
                }
            }}
        </div>
    }
}

/// The lines of a head, and the meaning of the one that is looked at.
#[component]
pub(crate) fn Lines(
    head: Head,
    /// What the first line is.
    first: &'static str,
) -> impl IntoView {
    let looked_at = RwSignal::new(None::<usize>);
    let line = move |at: usize, name: String, rest: String| {
        let tell = move || looked_at.set(Some(at));
        view! {
            <li>
                <button
                    type="button"
                    aria-pressed=move || if looked_at.get() == Some(at) { "true" } else { "false" }
                    on:click=move |_| tell()
                    on:focus=move |_| tell()
                    on:mouseenter=move |_| tell()
                >
                    <b>{name}</b>
                    {rest}
                </button>
            </li>
        }
    };
    let start = head.text(&head.start).into_owned();
    let headers = head.lines.iter().enumerate().map(|(at, header)| {
        let name = head.text(&header.name).into_owned();
        let rest = head.text(&(header.name.end..header.whole.end)).into_owned();
        line(at + 1, name, rest)
    });
    let explained = head.lines.iter().map(|header| words::header(&head.text(&header.name)));
    let meanings: Vec<_> = std::iter::once(first).chain(explained).collect();
    let meaning = move || looked_at.get().map_or(words::HINT, |at| meanings[at]);
    view! {
        <div class="lines">
            <ol class="wire" dir="ltr">
                {line(0, start, String::new())}
                {headers.collect_view()}
            </ol>
            <p class="meaning" role="status">{meaning}</p>
        </div>
    }
}

/// From the key to the answer, step by step.
#[component]
pub(crate) fn Computation(
    accept: Accept,
    answered: Option<String>,
    /// Whose key it is.
    #[prop(default = words::ACCEPT_STEPS[0])]
    key_is: &'static str,
) -> impl IntoView {
    let digest: Vec<String> = accept.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let results = [accept.key.clone(), accept.joined.clone(), digest.join(" "), accept.value.clone()];
    let steps = std::iter::once(key_is).chain(words::ACCEPT_STEPS.into_iter().skip(1));
    let steps = steps.zip(results).map(|(step, result)| {
        view! {
            <li>
                <span>{step}</span>
                <code dir="ltr">{result}</code>
            </li>
        }
    });
    let verdict = answered.map(|answered| {
        let is_equal = answered == accept.value;
        let text = if is_equal { words::ACCEPT_EQUAL } else { words::ACCEPT_DIFFERENT };
        view! { <p class="verdict" data-good=is_equal.then_some("")>{text}</p> }
    });
    view! {
        <section class="computation">
            <h3>{words::ACCEPT}</h3>
            <p>{words::ACCEPT_WHY}</p>
            <ol>{steps.collect_view()}</ol>
            {verdict}
        </section>
    }
}
