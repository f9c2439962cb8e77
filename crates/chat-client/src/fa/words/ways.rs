//! Five ways into one room, and the classic page that is one of them.

use crate::fa::digits;

/// Title, before the room.
pub const TITLE: &str = "پنج راه به یک اتاق:";
/// What is shown.
pub const INTRO: &str = "همین حالا پنج عضو این اتاق در همین صفحه‌اند، هر کدام از راهی دیگر. چیزی بگویید و ببینید به هر کدام کی می‌رسد و چند بایت روی سیم می‌برد.";
/// The ways, in the order of their history.
pub const NAMES: [&str; 5] =
    ["HTTP کلاسیک", "سرکشی (Polling)", "سرکشی بلند (Long polling)", "رویدادهای سرور (SSE)", "WebSocket"];
/// The same as names of people.
const MEMBERS: [&str; 5] = ["HTTP کلاسیک", "سرکشی", "سرکشی بلند", "رویدادهای سرور", "WebSocket"];
/// What each does.
pub const WHATS: [&str; 5] = [
    "صفحه‌ای که هر بار از نو می‌آید. پیام دیگران را تا تازه نکنید نمی‌بینید.",
    "هر چند ثانیه یک بار می‌پرسد «خبری هست؟»؛ بیشتر وقت‌ها نیست.",
    "می‌پرسد و سرور تا خبری نشود پاسخ نمی‌دهد. برای هر خبر یک درخواست.",
    "یک پاسخ HTTP که تمام نمی‌شود. فقط سرور حرف می‌زند؛ گفتن، درخواست جدا می‌خواهد.",
    "یک اتصال، هر دو سو، هر وقت که بخواهند. برای هر پیام چند بایت سربرگ.",
];
/// Which way to say it.
pub const BY: &str = "از راه";
/// What to say.
pub const TEXT: &str = "پیام";
/// Say it.
pub const SAY: &str = "بگو";
/// It was not said.
pub const NOT_SAID: &str = "پیام فرستاده نشد؛ کمی بعد دوباره بگویید.";
/// Nobody answers, or the connection broke off.
pub const LOST: &str = "سرور پاسخ نمی‌دهد، یا اتصال قطع شد.";
/// Another listener has taken this member over.
pub const ELSEWHERE: &str = "زبانه‌ی دیگری این راه را در دست دارد.";
/// What came was not understood.
pub const STRANGE: &str = "پاسخی آمد که فهمیده نشد.";
/// The stream is open, and nothing comes out of it.
pub const SILENT: &str = "جریان باز است ولی چیزی از آن نمی‌رسد؛ گویا پراکسی‌ای میان راه آن را نگه می‌دارد.";
/// It is tried again.
pub const AGAIN: &str = "کمی بعد دوباره تلاش می‌شود.";
/// It is not, until somebody wants it.
pub const RESTS: &str = "این راه ایستاد.";

/// It was answered with this HTTP status.
pub fn refused(status: u16) -> String {
    format!("سرور با کد {} HTTP نپذیرفت.", digits::year(status.into()))
}

/// The room ended it with this close code.
pub fn closed(code: u16) -> String {
    format!("اتاق با کد {} بست.", digits::year(code.into()))
}

/// Load the page anew.
pub const REFRESH: &str = "تازه کن";
/// Rest.
pub const REST: &str = "نگه دار";
/// Go on.
pub const GO_ON: &str = "ادامه بده";
/// How often polling asks.
pub const INTERVAL: &str = "فاصله‌ی پرسش‌ها";
/// Names of the figures.
pub const REQUESTS: &str = "درخواست";
/// Bytes of headers.
pub const HEADERS: &str = "سربرگ";
/// Bytes of payload.
pub const PAYLOAD: &str = "محموله";
/// The last delay.
pub const LAST: &str = "آخرین تأخیر";
/// The median delay.
pub const MEDIAN: &str = "میانه‌ی تأخیر";
/// The scale of delays: its beginning, its middle, its end.
pub const SCALE: [&str; 3] = ["۱ م‌ث", "۱۰۰ م‌ث", "۱۰ ث"];
/// What came.
pub const HEARD: &str = "پیام‌های رسیده";
/// Nothing to compare yet.
pub const NO_VERDICT: &str = "چند پیام بگویید و کمی صبر کنید تا اندازه‌ها خودشان حرف بزنند.";
/// Some of what is to be compared was not counted.
pub const NO_FAIR_VERDICT: &str = "همه‌ی بایت‌های WebSocket شمرده نشد؛ مقایسه با عددی که کم است منصفانه نیست.";
/// A connection is not recorded.
pub const UNSEEN: &str = "ضبط این اتصال در دست نیست؛ بایت‌هایش شمرده نمی‌شود و عددها از راستین کمترند.";

/// The recording is as long as it may be.
pub fn full(limit_bytes: u64) -> String {
    format!(
        "ضبط این اتصال پر شد ({} کیلوبایت)؛ از این پس بایت‌هایش شمرده نمی‌شود و عددها از راستین کمترند.",
        digits::number(limit_bytes / 1024)
    )
}

/// How it is measured.
pub const HOW_MEASURED: &str = "بایت‌ها را سرور روی سوکت شمرده است: سربرگ یعنی خط درخواست، سربرگ‌های HTTP و سربرگ قاب‌ها؛ محموله یعنی بدنه‌ها. تأخیر را ساعت همین صفحه می‌سنجد: از لحظه‌ی گفتن تا رسیدن به هر راه.";

/// The name of a way's member.
pub fn name(way: usize, mark: u32) -> String {
    let name = MEMBERS.get(way).copied().unwrap_or_default();
    format!("{name} {}", digits::year(mark.into()))
}

/// Once in so many milliseconds.
pub fn every(ms: u32) -> String {
    match ms {
        500 => "هر نیم ثانیه".to_owned(),
        ms => format!("هر {} ثانیه", digits::number((ms / 1000).into())),
    }
}

/// For so many messages, polling took so many times the bytes.
pub fn verdict(count: u64, times: f64) -> String {
    let tenths = (times * 10.0).round() as u64;
    format!(
        "برای {} پیامی که تا این‌جا رسید، سرکشی {}٫{} برابر WebSocket بایت روی سیم برد.",
        digits::number(count),
        digits::number(tenths / 10),
        digits::number(tenths % 10)
    )
}

/// Title of the classic page.
pub const CLASSIC_TITLE: &str = "اتاق به شیوه‌ی کلاسیک:";
/// What it is.
pub const CLASSIC_INTRO: &str = "این صفحه جاوااسکریپت ندارد: یک فرم است و هر بار از نو می‌آید. پیام دیگران را تا صفحه را تازه نکنید نمی‌بینید.";
/// Nothing was said yet.
pub const CLASSIC_EMPTY: &str = "از وقتی آمده‌اید چیزی گفته نشده است.";
/// Go in.
pub const ENTER: &str = "ورود";
/// One's name.
pub const YOUR_NAME: &str = "نام شما";
/// The same room by WebSocket.
pub const LIVE: &str = "همین اتاق با WebSocket";
/// All ways.
pub const COMPARE: &str = "پنج راه کنار هم";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_a_sentence() {
        assert!(verdict(3, 12.34).contains("۳ پیامی") && verdict(3, 12.34).contains("۱۲٫۳ برابر"));
    }
}
