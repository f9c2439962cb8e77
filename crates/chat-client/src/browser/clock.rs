//! The browser's clock.

/// Unix time in milliseconds.
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// A Unix time in milliseconds as ISO 8601, for `datetime`.
pub fn iso(at: u64) -> String {
    js_sys::Date::new(&(at as f64).into()).to_iso_string().into()
}

/// How many minutes east of UTC this reader is, now.
pub fn utc_offset_minutes() -> i32 {
    // JavaScript counts westward.
    -(js_sys::Date::new_0().get_timezone_offset() as i32)
}
