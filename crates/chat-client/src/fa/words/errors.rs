//! What was not accepted, and what to do about it. The server's `detail` is English for people who
//! write clients; these are the words for the people who use this one.

use chat_protocol::{ErrorCode, limits::NAME_MAX_CHARS};

use crate::fa::{Sentence, dates, digits};

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
        ErrorCode::XrayUnavailable => "سرور اکنون نمی‌تواند این اتصال را ضبط کند؛ گفتگو ادامه دارد.",
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
    fn a_taken_name_comes_with_a_free_one() {
        assert_eq!(
            error(ErrorCode::NameTaken, Some("سارا ۲")).plain(),
            "این نام گرفته شده؛ «\u{2068}سارا ۲\u{2069}» آزاد است."
        );
        assert_eq!(error(ErrorCode::NameTaken, None).plain(), "این نام گرفته شده؛ نام دیگری انتخاب کنید.");
    }

    #[test]
    fn a_name_of_somebody_away_comes_with_its_time() {
        assert_eq!(
            error_until(ErrorCode::NameTaken, Some("سارا ۲"), Some(87)).plain(),
            "اتصال کسی با این نام قطع شده؛ اگر برنگردد، نام تا ۱ دقیقه و ۲۷ ثانیه‌ی دیگر آزاد می‌شود. «\u{2068}سارا ۲\u{2069}» اکنون آزاد است."
        );
        let here = error(ErrorCode::NameTaken, Some("سارا ۲"));
        assert_eq!(error_until(ErrorCode::NameTaken, Some("سارا ۲"), None), here);
    }

    #[test]
    fn what_a_person_can_mend_is_told_apart_from_what_they_cannot() {
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
