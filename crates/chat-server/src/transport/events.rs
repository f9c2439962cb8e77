//! The room as server-sent events: one answer that does not end, in which each message of the room is an
//! event. Only the server speaks; what a member says goes by `POST`. The last message that who hears an
//! event has is the event's id, so that a browser that lost the stream says itself where it was.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{Response, sse},
};
use chat_protocol::{CloseCode, ErrorCode, Seq};
use futures_util::stream;
use http::HeaderMap;

use super::{
    Arrival, ROOMS, Refusal, closed,
    guest::{Entry, Hold, Listener},
    meter::Account,
};
use crate::{event_stream, server::App};

/// `GET /rooms/{room}/events`.
///
/// # Errors
/// [`Refusal`].
pub async fn events(State(app): State<Arc<App>>, mut arrival: Arrival) -> Result<Response, Refusal> {
    let bad = |_| Refusal::error(ErrorCode::BadField, "'Last-Event-ID' must be a number");
    if let Some(last) = event_stream::last_id(&arrival.headers).map_err(bad)? {
        arrival.asked.after = Some(last);
    }
    arrival.streams = true;
    let mut found = arrival.enter(&app).await?;
    let mut cookies = HeaderMap::new();
    // Without the stream nobody listens: they are away at once.
    arrival.admit(&mut found, &[ROOMS], Duration::ZERO, &mut cookies);
    let streaming = Streaming {
        listener: found.guest.listen(),
        account: found.guest.account.clone(),
        _stays: found.hold,
        waiting: VecDeque::new(),
        after: arrival.asked.after,
        is_over: false,
    };
    let events = stream::unfold(streaming, async |mut streaming| {
        let event = streaming.next().await?;
        Some((event, streaming))
    });
    let mut response = event_stream::answer(events);
    response.headers_mut().extend(cookies);
    Ok(response)
}

struct Streaming {
    listener: Listener,
    account: Arc<Account>,
    _stays: Hold,
    waiting: VecDeque<Entry>,
    after: Option<Seq>,
    is_over: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                return Some(self.told(&entry));
            }
            if self.is_over {
                return None;
            }
            let told = self.listener.tell(self.after);
            self.waiting.extend(told.messages);
            if self.waiting.is_empty() {
                if let Some(code) = told.over {
                    self.is_over = true;
                    return Some(ended(code));
                }
                self.listener.more().await;
            }
        }
    }

    fn told(&mut self, Entry { at, json, .. }: &Entry) -> sse::Event {
        self.account.gave(json.len());
        self.after = Some(*at);
        // JSON has no line ends of its own.
        sse::Event::default().id(at.to_string()).data(String::from_utf8_lossy(json))
    }
}

/// The last event, with the code that a WebSocket's close frame would have.
fn ended(code: CloseCode) -> sse::Event {
    sse::Event::default().event("closed").data(closed(code))
}
