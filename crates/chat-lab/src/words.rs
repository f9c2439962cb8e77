//! Words of more than one page of the lab.

/// What the notes behind ⓘ are.
#[cfg(any(feature = "browser", test))]
pub(crate) const ABOUT: &str = "درباره‌ی آن‌چه می‌بینید";

/// The stage: as large as the screen, for the back of a classroom; and back.
#[cfg(any(feature = "browser", test))]
pub(crate) const WIDEN: &str = "بزرگ‌نمایی";
