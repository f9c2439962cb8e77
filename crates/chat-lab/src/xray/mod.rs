//! The panel: the X-ray of one's own connections, one recording after another, in six tabs. What a
//! [`recording`] shows is plain data; `feed` fills it, each tab draws it. It knows the room only by
//! what passed the wire. `style/lab/base.css` says what place a tab has on the stage.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use chat_ui::{
    bind::{act, attr, press, text},
    browser::storage::Keep,
};
use leptos::{either::EitherOf6, ev::KeyboardEvent, prelude::*};
use web_sys::HtmlElement;

use self::{
    drawer::{Controls, Drawer},
    recording::{Recording, Standing},
    recordings::Recordings,
    wanted::Wanted,
};
use crate::about::About;

mod breaking;
mod composer;
mod drawer;
mod ending;
pub(crate) mod experiment;
mod export;
mod feed;
pub(crate) mod frame;
mod frames;
pub(crate) mod handshake;
mod journey;
mod layers;
pub(crate) mod recording;
pub(crate) mod recordings;
mod replay;
mod wanted;
pub(crate) mod words;

/// The tabs, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tab {
    Handshake,
    Frames,
    Layers,
    Journey,
    Breaking,
    TakeHome,
}

/// The id of the list of recordings.
const WHICH: &str = "xray-which";
/// Under which this browser keeps the tab that was open last.
const LAST_TAB: &str = "otagh:xray-tab";

impl Tab {
    const ALL: [Self; 6] =
        [Self::Handshake, Self::Frames, Self::Layers, Self::Journey, Self::Breaking, Self::TakeHome];

    fn id(self) -> &'static str {
        ["xray-handshake", "xray-frames", "xray-layers", "xray-journey", "xray-breaking", "xray-export"]
            [self as usize]
    }

    /// The one that was open last in this browser; at first what every connection begins with.
    fn last() -> Self {
        let id = Keep::Local.get(LAST_TAB);
        Self::ALL.into_iter().find(|tab| id.as_deref() == Some(tab.id())).unwrap_or(Self::Handshake)
    }

    fn keep(self) {
        Keep::Local.set(LAST_TAB, self.id());
    }
}

/// Fills the place of the X-ray: opens a drawer of its own beside the room whose button this is, or stands
/// where the document itself holds what was recorded.
pub fn show(place: HtmlElement) {
    let source = place.clone();
    let is_taken_home = place.has_attribute(feed::TAKEN_HOME);
    let place = if is_taken_home { place } else { drawer::place() };
    crate::fill(place, move || Panel(PanelProps { source }));
}

/// The panel of the recordings that an element names.
#[component]
fn Panel(
    /// What names the recordings.
    source: HtmlElement,
) -> impl IntoView {
    let recordings = Recordings::new();
    let is_taken_home = source.has_attribute(feed::TAKEN_HOME);
    let is_here = move |tab: Tab| !is_taken_home || !matches!(tab, Tab::Breaking | Tab::TakeHome);
    let tab = RwSignal::new(Some(Tab::last()).filter(|last| is_here(*last)).unwrap_or(Tab::Handshake));
    let scores = feed::follow(&source, recordings);
    let open = RwSignal::new(None);
    let wanted = wanted::follow(source.clone(), recordings, tab, open);
    let drawer = (!is_taken_home).then(|| Drawer::open(source, recordings));
    let is_wide = move || drawer.is_some_and(Drawer::is_wide);
    // One order for eye, keyboard and screen reader: beside the conversation the controls stand above the
    // tabs, and on the stage behind them.
    let controls = move |on_stage: bool| {
        move || {
            let drawer = drawer.filter(|drawer| drawer.is_wide() == on_stage);
            (drawer.is_some() || is_taken_home && !on_stage).then(|| {
                view! {
                    <div class="controls">
                        <Notes recordings />
                        {drawer.map(|drawer| view! { <Controls drawer /> })}
                    </div>
                }
            })
        }
    };
    let experiments = breaking::Experiments::new();
    view! {
        <div class="panel">
            <header>
                <h2>{text(move || room().filter(|_| is_wide()).unwrap_or_else(|| chat_ui::words::XRAY.to_owned()))}</h2>
                {controls(false)}
                <Tabs tab wanted all=Tab::ALL.into_iter().filter(|tab| is_here(*tab)).collect() />
                <Which recordings />
                {controls(true)}
            </header>
            <State recordings wanted />
            {(!scores.is_empty()).then(|| view! { <replay::Replay scores recordings /> })}
            <div class="tab" role="tabpanel" id="xray-tab" aria-labelledby=attr(move || Some(tab.get().id())) tabindex="0">
                {move || match tab.get() {
                    Tab::Handshake => EitherOf6::A(view! { <handshake::Handshake recordings /> }),
                    Tab::Frames => EitherOf6::B(view! { <frames::Frames recordings open /> }),
                    Tab::Layers => EitherOf6::C(view! { <layers::Layers recordings /> }),
                    Tab::Journey => EitherOf6::D(view! { <journey::Way recordings /> }),
                    Tab::Breaking => EitherOf6::E(view! { <breaking::Breaking recordings experiments /> }),
                    Tab::TakeHome => EitherOf6::F(view! { <export::Export recordings /> }),
                }}
            </div>
            {(!is_taken_home).then(|| view! { <composer::Composer /> })}
        </div>
    }
}

