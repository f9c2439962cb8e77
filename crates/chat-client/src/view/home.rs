//! `/`: a name, a room, and in. Without JavaScript the form still leads to the room.

use chat_protocol::{Invalid, Name, RoomId};
use leptos::{ev::SubmitEvent, html::Input, prelude::*};

use super::theme::ThemeButton;
use crate::{
    browser::{location, profile, random},
    fa::{
        digits,
        words::{self, errors, home, lesson, room_names},
    },
};

/// The page.
#[component]
pub fn Home() -> impl IntoView {
    let name = NodeRef::<Input>::new();
    let room = NodeRef::<Input>::new();
    let name_problem = RwSignal::new(None::<String>);
    let room_problem = RwSignal::new(None::<String>);
    let recent = RwSignal::new(Vec::<RoomId>::new());

    Effect::new(move || {
        if let Some(field) = name.get()
            && field.value().is_empty()
        {
            field.set_value(&profile::name_before());
        }
        recent.set(profile::recent_rooms());
    });

    let enter = move |event: SubmitEvent| {
        event.prevent_default();
        let (Some(name), Some(room)) = (name.get(), room.get()) else { return };
        let (chosen, wanted) = (Name::parse(&name.value()), RoomId::parse(&room.value()));
        name_problem.set(chosen.as_ref().err().map(problem));
        room_problem.set(wanted.as_ref().err().map(problem));
        match (chosen, wanted) {
            (Ok(chosen), Ok(wanted)) => {
                profile::choose_name(&chosen);
                location::go_to_room(&wanted);
            }
            (Err(_), _) => focus(&name),
            (_, Err(_)) => focus(&room),
        }
    };
    let draw_room = move |_| {
        if let Some(field) = room.get() {
            let [noun, adjective, number] = [(); 3].map(|()| (random::unit() * 1_000_000.0) as usize);
            field.set_value(&room_names::room_name(noun, adjective, number));
            room_problem.set(None);
        }
    };

    view! {
        <main class="home">
            <ThemeButton />
            <section class="card">
                <header>
                    <img src="/favicon.svg" alt="" width="64" height="64" />
                    <h1>{words::APP_NAME}</h1>
                    <p class="tagline">{words::TAGLINE}</p>
                </header>
                <form action="/go" method="get" novalidate on:submit=enter>
                    <div class="field">
                        <label for="name">{home::NAME}</label>
                        <input
                            id="name"
                            name="name"
                            dir="auto"
                            autocomplete="nickname"
                            required
                            maxlength="64"
                            node_ref=name
                            aria-invalid=move || name_problem.with(Option::is_some).to_string()
                            aria-describedby="name-problem"
                        />
                        <p id="name-problem" class="problem" role="alert">{name_problem}</p>
                    </div>
                    <div class="field">
                        <label for="room">{home::ROOM}</label>
                        <input
                            id="room"
                            name="room"
                            dir="auto"
                            autocomplete="off"
                            autocapitalize="none"
                            required
                            maxlength="128"
                            placeholder=home::ROOM_EXAMPLE
                            node_ref=room
                            aria-invalid=move || room_problem.with(Option::is_some).to_string()
                            aria-describedby="room-problem"
                        />
                        <p id="room-problem" class="problem" role="alert">{room_problem}</p>
                    </div>
                    <div class="actions">
                        <button class="button">{home::ENTER}</button>
                        <button type="button" class="button quiet" on:click=draw_room>{home::RANDOM_ROOM}</button>
                    </div>
                </form>
                <p class="recent" hidden=move || recent.with(Vec::is_empty)>
                    {home::RECENT_ROOM}
                    <For each=move || recent.get() key=RoomId::clone let:room>
                        <a class="button quiet small" href=location::room_path(&room)>
                            <bdi>{room.as_str().to_owned()}</bdi>
                        </a>
                    </For>
                </p>
            </section>
            <ol class="steps" aria-label=lesson::TITLE>
                {lesson::STEPS
                    .into_iter()
                    .zip(1..)
                    .map(|(step, number)| {
                        view! {
                            <li title=step.what>
                                <span class="number" aria-hidden="true">{digits::number(number)}</span>
                                {step.name}
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </main>
    }
}

fn problem(invalid: &Invalid) -> String {
    errors::error(invalid.code, None).plain()
}

fn focus(field: &web_sys::HtmlInputElement) {
    if field.focus().is_err() {
        leptos::logging::warn!("the field could not be focused");
    }
}
