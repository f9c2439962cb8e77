//! The room as server-sent events: one answer that does not end, in which each message of the room is an
//! event. Only the server speaks; what a member says goes by `POST`. A message's number is its event's
//! id, so that a browser that lost the stream says itself where it was.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use bytes::Bytes;
use chat_protocol::{CloseCode, ErrorCode, Seq};
use futures_util::stream;
use http::{HeaderName, header};
use serde::Deserialize;

use super::{
    Arrival, Refusal,
    guest::{Guest, Hold},
};
use crate::server::App;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// How long a stream may be silent, so that nobody on the way takes it for dead.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// `GET /rooms/{room}/events`.
///
/// # Errors
/// [`Refusal`].
pub async fn events(State(app): State<Arc<App>>, mut arrival: Arrival) -> Result<Response, Refusal> {
    if let Some(last) = arrival.headers.get(LAST_EVENT_ID) {
        let last = last.to_str().ok().and_then(|last| last.parse::<Seq>().ok());
        let bad = || Refusal::error(ErrorCode::BadField, "'Last-Event-ID' must be a number");
        arrival.asked.after = Some(last.ok_or_else(bad)?);
    }
    let found = arrival.enter(&app).await?;
    let streaming = Streaming {
        // Without the stream nobody listens: they are away at once.
        _stays: found.guest.hold(Duration::ZERO),
        guest: found.guest.clone(),
        waiting: VecDeque::new(),
        after: arrival.asked.after,
        is_over: false,
    };
    let events = stream::unfold(streaming, async |mut streaming| {
        let event = streaming.next().await?;
        Some((Ok::<_, Infallible>(event), streaming))
    });
    let events = Sse::new(events).keep_alive(KeepAlive::new().interval(SILENCE_MAX));
    let mut response = ([(header::CACHE_CONTROL, "no-store")], events).into_response();
    if let Some(cookie) = found.cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

struct Streaming {
    _stays: Hold,
    guest: Arc<Guest>,
    waiting: VecDeque<Bytes>,
    after: Option<Seq>,
    is_over: bool,
}

/// What an event's id is made of.
#[derive(Deserialize)]
struct Place {
    r#type: String,
    #[serde(default)]
    seq: Option<Seq>,
}

impl Streaming {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(json) = self.waiting.pop_front() {
                return Some(self.told(&json));
            }
            if self.is_over {
                return None;
            }
            let mut changed = self.guest.changed();
            let told = self.guest.tell(self.after);
            self.waiting.extend(told.messages);
            if self.waiting.is_empty() {
                if let Some(code) = told.over {
                    self.is_over = true;
                    return Some(closed(code));
                }
                changed.changed().await.ok()?;
            }
        }
    }

    fn told(&mut self, json: &Bytes) -> sse::Event {
        self.guest.account.gave(json.len());
        // JSON has no line ends of its own.
        let event = sse::Event::default().data(String::from_utf8_lossy(json));
        let place = serde_json::from_slice::<Place>(json).ok().filter(|place| place.r#type == "said");
        match place.and_then(|place| place.seq) {
            Some(seq) => {
                self.after = Some(seq);
                event.id(seq.to_string())
            }
            None => event,
        }
    }
}

/// The last event, with the code that a WebSocket's close frame would have.
fn closed(code: CloseCode) -> sse::Event {
    let why = serde_json::json!({"type": "closed", "code": code.code(), "reason": code.reason()});
    sse::Event::default().event("closed").data(why.to_string())
}
