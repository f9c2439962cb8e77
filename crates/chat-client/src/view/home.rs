//! `/`: what all this is for, and three ways in: to talk, which takes a name and a room; to see how it works;
//! and for a class. Drawn by the server alone: a form needs no program, and what is wrong with
//! it is told by the answer to it, so the room's program does not carry this page. What the browser
//! remembers of its reader, the focus and random rooms are `assets/home.js`'s, which is plain
//! JavaScript and may be missing.

use chat_ui::{digits, icon, theme::ThemeButton};
use leptos::prelude::*;

use super::masthead::masthead;
use crate::words::{self, home, lesson, room_names};

/// What was written into the home page, where that page is the answer to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Under which name.
    pub name: Answered,
    /// For which room.
    pub room: Answered,
}

/// A field of a form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answered {
    /// What was written, as it was.
    pub value: String,
    /// What is wrong with it, in Persian; empty when nothing is.
    pub problem: String,
}

/// The page, with what was written into it, if it comes as the answer to that.
#[component]
pub(crate) fn Home(asked: Asked) -> impl IntoView {
    let Asked { name, room } = asked;
    view! {
        <main class="home start">
            <ThemeButton />
            {masthead(words::APP_NAME, home::ABOUT.to_owned())}
            <section class="card">
                {heading(icon::TALK, home::TALK)}
                <p class="tagline">{words::TAGLINE}</p>
                <form action="/go" method="get" novalidate>
                    {field("name", home::NAME, home::NAME_EXAMPLE, "nickname", name)}
                    {field("room", home::ROOM, home::ROOM_EXAMPLE, "off", room)}
                    <div class="actions">
                        <button class="button">{home::ENTER}</button>
                        <button
                            type="button"
                            id="random"
                            class="button quiet"
                            data-nouns=room_names::NOUNS.join(" ")
                            data-adjectives=room_names::ADJECTIVES.join(" ")
                            data-numbers=room_names::NUMBERS
                        >
                            {home::RANDOM_ROOM}
                        </button>
                    </div>
                </form>
                <p class="recent" hidden>
                    {home::RECENT_ROOMS}
                    <span id="recent" class="rooms"></span>
                </p>
                <p hidden>
                    <button type="button" id="forget" class="link-button">{home::FORGET}</button>
                </p>
            </section>
            <section class="card">
                {heading(icon::XRAY, home::SEE)}
                {doors(home::SEE_DOORS)}
            </section>
            <section class="card">
                {heading(icon::PEOPLE, home::CLASS)}
                {open_class(home::OPEN_CLASS)}
                {doors(home::CLASS_DOORS)}
            </section>
            <h2 class="steps-title">
                {lesson::TITLE} " · " <a href=home::STANDARD.0 rel="noreferrer">{home::STANDARD.1}</a>
            </h2>
            <ol class="steps" aria-label=lesson::TITLE>
                {lesson::STEPS
                    .into_iter()
                    .zip(lesson::WHATS.into_iter().zip(lesson::CODES))
                    .zip(1..)
                    .map(|((step, (what, code)), number)| {
                        view! {
                            <li>
                                <span class="number" aria-hidden="true">{digits::number(number)}</span>
                                <strong>{step.name}</strong>
                                <p>{what}</p>
                                <a href=code>{lesson::CODE}</a>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </main>
    }
}

fn heading(icon: &'static str, words: &'static str) -> impl IntoView {
    view! { <h2>{icon::view(icon)} {words}</h2> }
}

/// A door that draws a key, and a room where the browser has not, and so is a form.
fn open_class((action, name, what): home::Door) -> impl IntoView {
    view! {
        <form class="doors" action=action method="post">
            <input type="hidden" name="room" />
            <button>
                <strong>{name}</strong>
                <span>{what}</span>
            </button>
        </form>
    }
}

/// Places to go to. A room in an address is one for all until the browser draws one for its reader.
fn doors<const COUNT: usize>(doors: [home::Door; COUNT]) -> impl IntoView {
    let door = |(href, name, what): home::Door| {
        view! {
            <li>
                <a href=href rel="noreferrer">
                    <strong>{name}</strong>
                    <span>{what}</span>
                </a>
            </li>
        }
    };
    view! { <ul class="doors">{doors.map(door).collect_view()}</ul> }
}

/// A line to write in, as [`super::field`] has it in a room.
fn field(
    id: &'static str,
    label: &'static str,
    example: &'static str,
    remembers: &'static str,
    answered: Answered,
) -> impl IntoView {
    let Answered { value, problem } = answered;
    let problem_id = format!("{id}-problem");
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=id
                dir="auto"
                autocomplete=remembers
                placeholder=example
                required
                // In UTF-16 units: a sanity bound, looser than every rule. A message with a room's link in
                // it, percent-encoded, is read, too.
                maxlength="4096"
                value=value
                aria-invalid=(!problem.is_empty()).then_some("true")
                aria-describedby=problem_id.clone()
            />
            <p id=problem_id class="problem" role="alert">{problem}</p>
        </div>
    }
}
