//! `/class/{room}`: the stage, for a projector. The slides of the presentation, one at a time and each in steps:
//! its words, the votes that are ready for it, and what of the running system belongs to it. All of it is
//! drawn here; `assets/class.js` holds the connection and turns the pages, `assets/class-live.js` fills what
//! is live. Before that, and where nobody has joined yet, it stands still.

use chat_protocol::RoomId;
use chat_ui::{document::Document, theme::ThemeButton, words::APP_NAME};
use leptos::prelude::*;

use super::{
    deck::{self, Ready, Slide},
    words::{self, live},
};

const SCRIPT: &str = "/class.js";

/// What of the running system stands on a slide: a tab of the glass, or a part of its own.
const LIVE: [(usize, Live); 14] = [
    (1, Live::Roll),
    (2, Live::Race),
    (4, Live::Glass(0)),
    (5, Live::Glass(1)),
    (6, Live::Glass(2)),
    (7, Live::Glass(2)),
    (8, Live::Glass(3)),
    (9, Live::Glass(3)),
    (10, Live::Wall),
    (11, Live::Facts("numbers", &live::NUMBERS)),
    (12, Live::Glass(4)),
    (13, Live::Messages),
    (14, Live::Seven),
    (15, Live::Facts("total", &live::TOTAL)),
];

#[derive(Clone, Copy)]
enum Live {
    /// Who comes in, beside the code that brings them.
    Roll,
    /// The same news by polling, long polling and WebSocket.
    Race,
    /// This tab of the X-ray of the stage's own connection.
    Glass(usize),
    /// The statements of this slide, each with its answer.
    Wall,
    /// Numbers, each with how it was measured.
    Facts(&'static str, &'static [live::Fact]),
    /// How many messages of each type.
    Messages,
    /// The seven steps of the demonstration.
    Seven,
}

/// The stage of the class in this room, whose address for others is `share_url`.
pub fn stage(room: RoomId, share_url: String) -> Document {
    let slides = deck::all();
    let count = slides.len();
    let shown = slides.into_iter().map(|slide| face(slide, &room)).collect_view();
    let code = code(&room);
    let body = view! {
        <div class="class-stage" data-count=count.to_string() data-share=share_url.clone()>
            <h1 class="unseen">{words::class_title(room.as_str())}</h1>
            <main>{shown} <div id="room" class="glass" hidden>
                <button type="button" id="xray-button" data-show="xray" hidden>{words::GLASS}</button>
            </div></main>
            <footer>
                <button type="button" class="poster-button" aria-label=words::POSTER title=words::POSTER>
                    <img src=code.clone() alt="" width="40" height="40" />
                </button>
                <span class="people" data-one=words::PEOPLE></span>
                <span
                    class="told"
                    role="status"
                    data-bad-key=words::BAD_KEY
                    data-no-key=words::NO_KEY
                    data-no-class=words::NO_CLASS
                    data-lost=words::LOST
                    data-full=words::FULL
                    data-frozen=words::FROZEN
                    data-ended=words::ENDED
                ></span>
                <span class="place" data-of=words::of(count)></span>
                <time></time>
                <ThemeButton />
            </footer>
            <dialog class="poster" aria-label=words::POSTER>
                <img src=code alt=words::CODE />
                <p dir="ltr" translate="no"></p>
            </dialog>
            <p class="names" hidden data-teacher=words::TEACHER data-screen=words::SCREEN></p>
        </div>
        <script r#type="module" src=SCRIPT></script>
    };
    let title = format!("{} · {APP_NAME}", words::class_title(room.as_str()));
    let styles = &["/pkg/slides.css", "/pkg/class.css"];
    let (room, share_url) = (Some(room), Some(share_url));
    Document { styles, room, share_url, ..Document::new("class", title, body) }
}

/// The address of the room's code.
fn code(room: &RoomId) -> String {
    format!("{}/qr.svg", chat_ui::browser::location::room_path(room))
}

