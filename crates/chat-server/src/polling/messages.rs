//! Polling, long polling, and sending. A poll asks for the messages after the one it names, and is answered
//! at once, or, when it says how long it would wait, as soon as there are some. Each answer has the protocol's
//! own messages, in the room's order; the first has the `welcome`.

use std::{sync::Arc, time::Duration};

use axum::{body::Body, extract::State, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use chat_protocol::{ErrorCode, limits::FRAME_MAX_BYTES};
use http::header;
use serde::Deserialize;

use super::{PollingError, PollingRequest, WAIT_MAX, classic, private, say, saying, sessions::Sessions};
use crate::{
    http::body,
    net::queue::{Entry, Told},
};

/// `GET /rooms/{room}/messages`.
pub(crate) async fn poll(
    State(sessions): State<Arc<Sessions>>,
    request: PollingRequest,
) -> Result<Response, PollingError> {
    let found = request.enter(&sessions).await?;
    let mut listener = found.session.queue.listen();
    let mut told = listener.tell(request.asked.after);
    let wait = Duration::from_secs(request.asked.wait.unwrap_or(0).min(WAIT_MAX));
    let until = tokio::time::Instant::now() + wait;
    while told.messages.is_empty() && told.over.is_none() && !wait.is_zero() {
        if tokio::time::timeout_at(until, listener.more()).await.is_err() {
            break;
        }
        told = listener.tell(request.asked.after);
    }
    match told {
        Told { messages, over: Some(code) } if messages.is_empty() => {
            Ok(request.refuse(&sessions, found, PollingError::Closed(code)))
        }
        Told { messages, .. } => Ok(request.answer(&sessions, found, list(&messages))),
    }
}

/// `{"messages":[…]}`, of what is JSON already.
fn list(messages: &[Entry]) -> Bytes {
    const BEGIN: &[u8] = b"{\"messages\":[";
    const END: &[u8] = b"]}\n";
    let length: usize = messages.iter().map(|entry| entry.json().len() + 1).sum();
    let mut body = BytesMut::with_capacity(BEGIN.len() + length + END.len());
    body.put_slice(BEGIN);
    for (at, entry) in messages.iter().enumerate() {
        if at > 0 {
            body.put_u8(b',');
        }
        body.put_slice(entry.json());
    }
    body.put_slice(END);
    body.freeze()
}

/// A message to send, as JSON or as a form.
#[derive(Deserialize)]
struct Saying {
    text: String,
    #[serde(default)]
    id: Option<String>,
}

/// `POST /rooms/{room}/messages`. Answered with the `said` that everybody gets; a form, with the way
/// back to its page.
pub(crate) async fn post(
    State(sessions): State<Arc<Sessions>>,
    request: PollingRequest,
    body: Body,
) -> Result<Response, PollingError> {
    let kind = request.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    // A first request with a mistake does not join.
    let body = body::read(body, FRAME_MAX_BYTES, sessions.settings.body_deadline).await?;
    let bad = |detail: String| PollingError::error(ErrorCode::BadField, detail);
    let Saying { text, id } = if is_form {
        serde_urlencoded::from_bytes(&body).map_err(|error| bad(error.to_string()))?
    } else {
        serde_json::from_slice(&body).map_err(|error| bad(error.to_string()))?
    };
    let saying = saying(&sessions, id.as_deref(), &text);
    if is_form {
        return classic::said(&sessions, request, body.len(), saying.ok()).await;
    }
    let (id, text) = saying?;
    let found = request.enter(&sessions).await?;
    found.session.traffic.add_payload_in(body.len());
    match say(&found.session, id, text).await {
        Ok(said) => Ok(request.answer(&sessions, found, said)),
        Err(refusal) => Ok(request.refuse(&sessions, found, refusal)),
    }
}

/// `GET /rooms/{room}/costs`: what this session has cost. Itself it is not counted.
///
/// # Errors
/// [`PollingError`], where there is no session.
pub(crate) async fn costs(
    State(sessions): State<Arc<Sessions>>,
    request: PollingRequest,
) -> Result<Response, PollingError> {
    let session = request.shown.resume.as_ref().and_then(|cookie| sessions.find(&request.room, cookie));
    let none = || PollingError::error(ErrorCode::NotJoined, "no session has this cookie; join first");
    let costs = session.ok_or_else(none)?.traffic.costs();
    Ok(private(axum::Json(costs)))
}
