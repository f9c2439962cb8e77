//! The way of one message of one's own: out of the browser, into the server, to the room, to everybody's
//! sockets, and back; where several servers share the room, through its log on the way to it. A swimlane whose
//! distances are steps, and below it time to scale. The server's times are from its recording, the browser's two
//! from its own marks; what lies between the two clocks is not measured, and is drawn so.

use chat_ui::{
    dom::{Drawn, draw, svg},
    live::key,
    said,
};
use chat_wire::Journey;
use leptos::prelude::*;

use super::{recording::Recording, recordings::Recordings, waits::Waits};
use crate::xray::{
    pieces::{button, p, small, verdict},
    words::{self as common, journey as words},
};

/// The height of one step in the picture at most, in its own units, and of all of them: so it fits the stage.
const STEP: u32 = 70;
const STEPS: u32 = 350;
/// Where the first step is.
const TOP: u32 = 50;
/// The width of the picture, which its lanes divide.
const WIDTH: u32 = 528;
/// How much of it the longest words need to each side, on a phone.
const WORDS: u32 = 120;
/// How many steps a scale has at most.
const TICKS_MAX: u64 = 10;

/// One step of the way.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Leg {
    /// From lane to lane.
    from: usize,
    to: usize,
    what: String,
    /// When, of which clock.
    when: String,
    /// Whether how long it took is known.
    is_measured: bool,
}

/// A way that was gone, in microseconds.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Gone {
    journey: Journey,
    /// When the echo was handed to one's own socket, by the server's clock.
    echo_us: Option<u64>,
    /// How long the browser waited, from saying it to hearing it, by its own clock.
    waited_us: Option<u64>,
}

impl Gone {
    /// What the server's clock saw of it: so long after it had read the frame.
    fn after(&self, us: u64) -> u64 {
        us.saturating_sub(self.journey.heard_us)
    }

    /// What was on its way, there and back; nobody measured how it divides.
    fn outside(&self) -> Option<u64> {
        Some(self.waited_us?.saturating_sub(self.after(self.echo_us?)))
    }

    /// The lanes: of a room that several servers share its log is one, between the server and the room.
    fn lanes(&self) -> &'static [&'static str] {
        if self.journey.logged_us.is_some() { &words::SHARED_LANES } else { &words::LANES }
    }

    fn legs(&self) -> Vec<Leg> {
        let journey = &self.journey;
        let sockets = self.lanes().len() - 1;
        let room = sockets - 1;
        let leg = |from, to, what, when, is_measured| Leg { from, to, what, when, is_measured };
        let server = |us| words::after(self.after(us));
        let browser = |us| words::waited(us);
        let unknown = || words::UNMEASURED.to_owned();
        let said = self.waited_us.map_or_else(unknown, |_| browser(0));
        let heard = self.waited_us.map_or_else(unknown, browser);
        let mut measured = vec![(
            journey.sent_us,
            leg(room, sockets, words::sent(journey.reached), server(journey.sent_us), true),
        )];
        if let Some(echo) = self.echo_us {
            // It is written among the others, and before the last of them mostly.
            let at = usize::from(echo >= journey.sent_us);
            measured.insert(at, (echo, leg(room, 1, words::ECHO.to_owned(), server(echo), true)));
        }
        let mut legs = vec![leg(0, 1, words::SAID.to_owned(), said, false)];
        if let Some(logged_us) = journey.logged_us {
            legs.push(leg(1, 2, words::TO_LOG.to_owned(), server(journey.heard_us), true));
            legs.push(leg(2, room, words::logged(journey.seq), server(logged_us), true));
        } else {
            legs.push(leg(1, room, words::ordered(journey.seq), server(journey.ordered_us), true));
        }
        legs.extend(measured.into_iter().map(|(_, leg)| leg));
        if self.echo_us.is_some() {
            legs.push(leg(1, 0, words::HEARD.to_owned(), heard, false));
        }
        legs
    }
}