fn face(slide: Slide, room: &RoomId) -> impl IntoView + use<> {
    let Slide { number, title, body, votes, .. } = slide;
    let heading = format!("title-{number}");
    let live = LIVE.iter().find(|(of, _)| *of == number).map(|(_, live)| *live);
    let statements: Vec<String> = votes.iter().map(|vote| vote.question.clone()).collect();
    let words = view! { <div class="part body" data-part="words" inner_html=body></div> };
    let votes = votes.into_iter().map(vote).collect_view();
    let live = live.map(|live| part(live, room, &statements));
    // Whoever comes in is to be seen from the beginning.
    let parts = match number {
        1 => (live.into_any(), words.into_any(), votes.into_any()),
        _ => (words.into_any(), votes.into_any(), live.into_any()),
    };
    view! {
        <section class="slide" data-slide=number.to_string() aria-labelledby=heading hidden=number != 1>
            <div class="face">
                <h2 id=heading.clone()>{title}</h2>
                {parts}
            </div>
        </section>
    }
}

fn vote(ready: Ready) -> impl IntoView {
    let Ready { question, answers } = ready;
    let answers = answers.into_iter().map(|answer| {
        view! {
            <li>
                <span class="answer">{answer}</span>
                <span class="tally"></span>
                <b></b>
            </li>
        }
    });
    view! {
        <div class="part vote" data-part="vote" hidden>
            <p class="question">{question}</p>
            <ol>{answers.collect_view()}</ol>
            <p class="still">{words::STILL_VOTE}</p>
        </div>
    }
}

fn part(live: Live, room: &RoomId, statements: &[String]) -> impl IntoView + use<> {
    let (kind, tab, inner) = match live {
        Live::Glass(tab) => {
            ("glass", Some(tab.to_string()), view! { <p class="still">{words::STILL_GLASS}</p> }.into_any())
        }
        Live::Roll => {
            let inner = view! {
                <img src=code(room) alt=words::CODE />
                <ul class="roll" aria-label=words::ROLL></ul>
                <p class="still">{words::STILL_ROLL}</p>
            };
            ("roll", None, inner.into_any())
        }
        Live::Race => {
            let lane = |(lane, name, client): (&'static str, &'static str, &'static str)| {
                view! {
                    <section class="lane" data-lane=lane data-client=client>
                        <h3>{name}</h3>
                        {live::RACE.map(|(what, told)| {
                            view! { <p><b data-value=what>"۰"</b> {told}</p> }
                        })}
                    </section>
                }
            };
            let inner = view! {
                {live::LANES.map(lane)}
                <p class="how">{live::RACE_HOW}</p>
            };
            ("race", None, inner.into_any())
        }
        Live::Wall => {
            let rows = statements.iter().map(|statement| {
                view! { <li data-statement=statement.clone()>{statement.clone()} <b>{live::NOT_ASKED}</b></li> }
            });
            ("wall", None, view! { <ul class="wall">{rows.collect_view()}</ul> }.into_any())
        }
        Live::Facts(kind, facts) => {
            let fact = |fact: &live::Fact| {
                view! {
                    <div>
                        <dt>{fact.1}</dt>
                        <dd><b data-value=fact.0>"۰"</b> <small>{fact.2}</small></dd>
                    </div>
                }
            };
            (kind, None, view! { <dl class="facts">{facts.iter().map(fact).collect_view()}</dl> }.into_any())
        }
        Live::Messages => {
            let table = |(way, told): (&'static str, &'static str)| {
                view! {
                    <table data-way=way>
                        <thead>
                            <tr>
                                <th>{told}</th>
                                <th>{live::COUNT}</th>
                            </tr>
                        </thead>
                        <tbody></tbody>
                    </table>
                }
            };
            let inner = view! {
                <div class="messages">{live::WAYS.map(table).into_iter().collect_view()}</div>
                <p class="how">{live::MESSAGES_HOW}</p>
            };
            ("messages", None, inner.into_any())
        }
        Live::Seven => {
            let inner = view! {
                <ol class="seven">{live::SEVEN.map(|step| view! { <li>{step}</li> }).into_iter().collect_view()}</ol>
            };
            ("seven", None, inner.into_any())
        }
    };
    // The way of a message is that of one's own.
    let says = matches!(live, Live::Glass(3)).then_some(words::SAYS);
    view! {
        <div
            class="part live"
            data-part="live"
            data-live=kind
            data-tab=tab
            data-says=says
            hidden=kind != "roll"
        >
            {inner}
        </div>
    }
}
