//! Words of no single part of the page: titles, and the pages for what is not there.

use chat_protocol::limits::ID_MAX_CHARS;
use chat_ui::{digits, sentence::isolate, words::APP_NAME};

/// What it is, in one line.
pub const TAGLINE: &str = "گفت‌وگوی زنده؛ بدون ثبت‌نام، بدون نصب";

/// Title of the start page.
pub const HOME_TITLE: &str = "اتاق؛ گفت‌وگوی زنده";

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

/// The button before what has no room in the bar.
pub const MORE: &str = "گزینه‌های بیشتر";

/// What the button that opens the X-ray does.
pub const XRAY_TITLE: &str = "زیر ذره‌بین: اتصال از نو باز می‌شود تا ضبط شود";

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
