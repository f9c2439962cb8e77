//! The panel: the X-ray of one's own connections, one recording after another, in six tabs. What a
//! [`recording`] shows is plain data; `feed` fills it, each tab draws it. It knows the room only by
//! what passed the wire.

#![expect(unreachable_pub, reason = "the `component` macro makes its props types `pub`, whatever we write")]

use leptos::{either::EitherOf6, ev::KeyboardEvent, prelude::*};
use web_sys::HtmlElement;

use self::{
    recording::{Recording, Standing},
    recordings::Recordings,
    wanted::Wanted,
};

mod breaking;
mod drawer;
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

impl Tab {
    const ALL: [Self; 6] =
        [Self::Handshake, Self::Frames, Self::Layers, Self::Journey, Self::Breaking, Self::TakeHome];

    fn id(self) -> String {
        format!("xray-tab-{}", self as usize)
    }
}

/// Fills the place of the X-ray: opens a drawer of its own beside the room whose button this is, or stands
/// where the document itself holds what was recorded.
pub fn show(place: HtmlElement) {
    let source = place.clone();
    let is_taken_home = place.has_attribute(feed::TAKEN_HOME);
    let place = if is_taken_home { place } else { drawer::open(place) };
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
    let scores = feed::follow(&source, recordings);
    let experiments = breaking::Experiments::new();
    let tab = RwSignal::new(Tab::Frames);
    let open = RwSignal::new(None);
    let wanted = wanted::follow(source, recordings, tab, open);
    let tabs = move || {
        let is_here = move |tab: &Tab| !is_taken_home || !matches!(tab, Tab::Breaking | Tab::TakeHome);
        Tab::ALL.into_iter().filter(is_here)
    };
    let show = move |one: Tab| {
        tab.set(one);
        wanted.set(None);
        // Another tab begins at its beginning; the list of frames then goes to its end.
        chat_ui::browser::element::<web_sys::Element>("xray-tab").set_scroll_top(0);
    };
    let step = move |event: KeyboardEvent| {
        let all: Vec<Tab> = tabs().collect();
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
        chat_ui::browser::focus(&chat_ui::browser::element(&all[next].id()));
    };
    view! {
        <div class="panel">
            <Which recordings />
            <Notes recordings wanted />
            {(!scores.is_empty()).then(|| view! { <replay::Replay scores recordings /> })}
            <div class="tabs" role="tablist" aria-label=words::TABS on:keydown=step>
                {tabs()
                    .map(|one| {
                        let is_chosen = move || tab.get() == one;
                        view! {
                            <button
                                type="button"
                                role="tab"
                                id=one.id()
                                aria-controls="xray-tab"
                                aria-selected=move || if is_chosen() { "true" } else { "false" }
                                tabindex=move || if is_chosen() { "0" } else { "-1" }
                                on:click=move |_| show(one)
                            >
                                {words::TAB_NAMES[one as usize]}
                            </button>
                        }
                    })
                    .collect_view()}
            </div>
            <div class="tab" role="tabpanel" id="xray-tab" aria-labelledby=move || tab.get().id() tabindex="0">
                {move || match tab.get() {
                    Tab::Handshake => EitherOf6::A(view! { <handshake::Handshake recordings /> }),
                    Tab::Frames => EitherOf6::B(view! { <frames::Frames recordings open /> }),
                    Tab::Layers => EitherOf6::C(view! { <layers::Layers recordings /> }),
                    Tab::Journey => EitherOf6::D(view! { <journey::Way recordings /> }),
                    Tab::Breaking => EitherOf6::E(view! { <breaking::Breaking recordings experiments /> }),
                    Tab::TakeHome => EitherOf6::F(view! { <export::Export recordings /> }),
                }}
            </div>
        </div>
    }
}

/// Which recording is looked at, when there is more than one.
#[component]
fn Which(recordings: Recordings) -> impl IntoView {
    let standings = Memo::new(move |_| recordings.all().iter().map(Recording::standing).collect::<Vec<_>>());
    let chip = move |(number, standing): (usize, Standing)| {
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
                aria-pressed=move || if recordings.chosen() == number { "true" } else { "false" }
                data-live=(standing == Standing::Live).then_some("")
                on:click=move |_| recordings.choose(number)
            >
                <b>{words::recording(number + 1)}</b>
                " "
                <span>{told}</span>
            </button>
        }
    };
    view! {
        <div class="which" role="group" aria-label=words::WHICH>
            {move || standings.get().into_iter().enumerate().map(chip).collect_view()}
        </div>
    }
}

/// What is to be known about what is shown.
#[component]
fn Notes(recordings: Recordings, wanted: RwSignal<Option<Wanted>>) -> impl IntoView {
    let proxied =
        Memo::new(move |_| recordings.with(|one| one.opened.as_ref().is_some_and(|opened| opened.proxied)));
    let full = Memo::new(move |_| {
        recordings.with(|one| one.full.and(one.opened.as_ref()).map(|opened| opened.limit_bytes)).flatten()
    });
    let standing = Memo::new(move |_| recordings.with(Recording::standing));
    let missing = move || wanted.get().is_some_and(|one| !one.will_come());
    let stream = move || match standing.get() {
        Some(Standing::Held) => Some(words::STREAM_HELD),
        Some(Standing::Unknown) => Some(words::STREAM_LOST),
        Some(Standing::Unseen) => Some(words::STREAM_GONE),
        _ => None,
    };
    view! {
        <p class="note">
            {move || match proxied.get() {
                None => words::WAITING,
                Some(false) => words::NOTE,
                Some(true) => words::NOTE_PROXIED,
            }}
        </p>
        <div role="status">
            {move || full.get().map(|limit| view! { <p class="note warning">{words::full(limit)}</p> })}
            {move || missing().then(|| view! { <p class="note warning">{words::NOT_RECORDED}</p> })}
            {move || stream().map(|told| view! { <p class="note warning">{told}</p> })}
        </div>
    }
}
