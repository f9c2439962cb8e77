//! Frames: what they are called, what they say, and what each of their bits means.

use chat_ui::digits;

/// From the client.
pub(crate) const YOU: &str = "شما";
/// From the server.
pub(crate) const SERVER: &str = "سرور";
/// The filters, and what they are for.
pub(crate) const FILTER: &str = "کدام فریم‌ها";
/// All, what is said, signs of life, control frames.
pub(crate) const FILTERS: [&str; 4] = ["همه", "محتوا", "نشانه‌های زنده‌بودن", "کنترلی"];
/// Why there are few control frames.
pub(crate) const CONTROL: &str = "فریم‌های ping (0x9)، pong (0xA) و close (0x8). مرورگر نمی‌گذارد صفحه ping بفرستد؛ سرور پس از مدتی سکوت می‌فرستد و مرورگر خودش پاسخ می‌دهد. ping و pong این اتاق که در «نشانه‌های زنده‌بودن» می‌بینید JSON و از گونه‌ی text (0x1) است.";
/// Asks the server for one.
pub(crate) const PING_NOW: &str = "همین حالا یک ping از سرور";
/// No frame of that kind.
pub(crate) const NONE: &str = "هنوز فریمی از این گونه نیست.";
/// More of the list.
pub(crate) const EARLIER: &str = "فریم‌های پیشین";
/// Heading above the bits.
pub(crate) const BITS: &str = "بیت به بیت";
/// Where the bits are explained.
pub(crate) const BITS_HINT: &str = "همان نقشه‌ی RFC 6455 §5.2، با بیت‌های همین فریم.";
/// The names of what is in JSON are no RFC's.
pub(crate) const JSON: &str =
    "نام‌های درون JSON (type، seq، epoch، resume، token و مانند آن‌ها) از پروتکل ماست، نه از WebSocket.";
/// Heading above the bytes.
pub(crate) const BYTES: &str = "بایت‌ها";
/// Heading above the unmasking.
pub(crate) const UNMASK: &str = "برداشتن ماسک (unmask)";
/// Why there is a mask.
pub(crate) const UNMASK_WHY: &str = "هر بایت با یکی از چهار بایت کلید XOR شده است. کلید همراه خود فریم می‌آید، پس این رمزنگاری نیست. ماسک برای آن است که پراکسی‌های میان راه، بایت‌های فریم را با درخواست HTTP اشتباه نگیرند؛ از همین رو صفحه نباید بتواند کلید را پیش‌بینی کند (RFC 6455 §10.3). فریم‌های سرور ماسک ندارند.";
/// Rows of the unmasking.
pub(crate) const UNMASK_ROWS: [&str; 4] = ["روی سیم", "⊕ کلید", "= اصل", "نویسه"];
/// Next bytes: to the right, as they are written.
pub(crate) const NEXT: &str = "بایت‌های بعدی →";
/// Bytes before.
pub(crate) const BEFORE: &str = "← بایت‌های پیشین";
/// Heading above the payload.
pub(crate) const PAYLOAD: &str = "بار مفید (payload)";
/// Nothing in it.
pub(crate) const EMPTY: &str = "این فریم بار مفید ندارد.";
/// Something in it is covered.
pub(crate) const HIDDEN: &str = "بخش‌های پوشیده‌ی این فریم توکن‌اند: فرستاده شدند، ولی نشان داده نمی‌شوند.";
/// Heading above the broken rule.
pub(crate) const VIOLATION: &str = "این فریم قاعده‌ای را می‌شکند:";
/// Only the beginning is shown.
pub(crate) const BEGINNING: &str = "فقط آغاز آن نشان داده شده است.";

/// How it came through the socket.
pub(crate) fn passage(is_own: bool, pieces: usize, neighbours: usize) -> String {
    let verb = if is_own { "خواندن" } else { "نوشتن" };
    let whole = match pieces {
        0 | 1 => format!("این فریم در یک بار {verb} از سوکت گذشت"),
        pieces => format!(
            "این فریم در {} بار {verb} از سوکت گذشت: TCP مرز فریم‌ها را نمی‌شناسد",
            digits::number(pieces as u64)
        ),
    };
    match neighbours {
        0 => whole + ".",
        n => format!("{whole}، و {} فریم دیگر در همان {verb} شروع شد.", digits::number(n as u64)),
    }
}

/// So many frames by which nobody says anything.
pub(crate) fn quiet(count: usize) -> String {
    format!("{} فریم خاموش", digits::number(count as u64))
}

