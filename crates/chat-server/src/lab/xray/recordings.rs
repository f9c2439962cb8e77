//! All recordings, each found by its token only. A recording is kept for as long as its connection
//! lives and for a while after; they are bounded in number, in all and for each address, and in bytes. For a
//! new one, those that ended longest ago make room for all the bytes that it may have. Connections that are
//! not recorded never come by.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::response::{IntoResponse, Response};
use chat_protocol::CaptureToken;
use http::StatusCode;
use parking_lot::Mutex;

use super::{
    injector::Injector,
    recording::{Pool, Recording},
    watch::Watched,
};
use crate::{
    limits::{client_ip::ClientIp, fault_access::FaultAccess},
    net::{clock::Clock, random},
    rooms::recorder::{Recorder, Subject, Watch},
};

pub(crate) const RECORDINGS_MAX: usize = 512;

/// Most recordings of one address at once: a class behind one router, and their returns.
pub const RECORDINGS_PER_ADDRESS: usize = 256;

/// How long a recording is kept after its connection has ended.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

#[derive(Debug)]
pub(crate) struct Recordings {
    settings: Settings,
    clock: Clock,
    pool: Arc<Pool>,
    kept: Mutex<HashMap<CaptureToken, Kept>>,
}

/// The options of the X-ray: see [`crate::config::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Most bytes of one recording.
    pub(crate) bytes: usize,
    /// Bytes of all of them together, with what keeping them costs.
    pub(crate) total_bytes: usize,
    /// Who may break their own connection.
    pub(crate) fault_access: FaultAccess,
    /// Whether the server is for the public.
    pub(crate) is_public: bool,
    /// How long a request's body may take.
    pub(crate) body_deadline: Duration,
}

#[derive(Debug)]
struct Kept {
    recording: Arc<Recording>,
    injector: Option<Arc<Injector>>,
    client: ClientIp,
}

/// A recording, and what breaks its connection, if that may be broken.
pub(crate) type Found = (Arc<Recording>, Option<Arc<Injector>>);

impl Recordings {
    pub(crate) fn new(settings: Settings, clock: Clock) -> Arc<Self> {
        let pool = Pool::new(settings.total_bytes);
        Arc::new(Self { settings, clock, pool, kept: Mutex::default() })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The recording with this token, and what breaks its connection, if that may be broken. A table's lookup
    /// takes no constant time, and need not: what it tells is about hashes under a secret key, not about
    /// tokens.
    pub(crate) fn find(&self, token: &str) -> Result<Found, RecordingError> {
        let token = CaptureToken::parse(token).map_err(|_| RecordingError::NoSuch)?;
        let mut kept = self.kept.lock();
        forget_old(&mut kept, Instant::now());
        let found = kept.get(&token).ok_or(RecordingError::NoSuch)?;
        Ok((found.recording.clone(), found.injector.clone()))
    }
}

impl Recorder for Recordings {
    fn record(&self, subject: Subject) -> Option<(CaptureToken, Arc<dyn Watch>)> {
        let Subject { handshake, ends, is_proxied, client } = subject;
        let Settings { bytes, fault_access, is_public, .. } = self.settings;
        let mut kept = self.kept.lock();
        forget_old(&mut kept, Instant::now());
        let of_client =
            |kept: &HashMap<_, Kept>| kept.values().filter(|other| other.client == client).count();
        if of_client(&kept) >= RECORDINGS_PER_ADDRESS && !forget_oldest(&mut kept, Some(client)) {
            return None;
        }
        if kept.len() >= RECORDINGS_MAX && !forget_oldest(&mut kept, None) {
            return None;
        }
        while self.pool.left() < bytes
            && (forget_oldest(&mut kept, Some(client)) || forget_oldest(&mut kept, None))
        {}
        let token = CaptureToken::from_bytes(random::bytes());
        let (now, pool) = (self.clock.now(), self.pool.clone());
        let recording = Arc::new(Recording::open(handshake, ends, is_proxied, now, bytes, pool));
        if recording.is_full() {
            // Not even the handshake has a place.
            return None;
        }
        let is_breakable = fault_access.is_open_to(ends.peer.ip(), is_public);
        let injector = is_breakable.then(Arc::default);
        let watch = Arc::new(Watched::new(recording.clone(), injector.clone()));
        kept.insert(token.clone(), Kept { recording, injector, client });
        Some((token, watch))
    }
}

/// Why a recording is not shown. Its words are the body of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum RecordingError {
    #[error("no recording has this token; it may be too old")]
    NoSuch,
    #[error("too many streams of this recording; close one")]
    TooManyWatch,
    #[error("'Last-Event-ID' must be the number of an event")]
    LastEventId,
}

impl IntoResponse for RecordingError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoSuch => StatusCode::NOT_FOUND,
            Self::TooManyWatch => StatusCode::TOO_MANY_REQUESTS,
            Self::LastEventId => StatusCode::BAD_REQUEST,
        };
        (status, format!("{self}\n")).into_response()
    }
}

fn forget_old(kept: &mut HashMap<CaptureToken, Kept>, now: Instant) {
    kept.retain(|_, kept| {
        kept.recording.ended().is_none_or(|ended| now.saturating_duration_since(ended) < KEPT_FOR)
    });
}

/// Forgets the one that ended longest ago, in all or of one address; false when none has ended.
fn forget_oldest(kept: &mut HashMap<CaptureToken, Kept>, of: Option<ClientIp>) -> bool {
    let oldest = kept
        .iter()
        .filter(|(_, kept)| of.is_none_or(|client| kept.client == client))
        .filter_map(|(token, kept)| Some((kept.recording.ended()?, token)))
        .min_by_key(|(ended, _)| *ended)
        .map(|(_, token)| token.clone());
    oldest.is_some_and(|token| kept.remove(&token).is_some())
}
