//! One message of the room on its way down the layers: one's own `say` with its mask, and the `said` that came
//! back without one, side by side. Down to the frame the bytes were counted; below it only the kernel's word is
//! real, and the rest is what headers usually are.

use chat_ui::{
    dom::{Drawn, draw, svg},
    live::key,
};
use chat_wire::Tcp;
use leptos::prelude::*;

use super::{
    recording::{Recording, Shown},
    recordings::Recordings,
};
use crate::xray::{
    pieces::{button, heading, p, real_tag, small},
    words::{self as common, layers as words},
};

/// How many messages can be chosen from: the newest.
const CHOICES: usize = 20;
/// What a segment may carry when the kernel says nothing: that of Ethernet with timestamps.
const USUAL_MSS: u64 = 1448;
/// The least that a frame of Ethernet carries; what is shorter is filled up.
const ETHERNET_MIN: u64 = 46;
/// What a record of TLS 1.3 adds: its header, the type within, and the tag of AES-GCM.
const TLS_RECORD: u64 = 5 + 1 + 16;

/// What each layer adds to one message, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Weights {
    /// The text, the JSON around it, the frame's header, TLS, and the headers of TCP, IP and link.
    added: [u64; 7],
}

impl Weights {
    /// Of a frame that carries a text.
    fn of(shown: &Shown, recording: &Recording, is_secure: bool) -> Self {
        let text = shown.says.field("text").map_or(0, str::len) as u64;
        let (json, header) = (shown.frame.header.length, shown.frame.header.size() as u64);
        let tls = if is_secure { TLS_RECORD } else { 0 };
        let tcp = recording.tcp.as_ref();
        let mss = tcp.map_or(USUAL_MSS, |tcp| tcp.mss.max(1).into());
        let carried = tls + header + json;
        let segments = carried.div_ceil(mss).max(1);
        let timestamps = tcp.is_none_or(|tcp| tcp.timestamps);
        let (ipv6, loopback) =
            recording.opened.as_ref().map_or((false, false), |opened| (opened.ipv6, opened.loopback));
        let (tcp, ip) = (if timestamps { 32 } else { 20 }, if ipv6 { 40 } else { 20 });
        // Only the last segment may be that short.
        let last = tcp + ip + carried - (segments - 1) * mss;
        let link = if loopback { 14 * segments } else { 18 * segments + ETHERNET_MIN.saturating_sub(last) };
        let json = json.saturating_sub(text);
        Self { added: [text, json, header, tls, tcp * segments, ip * segments, link] }
    }

    /// What is carried by the layer of this number, without what it adds.
    fn within(self, at: usize) -> u64 {
        self.added[..at].iter().sum()
    }

    fn all(self) -> u64 {
        self.within(self.added.len())
    }
}

/// One message as it went and as it came back: the numbers of its frames, as far as they were recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Choice {
    text: String,
    frames: [Option<usize>; 2],
}

/// The newest messages, newest first.
fn choices(recording: &Recording) -> Vec<Choice> {
    let mut choices: Vec<(Option<&str>, Choice)> = Vec::new();
    for at in recording.sayings().into_iter().rev() {
        let says = &recording.frames[at].says;
        let (id, way) = (says.field("id"), usize::from(says.kind() == Some("said")));
        let is_it = |(other, choice): &(Option<&str>, Choice)| *other == id && choice.frames[way].is_none();
        match choices.iter().position(is_it) {
            Some(known) => choices[known].1.frames[way] = Some(at),
            None if choices.len() == CHOICES => break,
            None => {
                let mut frames = [None; 2];
                frames[way] = Some(at);
                choices
                    .push((id, Choice { text: says.field("text").unwrap_or_default().to_owned(), frames }));
            }
        }
    }
    choices.into_iter().map(|(_, choice)| choice).collect()
}

