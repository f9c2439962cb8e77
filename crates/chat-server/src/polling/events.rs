//! The room as server-sent events: one answer that does not end, in which each message of the room is an
//! event. Only the server speaks; members send by `POST`. An event's id is the last message that its reader
//! has, so that a browser that reconnects says itself where it was.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use chat_protocol::{CloseCode, ErrorCode, Seq};
use futures_util::stream;
use http::HeaderMap;

use super::{PollingError, PollingRequest, ROOMS, closed, session::Hold, sessions::Sessions};
use crate::{
    http::sse,
    net::{
        queue::{Entry, Listener},
        traffic::Traffic,
    },
};

/// `GET /rooms/{room}/events`.
pub(crate) async fn events(
    State(sessions): State<Arc<Sessions>>,
    mut request: PollingRequest,
) -> Result<Response, PollingError> {
    let bad = |_| PollingError::error(ErrorCode::BadField, "'Last-Event-ID' must be a number");
    if let Some(last) = sse::last_id(&request.headers).map_err(bad)? {
        request.asked.after = Some(last);
    }
    request.is_stream = true;
    let mut found = request.enter(&sessions).await?;
    let mut cookies = HeaderMap::new();
    // It holds a socket, unlike a request that is answered. Without its stream the member is away at once.
    found.session.show();
    request.admit(&sessions, &mut found, &[ROOMS], Duration::ZERO, &mut cookies);
    let streaming = Streaming {
        listener: found.session.queue.listen(),
        traffic: found.session.traffic.clone(),
        _hold: found.hold,
        waiting: VecDeque::new(),
        after: request.asked.after,
        is_over: false,
    };
    let events = stream::unfold(streaming, async |mut streaming| {
        let event = streaming.next().await?;
        Some((event, streaming))
    });
    let mut response = sse::answer(events);
    response.headers_mut().extend(cookies);
    Ok(response)
}

struct Streaming {
    listener: Listener,
    traffic: Arc<Traffic>,
    _hold: Hold,
    waiting: VecDeque<Entry>,
    after: Option<Seq>,
    is_over: bool,
}

impl Streaming {
    async fn next(&mut self) -> Option<Event> {
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

    fn told(&mut self, entry: &Entry) -> Event {
        let json = entry.json();
        self.traffic.add_payload_out(json.len());
        self.after = Some(entry.at);
        // JSON has no line ends of its own.
        Event::default().id(entry.at.to_string()).data(String::from_utf8_lossy(json))
    }
}

/// The last event, with the code that a WebSocket's close frame would have.
fn ended(code: CloseCode) -> Event {
    Event::default().event("closed").data(closed(code))
}