pub(super) fn journey(recordings: Recordings, waits: Waits) -> Drawn {
    // None is the newest, whichever that is.
    let chosen = RwSignal::new(None::<usize>);
    // Another recording has other messages.
    Effect::new(move || {
        recordings.chosen();
        chosen.set(None);
    });
    let count = move || recordings.with(|one| one.journeys.len()).unwrap_or_default();
    let at = move || chosen.get().unwrap_or(count().saturating_sub(1));
    // Its echo, and what the browser says of it, may come after it.
    let seen = move || {
        let seen = |one: &Recording| {
            let journey = one.journeys.get(at())?;
            Some(
                1 + u64::from(one.echo(&journey.id).is_some())
                    + 2 * u64::from(waits.of(&journey.id).is_some()),
            )
        };
        recordings.with(seen).flatten().unwrap_or_default()
    };
    let told = move || key(&[recordings.chosen() as u64, at() as u64, seen()]);
    let shown = move || {
        let gone = recordings.with(|one| {
            let journey = one.journeys.get(at())?.clone();
            let echo = one.echo(&journey.id);
            let text = echo.and_then(|shown| shown.says.field("text")).unwrap_or_default().to_owned();
            let waited_us = waits.of(&journey.id);
            Some((Gone { echo_us: echo.map(|shown| shown.at_us), waited_us, journey }, text))
        });
        match gone.flatten() {
            None => vec![p(words::NONE).class("none")],
            Some((gone, text)) => way(&gone, &text),
        }
    };
    let turn = |name: &str, is_end: Box<dyn Fn() -> bool>, go: Box<dyn Fn()>| {
        button("button quiet small", go).live_flag("disabled", is_end).text(name)
    };
    let back = turn(
        words::BEFORE,
        Box::new(move || before(chosen.get(), count()).is_none()),
        Box::new(move || chosen.set(before(chosen.get_untracked(), untrack(count)))),
    );
    let next = turn(
        words::NEXT,
        Box::new(move || chosen.get().is_none()),
        Box::new(move || chosen.update(|chosen| *chosen = after(*chosen, untrack(count)))),
    );
    let position = draw("span")
        .class("position")
        .live_flag("hidden", move || count() == 0)
        .live_text(move || words::position(at() + 1, count()));
    draw("div")
        .class("journey")
        .child(draw("div").class("gone").live(told, shown))
        .child(draw("div").class("pager").child(back).child(position).child(next))
}

/// All that is to be seen of one way.
fn way(gone: &Gone, text: &str) -> Vec<Drawn> {
    let journey = &gone.journey;
    let took = gone.after(journey.sent_us);
    let told = if journey.logged_us.is_some() {
        words::shared_verdict(journey.reached, took)
    } else {
        words::verdict(journey.members, journey.reached, took)
    };
    let said = said::lines(draw("blockquote"), text);
    vec![said, swimlane(gone.lanes(), &gone.legs()), scales(gone), verdict(&told, true)]
}

/// The number of the message before the chosen one, if there is one.
fn before(chosen: Option<usize>, count: usize) -> Option<usize> {
    chosen.unwrap_or(count.saturating_sub(1)).checked_sub(1)
}

/// The number of the message after the chosen one. After the last but one it is the newest, and stays
/// the newest when others come.
fn after(chosen: Option<usize>, count: usize) -> Option<usize> {
    chosen.map(|at| at + 1).filter(|at| at + 1 < count)
}

/// A shape with these attributes.
fn shape<const N: usize>(tag: &str, class: &str, places: [(&str, u32); N]) -> Drawn {
    let shape = svg(tag).class(class);
    places.into_iter().fold(shape, |shape, (name, value)| shape.attr(name, &value.to_string()))
}

