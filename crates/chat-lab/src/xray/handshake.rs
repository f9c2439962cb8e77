//! The handshake as it was, between TCP's own before it and the end after it: the lines without which it is
//! no WebSocket, the others when asked for, each with what it is for and whose it is, and how the answer's
//! key comes from the request's. It knows no frames but the last ones.

use chat_ui::{
    bind::{attr, flag},
    browser::on_resize,
};
use chat_wire::{Direction, accept::Accept, head::Head};
use leptos::prelude::*;
use web_sys::DomRect;

use super::{ending::End, recording::Recording, recordings::Recordings};
use crate::{
    about::About,
    xray::words::{self as common, handshake as words},
};

/// The id of what request and answer stand in, for the line between them.
const HEADS: &str = "xray-heads";
/// The lines between which that is drawn, in lower case.
const KEY: &str = "sec-websocket-key";
const ACCEPT: &str = "sec-websocket-accept";

#[component]
pub(super) fn Handshake(recordings: Recordings) -> impl IntoView {
    let heads = Memo::new(move |_| {
        recordings.with(|one| {
            let first = |way| {
                one.passages.iter().find(|passage| passage.direction == way).map(|passage| passage.at_us)
            };
            let of = |head: &Option<Head>, way| head.clone().zip(first(way));
            [of(&one.request, Direction::In), of(&one.answer, Direction::Out)]
        })
    });
    let rtt = Memo::new(move |_| recordings.with(round_trip).flatten());
    let is_known = move || heads.with(|heads| matches!(heads, Some([Some(_), _])));
    view! {
        <div class="handshake">
            {move || is_known().then(|| view! { <Segments rtt /> })}
            <div class="heads" id=HEADS>
                {move || {
                    request_animation_frame(join_when_resized);
                    let [request, answer] = heads.get().unwrap_or_default();
                    let value = |of: &Option<(Head, u64)>, name| of.as_ref().and_then(|(head, _)| head.value(name).map(String::from));
                    let accept = value(&request, KEY).map(|key| Accept::of(&key));
                    let answered = value(&answer, ACCEPT);
                    let lines = |head: Option<(Head, u64)>, heading, first| {
                        head.map(|(head, at_us)| view! {
                            <section>
                                <h3>{heading} " " <time dir="ltr">{common::seconds(at_us)}</time></h3>
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
                <svg class="link" aria-hidden="true"><path></path></svg>
            </div>
            {move || is_known().then(|| view! { <End recordings /> })}
        </div>
    }
}

/// The smoothed round trip that the kernel told of, in microseconds.
fn round_trip(recording: &Recording) -> Option<u32> {
    recording.tcp.as_ref().map(|tcp| tcp.rtt_us)
}

/// TCP's three segments, which were before the first byte.
#[component]
fn Segments(rtt: Memo<Option<u32>>) -> impl IntoView {
    let segments = words::SEGMENTS.map(|(name, way, what)| {
        view! { <li><code>{name}</code> <span class="way" aria-hidden="true">{way}</span> <span>{what}</span></li> }
    });
    view! {
        <section class="segments">
            <h3>{words::TCP_FIRST} " " <span class="tag">"RFC 9293"</span></h3>
            <ol>{segments.collect_view()}</ol>
            <p class="small">{move || words::segments_took(rtt.get())}</p>
        </section>
    }
}

/// The lines of a head, those first without which it is no WebSocket, and the meaning of the one that is
/// looked at.
#[component]
pub(crate) fn Lines(
    head: Head,
    /// What the first line is.
    first: &'static str,
) -> impl IntoView {
    let looked_at = RwSignal::new(None::<usize>);
    let is_whole = RwSignal::new(false);
    let is_request = head.status().is_none();
    let line = move |at: usize, name: String, rest: String| {
        let tell = move || looked_at.set(Some(at));
        let lower = name.to_ascii_lowercase();
        let is_first = at == 0;
        let is_essential = is_first || is_essential(&lower);
        let rfc = if is_first { "RFC 9110" } else { words::rfc(&lower) };
        let is_ours = is_first && is_request || lower == "sec-websocket-protocol";
        view! {
            <li data-line=lower data-essential=is_essential.then_some("") hidden=flag(move || !is_essential && !is_whole.get())>
                <button
                    type="button"
                    aria-pressed=attr(move || Some(if looked_at.get() == Some(at) { "true" } else { "false" }))
                    on:click=move |_| tell()
                    on:focus=move |_| tell()
                    on:mouseenter=move |_| tell()
                >
                    <b>{name}</b>
                    {rest}
                </button>
                <span class="tag" hidden=rfc.is_empty()>{rfc}</span>
                <span class="tag" data-ours="" dir="rtl" hidden=!is_ours>{common::OURS}</span>
            </li>
        }
    };
    let start = line(0, head.text(&head.start).into_owned(), String::new());
    let names: Vec<String> = head.lines.iter().map(|header| head.text(&header.name).into_owned()).collect();
    let others = names.iter().filter(|name| !is_essential(&name.to_ascii_lowercase())).count();
    let meanings: Vec<_> =
        std::iter::once(first).chain(names.iter().map(|name| words::header(name))).collect();
    let headers = head.lines.iter().zip(names).enumerate().map(|(at, (header, name))| {
        let rest = head.text(&(header.name.end..header.whole.end)).into_owned();
        line(at + 1, name, rest)
    });
    let meaning = move || looked_at.get().map_or(words::HINT, |at| meanings[at]);
    view! {
        <div class="lines">
            <ol class="wire" dir="ltr">
                {start}
                {headers.collect_view()}
            </ol>
            {(others > 0).then(|| view! {
                <button
                    type="button"
                    class="others"
                    aria-expanded=attr(move || Some(if is_whole.get() { "true" } else { "false" }))
                    on:click=move |_| is_whole.update(|is_whole| *is_whole = !*is_whole)
                >
                    {move || if is_whole.get() { words::ESSENTIAL.to_owned() } else { words::others(others) }}
                </button>
            })}
            <p class="meaning" role="status">{meaning}</p>
        </div>
    }
}

/// Whether a header of this name, in lower case, is one of those without which there is no handshake (RFC 6455
/// §4.1, §4.2.2). `Host` is any HTTP's.
fn is_essential(name: &str) -> bool {
    matches!(name, "upgrade" | "connection" | KEY | "sec-websocket-version" | ACCEPT)
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
            <div class="titled">
                <h3>{words::ACCEPT} " " <span class="tag">"RFC 6455 §4.2.2"</span></h3>
                <About about=words::ACCEPT_WHY />
            </div>
            <ol>{steps.collect_view()}</ol>
            {verdict}
        </section>
    }
}

/// Draws the line from the key to its answer, and again whenever they stand elsewhere.
fn join_when_resized() {
    if let Some(heads) = document().get_element_by_id(HEADS) {
        on_resize(&heads, join);
    }
}

fn join() {
    let Some(heads) = document().get_element_by_id(HEADS) else { return };
    let find = |what: &str| heads.query_selector(what).ok().flatten();
    let place = |what: &str| {
        let rect = find(what)?.get_bounding_client_rect();
        Some(Place::within(&rect, &heads.get_bounding_client_rect()))
    };
    // Before there is an answer there is nothing to join.
    let places =
        || Some((place("[data-line=sec-websocket-key]")?, place("[data-line=sec-websocket-accept]")?));
    let path = places().zip(place(".computation"));
    let path = path.and_then(|((key, accept), sum)| link(key, accept, sum.top)).unwrap_or_default();
    if find(".link path").is_none_or(|line| line.set_attribute("d", &path).is_err()) {
        leptos::logging::warn!("key and answer are not joined");
    }
}

/// Where something is, in CSS pixels.
#[derive(Clone, Copy, Debug)]
struct Place {
    left: f64,
    right: f64,
    top: f64,
    middle: f64,
}

impl Place {
    fn within(rect: &DomRect, around: &DomRect) -> Self {
        let (x, y) = (around.left(), around.top());
        let middle = (rect.top() + rect.bottom()) / 2.0 - y;
        Self { left: rect.left() - x, right: rect.right() - x, top: rect.top() - y, middle }
    }
}

/// The way from the key down to the computation, whose upper edge is at `sum`, and from there up to its answer,
/// in the gap between them; none where they do not stand side by side.
fn link(key: Place, accept: Place, sum: f64) -> Option<String> {
    /// Half of an arrow's tip, in CSS pixels.
    const TIP: f64 = 6.0;
    let gap = key.left - accept.right;
    (gap > 0.0).then(|| {
        let (down, up) = (key.left - gap / 3.0, accept.right + gap / 3.0);
        let (from, to, end) = (key.middle, accept.middle, accept.right + TIP / 2.0);
        format!(
            "M{} {from}H{down}V{end_of_way}m-{TIP}-{TIP}l{TIP} {TIP} {TIP}-{TIP}M{up} {sum}V{to}H{end}m{TIP}-{TIP}l-{TIP} {TIP} {TIP} {TIP}",
            key.left,
            end_of_way = sum - TIP / 2.0,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_headers_and_accept_are_essential() {
        for name in
            ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-accept"]
        {
            assert!(is_essential(name), "{name}");
        }
        for name in ["host", "origin", "cookie", "sec-websocket-protocol", "sec-websocket-extensions", ""] {
            assert!(!is_essential(name), "{name}");
        }
    }

    #[test]
    fn link_needs_key_and_answer_side_by_side() {
        let place = |left, right, middle| Place { left, right, top: middle - 10.0, middle };
        let beside = link(place(330.0, 600.0, 50.0), place(0.0, 300.0, 40.0), 200.0);
        assert_eq!(beside.as_deref(), Some("M330 50H320V197m-6-6l6 6 6-6M310 200V40H303m6-6l-6 6 6 6"));
        assert_eq!(link(place(0.0, 300.0, 50.0), place(0.0, 300.0, 150.0), 300.0), None);
    }
}
