//! The workbench: a request and frames written by hand, sent as raw bytes to a strict endpoint, and its
//! answers taken apart. What is composed is plain data in [`attempt`]; the `pipe` carries it. It shows
//! with the same views as the X-ray what a head and a frame are made of.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chat_ui::{
    browser::{random, storage::Keep},
    dom::draw,
    live::redrawn,
    said::plain_line,
    words::{WAYS, WORKBENCH},
};
use chat_wire::{
    accept::Accept,
    frame::{LengthForm, Opcode},
    head::Head,
};
use leptos::{either::EitherOf5, prelude::*};
use web_sys::HtmlElement;

use self::{
    attempt::{Attempt, Composed, Entry, from_hex, preset, preset_of, request, to_hex},
    pipe::Pipe,
};
use crate::{
    cited::cited,
    page_shell::PageShell,
    xray::{
        frame::{bits, bytes},
        handshake::{computation, lines},
        words::{frames, handshake as heads},
    },
};

pub(crate) mod attempt;
mod pipe;
pub(crate) mod words;

/// Most characters of a payload that are shown in the log.
const TEXT_MAX: usize = 400;

/// Fills this place with the workbench.
pub fn show(place: HtmlElement) {
    crate::fill(place, Workbench);
}

#[component]
fn Workbench() -> impl IntoView {
    let attempt = RwSignal::new(Attempt::default());
    let pipe = Pipe::new();
    let unreachable = RwSignal::new(false);
    let send = move |bytes: Vec<u8>| {
        unreachable.set(false);
        let heard = move |bytes: Vec<u8>| attempt.update(|attempt| attempt.hear(&bytes));
        let ended = move |began: bool| {
            unreachable.set(!began);
            attempt.update(Attempt::end);
        };
        pipe.send(bytes, heard, ended);
    };
    let anew = move |_| {
        pipe.close();
        attempt.set(Attempt::default());
    };
    view! {
        <PageShell title=WORKBENCH notes=words::INTRO links=links()>
            <div class="workbench">
                <div class="benches">
                    <Request attempt send />
                    <Compose attempt send />
                    <Log attempt unreachable anew />
                </div>
            </div>
        </PageShell>
    }
}

/// Where one came from: the room that this browser was in last, and the ways into it. Whoever was in none has
/// ways of their own, and not into a room that is everybody's.
fn links() -> Vec<(String, &'static str)> {
    // As crates/chat-client/src/profile.rs keeps them: a line each, the room first.
    let rooms = Keep::Local.get("otagh:rooms").unwrap_or_default();
    let last = rooms.split(['\t', '\n']).next().filter(|room| !room.is_empty());
    let to = |place: &str, room: &str| format!("/{place}/{}", js_sys::encode_uri_component(room));
    match last {
        Some(room) => vec![(to("r", room), words::TO_ROOM), (to("ways", room), WAYS)],
        None => vec![(to("ways", &u64::from_le_bytes(random::bytes()).to_string()), WAYS)],
    }
}

/// Ready-made ones in their groups; the chosen one is marked until it is changed. Erased types, here and
/// below, because each other one is code to download.
fn presets(
    groups: [(&'static str, &'static [usize]); 4],
    names: &'static [&'static str],
    is_chosen: Arc<dyn Fn(usize) -> bool + Send + Sync>,
    choose: Arc<dyn Fn(usize) + Send + Sync>,
) -> impl IntoView {
    let one = move |number: usize| {
        let (is_chosen, choose) = (is_chosen.clone(), choose.clone());
        let pressed = move || if is_chosen(number) { "true" } else { "false" };
        view! {
            <button type="button" class="chip" aria-pressed=pressed on:click=move |_| choose(number)>
                {names[number]}
            </button>
        }
    };
    let group = |(name, numbers): (&'static str, &'static [usize])| {
        view! {
            <div role="group" aria-label=name>
                <span class="small" aria-hidden="true">{name}</span>
                {numbers.iter().map(|number| one(*number)).collect_view()}
            </div>
        }
    };
    view! { <div class="presets">{groups.map(group).into_iter().collect_view()}</div> }
}

/// A verdict, whether good or bad, if there is one yet.
fn told(verdict: Box<dyn Fn() -> Option<(String, bool)> + Send>) -> impl IntoView {
    move || {
        let line = |is_good| draw("p").class("verdict").flag("data-good", is_good);
        verdict().map(|(told, is_good)| cited(line(is_good), &told).view())
    }
}