/// The picture, right to left as it is read.
fn swimlane(names: &[&str], legs: &[Leg]) -> Drawn {
    let step = STEP.min(STEPS / legs.len() as u32);
    let height = TOP + step * legs.len() as u32;
    let lane_width = WIDTH / names.len() as u32;
    let x = |lane: usize| WIDTH - lane_width / 2 - lane_width * lane as u32;
    let label = |class, x, y, text: &str| shape("text", class, [("x", x), ("y", y)]).text(text);
    let lanes = names.iter().enumerate().flat_map(|(lane, name)| {
        let x = x(lane);
        let line = shape("line", "lane", [("x1", x), ("x2", x), ("y1", 36), ("y2", height)]);
        [line, label("lane-name", x, 22, name)]
    });
    let arrows = legs.iter().enumerate().map(|(at, leg)| {
        let y = TOP + step * at as u32 + 26;
        let (start, end) = (x(leg.from), x(leg.to));
        // The tip of the arrow, before the lane it points to.
        let (stop, tip) = if end < start {
            (end + 9, format!("M{} {y} l11 -6 v12 z", end + 1))
        } else {
            (end - 9, format!("M{} {y} l-11 -6 v12 z", end - 1))
        };
        let middle = u32::midpoint(start, end).clamp(WORDS, WIDTH - WORDS);
        svg("g")
            .flag("data-unmeasured", !leg.is_measured)
            .child(shape("line", "arrow", [("x1", start), ("x2", stop), ("y1", y), ("y2", y)]))
            .child(svg("path").class("tip").attr("d", &tip))
            .child(shape("circle", "stop", [("cx", start), ("cy", y), ("r", 4)]))
            .child(label("what", middle, y - 11, &leg.what))
            .child(label("when", middle, y + 20, &leg.when))
    });
    let told: Vec<String> = legs.iter().map(|leg| format!("{} ({})", leg.what, leg.when)).collect();
    svg("svg")
        .class("swimlane")
        .attr("viewBox", &format!("0 0 {WIDTH} {height}"))
        .attr("role", "img")
        .attr("aria-label", &told.join("؛ "))
        .children(lanes)
        .children(arrows)
}

