//! The handshake: what each line of the request and of the answer is for, and TCP's own before and after it.

use chat_ui::digits;

use super::took;

/// Heading of the request.
pub(crate) const REQUEST: &str = "درخواست مرورگر";
/// Heading of the answer.
pub(crate) const ANSWER: &str = "پاسخ سرور";
/// Heading of what was before it.
pub(crate) const TCP_FIRST: &str = "پیش از آن: TCP";
/// Its segments: name, way, and what it is for.
pub(crate) const SEGMENTS: [(&str, &str, &str); 3] =
    [("SYN", "↑", "مرورگر"), ("SYN-ACK", "↓", "سرور"), ("ACK", "↑", "مرورگر")];
/// Only the lines without which there is none.
pub(crate) const ESSENTIAL: &str = "فقط خط‌های لازم";
/// What to do with the lines.
pub(crate) const HINT: &str = "هر خط پس از خط نخست یک سرآیند (هدر) است؛ روی هر کدام بزنید یا نشانگر را رویش نگه دارید تا معنایش را ببینید.";
/// Heading of the end.
pub(crate) const END: &str = "پس از آن: بستن";
/// It has not ended.
pub(crate) const STILL_OPEN: &str = "این اتصال هنوز باز است. هر که بخواهد ببندد فریم close می‌فرستد و دیگری با close پاسخ می‌دهد؛ سپس سرور FIN می‌فرستد و، چون اول بست، مدتی در TIME_WAIT می‌ماند تا سگمنت‌های دیررس را با اتصال تازه اشتباه نگیرد.";
/// It ended without a close frame.
pub(crate) const NO_CLOSE: &str = "هیچ فریم close نیامد: TCP قطع شد، و این‌که کدام سو اول FIN یا RST فرستاد در ضبط نیست. مرورگر به صفحه 1006 گزارش می‌دهد، کدی که روی سیم نبود.";
/// Which codes go over the wire.
pub(crate) const CODES: &str = "1000 (پایان)، 1001 (رفتن) و 4000 تا 4999 (پروتکل ما) در فریم close می‌روند. 1005 (close بدون کد)، 1006 (بدون close) و 1015 (شکست TLS) را کسی نمی‌فرستد: مرورگر خودش آن‌ها را به صفحه گزارش می‌دهد.";
/// It passed the wire before our eyes.
pub(crate) const SEEN: &str = "دیده شد";
/// It follows from the rules.
pub(crate) const NOT_SEEN: &str = "دیده نمی‌شود";
/// Heading of the computation.
pub(crate) const ACCEPT: &str = "پاسخ کلید، گام به گام";
/// Why it is done.
pub(crate) const ACCEPT_WHY: &str = "این حساب رازی را نگه نمی‌دارد؛ فقط نشان می‌دهد که آن سوی خط واقعاً سروری است که WebSocket می‌داند، نه سروری که به هر درخواستی پاسخ می‌دهد.";
/// The steps of the computation.
pub(crate) const ACCEPT_STEPS: [&str; 4] = [
    "کلیدی که مرورگر شما همین بار به‌طور تصادفی ساخت:",
    "رشته‌ی ثابت RFC 6455 به دنبالش می‌آید:",
    "از آن SHA-1 می‌گیریم، بیست بایت:",
    "و آن بیست بایت را base64 می‌نویسیم:",
];
/// The result is what the server answered.
pub(crate) const ACCEPT_EQUAL: &str = "با Sec-WebSocket-Accept در پاسخ سرور یکی است.";
/// It is not.
pub(crate) const ACCEPT_DIFFERENT: &str = "با پاسخ سرور یکی نیست!";

/// The first line of a request.
pub(crate) const REQUEST_LINE: &str = "خط درخواست: روش GET، نشانی اتاق و شناسه‌ی شما، و نسخه‌ی HTTP. همه‌چیز با یک درخواست معمولی HTTP شروع می‌شود. ‎xray=1‎ یعنی خواسته‌اید همین اتصال ضبط شود.";
/// The first line of an answer.
pub(crate) const STATUS_LINE: &str = "خط وضعیت: ‎101 Switching Protocols‎ یعنی «پذیرفتم؛ از این پس روی همین اتصال به زبان دیگری حرف می‌زنیم». با خط خالی پس از سرآیندها HTTP تمام می‌شود و فریم‌ها شروع می‌شوند.";

