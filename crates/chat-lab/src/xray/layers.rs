//! One message from the sentence to the wire, and what each layer adds. Down to the frame the bytes
//! were counted; below it only the kernel's word is real, and the rest is what headers usually are.

use chat_wire::Tcp;
use leptos::{either::Either, prelude::*};

use super::{
    recording::{Recording, Shown},
    recordings::Recordings,
};
use crate::xray::words::{self as common, layers as words};

/// How many messages can be chosen from: the newest.
const CHOICES: usize = 20;
/// What a segment may carry when the kernel says nothing: that of Ethernet with timestamps.
const USUAL_MSS: u64 = 1448;

/// What each layer adds to one message, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Weights {
    /// The text, the JSON around it, the frame's header, and the headers of TCP, IP and link.
    pub(super) added: [u64; 6],
    /// How many segments it needs by itself.
    pub(super) segments: u64,
}

impl Weights {
    /// Of a frame that carries a text.
    fn of(shown: &Shown, recording: &Recording) -> Self {
        let text = shown.says.field("text").map_or(0, str::len) as u64;
        let (json, header) = (shown.frame.header.length, shown.frame.header.size() as u64);
        let tcp = recording.tcp.as_ref();
        let mss = tcp.map_or(USUAL_MSS, |tcp| tcp.mss.max(1).into());
        let segments = (header + json).div_ceil(mss).max(1);
        let timestamps = tcp.is_none_or(|tcp| tcp.timestamps);
        let (ipv6, loopback) =
            recording.opened.as_ref().map_or((false, false), |opened| (opened.ipv6, opened.loopback));
        let each =
            [if timestamps { 32 } else { 20 }, if ipv6 { 40 } else { 20 }, if loopback { 14 } else { 18 }];
        let [tcp, ip, link] = each.map(|bytes| bytes * segments);
        Self { added: [text, json.saturating_sub(text), header, tcp, ip, link], segments }
    }

    fn all(self) -> u64 {
        self.added.iter().sum()
    }
}

#[component]
pub(super) fn Layers(recordings: Recordings) -> impl IntoView {
    let chosen = RwSignal::new(None::<usize>);
    let sayings = Memo::new(move |_| {
        recordings
            .with(|one| {
                let sayings = one.sayings();
                let newest = sayings.iter().rev().take(CHOICES);
                let told =
                    |at: &usize| (*at, one.frames[*at].says.field("text").unwrap_or_default().to_owned());
                newest.map(told).collect::<Vec<_>>()
            })
            .unwrap_or_default()
    });
    let shown = move || {
        let at = sayings.with(|sayings| {
            let known = chosen.get().filter(|chosen| sayings.iter().any(|(at, _)| at == chosen));
            known.or_else(|| sayings.first().map(|(at, _)| *at))
        })?;
        recordings.with(|one| Some((Weights::of(one.frames.get(at)?, one), at))).flatten()
    };
    let shown = Memo::new(move |_| shown());
    let loopback = Memo::new(move |_| {
        recordings.with(|one| one.opened.as_ref().is_some_and(|opened| opened.loopback)).unwrap_or_default()
    });
    let tcp = Memo::new(move |_| recordings.with(|one| one.tcp.clone()).flatten());
    let options = move || {
        let current = shown.get().map(|(_, at)| at);
        let option = |(at, text): (usize, String)| {
            let brief = chat_ui::prose::plain(&text.chars().take(60).collect::<String>());
            view! { <option value=at.to_string() selected={current == Some(at)}>{brief}</option> }
        };
        sayings.get().into_iter().map(option).collect_view()
    };
    view! {
        <div class="layers">
            <p>{words::INTRO}</p>
            {move || match shown.get() {
                None => Either::Left(view! { <p class="none">{words::NONE}</p> }),
                Some((weights, _)) => Either::Right(view! {
                    <label class="choose">
                        <span>{words::CHOOSE}</span>
                        <select on:change=move |event| chosen.set(event_target_value(&event).parse().ok())>
                            {options}
                        </select>
                    </label>
                    <Onion weights loopback=loopback.get() />
                }),
            }}
            <Kernel tcp />
        </div>
    }
}

/// The layers, each as long as what it carries and what it adds.
#[component]
fn Onion(weights: Weights, loopback: bool) -> impl IntoView {
    let all = weights.all().max(1);
    let told = [words::TEXT, words::JSON, words::FRAME, words::TCP, words::IP];
    let layer = |at: usize| {
        let inner: u64 = weights.added[..at].iter().sum();
        let added = weights.added[at];
        // In thousandths of the whole, and from the right, where Persian begins.
        let share = |bytes: u64| bytes * 1000 / all;
        let at_end = |bytes: u64| 1000 - share(bytes);
        let what = match told.get(at) {
            Some(what) => what,
            None if loopback => words::LOOPBACK,
            None => words::LINK,
        };
        let is_counted = at < 3;
        view! {
            <li data-layer=at.to_string()>
                <div class="name">
                    <b>{words::NAMES[at]}</b>
                    <span class="tag" data-real=is_counted.then_some("")>
                        {if is_counted { words::COUNTED } else { words::ESTIMATED }}
                    </span>
                    <span class="sum"><bdi dir="ltr">{format!("+{added} = {}", inner + added)}</bdi></span>
                </div>
                <svg class="strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="inner" x=at_end(inner) width=share(inner) height="10"></rect>
                    <rect class="added" x=at_end(inner + added) width=share(added) height="10"></rect>
                </svg>
                <p class="small">{what}</p>
            </li>
        }
    };
    view! {
        <ol class="onion">{(0..weights.added.len()).map(layer).collect_view()}</ol>
        <p class="verdict" data-good="">
            {words::verdict(weights.added[0], all)} " " {words::segments(weights.segments)}
        </p>
    }
}

/// What the kernel says of the connection.
#[component]
fn Kernel(tcp: Memo<Option<Tcp>>) -> impl IntoView {
    let table = |tcp: Tcp| {
        let values = [
            common::took(tcp.rtt_us.into()),
            common::took(tcp.rtt_var_us.into()),
            common::bytes(tcp.mss.into()),
            chat_ui::digits::number(tcp.segments_out.into()),
            chat_ui::digits::number(tcp.segments_in.into()),
            chat_ui::digits::number(tcp.retransmitted.into()),
        ];
        let row =
            |(name, value): (&'static str, String)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
        view! { <dl class="kernel">{words::KERNEL_ROWS.into_iter().zip(values).map(row).collect_view()}</dl> }
    };
    view! {
        <section>
            <h3>{words::KERNEL} " " <span class="tag" data-real="">{words::MEASURED}</span></h3>
            {move || match tcp.get() {
                Some(tcp) => Either::Right(table(tcp)),
                None => Either::Left(view! { <p class="small">{words::KERNEL_SILENT}</p> }),
            }}
        </section>
    }
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
        let weights = |recording: &Recording| Weights::of(&recording.frames[0], recording);
        let [text, json, header, tcp, ip, link] = weights(&recording).added;
        assert_eq!((text, text + json + header), (8, frame.len() as u64));
        assert_eq!((tcp, ip, link), (32, 40, 18));
        // A kernel that says how little a segment carries.
        recording.take(Event::Tcp(Tcp { mss: 10, timestamps: false, ..Tcp::default() }));
        let small = weights(&recording);
        assert_eq!(small.segments, (frame.len() as u64).div_ceil(10));
        assert_eq!(small.added[3], 20 * small.segments);
    }
}
