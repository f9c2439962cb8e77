//! Five ways into one room.

use chat_ui::digits;

/// Title, before the room.
pub(crate) const TITLE: &str = "پنج راه به یک اتاق:";
/// The way into the room itself.
pub(crate) const ROOM: &str = "ورود به این اتاق";
/// What is shown.
pub(crate) const INTRO: &str = "همین حالا پنج عضو این اتاق در همین صفحه‌اند، هر کدام از راهی دیگر. چیزی بگویید و ببینید به هر کدام کی می‌رسد و چند بایت می‌فرستد.";
/// The ways, in the order of their history.
pub(crate) const NAMES: [&str; 5] =
    ["HTTP کلاسیک", "سرکشی (Polling)", "سرکشی بلند (Long polling)", "رویدادهای سرور (SSE)", "WebSocket"];
/// The same in short, as names of people.
pub(crate) const MEMBERS: [&str; 5] = ["HTTP کلاسیک", "سرکشی", "سرکشی بلند", "رویدادهای سرور", "WebSocket"];
/// What each does.
pub(crate) const WHATS: [&str; 5] = [
    "صفحه‌ای که هر بار از نو می‌آید. پیام دیگران را تا تازه نکنید نمی‌بینید.",
    "هر چند ثانیه یک بار می‌پرسد «خبری هست؟»؛ بیشتر وقت‌ها نیست.",
    "می‌پرسد و سرور تا خبری نشود پاسخ نمی‌دهد. برای هر خبر یک درخواست.",
    "یک پاسخ HTTP که تمام نمی‌شود. فقط سرور حرف می‌زند؛ گفتن، درخواست جدا می‌خواهد.",
    "یک اتصال، هر دو سو، هر وقت که بخواهند. برای هر پیام چند بایت سرآیند.",
];
/// Which way to say it.
pub(crate) const BY: &str = "از راه";
/// What to say.
pub(crate) const TEXT: &str = "پیام";
/// Say it.
pub(crate) const SAY: &str = "ارسال";
/// It was not said.
pub(crate) const NOT_SAID: &str = "پیام فرستاده نشد؛ کمی بعد دوباره بگویید.";
/// Nobody answers, or the connection broke off.
pub(crate) const LOST: &str = "سرور پاسخ نمی‌دهد، یا اتصال قطع شد.";
/// Another listener has taken this member over.
pub(crate) const ELSEWHERE: &str = "زبانه‌ی دیگری این راه را در دست دارد.";
/// What came was not understood.
pub(crate) const STRANGE: &str = "پاسخی آمد که فهمیده نشد.";
/// The stream is open, and nothing comes out of it.
pub(crate) const SILENT: &str =
    "جریان باز است ولی چیزی از آن نمی‌رسد؛ گویا پراکسی‌ای میان راه آن را نگه می‌دارد.";
/// It is tried again.
pub(crate) const AGAIN: &str = "کمی بعد دوباره تلاش می‌شود.";
/// It is not, until somebody wants it.
pub(crate) const RESTS: &str = "این راه ایستاد.";

/// It was answered with this HTTP status.
pub(crate) fn refused(status: u16) -> String {
    format!("سرور با کد {status} HTTP نپذیرفت.")
}

/// The room ended it with this close code.
pub(crate) fn closed(code: u16) -> String {
    format!("اتاق با کد {code} بست.")
}

