//! The panel: the X-ray of one's own connections, one recording after another, in six tabs. What a
//! [`recording`] shows is plain data; `feed` fills it, each tab draws it. It knows the room only by
//! what passed the wire. `style/lab/base.css` says what place a tab has on the stage.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use chat_ui::{
    browser::storage::Keep,
    digits,
    dom::{Drawn, draw},
    live::key,
};
use leptos::{ev::KeyboardEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use self::{
    drawer::Drawer,
    pieces::{button, p},
    recording::{Recording, Standing},
    recordings::Recordings,
    wanted::Wanted,
};
use crate::about::about;

mod address;
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
pub(crate) mod pieces;
pub(crate) mod recording;
pub(crate) mod recordings;
mod replay;
mod waits;
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
    crate::fill(place, move || panel(source).view());
}

/// The panel of the recordings that an element names.
fn panel(source: HtmlElement) -> Drawn {
    let recordings = Recordings::new();
    let is_taken_home = source.has_attribute(feed::TAKEN_HOME);
    let is_here = move |tab: Tab| !is_taken_home || !matches!(tab, Tab::Breaking | Tab::TakeHome);
    let all: Vec<Tab> = Tab::ALL.into_iter().filter(|tab| is_here(*tab)).collect();
    let tab = RwSignal::new(Some(Tab::last()).filter(|last| is_here(*last)).unwrap_or(Tab::Handshake));
    let open = RwSignal::new(None);
    let experiments = breaking::Experiments::new();
    let waits = waits::Waits::watch();
    let scores = feed::follow(&source, recordings);
    let wanted = wanted::follow(source.clone(), recordings, tab, open);
    let drawer = (!is_taken_home).then(|| Drawer::open(source, recordings));
    let name = move || {
        let is_wide = drawer.is_some_and(Drawer::is_wide);
        room().filter(|_| is_wide).unwrap_or_else(|| chat_ui::words::XRAY.to_owned())
    };
    let controls = draw("div").class("controls").child(notes(recordings));
    let controls = match drawer {
        Some(drawer) => controls.children(drawer.controls()),
        None => controls,
    };
    let header = draw("header")
        .child(draw("h2").live_text(name))
        .child(controls.clone())
        .child(tabs(tab, wanted, all))
        .child(which(recordings, is_taken_home));
    if let Some(drawer) = drawer {
        drawer.place_controls(&header.0, controls.0);
    }
    let shown = move || match tab.get_untracked() {
        Tab::Handshake => vec![handshake::handshake(recordings)],
        Tab::Frames => frames::frames(recordings, open),
        Tab::Layers => vec![layers::layers(recordings)],
        Tab::Journey => vec![journey::journey(recordings, waits)],
        Tab::Breaking => vec![breaking::breaking(recordings, experiments)],
        Tab::TakeHome => vec![viewed(move || view! { <export::Export recordings /> })],
    };
    let place = draw("div")
        .class("tab")
        .attr("role", "tabpanel")
        .attr("id", "xray-tab")
        .attr("tabindex", "0")
        .live_attr("aria-labelledby", move || Some(tab.get().id()))
        .live(move || tab.get() as u64, shown);
    draw("div")
        .class("panel")
        .child(header)
        .child(state(recordings, wanted))
        .children(
            (!scores.is_empty()).then(|| viewed(move || view! { <replay::Replay scores recordings /> })),
        )
        .child(place)
        .children((!is_taken_home).then(composer::composer))
}

/// A Leptos view, for as long as what is around it.
fn viewed<V: IntoView + 'static>(view: impl FnOnce() -> V + 'static) -> Drawn {
    let place = draw("div").class("viewed");
    leptos::mount::mount_to(place.0.clone(), view).forget();
    place
}

/// The room that the document is about, as it is called.
fn room() -> Option<String> {
    document().get_element_by_id(chat_ui::ROOT)?.get_attribute("data-room")
}

