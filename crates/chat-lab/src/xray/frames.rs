//! The live list of frames, oldest first, and the one that is open. Of a long list the newest are
//! drawn, and more when asked for; the list stays at its end as long as nobody scrolls away from it.

use chat_ui::browser::focus;
use chat_wire::{Direction, frame::Opcode};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{
    frame::OpenFrame,
    recording::{Recording, Says, Shown},
    recordings::Recordings,
};
use crate::xray::words::{self as common, frames as words};

/// How many frames are drawn at first, and more each time somebody asks.
const PORTION: usize = 150;
/// How far from its end a list still counts as being there, in CSS pixels.
const NEAR_END: i32 = 48;

/// Which frames are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Filter {
    All,
    Own,
    Servers,
    Control,
}

impl Filter {
    const ALL: [Self; 4] = [Self::All, Self::Own, Self::Servers, Self::Control];

    fn lets(self, shown: &Shown) -> bool {
        match self {
            Self::All => true,
            Self::Own => shown.direction == Direction::In,
            Self::Servers => shown.direction == Direction::Out,
            Self::Control => shown.frame.header.opcode.is_control(),
        }
    }

    /// The numbers of the newest `most` that it lets pass, oldest first, and whether there are more.
    fn newest(self, recording: &Recording, most: usize) -> (Vec<usize>, bool) {
        let mut passing = (0..recording.frames.len()).rev().filter(|at| self.lets(&recording.frames[*at]));
        let mut newest: Vec<usize> = passing.by_ref().take(most).collect();
        newest.reverse();
        (newest, passing.next().is_some())
    }
}

#[component]
pub(super) fn Frames(
    recordings: Recordings,
    /// The frame that is open, by the numbers of its recording and its own.
    open: RwSignal<Option<(usize, usize)>>,
) -> impl IntoView {
    let filter = RwSignal::new(Filter::All);
    let most = RwSignal::new(PORTION);
    let listed =
        Memo::new(move |_| recordings.with(|one| filter.get().newest(one, most.get())).unwrap_or_default());
    // Which of this recording, since another one has other frames.
    let here = move || open.get().filter(|(recording, _)| *recording == recordings.chosen());
    Effect::new(move |before: Option<usize>| {
        let chosen = recordings.chosen();
        if before != Some(chosen) {
            most.set(PORTION);
        }
        // What is opened from elsewhere is listed, and looked at.
        if let Some((_, frame)) = here() {
            if untrack(|| listed.with(|(frames, _)| !frames.contains(&frame))) {
                filter.set(Filter::All);
                most.set(recordings.peek(|one| one.frames.len() - frame).unwrap_or(PORTION));
            }
            request_animation_frame(move || reveal(chosen, frame));
        }
        chosen
    });
    follow_the_end(listed, here);
    view! {
        <div class="filters" role="group" aria-label=words::FILTER>
            {Filter::ALL
                .into_iter()
                .zip(words::FILTERS)
                .map(|(one, name)| {
                    view! {
                        <button
                            type="button"
                            class="chip"
                            aria-pressed=move || if filter.get() == one { "true" } else { "false" }
                            on:click=move |_| filter.set(one)
                        >
                            {name}
                        </button>
                    }
                })
                .collect_view()}
        </div>
        {move || listed.with(|(_, more)| *more).then(|| view! {
            <button type="button" class="button quiet small" on:click=move |_| most.update(|most| *most += PORTION)>
                {words::EARLIER}
            </button>
        })}
        {move || listed.with(|(frames, _)| frames.is_empty()).then(|| view! { <p class="none">{words::NONE}</p> })}
        <ol class="frames">
            <For
                each=move || listed.get().0.into_iter().map(move |at| (recordings.chosen(), at))
                key=|key| *key
                children=move |(recording, at)| view! { <Row recordings recording at open /> }
            />
        </ol>
    }
}

fn row_id(recording: usize, frame: usize) -> String {
    format!("frame-{recording}-{frame}")
}

/// Puts the focus on an open frame that is not where one looks, and its whole into sight.
fn reveal(recording: usize, frame: usize) {
    let Some(row) = document().get_element_by_id(&row_id(recording, frame)) else { return };
    let button = row.first_element_child();
    if button == document().active_element() {
        return;
    }
    if let Some(button) = button {
        focus(button.unchecked_ref());
    }
    row.scroll_into_view();
}

/// Keeps the end of the list in sight, unless somebody looks at something else.
fn follow_the_end(
    listed: Memo<(Vec<usize>, bool)>,
    open: impl Fn() -> Option<(usize, usize)> + Copy + Send + Sync + 'static,
) {
    let scrolled = || {
        document().get_element_by_id("xray-tab").map(|tab| {
            let from_end = tab.scroll_height() - tab.scroll_top() - tab.client_height();
            (tab, from_end)
        })
    };
    Effect::new(move |before: Option<()>| {
        listed.track();
        let is_at_end = scrolled().is_some_and(|(_, from_end)| from_end <= NEAR_END);
        if (before.is_none() || is_at_end) && untrack(open).is_none() {
            request_animation_frame(move || {
                if let Some((tab, _)) = scrolled() {
                    tab.set_scroll_top(tab.scroll_height());
                }
            });
        }
    });
}

/// One frame in the list, and all of it when it is open.
#[component]
fn Row(
    recordings: Recordings,
    recording: usize,
    at: usize,
    open: RwSignal<Option<(usize, usize)>>,
) -> impl IntoView {
    let shown = recordings.peek(|one| one.frames.get(at).cloned()).flatten()?;
    let is_own = shown.direction == Direction::In;
    let header = shown.frame.header;
    let this = Some((recording, at));
    let is_open = move || open.get() == this;
    let row_id = row_id(recording, at);
    let id = format!("{row_id}-open");
    let is_bad = shown.violation.is_some();
    let says = note(&shown, is_own);
    let kind = shown.says.kind().map(str::to_owned).unwrap_or_else(|| header.opcode.name().to_owned());
    let row = view! {
        <li id=row_id class="frame" data-own=is_own.then_some("") data-bad=is_bad.then_some("")>
            <button
                type="button"
                class="row"
                aria-expanded=move || if is_open() { "true" } else { "false" }
                aria-controls=id.clone()
                on:click=move |_| open.update(|open| *open = this.filter(|_| *open != this))
            >
                <span class="way">{if is_own { words::YOU } else { words::SERVER }}</span>
                <code class="kind" dir="ltr">{kind}</code>
                <span class="says">{says}</span>
                <span class="size">{common::bytes(header.length)}</span>
                <time>{common::clock(shown.at_us)}</time>
            </button>
            <div id=id>
                {move || is_open().then(|| view! { <OpenFrame shown=shown.clone() /> })}
            </div>
        </li>
    };
    Some(row)
}

/// What is noted beside a frame.
fn note(shown: &Shown, is_own: bool) -> &'static str {
    let opcode = shown.frame.header.opcode;
    match &shown.says {
        Says::Message(_) => words::message(shown.says.kind().unwrap_or_default(), is_own),
        Says::Fragment => words::control(Opcode::CONTINUATION.bits(), is_own),
        _ => words::control(opcode.bits(), is_own),
    }
}