/// What a frame that came says of the one that was sent.
fn outcome(frame: &chat_wire::decoder::Frame) -> (String, bool) {
    match (frame.close(), explained(frame)) {
        (Some((code, _)), Some(told)) => (told, code == 1000),
        _ if frame.header.opcode == Opcode::PONG => (words::PONGED.to_owned(), true),
        _ => (words::ECHOED.to_owned(), true),
    }
}

/// A fresh key for a handshake.
fn fresh_key() -> String {
    STANDARD.encode(random::bytes::<16>())
}

/// A fresh masking key.
fn fresh_mask() -> [u8; 4] {
    random::bytes()
}

#[component]
fn Request(attempt: RwSignal<Attempt>, send: impl Fn(Vec<u8>) + Copy + 'static) -> impl IntoView {
    let text = RwSignal::new(preset(0, &fresh_key()));
    let accept = Memo::new(move |_| {
        let head = Head::read(&request(&text.get()));
        head.value("sec-websocket-key").map(|key| Accept::of(&key))
    });
    let is_chosen = Arc::new(move |number| preset_of(&text.read(), words::REQUESTS.len()) == Some(number));
    let choose = Arc::new(move |number| text.set(preset(number, &fresh_key())));
    let verdict = Box::new(move || {
        attempt.with(|attempt| attempt.answer().map(|(code, body)| (words::answer(code, body), code == 101)))
    });
    let ask = move |_| {
        let bytes = request(&text.get_untracked());
        attempt.update(|attempt| attempt.ask(&bytes));
        send(bytes);
    };
    view! {
        <section class="bench request">
            <h2>{words::HANDSHAKE}</h2>
            {presets(words::REQUEST_GROUPS, &words::REQUESTS, is_chosen, choose)}
            <label>
                <span>{words::REQUEST}</span>
                <textarea
                    dir="ltr"
                    rows="8"
                    spellcheck="false"
                    prop:value=move || text.get()
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
            </label>
            <button
                type="button"
                class="button"
                id="ask"
                disabled=move || attempt.with(|attempt| attempt.is_open() || attempt.is_over())
                on:click=ask
            >
                {words::SEND_REQUEST}
            </button>
            <div class="outcome" role="status">{told(verdict)}</div>
            <OwnAccept attempt accept />
        </section>
    }
}

/// The answer to the key, to be computed by whoever learns it; how it is done stays folded until asked for.
#[component]
fn OwnAccept(attempt: RwSignal<Attempt>, accept: Memo<Option<Accept>>) -> impl IntoView {
    let own = RwSignal::new(String::new());
    let verdict = move || {
        let own = own.get();
        let is_right = accept.with(|accept| accept.as_ref().is_some_and(|accept| accept.value == own.trim()));
        let text = if is_right { words::ACCEPT_RIGHT } else { words::ACCEPT_WRONG };
        (!own.trim().is_empty())
            .then(|| view! { <p class="verdict" data-good=is_right.then_some("")>{text}</p> })
    };
    let computation = move || {
        let answered = attempt.with(|attempt| {
            attempt.log.iter().rev().find_map(|entry| match entry {
                Entry::Answered(head, _) => head.value("sec-websocket-accept").map(String::from),
                _ => None,
            })
        });
        accept.get().map(|accept| computation(&accept, answered, words::ACCEPT_KEY).view())
    };
    view! {
        <div class="own-accept">
            <h3>{words::ACCEPT_OWN}</h3>
            <p class="small">{words::ACCEPT_HOW}</p>
            <label>
                <span>{words::ACCEPT_VALUE}</span>
                <input
                    dir="ltr"
                    id="own-accept"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || own.get()
                    on:input=move |event| own.set(event_target_value(&event))
                />
            </label>
            <div role="status">{verdict}</div>
            <details>
                <summary>{words::ACCEPT_SHOW}</summary>
                {computation}
            </details>
        </div>
    }
}

