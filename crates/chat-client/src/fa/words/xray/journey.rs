//! The way of one message through the room.

use super::took;
use crate::fa::digits;

/// What this tab shows.
pub const INTRO: &str = "راه یک پیام شما: از سوکت تا اتاق، از اتاق به همه، و بازگشت به خودتان. زمان‌ها را ساعت سرور اندازه گرفته است.";
/// There is none yet.
pub const NONE: &str = "هنوز پیامی از شما از اتاق نگذشته است. چیزی بگویید.";
/// The lanes.
pub const LANES: [&str; 4] = ["شما", "سرور", "اتاق", "همه"];
/// The frame was read.
pub const HEARD: &str = "قاب شما خوانده شد";
/// The echo was written.
pub const ECHO: &str = "پژواک به سوکت شما سپرده شد";

/// The room gave it its place.
pub fn ordered(seq: u64) -> String {
    format!("اتاق شماره‌ی {} را داد", digits::number(seq))
}

/// It was handed to so many.
pub fn sent(reached: u32) -> String {
    format!("همان بایت‌ها به {} سوکت سپرده شد", digits::number(reached.into()))
}

/// The message before.
pub const BEFORE: &str = "پیام پیشین";
/// The message after.
pub const NEXT: &str = "پیام بعدی";

/// So long after the first.
pub fn after(us: u64) -> String {
    if us == 0 { "آغاز".to_owned() } else { format!("{} بعد", took(us)) }
}

/// All in all.
pub fn verdict(reached: u32, us: u64) -> String {
    format!(
        "از خوانده شدن قاب شما تا سپردنش به هر {} عضو، {} گذشت. پیام یک بار نوشته شد و همه همان بایت‌ها را گرفتند.",
        digits::number(reached.into()),
        took(us)
    )
}
