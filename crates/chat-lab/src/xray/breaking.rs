//! Breaking one's own connection: predict, break, watch. The server breaks it; here is only asked for
//! it, and what the recordings then show is told. Experiments belong to the panel and outlive this tab. It
//! never touches the room's connection itself.

use chat_ui::{
    browser::{clock::elapsed_us, random},
    dom::{Drawn, draw},
    live::key,
};
use gloo_net::http::Request;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, HtmlInputElement};

use super::{
    address::address,
    experiment::{Break, Broken, Experiment, Phase, Seen},
    pieces::{button, heading, p, verdict},
    recordings::Recordings,
};
use crate::xray::words::breaking::{self as words, FAULTS, Fault};

/// All experiments. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Experiments([RwSignal<Experiment>; Break::ALL.len()]);

impl Experiments {
    /// None of them begun.
    pub(super) fn new() -> Self {
        Self(Break::ALL.map(|_| RwSignal::new(anew())))
    }
}

/// One that is not begun, with its answers in an order of its own.
fn anew() -> Experiment {
    Experiment { shift: random::bytes::<1>()[0], ..Experiment::default() }
}

pub(super) fn breaking(recordings: Recordings, experiments: Experiments) -> Drawn {
    let all = Break::ALL.into_iter().zip(FAULTS).zip(experiments.0);
    let all = all.map(|((what, fault), experiment)| attempt(recordings, what, fault, experiment));
    let more = |href: &str, text: &str| p("").class("more").child(draw("a").attr("href", href).text(text));
    let ways = room().map(|room| more(&format!("/ways/{room}"), words::WAYS));
    draw("div")
        .class("breaking")
        .child(p(words::INTRO))
        .children(all)
        .children(ways)
        .child(more("/workbench", words::WORKBENCH))
}

/// The room of the document, as it stands in an address.
fn room() -> Option<String> {
    Some(js_sys::encode_uri_component(&super::room()?).into())
}

/// One way of breaking it.
fn attempt(recordings: Recordings, what: Break, fault: Fault, experiment: RwSignal<Experiment>) -> Drawn {
    let phase = move || experiment.with(|one| one.phase);
    let predicted = move || experiment.with(|one| one.predicted);
    let is_begun = move || matches!(phase(), Phase::Asked | Phase::Done(_));
    let seen = move || match phase() {
        Phase::Done(broken) => Seen::of(&recordings.all(), what, broken),
        _ => Seen::default(),
    };
    let is_done = move || matches!(phase(), Phase::Done(_));
    let name = format!("prediction-{}", what as usize);
    let answer = move |at: usize| {
        let input = draw("input").attr("type", "radio").attr("name", &name).attr("value", &at.to_string());
        let input = input
            .live_flag("disabled", is_begun)
            .on("change", move |_| experiment.update(|one| one.predicted = Some(at)));
        if experiment.with_untracked(|one| one.predicted) == Some(at) {
            input.0.unchecked_ref::<HtmlInputElement>().set_checked(true);
        }
        draw("label").class("answer").child(input).child(draw("span").text(fault.answers[at]))
    };
    // Another time in another order.
    let order = move || experiment.with(|one| one.shift).into();
    let answers = draw("fieldset").live(order, move || {
        let order = experiment.with_untracked(Experiment::order);
        let legend = draw("legend").text(words::PREDICT);
        std::iter::once(legend).chain(order.map(&answer)).collect()
    });
    let begin = button("button", move || inflict(recordings, what, experiment))
        .live_flag("disabled", move || predicted().is_none() || is_begun())
        .text(words::DO_IT);
    let told = move || match phase() {
        Phase::Idle | Phase::Asked => "",
        Phase::Over => words::OVER,
        Phase::NoLab => words::NO_LAB,
        Phase::Unreachable => words::UNREACHABLE,
        Phase::Done(_) if seen().is_shown => "",
        Phase::Done(_) => words::DONE,
    };
    let judged = draw("div").live(
        move || seen().is_shown.into(),
        move || {
            if !seen().is_shown {
                return Vec::new();
            }
            let is_right = predicted() == Some(fault.right);
            let answer = if is_right { "" } else { fault.answers[fault.right] };
            let told = if is_right { words::RIGHT } else { words::WRONG };
            let verdict = verdict(&format!("{told} {answer}"), is_right);
            bring_into_sight(&verdict.0);
            vec![verdict, p(fault.why).class("why")]
        },
    );
    let lines = move || seen().told.iter().map(|line| draw("li").text(line)).collect();
    let length = move || key(&seen().told.iter().map(|line| line.len() as u64).collect::<Vec<_>>());
    let title = heading(words::SEEN, None).live_flag("hidden", move || seen().told.is_empty());
    let again = button("button quiet", move || experiment.set(Experiment { is_open: true, ..anew() }))
        .live_flag("hidden", move || !(is_done() && seen().is_over()))
        .text(words::AGAIN);
    let status = draw("div")
        .class("outcome")
        .attr("role", "status")
        .child(p("").class("note").live_text(move || told().to_owned()))
        .child(judged)
        .child(title)
        .child(draw("ul").class("seen").live(length, lines))
        .child(p("").class("waits").live_text(move || seen().waits_for.unwrap_or_default().to_owned()));
    let details =
        draw("details").class("experiment").flag("open", experiment.with_untracked(|one| one.is_open));
    let is_open = details.0.clone();
    details
        // One at a time, where the browser knows how.
        .attr("name", "experiment")
        .on("toggle", move |_| experiment.update(|one| one.is_open = is_open.has_attribute("open")))
        .child(draw("summary").text(fault.name))
        .child(p(fault.what))
        .child(answers)
        .child(begin)
        .child(status)
        .child(again)
}

/// Once all that comes with it is drawn.
fn bring_into_sight(element: &Element) {
    let element = element.clone();
    request_animation_frame(move || element.scroll_into_view_with_bool(false));
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
    let request = Request::post(&address(token, "break")).body(what);
    let answer = match request {
        Ok(request) => request.send().await.map(|answer| answer.status()),
        Err(error) => Err(error),
    };
    answer.ok()
}
