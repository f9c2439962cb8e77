//! Words of the X-ray, one file for each of its tabs. Nothing here is used by the room page, and so
//! nothing of it is in that page's download. What the RFC names (FIN, opcode, `Sec-WebSocket-Key`) keeps
//! its name; what happens is said in Persian.

pub mod breaking;
pub mod frames;
pub mod handshake;
pub mod journey;
pub mod layers;
pub mod take_home;

use crate::fa::digits;

/// What is shown, and what is not.
pub const NOTE: &str = "این‌ها همان بایت‌هایی است که سوکت سرور دید؛ چیزی بازسازی نشده. فقط کوکی‌ها و نشانه‌های محرمانه با * پوشانده شده‌اند. اگر پراکسی‌ای میان راه باشد، آن‌چه مرورگر فرستاده ممکن است فرق کند.";
/// The same, behind a proxy.
pub const NOTE_PROXIED: &str = "این‌ها بایت‌هایی است که سوکت سرور از پراکسی جلوی خود دید. میان مرورگر شما و آن پراکسی ممکن است چیز دیگری رفته باشد.";
/// Before the first event.
pub const WAITING: &str = "هنوز چیزی ضبط نشده است. با باز شدن دوباره‌ی اتصال، همه‌چیز همین‌جا پیدا می‌شود.";
/// Record the connection no longer.
pub const TURN_OFF: &str = "خاموش کردن";
/// The list of recordings.
pub const WHICH: &str = "کدام اتصال";
/// The list of tabs.
pub const TABS: &str = "بخش‌های اشعه‌ی ایکس";
/// The names of the tabs.
pub const TAB_NAMES: [&str; 6] = ["دست‌دادن", "قاب‌ها", "لایه‌ها", "سفر", "خراب کنید", "به خانه ببرید"];
/// Make the panel as wide as the page, and back.
pub const WIDEN: &str = "بزرگ‌نمایی";
/// The stream broke off.
pub const STREAM_LOST: &str = "جریان این ضبط قطع شد؛ مرورگر خودش دوباره وصل می‌شود.";
/// It is open, and nothing comes out of it.
pub const STREAM_HELD: &str =
    "جریان این ضبط باز است ولی چیزی از آن نمی‌رسد؛ گویا پراکسی‌ای میان راه آن را نگه می‌دارد.";
/// There is no more of it to come.
pub const STREAM_GONE: &str =
    "این ضبط همین‌جا می‌ماند: دنباله‌ای برایش نمی‌آید، و این‌که اتصال چگونه تمام شد دیده نمی‌شود.";
/// The connection lives.
pub const LIVE: &str = "زنده";
/// Nobody knows at the moment.
pub const UNKNOWN: &str = "بی‌خبر";
/// Nobody will know.
pub const UNSEEN: &str = "دنباله‌اش دیده نشد";

/// The name of a recording, counted from one.
pub fn recording(number: usize) -> String {
    format!("اتصال {}", digits::number(number as u64))
}

/// How a connection ended.
pub fn ended(code: Option<u16>) -> String {
    match code {
        Some(code) => format!("بسته شد با {}", digits::year(code.into())),
        None => "بی خداحافظی قطع شد".to_owned(),
    }
}

/// The recording is as long as it may be.
pub fn full(limit_bytes: u64) -> String {
    let limit = if limit_bytes.is_multiple_of(1024) {
        format!("{} کیلوبایت", digits::number(limit_bytes / 1024))
    } else {
        bytes(limit_bytes)
    };
    format!(
        "ضبط پر شد: بیش از {limit} نگه داشته نمی‌شود. اتصال کار می‌کند، ولی ادامه‌اش دیده نمی‌شود. اشعه‌ی ایکس را خاموش و روشن کنید تا ضبط تازه‌ای شروع شود."
    )
}

/// A time from the beginning of the recording, in seconds with three digits behind the point.
pub fn clock(us: u64) -> String {
    let ms = us / 1000;
    format!("{}٫{} ث", digits::number(ms / 1000), thousandths(ms % 1000))
}

/// How long something took.
pub fn took(us: u64) -> String {
    match us {
        0..1_000 => format!("{} میکروثانیه", digits::number(us)),
        1_000..1_000_000 => {
            format!("{}٫{} میلی‌ثانیه", digits::number(us / 1_000), digits::number(us % 1_000 / 100))
        }
        _ => format!("{}٫{} ثانیه", digits::number(us / 1_000_000), digits::number(us % 1_000_000 / 100_000)),
    }
}

/// A number of bytes.
pub fn bytes(count: u64) -> String {
    format!("{} بایت", digits::number(count))
}

fn thousandths(n: u64) -> String {
    digits::persian(&format!("{n:03}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_at_a_glance() {
        assert_eq!(clock(1_234_567), "۱٫۲۳۴ ث");
        assert_eq!(took(250), "۲۵۰ میکروثانیه");
        assert_eq!(took(1_250), "۱٫۲ میلی‌ثانیه");
        assert_eq!(took(2_300_000), "۲٫۳ ثانیه");
        assert_eq!(ended(Some(4000)), "بسته شد با ۴۰۰۰");
    }
}
