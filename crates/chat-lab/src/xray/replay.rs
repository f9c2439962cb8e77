//! What was taken home, played again: its events one after another, as far apart as they were, but no pause
//! longer than a second. It begins where it ended, because who opens the page wants to see first what there
//! is; from there it can be played from the beginning, or gone through step by step. A step is an event
//! and not a time: a handshake is over in a millisecond, and is worth more than one look.

use std::time::Duration;

use chat_ui::{bind::press, browser::clock::elapsed_us};
use chat_wire::Event;
use leptos::prelude::*;

use super::{
    recording::{Recording, Stream},
    recordings::Recordings,
};
use crate::xray::words::{clock, export as words};

/// The longest pause between two events, in microseconds.
const PAUSE_MAX: u64 = 1_000_000;
/// How often is looked whether the next event is due.
const TICK: Duration = Duration::from_millis(40);

/// The events of one recording, and when each is played, in microseconds.
#[derive(Debug)]
pub(super) struct Score {
    events: Vec<Event>,
    played_us: Vec<u64>,
}

impl Score {
    /// Of what was recorded.
    pub(super) fn new(events: Vec<Event>) -> Self {
        let (mut before, mut played) = (0, 0);
        let played_us = events.iter().map(|event| {
            // A journey is told when it is over, and may have ended before what was told before it.
            let at = event.at_us().max(before);
            played += (at - before).min(PAUSE_MAX);
            before = at;
            played
        });
        Self { played_us: played_us.collect(), events }
    }

    /// How many steps there are.
    fn steps(&self) -> usize {
        self.events.len()
    }

    /// When that many steps have been played, in microseconds.
    fn played(&self, steps: usize) -> u64 {
        steps.checked_sub(1).and_then(|last| self.played_us.get(last)).copied().unwrap_or(0)
    }

    /// How many steps have been played by then.
    fn by(&self, us: u64) -> usize {
        self.played_us.partition_point(|played| *played <= us)
    }

    /// When the last of so many steps happened, in microseconds of the recording.
    fn happened(&self, steps: usize) -> u64 {
        self.events[..steps.min(self.steps())].iter().map(Event::at_us).max().unwrap_or(0)
    }

    /// The recording as it was after that many steps.
    pub(super) fn show(&self, recording: &mut Recording, steps: usize) {
        let steps = steps.min(self.steps());
        if recording.events.len() > steps {
            *recording = Recording::new(String::new());
        }
        let shown = recording.events.len();
        self.events[shown..steps].iter().cloned().for_each(|event| recording.take(event));
        recording.stream = if steps == self.steps() { Stream::Gone } else { Stream::Open };
    }

    /// The recording as it was at its end.
    pub(super) fn whole(&self) -> Recording {
        let mut recording = Recording::new(String::new());
        self.show(&mut recording, self.steps());
        recording
    }
}