/// The room that the document is about, as it is called.
fn room() -> Option<String> {
    document().get_element_by_id(chat_ui::ROOT)?.get_attribute("data-room")
}

/// Which view of the recording is open.
#[component]
fn Tabs(tab: RwSignal<Tab>, wanted: RwSignal<Option<Wanted>>, all: Vec<Tab>) -> impl IntoView {
    let show = move |one: Tab| {
        tab.set(one);
        one.keep();
        wanted.set(None);
        // Another tab begins at its beginning; the list of frames then goes to its end.
        chat_ui::browser::element::<web_sys::Element>("xray-tab").set_scroll_top(0);
    };
    let names = all.clone();
    let step = move |event: KeyboardEvent| {
        let at = all.iter().position(|one| *one == tab.get_untracked()).unwrap_or(0);
        // Right to left: the next tab is to the left.
        let next = match event.key().as_str() {
            "ArrowLeft" => (at + 1) % all.len(),
            "ArrowRight" => (at + all.len() - 1) % all.len(),
            "Home" => 0,
            "End" => all.len() - 1,
            _ => return,
        };
        event.prevent_default();
        show(all[next]);
        chat_ui::browser::focus(&chat_ui::browser::element(all[next].id()));
    };
    let button = move |one: Tab| {
        let is_chosen = move || tab.get() == one;
        view! {
            <button
                type="button"
                role="tab"
                id=one.id()
                aria-controls="xray-tab"
                aria-selected=attr(move || Some(if is_chosen() { "true" } else { "false" }))
                tabindex=attr(move || Some(if is_chosen() { "0" } else { "-1" }))
                onclick=press(move || show(one))
            >
                {words::TAB_NAMES[one as usize]}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label=words::TABS onkeydown=act(step)>
            {names.into_iter().map(button).collect_view()}
        </div>
    }
}

/// Which recording is looked at, when there is more than one. One that lives and is not looked at is
/// offered.
#[component]
fn Which(recordings: Recordings) -> impl IntoView {
    let standings = Memo::new(move |_| recordings.all().iter().map(Recording::standing).collect::<Vec<_>>());
    let chip = move |(number, standing): (usize, Standing)| {
        let is_chosen = move || recordings.chosen() == number;
        let is_live = standing == Standing::Live;
        let told = match standing {
            Standing::Live => words::LIVE.to_owned(),
            Standing::Unknown | Standing::Held => words::UNKNOWN.to_owned(),
            Standing::Unseen => words::UNSEEN.to_owned(),
            Standing::Ended(code) => words::ended(code),
        };
        view! {
            <button
                type="button"
                class="chip"
                aria-pressed=attr(move || Some(if is_chosen() { "true" } else { "false" }))
                data-live=is_live.then_some("")
                onclick=press(move || recordings.choose(number))
            >
                {words::recording(number + 1)}
                " "
                <span>{move || if is_live && !is_chosen() { words::ALIVE.to_owned() } else { told.clone() }}</span>
            </button>
        }
    };
    // The newest is in sight, however many there are.
    Effect::new(move || {
        standings.track();
        request_animation_frame(|| {
            let chips: web_sys::Element = chat_ui::browser::element(WHICH);
            chips.set_scroll_left(-chips.scroll_width());
        });
    });
    view! {
        <div id=WHICH class="which" role="group" aria-label=words::WHICH aria-live="polite">
            {move || standings.get().into_iter().enumerate().map(chip).collect_view()}
        </div>
    }
}

/// What is to be known once about what is shown.
#[component]
fn Notes(recordings: Recordings) -> impl IntoView {
    let proxied =
        Memo::new(move |_| recordings.with(|one| one.opened.as_ref().is_some_and(|opened| opened.proxied)));
    let note = move || if proxied.get() == Some(true) { words::NOTE_PROXIED } else { words::NOTE };
    view! { <About about=move || note().to_owned() /> }
}

/// How the recording is, where it is not simply there.
#[component]
fn State(recordings: Recordings, wanted: RwSignal<Option<Wanted>>) -> impl IntoView {
    let full = Memo::new(move |_| {
        recordings.with(|one| one.full.and(one.opened.as_ref()).map(|opened| opened.limit_bytes)).flatten()
    });
    let standing = Memo::new(move |_| recordings.with(Recording::standing));
    let missing = move || wanted.get().is_some_and(|one| !one.will_come());
    let stream = move || match standing.get() {
        Some(Standing::Held) => Some(words::STREAM_HELD),
        Some(Standing::Unknown) => Some(words::STREAM_LOST),
        Some(Standing::Unseen) => Some(words::STREAM_GONE),
        Some(Standing::Live | Standing::Ended(_)) => None,
        None => Some(words::WAITING),
    };
    view! {
        <div class="state" role="status">
            {move || full.get().map(|limit| view! { <p class="note warning">{words::full(limit)}</p> })}
            {move || missing().then(|| view! { <p class="note warning">{words::NOT_RECORDED}</p> })}
            {move || stream().map(|told| view! { <p class="note warning">{told}</p> })}
        </div>
    }
}
