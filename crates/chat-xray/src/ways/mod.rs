//! Five ways into the same room, side by side: what came by each, how long it took, and what it cost on
//! the wire as the server counted it. The claim that polling repeats HTTP and wastes bytes is measured
//! here. It is five members of a real room; what is said in it is heard by everybody.

use chat_client::{
    fa::{digits, words::ways as words, words::xray as common},
    view::said::SaidText,
};
use chat_protocol::{CloseCode, RoomId};
use leptos::{either::Either, prelude::*};
use wasm_bindgen_futures::spawn_local;

use self::{
    race::{Gap, Race, Trouble, Way},
    runners::Runners,
};

use crate::stage::Stage;

mod kept;
pub mod race;
mod runners;

/// How long polling may wait between two requests, in milliseconds.
const INTERVALS: [u32; 4] = [500, 1_000, 2_000, 5_000];

/// The page.
#[component]
pub fn Ways(
    /// The room.
    room: RoomId,
) -> impl IntoView {
    let runners = Runners::new(room.clone());
    runners.start();
    let by = RwSignal::new(Way::Socket);
    let text = RwSignal::new(String::new());
    let problem = RwSignal::new(false);
    let say = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let said = text.get_untracked();
        if said.trim().is_empty() {
            return;
        }
        text.set(String::new());
        spawn_local(async move { problem.set(runners.say(by.get_untracked(), said).await.is_err()) });
    };
    let is_counted = move || runners.race.with(|race| race.of(Way::Socket).gap.is_none());
    let verdict = move || match runners.race.with(Race::verdict) {
        _ if !is_counted() => words::NO_FAIR_VERDICT.to_owned(),
        Some((count, times)) => words::verdict(count, times),
        None => words::NO_VERDICT.to_owned(),
    };
    let options = Way::ALL.into_iter().enumerate().map(|(at, way)| {
        view! { <option value=way.token() selected=way == Way::Socket>{words::NAMES[at]}</option> }
    });
    view! {
        <Stage title=format!("{} {}", words::TITLE, chat_client::fa::isolate(room.as_str()))>
            <div class="ways">
            <p class="intro">{words::INTRO}</p>
            <form class="say" on:submit=say>
                <label>
                    <span>{words::BY}</span>
                    <select on:change=move |event| {
                        let token = event_target_value(&event);
                        by.set(Way::ALL.into_iter().find(|way| way.token() == token).unwrap_or(Way::Socket));
                    }>{options.collect_view()}</select>
                </label>
                <label class="text">
                    <span>{words::TEXT}</span>
                    <input
                        type="text"
                        dir="auto"
                        maxlength="500"
                        prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                    />
                </label>
                <button type="submit" class="button">{words::SAY}</button>
            </form>
            <p role="status" class="verdict" data-good="">{verdict}</p>
            <p role="alert">{move || problem.get().then_some(words::NOT_SAID)}</p>
            <div class="columns">
                {Way::ALL.into_iter().map(|way| view! { <Column runners way /> }).collect_view()}
            </div>
            <p class="small">{words::HOW_MEASURED}</p>
            </div>
        </Stage>
    }
}

