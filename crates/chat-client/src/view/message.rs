//! One message, as everyone sees it, and one of one's own that is still under way.

use chat_protocol::Said;
use leptos::prelude::*;

use super::{icon, names::avatar};
use crate::{
    browser::clock,
    chat::Chat,
    fa::{
        dates,
        words::{errors, messages, people},
    },
    person,
    prose::{self, Block, Segment},
    state::Pending,
};

/// A message younger than this, in milliseconds, arrives with a small movement; older ones - a
/// replay, a reload - are simply there.
const FRESH_MS: u64 = 2_000;

/// A message the room has said.
pub(crate) fn said_message(said: &Said, mine: bool, continues: bool) -> impl IntoView + use<> {
    let offset = clock::utc_offset_minutes();
    let id = said.from.as_str();
    let fresh = !mine && clock::now_ms().saturating_sub(said.at) < FRESH_MS;
    let name = said.name.as_str().to_owned();
    let spoken_name = if mine { people::YOU.to_owned() } else { name.clone() };
    let author = match (mine, continues) {
        (false, false) => view! { <bdi class="author">{name}</bdi> }.into_any(),
        _ => view! { <span class="unseen"><bdi>{spoken_name}</bdi>": "</span> }.into_any(),
    };
    view! {
        <li
            class="message"
            data-mine=mine.then_some("")
            data-continues=continues.then_some("")
            data-fresh=fresh.then_some("")
            data-hue=person::hue(id).to_string()
        >
            {(!mine && !continues).then(|| avatar(id, said.name.as_str()))}
            <div class="bubble">
                {author}
                <div class="body">
                    {text(said.text.as_str())}
                    <span class="meta">
                        <time datetime=iso(said.at) title=dates::full(said.at, offset)>{dates::clock(said.at, offset)}</time>
                        {mine.then(|| view! { <span title=messages::SENT>{icon::sent()}</span> <span class="unseen">{messages::SENT}</span> })}
                    </span>
                </div>
            </div>
        </li>
    }
}

/// A message of one's own without its echo yet: on its way, or refused and waiting for a decision.
pub(crate) fn pending_message(chat: Chat, pending: Pending) -> impl IntoView {
    let Pending { id, text: said, refused, .. } = pending;
    let state = if refused.is_some() { "refused" } else { "sending" };
    let decision = refused.map(|code| {
        let (again, never) = (id.clone(), id);
        view! {
            <p class="refusal">
                <span role="alert">{messages::FAILED}": "{errors::error(code, None).plain()}</span>
                <button type="button" class="link-button" on:click=move |_| chat.retry(&again)>{messages::RETRY}</button>
                <button type="button" class="link-button" on:click=move |_| chat.discard(&never)>{messages::DISCARD}</button>
            </p>
        }
    });
    view! {
        <li class="message" data-mine="" data-state=state>
            <div class="bubble">
                <span class="unseen">{people::YOU}": "</span>
                <div class="body">
                    {text(said.as_str())}
                    <span class="meta">
                        <span title=messages::SENDING>{icon::clock()}</span>
                        <span class="unseen">{messages::SENDING}</span>
                    </span>
                </div>
                {decision}
            </div>
        </li>
    }
}

/// What was said, line by line, each in its own direction.
fn text(said: &str) -> impl IntoView + use<> {
    let large = prose::only_emoji(said).is_some();
    let blocks = prose::parse(said)
        .into_iter()
        .map(|block| match block {
            Block::Paragraph { direction, segments } => {
                view! { <p dir=direction.as_str()>{segments.into_iter().map(segment).collect_view()}</p> }
                    .into_any()
            }
            Block::Code(code) => view! { <pre tabindex="0"><code>{code.to_owned()}</code></pre> }.into_any(),
        })
        .collect_view();
    view! { <div class="text" class:large-emoji=large>{blocks}</div> }
}

fn segment(segment: Segment<'_>) -> AnyView {
    match segment {
        Segment::Text(words) => words.to_owned().into_any(),
        Segment::Code(code) => view! { <code>{code.to_owned()}</code> }.into_any(),
        Segment::Link { href, shown } => {
            let (href, shown) = (href.into_owned(), shown.to_owned());
            view! { <a href=href dir="ltr" target="_blank" rel="noopener noreferrer nofollow">{shown}</a> }
                .into_any()
        }
    }
}

fn iso(at: u64) -> String {
    js_sys::Date::new(&(at as f64).into()).to_iso_string().into()
}
