//! What the device says about its network.

use leptos::prelude::window;

/// False only when the device is sure it has none.
pub fn is_online() -> bool {
    window().navigator().on_line()
}
