//! One message from the sentence to the wire.

use chat_ui::digits;

/// What this tab shows.
pub(crate) const INTRO: &str = "یک پیام را از جمله تا سیم دنبال کنید. هر لایه بایت‌های خودش را می‌افزاید.";
/// Choose one.
pub(crate) const CHOOSE: &str = "کدام پیام";
/// There is none yet.
pub(crate) const NONE: &str = "هنوز پیامی گفته نشده است. در گفت‌وگو چیزی بنویسید.";
/// The layers, innermost first: names.
pub(crate) const NAMES: [&str; 6] = ["متن", "JSON", "فریم WebSocket", "TCP", "IP", "لایه‌ی پیوند داده"];
/// The bytes were counted.
pub(crate) const COUNTED: &str = "شمرده‌شده";
/// The kernel measured it.
pub(crate) const MEASURED: &str = "اندازه‌گیری‌شده";
/// The bytes are what they usually are.
pub(crate) const ESTIMATED: &str = "برآورد";
/// Of the text.
pub(crate) const TEXT: &str = "خود جمله، با کدگذاری UTF-8. هر حرف فارسی دو بایت است و نیم‌فاصله سه بایت.";
/// Of the JSON.
pub(crate) const JSON: &str = "نام فیلدها، شناسه و نشانه‌گذاری JSON دور جمله.";
/// Of the frame.
pub(crate) const FRAME: &str = "سرآیند فریم: دو بایت، و اگر لازم باشد طول بلندتر و کلید ماسک.";
/// Of TCP.
pub(crate) const TCP: &str =
    "سرآیند هر قطعه (segment) TCP: بیست بایت، و دوازده بایت دیگر اگر مُهر زمانی دارد.";
/// Of IP.
pub(crate) const IP: &str = "سرآیند هر بسته‌ی IP: بیست بایت در نسخه‌ی ۴ و چهل بایت در نسخه‌ی ۶.";
/// Of the link.
pub(crate) const LINK: &str =
    "اگر اترنت باشد: چهارده بایت پیش و چهار بایت پس از هر بسته. سرور از این‌جا به پایین را نمی‌بیند.";
/// Of the link, on one machine.
pub(crate) const LOOPBACK: &str =
    "هر دو سر روی همین دستگاه‌اند: بسته هرگز به کارت شبکه نمی‌رسد و فقط سرآیند چهارده‌بایتی loopback را دارد.";
/// What the kernel knows.
pub(crate) const KERNEL: &str = "هسته‌ی سیستم‌عامل درباره‌ی این اتصال چه می‌داند";
/// The kernel says nothing.
pub(crate) const KERNEL_SILENT: &str = "هسته‌ی این سرور در این باره چیزی نمی‌گوید.";
/// Names of what it knows.
pub(crate) const KERNEL_ROWS: [&str; 6] = [
    "رفت‌وبرگشت هموارشده",
    "نوسان آن",
    "بزرگ‌ترین قطعه (MSS)",
    "قطعه‌های فرستاده",
    "قطعه‌های گرفته",
    "بازفرستاده‌ها",
];

/// Of about so many bytes on the wire, so many are what was said.
pub(crate) fn verdict(text: u64, all: u64) -> String {
    let percent = (text * 100).checked_div(all).unwrap_or(0);
    format!(
        "از حدود {} بایت روی سیم (۳ لایه‌ی پایین برآورد است)، {} بایت خود جمله است: {}٪.",
        digits::number(all),
        digits::number(text),
        digits::number(percent)
    )
}

/// So many segments, were nothing else on its way.
pub(crate) fn segments(count: u64) -> String {
    format!("به‌تنهایی در {} قطعه (segment) TCP جا می‌شود.", digits::number(count))
}
