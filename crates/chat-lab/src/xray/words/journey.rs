//! The way of one message through the room.

use chat_ui::digits;

use super::took;

/// There is none yet.
pub(crate) const NONE: &str = "هنوز پیامی از شما از اتاق نگذشته است. پایین همین بخش چیزی بگویید.";
/// The lanes.
pub(crate) const LANES: [&str; 4] = ["مرورگر شما", "سرور", "اتاق", "سوکت‌های همه"];
/// The lanes where several servers share the room.
pub(crate) const SHARED_LANES: [&str; 5] = ["مرورگر شما", "سرور", "لاگ مشترک", "اتاق", "سوکت‌ها"];
/// The browser said it.
pub(crate) const SAID: &str = "say به سوی سرور رفت";
/// The echo was written.
pub(crate) const ECHO: &str = "پژواک به سوکت شما سپرده شد";
/// The browser heard it.
pub(crate) const HEARD: &str = "said به مرورگر رسید";
/// Nobody measured it.
pub(crate) const UNMEASURED: &str = "اندازه‌گیری‌نشده";

/// The room gave it its place.
pub(crate) fn ordered(seq: u64) -> String {
    format!("خوانده شد؛ شماره‌ی {}", digits::number(seq))
}

/// The server read it, and asked the room's log to take it.
pub(crate) const TO_LOG: &str = "خوانده شد و به لاگ رفت";

/// It came back from there, in its place.
pub(crate) fn logged(seq: u64) -> String {
    format!("از لاگ برگشت؛ شماره‌ی {}", digits::number(seq))
}

/// It was handed to so many sockets.
pub(crate) fn sent(reached: u32) -> String {
    format!("به {} سوکت سپرده شد", digits::number(reached.into()))
}

/// The parts of the time that the browser waited.
pub(crate) const THERE: &str = "مرورگر و شبکه";
/// In the server, until the echo went.
pub(crate) const INSIDE: &str = "در سرور";
/// On the way back.
pub(crate) const BACK: &str = "شبکه و مرورگر";
/// From the read to the room's order.
pub(crate) const TO_ROOM: &str = "تا اتاق";
/// From the read to the room's log, and back.
pub(crate) const TO_LOG_AND_BACK: &str = "رفت‌وبرگشت لاگ";
/// From there to the last socket.
pub(crate) const TO_SOCKETS: &str = "تا آخرین سوکت";
/// How the two legs are drawn.
pub(crate) const HALVES: &str =
    "خط‌چین اندازه‌گیری نشده است: دو ساعت با هم میزان نیستند، پس راه رفت و برگشت نصف‌نصف کشیده شده.";
/// The browser's times are not known.
pub(crate) const NO_MARKS: &str = "دو زمان مرورگر برای این پیام در دست نیست؛ خط‌چین اندازه‌گیری نشده است.";

/// So long the browser waited.
pub(crate) fn by_browser(us: u64) -> String {
    format!("ساعت مرورگر: {} از گفتن تا شنیدن", took(us))
}

/// So long it was in the server.
pub(crate) fn by_server(us: u64) -> String {
    format!("ساعت سرور: {} از خواندن تا سپردن", took(us))
}

/// How far apart the marks of a scale are.
pub(crate) fn each_tick(us: u64) -> String {
    format!("هر خانه {}", took(us))
}

/// So long after it was said, by the browser's clock.
pub(crate) fn waited(us: u64) -> String {
    if us == 0 {
        "آغاز، ساعت مرورگر".to_owned()
    } else {
        format!("{} پس از گفتن", took(us))
    }
}

/// The message before.
pub(crate) const BEFORE: &str = "پیام پیشین";
/// The message after.
pub(crate) const NEXT: &str = "پیام بعدی";

/// Which of so many messages this is.
pub(crate) fn position(at: usize, count: usize) -> String {
    format!("{} از {}", digits::number(at as u64), digits::number(count as u64))
}

/// So long after the server read it.
pub(crate) fn after(us: u64) -> String {
    if us == 0 {
        "آغاز، ساعت سرور".to_owned()
    } else {
        format!("{} پس از خواندن", took(us))
    }
}

/// All in all: so many members, so many connections, so long.
pub(crate) fn verdict(members: u32, reached: u32, us: u64) -> String {
    let people = if members == reached {
        String::new()
    } else {
        format!(" (برای {} عضو: هر زبانه اتصال خودش را دارد)", digits::number(members.into()))
    };
    format!(
        "به {} سوکت سپرده شد{people}؛ رسیدن را فقط ACK می‌داند. از خوانده شدن فریم شما تا سپردن آخرینشان {} گذشت. پیام یک بار کدگذاری شد و همان بایت‌ها پشت‌سرهم روی هر اتصال نوشته شد.",
        digits::number(reached.into()),
        took(us)
    )
}

/// The same where several servers share the room: so many connections of this one, so long.
pub(crate) fn shared_verdict(reached: u32, us: u64) -> String {
    format!(
        "در این سرور به {} سوکت سپرده شد؛ رسیدن را فقط ACK می‌داند. از خوانده شدن فریم شما تا سپردن آخرینشان {} گذشت. سرورهای دیگر همان پیام را از لاگ مشترک (مثل Redis) می‌خوانند و به سوکت‌های خودشان می‌سپارند.",
        digits::number(reached.into()),
        took(us)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_not_connections() {
        assert!(verdict(2, 2, 5).starts_with("به ۲ سوکت سپرده شد؛ "));
        assert!(verdict(2, 3, 5).starts_with("به ۳ سوکت سپرده شد (برای ۲ عضو"));
    }
}