/// A stretch of time: what it is, from when to when, and whether it was measured.
type Stretch = (&'static str, u64, u64, bool);

/// Time to scale: by the browser's clock all of it, and by the server's what was in the server.
fn scales(gone: &Gone) -> Drawn {
    let journey = &gone.journey;
    let sent = gone.after(journey.sent_us);
    let echo = gone.echo_us.map_or(sent, |us| gone.after(us));
    let whole = gone.outside().zip(gone.waited_us).map(|(outside, waited)| {
        let (there, back) = (outside / 2, waited - outside.div_ceil(2));
        let stretches = [
            (words::THERE, 0, there, false),
            (words::INSIDE, there, back, true),
            (words::BACK, back, waited, false),
        ];
        scale(&words::by_browser(waited), &stretches, waited)
    });
    let end = sent.max(echo);
    let (to, at) = match journey.logged_us {
        Some(logged_us) => (words::TO_LOG_AND_BACK, gone.after(logged_us)),
        None => (words::TO_ROOM, gone.after(journey.ordered_us)),
    };
    let inside = [(to, 0, at, true), (words::TO_SOCKETS, at, end, true)];
    let inside = scale(&words::by_server(end), &inside, end);
    let note = if whole.is_some() { words::HALVES } else { words::NO_MARKS };
    draw("div").class("scales").children(whole).child(inside).child(small(note))
}

/// One line of time, from the right, with a mark at each round number.
fn scale(name: &str, stretches: &[Stretch], all: u64) -> Drawn {
    let all = all.max(1);
    // In thousandths of all.
    let place = |us: u64| 1000 - u32::try_from(us * 1000 / all).unwrap_or(1000);
    let bars = stretches.iter().map(|(_, from, to, is_measured)| {
        let width = place(*from).saturating_sub(place(*to));
        let bar = shape("rect", "stretch", [("x", place(*to)), ("width", width), ("y", 0), ("height", 14)]);
        bar.flag("data-unmeasured", !is_measured)
    });
    let step = step(all);
    let ticks = (0..=all / step).map(|tick| {
        let x = place(tick * step);
        shape("line", "tick", [("x1", x), ("x2", x), ("y1", 14), ("y2", 20)])
    });
    let picture = svg("svg")
        .class("scale")
        .attr("viewBox", "0 0 1000 20")
        .attr("preserveAspectRatio", "none")
        .attr("aria-hidden", "true");
    let parts = stretches.iter().map(|(what, from, to, is_measured)| {
        let told = draw("li").flag("data-unmeasured", !is_measured).text(what);
        if *is_measured { told.text(" ").child(draw("b").text(&common::took(to - from))) } else { told }
    });
    draw("section")
        .class("time")
        .child(p(name))
        .child(picture.children(bars).children(ticks))
        .child(draw("ol").children(parts))
        .child(small(&words::each_tick(step)))
}

/// How far apart the marks of a scale are: one, two or five of a power of ten.
fn step(all: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [1, 2, 5].map(|first| first * power) {
            if all / step <= TICKS_MAX {
                return step;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewed_message_stays_when_newer_arrive() {
        assert_eq!((before(None, 0), before(None, 1), before(Some(0), 3)), (None, None, None));
        let older = before(None, 3);
        assert_eq!(older, Some(1));
        // Two more came meanwhile: the next one is the one that was the newest, and then those.
        assert_eq!([older, after(older, 5), after(after(older, 5), 5)], [Some(1), Some(2), Some(3)]);
        assert_eq!(after(Some(3), 5), None);
        assert_eq!(before(None, 6), Some(4));
    }

    fn gone(echo_us: Option<u64>, waited_us: Option<u64>) -> Gone {
        let journey = Journey {
            id: "1".into(),
            seq: 7,
            heard_us: 100,
            logged_us: None,
            ordered_us: 140,
            sent_us: 400,
            reached: 3,
            members: 3,
        };
        Gone { journey, echo_us, waited_us }
    }

    #[test]
    fn steps_follow_their_times() {
        let order = |echo| gone(echo, None).legs().iter().map(|leg| (leg.from, leg.to)).collect::<Vec<_>>();
        assert_eq!(order(None), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(order(Some(200)), [(0, 1), (1, 2), (2, 1), (2, 3), (1, 0)]);
        assert_eq!(order(Some(500)), [(0, 1), (1, 2), (2, 3), (2, 1), (1, 0)]);
    }

    #[test]
    fn shared_rooms_go_by_their_log() {
        let mut gone = gone(Some(200), None);
        gone.journey.logged_us = Some(130);
        let legs = gone.legs();
        let ways: Vec<_> = legs.iter().map(|leg| (leg.from, leg.to)).collect();
        assert_eq!(ways, [(0, 1), (1, 2), (2, 3), (3, 1), (3, 4), (1, 0)]);
        assert_eq!(legs[2].when, words::after(30));
        assert_eq!(gone.lanes().len(), 5);
    }

    #[test]
    fn only_the_network_is_not_measured() {
        let legs = gone(Some(200), Some(1_000)).legs();
        let unmeasured: Vec<_> =
            legs.iter().filter(|leg| !leg.is_measured).map(|leg| (leg.from, leg.to)).collect();
        assert_eq!(unmeasured, [(0, 1), (1, 0)]);
        assert_eq!(gone(Some(200), Some(1_000)).outside(), Some(900));
        assert_eq!(gone(Some(200), Some(50)).outside(), Some(0), "two clocks may disagree");
        assert_eq!(gone(None, Some(1_000)).outside(), None);
    }

    #[test]
    fn scale_has_few_round_steps() {
        assert_eq!([1, 10, 11, 99, 1_234, 3_000_000].map(step), [1, 1, 2, 10, 200, 500_000]);
    }
}
