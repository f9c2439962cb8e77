//! Five ways into the same room, side by side: what came by each, how long it took, and what it cost on
//! the wire as the server counted it. The claim that polling repeats HTTP and wastes bytes is measured
//! here. It is five members of a real room; what is said in it is heard by everybody.

use chat_protocol::{CloseCode, RoomId};
use chat_ui::{
    bind::{act, flag, follow, submit, text},
    browser::{element, location::room_path},
    dom::Drawn,
    said::SaidText,
    words::WORKBENCH,
};
use leptos::{logging, prelude::*};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use self::{
    clients::Clients,
    stats::{Came, Gap, Stats, Trouble, Way},
    table::Table,
};
use crate::page_shell::PageShell;

mod clients;
mod recorded;
pub(crate) mod stats;
mod storage;
mod table;
pub(crate) mod words;

/// How long polling may wait between two requests, in milliseconds.
const INTERVALS: [u32; 4] = [500, 1_000, 2_000, 5_000];

/// By how much a round trip may be longer, in milliseconds: as it is, over a country, over an ocean.
const ROUND_TRIPS: [u32; 3] = [0, 50, 200];

/// The ids of what is asked for later.
const TABLE: &str = "ways-table";
const TEXT: &str = "ways-text";

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
    let is_refused = RwSignal::new(false);
    let say = move || {
        let field: HtmlInputElement = element(TEXT);
        let said = field.value();
        if !said.trim().is_empty() {
            field.set_value("");
            spawn_local(async move { is_refused.set(clients.say(by.get_untracked(), said).await.is_err()) });
        }
    };
    let choose = move |event: Event| {
        let token = event_target_value(&event);
        by.set(Way::ALL.into_iter().find(|way| way.token() == token).unwrap_or(Way::Socket));
    };
    let is_counted = move || clients.stats.with(|stats| stats.of(Way::Socket).gap.is_none());
    let verdict = move || match clients.stats.with(Stats::verdict) {
        _ if !is_counted() => words::NO_FAIR_VERDICT.to_owned(),
        Some((count, times)) => words::verdict(count, times),
        None => words::NO_VERDICT.to_owned(),
    };
    let ways = Way::ALL.into_iter().zip(words::NAMES);
    let ways = ways
        .map(|(way, name)| view! { <option value=way.token() selected=way == Way::Socket>{name}</option> });
    let intervals = INTERVALS.map(|ms| {
        view! { <option value=ms.to_string() selected=ms == 2_000>{words::every(ms)}</option> }
    });
    let ask_every =
        move |event: Event| clients.interval.set(event_target_value(&event).parse().unwrap_or(2_000));
    let lengthen = move |event: Event| {
        let at: usize = event_target_value(&event).parse().unwrap_or(0);
        clients.lengthen(ROUND_TRIPS[at.min(ROUND_TRIPS.len() - 1)]);
    };
    let round_trip = move || words::ms(clients.round_trip.get().into());
    let mut table = None;
    follow(move || {
        let table = table.get_or_insert_with(|| Table::draw(&Drawn(element(TABLE)), clients));
        let resting = clients.resting.get();
        clients.stats.with(|stats| table.show(stats, |way| resting.contains(&way)));
    });
    let links = vec![(room_path(&room), words::ROOM), ("/workbench".to_owned(), WORKBENCH)];
    view! {
        <PageShell title=format!("{} {}", words::TITLE, chat_ui::sentence::isolate(room.as_str())) notes=words::INTRO links>
            <div class="ways">
                <form class="say" onsubmit=submit(say)>
                    <label>
                        <span>{words::BY}</span>
                        <select onchange=act(choose)>{ways.collect_view()}</select>
                    </label>
                    <label class="text">
                        <span>{words::TEXT}</span>
                        <input type="text" id=TEXT dir="auto" maxlength="500" />
                    </label>
                    <button type="submit" class="button">{words::SAY}</button>
                    <label>
                        <span>{words::INTERVAL}</span>
                        <select onchange=act(ask_every)>{intervals.collect_view()}</select>
                    </label>
                    <label class="round-trip">
                        <span>{words::ROUND_TRIP} " " <output>{text(round_trip)}</output></span>
                        <input
                            type="range"
                            dir="ltr"
                            min="0"
                            max="2"
                            value="0"
                            aria-valuetext=round_trip
                            oninput=act(lengthen)
                        />
                    </label>
                </form>
                <p class="small made" hidden=flag(move || clients.round_trip.get() == 0)>{words::ROUND_TRIP_MADE}</p>
                <p role="status" class="verdict" data-good="">{text(verdict)}</p>
                <p role="alert">{text(move || if is_refused.get() { words::NOT_SAID } else { "" }.to_owned())}</p>
                <div id=TABLE></div>
                <Messages clients />
                <p class="small method">{words::HOW_MEASURED}</p>
            </div>
        </PageShell>
    }
}

/// What was said, the newest on top, and by which way it came after how long.
#[component]
fn Messages(clients: Clients) -> impl IntoView {
    let messages = Memo::new(move |_| clients.stats.with(|stats| stats.messages.clone()));
    let rows = move || {
        let row = |heard: stats::Heard| {
            let cells = Way::ALL.into_iter().zip(heard.came).map(|(way, came)| {
                let told = match came {
                    None => String::new(),
                    Some(Came::Sometime) => "✓".to_owned(),
                    Some(Came::After(ms)) => words::ms(ms),
                };
                view! { <td data-by=way.token() data-came=came.map(|_| "")>{told}</td> }
            });
            view! {
                <tr>
                    <th scope="row">
                        <bdi class="name">{heard.said.name}</bdi>
                        <SaidText said=heard.said.text />
                    </th>
                    {cells.collect_view()}
                </tr>
            }
        };
        messages.get().into_iter().rev().map(row).collect_view()
    };
    let ways = Way::ALL.into_iter().zip(words::MEMBERS);
    let heads = ways.map(|(way, name)| view! { <th scope="col" data-way=way.token()>{name}</th> });
    view! {
        <table class="messages" aria-label=words::HEARD>
            <thead><tr><th scope="col">{words::HEARD}</th>{heads.collect_view()}</tr></thead>
            <tbody>{rows}</tbody>
        </table>
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
