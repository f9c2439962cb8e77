//! Breaking one's own connection: predict, break, watch. The server breaks it; here is only asked for
//! it, and what the recordings then show is told. It never touches the room's connection itself.

use chat_client::fa::words::xray::breaking::{self as words, FAULTS, Fault};
use gloo_net::http::Request;
use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::{
    recording::{Recording, Says},
    recordings::Recordings,
};

/// How long the server is deaf, in milliseconds: longer than it takes to say something, shorter than
/// the page waits for a dead server.
const DEAF_MS: u64 = 10_000;
/// How late what is sent is, in milliseconds.
const LATE_MS: u64 = 1_000;

/// How an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// Not asked for.
    Idle,
    /// Done to the connection with this number.
    Done(usize),
    /// The connection is over.
    Over,
    /// There is no lab.
    NoLab,
    /// No answer.
    Unreachable,
}

/// The tab.
#[component]
pub(super) fn Breaking(recordings: Recordings) -> impl IntoView {
    let faults = FAULTS.into_iter().enumerate().map(|(number, fault)| {
        view! { <Experiment recordings number fault /> }
    });
    view! {
        <div class="breaking">
            <p>{words::INTRO}</p>
            {faults.collect_view()}
            {room().map(|room| view! {
                <p class="more"><a href=format!("/ways/{room}")>{words::WAYS}</a></p>
                <p class="more"><a href="/workbench">{words::WORKBENCH}</a></p>
            })}
        </div>
    }
}

/// The room of the document, as it stands in an address.
fn room() -> Option<String> {
    let room = document().body()?.get_attribute("data-room")?;
    Some(js_sys::encode_uri_component(&room).into())
}

/// One way of breaking it.
#[component]
fn Experiment(recordings: Recordings, number: usize, fault: Fault) -> impl IntoView {
    let predicted = RwSignal::new(None::<usize>);
    let standing = RwSignal::new(Standing::Idle);
    let name = format!("prediction-{number}");
    let answers = fault.answers.into_iter().enumerate().map(|(at, answer)| {
        view! {
            <label class="answer">
                <input
                    type="radio"
                    name=name.clone()
                    disabled=move || matches!(standing.get(), Standing::Done(_))
                    on:change=move |_| predicted.set(Some(at))
                />
                <span>{answer}</span>
            </label>
        }
    });
    let do_it = move |_| {
        let all = recordings.write();
        let newest = all.len().checked_sub(1);
        let token = all.last().map(|one| one.token.clone());
        drop(all);
        let (Some(newest), Some(token)) = (newest, token) else { return standing.set(Standing::Over) };
        spawn_local(async move { standing.set(inflict(&token, number, newest).await) });
    };
    let told = move || match standing.get() {
        Standing::Idle => None,
        Standing::Over => Some(words::OVER),
        Standing::NoLab => Some(words::NO_LAB),
        Standing::Unreachable => Some(words::UNREACHABLE),
        Standing::Done(_) => Some(words::DONE),
    };
    let outcome = move || {
        let Standing::Done(broken) = standing.get() else { return None };
        let is_right = predicted.get() == Some(fault.right);
        let seen = seen(&recordings.all(), broken);
        Some(view! {
            <p class="verdict" data-good=is_right.then_some("")>
                {if is_right { words::RIGHT } else { words::WRONG }} " "
                {(!is_right).then_some(fault.answers[fault.right])}
            </p>
            <p>{fault.why}</p>
            <h3>{words::SEEN}</h3>
            <ul class="seen">
                {if seen.is_empty() { vec![words::NOT_SEEN_YET.to_owned()] } else { seen }
                    .into_iter()
                    .map(|line| view! { <li>{line}</li> })
                    .collect_view()}
            </ul>
        })
    };
    view! {
        <details class="experiment">
            <summary>{fault.name}</summary>
            <p>{fault.what}</p>
            <fieldset>
                <legend>{words::PREDICT}</legend>
                {answers.collect_view()}
            </fieldset>
            <button
                type="button"
                class="button"
                disabled=move || predicted.get().is_none() || matches!(standing.get(), Standing::Done(_))
                on:click=do_it
            >
                {words::DO_IT}
            </button>
            <div role="status">
                {move || told().map(|told| view! { <p class="note">{told}</p> })}
                {outcome}
            </div>
        </details>
    }
}

/// What the server is asked for.
fn asked(number: usize) -> Value {
    match number {
        0 => json!({"break": "cut"}),
        1 => json!({"break": "deafness", "ms": DEAF_MS}),
        2 => json!({"break": "delay", "ms": LATE_MS}),
        3 => json!({"break": "lose_ack"}),
        _ => json!({"break": "restart"}),
    }
}

async fn inflict(token: &str, number: usize, newest: usize) -> Standing {
    let request = Request::post(&format!("/xray/{token}/break")).body(asked(number).to_string());
    let Ok(request) = request else { return Standing::Unreachable };
    match request.send().await.map(|answer| answer.status()) {
        Ok(204) => Standing::Done(newest),
        Ok(404 | 410) => Standing::Over,
        Ok(403) => Standing::NoLab,
        _ => Standing::Unreachable,
    }
}

/// What the recordings show of a connection that was broken, and of the one after it.
fn seen(all: &[Recording], broken: usize) -> Vec<String> {
    let mut seen = Vec::new();
    let Some(ended) = all.get(broken).and_then(|one| one.ended.as_ref()) else { return seen };
    seen.push(words::ended(ended.code));
    let (Some(before), Some(next)) = (all.get(broken), all.get(broken + 1)) else { return seen };
    if let (Some(before), Some(after)) = (&before.opened, &next.opened) {
        let ended_at = before.at + ended.at_us / 1000;
        seen.push(words::came_back(after.at.saturating_sub(ended_at)));
    }
    if let Some(welcome) = next.welcome()
        && let Says::Message(welcome) = &welcome.says
        && let (Some(recovered), Some(seq)) = (welcome["recovered"].as_bool(), welcome["seq"].as_u64())
    {
        seen.push(words::welcomed(recovered).to_owned());
        if recovered {
            // What has a smaller number than the welcome's was said before it, and so is told again.
            let replayed = |shown: &&super::recording::Shown| match &shown.says {
                Says::Message(said) => {
                    said["type"] == "said" && said["seq"].as_u64().is_some_and(|said| said <= seq)
                }
                _ => false,
            };
            let count = next.frames.iter().filter(replayed).count();
            if count > 0 {
                seen.push(words::replayed(count as u64));
            }
        }
    }
    seen
}
