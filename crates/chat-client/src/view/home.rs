//! `/`: a name, a room, and in. Without JavaScript the form still leads to the room.

use chat_protocol::{RoomId, typed};
use leptos::prelude::*;

use web_sys::HtmlInputElement;

use super::{
    bind::{flag, follow, press, submit},
    dom::{self, Drawn, draw},
    field::labelled,
    masthead::masthead,
    theme::ThemeButton,
};
use crate::{
    browser::{self, drop, element, focus, listen, location, profile, random},
    fa::{
        digits,
        words::{self, errors, home, lesson, room_names},
    },
};

/// The page.
#[component]
pub fn Home() -> impl IntoView {
    let field = |id: &str| element::<HtmlInputElement>(id);
    let name_problem = RwSignal::new(String::new());
    let room_problem = RwSignal::new(String::new());
    let any_recent = RwSignal::new(false);
    let any_memory = RwSignal::new(false);

    // The name that the field offers, until somebody writes another.
    let offered = RwSignal::new(String::new());
    let remember = move || {
        let (name, before) = (field("name"), profile::name_before());
        if [offered.get_untracked(), before.clone()].contains(&name.value()) {
            name.set_value(&before);
            offered.set(before.clone());
        }
        let rooms = profile::recent_rooms();
        any_recent.set(!rooms.is_empty());
        any_memory.set(!rooms.is_empty() || !before.is_empty());
        let links = draw("span").class("rooms").children(rooms.iter().map(room_link));
        dom::fill(&element("recent"), &links);
    };
    follow(move || {
        remember();
        drop::refuse_files(|| ());
        // Another tab visited a room, or forgot them; or this page comes back as it was left.
        listen(&window(), "storage", remember);
        listen(&window(), "pageshow", remember);
        // The first that needs something; but not where a keyboard would cover the page, and not away
        // from where somebody writes already.
        if !browser::is_touch() && !browser::has_focus() {
            focus(&field(if field("name").value().is_empty() { "name" } else { "room" }));
        }
    });
    let forget = move || {
        profile::forget();
        remember();
        focus(&field("name"));
    };

    let enter = move || {
        let (name, room) = (field("name"), field("room"));
        let chosen = typed::name(&name.value());
        let wanted = typed::room(&room.value(), &[&location::host()]);
        name_problem.set(chosen.as_ref().err().map(|flaw| errors::name(*flaw)).unwrap_or_default());
        room_problem.set(wanted.as_ref().err().map(|flaw| errors::room(*flaw)).unwrap_or_default());
        match (chosen, wanted) {
            (Ok(chosen), Ok(wanted)) => {
                profile::choose_name(&chosen);
                location::go_to_room(&wanted);
            }
            (Err(_), _) => focus(&name),
            (_, Err(_)) => focus(&room),
        }
    };
    let draw_room = move || {
        let [noun, adjective, number] = [(); 3].map(|()| (random::unit() * 1_000_000.0) as usize);
        field("room").set_value(&room_names::room_name(noun, adjective, number));
        room_problem.set(String::new());
    };

    view! {
        <main class="home">
            <ThemeButton />
            <section class="card">
                {masthead(words::APP_NAME, words::TAGLINE.to_owned())}
                <form action="/go" method="get" novalidate on:submit=submit(enter)>
                    {labelled("name", home::NAME, home::NAME_EXAMPLE, "nickname", name_problem)}
                    {labelled("room", home::ROOM, home::ROOM_EXAMPLE, "off", room_problem)}
                    <div class="actions">
                        <button class="button">{home::ENTER}</button>
                        <button type="button" class="button quiet" on:click=press(draw_room)>{home::RANDOM_ROOM}</button>
                    </div>
                </form>
                <p class="recent" hidden=flag(move || !any_recent.get())>
                    {home::RECENT_ROOM}
                    <span id="recent"></span>
                </p>
                <p hidden=flag(move || !any_memory.get())>
                    <button type="button" class="link-button" on:click=press(forget)>{home::FORGET}</button>
                </p>
            </section>
            <ol class="steps" aria-label=lesson::TITLE>
                {lesson::STEPS
                    .into_iter()
                    .zip(1..)
                    .map(|(step, number)| {
                        view! {
                            <li>
                                <span class="number" aria-hidden="true">{digits::number(number)}</span>
                                <strong>{step.name}</strong>
                                <p>{step.what}</p>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </main>
    }
}

fn room_link(room: &RoomId) -> Drawn {
    draw("a")
        .class("button quiet small")
        .attr("href", &location::room_path(room))
        .child(dom::name(room.as_str()))
}
