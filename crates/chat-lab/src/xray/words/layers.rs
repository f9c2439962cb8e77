//! One message from the sentence to the wire.

use chat_ui::{digits, sentence::isolate};

/// Choose one.
pub(crate) const CHOOSE: &str = "کدام پیام";
/// With TLS or without.
pub(crate) const SCHEME: &str = "با TLS یا بدون آن";
/// There is none yet.
pub(crate) const NONE: &str = "هنوز پیامی گفته نشده است. پایین همین بخش چیزی بگویید.";

/// A way that a message goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// The type of the message.
    pub kind: &'static str,
    pub arrow: &'static str,
    pub what: &'static str,
}

/// To the server, and back.
pub(crate) const WAYS: [Way; 2] = [
    Way { kind: "say", arrow: "↑", what: "رفت، با ماسک" },
    Way { kind: "said", arrow: "↓", what: "برگشت، بدون ماسک" },
];

/// A layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layer {
    /// Its number in OSI's model.
    pub osi: &'static str,
    pub name: &'static str,
    /// What is in it.
    pub what: &'static str,
    /// Which part of the weight it adds; none where nothing of it can be told.
    pub adds: Option<usize>,
}

/// From the sentence down to the wire.
pub(crate) const LAYERS: [Layer; 9] = [
    Layer {
        osi: "7",
        name: "متن",
        what: "خود جمله در UTF-8: هر حرف فارسی دو بایت، نیم‌فاصله سه بایت.",
        adds: Some(0),
    },
    Layer {
        osi: "7",
        name: "JSON",
        what: "نام فیلدها و شناسه؛ در said نام گوینده، seq و ساعت هم هست.",
        adds: Some(1),
    },
    Layer {
        osi: "7",
        name: "فریم WebSocket",
        what: "دو بایت، طول بلندتر اگر لازم باشد، و چهار بایت ماسک در رفت.",
        adds: Some(2),
    },
    Layer {
        osi: "6",
        name: "TLS",
        what: "سرآیند رکورد ۵ بایت، نوع درونی ۱ و برچسب درستی ۱۶ بایت (TLS 1.3).",
        adds: Some(3),
    },
    Layer {
        osi: "5",
        name: "نشست",
        what: "در TCP/IP لایه‌ی جدایی نیست؛ نشست این‌جا resume است، در لایه‌ی ۷.",
        adds: None,
    },
    Layer {
        osi: "4",
        name: "TCP",
        what: "سرآیند هر سگمنت: ۲۰ بایت، و ۱۲ بایت دیگر اگر مُهر زمانی دارد.",
        adds: Some(4),
    },
    Layer {
        osi: "3",
        name: "IP",
        what: "سرآیند هر بسته: ۲۰ بایت در نسخه‌ی ۴ و ۴۰ بایت در نسخه‌ی ۶.",
        adds: Some(5),
    },
    Layer {
        osi: "2",
        name: "پیوند داده",
        what: "اترنت: ۱۴ بایت پیش و ۴ پس از بسته‌ای که دست‌کم ۴۶ بایت است.",
        adds: Some(6),
    },
    Layer {
        osi: "1",
        name: "فیزیکی",
        what: "همین بایت‌ها به صورت ولتاژ، نور یا موج؛ این‌جا شمرده نمی‌شود.",
        adds: None,
    },
];
/// Where the page came without TLS.
pub(crate) const NO_TLS: &str = "ws است: TLS نیست و هر که میان راه باشد متن را می‌خواند.";
/// Of the link, on one machine.
pub(crate) const LOOPBACK: &str = "هر دو سر یک دستگاه‌اند: فقط ۱۴ بایت loopback، و کارت شبکه‌ای در کار نیست.";

/// The bytes were counted.
pub(crate) const COUNTED: &str = "شمرده‌شده";
/// The kernel measured it.
pub(crate) const MEASURED: &str = "اندازه‌گیری‌شده";
/// The bytes are what they usually are.
pub(crate) const ESTIMATED: &str = "برآورد";
/// What the kernel knows.
pub(crate) const KERNEL: &str = "آن‌چه هسته‌ی سیستم‌عامل می‌داند";
/// The kernel says nothing.
pub(crate) const KERNEL_SILENT: &str = "هسته‌ی این سرور در این باره چیزی نمی‌گوید.";
/// Names of what it knows.
pub(crate) const KERNEL_ROWS: [&str; 6] = [
    "رفت‌وبرگشت هموارشده",
    "نوسان آن",
    "بزرگ‌ترین سگمنت (MSS)",
    "سگمنت‌های فرستاده",
    "سگمنت‌های گرفته",
    "بازفرستاده‌ها",
];

/// What is carried, what is added, and both.
pub(crate) fn equation(within: u64, added: u64) -> String {
    let both = digits::number(within + added);
    match within {
        0 => both,
        _ => format!("{} + {} = {both}", digits::number(within), digits::number(added)),
    }
}

/// Of about so many bytes on the wire, so many are what was said.
pub(crate) fn verdict(kind: &str, text: u64, all: u64) -> String {
    let percent = (text * 100).checked_div(all).unwrap_or(0);
    let [text, all, percent] = [text, all, percent].map(digits::number);
    let kind = isolate(kind);
    format!("از حدود {all} بایت {kind}، {text} بایت خود جمله است: {percent}٪. ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_whole() {
        assert_eq!(equation(300, 108), "۳۰۰ + ۱۰۸ = ۴۰۸");
        assert_eq!(equation(0, 13), "۱۳");
        assert_eq!(equation(13, 0), "۱۳ + ۰ = ۱۳");
    }
}
