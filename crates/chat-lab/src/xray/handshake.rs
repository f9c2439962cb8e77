//! The handshake as it was, between TCP's own before it and the end after it: the lines without which it is
//! no WebSocket, the others when asked for, each with what it is for and whose it is, and how the answer's
//! key comes from the request's. It knows no frames but the last ones.

use chat_ui::{
    browser::on_resize,
    dom::{Drawn, draw, svg},
    live::key,
};
use chat_wire::{Direction, accept::Accept, head::Head};
use leptos::prelude::*;
use web_sys::DomRect;

use super::{ending, recording::Recording, recordings::Recordings};
use crate::xray::{
    pieces::{button, heading, ours, small, tag, titled, verdict},
    words::handshake as words,
};

/// The id of what request and answer stand in, for the line between them.
const HEADS: &str = "xray-heads";
/// The lines between which that is drawn, in lower case.
const KEY: &str = "sec-websocket-key";
const ACCEPT: &str = "sec-websocket-accept";

pub(super) fn handshake(recordings: Recordings) -> Drawn {
    let came = move || {
        let came =
            |one: &Recording| 1 + u64::from(one.request.is_some()) + 2 * u64::from(one.answer.is_some());
        key(&[recordings.chosen() as u64, recordings.with(came).unwrap_or_default()])
    };
    draw("div").class("handshake").live(came, move || {
        let heads = recordings.peek(|one| (head(one, Direction::In), head(one, Direction::Out)));
        let Some((Some(request), answer)) = heads else { return Vec::new() };
        request_animation_frame(join_when_resized);
        vec![segments(recordings), both(&request, answer.as_ref()), ending::end(recordings)]
    })
}

/// The head of one direction, and when the first of it passed.
fn head(recording: &Recording, way: Direction) -> Option<(Head, u64)> {
    let head = if way == Direction::In { &recording.request } else { &recording.answer };
    let first = recording.passages.iter().find(|passage| passage.direction == way)?;
    head.clone().map(|head| (head, first.at_us))
}

/// Request and answer, and how one's key leads to the other's.
fn both(request: &(Head, u64), answer: Option<&(Head, u64)>) -> Drawn {
    let section = |(head, at_us): &(Head, u64), name, first| {
        let after = at_us.saturating_sub(request.1);
        let told = if *at_us == request.1 { words::BEGINS.to_owned() } else { words::answered_after(after) };
        draw("section").child(heading(name, Some(draw("time").text(&told)))).child(lines(head, first))
    };
    let accept = request.0.value(KEY).map(|key| Accept::of(&key));
    let answered = answer.and_then(|(head, _)| head.value(ACCEPT)).map(String::from);
    let computation = accept.map(|accept| computation(&accept, answered, words::ACCEPT_STEPS[0]));
    draw("div")
        .class("heads")
        .attr("id", HEADS)
        .child(section(request, words::REQUEST, words::REQUEST_LINE))
        .children(answer.map(|answer| section(answer, words::ANSWER, words::STATUS_LINE)))
        .children(computation)
        .child(svg("svg").class("link").attr("aria-hidden", "true").child(svg("path")))
}

/// TCP's three segments, which were before the first byte.
fn segments(recordings: Recordings) -> Drawn {
    let segment = |(name, way, what): (&str, &str, &str)| {
        draw("li")
            .child(draw("code").text(name))
            .child(draw("span").class("way").attr("aria-hidden", "true").text(way))
            .child(draw("span").text(what))
    };
    let rtt = move || recordings.with(|one| one.first_rtt_us).flatten();
    draw("section")
        .class("segments")
        .child(heading(words::TCP_FIRST, Some(tag("RFC 9293"))))
        .child(draw("ol").children(words::SEGMENTS.map(segment)))
        .child(small("").live_text(move || words::segments_took(rtt())))
}

/// The lines of a head, those first without which it is no WebSocket, and the meaning of the one that is
/// looked at.
pub(crate) fn lines(
    head: &Head,
    // What the first line is.
    first: &'static str,
) -> Drawn {
    let looked_at = RwSignal::new(None::<usize>);
    let is_whole = RwSignal::new(false);
    let is_request = head.status().is_none();
    let line = move |at: usize, name: &str, rest: &str| {
        let tell = move |_| looked_at.set(Some(at));
        let lower = name.to_ascii_lowercase();
        let is_first = at == 0;
        let rfc = if is_first { "RFC 9110" } else { words::rfc(&lower) };
        let is_ours = is_first && is_request || lower == "sec-websocket-protocol";
        let button = draw("button")
            .attr("type", "button")
            .live_aria("aria-pressed", move || looked_at.get() == Some(at))
            .child(draw("b").text(name))
            .text(rest)
            .on("click", tell)
            .on("focus", tell)
            .on("mouseenter", tell);
        draw("li")
            .attr("data-line", &lower)
            .flag("data-essential", is_first || is_essential(&lower))
            .child(button)
            .children((!rfc.is_empty()).then(|| tag(rfc)))
            .children(is_ours.then(|| ours().attr("dir", "rtl")))
    };
    let names: Vec<String> = head.lines.iter().map(|header| head.text(&header.name).into_owned()).collect();
    let others = names.iter().filter(|name| !is_essential(&name.to_ascii_lowercase())).count();
    let headers = head
        .lines
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(at, (header, name))| line(at + 1, name, &head.text(&(header.name.end..header.whole.end))));
    let list = draw("ol").class("wire").attr("dir", "ltr").child(line(0, &head.text(&head.start), ""));
    let list = list.children(headers);
    let meanings: Vec<_> =
        std::iter::once(first).chain(names.iter().map(|name| words::header(name))).collect();
    let meaning = move || looked_at.get().map_or(words::HINT, |at| meanings[at]).to_owned();
    let more = (others > 0).then(|| {
        let told = move || if is_whole.get() { words::ESSENTIAL.to_owned() } else { words::others(others) };
        button("others", move || is_whole.update(|is_whole| *is_whole = !*is_whole))
            .live_aria("aria-expanded", move || is_whole.get())
            .live_text(told)
    });
    draw("div")
        .class("lines")
        .live_flag("data-whole", move || is_whole.get())
        .child(list)
        .children(more)
        .child(draw("p").class("meaning").attr("role", "status").live_text(meaning))
}

/// Whether a header of this name, in lower case, is one of those without which there is no handshake (RFC 6455
/// §4.1, §4.2.2). `Host` is any HTTP's.
fn is_essential(name: &str) -> bool {
    matches!(name, "upgrade" | "connection" | KEY | "sec-websocket-version" | ACCEPT)
}

/// From the key to the answer, step by step.
pub(crate) fn computation(
    accept: &Accept,
    answered: Option<String>,
    // Whose key it is.
    key_is: &'static str,
) -> Drawn {
    let digest: Vec<String> = accept.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let results = [&accept.key, &accept.joined, &digest.join(" "), &accept.value];
    let steps = std::iter::once(key_is).chain(words::ACCEPT_STEPS.into_iter().skip(1));
    let step = |(step, result): (&str, &String)| {
        draw("li").child(draw("span").text(step)).child(draw("code").attr("dir", "ltr").text(result))
    };
    let verdict = answered.map(|answered| {
        let is_equal = answered == accept.value;
        let text = if is_equal { words::ACCEPT_EQUAL } else { words::ACCEPT_DIFFERENT };
        verdict(text, is_equal)
    });
    draw("section")
        .class("computation")
        .child(titled(words::ACCEPT, "RFC 6455 §4.2.2", words::ACCEPT_WHY))
        .child(draw("ol").children(steps.zip(results).map(step)))
        .children(verdict)
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
