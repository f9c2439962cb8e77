//! The browser's two clocks: one for dates, which people and networks set, and one for waiting,
//! which nobody can.

use leptos::prelude::window;
use wasm_bindgen::JsCast;

/// Milliseconds since the page was opened; never goes back (High Resolution Time §5). 0 where a
/// browser has no such clock, which none of ours lacks.
pub fn elapsed_ms() -> u64 {
    window().performance().map_or(0, |performance| performance.now() as u64)
}

/// The same in microseconds, as far as the browser tells them: Firefox rounds to a millisecond.
pub fn elapsed_us() -> u64 {
    window().performance().map_or(0.0, |performance| performance.now() * 1_000.0) as u64
}

/// How long it was between the first two marks of this name (User Timing), in microseconds.
pub fn waited_us(name: &str) -> Option<u64> {
    let marks = window().performance()?.get_entries_by_name_with_entry_type(name, "mark");
    let at =
        |number| marks.get(number).dyn_into::<web_sys::PerformanceEntry>().ok().map(|mark| mark.start_time());
    Some(((at(1)? - at(0)?) * 1_000.0) as u64)
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