/// What an opcode is.
pub(crate) fn opcode(bits: u8) -> &'static str {
    match bits {
        0x0 => "ادامه‌ی پیامی که در فریم پیشین شروع شد",
        0x1 => "متن با کدگذاری UTF-8",
        0x2 => "بایت‌های خام",
        0x8 => "بستن: خداحافظی",
        0x9 => "پینگ: هستی؟",
        0xA => "پونگ: هستم",
        _ => "هنوز معنایی ندارد",
    }
}

/// What a part of the header means, with this value in it.
pub(crate) fn part(name: &str, value: u64, is_own: bool) -> String {
    match (name, value) {
        ("FIN", 1) => "آخرین فریم پیام؛ پیام کامل است.".into(),
        ("FIN", _) => "پیام تکه‌تکه است و ادامه دارد.".into(),
        ("RSV1" | "RSV2" | "RSV3", 0) => {
            "برای افزونه‌ها نگه داشته شده؛ صفر است چون افزونه‌ای توافق نشده.".into()
        }
        ("RSV1" | "RSV2" | "RSV3", _) => "بدون توافق بر سر افزونه نباید ۱ باشد.".into(),
        ("opcode", value) => format!("گونه‌ی فریم: {}.", opcode(value as u8)),
        ("MASK", 1) => "بار مفید ماسک دارد و کلیدش در ادامه می‌آید. هر فریم مرورگر باید چنین باشد.".into(),
        ("MASK", _) if is_own => "بدون ماسک؛ فریم مرورگر نباید چنین باشد.".into(),
        ("MASK", _) => "بدون ماسک؛ فریم سرور باید چنین باشد.".into(),
        ("Payload len", 126) => "۱۲۶ یعنی طول در دو بایت بعدی است.".into(),
        ("Payload len", 127) => "۱۲۷ یعنی طول در هشت بایت بعدی است.".into(),
        ("Payload len", value) => format!("طول بار مفید: {} بایت.", digits::number(value)),
        ("Extended payload length", value) => format!("طول بار مفید: {} بایت.", digits::number(value)),
        ("Masking-key", _) => "چهار بایت تصادفی که مرورگر برای همین فریم ساخت.".into(),
        _ => String::new(),
    }
}

/// What is noted beside a frame that is no message of the protocol.
pub(crate) fn control(opcode: u8, is_own: bool) -> &'static str {
    match (opcode, is_own) {
        (0x9, true) => "پینگ شما",
        (0x9, false) => "پینگ سرور",
        (0xA, true) => "پونگ مرورگر",
        (0xA, false) => "پونگ سرور",
        (0x8, true) => "خداحافظی شما",
        (0x8, false) => "خداحافظی سرور",
        (0x2, _) => "بایت‌های خام",
        (0x0, _) => "تکه‌ای از پیام",
        (0x1, _) => "متن",
        _ => "بی‌معنا",
    }
}

/// What is noted beside a message of the protocol of this type.
pub(crate) fn message(kind: &str, is_own: bool) -> &'static str {
    match (kind, is_own) {
        ("join", true) => "ورود شما",
        ("say", true) => "پیام شما",
        ("typing", true) => "«دارم می‌نویسم»",
        ("rename", true) => "نام تازه",
        ("tabs", true) => "کجا هستم؟",
        ("end_tabs", true) => "بستن زبانه‌های دیگر",
        ("ping", true) => "اندازه‌گیری رفت‌وبرگشت",
        ("welcome", false) => "خوش‌آمد",
        ("said", false) => "پیامی در اتاق",
        ("presence", false) => "آمدن و رفتن",
        ("typing", false) => "کسی می‌نویسد",
        ("tabs", false) => "زبانه‌های باز شما",
        ("pong", false) => "پاسخ اندازه‌گیری",
        ("xray", false) => "توکن ضبط",
        ("error", false) => "خطا",
        ("class" | "stage" | "vote" | "open_vote" | "close_vote" | "round_trip" | "round_trips", _) => {
            "پیام کلاس"
        }
        _ => "پیام ناشناخته",
    }
}

/// Somebody who was here comes back.
pub(crate) const RESUMES: &str = "بازگشت شما با resume";
/// How a `welcome` takes whoever comes: with all that was missed, or as if they had never been here.
pub(crate) fn welcomed(is_recovered: bool) -> &'static str {
    if is_recovered { "recovered: true، چیزی گم نشد" } else { "recovered: false، از نو" }
}
/// From the open frame back to all of them.
pub(crate) const BACK: &str = "بازگشت به فهرست";