/// What plays the recording that is looked at.
#[component]
pub(super) fn Replay(scores: Vec<Score>, recordings: Recordings) -> impl IntoView {
    let scores = StoredValue::new(scores);
    let is_playing = RwSignal::new(false);
    // From where on it is played, and since when by the page's clock.
    let origin = StoredValue::new((0_u64, 0_u64));
    let of_score = move |read: &dyn Fn(&Score) -> u64| {
        let number = recordings.chosen();
        scores.with_value(|scores| scores.get(number).map_or(0, read))
    };
    // What is shown says itself how far it is.
    let step = move || recordings.with(|one| one.events.len()).unwrap_or(0);
    let last = move || of_score(&|score| score.steps() as u64) as usize;
    let show = move |to: usize| {
        let number = untrack(|| recordings.chosen());
        scores.with_value(|scores| {
            if let (Some(score), Some(recording)) = (scores.get(number), recordings.write().get_mut(number)) {
                score.show(recording, to);
            }
        });
        recordings.draw();
    };
    let begin = move |from: usize| {
        show(from);
        let played = untrack(|| of_score(&|score| score.played(from)));
        origin.set_value((played, elapsed_us()));
    };
    let toggle = move || {
        let (at, last) = untrack(|| (step(), last()));
        is_playing.update(|is_playing| *is_playing = !*is_playing);
        // From its end it is played from its beginning.
        begin(if at == last && is_playing.get_untracked() { 1 } else { at });
    };
    let tick = move || {
        let (from, since) = origin.get_value();
        let us = from + elapsed_us().saturating_sub(since);
        let (at, last, due) = untrack(|| (step(), last(), of_score(&|score| score.by(us) as u64) as usize));
        if due > at {
            show(due);
        }
        if due >= last {
            is_playing.set(false);
        }
    };
    Effect::new(move || {
        if is_playing.get() {
            match set_interval_with_handle(tick, TICK) {
                Ok(ticking) => on_cleanup(move || ticking.clear()),
                Err(error) => leptos::logging::warn!("nothing can be played: {error:?}"),
            }
        }
    });
    // Another recording is where it was left.
    Effect::new(move || {
        recordings.chosen();
        is_playing.set(false);
    });
    let told = move || {
        let step = step();
        words::step(step, last(), &clock(of_score(&|score| score.happened(step))))
    };
    view! {
        <div class="replay" role="group" aria-label=words::REPLAY>
            <button type="button" class="button small" onclick=press(toggle)>
                {move || if is_playing.get() { words::PAUSE } else { words::PLAY }}
            </button>
            // The first step is that there is a recording.
            <input
                type="range"
                min="1"
                max=last
                aria-label=words::WHERE
                aria-valuetext=told
                prop:value=step
                on:input=move |event| begin(event_target_value(&event).parse().unwrap_or(1))
            />
            <span aria-hidden="true">{told}</span>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use chat_wire::{Chunk, Direction, Ended, Opened};

    use super::*;

    fn score() -> Score {
        let opened = Opened { at: 0, limit_bytes: 9, ipv6: false, loopback: true, proxied: false };
        let head = b"GET / HTTP/1.1\r\n\r\n";
        let chunk = |at_us, offset, data: &[u8]| {
            let data = data.to_vec();
            Event::Bytes(Chunk { at_us, direction: Direction::In, offset, data, hidden: vec![] })
        };
        let journey = chat_wire::Journey {
            id: "1".into(),
            seq: 1,
            heard_us: 1,
            logged_us: None,
            ordered_us: 2,
            sent_us: 300,
            reached: 1,
            members: 1,
        };
        Score::new(vec![
            Event::Opened(opened),
            chunk(100, 0, head),
            chunk(400, 18, &[0x89, 0x80, 1, 2, 3, 4]),
            Event::Journey(journey),
            chunk(60_000_400, 24, &[0x89, 0x80, 1, 2, 3, 4]),
            Event::Ended(Ended { at_us: 60_500_400, code: None, by_server: false }),
        ])
    }

    #[test]
    fn replay_keeps_gaps_but_shortens_pauses() {
        let score = score();
        assert_eq!(score.played_us, [0, 100, 400, 400, 1_000_400, 1_500_400]);
        let by: Vec<usize> = [0, 99, 100, 400, 1_000_399, 1_000_400, u64::MAX].map(|us| score.by(us)).into();
        assert_eq!(by, [1, 1, 2, 4, 4, 5, 6]);
        assert!((0..=score.steps()).all(|steps| steps <= score.by(score.played(steps))));
        assert_eq!((score.happened(4), score.happened(5)), (400, 60_000_400));
    }

    #[test]
    fn each_step_shows_only_earlier_events() {
        let score = score();
        let mut shown = score.whole();
        assert_eq!((shown.frames.len(), shown.stream), (2, Stream::Gone));
        for (steps, frames) in [(1, 0), (3, 1), (2, 0), (5, 2), (4, 1), (9, 2), (0, 0)] {
            score.show(&mut shown, steps);
            assert_eq!((shown.frames.len(), shown.events.len()), (frames, steps.min(6)), "{steps}");
            assert_eq!(shown.stream, if steps >= 6 { Stream::Gone } else { Stream::Open });
        }
    }

    #[test]
    fn empty_score_has_no_steps() {
        let score = Score::new(vec![]);
        assert_eq!((score.steps(), score.by(5), score.played(0), score.whole().frames.len()), (0, 0, 0, 0));
    }
}
