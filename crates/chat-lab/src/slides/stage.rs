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
const LIVE: [(usize, Live); 21] = [
    (1, Live::Roll),
    (2, Live::Race),
    (4, Live::Head(1)),
    (4, Live::Head(2)),
    (4, Live::Head(3)),
    (4, Live::Head(4)),
    (4, Live::Head(5)),
    (4, Live::Head(6)),
    (5, Live::Bits),
    (5, Live::Mask),
    (6, Live::Layers),
    (7, Live::Distances),
    (8, Live::Journey),
    (9, Live::Journey),
    (10, Live::Wall),
    (11, Live::Facts("numbers", &live::NUMBERS)),
    (12, Live::Breaking),
    (12, Live::Returning),
    (13, Live::Messages),
    (14, Live::Seven),
    (15, Live::Facts("total", &live::TOTAL)),
];

#[derive(Clone, Copy)]
enum Live {
    /// Who comes in, beside the code that brings them.
    Roll,
    /// The same news by all five ways.
    Race,
    /// The handshake of the stage's own connection, so many of its lines lit; with the last the answer is.
    Head(u32),
    /// A frame of its own, bit by bit.
    Bits,
    /// The mask of the same one, byte by byte.
    Mask,
    /// A message of its own, layer by layer.
    Layers,
    /// The way of one.
    Journey,
    /// What can be broken of its connection.
    Breaking,
    /// How far members are.
    Distances,
    /// Who was cut off and is back.
    Returning,
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
                <span class="count" data-one=words::PEOPLE></span>
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
    let live = LIVE.iter().filter(|(of, _)| *of == number);
    let statements: Vec<String> = votes.iter().map(|vote| vote.question.clone()).collect();
    let words = view! { <div class="part body" data-part="words" inner_html=body></div> };
    let votes = votes.into_iter().map(vote).collect_view();
    let live = live.map(|(_, live)| part(*live, room, &statements)).collect_view();
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
        let (answer, is_right) = match answer.strip_suffix(deck::RIGHT) {
            Some(right) => (right.trim().to_owned(), true),
            None => (answer, false),
        };
        view! {
            <li data-right=is_right.then_some("")>
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
    let glass = || view! { <p class="still">{words::STILL_GLASS}</p> }.into_any();
    let (kind, tab, inner) = match live {
        Live::Head(_) => ("glass", Some(0), glass()),
        Live::Bits | Live::Mask => ("glass", Some(1), glass()),
        Live::Layers => ("glass", Some(2), glass()),
        Live::Journey => ("glass", Some(3), glass()),
        Live::Breaking => ("glass", Some(4), glass()),
        Live::Roll => {
            let inner = view! {
                <img src=code(room) alt=words::CODE />
                <ul class="roll" aria-label=words::ROLL></ul>
                <p class="still">{words::STILL_ROLL}</p>
                <p class="address" dir="ltr" translate="no"></p>
            };
            ("roll", None, inner.into_any())
        }
        Live::Race => {
            let head = |(lane, name, client): (&'static str, &'static str, &'static str)| {
                view! { <th scope="col" data-lane=lane data-client=client>{name}</th> }
            };
            let row = |(what, told): (&'static str, &'static str)| {
                let cell = |(lane, ..): (&'static str, _, _)| {
                    view! { <td data-lane=lane data-value=what>"۰"</td> }
                };
                view! {
                    <tr>
                        <th scope="row">{told}</th>
                        {live::LANES.map(cell).into_iter().collect_view()}
                    </tr>
                }
            };
            let inner = view! {
                <table class="lanes">
                    <thead>
                        <tr>
                            <td></td>
                            {live::LANES.map(head).into_iter().collect_view()}
                        </tr>
                    </thead>
                    <tbody>{live::RACE.map(row).into_iter().collect_view()}</tbody>
                </table>
                <p class="how">{live::RACE_HOW}</p>
            };
            ("race", None, inner.into_any())
        }
        Live::Distances => {
            let tick = |(us, told): (u32, &'static str)| view! { <li data-us=us.to_string()>{told}</li> };
            let inner = view! {
                <p class="still">{live::DISTANCES_STILL}</p>
                <div class="distances">
                    <ol class="axis" aria-hidden="true">{live::TICKS.map(tick).into_iter().collect_view()}</ol>
                    <ul class="points" aria-label=live::DISTANCES></ul>
                </div>
                <p class="extremes">
                    {live::EXTREMES
                        .map(|(which, told)| view! { <span>{told} " " <b data-value=which>"–"</b></span> })
                        .into_iter()
                        .collect_view()}
                </p>
                <p class="how">{live::DISTANCES_HOW}</p>
            };
            ("distances", None, inner.into_any())
        }
        Live::Returning => {
            let inner = view! {
                <p class="how">{live::RETURNING_HOW}</p>
                <ul class="roll" aria-label=words::ROLL></ul>
            };
            ("returning", None, inner.into_any())
        }
        Live::Wall => {
            let column = |(answer, told): (usize, &'static str)| {
                view! {
                    <section>
                        <h3>{told}</h3>
                        <ul data-answer=answer.to_string()></ul>
                    </section>
                }
            };
            let rows = statements.iter().map(|statement| {
                view! { <li data-statement=statement.clone()>{statement.clone()} " " <b></b></li> }
            });
            let inner = view! {
                <div class="wall">
                    {live::SIDES.into_iter().enumerate().map(|(at, told)| column((at, told))).collect_view()}
                    <section class="unasked">
                        <h3>{live::NOT_ASKED}</h3>
                        <ul>{rows.collect_view()}</ul>
                    </section>
                </div>
            };
            ("wall", None, inner.into_any())
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
    // What is looked at is one's own message.
    let says = match live {
        Live::Bits => Some(words::GREETS),
        Live::Layers | Live::Journey => Some(words::SAYS),
        _ => None,
    };
    let lit = if let Live::Head(lines) = live { Some(lines.to_string()) } else { None };
    // The race is quiet first, and then has news.
    let news = matches!(live, Live::Race).then_some(words::NEWS);
    view! {
        <div
            class="part live"
            data-part="live"
            data-live=kind
            data-tab=tab.map(|tab: usize| tab.to_string())
            data-says=says
            data-lit=lit
            data-news=news
            data-wanted=matches!(live, Live::Bits | Live::Mask).then_some("say")
            data-mask=matches!(live, Live::Mask).then_some("")
            data-experiment=matches!(live, Live::Breaking).then_some("3")
            hidden=kind != "roll"
        >
            {inner}
        </div>
    }
}
