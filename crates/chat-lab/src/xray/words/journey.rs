//! The way of one message through the room.

use chat_ui::digits;

use super::took;

/// What this tab shows.
pub(crate) const INTRO: &str = "راه یک پیام شما: از سوکت تا اتاق، از اتاق به همه، و بازگشت به خودتان. زمان‌ها را ساعت سرور اندازه گرفته است.";
/// There is none yet.
pub(crate) const NONE: &str = "هنوز پیامی از شما از اتاق نگذشته است. چیزی بگویید.";
/// The lanes.
pub(crate) const LANES: [&str; 4] = ["شما", "سرور", "اتاق", "همه"];
/// The frame was read.
pub(crate) const HEARD: &str = "فریم شما خوانده شد";
/// The echo was written.
pub(crate) const ECHO: &str = "پژواک به سوکت شما سپرده شد";

/// The room gave it its place.
pub(crate) fn ordered(seq: u64) -> String {
    format!("اتاق شماره‌ی {} را داد", digits::number(seq))
}

/// It was handed to so many connections, in a frame each.
pub(crate) fn sent(reached: u32) -> String {
    format!("{} فریم سپرده شد", digits::number(reached.into()))
}

/// The message before.
pub(crate) const BEFORE: &str = "پیام پیشین";
/// The message after.
pub(crate) const NEXT: &str = "پیام بعدی";

/// Which of so many messages this is.
pub(crate) fn position(at: usize, count: usize) -> String {
    format!("{} از {}", digits::number(at as u64), digits::number(count as u64))
}

/// So long after the first.
pub(crate) fn after(us: u64) -> String {
    if us == 0 { "آغاز".to_owned() } else { format!("{} بعد", took(us)) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_not_connections() {
        assert!(verdict(2, 2, 5).starts_with("به ۲ سوکت سپرده شد؛ "));
        assert!(verdict(2, 3, 5).starts_with("به ۳ سوکت سپرده شد (برای ۲ عضو"));
    }
}
