//! Words that belong to no single page: the name, titles, themes, the pages for what is not there.

use chat_protocol::limits::ID_MAX_CHARS;

use crate::fa::{digits, isolate};

/// The name of the whole thing.
pub const APP_NAME: &str = "اتاق";

/// What it is, in one line.
pub const TAGLINE: &str = "گفت‌وگوی زنده؛ بدون ثبت‌نام، بدون نصب";

/// Description for search engines and link previews.
pub const DESCRIPTION: &str =
    "یک نام بنویسید، وارد اتاق شوید و همان لحظه با هم حرف بزنید؛ بدون ثبت‌نام و بدون نصب.";

/// Where the page has not yet come to life.
pub const LOADING: &str = "در حال آماده‌شدن…";

/// For browsers without JavaScript.
pub const NOSCRIPT: &str =
    "گفت‌وگوی زنده به جاوااسکریپت نیاز دارد. آن را در تنظیمات مرورگرتان روشن کنید و صفحه را دوباره باز کنید.";

/// The page's program has not come for a while.
pub const SLOW: &str = "آماده‌شدن این صفحه بیش از معمول طول کشیده است. شاید شبکه کند باشد.";

/// The page's program did not start, or broke.
pub const BROKEN: &str = "این صفحه از کار افتاد. دوباره بارگیری‌اش کنید؛ اگر باز هم نشد، شاید مرورگرتان قدیمی باشد یا افزونه‌ای جلوی آن را گرفته باشد.";

/// Loads the page again.
pub const RELOAD: &str = "بارگیری دوباره";

/// The way into a room that needs no program.
pub const CLASSIC: &str = "ورود با صفحه‌ی ساده";

/// Title of the start page.
pub const HOME_TITLE: &str = "اتاق؛ گفت‌وگوی زنده";

/// Back to the start page.
pub const GO_HOME: &str = "بازگشت به صفحه‌ی نخست";

/// Any address that is not one: heading and page title.
pub const NOT_FOUND: &str = "این صفحه پیدا نشد";

/// And what to do.
pub const NOT_FOUND_HINT: &str = "شاید نشانی را اشتباه نوشته‌اید یا پیوند ناقص به دستتان رسیده است.";

/// A room was meant, but its id breaks the rule: heading and page title.
pub const BAD_ROOM: &str = "اتاقی با این نام نمی‌شود ساخت";

/// The rule for room names.
pub fn bad_room_hint() -> String {
    format!(
        "نام اتاق از حرف و رقم ساخته می‌شود، به هر زبانی که باشد، و میان آن‌ها خط تیره، زیرخط یا نقطه هم می‌شود گذاشت. با حرف یا رقم شروع می‌شود و بیشتر از {} نویسه نیست.",
        digits::number(ID_MAX_CHARS as u64)
    )
}

/// The button that changes between light and dark.
pub const THEME: &str = "پوسته";

/// The button before what has no room in the bar.
pub const MORE: &str = "گزینه‌های بیشتر";

/// Close a dialog or a drawer.
pub const CLOSE: &str = "بستن";
/// Accept what was typed.
pub const SAVE: &str = "ثبت";

/// Title of a room's page: «(۳) باغ-آبی · اتاق», the number being what is unread.
pub fn room_title(room: &str, unread: u64) -> String {
    let room = isolate(room);
    match unread {
        0 => format!("{room} · {APP_NAME}"),
        _ => format!("({}) {room} · {APP_NAME}", digits::number(unread)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_title_omits_zero_count() {
        assert_eq!(room_title("a", 0), "\u{2068}a\u{2069} · اتاق");
        assert_eq!(room_title("a", 3), "(۳) \u{2068}a\u{2069} · اتاق");
    }

    #[test]
    fn the_rule_names_its_bound() {
        assert!(bad_room_hint().contains("۶۴"));
    }
}
