//! What can be taken home, and how it is played there.

use crate::fa::digits;

/// What this tab is for.
pub const INTRO: &str = "ضبط همین اتصال را با خود ببرید. در فایل‌ها هم رازها پوشیده‌اند.";
/// For Wireshark.
pub const PCAPNG: &str = "فایل pcapng برای Wireshark";
/// What is in it.
pub const PCAPNG_WHAT: &str = "هر سر HTTP و هر قاب یک بسته است، بی سربرگ‌های ساختگی TCP و IP؛ Wireshark خودش HTTP و WebSocket را باز می‌کند.";
/// A page.
pub const PAGE: &str = "صفحه‌ی HTML که بی اینترنت باز می‌شود";
/// What is in it.
pub const PAGE_WHAT: &str =
    "همین نما با همه‌ی اتصال‌هایی که تا این‌جا ضبط شده، در یک فایل. برای خانه، برای فردا، برای تصحیح تکلیف.";
/// It is being made.
pub const MAKING: &str = "در حال ساختن…";
/// It could not be made.
pub const FAILED: &str = "ساخته نشد؛ اتصال به سرور را بررسی کنید.";
/// The title of that page.
pub const PAGE_TITLE: &str = "اشعه‌ی ایکس یک اتصال WebSocket";
/// What plays it again.
pub const REPLAY: &str = "بازپخش";
/// Play.
pub const PLAY: &str = "پخش";
/// Stop for a while.
pub const PAUSE: &str = "مکث";
/// Where in it one is.
pub const WHERE: &str = "گام بازپخش";

/// So many of the steps, and when that was.
pub fn step(step: usize, of: usize, clock: &str) -> String {
    let [step, of] = [step, of].map(|n| digits::number(n as u64));
    format!("گام {step} از {of}، {clock}")
}
