//! What was not accepted, and what to do about it. The server's `detail` is English for people who
//! write clients; these are the words for the people who use this one.

use chat_protocol::{ErrorCode, Flaw, limits::NAME_MAX_CHARS};
use chat_ui::{
    dates, digits,
    sentence::{Sentence, isolate},
};

use super::BAD_ROOM;

/// As [`error`]; and with a name that is free in so many seconds, because who has it is away, why it is
/// taken and for how long.
pub fn error_until(code: ErrorCode, suggestion: Option<&str>, free_in: Option<u32>) -> Sentence {
    let Some(seconds) = free_in else { return error(code, suggestion) };
    let time = dates::duration_words(u64::from(seconds) * 1000);
    let why = format!("اتصال کسی با این نام قطع شده؛ اگر برنگردد، نام تا {time}‌ی دیگر آزاد می‌شود.");
    let told = Sentence::default().words(&why);
    match suggestion {
        Some(free) => told.words(" «").name(free).words("» اکنون آزاد است."),
        None => told,
    }
}

/// An error the server sent, or one of its rules broken before anything was sent. `suggestion` is
/// the free name that comes with [`ErrorCode::NameTaken`].
pub fn error(code: ErrorCode, suggestion: Option<&str>) -> Sentence {
    match (code, suggestion) {
        (ErrorCode::NameTaken, Some(free)) => {
            Sentence::default().words("این نام گرفته شده؛ «").name(free).words("» آزاد است.")
        }
        _ => Sentence::default().words(&plain(code)),
    }
}

/// What is wrong with the name that somebody typed.
pub fn name(flaw: Flaw) -> String {
    match flaw {
        Flaw::Empty => "نامتان را بنویسید.".into(),
        Flaw::TooLong { length, max } => too_long("این نام", length, max),
        Flaw::Char(c) | Flaw::Start(c) => {
            ["این نام پذیرفته نیست: نویسه‌ی ", &code_point(c), " دیده نمی‌شود، یا هر جا شکل دیگری دارد."]
                .concat()
        }
        _ => ["این نام پذیرفته نیست: ", TOWER].concat(),
    }
}

/// What is wrong with the room that somebody typed.
pub fn room(flaw: Flaw) -> String {
    let why = match flaw {
        Flaw::Empty => return "نام اتاق را بنویسید.".into(),
        Flaw::TooLong { length, max } => return too_long("نام اتاق", length, max),
        Flaw::Elsewhere => return ELSEWHERE.into(),
        Flaw::NoRoom => return NO_ROOM.into(),
        Flaw::Marks => TOWER.into(),
        Flaw::Char(c) | Flaw::Start(c) => {
            let kind = match c {
                '!'..='~' => "علامت",
                '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}' => "شکلک",
                _ => "نویسه‌ی",
            };
            let shown = if c < '\u{E0000}' { isolate(&String::from(c)) } else { code_point(c) };
            [kind, " «", &shown, "» در آن جا ندارد."].concat()
        }
    };
    [BAD_ROOM, ": ", &why].concat()
}

const TOWER: &str = "روی یک حرفش بیش از دو نشانه است.";

const ELSEWHERE: &str = "این پیوند به سایت دیگری می‌رود؛ آن را در مرورگر باز کنید. برای اتاقی با همان نام در این‌جا، فقط نامش را بنویسید.";

const NO_ROOM: &str = "این پیوند به هیچ اتاقی نمی‌رسد؛ نام اتاق یا پیوند خودش را بنویسید.";

fn too_long(what: &str, length: usize, max: usize) -> String {
    let [over, max] = [length - max, max].map(|count| digits::number(count as u64));
    [what, " ", &over, " نویسه بلندتر از اندازه است؛ بیشتر از ", &max, " نویسه نمی‌شود."].concat()
}

/// «U+F8FF», in the direction of Latin.
fn code_point(c: char) -> String {
    isolate(&format!("U+{:04X}", c as u32))
}

