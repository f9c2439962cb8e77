//! The recording as the page sees it: server-sent events, so that watching does not itself travel on the
//! recorded connection. Each event has its number, so that a browser that lost the stream resumes where it
//! was. While there is a watcher, the kernel is asked now and then what it
//! knows of the connection.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response, sse},
};
use chat_wire::Event;
use futures_util::{Stream, stream};
use http::{HeaderMap, StatusCode};
use tokio::sync::watch;

use super::{
    recording::Recording,
    recordings::{RecordingError, Recordings},
    redacted::Redacted,
    tcp_info,
};
use crate::http::sse::{answer, last_id};

/// Most streams of one recording at once: the page, its next one before the last has gone, and a
/// terminal or two.
pub const STREAMS_MAX: usize = 4;

/// How often the kernel is asked at most: it knows little that is new more often.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// `GET /xray/{token}/events`.
pub(crate) async fn events(
    State(recordings): State<Arc<Recordings>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, RecordingError> {
    let (recording, _) = recordings.find(&token)?;
    let last = last_id::<usize>(&headers).map_err(|_| RecordingError::LastEventId)?;
    let from = last.map_or(0, |last| last.saturating_add(1));
    if recording.ended().is_some() && from >= recording.watch().borrow().to_owned() {
        // What tells a browser that there is nothing to come back for (HTML §9.2.3).
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if recording.watchers() >= STREAMS_MAX {
        return Err(RecordingError::TooManyWatch);
    }
    Ok(answer(watch(recording, from)))
}

/// One stream, and what it has still to tell.
struct Watching {
    redacted: Redacted,
    recording: Arc<Recording>,
    count: watch::Receiver<usize>,
    waiting: VecDeque<(usize, Event)>,
    from: usize,
    asked: Option<Instant>,
    is_over: bool,
}

/// The events from number `from` on, until the last one: that of the connection's end, which also a
/// stop of the server brings.
fn watch(recording: Arc<Recording>, from: usize) -> impl Stream<Item = sse::Event> {
    let watching = Watching {
        redacted: Redacted::new(recording.clone()),
        count: recording.watch(),
        recording,
        waiting: VecDeque::new(),
        from,
        asked: None,
        is_over: false,
    };
    stream::unfold(watching, async |mut watching| {
        let (number, event) = watching.next().await?;
        Some((told(number, &event), watching))
    })
}

fn told(number: usize, event: &Event) -> sse::Event {
    let told = sse::Event::default().id(number.to_string());
    match told.json_data(event) {
        Ok(told) => told,
        Err(error) => {
            tracing::error!(%error, "an event of a recording is no JSON");
            sse::Event::default().comment("an event that could not be told")
        }
    }
}

impl Watching {
    async fn next(&mut self) -> Option<(usize, Event)> {
        loop {
            if let Some((number, event)) = self.waiting.pop_front() {
                return Some((number, event));
            }
            if self.is_over {
                return None;
            }
            self.count.borrow_and_update();
            let more = self.redacted.more();
            if !more.is_empty() {
                // Also where the last one is not asked for.
                self.is_over |= more.iter().any(|(_, event)| matches!(event, Event::Ended(_)));
                self.waiting.extend(more.into_iter().filter(|(number, _)| *number >= self.from));
                self.ask_kernel();
                continue;
            }
            self.count.changed().await.ok()?;
        }
    }

    /// Asks after bytes have passed, not after its own answer.
    fn ask_kernel(&mut self) {
        let bytes_passed = self.waiting.iter().any(|(_, event)| matches!(event, Event::Bytes(_)));
        if !bytes_passed || self.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY) {
            return;
        }
        self.asked = Some(Instant::now());
        let now = self.recording.us(Instant::now());
        if let Some(tcp) = tcp_info::ask(self.recording.ends(), now) {
            self.recording.measured(tcp);
        }
    }
}
