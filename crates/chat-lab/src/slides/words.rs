//! Words around the slides; those on them are in `docs/presentation.md`.

/// What it is.
pub(super) const DECK: &str = "WebSocket در یک اتاق: پانزده اسلاید";
/// The same on paper, with notes.
pub(super) const HANDOUT: &str = "جزوه با یادداشت‌ها";
/// The list of slides.
pub(super) const CONTENTS: &str = "فهرست";
/// How far it has come.
pub(super) const PROGRESS: &str = "پیشرفت";
/// What the keys do.
pub(super) const KEYS: &str =
    "کلیدهای ← و PageDown اسلاید بعدی، → و PageUp قبلی؛ O همه‌ی اسلایدها، F تمام‌صفحه، B صفحه‌ی خالی.";

/// What is to be said beside a slide: «یادداشت اسلاید ۳».
pub(super) fn notes(number: usize) -> String {
    format!("یادداشت اسلاید {}", super::persian(number))
}

/// Which slide of how many: «۳ از ۱۵».
pub(super) fn place(number: usize, count: usize) -> String {
    format!("{} از {}", super::persian(number), super::persian(count))
}

/// The stage of a class: «کلاس در اتاق ریاضی».
pub(super) fn class_title(room: &str) -> String {
    format!("کلاس در اتاق {room}")
}

/// Behind the number of a slide: « از ۱۵».
pub(super) fn of(count: usize) -> String {
    format!(" از {}", super::persian(count))
}

/// The room's code, as large as the screen.
pub(super) const POSTER: &str = "کد QR و نشانی اتاق، به اندازه‌ی پرده";
/// The code by itself.
pub(super) const CODE: &str = "کد QR نشانی اتاق";
/// Behind how many are here.
pub(super) const PEOPLE: &str = "نفر";
/// The names of the stage, as a member of the room: with the key, and without.
pub(super) const TEACHER: &str = "مدرس";
pub(super) const SCREEN: &str = "پرده";
/// Who is here.
pub(super) const ROLL: &str = "چه کسانی آمده‌اند";
/// The button that carries the recording of the stage's connection.
pub(super) const GLASS: &str = "زیر ذره‌بین";

/// What the bar of the stage may tell.
pub(super) const BAD_KEY: &str = "این کلید از این اتاق نیست: پرده دنبال می‌کند و ورق نمی‌زند.";
pub(super) const NO_KEY: &str = "بدون کلید مدرس: پرده دنبال می‌کند و ورق نمی‌زند.";
pub(super) const NO_CLASS: &str = "این اتاق کلاس ندارد؛ از صفحه‌ی نخست کلاس باز کنید.";
pub(super) const LOST: &str = "اتصال قطع شد؛ دوباره وصل می‌شود.";
pub(super) const FULL: &str = "اتاق پر است؛ دوباره تلاش می‌شود.";
pub(super) const FROZEN: &str = "پرده ایستاده است (F).";
pub(super) const ENDED: &str = "این پرده در زبانه‌ی دیگری باز شد.";

/// What stands where something live will be.
pub(super) const STILL_GLASS: &str = "این‌جا اتصال خود پرده زیر ذره‌بین می‌آید.";
pub(super) const STILL_ROLL: &str =
    "دوربین گوشی را روی کد بگیرید؛ هر نامی که این‌جا می‌آید یک WebSocket باز است.";
pub(super) const STILL_VOTE: &str = "در گوشی خودتان رأی دهید؛ تا بسته نشده می‌توانید رأی را عوض کنید.";

/// What the stage says in the room, to show the way of a message.
pub(super) const SAYS: &str = "این پیام از پرده آمد.";

/// What it says first, to be read bit by bit.
pub(super) const GREETS: &str = "سلام";
/// The news of the race.
pub(super) const NEWS: &str = "خبر تازه از پرده";

/// What a phone shows of a class.
pub(super) const STRIP: &str = "کلاس";
pub(super) const NOW: &str = "اکنون:";
pub(super) const MINE: &str = "اتصال خودتان";
pub(super) const ANSWERS: &str = "پاسخ‌ها";
pub(super) const CHANGEABLE: &str = "تا رأی‌گیری باز است، می‌توانید پاسخ را عوض کنید.";
pub(super) const VOTE_OVER: &str = "رأی‌گیری بسته شد.";

