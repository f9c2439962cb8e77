//! Words of what shows the wire that the room page itself needs; the rest is in [`xray`](super::xray)
//! and its neighbours.

/// What it is called.
pub const XRAY: &str = "اشعه‌ی ایکس";
