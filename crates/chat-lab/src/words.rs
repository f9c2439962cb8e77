//! Words of more than one page of the lab.

/// Make all of it larger, and back.
#[cfg(any(feature = "browser", test))]
pub(crate) const WIDEN: &str = "بزرگ‌نمایی";
