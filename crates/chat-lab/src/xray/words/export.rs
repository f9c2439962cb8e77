//! What can be taken home, and how it is played there.

use chat_ui::digits;

/// What this tab is for.
pub(crate) const INTRO: &str = "ضبط همین اتصال را با خود ببرید. در فایل‌ها هم رازها پوشیده‌اند.";
/// For Wireshark.
pub(crate) const PCAPNG: &str = "فایل pcapng برای Wireshark";
/// What is in it.
pub(crate) const PCAPNG_WHAT: &str = "هر سر HTTP و هر فریم یک بسته است، با نشانی‌های واقعی و بدون سرآیندهای ساختگی TCP و IP؛ Wireshark خودش HTTP و WebSocket را باز می‌کند.";
/// A page.
pub(crate) const PAGE: &str = "صفحه‌ی HTML که بدون اینترنت باز می‌شود";
/// What is in it.
pub(crate) const PAGE_WHAT: &str =
    "همین نما با همه‌ی اتصال‌هایی که تا این‌جا ضبط شده، در یک فایل. برای خانه، برای فردا، برای تصحیح تکلیف.";
/// It is being made.
pub(crate) const MAKING: &str = "در حال ساختن…";
/// It could not be made.
pub(crate) const FAILED: &str = "ساخته نشد؛ اتصال به سرور را بررسی کنید.";
/// The head of that page, where the server does not know it any more.
pub(crate) const PAGE_HEAD: &str = "<h1>یک اتصال WebSocket زیر ذره‌بین</h1>";
/// What plays it again.
pub(crate) const REPLAY: &str = "بازپخش";
/// Play.
pub(crate) const PLAY: &str = "پخش";
/// Stop for a while.
pub(crate) const PAUSE: &str = "مکث";
/// Where in it one is.
pub(crate) const WHERE: &str = "گام بازپخش";

/// So many of the steps, and when that was.
pub(crate) fn step(step: usize, of: usize, clock: &str) -> String {
    let [step, of] = [step, of].map(|n| digits::number(n as u64));
    format!("گام {step} از {of}، {clock}")
}
