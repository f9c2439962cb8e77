//! The way of one message of one's own: into the server, to the room, out to everybody, and back. A
//! swimlane whose distances are steps and whose times are measured. It shows what the server noted.

use chat_ui::{
    bind::{flag, press},
    said::SaidText,
};
use chat_wire::Journey;
use leptos::{either::Either, prelude::*};

use super::recordings::Recordings;
use crate::xray::words::journey as words;

/// The height of one step in the picture, in its own units.
const STEP: u32 = 74;
/// Where the first step is.
const TOP: u32 = 76;
/// The distance of two lanes.
const LANE: u32 = 130;

/// One step: from lane to lane, what happened, and how long after the first.
type Leg = (usize, usize, String, u64);

#[component]
pub(super) fn Way(recordings: Recordings) -> impl IntoView {
    // None is the newest, whichever that is.
    let chosen = RwSignal::new(None::<usize>);
    // Another recording has other messages.
    Effect::new(move || {
        recordings.chosen();
        chosen.set(None);
    });
    let count = Memo::new(move |_| recordings.with(|one| one.journeys.len()).unwrap_or_default());
    let journey = Memo::new(move |_| {
        recordings
            .with(|one| {
                let journey = match chosen.get() {
                    Some(at) => one.journeys.get(at),
                    None => one.journeys.last(),
                };
                let journey = journey?.clone();
                let echo = one.echo(&journey.id).map(|shown| shown.at_us);
                let text =
                    one.echo(&journey.id).and_then(|shown| shown.says.field("text").map(str::to_owned));
                Some((journey, echo, text.unwrap_or_default()))
            })
            .flatten()
    });
    view! {
        <div class="journey">
            <p>{words::INTRO}</p>
            {move || match journey.get() {
                None => Either::Left(view! { <p class="none">{words::NONE}</p> }),
                Some((journey, echo, text)) => {
                    let legs = legs(&journey, echo);
                    let took = journey.sent_us.saturating_sub(journey.heard_us);
                    Either::Right(view! {
                        <blockquote><SaidText said=text /></blockquote>
                        <Swimlane legs />
                        <p class="verdict" data-good="">{words::verdict(journey.members, journey.reached, took)}</p>
                    })
                }
            }}
            <div class="pager">
                <button
                    type="button"
                    class="button quiet small"
                    disabled=flag(move || before(chosen.get(), count.get()).is_none())
                    onclick=press(move || chosen.set(before(chosen.get_untracked(), count.get_untracked())))
                >
                    {words::BEFORE}
                </button>
                <span class="position" hidden=flag(move || count.get() == 0)>
                    {move || words::position(chosen.get().map_or(count.get(), |at| at + 1), count.get())}
                </span>
                <button
                    type="button"
                    class="button quiet small"
                    disabled=flag(move || chosen.get().is_none())
                    onclick=press(move || chosen.update(|chosen| *chosen = after(*chosen, count.get_untracked())))
                >
                    {words::NEXT}
                </button>
            </div>
        </div>
    }
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

fn legs(journey: &Journey, echo: Option<u64>) -> Vec<Leg> {
    let after = |us: u64| us.saturating_sub(journey.heard_us);
    let mut legs = vec![
        (0, 1, words::HEARD.to_owned(), 0),
        (1, 2, words::ordered(journey.seq), after(journey.ordered_us)),
        (2, 3, words::sent(journey.reached), after(journey.sent_us)),
    ];
    if let Some(echo) = echo {
        legs.push((2, 0, words::ECHO.to_owned(), after(echo)));
    }
    // The echo is written among the others, and before the last of them mostly.
    legs.sort_by_key(|(_, _, _, after)| *after);
    legs
}

/// The picture, right to left as it is read.
#[component]
fn Swimlane(legs: Vec<Leg>) -> impl IntoView {
    let width = LANE * words::LANES.len() as u32;
    let height = TOP + STEP * legs.len() as u32;
    let x = move |lane: usize| width - LANE / 2 - LANE * lane as u32;
    let lanes = words::LANES.into_iter().enumerate().map(|(lane, name)| {
        view! {
            <line class="lane" x1=x(lane) x2=x(lane) y1="48" y2=height></line>
            <text class="lane-name" x=x(lane) y="28">{name}</text>
        }
    });
    let told: Vec<String> =
        legs.iter().map(|(_, _, what, after)| format!("{what} ({})", words::after(*after))).collect();
    let arrows = legs.into_iter().enumerate().map(|(at, (from, to, what, after))| {
        let y = TOP + STEP * at as u32 + 30;
        let (start, end) = (x(from), x(to));
        // The tip of the arrow, before the lane it points to.
        let tip = if end < start { end + 9 } else { end - 9 };
        let head = if end < start {
            format!("M{} {} l11 -6 v12 z", end + 1, y)
        } else {
            format!("M{} {} l-11 -6 v12 z", end - 1, y)
        };
        let middle = (start + end) / 2;
        view! {
            <g>
                <line class="arrow" x1=start x2=tip y1=y y2=y></line>
                <path class="tip" d=head></path>
                <circle class="stop" cx=start cy=y r="4"></circle>
                <text class="what" x=middle y=y - 12>{what}</text>
                <text class="when" x=middle y=y + 20>{words::after(after)}</text>
            </g>
        }
    });
    view! {
        <svg class="swimlane" viewBox=format!("0 0 {width} {height}") role="img" aria-label=told.join("؛ ")>
            {lanes.collect_view()}
            {arrows.collect_view()}
        </svg>
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

    #[test]
    fn steps_follow_their_times() {
        let journey = Journey {
            id: "1".into(),
            seq: 7,
            heard_us: 100,
            ordered_us: 140,
            sent_us: 400,
            reached: 3,
            members: 3,
        };
        let order = |echo| {
            legs(&journey, echo).into_iter().map(|(from, to, _, after)| (from, to, after)).collect::<Vec<_>>()
        };
        assert_eq!(order(None), [(0, 1, 0), (1, 2, 40), (2, 3, 300)]);
        assert_eq!(order(Some(200)), [(0, 1, 0), (1, 2, 40), (2, 0, 100), (2, 3, 300)]);
    }
}
