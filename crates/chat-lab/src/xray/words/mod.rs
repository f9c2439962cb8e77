//! Words of the X-ray, one file for each of its tabs. What the RFC names (FIN, opcode, `Sec-WebSocket-Key`) keeps
//! its name; what happens is said in Persian.

pub(crate) mod breaking;
pub(crate) mod export;
pub(crate) mod frames;
pub(crate) mod handshake;
pub(crate) mod journey;
pub(crate) mod layers;

use chat_ui::digits;

/// What is shown, and what is not.
pub(crate) const NOTE: &str = "این‌ها همان بایت‌هایی است که سوکت سرور دید؛ چیزی بازسازی نشده. فقط کوکی‌ها و توکن‌ها با * پوشانده شده‌اند. اگر پراکسی‌ای میان راه باشد، آن‌چه مرورگر فرستاده ممکن است فرق کند. «پنهان کردن» فقط این بخش را می‌بندد و ضبط ادامه دارد؛ «پایان ضبط» اتصال را می‌بندد و بدون ضبط از نو باز می‌کند.";
/// The same, behind a proxy.
pub(crate) const NOTE_PROXIED: &str = "این‌ها بایت‌هایی است که سوکت سرور از پراکسی جلوی خود دید. میان مرورگر شما و آن پراکسی ممکن است چیز دیگری رفته باشد.";
/// Before the first event.
pub(crate) const WAITING: &str =
    "هنوز چیزی ضبط نشده است. با باز شدن دوباره‌ی اتصال، همه‌چیز همین‌جا پیدا می‌شود.";
/// What is asked for passed before anybody recorded it.
pub(crate) const NOT_RECORDED: &str =
    "آن‌چه پیش از روشن شدن ذره‌بین گذشت ضبط نشده است. چیزی بگویید تا همین‌جا دیده شود.";
/// Record the connection no longer.
pub(crate) const TURN_OFF: &str = "پایان ضبط";
/// What that does.
pub(crate) const TURN_OFF_TITLE: &str =
    "ضبط تمام می‌شود: اتصال بسته و بدون ضبط از نو باز می‌شود، و این بخش کنار می‌رود";
/// Out of sight, and still recorded.
pub(crate) const HIDE: &str = "پنهان کردن";
/// What that does.
pub(crate) const HIDE_TITLE: &str = "فقط این بخش کنار می‌رود: ضبط ادامه دارد و همان دکمه آن را برمی‌گرداند";
/// Where one writes.
pub(crate) const SAY_HERE: &str = "این‌جا چیزی بگویید";
/// Says it.
pub(crate) const SAY: &str = "ارسال";
/// The room did not take it.
pub(crate) const NOT_SAID: &str = "فرستاده نشد؛ کوتاه‌ترش کنید، یا تا وصل شدن صبر کنید.";
/// Of this protocol, and of no RFC.
pub(crate) const OURS: &str = "پروتکل ما";
/// The list of recordings.
pub(crate) const WHICH: &str = "کدام اتصال";
/// The list of tabs.
pub(crate) const TABS: &str = "بخش‌های ذره‌بین";
/// The names of the tabs.
pub(crate) const TAB_NAMES: [&str; 6] = ["دست‌تکانی", "فریم‌ها", "لایه‌ها", "مسیر پیام", "آزمایش خرابی", "خروجی"];
/// The stream broke off.
pub(crate) const STREAM_LOST: &str = "جریان این ضبط قطع شد؛ مرورگر خودش دوباره وصل می‌شود.";
/// It is open, and nothing comes out of it.
pub(crate) const STREAM_HELD: &str =
    "جریان این ضبط باز است ولی چیزی از آن نمی‌رسد؛ گویا پراکسی‌ای میان راه آن را نگه می‌دارد.";
/// There is no more of it to come.
pub(crate) const STREAM_GONE: &str =
    "این ضبط همین‌جا می‌ماند: دنباله‌ای برایش نمی‌آید، و این‌که اتصال چگونه تمام شد دیده نمی‌شود.";
/// The connection lives.
pub(crate) const LIVE: &str = "زنده";
/// The same, of one that is not looked at, and offered.
pub(crate) const ALIVE: &str = "زنده است ←";
/// Nobody knows at the moment.
pub(crate) const UNKNOWN: &str = "بی‌خبر";
/// Nobody will know.
pub(crate) const UNSEEN: &str = "دنباله‌اش دیده نشد";

/// A recording, before its number.
pub(crate) const RECORDING: &str = "اتصال";
/// No connection lives.
pub(crate) const CUT: &str = "اکنون وصل نیست";

/// How a connection ended.
pub(crate) fn ended(code: Option<u16>) -> String {
    match code {
        Some(code) => format!("بسته شد با {code}"),
        None => "بدون خداحافظی قطع شد".to_owned(),
    }
}

/// The recording is as long as it may be.
pub(crate) fn full(limit_bytes: u64) -> String {
    let limit = if limit_bytes.is_multiple_of(1024) {
        format!("{} کیلوبایت", digits::number(limit_bytes / 1024))
    } else {
        bytes(limit_bytes)
    };
    format!(
        "ضبط پر شد: بیش از {limit} نگه داشته نمی‌شود. اتصال کار می‌کند، ولی ادامه‌اش دیده نمی‌شود. ذره‌بین را خاموش و روشن کنید تا ضبط تازه‌ای شروع شود."
    )
}

/// A time from the beginning of the recording, in seconds with three digits behind the point.
pub(crate) fn clock(us: u64) -> String {
    let ms = us / 1000;
    format!("{}٫{} s", digits::number(ms / 1000), thousandths(ms % 1000))
}

/// The same beside code.
pub(crate) fn seconds(us: u64) -> String {
    let ms = us / 1000;
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

/// How long something took.
pub(crate) fn took(us: u64) -> String {
    match us {
        0..1_000 => format!("{} میکروثانیه", digits::number(us)),
        1_000..1_000_000 => {
            format!("{}٫{} میلی‌ثانیه", digits::number(us / 1_000), digits::number(us % 1_000 / 100))
        }
        _ => format!("{}٫{} ثانیه", digits::number(us / 1_000_000), digits::number(us % 1_000_000 / 100_000)),
    }
}

/// A number of bytes.
pub(crate) fn bytes(count: u64) -> String {
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
        assert_eq!(clock(1_234_567), "۱٫۲۳۴ s");
        assert_eq!(took(250), "۲۵۰ میکروثانیه");
        assert_eq!(took(1_250), "۱٫۲ میلی‌ثانیه");
        assert_eq!(took(2_300_000), "۲٫۳ ثانیه");
        assert_eq!(ended(Some(4000)), "بسته شد با 4000");
    }
}