pub(super) fn layers(recordings: Recordings) -> Drawn {
    // By a frame that stays; none is the newest.
    let chosen = RwSignal::new(None::<usize>);
    let is_secure = RwSignal::new(chat_ui::browser::location::is_secure());
    let all = move || recordings.with(choices).unwrap_or_default();
    let current = move || {
        let all = all();
        let is_chosen = |choice: &&Choice| chosen.get().is_some() && choice.frames.contains(&chosen.get());
        all.iter().find(is_chosen).or(all.first()).cloned()
    };
    let told = move || {
        key(&[recordings.chosen() as u64, recordings.with(|one| one.sayings().len()).unwrap_or(0) as u64])
    };
    let options = move || {
        let current = current();
        let option = |choice: Choice| {
            let brief = chat_ui::prose::plain(&choice.text.chars().take(60).collect::<String>());
            let at = choice.frames.iter().flatten().next().copied().unwrap_or_default();
            let is_current = current.as_ref() == Some(&choice);
            draw("option").attr("value", &at.to_string()).flag("selected", is_current).text(&brief)
        };
        all().into_iter().map(option).collect()
    };
    let select = draw("select").live(told, options).on("change", move |event| {
        chosen.set(event_target_value(&event).parse().ok());
    });
    let scheme = [("ws", false), ("wss", true)].map(|(name, secure)| {
        button("chip", move || is_secure.set(secure))
            .live_aria("aria-pressed", move || is_secure.get() == secure)
            .child(draw("code").text(name))
    });
    let scheme =
        draw("div").class("scheme").attr("role", "group").attr("aria-label", words::SCHEME).children(scheme);
    let choose = draw("label").class("choose").child(draw("span").text(words::CHOOSE)).child(select);
    let drawn = move || {
        let kernel = recordings
            .with(|one| one.tcp.as_ref().map(|tcp| u64::from(tcp.mss) * 2 + u64::from(tcp.timestamps)));
        let chosen = chosen.get().map_or(0, |at| at as u64 + 1);
        key(&[told(), chosen, is_secure.get().into(), kernel.flatten().unwrap_or_default()])
    };
    let onion = move || match current() {
        None => vec![p(words::NONE).class("none")],
        Some(choice) => recordings.peek(|one| onion(one, &choice, is_secure.get())).unwrap_or_default(),
    };
    draw("div")
        .class("layers")
        .child(draw("div").class("choices").child(choose).child(scheme))
        .child(draw("div").class("peel").live(drawn, onion))
        .child(kernel(recordings))
}

/// The layers, from OSI's seventh down to the first, and what each makes of the message on either way.
fn onion(recording: &Recording, choice: &Choice, is_secure: bool) -> Vec<Drawn> {
    let loopback = recording.opened.as_ref().is_some_and(|opened| opened.loopback);
    let ways: Vec<_> = choice
        .frames
        .iter()
        .zip(words::WAYS)
        .filter_map(|(at, way)| Some((Weights::of(recording.frames.get((*at)?)?, recording, is_secure), way)))
        .collect();
    // Both against the heavier one, from the right, where Persian begins.
    let all = ways.iter().map(|(weights, _)| weights.all()).max().unwrap_or(0).max(1);
    let row = |layer: &words::Layer| {
        let what = match layer.adds {
            Some(6) if loopback => words::LOOPBACK,
            Some(3) if !is_secure => words::NO_TLS,
            _ => layer.what,
        };
        let weigh = |(weights, way): &(Weights, words::Way)| {
            let cell = draw("div").class("weight").attr("data-way", way.kind);
            let Some(at) = layer.adds else { return cell };
            let (within, added) = (weights.within(at), weights.added[at]);
            let equation = draw("bdi").attr("dir", "ltr").text(&words::equation(within, added));
            cell.child(equation).child(strip(within, added, all))
        };
        let name = draw("div").class("name").child(draw("b").text(layer.name));
        let known =
            layer.adds.map(|at| real_tag(if at < 3 { words::COUNTED } else { words::ESTIMATED }, at < 3));
        draw("li")
            .attr("data-layer", layer.osi)
            .child(draw("span").class("osi").text(layer.osi))
            .child(name.children(known))
            .children(ways.iter().map(weigh))
            .child(small(what))
    };
    let head = ways.iter().map(|(_, way)| {
        draw("b")
            .attr("data-way", way.kind)
            .text(way.arrow)
            .text(" ")
            .child(draw("code").text(way.kind))
            .text(" ")
            .text(way.what)
    });
    let verdicts = ways
        .iter()
        .map(|(weights, way)| draw("span").text(&words::verdict(way.kind, weights.added[0], weights.all())));
    let count = ways.len().to_string();
    vec![
        draw("div").class("ways-head").attr("data-ways", &count).child(draw("b").text("OSI")).children(head),
        draw("ol").class("onion").attr("data-ways", &count).children(words::LAYERS.iter().map(row)),
        p("").class("verdict").flag("data-good", true).children(verdicts),
    ]
}

/// As long as what is carried, and what is added at its head.
fn strip(within: u64, added: u64, all: u64) -> Drawn {
    let share = |bytes: u64| bytes * 1000 / all;
    let bar = |class: &str, end: u64, width: u64| {
        let bar = svg("rect").class(class).attr("height", "10");
        bar.attr("x", &(1000 - share(end)).to_string()).attr("width", &share(width).to_string())
    };
    svg("svg")
        .class("strip")
        .attr("viewBox", "0 0 1000 10")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true")
        .child(bar("inner", within, within))
        .child(bar("added", within + added, added))
}