/// Which typed message it is, in a sentence.
pub(crate) fn meaning(kind: &str, is_own: bool) -> &'static str {
    match (kind, is_own) {
        ("join", true) => {
            "ClientMsg::Join، گام دوم درس: می‌گویید با چه نامی وارد می‌شوید. اگر پیش‌تر این‌جا بوده‌اید، resume می‌گوید تا کجا خوانده‌اید."
        }
        ("say", true) => {
            "Command::Say، گام سوم: چیزی می‌گویید. id را مرورگر شما ساخته تا اگر پیام دو بار رسید، یک بار شمرده شود."
        }
        ("typing", true) => "Command::Typing: به دیگران خبر می‌دهد که دارید می‌نویسید.",
        ("rename", true) => "Command::Rename: نام تازه‌ای می‌خواهید.",
        ("tabs", true) => "Command::Tabs: می‌پرسید در کدام زبانه‌های دیگر هم با همین نام هستید.",
        ("end_tabs", true) => {
            "Command::EndTabs: زبانه‌هایی که پس از این یکی باز شده‌اند بسته می‌شوند و توکن هیچ‌کدام دیگر کسی را برنمی‌گرداند."
        }
        ("ping", true) => {
            "ClientMsg::Ping: پینگ خود برنامه، نه پینگ WebSocket؛ چون جاوااسکریپت به فریم پینگ دسترسی ندارد."
        }
        ("welcome", false) => {
            "ServerMsg::Welcome: وارد شدید. چه کسی هستید، چه کسانی هستند، و تا کدام seq آمده‌اید."
        }
        ("said", false) => {
            "ServerMsg::Said، گام چهارم: پخش. همین بایت‌ها، بدون هیچ تفاوتی، برای همه‌ی اعضای اتاق نوشته شد. اگر پیام خودتان است، همین رسید آن است."
        }
        ("presence", false) => "ServerMsg::Presence: چه کسی آمد، رفت یا عوض شد.",
        ("typing", false) => "ServerMsg::Typing: کسی دارد می‌نویسد.",
        ("tabs", false) => {
            "ServerMsg::Tabs: هر زبانه‌ی باز شما از کی هست، از چه راهی و از همین نشانی یا نشانی دیگر. فقط به خودتان گفته می‌شود."
        }
        ("pong", false) => "ServerMsg::Pong: پاسخ پینگ برنامه، با همان شماره.",
        ("xray", false) => {
            "ServerMsg::Xray: این اتصال ضبط می‌شود و با این توکن می‌شود آن را دید. برای همین پوشانده شده است."
        }
        ("error", false) => "ServerMsg::Error: چیزی پذیرفته نشد؛ اتصال سر جایش است.",
        ("class" | "stage" | "vote" | "open_vote" | "close_vote" | "round_trip" | "round_trips", _) => {
            "کجای کلاس هستیم: اسلاید پرده و رأی‌گیری."
        }
        _ => "این نسخه چنین پیامی را نمی‌شناسد.",
    }
}

/// What a close frame says.
pub(crate) fn close(code: Option<u16>, reason: &str) -> String {
    match code {
        None => "فریم بستن، بدون هیچ کدی.".into(),
        Some(code) => format!("فریم بستن با کد {code} و دلیل «{reason}»."),
    }
}

/// What rule a frame breaks.
pub(crate) fn violation(name: &str) -> &'static str {
    match name {
        "reserved_bits" => "یکی از بیت‌های RSV بدون توافق روشن است.",
        "reserved_opcode" => "opcode آن هنوز معنایی ندارد.",
        "unmasked" => "فریم مرورگر باید ماسک داشته باشد و ندارد.",
        "masked" => "فریم سرور نباید ماسک داشته باشد و دارد.",
        "fragmented_control" => "فریم کنترلی نباید تکه‌تکه باشد.",
        "long_control" => "بار مفید فریم کنترلی از ۱۲۵ بایت بیشتر است.",
        "length_not_minimal" => "طول با بایت‌هایی بیش از اندازه نوشته شده است.",
        "length_high_bit" => "بالاترین بیت طول ۶۴ بیتی باید صفر باشد.",
        "unexpected_continuation" => "ادامه‌ی پیامی که شروع نشده بود.",
        "message_inside_message" => "پیام تازه‌ای پیش از پایان پیام تکه‌تکه.",
        "text_not_utf8" => "متن آن UTF-8 نیست.",
        "reason_not_utf8" => "دلیل بستن UTF-8 نیست.",
        "half_close_code" => "کد بستن دو بایت است؛ این‌جا یک بایت آمده.",
        "bad_close_code" => "چنین کدی را نباید روی سیم فرستاد.",
        "after_close" => "پس از فریم بستن چیزی فرستاده شد.",
        "too_big" => "پیام بزرگ‌تر از اندازه است.",
        _ => "قاعده‌ای ناشناخته.",
    }
}
