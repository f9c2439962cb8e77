//! The workbench: a handshake and frames written by hand.

/// What it is for.
pub(crate) const INTRO: &str = "این‌جا مرورگر کنار می‌رود: درخواست ارتقا و فریم‌ها را بایت به بایت خودتان می‌نویسید و پاسخ سروری سخت‌گیر را می‌بینید که RFC 6455 را مو به مو رعایت می‌کند.";
/// First part.
pub(crate) const HANDSHAKE: &str = "۱. درخواست را بنویسید";
/// Ready-made requests, and what they are for.
pub(crate) const PRESETS: &str = "نمونه‌ها";
/// Names of the requests.
pub(crate) const REQUESTS: [&str; 7] =
    ["درست", "بدون Upgrade", "نسخه‌ی نادرست", "کلید نادرست", "با POST", "نشانی دیگر", "بدون Host"];
/// The text.
pub(crate) const REQUEST: &str = "متن درخواست (پایان خط‌ها CRLF فرستاده می‌شود)";
/// Send it.
pub(crate) const SEND_REQUEST: &str = "ارسال";
/// What is to be learnt of the answer.
pub(crate) const ACCEPT_OWN: &str = "پاسخ کلید را خودتان حساب کنید";
/// How.
pub(crate) const ACCEPT_HOW: &str = "رشته‌ی ثابت ‎258EAFA5-E914-47DA-95CA-C5AB0DC85B11‎ را به دنبال کلید بنویسید، از آن SHA-1 بگیرید و بیست بایتش را base64 کنید؛ با هر زبانی که می‌دانید، یا با openssl.";
/// What came out.
pub(crate) const ACCEPT_VALUE: &str = "Sec-WebSocket-Accept به حساب شما";
/// It is right.
pub(crate) const ACCEPT_RIGHT: &str = "درست حساب کردید؛ از سرور هم همین باید بیاید.";
/// It is not.
pub(crate) const ACCEPT_WRONG: &str =
    "هنوز نه. آیا میان کلید و رشته فاصله‌ای نیست، و خود بایت‌ها base64 شده‌اند نه نوشتار هگز آن‌ها؟";
/// Show how it is done.
pub(crate) const ACCEPT_SHOW: &str = "نمایش گام‌به‌گام محاسبه";
/// The first step, of a key that was written by hand.
pub(crate) const ACCEPT_KEY: &str = "کلیدی که نوشتید:";
/// Second part.
pub(crate) const FRAME: &str = "۲. فریم را بسازید";
/// Before the handshake.
pub(crate) const FIRST_SHAKE: &str = "نخست دست‌تکانی را انجام دهید: فریم‌ها پس از پاسخ ۱۰۱ معنا دارند.";
/// Names of the frames.
pub(crate) const FRAMES: [&str; 15] = [
    "متن درست",
    "تکه‌ی نخست",
    "تکه‌ی آخر",
    "بدون ماسک",
    "RSV روشن",
    "opcode رزروشده",
    "UTF-8 نادرست",
    "طول دروغین",
    "طول به شکلی بلندتر از لازم",
    "پینگ",
    "پینگ تکه‌تکه",
    "پینگ بلند",
    "بستن ۱۰۰۰",
    "بستن ۱۰۰۵",
    "نیمه‌ی کد بستن",
];
/// The payload as text.
pub(crate) const AS_TEXT: &str = "بار مفید به متن";
/// The payload as bytes.
pub(crate) const AS_HEX: &str = "بار مفید به هگز";
/// How the length is written.
pub(crate) const FORM: &str = "نوشتار طول";
/// The forms.
pub(crate) const FORMS: [&str; 4] = ["کوتاه‌ترین", "۷ بیتی", "۱۶ بیتی", "۶۴ بیتی"];
/// The length that is claimed.
pub(crate) const LENGTH: &str = "طولی که ادعا می‌شود (خالی: طول واقعی)";

/// The form has no room for the length.
pub(crate) fn cut(said: u64) -> String {
    format!("این نوشتار جای چنین طولی را ندارد؛ بیشینه‌اش روی سیم می‌رود: {}.", chat_ui::digits::number(said))
}

/// The masking key.
pub(crate) const KEY: &str = "کلید ماسک";
/// What may be expected.
pub(crate) const PREDICT: &str = "پیش‌بینی قاعده‌ها";
/// Send it.
pub(crate) const SEND_FRAME: &str = "ارسال فریم";
/// Third part.
pub(crate) const LOG: &str = "۳. آن‌چه رفت و آمد";
/// Nothing yet.
pub(crate) const NOTHING: &str = "هنوز چیزی نفرستاده‌اید.";
/// It is over.
pub(crate) const OVER: &str = "اتصال تمام شد.";
/// Begin anew.
pub(crate) const ANEW: &str = "از نو";
/// It cannot be had.
pub(crate) const UNREACHABLE: &str = "لوله‌ی بایت‌ها باز نشد؛ اتصال به سرور را بررسی کنید.";
/// From you.
pub(crate) const YOU: &str = "شما";
/// From the server.
pub(crate) const SERVER: &str = "سرور";
/// What a status means.
pub(crate) fn status(code: u16) -> &'static str {
    match code {
        101 => "پذیرفته شد: از این پس روی همین اتصال فریم‌ها می‌آیند و می‌روند.",
        400 => "درخواست نادرست است؛ متن پاسخ می‌گوید کدام قاعده شکسته شده.",
        403 => "این درخواست از صفحه‌ی بیگانه‌ای آمده یا نام سرور درست نیست.",
        404 => "چنین نشانی‌ای در این لوله نیست؛ فقط ‎/ws/echo‎ هست.",
        426 => "باید ارتقا بخواهید: سرآیندهای پاسخ می‌گویند به چه.",
        431 => "سرآیندها از اندازه بلندترند.",
        _ => "پاسخ HTTP، بدون ارتقا.",
    }
}

/// What the rules say of a frame.
pub(crate) fn expected(what: Expected) -> String {
    match what {
        Expected::Echo => "قاعده‌ای نمی‌شکند؛ همین را برمی‌گرداند.".into(),
        Expected::Pong => "پینگ است؛ با همان بار مفید پونگ می‌دهد.".into(),
        Expected::Nothing => "پاسخی نمی‌خواهد.".into(),
        Expected::More => "هنوز کامل نیست؛ منتظر بقیه می‌ماند.".into(),
        Expected::Close => "خداحافظی است؛ با همان کد پاسخ می‌دهد و اتصال را می‌بندد.".into(),
        Expected::Violation(name, code, section) => {
            let rule = crate::xray::words::frames::violation(name);
            format!(
                "{rule} اتصال با کد {} بسته می‌شود (بخش {}).",
                chat_ui::digits::year(code.into()),
                chat_ui::digits::persian(section)
            )
        }
    }
}

/// What may be expected of a strict receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expected {
    /// The message comes back.
    Echo,
    /// A pong.
    Pong,
    /// No answer.
    Nothing,
    /// No answer until the rest has come.
    More,
    /// A close frame with the same code.
    Close,
    /// A close frame that names the rule: its name, the code, and the section.
    Violation(&'static str, u16, &'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rule_shows_code_and_section() {
        let told = expected(Expected::Violation("unmasked", 1002, "5.1"));
        assert!(told.contains("ماسک") && told.contains("۱۰۰۲") && told.contains("۵.۱"), "{told}");
    }
}