/// What the kernel says of the connection.
fn kernel(recordings: Recordings) -> Drawn {
    let tcp = move || recordings.with(|one| one.tcp.clone()).flatten();
    let told = move || key(&[tcp().map_or(0, |tcp| tcp.at_us + 1)]);
    draw("section").class("of-kernel").live(told, move || {
        let tag = real_tag(words::MEASURED, true);
        let values = |tcp: Tcp| {
            let values = [
                common::took(tcp.rtt_us.into()),
                common::took(tcp.rtt_var_us.into()),
                common::bytes(tcp.mss.into()),
                chat_ui::digits::number(tcp.segments_out.into()),
                chat_ui::digits::number(tcp.segments_in.into()),
                chat_ui::digits::number(tcp.retransmitted.into()),
            ];
            let row = |(name, value): (&str, String)| {
                draw("div").child(draw("dt").text(name)).child(draw("dd").text(&value))
            };
            draw("dl").class("kernel").children(words::KERNEL_ROWS.into_iter().zip(values).map(row))
        };
        vec![heading(words::KERNEL, Some(tag)), tcp().map_or_else(|| small(words::KERNEL_SILENT), values)]
    })
}

#[cfg(test)]
mod tests {
    use chat_wire::{
        Chunk, Direction, Event, Opened,
        frame::{Header, Opcode},
    };

    use super::*;

    #[test]
    fn layer_weights_add_up_to_frame() {
        let json = r#"{"type":"said","text":"سلام"}"#.as_bytes();
        let frame = [&Header::new(Opcode::TEXT, None, json.len() as u64).write(), json].concat();
        let data = [&b"HTTP/1.1 101 Switching Protocols\r\n\r\n"[..], &frame].concat();
        let mut recording = Recording::new(String::new());
        let opened = Opened { at: 0, limit_bytes: 1, ipv6: true, loopback: false, proxied: false };
        recording.take(Event::Opened(opened));
        let direction = Direction::Out;
        recording.take(Event::Bytes(Chunk { at_us: 1, direction, offset: 0, data, hidden: vec![] }));
        let weights =
            |recording: &Recording, is_secure| Weights::of(&recording.frames[0], recording, is_secure);
        let [text, json, header, tls, tcp, ip, link] = weights(&recording, false).added;
        assert_eq!((text, text + json + header), (8, frame.len() as u64));
        assert_eq!((tls, tcp, ip, link), (0, 32, 40, 18));
        assert_eq!(weights(&recording, true).added[3], TLS_RECORD);
        // A kernel that says how little a segment carries.
        recording.take(Event::Tcp(Tcp { mss: 10, timestamps: false, ..Tcp::default() }));
        let segments = (frame.len() as u64).div_ceil(10);
        let small = weights(&recording, false);
        assert_eq!(small.added[4..6], [20 * segments, 40 * segments]);
    }

    #[test]
    fn short_packet_is_filled_up() {
        let mut recording = Recording::new(String::new());
        let opened = Opened { at: 0, limit_bytes: 1, ipv6: false, loopback: false, proxied: false };
        recording.take(Event::Opened(opened));
        recording.take(Event::Tcp(Tcp { mss: 1460, timestamps: false, ..Tcp::default() }));
        let frame = Header::new(Opcode::TEXT, None, 2).write();
        let data = [&b"HTTP/1.1 101 Switching Protocols\r\n\r\n"[..], &frame, b"{}"].concat();
        let direction = Direction::Out;
        recording.take(Event::Bytes(Chunk { at_us: 1, direction, offset: 0, data, hidden: vec![] }));
        // 40 bytes of headers, 4 of the frame, and 2 to make them 46.
        assert_eq!(Weights::of(&recording.frames[0], &recording, false).added[6], 18 + 2);
    }

    #[test]
    fn say_and_its_said_are_one_choice() {
        let mut recording = Recording::new(String::new());
        let mut pass = |direction, head: &[u8], messages: &[&str]| {
            let frames = messages.iter().map(|json| {
                [&Header::new(Opcode::TEXT, None, json.len() as u64).write(), json.as_bytes()].concat()
            });
            let data = [head, &frames.collect::<Vec<_>>().concat()].concat();
            recording.take(Event::Bytes(Chunk { at_us: 1, direction, offset: 0, data, hidden: vec![] }));
        };
        pass(Direction::In, b"GET / HTTP/1.1\r\n\r\n", &[r#"{"type":"say","id":"a","text":"x"}"#]);
        let said = [r#"{"type":"said","id":"a","text":"x"}"#, r#"{"type":"said","id":"b","text":"y"}"#];
        pass(Direction::Out, b"HTTP/1.1 101 Switching Protocols\r\n\r\n", &said);
        let choices = choices(&recording);
        assert_eq!(
            choices.iter().map(|choice| choice.frames).collect::<Vec<_>>(),
            [[None, Some(2)], [Some(0), Some(1)]]
        );
    }
}