/// What a header line is for.
pub(crate) fn header(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "host" => "نام و درگاه سروری که مرورگر با آن حرف می‌زند. یک سرور می‌تواند چند نام داشته باشد.",
        "connection" => {
            "سرآیندهایی را نام می‌برد که فقط تا همسایه‌ی بعدی معتبرند (hop-by-hop)، این‌جا Upgrade. پس پراکسی‌ای که Upgrade را نشناسد آن را نمی‌گذراند و ارتقا همان‌جا می‌ماند."
        }
        "upgrade" => "زبانی که از این پس باید به کار رود: websocket.",
        "sec-websocket-key" => {
            "شانزده بایت تصادفی، به صورت base64. سرور باید از روی آن Sec-WebSocket-Accept را بسازد. راز نیست و چیزی را رمز نمی‌کند."
        }
        "sec-websocket-version" => "نسخه‌ی پروتکل. تنها نسخه‌ی زنده ۱۳ است، همان RFC 6455.",
        "sec-websocket-accept" => {
            "پاسخ کلید. مرورگر خودش هم همین را حساب می‌کند و اگر یکی نباشد اتصال را می‌بندد. گام به گامش در همین صفحه هست."
        }
        "sec-websocket-protocol" => {
            "زبان گفت‌وگو روی WebSocket. مرورگر پیشنهاد می‌کند و سرور یکی را برمی‌گزیند؛ این‌جا otagh.v1، یعنی پیام‌های JSON همین اتاق."
        }
        "sec-websocket-extensions" => {
            "افزونه‌هایی که مرورگر پیشنهاد می‌کند، مثل فشرده‌سازی. سرور ما هیچ‌کدام را نپذیرفت، پس فریم‌ها خوانا می‌مانند و بیت‌های RSV صفرند."
        }
        "origin" => {
            "صفحه‌ای که این اتصال را خواسته از کدام سایت است. سرور با دیدن آن جلوی صفحه‌های بیگانه را می‌گیرد؛ خودِ مرورگر این را می‌نویسد و صفحه نمی‌تواند عوضش کند."
        }
        "user-agent" => "مرورگر خودش را معرفی می‌کند. برای WebSocket هیچ اثری ندارد.",
        "accept" => "گونه‌هایی از محتوا که مرورگر می‌پذیرد. دست‌تکانی محتوایی ندارد، پس این‌جا اثری ندارد.",
        "accept-encoding" => "فشرده‌سازی‌هایی که مرورگر برای پاسخ‌های HTTP می‌فهمد. این‌جا پاسخی فشرده نمی‌شود.",
        "accept-language" => "زبان‌هایی که ترجیح می‌دهید. این‌جا اثری ندارد.",
        "cache-control" | "pragma" => {
            "«از حافظه‌ی نهان پاسخ نده». دست‌تکانی را نمی‌شود از پیش نگه داشت؛ هر بار تازه است."
        }
        "cookie" => {
            "کوکی‌های این سایت. مرورگر آن‌ها را با هر درخواست می‌فرستد، حتی وقتی لازم نیست. مقدارش این‌جا پوشانده شده است."
        }
        "sec-fetch-dest"
        | "sec-fetch-mode"
        | "sec-fetch-site"
        | "sec-fetch-user"
        | "sec-fetch-storage-access" => {
            "مرورگر به سرور می‌گوید این درخواست از کجا و برای چه آمده است. صفحه نمی‌تواند آن را جعل کند."
        }
        "authorization" => {
            "نام و گذرواژه یا توکنی برای سروری که ورود می‌خواهد. این سرور آن را نمی‌خواند، و مقدارش این‌جا پوشانده شده است."
        }
        "priority" => "این درخواست برای صفحه چقدر فوری است (RFC 9218). برای WebSocket اثری ندارد.",
        "te" => "شیوه‌هایی که می‌شود بدنه‌ی پاسخ HTTP را با آن‌ها فرستاد. پاسخ دست‌تکانی بدنه ندارد.",
        "sec-gpc" | "dnt" => "خواهش مرورگر برای این‌که ردتان را نگیرند.",
        "date" => "ساعت سرور هنگام پاسخ.",
        "content-length" => "طول بدنه‌ی پیام HTTP به بایت.",
        "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "x-real-ip" | "forwarded" | "via" => {
            "این را پراکسی میان راه افزوده است تا بگوید درخواست در اصل از کجا آمده بود."
        }
        "x-content-type-options" => "به مرورگر می‌گوید نوع محتوا را حدس نزند.",
        "referrer-policy" => "به مرورگر می‌گوید نشانی این صفحه را به سایت‌های دیگر ندهد.",
        "x-frame-options" => "نمی‌گذارد سایت دیگری این نشانی را درون iframe نشان دهد.",
        "content-security-policy" => {
            "می‌گوید صفحه از کجا حق دارد اسکریپت و سبک و تصویر بیاورد. در پاسخ 101 صفحه‌ای نیست؛ سرور ما این را کنار همه‌ی پاسخ‌هایش می‌گذارد."
        }
        "cross-origin-resource-policy" => "نمی‌گذارد سایت دیگری از این نشانی چیزی بارگذاری کند.",
        "strict-transport-security" => {
            "به مرورگر می‌گوید تا مدتی این سایت را فقط با HTTPS باز کند؛ WebSocket هم آن‌گاه wss می‌شود."
        }
        "permissions-policy" => "دوربین و میکروفن و مکان‌یابی را برای این سایت می‌بندد.",
        "server" => "نام برنامه‌ی سرور.",
        "vary" => "می‌گوید پاسخ به کدام سرآیندهای درخواست بستگی دارد.",
        name if name.starts_with("sec-ch-") => {
            "مرورگر درباره‌ی خودش و دستگاه می‌گوید. برای WebSocket اثری ندارد."
        }
        _ => "سرآیندی که برای دست‌تکانی WebSocket لازم نیست. سرور آن را نادیده می‌گیرد.",
    }
}

