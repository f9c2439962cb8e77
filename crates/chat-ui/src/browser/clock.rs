//! The browser's two clocks: one for dates, which people and networks set, and one for waiting,
//! which nobody can.

use leptos::prelude::window;

/// Milliseconds since the page was opened; never goes back (High Resolution Time §5). 0 where a
/// browser has no such clock, which none of ours lacks.
pub fn elapsed_ms() -> u64 {
    window().performance().map_or(0, |performance| performance.now() as u64)
}

/// The same in microseconds, as far as the browser tells them: Firefox rounds to a millisecond.
pub fn elapsed_us() -> u64 {
    window().performance().map_or(0.0, |performance| performance.now() * 1_000.0) as u64
}

/// Unix time in milliseconds.
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// A Unix time in milliseconds as ISO 8601, for `datetime`.
pub fn iso(at: u64) -> String {
    js_sys::Date::new(&(at as f64).into()).to_iso_string().into()
}

/// How many minutes east of UTC this reader's clock is, or was, at a Unix time in milliseconds.
pub fn utc_offset_minutes(at: u64) -> i32 {
    // JavaScript counts westward.
    -(js_sys::Date::new(&(at as f64).into()).get_timezone_offset() as i32)
}