/// What is live on the stage.
pub(super) mod live {
    /// A number: by which name the script fills it, what it is, and how it was measured.
    pub(in crate::slides) type Fact = (&'static str, &'static str, &'static str);

    pub(in crate::slides) const NUMBERS: [Fact; 5] = [
        ("people", "اتصال باز", "عضوهایی که سرور اکنون وصل می‌داند"),
        ("handshakes", "دست‌تکانی", "ورودهایی که این پرده دید"),
        ("said", "پیام", "said که این پرده شنید"),
        ("header", "بایت سرآیند برای هر پیام", "میانگین سرآیند فریم‌هایی که این پرده شنید"),
        ("rtt", "میلی‌ثانیه رفت‌وبرگشت", "ping و pong همین پرده، کمینه‌ی ده بار آخر"),
    ];
    pub(in crate::slides) const TOTAL: [Fact; 5] = [
        ("lasted", "عمر همین اتصال", "دقیقه و ثانیه، از welcome این پرده تا حالا"),
        ("frames_in", "فریم از سرور", "شمارش پیام‌های همین پرده"),
        ("bytes_in", "بایت از سرور، با سرآیند فریم", "طول پیام‌ها و سرآیندشان"),
        ("frames_out", "فریم به سرور", "شمارش پیام‌های همین پرده"),
        ("headers", "بایت همه‌ی سرآیندهای شنیده", "برای هر فریم دو، چهار یا ده بایت"),
    ];

    /// The five ways: each with the name that it goes by in the room, but for the stage's own.
    pub(in crate::slides) const LANES: [(&str, &str, &str); 5] = [
        ("classic", "کلاسیک، هر ۱۰ ثانیه", "کلاسیک"),
        ("poll", "سرکشی، هر ۲ ثانیه", "سرکشی"),
        ("long", "سرکشی بلند", "سرکشی بلند"),
        ("events", "رویدادهای سرور", "رویدادهای سرور"),
        ("socket", "WebSocket", ""),
    ];
    pub(in crate::slides) const RACE: [(&str, &str); 5] = [
        ("asked", "بار «خبری هست؟»"),
        ("empty", "پاسخ بدون خبر"),
        ("news", "خبر"),
        ("late", "میلی‌ثانیه تا خبر"),
        ("bytes", "بایت"),
    ];
    pub(in crate::slides) const RACE_HOW: &str =
        "بایت چهار راه نخست را سرور روی سوکت شمرده است؛ بایت WebSocket فریم‌هایی است که این پرده شنید.";

    /// How far members are: in microseconds, with what stands there.
    pub(in crate::slides) const TICKS: [(u32, &str); 10] = [
        (0, "سرور"),
        (100, "۰٫۱ ms"),
        (300, "۰٫۳ ms"),
        (1_000, "۱ ms"),
        (3_000, "۳ ms"),
        (10_000, "۱۰ ms"),
        (30_000, "۳۰ ms"),
        (100_000, "۱۰۰ ms"),
        (300_000, "۳۰۰ ms"),
        (1_000_000, "۱ s"),
    ];
    pub(in crate::slides) const DISTANCES: &str = "رفت‌وبرگشت هر عضو";
    pub(in crate::slides) const DISTANCES_STILL: &str =
        "هر گوشی دو ثانیه یک بار ping می‌فرستد و می‌گوید pong پس از چه مدت رسید؛ سرور سمت راست است.";
    pub(in crate::slides) const EXTREMES: [(&str, &str); 3] =
        [("nearest", "نزدیک‌ترین:"), ("middle", "میانه:"), ("farthest", "دورترین:")];
    pub(in crate::slides) const DISTANCES_HOW: &str =
        "ساعت خود گوشی، از ping تا pong در لایه‌ی کاربرد: Wi-Fi، هسته‌ی سیستم‌عامل و مرورگر هم در آن است.";

    pub(in crate::slides) const RETURNING_HOW: &str =
        "هر که قطع شود کم‌رنگ می‌شود، و وقتی با توکن خودش برگردد ↺ می‌گیرد؛ پیام‌های این میان را هم گرفته است.";

    /// What a statement may be.
    pub(in crate::slides) const SIDES: [&str; 3] = ["مزیت", "هزینه", "هر دو"];
    pub(in crate::slides) const NOT_ASKED: &str = "هنوز پرسیده نشده";

    /// Which way messages went, and what that is.
    pub(in crate::slides) const WAYS: [(&str, &str); 2] = [("out", "پرده فرستاده"), ("in", "پرده شنیده")];
    pub(in crate::slides) const COUNT: &str = "بار";
    pub(in crate::slides) const MESSAGES_HOW: &str = "شمارش همین پرده، از آغاز کلاس.";

    pub(in crate::slides) const SEVEN: [&str; 7] = [
        "سرور اجرا می‌شود",
        "دو نفر دیگر صفحه را باز کرده‌اند",
        "هر کدام نامی دارند",
        "هر دو در همین اتاق‌اند",
        "یکی پیامی می‌فرستد",
        "دیگران همان لحظه می‌شنوند",
        "یکی می‌رود و فهرست عوض می‌شود",
    ];
}
