//! All recordings, each found by its token only. A recording is kept for as long as its connection
//! lives and for a while after; there are only so many at once, in all and of one address, and of only so
//! many bytes. When one more is wanted, the ones that ended longest ago make room for all the bytes that
//! it may have. Looked at when a recorded connection opens and when somebody wants to see one; connections
//! that are not recorded never come by.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chat_protocol::CaptureToken;

use super::{
    capture::{Capture, Ends, Pool},
    faults::Faults,
    socket::Passage,
    tap::Tap,
};
use crate::{address::Address, random};

/// Most recordings at once.
pub const CAPTURES_MAX: usize = 512;

/// Most recordings of one address at once: a class behind one router, and their returns.
pub const CAPTURES_PER_ADDRESS: usize = 256;

/// How long a recording is kept after its connection has ended.
pub const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// See the module.
#[derive(Debug)]
pub struct Captures {
    limit: usize,
    pool: Arc<Pool>,
    kept: Mutex<HashMap<CaptureToken, Kept>>,
}

#[derive(Debug)]
struct Kept {
    capture: Arc<Capture>,
    faults: Option<Arc<Faults>>,
    whose: Address,
}

/// A recording, and what is broken of its connection, if that may be broken.
pub type Found = (Arc<Capture>, Option<Arc<Faults>>);

/// What a new recording is of.
#[derive(Debug)]
pub struct Subject {
    /// The bytes of its handshake.
    pub handshake: Vec<Passage>,
    /// Its two ends.
    pub ends: Ends,
    /// Whether it comes through a proxy.
    pub proxied: bool,
    /// Whose it is.
    pub whose: Address,
    /// Whether its owner may break it.
    pub is_breakable: bool,
}

impl Captures {
    /// For recordings of at most `limit` bytes each and `total` bytes, and what keeping them costs,
    /// together.
    pub fn new(limit: usize, total: usize) -> Self {
        Self { limit, pool: Pool::new(total), kept: Mutex::default() }
    }

    /// Begins a recording; `None` when there are as many as may be. `at` is the Unix time now, in
    /// milliseconds.
    pub fn open(&self, subject: Subject, at: u64, now: Instant) -> Option<(CaptureToken, Tap)> {
        let Subject { handshake, ends, proxied, whose, is_breakable } = subject;
        let mut kept = self.kept();
        forget_old(&mut kept, now);
        let of_address = |kept: &HashMap<_, Kept>| kept.values().filter(|other| other.whose == whose).count();
        if of_address(&kept) >= CAPTURES_PER_ADDRESS && !forget_oldest(&mut kept, Some(whose)) {
            return None;
        }
        if kept.len() >= CAPTURES_MAX && !forget_oldest(&mut kept, None) {
            return None;
        }
        while self.pool.left() < self.limit
            && (forget_oldest(&mut kept, Some(whose)) || forget_oldest(&mut kept, None))
        {}
        let token = CaptureToken::from_bytes(random::bytes());
        let capture = Arc::new(Capture::open(handshake, ends, proxied, at, self.limit, self.pool.clone()));
        if capture.is_full() {
            // Not even the handshake has a place.
            return None;
        }
        let faults = is_breakable.then(Arc::default);
        let tap = Tap::new(capture.clone(), faults.clone());
        kept.insert(token.clone(), Kept { capture, faults, whose });
        Some((token, tap))
    }

    /// The recording with this token, and what is broken of its connection, if that may be broken. A
    /// table's lookup takes no constant time, and need not: what it tells is about hashes under a secret
    /// key, not about tokens.
    pub fn get(&self, token: &CaptureToken, now: Instant) -> Option<Found> {
        let mut kept = self.kept();
        forget_old(&mut kept, now);
        kept.get(token).map(|kept| (kept.capture.clone(), kept.faults.clone()))
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<CaptureToken, Kept>> {
        // No code that can panic runs while the lock is held.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_old(kept: &mut HashMap<CaptureToken, Kept>, now: Instant) {
    kept.retain(|_, kept| {
        kept.capture.ended().is_none_or(|ended| now.saturating_duration_since(ended) < KEPT_FOR)
    });
}

/// Forgets the one that ended longest ago, in all or of one address; false when none has ended.
fn forget_oldest(kept: &mut HashMap<CaptureToken, Kept>, of: Option<Address>) -> bool {
    let oldest = kept
        .iter()
        .filter(|(_, kept)| of.is_none_or(|whose| kept.whose == whose))
        .filter_map(|(token, kept)| Some((kept.capture.ended()?, token)))
        .min_by_key(|(ended, _)| *ended)
        .map(|(_, token)| token.clone());
    oldest.is_some_and(|token| kept.remove(&token).is_some())
}
