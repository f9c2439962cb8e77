//! Server-sent events (HTML §9.2), an answer that does not end: its headers, its keep-alive, and the
//! `Last-Event-ID` of a browser that reconnects. It asks proxies not to buffer it: by the header that nginx
//! and others heed, and by `no-transform` where they would compress (RFC 9111 §5.2.2.6).

use std::{convert::Infallible, str::FromStr, time::Duration};

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, header};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Longest silence of a stream, before something on the way takes it for dead.
const SILENCE_MAX: Duration = Duration::from_secs(15);

/// `Last-Event-ID` is there, but is none of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("'Last-Event-ID' must be the number of an event, or be left out")]
pub(crate) struct LastEventIdError;

/// These events, as an answer.
pub(crate) fn answer(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = Sse::new(events.map(Ok::<_, Infallible>)).keep_alive(KeepAlive::new().interval(SILENCE_MAX));
    ([(header::CACHE_CONTROL, "no-store, no-transform"), (X_ACCEL_BUFFERING, "no")], events).into_response()
}

/// Whether an answer is one of these.
pub(crate) fn is_stream(answer: &Response) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// The id of the last event that the client has; `None` where it has none.
pub(crate) fn last_id<T: FromStr>(headers: &HeaderMap) -> Result<Option<T>, LastEventIdError> {
    let id = |value: &http::HeaderValue| {
        value.to_str().ok().and_then(|id| id.parse().ok()).ok_or(LastEventIdError)
    };
    headers.get(LAST_EVENT_ID).map(id).transpose()
}