/// Load the page anew.
pub(crate) const REFRESH: &str = "تازه‌سازی";
/// Rest.
pub(crate) const REST: &str = "توقف";
/// Go on.
pub(crate) const GO_ON: &str = "ادامه";
/// How often polling asks.
pub(crate) const INTERVAL: &str = "فاصله‌ی پرسش‌ها";
/// By how much a round trip is longer than it is.
pub(crate) const ROUND_TRIP: &str = "رفت‌وبرگشت افزوده (RTT):";
/// Where it is made longer.
pub(crate) const ROUND_TRIP_MADE: &str = "این تأخیر را همین صفحه می‌سازد، برای همه‌ی راه‌ها یکسان: نیمی پیش از فرستادن، نیمی پس از رسیدن. سرور، بایت‌ها و باز شدن اتصال‌ها همان‌اند.";
/// The column of their names.
pub(crate) const WAY: &str = "راه";
/// Names of the figures.
pub(crate) const REQUESTS: &str = "درخواست";
/// Bytes in all.
pub(crate) const ALL: &str = "همه‌ی بایت‌ها";
/// Bytes of headers.
pub(crate) const HEADERS: &str = "بایت سرآیند";
/// Bytes of payload.
pub(crate) const PAYLOAD: &str = "بایت بار مفید";
/// Bytes while nobody speaks.
pub(crate) const SILENCE: &str = "هر ثانیه سکوت";
/// The median delay.
pub(crate) const MEDIAN: &str = "میانه‌ی تأخیر";
/// All delays.
pub(crate) const DELAYS: &str = "تأخیر هر پیام (مقیاس لگاریتمی)";
/// The scale of delays, from its beginning to its end.
pub(crate) const SCALE: [&str; 5] = ["۱ ms", "۱۰ ms", "۱۰۰ ms", "۱ s", "۱۰ s"];
/// What was paid, as a picture.
pub(crate) const OVER_TIME: &str = "همه‌ی بایت‌ها، ثانیه به ثانیه";
/// What came.
pub(crate) const HEARD: &str = "پیام‌های رسیده";
/// Nothing to compare yet.
pub(crate) const NO_VERDICT: &str = "چند پیام بگویید و کمی صبر کنید تا اندازه‌ها خودشان حرف بزنند.";
/// Some of what is to be compared was not counted.
pub(crate) const NO_FAIR_VERDICT: &str =
    "همه‌ی بایت‌های WebSocket شمرده نشد؛ مقایسه با عددی که کم است منصفانه نیست.";
/// A connection is not recorded.
pub(crate) const UNSEEN: &str =
    "ضبط این اتصال در دست نیست؛ بایت‌هایش شمرده نمی‌شود و عددها از مقدار واقعی کمترند.";

/// The recording is as long as it may be.
pub(crate) fn full(limit_bytes: u64) -> String {
    format!(
        "ضبط این اتصال پر شد ({} کیلوبایت)؛ از این پس بایت‌هایش شمرده نمی‌شود و عددها از مقدار واقعی کمترند.",
        digits::number(limit_bytes / 1024)
    )
}

/// How it is measured.
pub(crate) const HOW_MEASURED: &str = "بایت‌ها را سرور روی سوکت شمرده است: سرآیند یعنی خط درخواست، سرآیندهای HTTP و سرآیند فریم‌ها؛ بار مفید یعنی بدنه‌ها. تأخیر را ساعت همین صفحه می‌سنجد: از لحظه‌ی گفتن تا رسیدن به هر راه. خط پهن، نیمه‌ی میانی اندازه‌هاست؛ راه‌هایی که نیمه‌ی میانی‌شان روی هم می‌افتد یکی شمرده می‌شوند (≈). ثانیه‌ی سکوت، ثانیه‌ای است که تا سه ثانیه پیش از آن هم از هیچ راهی چیزی نیامده باشد.";

/// The name of a way's member.
pub(crate) fn name(way: usize, mark: u32) -> String {
    let name = MEMBERS.get(way).copied().unwrap_or_default();
    format!("{name} {}", digits::year(mark.into()))
}

/// A time in the unit in which it is read at a glance.
pub(crate) fn ms(ms: f64) -> String {
    if ms < 999.5 { format!("{} ms", tenths(ms)) } else { format!("{} s", tenths(ms / 1_000.0)) }
}

/// The median of a way's delays, and whether another way has the same.
pub(crate) fn median(median: Option<(f64, bool)>) -> String {
    median.map_or_else(
        || "—".to_owned(),
        |(median, is_shared)| format!("{}{}", if is_shared { "≈ " } else { "" }, ms(median)),
    )
}