/// Beside the request: everything is counted from here.
pub(crate) const BEGINS: &str = "آغاز";

/// Beside the answer.
pub(crate) fn answered_after(us: u64) -> String {
    format!("{} پس از درخواست", took(us))
}

/// How long the three segments took, as far as anybody knows.
pub(crate) fn segments_took(rtt_us: Option<u32>) -> String {
    match rtt_us {
        Some(us) => format!("برآورد از TCP_INFO: یک رفت‌وبرگشت، {}", took(us.into())),
        None => "یک رفت‌وبرگشت؛ TCP_INFO این‌جا در دست نیست".to_owned(),
    }
}

/// So many lines more.
pub(crate) fn others(count: usize) -> String {
    format!("{} سرآیند دیگر", digits::number(count as u64))
}

/// Whose it is.
pub(crate) fn by(is_own: bool) -> &'static str {
    if is_own { "مرورگر" } else { "سرور" }
}

/// Who closed first, with what code and why.
pub(crate) fn closed_first(is_own: bool, code: Option<u16>) -> String {
    let who = by(is_own);
    match code {
        None => format!("{who} اول بست، بدون کد؛ آن سو 1005 گزارش می‌شود."),
        Some(code) => format!("{who} اول بست، با {code}: {}.", why(code)),
    }
}

/// What a code says.
fn why(code: u16) -> &'static str {
    match code {
        1000 => "کارش تمام بود",
        1001 => "صفحه بسته شد یا سرور رفت",
        1002 => "فریمی قاعده‌ی RFC را شکست",
        1007 => "متنی UTF-8 نبود",
        1008 => "این درخواست پذیرفته نیست",
        1009 => "پیام بزرگ‌تر از اندازه بود",
        1011 => "سرور به مشکلی برخورد",
        1013 => "سرور پر بود",
        4000 => "سرور از نو راه می‌افتد",
        4001 => "خواندن از گفت‌وگو عقب ماند",
        4002 => "به ping پاسخی نرسید",
        4003 => "اتاق‌های تازه‌ی این نشانی زیاد شد",
        4004 => "صفحه اتصال را از نو باز کرد تا ضبط شروع یا تمام شود",
        4005 => "سرور موتور مشترک اتاق‌ها را گم کرد؛ دوباره وصل شوید",
        4500 => "همین گفت‌وگو جای دیگری باز شد",
        4501 => "join به‌موقع نیامد",
        4502 => "درخواست‌های نادرست پی‌درپی",
        _ => "کدی که این صفحه نمی‌شناسد",
    }
}

/// Which document defines a header of this name, in lower case; nothing where none does.
pub(crate) fn rfc(name: &str) -> &'static str {
    match name {
        "upgrade" | "connection" | "host" | "user-agent" | "accept" | "accept-encoding"
        | "accept-language" | "date" | "server" | "vary" | "content-length" | "te" | "via"
        | "authorization" => "RFC 9110",
        "origin" => "RFC 6454",
        "cookie" => "RFC 6265",
        "cache-control" | "pragma" => "RFC 9111",
        "priority" => "RFC 9218",
        "strict-transport-security" => "RFC 6797",
        "x-frame-options" => "RFC 7034",
        "forwarded" => "RFC 7239",
        "x-content-type-options" | "cross-origin-resource-policy" => "WHATWG",
        "referrer-policy" | "content-security-policy" | "permissions-policy" | "sec-gpc" | "dnt" => "W3C",
        name if name.starts_with("sec-websocket-") => "RFC 6455",
        name if name.starts_with("sec-fetch-") => "W3C",
        name if name.starts_with("sec-ch-") => "RFC 8942",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_header_is_explained_in_any_case() {
        let unknown = header("x-nobody-knows");
        for name in ["Host", "CONNECTION", "Upgrade", "Sec-WebSocket-Key", "sec-websocket-version", "Origin"]
        {
            assert_ne!(header(name), unknown, "{name}");
        }
        assert_eq!(header("Sec-CH-UA"), header("sec-ch-ua-mobile"));
    }
}
