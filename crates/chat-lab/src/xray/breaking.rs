//! Breaking one's own connection: predict, break, watch. The server breaks it; here is only asked for
//! it, and what the recordings then show is told. Experiments belong to the panel and outlive this tab. It
//! never touches the room's connection itself.

use chat_ui::{
    bind::{flag, press},
    browser::clock::elapsed_us,
};
use gloo_net::http::Request;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{
    experiment::{Break, Broken, Experiment, Phase, Seen},
    recordings::Recordings,
};
use crate::xray::words::breaking::{self as words, FAULTS, Fault};

/// All experiments. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Experiments([RwSignal<Experiment>; Break::ALL.len()]);

impl Experiments {
    /// None of them begun.
    pub(super) fn new() -> Self {
        Self(Break::ALL.map(|_| RwSignal::new(Experiment::default())))
    }
}

#[component]
pub(super) fn Breaking(recordings: Recordings, experiments: Experiments) -> impl IntoView {
    let all = Break::ALL.into_iter().zip(FAULTS).zip(experiments.0).map(|((what, fault), experiment)| {
        view! { <Attempt recordings what fault experiment /> }
    });
    view! {
        <div class="breaking">
            <p>{words::INTRO}</p>
            {all.collect_view()}
            {room().map(|room| view! {
                <p class="more"><a href=format!("/ways/{room}")>{words::WAYS}</a></p>
                <p class="more"><a href="/workbench">{words::WORKBENCH}</a></p>
            })}
        </div>
    }
}

/// The room of the document, as it stands in an address.
fn room() -> Option<String> {
    Some(js_sys::encode_uri_component(&super::room()?).into())
}

/// One way of breaking it.
#[component]
fn Attempt(
    recordings: Recordings,
    what: Break,
    fault: Fault,
    experiment: RwSignal<Experiment>,
) -> impl IntoView {
    let phase = Memo::new(move |_| experiment.with(|one| one.phase));
    let predicted = Memo::new(move |_| experiment.with(|one| one.predicted));
    let is_begun = move || matches!(phase.get(), Phase::Asked | Phase::Done(_));
    let seen = Memo::new(move |_| match phase.get() {
        Phase::Done(broken) => Some(Seen::of(&recordings.all(), what, broken)),
        _ => None,
    });
    let is_over = move || seen.with(|seen| seen.as_ref().is_some_and(Seen::is_over));
    let is_shown = Memo::new(move |_| seen.with(|seen| seen.as_ref().is_some_and(|seen| seen.is_shown)));
    let name = format!("prediction-{}", what as usize);
    let answers = fault.answers.into_iter().enumerate().map(|(at, answer)| {
        view! {
            <label class="answer">
                <input
                    type="radio"
                    name=name.clone()
                    prop:checked=move || predicted.get() == Some(at)
                    disabled=is_begun
                    on:change=move |_| experiment.update(|one| one.predicted = Some(at))
                />
                <span>{answer}</span>
            </label>
        }
    });
    let toggle = move || {
        if is_over() {
            experiment.set(Experiment { is_open: true, ..Experiment::default() });
        } else {
            inflict(recordings, what, experiment);
        }
    };
    let told = move || match phase.get() {
        Phase::Idle | Phase::Asked => None,
        Phase::Over => Some(words::OVER),
        Phase::NoLab => Some(words::NO_LAB),
        Phase::Unreachable => Some(words::UNREACHABLE),
        Phase::Done(_) => (!is_shown.get()).then_some(words::DONE),
    };
    let verdict = move || {
        is_shown.get().then(|| {
            let is_right = predicted.get() == Some(fault.right);
            view! {
                <p class="verdict" data-good=is_right.then_some("")>
                    {if is_right { words::RIGHT } else { words::WRONG }} " "
                    {(!is_right).then_some(fault.answers[fault.right])}
                </p>
                <p class="why">{fault.why}</p>
            }
        })
    };
    let lines = move || {
        seen.get().map(|Seen { told, waits_for, .. }| {
            let heading = (!told.is_empty()).then(|| view! { <h3>{words::SEEN}</h3> });
            let told = told.into_iter().map(|line| view! { <li>{line}</li> });
            view! {
                {heading}
                <ul class="seen">{told.collect_view()}</ul>
                <p class="waits">{waits_for}</p>
            }
        })
    };
    view! {
        <details
            class="experiment"
            open=experiment.with_untracked(|one| one.is_open)
            on:toggle=move |event| {
                let is_open = event_target::<web_sys::Element>(&event).has_attribute("open");
                experiment.update(|one| one.is_open = is_open);
            }
        >
            <summary>{fault.name}</summary>
            <p>{fault.what}</p>
            <fieldset>
                <legend>{words::PREDICT}</legend>
                {answers.collect_view()}
            </fieldset>
            <button
                type="button"
                class="button"
                disabled=flag(move || predicted.get().is_none() || is_begun() && !is_over())
                onclick=press(toggle)
            >
                {move || if is_over() { words::AGAIN } else { words::DO_IT }}
            </button>
            <div role="status">
                {move || told().map(|told| view! { <p class="note">{told}</p> })}
                {verdict}
                {lines}
            </div>
        </details>
    }
}

/// Asks the server to break the newest connection.
fn inflict(recordings: Recordings, what: Break, experiment: RwSignal<Experiment>) {
    let newest = {
        let all = recordings.write();
        let at = all.len().checked_sub(1);
        at.map(|number| {
            (all[number].token.clone(), Broken { number, since_us: all[number].us(elapsed_us()) })
        })
    };
    let stand = move |phase| experiment.update(|one| one.phase = phase);
    let Some((token, broken)) = newest else { return stand(Phase::Over) };
    stand(Phase::Asked);
    spawn_local(async move {
        stand(match ask(&token, what.asked().to_string()).await {
            Some(204) => Phase::Done(broken),
            Some(404 | 410) => Phase::Over,
            Some(403) => Phase::NoLab,
            _ => Phase::Unreachable,
        });
    });
}

/// Asks the server for a ping, of which nothing is broken. Why there is none, if there is none.
pub(super) async fn ping(token: &str) -> Option<&'static str> {
    match ask(token, r#"{"break":"ping"}"#.to_owned()).await {
        Some(204) => None,
        Some(404 | 410) => Some(words::OVER),
        Some(403) => Some(words::NO_LAB),
        _ => Some(words::UNREACHABLE),
    }
}

/// What the server answered; nothing when it did not.
async fn ask(token: &str, what: String) -> Option<u16> {
    let request = Request::post(&format!("/xray/{token}/break")).body(what);
    let answer = match request {
        Ok(request) => request.send().await.map(|answer| answer.status()),
        Err(error) => Err(error),
    };
    answer.ok()
}