/// One way.
#[component]
fn Column(runners: Runners, way: Way) -> impl IntoView {
    let runner = Memo::new(move |_| runners.race.with(|race| race.of(way).clone()));
    let most = Memo::new(move |_| runners.race.with(Race::most));
    let rests = move || runners.resting.with(|resting| resting.contains(&way));
    let toggle = move |_| {
        runners.resting.update(|resting| match resting.iter().position(|one| *one == way) {
            Some(at) => drop(resting.remove(at)),
            None => resting.push(way),
        });
    };
    let control = match way {
        Way::Classic => Either::Left(view! {
            <button type="button" class="button small" on:click=move |_| spawn_local(runners.refresh())>{words::REFRESH}</button>
        }),
        _ => Either::Right(view! {
            <button type="button" class="button quiet small" on:click=toggle>
                {move || if rests() { words::GO_ON } else { words::REST }}
            </button>
        }),
    };
    let intervals = (way == Way::Poll).then(|| {
        let option = |ms: u32| view! { <option value=ms.to_string() selected=ms == 2_000>{words::every(ms)}</option> };
        view! {
            <select
                aria-label=words::INTERVAL
                on:change=move |event| runners.interval.set(event_target_value(&event).parse().unwrap_or(2_000))
            >
                {INTERVALS.into_iter().map(option).collect_view()}
            </select>
        }
    });
    let figure = move |name: &'static str, read: fn(&race::Runner) -> String| {
        view! { <div><dt>{name}</dt><dd>{move || runner.with(read)}</dd></div> }
    };
    // In thousandths of what the dearest way has cost.
    let share = move |bytes: u64| bytes * 1_000 / most.get();
    let headers = move || share(runner.with(|runner| runner.costs.headers()));
    let payload = move || share(runner.with(|runner| runner.costs.payload()));
    view! {
        <section class="way" data-way=way.token() data-rests=move || rests().then_some("")>
            <h2>{words::NAMES[way as usize]}</h2>
            <p class="small what">{words::WHATS[way as usize]}</p>
            <div class="controls">{control} {intervals}</div>
            <svg class="strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="payload" x=move || 1_000 - payload() width=payload height="10"></rect>
                <rect class="headers" x=move || 1_000 - payload() - headers() width=headers height="10"></rect>
            </svg>
            <Delays runner />
            {move || runner.with(|runner| runner.gap).map(|gap| view! { <p class="gap">{missed(gap)}</p> })}
            <dl>
                {figure(words::REQUESTS, |runner| digits::number(runner.costs.requests))}
                {figure(words::HEADERS, |runner| common::bytes(runner.costs.headers()))}
                {figure(words::PAYLOAD, |runner| common::bytes(runner.costs.payload()))}
                {figure(words::LAST, |runner| told(runner.delays.last().copied()))}
                {figure(words::MEDIAN, |runner| told(runner.median()))}
            </dl>
            <p class="trouble" aria-live="polite">{move || runner.with(|runner| runner.trouble.map(told_of))}</p>
            <ol class="heard" aria-label=words::HEARD>
                {move || {
                    let heard = runner.with(|runner| runner.heard.clone());
                    heard.into_iter().rev().map(|heard| view! {
                        <li>
                            <bdi class="name">{heard.name}</bdi>
                            <SaidText said=heard.text />
                            <span class="delay">{heard.delay.map(|delay| told(Some(delay)))}</span>
                        </li>
                    }).collect_view()
                }}
            </ol>
        </section>
    }
}

/// How long its messages took, each a dot, on one scale for all ways: the last one full, and a bar where
/// the median is. What it shows stands below in numbers.
#[component]
fn Delays(runner: Memo<race::Runner>) -> impl IntoView {
    let path = move |read: fn(&race::Runner) -> String| move || runner.with(read);
    let newest = |runner: &race::Runner| {
        let delays = &runner.delays;
        race::marks(&delays[delays.len().saturating_sub(race::SHOWN_MAX)..], race::POINT)
    };
    view! {
        <div class="delays" aria-hidden="true">
            <svg viewBox="0 0 1000 120">
                <path class="marks" d=path(newest)></path>
                <path class="last" d=path(|runner| race::marks(runner.delays.last().copied().as_slice(), race::POINT))></path>
                <path class="median" d=path(|runner| race::marks(runner.median().as_slice(), race::BAR))></path>
            </svg>
            <p>{words::SCALE.map(|at| view! { <span>{at}</span> })}</p>
        </div>
    }
}

/// What is wrong, in words, and what becomes of it.
fn told_of(trouble: Trouble) -> String {
    let what = match trouble {
        Trouble::Lost => words::LOST.to_owned(),
        Trouble::Refused(status) => words::refused(status),
        Trouble::Closed(code) if code == CloseCode::Replaced.code() => words::ELSEWHERE.to_owned(),
        Trouble::Closed(code) => words::closed(code),
        Trouble::Strange => words::STRANGE.to_owned(),
        // It is open, and stays so: nothing is tried again.
        Trouble::Silent => return words::SILENT.to_owned(),
    };
    format!("{what} {}", if trouble.passes() { words::AGAIN } else { words::RESTS })
}

/// What was not counted, in words.
fn missed(gap: Gap) -> String {
    match gap {
        Gap::Full(limit) => words::full(limit),
        Gap::Unseen => words::UNSEEN.to_owned(),
    }
}

/// A delay, in words.
fn told(delay: Option<f64>) -> String {
    delay.map_or_else(|| "—".to_owned(), |ms| common::took((ms * 1_000.0) as u64))
}