/// A number of bytes in each second of silence.
pub(crate) fn rate(bytes: Option<f64>) -> String {
    bytes.map_or_else(|| "—".to_owned(), tenths)
}

/// In which unit, and in how many seconds of silence.
pub(crate) fn silent(seconds: u64) -> String {
    format!("بایت، در {} s", digits::number(seconds))
}

/// A moment on the page's clock.
pub(crate) fn second(ms: f64) -> String {
    format!("{} s", digits::number((ms / 1_000.0).round() as u64))
}

/// The same where it matters, up to a hundred of them.
fn tenths(n: f64) -> String {
    let tenths = (n * 10.0).round() as u64;
    match tenths % 10 {
        part if part > 0 && tenths < 1_000 => {
            format!("{}٫{}", digits::number(tenths / 10), digits::number(part))
        }
        _ => digits::number(n.round() as u64),
    }
}

/// The ways that have a median in common, by their numbers: what they differ by is not said.
pub(crate) fn equal(shared: &[Option<f64>; 5]) -> String {
    let mut told = String::new();
    for (at, median) in shared.iter().enumerate() {
        let is_it = |other: &Option<f64>| median.is_some() && other == median;
        if shared[..at].iter().any(is_it) || median.is_none() {
            continue;
        }
        let names = shared.iter().zip(MEMBERS).filter(|(other, _)| is_it(other)).map(|(_, name)| name);
        let names = names.collect::<Vec<_>>().join(" ≈ ");
        told += &format!("{names}: اختلافشان از پراکندگی اندازه‌هایشان کمتر است و یکی کشیده شده‌اند. ");
    }
    told
}

/// Once in so many milliseconds.
pub(crate) fn every(ms: u32) -> String {
    match ms {
        500 => "هر نیم ثانیه".to_owned(),
        ms => format!("هر {} ثانیه", digits::number((ms / 1000).into())),
    }
}

/// For so many messages, polling took so many times the bytes. In the first seconds these are fewer, which is
/// no verdict yet.
pub(crate) fn verdict(count: u64, times: f64) -> String {
    let tenths = (times * 10.0).round() as u64;
    let early = if tenths < 10 { EARLY } else { "" };
    format!(
        "برای {} پیامی که تا این‌جا رسید، سرکشی {}٫{} برابر WebSocket بایت فرستاد.{early}",
        digits::number(count),
        digits::number(tenths / 10),
        digits::number(tenths % 10)
    )
}

/// Why not much has been seen yet.
const EARLY: &str = " هنوز زود است: WebSocket سرآیندش را یک بار داد، سرکشی هر بار می‌دهد.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_reads_best() {
        assert_eq!([0.04, 2.14, 250.3, 999.9, 1_240.0].map(ms), ["۰ ms", "۲٫۱ ms", "۲۵۰ ms", "۱ s", "۱٫۲ s"]);
        assert_eq!(
            (rate(None), rate(Some(0.32)), rate(Some(412.4))),
            ("—".into(), "۰٫۳".into(), "۴۱۲".into())
        );
        assert_eq!(median(Some((2.0, true))), "≈ ۲ ms");
    }

    #[test]
    fn equal_ways_are_named_together() {
        let told = equal(&[None, Some(3.0), Some(2.0), Some(3.0), Some(2.0)]);
        assert!(told.starts_with("سرکشی ≈ رویدادهای سرور: "), "{told}");
        assert!(told.contains(" سرکشی بلند ≈ WebSocket: "), "{told}");
        assert_eq!(equal(&[None; 5]), "");
    }

    #[test]
    fn the_verdict_is_a_sentence() {
        assert!(verdict(3, 12.34).contains("۳ پیامی") && verdict(3, 12.34).contains("۱۲٫۳ برابر"));
        assert!(verdict(4, 0.8).ends_with(EARLY) && !verdict(4, 1.0).ends_with(EARLY));
    }
}
