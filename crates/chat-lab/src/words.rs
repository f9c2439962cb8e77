//! Words of more than one page of the lab.

/// The name of the page that compares five ways into a room.
#[cfg(feature = "ssr")]
pub(crate) const COMPARE: &str = "پنج راه کنار هم";

/// The name of the workbench.
#[cfg(any(feature = "browser", feature = "ssr", test))]
pub(crate) const WORKBENCH: &str = "میز کار WebSocket";

/// Make all of it larger, and back.
#[cfg(any(feature = "browser", test))]
pub(crate) const WIDEN: &str = "بزرگ‌نمایی";
