//! Five ways into the same room, side by side: what came by each, how long it took, and what it cost on
//! the wire as the server counted it. The claim that polling repeats HTTP and wastes bytes is measured
//! here. It is five members of a real room; what is said in it is heard by everybody.

use chat_protocol::{CloseCode, RoomId};
use chat_ui::{browser::location::room_path, digits, said::SaidText, words::WORKBENCH};
use leptos::{either::Either, logging, prelude::*};
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

use self::{
    clients::Clients,
    stats::{Gap, Stats, Trouble, Way},
};
use crate::{page_shell::PageShell, xray::words as common};

mod clients;
pub(crate) mod stats;
mod storage;
pub(crate) mod words;

/// How long polling may wait between two requests, in milliseconds.
const INTERVALS: [u32; 4] = [500, 1_000, 2_000, 5_000];

/// Fills this place with the ways into the room that the document names.
pub fn show(place: HtmlElement) {
    let root = document().get_element_by_id(chat_ui::ROOT);
    match root.and_then(|root| root.get_attribute("data-room")).map(|room| room.parse()) {
        Some(Ok(room)) => crate::fill(place, move || Ways(WaysProps { room })),
        _ => logging::warn!("the document names no room"),
    }
}

#[component]
fn Ways(room: RoomId) -> impl IntoView {
    let clients = Clients::new(room.clone());
    clients.start();
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
        spawn_local(async move { problem.set(clients.say(by.get_untracked(), said).await.is_err()) });
    };
    let is_counted = move || clients.stats.with(|stats| stats.of(Way::Socket).gap.is_none());
    let verdict = move || match clients.stats.with(Stats::verdict) {
        _ if !is_counted() => words::NO_FAIR_VERDICT.to_owned(),
        Some((count, times)) => words::verdict(count, times),
        None => words::NO_VERDICT.to_owned(),
    };
    let options = Way::ALL.into_iter().enumerate().map(|(at, way)| {
        view! { <option value=way.token() selected=way == Way::Socket>{words::NAMES[at]}</option> }
    });
    let links = vec![(room_path(&room), words::ROOM), ("/workbench".to_owned(), WORKBENCH)];
    view! {
        <PageShell title=format!("{} {}", words::TITLE, chat_ui::sentence::isolate(room.as_str())) notes=words::INTRO links>
            <div class="ways">
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
                {Way::ALL.into_iter().map(|way| view! { <Column clients way /> }).collect_view()}
            </div>
            <p class="small">{words::HOW_MEASURED}</p>
            </div>
        </PageShell>
    }
}

#[component]
fn Column(clients: Clients, way: Way) -> impl IntoView {
    let way_stats = Memo::new(move |_| clients.stats.with(|stats| stats.of(way).clone()));
    let most = Memo::new(move |_| clients.stats.with(Stats::most));
    let rests = move || clients.resting.with(|resting| resting.contains(&way));
    let toggle = move |_| {
        clients.resting.update(|resting| match resting.iter().position(|one| *one == way) {
            Some(at) => drop(resting.remove(at)),
            None => resting.push(way),
        });
    };
    let control = match way {
        Way::Classic => Either::Left(view! {
            <button type="button" class="button small" on:click=move |_| spawn_local(clients.refresh())>{words::REFRESH}</button>
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
                on:change=move |event| clients.interval.set(event_target_value(&event).parse().unwrap_or(2_000))
            >
                {INTERVALS.into_iter().map(option).collect_view()}
            </select>
        }
    });
    let figure = move |name: &'static str, read: fn(&stats::WayStats) -> String| {
        view! { <div><dt>{name}</dt><dd>{move || way_stats.with(read)}</dd></div> }
    };
    // In thousandths of what the dearest way has cost.
    let share = move |bytes: u64| bytes * 1_000 / most.get();
    let headers = move || share(way_stats.with(|way_stats| way_stats.costs.headers()));
    let payload = move || share(way_stats.with(|way_stats| way_stats.costs.payload()));
    view! {
        <section class="way" data-way=way.token() data-rests=move || rests().then_some("")>
            <h2>{words::NAMES[way as usize]}</h2>
            <p class="small what">{words::WHATS[way as usize]}</p>
            <div class="controls">{control} {intervals}</div>
            <svg class="strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
                <rect class="payload" x=move || 1_000 - payload() width=payload height="10"></rect>
                <rect class="headers" x=move || 1_000 - payload() - headers() width=headers height="10"></rect>
            </svg>
            <Delays way_stats />
            {move || way_stats.with(|way_stats| way_stats.gap).map(|gap| view! { <p class="gap">{missed(gap)}</p> })}
            <dl>
                {figure(words::REQUESTS, |way_stats| digits::number(way_stats.costs.requests))}
                {figure(words::HEADERS, |way_stats| common::bytes(way_stats.costs.headers()))}
                {figure(words::PAYLOAD, |way_stats| common::bytes(way_stats.costs.payload()))}
                {figure(words::LAST, |way_stats| told(way_stats.delays.last().copied()))}
                {figure(words::MEDIAN, |way_stats| told(way_stats.median()))}
            </dl>
            <p class="trouble" aria-live="polite">{move || way_stats.with(|way_stats| way_stats.trouble.map(told_of))}</p>
            <ol class="heard" aria-label=words::HEARD>
                {move || {
                    let heard = way_stats.with(|way_stats| way_stats.heard.clone());
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
fn Delays(way_stats: Memo<stats::WayStats>) -> impl IntoView {
    let path = move |read: fn(&stats::WayStats) -> String| move || way_stats.with(read);
    let newest = |way_stats: &stats::WayStats| {
        let delays = &way_stats.delays;
        stats::marks(&delays[delays.len().saturating_sub(stats::SHOWN_MAX)..], stats::POINT)
    };
    view! {
        <div class="delays" aria-hidden="true">
            <svg viewBox="0 0 1000 120">
                <path class="marks" d=path(newest)></path>
                <path class="last" d=path(|way_stats| stats::marks(way_stats.delays.last().copied().as_slice(), stats::POINT))></path>
                <path class="median" d=path(|way_stats| stats::marks(way_stats.median().as_slice(), stats::BAR))></path>
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
