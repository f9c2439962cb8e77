//! One message, as everyone sees it, and one of one's own that is still under way.

use chat_protocol::{ErrorCode, Said};
use chat_ui::{
    browser::clock,
    dates,
    dom::{self, Drawn, draw},
    icon, prose, said,
};
use leptos::prelude::untrack;

use super::{composer, people::avatar};
use crate::{
    chat::Chat,
    state::Pending,
    words::{self, errors, messages, people},
};

/// A message younger than this, in milliseconds, arrives with a small movement; older ones - a
/// replay, a reload - are simply there.
const FRESH_MS: u64 = 2_000;

/// A message the room has said, by somebody of this colour.
pub(crate) fn said(said: &Said, hue: u8, mine: bool, continues: bool) -> Drawn {
    let offset = clock::utc_offset_minutes(said.at);
    let name = said.name.as_str();
    let row = draw("li")
        .class("message")
        .attr("data-hue", &hue.to_string())
        .flag("data-mine", mine)
        .flag("data-continues", continues)
        .flag("data-fresh", !mine && clock::now_ms().saturating_sub(said.at) < FRESH_MS);
    let bubble = draw("div").class("bubble");
    let (row, bubble) = if mine || continues {
        (row, bubble.child(unseen_author(if mine { people::YOU } else { name })))
    } else {
        (row.child(avatar(hue, name)), bubble.child(draw("span").class("author").child(dom::name(name))))
    };
    let time = draw("time")
        .attr("datetime", &clock::iso(said.at))
        .attr("title", &dates::full(said.at, offset))
        .text(&dates::clock(said.at, offset));
    let meta = if mine {
        // What a press shows of it is `assets/room.js`'s.
        let meta = draw("button").class("meta").attr("type", "button").attr("title", words::XRAY);
        let wanted = ["say ", said.id.as_str()].concat();
        state(meta.attr("data-glass", &wanted).child(time), icon::SENT, messages::SENT)
    } else {
        draw("span").class("meta").child(time)
    };
    row.child(bubble.child(body(said.text.as_str(), name, meta)))
}

/// A message of one's own without its echo yet: on its way, or refused and waiting for a decision.
pub(crate) fn pending(chat: Chat, pending: &Pending) -> Drawn {
    let meta = state(draw("span").class("meta"), icon::CLOCK, messages::SENDING);
    let bubble = draw("div").class("bubble").child(unseen_author(people::YOU));
    // Whose it will be. Not followed: a row is drawn once.
    let me = untrack(|| chat.me());
    let name = me.as_ref().map_or(people::YOU, |me| me.name.as_str());
    let bubble = bubble.child(body(pending.text.as_str(), name, meta));
    let (bubble, state) = match pending.refused {
        Some(code) => (bubble.child(refusal(chat, pending, code)), "refused"),
        None => (bubble, "sending"),
    };
    draw("li").class("message").attr("data-mine", "").attr("data-state", state).child(bubble)
}

fn refusal(chat: Chat, pending: &Pending, code: ErrorCode) -> Drawn {
    let button = |label: &str, what: &str| {
        draw("button").class("link-button").attr("type", "button").attr("aria-label", what).text(label)
    };
    let why = draw("span").text(messages::FAILED).text(": ");
    let (refused, again, never) = (pending.clone(), pending.id.clone(), pending.id.clone());
    draw("p")
        .class("refusal")
        .child(why.sentence(&errors::error(code, None)))
        .child(
            button(messages::EDIT, messages::EDIT_LABEL)
                .on_click(move || composer::take_back(chat, &refused)),
        )
        .child(button(messages::RETRY, messages::RETRY_LABEL).on_click(move || chat.retry(&again)))
        .child(button(messages::DISCARD, messages::DISCARD_LABEL).on_click(move || chat.discard(&never)))
}

/// The author, for those who do not see on which side a message stands.
fn unseen_author(name: &str) -> Drawn {
    draw("span").class("unseen").child(dom::name(name)).text(": ")
}

fn state(meta: Drawn, path: &str, what: &str) -> Drawn {
    meta.child(draw("span").attr("title", what).icon(path)).child(draw("span").class("unseen").text(what))
}

/// What was said, line by line, each in its own direction, and the meta line beside or below it. A line
/// break stands between two lines, too, which nobody sees: what is copied has it. So is the author there,
/// and what was typed where something else is shown; see `assets/later.js`.
fn body(said: &str, name: &str, meta: Drawn) -> Drawn {
    let class = if prose::only_emoji(said).is_some() { "text large-emoji" } else { "text" };
    let mut text = draw("div").class(class).attr("data-name", name);
    if prose::is_shown_otherwise(said) {
        text = text.attr("data-said", said);
    }
    draw("div").class("body").child(said::lines(text, said)).child(meta)
}
