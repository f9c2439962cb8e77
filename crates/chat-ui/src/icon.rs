//! The icons, drawn by hand on a 24-unit grid, each one path. They say nothing by themselves:
//! every control that shows one has a label.

use leptos::prelude::*;

/// An icon, stroked; see `svg` in `style/base.css`.
pub fn view(path: &'static str) -> impl IntoView {
    view! {
        <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d=path></path>
        </svg>
    }
}

/// Send, pointing the way Persian is written: to the left.
pub const SEND: &str = "M20 4 3.5 11.2 10 13.5 M20 4 13.5 20.5 10 13.5 M20 4 10 13.5";
/// People.
pub const PEOPLE: &str = "M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6 M16 4.8a3.5 3.5 0 0 1 0 6.4 M17.8 14.4c2.2.8 3.7 2.8 3.7 5.6";
/// Share.
pub const SHARE: &str = "M12 15V3.5 M8 7l4-4 4 4 M6.5 11H5v9.5h14V11h-1.5";
/// More, in three dots that the style makes thicker.
pub const MORE: &str = "M12 5.5h0 M12 12h0 M12 18.5h0";
/// Close.
pub const CLOSE: &str = "M6 6l12 12 M18 6 6 18";
/// Half light, half dark.
pub const THEME: &str = "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z M12 3.5v17 M12 8l-6.500 6.500 M12 13l-4 4 M12 3.500 4.500 11";
/// A pen.
pub const EDIT: &str = "M4 20l1-4.5L16.5 4l3.5 3.500L8.500 19z M14 6.500 17.500 10";
/// Down, to the newest.
pub const DOWN: &str = "M12 5v14 M6 13l6 6 6-6";
/// Two bubbles facing each other.
pub const TALK: &str = "M20.5 9.5c0-3-2.9-5.5-6.5-5.5S7.5 6.5 7.5 9.5 10.4 15 14 15c.7 0 1.300-.1 1.900-.2L19 16.500l-.5-3c1.200-1 2-2.400 2-4z M5 10.500c-1 .9-1.500 2-1.500 3.200 0 1.400.7 2.600 1.800 3.500L5 19.500l2.500-1.300c.6.2 1.300.2 2 .2 1 0 2-.2 2.800-.5";
/// One tick: the room has it.
pub const SENT: &str = "M5 12.5l4.500 4.500L19 7.500";
/// A clock: on its way. Never mirrored.
pub const CLOCK: &str = "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 8v4.200l2.500 2";
/// A wave under a glass: what is on the wire.
pub const XRAY: &str = "M10.500 4a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13z M15.200 15.200 20.500 20.500 M6.800 10.500h1.700l1.300-2.800 1.800 5.200 1.300-2.400h1.400";
