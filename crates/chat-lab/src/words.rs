//! Words of more than one page of the lab.

/// The name of the page that compares five ways into a room.
#[cfg(feature = "ssr")]
pub(crate) const COMPARE: &str = "پنج راه کنار هم";

/// The name of the workbench.
#[cfg(any(feature = "browser", feature = "ssr", test))]
pub(crate) const WORKBENCH: &str = "میز کار WebSocket";

/// What the notes behind ⓘ are.
#[cfg(any(feature = "browser", test))]
pub(crate) const ABOUT: &str = "درباره‌ی آن‌چه می‌بینید";

/// The stage: as large as the screen, for the back of a classroom; and back.
#[cfg(any(feature = "browser", test))]
pub(crate) const WIDEN: &str = "بزرگ‌نمایی";
