//! The live list of frames, oldest first, one line each as in a browser's tools, and the one that is open. What
//! is said only to stay alive is folded. Of a long list the newest are drawn, and more when asked for; on paper
//! there are all, unfolded. The list stays at its end as long as nobody scrolls away from it.

use chat_ui::{
    browser::focus,
    dom::{Drawn, draw},
    live::key,
};
use chat_wire::{Direction, frame::Opcode};
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;

use super::{
    breaking,
    frame::open_frame,
    recording::{Recording, Says, Shown},
    recordings::Recordings,
};
use crate::{
    printed::printed,
    xray::{
        pieces::{button, p, small},
        words::{self as common, frames as words},
    },
};

/// How many frames are drawn at first, and more each time somebody asks.
const PORTION: usize = 150;
/// How far from its end a list still counts as being there, in CSS pixels.
const NEAR_END: i32 = 48;

/// Which frames are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Filter {
    /// All, what is quiet folded.
    All,
    /// What somebody said or asked.
    Content,
    /// Are you there? I am.
    Life,
    /// By their opcode.
    Control,
}

impl Filter {
    const ALL: [Self; 4] = [Self::All, Self::Content, Self::Life, Self::Control];

    fn lets(self, shown: &Shown) -> bool {
        let is_control = shown.frame.header.opcode.is_control();
        match self {
            Self::All => true,
            Self::Content => !is_control && !is_quiet(shown),
            Self::Life => is_quiet(shown) || matches!(shown.says, Says::Ping | Says::Pong),
            Self::Control => is_control,
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

/// Whether nobody meant to say anything by it: the protocol's own pings and pongs, and who is typing.
fn is_quiet(shown: &Shown) -> bool {
    matches!(shown.says.kind(), Some("ping" | "pong" | "typing"))
}

/// A row of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Row {
    /// The frame of this number.
    Frame(usize),
    /// So many quiet ones in a row, from this one on.
    Fold(usize, usize),
}

impl Row {
    /// What stays while the row does.
    fn key(self, recording: usize) -> u64 {
        match self {
            Self::Frame(at) => key(&[recording as u64, at as u64, 0]),
            Self::Fold(first, _) => key(&[recording as u64, first as u64, 1]),
        }
    }
}

/// These frames as rows: quiet ones in a row as one, followed by themselves where that is unfolded.
fn fold(frames: &[usize], is_quiet: impl Fn(usize) -> bool, unfolded: &[usize]) -> Vec<Row> {
    let mut rows = Vec::new();
    for run in frames.chunk_by(|one, next| is_quiet(*one) && is_quiet(*next)) {
        let is_folded = is_quiet(run[0]);
        if is_folded {
            rows.push(Row::Fold(run[0], run.len()));
        }
        if !is_folded || unfolded.contains(&run[0]) {
            rows.extend(run.iter().copied().map(Row::Frame));
        }
    }
    rows
}

pub(super) fn frames(
    recordings: Recordings,
    // The frame that is open, by the numbers of its recording and its own.
    open: RwSignal<Option<(usize, usize)>>,
) -> Vec<Drawn> {
    let filter = RwSignal::new(Filter::All);
    let most = RwSignal::new(PORTION);
    let unfolded = RwSignal::new(Vec::<usize>::new());
    let is_printed = printed();
    let listed = Memo::new(move |_| {
        let rows = |one: &Recording| {
            let most = if is_printed.get() { usize::MAX } else { most.get() };
            let (frames, more) = filter.get().newest(one, most);
            let folds =
                |at: usize| filter.get() == Filter::All && !is_printed.get() && is_quiet(&one.frames[at]);
            (unfolded.with(|unfolded| fold(&frames, folds, unfolded)), more)
        };
        recordings.with(rows).unwrap_or_default()
    });
    // Which of this recording, since another one has other frames.
    let here = move || open.get().filter(|(recording, _)| *recording == recordings.chosen());
    Effect::new(move |before: Option<usize>| {
        let chosen = recordings.chosen();
        if before != Some(chosen) {
            most.set(PORTION);
            unfolded.set(Vec::new());
        }
        // What is opened from elsewhere is listed, and looked at.
        if let Some((_, frame)) = here() {
            if untrack(|| listed.with(|(rows, _)| !rows.contains(&Row::Frame(frame)))) {
                filter.set(Filter::All);
                most.set(recordings.peek(|one| one.frames.len() - frame).unwrap_or(PORTION));
            }
            request_animation_frame(move || reveal(chosen, frame));
        }
        chosen
    });
    follow_the_end(listed, here);
    let filters = Filter::ALL.into_iter().zip(words::FILTERS).map(|(one, name)| {
        button("chip", move || filter.set(one))
            .live_aria("aria-pressed", move || filter.get() == one)
            .text(name)
    });
    let filters = draw("div")
        .class("filters")
        .attr("role", "group")
        .attr("aria-label", words::FILTER)
        .children(filters);
    let is_control = move || (filter.get() == Filter::Control).into();
    let why = draw("div").live(is_control, move || {
        (filter.get() == Filter::Control).then(|| control(recordings)).into_iter().collect()
    });
    let earlier = button("button quiet small", move || most.update(|most| *most += PORTION))
        .live_flag("hidden", move || listed.with(|(_, more)| !more))
        .text(words::EARLIER);
    let none =
        p(words::NONE).class("none").live_flag("hidden", move || listed.with(|(rows, _)| !rows.is_empty()));
    let keys = move || {
        let recording = recordings.chosen();
        listed.with(|(rows, _)| rows.iter().map(|row| row.key(recording)).collect())
    };
    let row = move |at: usize| match listed.with_untracked(|(rows, _)| rows[at]) {
        Row::Frame(at) => frame_row(recordings, recordings.chosen(), at, open),
        Row::Fold(first, _) => fold_row(listed, first, unfolded),
    };
    let list = draw("ol").class("frames").live_flag("data-open", move || here().is_some());
    let list = list.live_rows(keys, row);
    vec![filters, why, earlier, none, list]
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
    listed: Memo<(Vec<Row>, bool)>,
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

/// Why there are few control frames, and one more for whoever asks.
fn control(recordings: Recordings) -> Drawn {
    let told = RwSignal::new(None::<&'static str>);
    let ping = move || {
        let Some(token) = recordings.peek(|one| one.token.clone()) else { return };
        spawn_local(async move { told.set(breaking::ping(&token).await) });
    };
    let is_live = move || recordings.with(Recording::is_live).unwrap_or_default();
    let ask = button("button small", ping).live_flag("hidden", move || !is_live()).text(words::PING_NOW);
    let told = p("").attr("role", "status").live_text(move || told.get().unwrap_or_default().to_owned());
    draw("div").class("control").child(small(words::CONTROL)).child(ask).child(told)
}

/// Quiet frames in a row, as one.
fn fold_row(listed: Memo<(Vec<Row>, bool)>, first: usize, unfolded: RwSignal<Vec<usize>>) -> Drawn {
    let count = move || {
        let of = |row: &Row| match row {
            Row::Fold(from, count) if *from == first => Some(*count),
            _ => None,
        };
        listed.with(|(rows, _)| rows.iter().find_map(of)).unwrap_or(0)
    };
    let toggle = move || {
        unfolded.update(|unfolded| match unfolded.iter().position(|one| *one == first) {
            Some(at) => drop(unfolded.remove(at)),
            None => unfolded.push(first),
        });
    };
    let fold = button("", toggle)
        .live_aria("aria-expanded", move || unfolded.with(|unfolded| unfolded.contains(&first)))
        .child(draw("span").live_text(move || words::quiet(count())));
    draw("li").class("fold").child(fold)
}

/// One frame in the list, and all of it when it is open.
fn frame_row(
    recordings: Recordings,
    recording: usize,
    at: usize,
    open: RwSignal<Option<(usize, usize)>>,
) -> Drawn {
    let row = draw("li").class("frame");
    let Some(shown) = recordings.peek(|one| one.frames.get(at).cloned()).flatten() else { return row };
    let is_own = shown.direction == Direction::In;
    let header = shown.frame.header;
    let this = Some((recording, at));
    let is_open = move || open.get() == this;
    let row_id = row_id(recording, at);
    let id = format!("{row_id}-open");
    let says = match shown.says.field("text") {
        Some(text) => format!("«{text}»"),
        None => note(&shown, is_own).to_owned(),
    };
    // What the protocol calls it; what has no such name, by its opcode, which is told anyway.
    let kind = shown.says.kind().map(|kind| draw("code").class("kind").text(kind));
    let (way, whose) = if is_own { ("↑", words::YOU) } else { ("↓", words::SERVER) };
    let opcode = format!("{} 0x{:X}", header.opcode.name(), header.opcode.bits());
    let back = move || if is_open() { words::BACK } else { "" }.to_owned();
    let line = button("row", move || open.update(|open| *open = this.filter(|_| *open != this)))
        .attr("dir", "ltr")
        .attr("aria-controls", &id)
        .live_aria("aria-expanded", is_open)
        .child(draw("span").class("way").attr("role", "img").attr("aria-label", whose).text(way))
        .child(draw("span").class("what").children(kind).text(" ").child(draw("bdi").text(&says)))
        .child(draw("code").class("opcode").text(&opcode))
        .child(draw("span").class("size").text(&format!("{} B", header.length)))
        .child(draw("time").text(&common::seconds(shown.at_us)))
        .child(draw("span").class("back").attr("dir", "rtl").live_text(back));
    let is_bad = shown.violation.is_some();
    let whole = draw("div")
        .attr("id", &id)
        .live(move || is_open().into(), move || is_open().then(|| open_frame(&shown)).into_iter().collect());
    row.attr("id", &row_id)
        .flag("data-own", is_own)
        .flag("data-bad", is_bad)
        .live_flag("data-open", is_open)
        .child(line)
        .child(whole)
}

/// What is noted beside a frame.
fn note(shown: &Shown, is_own: bool) -> &'static str {
    let opcode = shown.frame.header.opcode;
    match &shown.says {
        Says::Message(message) => match (shown.says.kind().unwrap_or_default(), is_own) {
            // What tells a reconnect from a first visit.
            ("join", true) if message.get("resume").is_some_and(Value::is_object) => words::RESUMES,
            ("welcome", false) => words::welcomed(message.get("recovered") == Some(&Value::Bool(true))),
            (kind, _) => words::message(kind, is_own),
        },
        Says::Fragment => words::control(Opcode::CONTINUATION.bits(), is_own),
        _ => words::control(opcode.bits(), is_own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_frames_in_a_row_fold() {
        let is_quiet = |at: usize| matches!(at, 1 | 2 | 3 | 5);
        let frames = [0, 1, 2, 3, 4, 5];
        let folded = fold(&frames, is_quiet, &[]);
        assert_eq!(folded, [Row::Frame(0), Row::Fold(1, 3), Row::Frame(4), Row::Fold(5, 1)]);
        let unfolded = fold(&frames, is_quiet, &[5]);
        assert_eq!(unfolded[..4], folded);
        assert_eq!(unfolded[4..], [Row::Frame(5)]);
        assert_eq!(fold(&[], is_quiet, &[]), []);
    }

    #[test]
    fn fold_keeps_its_key_as_it_grows() {
        let grown = |frames: &[usize]| fold(frames, |_| true, &[])[0];
        assert_eq!(grown(&[7]).key(0), grown(&[7, 8, 9]).key(0));
        assert_ne!(grown(&[7]).key(0), Row::Frame(7).key(0));
        assert_ne!(grown(&[7]).key(0), grown(&[7]).key(1));
    }
}