#[component]
fn Compose(attempt: RwSignal<Attempt>, send: impl Fn(Vec<u8>) + Copy + 'static) -> impl IntoView {
    let composed = RwSignal::new(Composed::preset(0, fresh_mask()));
    let is_chosen = Arc::new(move |number| {
        composed.with(|composed| composed.preset_of(words::FRAMES.len())) == Some(number)
    });
    let choose = Arc::new(move |number| composed.set(Composed::preset(number, fresh_mask())));
    let verdict = Box::new(move || attempt.with(|attempt| attempt.reaction().map(outcome)));
    let bit = move |name: &'static str, read: fn(&Composed) -> bool, flip: fn(&mut Composed)| {
        view! {
            <label class="bit">
                <input
                    type="checkbox"
                    prop:checked=move || composed.with(read)
                    on:change=move |_| composed.update(flip)
                />
                <code dir="ltr">{name}</code>
            </label>
        }
    };
    let opcodes = (0..16_u8).map(|bits| {
        let name = format!("0x{bits:X} {}", Opcode::new(bits).name());
        view! { <option value=bits.to_string() selected=move || composed.with(|composed| composed.opcode.bits() == bits)>{name}</option> }
    });
    let form_of = |at: usize| {
        [None, Some(LengthForm::Bits7), Some(LengthForm::Bits16), Some(LengthForm::Bits64)][at.min(3)]
    };
    let forms = words::FORMS.into_iter().enumerate().map(|(at, name)| {
        view! { <option value=at.to_string() selected=move || composed.with(|composed| composed.form == form_of(at))>{name}</option> }
    });
    let expected = move || {
        cited(
            draw("p"),
            &attempt.with(|attempt| composed.with(|composed| words::expected(attempt.expect(composed)))),
        )
    };
    let is_open = move || attempt.with(Attempt::is_open);
    let first = move || if attempt.with(Attempt::is_over) { words::OVER_NOW } else { words::FIRST_SHAKE };
    let send_it = move |_| {
        let frame = composed.get_untracked();
        attempt.update(|attempt| attempt.send(&frame));
        send(frame.bytes());
    };
    view! {
        <section class="bench compose">
            <h2>{words::FRAME}</h2>
            {presets(words::FRAME_GROUPS, &words::FRAMES, is_chosen, choose)}
            <div class="controls">
                {bit("FIN", |composed| composed.fin, |composed| composed.fin ^= true)}
                {bit("RSV1", |composed| composed.rsv[0], |composed| composed.rsv[0] ^= true)}
                {bit("RSV2", |composed| composed.rsv[1], |composed| composed.rsv[1] ^= true)}
                {bit("RSV3", |composed| composed.rsv[2], |composed| composed.rsv[2] ^= true)}
                {bit("MASK", |composed| composed.is_masked, |composed| composed.is_masked ^= true)}
            </div>
            <div class="controls">
                <label>
                    <span dir="ltr">"opcode"</span>
                    <select dir="ltr" id="opcode" on:change=move |event| {
                        let bits = event_target_value(&event).parse().unwrap_or(1);
                        composed.update(|composed| composed.opcode = Opcode::new(bits));
                    }>{opcodes.collect_view()}</select>
                </label>
                <label>
                    <span>{words::FORM}</span>
                    <select on:change=move |event| {
                        let at = event_target_value(&event).parse().unwrap_or(0);
                        composed.update(|composed| composed.form = form_of(at));
                    }>{forms.collect_view()}</select>
                </label>
                <label>
                    <span>{words::KEY}</span>
                    <input
                        dir="ltr"
                        size="12"
                        prop:value=move || composed.with(|composed| to_hex(&composed.key))
                        on:change=move |event| {
                            let key = from_hex(&event_target_value(&event));
                            composed.update(|composed| composed.key = std::array::from_fn(|at| key.get(at).copied().unwrap_or(0)));
                        }
                    />
                </label>
            </div>
            <label>
                <span>{words::LENGTH}</span>
                <input
                    dir="ltr"
                    inputmode="numeric"
                    prop:value=move || composed.with(|composed| composed.length.map(|length| length.to_string()).unwrap_or_default())
                    on:change=move |event| composed.update(|composed| composed.length = event_target_value(&event).trim().parse().ok())
                />
            </label>
            {move || composed.with(Composed::cut).map(|said| view! { <p class="note" id="cut">{words::cut(said)}</p> })}
            <label>
                <span>{words::AS_TEXT}</span>
                <input
                    dir="auto"
                    id="payload"
                    prop:value=move || composed.with(|composed| String::from_utf8_lossy(&composed.payload).into_owned())
                    on:change=move |event| composed.update(|composed| composed.payload = event_target_value(&event).into_bytes())
                />
            </label>
            <label>
                <span>{words::AS_HEX}</span>
                <input
                    dir="ltr"
                    prop:value=move || composed.with(|composed| to_hex(&composed.payload))
                    on:change=move |event| composed.update(|composed| composed.payload = from_hex(&event_target_value(&event)))
                />
            </label>
            <details class="prediction">
                <summary>{words::PREDICT}</summary>
                {redrawn(expected)}
            </details>
            <button type="button" class="button" id="send-frame" disabled=move || !is_open() on:click=send_it>{words::SEND_FRAME}</button>
            <div class="outcome" role="status">{told(verdict)}</div>
            {move || (!is_open()).then(|| view! { <p class="note">{first()}</p> })}
            {redrawn(move || {
                let frame = composed.with(Composed::frame);
                let header = frame.header.write();
                let bits = bits(&header, true, frame.header.length);
                draw("div").class("open-frame").child(bits).child(bytes(&header, &frame, &[]))
            })}
        </section>
    }
}

