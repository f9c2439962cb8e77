//! The conversation and the composer.

use chat_ui::digits;

/// `aria-label` of the conversation (`role="log"`).
pub const LOG: &str = "گفت‌وگو";

/// A room in which nothing was said yet: heading.
pub const EMPTY: &str = "هنوز پیامی نیست";
/// And what one can do about it.
pub const EMPTY_HINT: &str = "نخستین پیام را شما بنویسید، یا پیوند اتاق را برای دیگران بفرستید.";

/// A room in which others talked before one came: heading, and what stays above the first message.
pub const BEGINNING: &str = "گفت‌وگو برای شما از همین‌جا شروع می‌شود";
/// And why.
pub const BEGINNING_HINT: &str =
    "پیش از آمدنتان هم حرف‌هایی زده شده، اما اتاق آن‌ها را برای تازه‌واردها نگه نمی‌دارد.";

/// Where messages may be missing.
pub const GAP: &str = "شاید پیام‌هایی را در زمان قطعی از دست داده باشید.";

/// `aria-label` of the composer.
pub const COMPOSER: &str = "متن پیام";
/// Its placeholder.
pub const PLACEHOLDER: &str = "پیامی بنویسید…";
/// Its hint where there is a keyboard.
pub const KEYS_HINT: &str = "Enter می‌فرستد و Shift+Enter به خط بعد می‌رود.";
/// The button.
pub const SEND: &str = "فرستادن";

/// A message on its way.
pub const SENDING: &str = "در حال فرستادن";
/// A message that arrived in the room.
pub const SENT: &str = "فرستاده شد";
/// A message the server did not take.
pub const FAILED: &str = "فرستاده نشد";
/// Sends it again.
pub const RETRY: &str = "دوباره";
/// The same as an `aria-label`.
pub const RETRY_LABEL: &str = "دوباره فرستادن این پیام";
/// Takes it back into the composer.
pub const EDIT: &str = "ویرایش";
/// The same as an `aria-label`.
pub const EDIT_LABEL: &str = "ویرایش این پیام";
/// Gives it up.
pub const DISCARD: &str = "حذف";
/// The same as an `aria-label`.
pub const DISCARD_LABEL: &str = "حذف این پیام";

/// `aria-label` of the button that scrolls to the end.
pub const TO_NEWEST: &str = "رفتن به تازه‌ترین پیام";
/// The button while one reads further up: «۳ پیام تازه».
pub fn unread(count: u64) -> String {
    format!("{} پیام تازه", digits::number(count))
}

/// At the head of a printed conversation: «چاپ‌شده در دوشنبه ۲ آذر ۱۴۰۵، ساعت ۱۴:۰۵».
pub fn printed(when: &str) -> String {
    format!("چاپ‌شده در {when}")
}

/// Near the limit: «۱۲ نویسه مانده», and beyond it «۵ نویسه بیشتر از اندازه».
pub fn characters_left(length: usize, max: usize) -> String {
    match max.checked_sub(length) {
        Some(left) => format!("{} نویسه مانده", digits::number(left as u64)),
        None => format!("{} نویسه بیشتر از اندازه", digits::number((length - max) as u64)),
    }
}

/// A file was dropped or pasted.
pub const NO_FILES: &str = "این‌جا فقط متن می‌شود فرستاد، نه فایل و تصویر.";

/// The composer while as much waits as may.
pub fn queue_full(waiting: usize) -> String {
    format!("{} پیام در صف است؛ پس از وصل‌شدن بفرستید.", digits::number(waiting as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_turns_at_the_limit() {
        assert_eq!(characters_left(4084, 4096), "۱۲ نویسه مانده");
        assert_eq!(characters_left(4096, 4096), "۰ نویسه مانده");
        assert_eq!(characters_left(4101, 4096), "۵ نویسه بیشتر از اندازه");
    }
}
