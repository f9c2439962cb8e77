//! What is taken home of a recording: a file for Wireshark, and what stands at the head of the page that the
//! browser puts together itself. Both have one name, which says what was recorded, of whom and when.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use chat_wire::{Event, pcapng};
use http::header;

use super::{
    recordings::{RecordingError, Recordings},
    redacted::Redacted,
    title::Title,
};
use crate::{http::disposition::attachment, pages};

/// `GET /xray/{token}/otagh.pcapng`.
pub(crate) async fn file(
    State(recordings): State<Arc<Recordings>>,
    Path(token): Path<String>,
) -> Result<Response, RecordingError> {
    let (events, title) = read(&recordings, &token)?;
    let headers = [
        (header::CONTENT_TYPE, "application/vnd.tcpdump.pcap".to_owned()),
        (header::CONTENT_DISPOSITION, attachment(&title.file_stem(), "pcapng")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, pcapng::write(&events, title.ends)).into_response())
}

/// `GET /xray/{token}/title`: a line with the name of a file without its extension, and behind it the title
/// as HTML, for the page that is taken home.
pub(crate) async fn title(
    State(recordings): State<Arc<Recordings>>,
    Path(token): Path<String>,
) -> Result<Response, RecordingError> {
    let (_, title) = read(&recordings, &token)?;
    let text = format!("{}\n{}", title.file_stem(), pages::title_block(title.block()));
    Ok(([(header::CACHE_CONTROL, "no-store")], text).into_response())
}

/// All of the recording with this token, secrets covered, and its title.
fn read(recordings: &Recordings, token: &str) -> Result<(Vec<Event>, Title), RecordingError> {
    let (recording, _) = recordings.find(token)?;
    let ends = recording.ends();
    let mut redacted = Redacted::new(recording);
    let portions = std::iter::from_fn(|| Some(redacted.more()).filter(|portion| !portion.is_empty()));
    let events: Vec<Event> = portions.flatten().map(|(_, event)| event).collect();
    let title = Title::of(&events, pcapng::Ends { client: ends.peer, server: ends.local });
    Ok((events, title))
}