/// What went and came, the newest on top.
#[component]
fn Log(
    attempt: RwSignal<Attempt>,
    unreachable: RwSignal<bool>,
    anew: impl Fn(leptos::ev::MouseEvent) + Copy + 'static,
) -> impl IntoView {
    let entry = move |number: usize| {
        let entry = attempt.with_untracked(|attempt| attempt.entry(number).cloned())?;
        Some(match entry {
            Entry::Asked(head) => EitherOf5::A(said(true, head_text(&head), String::new(), None)),
            Entry::Answered(head, _) => EitherOf5::B(view! { <Answer attempt number head /> }),
            Entry::Sent(frame) => EitherOf5::C(said(true, header_text(&frame), payload_text(&frame), None)),
            Entry::Came(frame) => {
                EitherOf5::D(said(false, header_text(&frame), payload_text(&frame), explained(&frame)))
            }
            Entry::Over => EitherOf5::E(view! { <li class="over">{words::OVER}</li> }),
        })
    };
    view! {
        <section class="bench happened">
            <div class="heading">
                <h2>{words::LOG}</h2>
                <button type="button" class="button quiet small" id="anew" on:click=anew>{words::ANEW}</button>
            </div>
            <p role="alert">{move || unreachable.get().then_some(words::UNREACHABLE)}</p>
            {move || attempt.with(|attempt| attempt.log.is_empty()).then(|| view! { <p class="none">{words::NOTHING}</p> })}
            <div role="log" aria-label=words::LOG>
                // What is there already is not touched, so that nobody is read it twice.
                <ol class="log">
                    <For each=move || attempt.with(Attempt::numbers).rev() key=|number| *number children=entry />
                </ol>
            </div>
        </section>
    }
}

/// One entry of the log.
fn said(is_own: bool, text: String, payload: String, told: Option<String>) -> impl IntoView {
    view! {
        <li data-own=is_own.then_some("")>
            <b>{if is_own { words::YOU } else { words::SERVER }}</b>
            <pre class="wire" dir="ltr">{text}{plain_line(&payload).view()}</pre>
            {told.map(|told| cited(draw("p"), &told).view())}
        </li>
    }
}

/// The answer to a request, line by line. Its body may come later.
#[component]
fn Answer(attempt: RwSignal<Attempt>, number: usize, head: Head) -> impl IntoView {
    let body = Memo::new(move |_| {
        attempt.with(|attempt| match attempt.entry(number) {
            Some(Entry::Answered(_, body)) if !body.is_empty() => Some(body.clone()),
            _ => None,
        })
    });
    view! {
        <li>
            <b>{words::SERVER}</b>
            {lines(&head, heads::STATUS_LINE).view()}
            {move || body.get().map(|body| view! { <pre class="wire" dir="ltr">{body}</pre> })}
        </li>
    }
}

fn head_text(head: &Head) -> String {
    String::from_utf8_lossy(&head.bytes).trim_end().to_owned()
}

/// What the header of a frame says, in a line.
fn header_text(frame: &chat_wire::decoder::Frame) -> String {
    let header = frame.header;
    let flags = if header.fin { "FIN " } else { "" };
    let mask = if header.mask.is_some() { "MASK " } else { "" };
    format!("{flags}{mask}{} len={}\n", header.opcode.name(), header.length)
}

/// What a frame says, or the beginning of it.
fn payload_text(frame: &chat_wire::decoder::Frame) -> String {
    match frame.close() {
        Some((code, reason)) => format!("{code} {reason}"),
        None => String::from_utf8_lossy(&frame.unmasked()).chars().take(TEXT_MAX).collect(),
    }
}

/// What a frame of the server's means here: a close frame names the rule that was broken.
fn explained(frame: &chat_wire::decoder::Frame) -> Option<String> {
    let (code, reason) = frame.close()?;
    let rule = chat_wire::rules::Violation::of_name(&reason)
        .map(|broken| format!(" {} (RFC 6455 §{})", frames::violation(broken.name()), broken.section()));
    Some(frames::close(Some(code), &reason) + &rule.unwrap_or_default())
}
