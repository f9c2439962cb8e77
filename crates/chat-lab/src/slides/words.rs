//! Words around the slides; those on them are in `docs/presentation.md`.

/// What it is.
pub(super) const DECK: &str = "WebSocket در یک اتاق: پانزده اسلاید";
/// The same on paper, with notes.
pub(super) const HANDOUT: &str = "جزوه با یادداشت‌ها";
/// The list of slides.
pub(super) const CONTENTS: &str = "فهرست";
/// How far it has come.
pub(super) const PROGRESS: &str = "پیشرفت";
/// What the keys do.
pub(super) const KEYS: &str =
    "کلیدهای ← و PageDown اسلاید بعدی، → و PageUp قبلی؛ O همه‌ی اسلایدها، F تمام‌صفحه، B صفحه‌ی خالی.";

/// What is to be said beside a slide: «یادداشت اسلاید ۳».
pub(super) fn notes(number: usize) -> String {
    format!("یادداشت اسلاید {}", super::persian(number))
}

/// Which slide of how many: «۳ از ۱۵».
pub(super) fn place(number: usize, count: usize) -> String {
    format!("{} از {}", super::persian(number), super::persian(count))
}