/// Which view of the recording is open.
fn tabs(tab: RwSignal<Tab>, wanted: RwSignal<Option<Wanted>>, all: Vec<Tab>) -> Drawn {
    let show = move |one: Tab| {
        tab.set(one);
        one.keep();
        wanted.set(None);
        // Another tab begins at its beginning; the list of frames then goes to its end.
        chat_ui::browser::element::<Element>("xray-tab").set_scroll_top(0);
    };
    let buttons = all.clone().into_iter().map(|one| {
        let is_chosen = move || tab.get() == one;
        button("", move || show(one))
            .attr("role", "tab")
            .attr("id", one.id())
            .attr("aria-controls", "xray-tab")
            .live_aria("aria-selected", is_chosen)
            .live_attr("tabindex", move || Some(if is_chosen() { "0" } else { "-1" }))
            .text(words::TAB_NAMES[one as usize])
    });
    let list = draw("div").class("tabs").attr("role", "tablist").attr("aria-label", words::TABS);
    list.children(buttons).on("keydown", move |event| {
        let at = all.iter().position(|one| *one == tab.get_untracked()).unwrap_or(0);
        // Right to left: the next tab is to the left.
        let next = match event.unchecked_ref::<KeyboardEvent>().key().as_str() {
            "ArrowLeft" => (at + 1) % all.len(),
            "ArrowRight" => (at + all.len() - 1) % all.len(),
            "Home" => 0,
            "End" => all.len() - 1,
            _ => return,
        };
        event.prevent_default();
        show(all[next]);
        chat_ui::browser::focus(&chat_ui::browser::element(all[next].id()));
    })
}

/// Which recording is looked at, when there is more than one. One that lives and is not looked at is
/// offered; where none does, that is said in its place, because on the stage the room's own bar is not seen.
fn which(recordings: Recordings, is_taken_home: bool) -> Drawn {
    let standings = move || {
        let told = |one: &Recording| match one.standing() {
            Standing::Live => 1,
            Standing::Unknown | Standing::Held => 2,
            Standing::Unseen => 3,
            Standing::Ended(code) => 4 + u64::from(code.unwrap_or_default()),
        };
        key(&recordings.all().iter().map(told).collect::<Vec<_>>())
    };
    let chip = move |(number, standing): (usize, Standing)| {
        let is_chosen = move || recordings.chosen() == number;
        let is_live = standing == Standing::Live;
        let told = move || match standing {
            Standing::Live if is_chosen() => words::LIVE.to_owned(),
            Standing::Live => words::ALIVE.to_owned(),
            Standing::Unknown | Standing::Held => words::UNKNOWN.to_owned(),
            Standing::Unseen => words::UNSEEN.to_owned(),
            Standing::Ended(code) => words::ended(code),
        };
        button("chip", move || recordings.choose(number))
            .live_aria("aria-pressed", is_chosen)
            .flag("data-live", is_live)
            .child(draw("span").class("word").text(words::RECORDING))
            .text(&format!(" {} ", digits::number(number as u64 + 1)))
            .child(draw("span").class("how").live_text(told))
    };
    let cut = move || {
        let is_cut = !is_taken_home && recordings.is_cut();
        is_cut.then(|| draw("span").class("chip cut").text(words::CUT))
    };
    let chips = move || {
        // The newest is in sight, however many there are.
        request_animation_frame(|| {
            let chips: Element = chat_ui::browser::element(WHICH);
            chips.set_scroll_left(-chips.scroll_width());
        });
        let standings: Vec<_> = recordings.all().iter().map(Recording::standing).collect();
        standings.into_iter().enumerate().map(chip).chain(cut()).collect()
    };
    draw("div")
        .class("which")
        .attr("id", WHICH)
        .attr("role", "group")
        .attr("aria-label", words::WHICH)
        .attr("aria-live", "polite")
        .live(standings, chips)
}

/// What is to be known once about what is shown.
fn notes(recordings: Recordings) -> Drawn {
    let is_proxied = move || recordings.with(|one| one.opened.as_ref().is_some_and(|opened| opened.proxied));
    about(move || if is_proxied() == Some(true) { words::NOTE_PROXIED } else { words::NOTE }.to_owned())
}

/// How the recording is, where it is not simply there.
fn state(recordings: Recordings, wanted: RwSignal<Option<Wanted>>) -> Drawn {
    let full = move || {
        recordings.with(|one| one.full.and(one.opened.as_ref()).map(|opened| opened.limit_bytes)).flatten()
    };
    let missing = move || wanted.get().is_some_and(|one| !one.will_come());
    let stream = move || match recordings.with(Recording::standing) {
        Some(Standing::Held) => words::STREAM_HELD,
        Some(Standing::Unknown) => words::STREAM_LOST,
        Some(Standing::Unseen) => words::STREAM_GONE,
        Some(Standing::Live | Standing::Ended(_)) => "",
        None => words::WAITING,
    };
    let told = move || key(&[full().unwrap_or_default(), missing().into(), stream().len() as u64]);
    draw("div").class("state").attr("role", "status").live(told, move || {
        let notes = [
            full().map(words::full),
            missing().then(|| words::NOT_RECORDED.to_owned()),
            Some(stream().to_owned()).filter(|told| !told.is_empty()),
        ];
        notes.into_iter().flatten().map(|note| p(&note).class("note warning")).collect()
    })
}
