//! Polling, long polling, and saying. A poll asks for what came after the message it names, and is
//! answered at once, or, when it says how long it would wait, as soon as there is something. Each answer
//! has what came as the protocol's own messages, in the room's order; the first has the `welcome`.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::State, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use chat_protocol::{ErrorCode, limits::FRAME_MAX_BYTES};
use http::header;
use serde::Deserialize;

use super::{
    Arrival, Refusal, WAIT_MAX, classic,
    guest::{Entry, Told},
    private, say, saying,
};
use crate::{body, server::App};

/// `GET /rooms/{room}/messages`.
///
/// # Errors
/// [`Refusal`].
pub async fn poll(State(app): State<Arc<App>>, arrival: Arrival) -> Result<Response, Refusal> {
    let found = arrival.enter(&app).await?;
    let mut listener = found.guest.listen();
    let mut told = listener.tell(arrival.asked.after);
    let wait = Duration::from_secs(arrival.asked.wait.unwrap_or(0).min(WAIT_MAX));
    let until = tokio::time::Instant::now() + wait;
    while told.messages.is_empty() && told.over.is_none() && !wait.is_zero() {
        if tokio::time::timeout_at(until, listener.more()).await.is_err() {
            break;
        }
        told = listener.tell(arrival.asked.after);
    }
    match told {
        Told { messages, over: Some(code) } if messages.is_empty() => {
            Ok(arrival.refuse(found, Refusal::Closed(code)))
        }
        Told { messages, .. } => Ok(arrival.answer(found, list(&messages))),
    }
}

/// `{"messages":[…]}`, of what is JSON already.
fn list(messages: &[Entry]) -> Bytes {
    const BEGIN: &[u8] = b"{\"messages\":[";
    const END: &[u8] = b"]}\n";
    let length: usize = messages.iter().map(|entry| entry.json.len() + 1).sum();
    let mut body = BytesMut::with_capacity(BEGIN.len() + length + END.len());
    body.put_slice(BEGIN);
    for (at, entry) in messages.iter().enumerate() {
        if at > 0 {
            body.put_u8(b',');
        }
        body.put_slice(&entry.json);
    }
    body.put_slice(END);
    body.freeze()
}

/// What is said, as JSON or as a form.
#[derive(Deserialize)]
struct Saying {
    text: String,
    #[serde(default)]
    id: Option<String>,
}

/// `POST /rooms/{room}/messages`. Answered with the `said` that everybody hears; a form, with the way
/// back to its page.
///
/// # Errors
/// [`Refusal`].
pub async fn post(State(app): State<Arc<App>>, arrival: Arrival, body: Body) -> Result<Response, Refusal> {
    let kind = arrival.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    // Who makes a mistake with their first request has not come yet.
    let body = body::read(body, FRAME_MAX_BYTES, app.config.head_deadline).await?;
    let bad = |detail: String| Refusal::error(ErrorCode::BadField, detail);
    let Saying { text, id } = if is_form {
        serde_urlencoded::from_bytes(&body).map_err(|error| bad(error.to_string()))?
    } else {
        serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))?
    };
    let saying = saying(&app, id.as_deref(), &text);
    if is_form {
        return classic::said(&app, arrival, body.len(), saying.ok()).await;
    }
    let (id, text) = saying?;
    let found = arrival.enter(&app).await?;
    found.guest.account.took(body.len());
    match say(&found.guest, id, text).await {
        Ok(said) => Ok(arrival.answer(found, said)),
        Err(refusal) => Ok(arrival.refuse(found, refusal)),
    }
}

/// `GET /rooms/{room}/costs`: what this guest has cost. Itself it is not counted.
///
/// # Errors
/// [`Refusal`], for somebody who is no guest.
pub async fn costs(State(app): State<Arc<App>>, arrival: Arrival) -> Result<Response, Refusal> {
    let ticket = arrival.ticket.as_ref();
    let guest = ticket.and_then(|ticket| app.lobby.find(&arrival.room, ticket));
    let none = || Refusal::error(ErrorCode::NotJoined, "nobody who is here shows this");
    let costs = guest.ok_or_else(none)?.account.costs();
    Ok(private(axum::Json(costs)))
}