fn plain(code: ErrorCode) -> String {
    match code {
        ErrorCode::BadName => {
            return format!(
                "این نام پذیرفته نیست: باید در یک خط دیده شود، نویسه‌ی نامرئی نداشته باشد و بیشتر از {} نویسه نباشد.",
                digits::number(NAME_MAX_CHARS as u64)
            );
        }
        // Without a number: the operator may have set a tighter bound than the protocol's.
        ErrorCode::TextTooLong => "پیام بلندتر از اندازه است؛ کوتاه‌ترش کنید.",
        ErrorCode::NameTaken => "این نام گرفته شده؛ نام دیگری انتخاب کنید.",
        ErrorCode::EmptyText => "پیام خالی است.",
        ErrorCode::BadRoomId => "اتاقی با این نام نمی‌شود ساخت.",
        ErrorCode::RoomFull => "این اتاق پر است.",
        ErrorCode::TooFast => "خیلی تند پیام می‌فرستید؛ کمی صبر کنید.",
        ErrorCode::NotJoined => "هنوز وارد اتاق نشده‌اید.",
        ErrorCode::XrayUnavailable => "سرور اکنون نمی‌تواند این اتصال را ضبط کند؛ گفت‌وگو ادامه دارد.",
        ErrorCode::AlreadyJoined => "شما همین حالا هم در اتاق هستید.",
        ErrorCode::BadJson
        | ErrorCode::NotText
        | ErrorCode::UnknownType
        | ErrorCode::BadField
        | ErrorCode::BadClientId
        | ErrorCode::BadSayId => "سرور درخواست این صفحه را نفهمید. صفحه را یک بار تازه کنید.",
        _ => "سرور این درخواست را نپذیرفت.",
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_name_comes_with_free_suggestion() {
        assert_eq!(
            error(ErrorCode::NameTaken, Some("سارا ۲")).plain(),
            "این نام گرفته شده؛ «\u{2068}سارا ۲\u{2069}» آزاد است."
        );
        assert_eq!(error(ErrorCode::NameTaken, None).plain(), "این نام گرفته شده؛ نام دیگری انتخاب کنید.");
    }

    #[test]
    fn every_flaw_is_named() {
        for (flaw, name_told, room_told) in [
            (Flaw::Empty, "نامتان را بنویسید", "نام اتاق را بنویسید"),
            (Flaw::TooLong { length: 40, max: 32 }, "۸ نویسه بلندتر", "بیشتر از ۳۲ نویسه"),
            (Flaw::Char('/'), "U+002F", "علامت «\u{2068}/\u{2069}»"),
            (Flaw::Char('🌟'), "U+1F31F", "شکلک «\u{2068}🌟\u{2069}»"),
            (Flaw::Char('\u{E0067}'), "U+E0067", "U+E0067"),
            (Flaw::Start('\u{64E}'), "U+064E", "نویسه‌ی"),
            (Flaw::Marks, "بیش از دو نشانه", "بیش از دو نشانه"),
        ] {
            assert!(name(flaw).contains(name_told), "{}", name(flaw));
            assert!(room(flaw).contains(room_told), "{}", room(flaw));
        }
        assert_ne!(room(Flaw::Elsewhere), room(Flaw::NoRoom));
    }

    #[test]
    fn away_members_name_says_when_free() {
        assert_eq!(
            error_until(ErrorCode::NameTaken, Some("سارا ۲"), Some(87)).plain(),
            "اتصال کسی با این نام قطع شده؛ اگر برنگردد، نام تا ۱ دقیقه و ۲۷ ثانیه‌ی دیگر آزاد می‌شود. «\u{2068}سارا ۲\u{2069}» اکنون آزاد است."
        );
        let here = error(ErrorCode::NameTaken, Some("سارا ۲"));
        assert_eq!(error_until(ErrorCode::NameTaken, Some("سارا ۲"), None), here);
    }

    #[test]
    fn mendable_error_has_specific_words() {
        let unknown = error(ErrorCode::Unknown, None);
        for code in [
            ErrorCode::BadName,
            ErrorCode::NameTaken,
            ErrorCode::EmptyText,
            ErrorCode::TextTooLong,
            ErrorCode::BadRoomId,
            ErrorCode::RoomFull,
            ErrorCode::TooFast,
            ErrorCode::NotJoined,
            ErrorCode::AlreadyJoined,
            ErrorCode::BadJson,
        ] {
            assert_ne!(error(code, None), unknown, "{code:?}");
        }
    }
}
