//! The workbench: a handshake and frames written by hand.

/// What it is for.
pub(crate) const INTRO: &str = "این‌جا مرورگر کنار می‌رود: درخواست ارتقا و فریم‌ها را بایت به بایت خودتان می‌نویسید و پاسخ سروری سخت‌گیر را می‌بینید که RFC 6455 را مو به مو رعایت می‌کند.";
/// Back to the room that one was in last.
pub(crate) const TO_ROOM: &str = "بازگشت به اتاق";
/// First part.
pub(crate) const HANDSHAKE: &str = "۱. درخواست را بنویسید";
/// The requests in groups, by their numbers.
pub(crate) const REQUEST_GROUPS: [(&str, &[usize]); 4] =
    [("درست", &[0]), ("سرآیند کم", &[1, 6]), ("مقدار نادرست", &[2, 3]), ("خط نخست نادرست", &[4, 5])];
/// Names of the requests, by their numbers.
pub(crate) const REQUESTS: [&str; 7] =
    ["درخواست درست", "بدون Upgrade", "نسخه‌ی نادرست", "کلید نادرست", "با POST", "نشانی دیگر", "بدون Host"];
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
pub(crate) const FIRST_SHAKE: &str = "نخست دست‌تکانی را انجام دهید: فریم‌ها پس از پاسخ 101 معنا دارند.";
/// After the end.
pub(crate) const OVER_NOW: &str = "این اتصال تمام شد؛ با «از نو» یکی دیگر بسازید.";
/// The frames in groups, by their numbers.
pub(crate) const FRAME_GROUPS: [(&str, &[usize]); 4] = [
    ("درست", &[0, 1, 2, 9, 12]),
    ("سرآیند نادرست", &[3, 4, 5, 7, 8]),
    ("بار مفید نادرست", &[6]),
    ("کنترلی نادرست", &[10, 11, 13, 14]),
];
/// Names of the frames, by their numbers.
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
    "بستن 1000",
    "بستن 1005",
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

/// What an answer to a request says, in a line: its status, and of a refusal which rule was broken, as the
/// server's `body` names it.
pub(crate) fn answer(code: u16, body: &str) -> String {
    match RULES.into_iter().find(|(named, _)| body.contains(named)) {
        Some((_, told)) => format!("{code}: {told} (RFC 6455 §4.2.1)"),
        None => format!("{code}: {}", status(code)),
    }
}

/// How the server names a broken rule of §4.2.1, and the same in words.
const RULES: [(&str, &str); 7] = [
    ("method must", "روش درخواست باید GET باشد"),
    ("must be HTTP/1.1", "درخواست باید HTTP/1.1 باشد"),
    ("'Upgrade: websocket'", "‎Upgrade: websocket‎ نیست"),
    ("'Connection: Upgrade'", "‎Connection: Upgrade‎ نیست"),
    ("Version' must", "‎Sec-WebSocket-Version‎ باید 13 باشد"),
    ("one 'Host'", "باید درست یک ‎Host‎ باشد"),
    ("Key' must", "‎Sec-WebSocket-Key‎ باید شانزده بایت به صورت base64 باشد"),
];

/// The message came back.
pub(crate) const ECHOED: &str = "برگشت: قاعده‌ای شکسته نشد.";
/// So did the ping, as a pong.
pub(crate) const PONGED: &str = "پونگ آمد، با همان بار مفید.";

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
            format!("{rule} اتصال با کد {code} بسته می‌شود (RFC 6455 §{section}).")
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
    fn refusal_says_which_rule_was_broken() {
        let told = answer(400, "'Sec-WebSocket-Key' must be 16 bytes in base64\n");
        assert!(told.starts_with("400: ") && told.contains("Key") && told.contains("§4.2.1"), "{told}");
        assert_eq!(answer(404, ""), format!("404: {}", status(404)));
    }

    #[test]
    fn every_preset_is_in_one_group() {
        let numbers = |groups: [(&str, &[usize]); 4]| {
            let mut all: Vec<usize> =
                groups.iter().flat_map(|(_, numbers)| numbers.iter().copied()).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(numbers(REQUEST_GROUPS), Vec::from_iter(0..REQUESTS.len()));
        assert_eq!(numbers(FRAME_GROUPS), Vec::from_iter(0..FRAMES.len()));
    }

    #[test]
    fn broken_rule_shows_code_and_section() {
        let told = expected(Expected::Violation("unmasked", 1002, "5.1"));
        assert!(told.contains("ماسک") && told.contains("1002") && told.contains("§5.1"), "{told}");
    }
}
