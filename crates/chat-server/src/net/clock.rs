//! The one clock: milliseconds since the Unix epoch, counted by the monotonic clock from the
//! moment the server started. It reads like a wall clock and never goes backwards; what it does
//! not follow is somebody setting the machine's time while the server runs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_room::Ms;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    unix_at_start: Duration,
}

impl Clock {
    /// A clock that starts now. A machine whose time is before 1970 counts from 1970.
    pub(crate) fn start() -> Self {
        let unix_at_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), unix_at_start }
    }

    pub(crate) fn now(&self) -> Ms {
        (self.unix_at_start + self.start.elapsed()).as_millis() as Ms
    }

    /// The instant at which [`Clock::now`] reaches `at`; the start, when that was before it.
    pub(crate) fn instant(&self, at: Ms) -> Instant {
        // Rounded up to the next millisecond, so that a timer never fires just before its time.
        let at = Duration::from_millis(at.saturating_add(1));
        self.start + at.saturating_sub(self.unix_at_start)
    }
}
