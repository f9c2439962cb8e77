//! The connection, and why it ended.

use chat_protocol::CloseCode;
use chat_ui::{dates, digits};

/// The close code with which a request is told that its page, or the name it was sent to, may not connect
/// (RFC 6455 §7.4.1).
const POLICY_VIOLATION: u16 = 1008;

/// The socket is opening.
pub const OPENING: &str = "در حال اتصال…";
/// Open, and asking to join.
pub const JOINING: &str = "در حال ورود به اتاق…";
/// In the room.
pub const OPEN: &str = "وصل";
/// The join was not accepted; another name may be.
pub const REFUSED: &str = "وارد اتاق نشدید";
/// Tries again without waiting.
pub const NOW: &str = "همین حالا";
/// The device has no network. Shown beside the countdown: a room on this very device needs none.
pub const OFFLINE: &str = "شبکه در دسترس نیست؛ ";
/// It is being tried again at this moment.
pub const TRYING: &str = "در حال تلاش…";
/// One's own message has been under way for a while.
pub const WAITED_FOR: &str = "در انتظار پاسخ…";
/// By which way one is connected, where it is not a WebSocket.
pub const HTTP: &str = "HTTP";
/// The same, in a sentence.
pub const BY_HTTP: &str = "این گفت‌وگو از راه HTTP می‌آید، نه WebSocket";
/// The network lets no WebSocket through, and HTTP carries the conversation.
pub const CARRIED_BY_HTTP: &str = "این شبکه راه WebSocket را می‌بندد؛ گفت‌وگو از راه HTTP ادامه دارد.";
/// The network lets no WebSocket through, and one is not in by HTTP either, at least for now.
pub const BLOCKED: &str = "این شبکه راه WebSocket را می‌بندد.";
/// Tries a WebSocket again.
pub const AGAIN: &str = "تلاش دوباره";
/// Leads to the page that needs neither a WebSocket nor a program.
pub const CLASSIC: &str = "نسخه‌ی ساده";
/// The room has as many people as it may; it is asked again by itself.
pub const ROOM_FULL: &str = "این اتاق پر است؛ کمی بعد شاید جا باز شود.";
/// Connects again after an end that is not tried again by itself.
pub const RECONNECT: &str = "اتصال دوباره";

/// A round trip: «۱۲ میلی‌ثانیه», from a second on «۱٫۲ ثانیه».
pub fn round_trip(ms: u32) -> String {
    match ms {
        0..1000 => format!("{} میلی‌ثانیه", digits::number(ms.into())),
        _ => {
            let tenths = u64::from(ms) / 100;
            format!("{}٫{} ثانیه", digits::number(tenths / 10), digits::number(tenths % 10))
        }
    }
}

/// What the number beside «وصل» means.
pub const ROUND_TRIP_TITLE: &str = "زمان رفت‌وبرگشت یک پیام تا سرور";

/// Lost, and being tried again.
pub const LOST: &str = "قطع شد";
/// Over, until somebody asks for it again.
pub const CLOSED: &str = "بسته شد";

/// When it is tried again: «تلاش دوباره تا ۳ ثانیه‌ی دیگر».
pub fn retry_in(ms: u64) -> String {
    format!("تلاش دوباره تا {}‌ی دیگر", dates::duration_words(ms))
}

/// Why a connection ended, for any close code a browser may report (RFC 6455 §7.4). Where the
/// code means "come back", the countdown says the rest.
pub fn closed(code: u16) -> &'static str {
    match CloseCode::ALL.into_iter().find(|close| close.code() == code) {
        Some(CloseCode::Normal) => "اتصال بسته شد.",
        Some(CloseCode::GoingAway | CloseCode::ServerStopping) => "سرور در حال راه‌اندازی دوباره است.",
        Some(CloseCode::ProtocolError | CloseCode::InvalidUtf8) => {
            "سرور پیام این صفحه را نفهمید. صفحه را یک بار تازه کنید."
        }
        Some(CloseCode::TooBig) => "پیام بزرگ‌تر از آن بود که سرور بپذیرد.",
        Some(CloseCode::InternalError) => "سرور به مشکلی برخورد.",
        Some(CloseCode::TryAgainLater) => "سرور پر است؛ کمی بعد جا باز می‌شود.",
        Some(CloseCode::SlowReader) => "سرعت شبکه‌ی شما به گفت‌وگو نمی‌رسید.",
        Some(CloseCode::PingTimeout) => "مدتی پاسخی نرسید.",
        Some(CloseCode::TooManyRooms) => "از شبکه‌ی شما پشت‌سرهم اتاق‌های زیادی ساخته شد؛ کمی صبر کنید.",
        Some(CloseCode::Replaced) => "این گفت‌وگو در جای دیگری باز شد و این‌جا بسته شد.",
        Some(CloseCode::Ended) => "این گفت‌وگو از زبانه‌ی دیگری از خودتان بسته شد.",
        Some(CloseCode::JoinTimeout) => "ورود به اتاق بیش از اندازه طول کشید.",
        Some(CloseCode::Abuse) => "به دلیل درخواست‌های نادرست پی‌درپی، سرور اتصال را بست.",
        None if code == POLICY_VIOLATION => "سرور این نشانی را نمی‌پذیرد؛ مدیر سرور باید آن را مجاز کند.",
        _ if CloseCode::should_reconnect(code) => "اتصال قطع شد.",
        _ => "سرور اتصال را بست.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_is_readable_at_any_length() {
        for (ms, expected) in [
            (0, "۰ میلی‌ثانیه"),
            (12, "۱۲ میلی‌ثانیه"),
            (999, "۹۹۹ میلی‌ثانیه"),
            (1000, "۱٫۰ ثانیه"),
            (1250, "۱٫۲ ثانیه"),
        ] {
            assert_eq!(round_trip(ms), expected);
        }
    }

    #[test]
    fn a_countdown_is_a_sentence() {
        assert_eq!(retry_in(2500), "تلاش دوباره تا ۳ ثانیه‌ی دیگر");
    }

    #[test]
    fn known_close_code_has_specific_words() {
        for close in CloseCode::ALL {
            assert_ne!(closed(close.code()), closed(4999), "{close:?}");
        }
        assert_eq!(closed(1006), "اتصال قطع شد.");
        assert_eq!(closed(4321), "اتصال قطع شد.");
        assert_ne!(closed(POLICY_VIOLATION), closed(4999));
    }
}
