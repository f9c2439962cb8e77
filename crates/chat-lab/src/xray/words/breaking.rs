//! Breaking one's own connection: what is broken, what may be expected, and what the protocol says.

use chat_ui::digits;

use super::took;

/// What this tab is for.
pub(crate) const INTRO: &str = "این‌جا می‌توانید اتصال خودتان را واقعاً خراب کنید؛ به دیگران آسیبی نمی‌رسد. نخست پیش‌بینی کنید، سپس تماشا کنید.";
/// Choose an answer first.
pub(crate) const PREDICT: &str = "پیش‌بینی شما چیست؟";
/// Do it.
pub(crate) const DO_IT: &str = "اجرا";
/// Begin it anew.
pub(crate) const AGAIN: &str = "یک بار دیگر";
/// It was done; who was right is told once it is seen.
pub(crate) const DONE: &str =
    "انجام شد. گفت‌وگو و فریم‌ها را تماشا کنید. پیش‌بینی شما وقتی سنجیده می‌شود که شاهدش در ضبط آمده باشد.";
/// The prediction was right.
pub(crate) const RIGHT: &str = "درست پیش‌بینی کردید.";
/// It was not.
pub(crate) const WRONG: &str = "پاسخ درست این بود:";
/// What was seen.
pub(crate) const SEEN: &str = "آن‌چه در ضبط دیده شد";
/// Nothing yet.
pub(crate) const NOT_SEEN_YET: &str = "هنوز چیزی دیده نشده است…";
/// Nothing can be seen before something is said.
pub(crate) const SAY_SOMETHING: &str = "هنوز چیزی نگفته‌اید. پایین همین بخش چیزی بگویید تا این‌جا دیده شود.";
/// What was said has not come back.
pub(crate) const NO_ECHO_YET: &str = "پیام شما خوانده شد؛ پژواکش هنوز راه نیفتاده است…";
/// The recording is over before anything was seen.
pub(crate) const NOT_SEEN: &str = "این ضبط تمام شد و چیزی از این آزمایش در آن نیست.";
/// While nothing is read.
pub(crate) const SAY_AND_WAIT: &str =
    "سرور دارد نمی‌خواند. چیزی بگویید و صبر کنید؛ وقتی دوباره بخواند این‌جا دیده می‌شود.";
/// Where the same room is seen by other ways.
pub(crate) const WAYS: &str =
    "همین اتاق از پنج راه: HTTP کلاسیک، سرکشی، سرکشی بلند، رویدادهای سرور و WebSocket، کنار هم";
/// Where frames are written by hand.
pub(crate) const WORKBENCH: &str = "میز کار: درخواست و فریم‌ها را خودتان بایت به بایت بنویسید";
/// The connection is over.
pub(crate) const OVER: &str = "این اتصال دیگر زنده نیست؛ اتصال تازه را انتخاب کنید.";
/// There is no lab here.
pub(crate) const NO_LAB: &str = "آزمایش خرابی در این سرور بسته است. مدیر سرور آن را با ‎--lab‎ باز می‌کند.";
/// The server did not answer.
pub(crate) const UNREACHABLE: &str = "سرور پاسخ نداد.";

/// One way of breaking it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    /// What it is called.
    pub name: &'static str,
    /// What is done.
    pub what: &'static str,
    /// What may be expected.
    pub answers: [&'static str; 3],
    /// Which of them is right.
    pub right: usize,
    /// What the protocol says about it.
    pub why: &'static str,
}

/// Cut, deafness, delay, a lost acknowledgement, a restart.
pub(crate) const FAULTS: [Fault; 5] = [
    Fault {
        name: "قطع بدون خداحافظی",
        what: "سرور TCP را می‌بندد (FIN می‌رود)، ولی فریم close نمی‌فرستد؛ مثل کشته شدن برنامه‌ی سرور. کشیدن کابل فرق دارد: آن‌جا FIN هم نمی‌آید.",
        answers: [
            "دیگران می‌بینند که از اتاق رفته‌اید و باید دوباره با نام وارد شوید.",
            "کنار نامتان «اتصالش قطع شده» می‌آید و بدون گم شدن پیامی برمی‌گردید.",
            "هیچ‌کس چیزی نمی‌فهمد، چون TCP خودش اتصال را دوباره برقرار می‌کند.",
        ],
        right: 1,
        why: "مرورگر کد 1006 گزارش می‌کند که روی سیم نبوده است. صفحه با تأخیری تصادفی دوباره وصل می‌شود و با resume می‌گوید تا کجا خوانده است؛ سرور بقیه را بازپخش می‌کند.",
    },
    Fault {
        name: "سرور گوش نمی‌دهد",
        what: "سرور تا ۱۰ ثانیه از سوکت شما چیزی نمی‌خواند. در این میان چیزی بگویید.",
        answers: [
            "پیام شما گم می‌شود و پس از ده ثانیه باید آن را دوباره بنویسید.",
            "پیام با نشان ساعت می‌ماند تا سرور بخواند؛ از دیگران می‌شنوید.",
            "پیام همان لحظه به همه می‌رسد، ولی از دیگران چیزی نمی‌شنوید.",
        ],
        right: 1,
        why: "بایت‌ها در بافر TCP منتظر می‌مانند. رسید هر پیام، پژواک خودش است؛ تا پژواک نیاید صفحه آن را نگه می‌دارد و اگر اتصال بمیرد دوباره می‌فرستد.",
    },
    Fault {
        name: "تأخیر",
        what: "تا ۳۰ ثانیه، هر چه سرور برایتان می‌فرستد یک ثانیه دیرتر راه می‌افتد.",
        answers: [
            "ترتیب پیام‌ها به هم می‌ریزد، چون هر کدام جداگانه دیر می‌کند.",
            "همه‌چیز یک ثانیه دیرتر می‌رسد، ولی درست به همان ترتیب پیش.",
            "اتصال پس از چند ثانیه قطع می‌شود، چون ping پاسخ نمی‌گیرد.",
        ],
        right: 1,
        why: "ترتیب درون یک اتصال کار TCP است و ترتیب میان فرستنده‌ها کار seq، که اتاق به هر پیام می‌دهد. تأخیر هیچ‌کدام را عوض نمی‌کند.",
    },
    Fault {
        name: "گم شدن رسید",
        what: "پیام بعدی شما به اتاق می‌رسد، ولی پژواکش پیش از رسیدن به شما با اتصال از میان می‌رود. پس از زدن دکمه چیزی بگویید.",
        answers: [
            "پیام در گفت‌وگو دو بار دیده می‌شود، چون دو بار فرستاده شد.",
            "پیام گم می‌شود، چون سرور رسید آن را هرگز به شما نداده است.",
            "پیام درست یک بار دیده می‌شود، هرچند دو بار فرستاده شود.",
        ],
        right: 2,
        why: "مرورگر نمی‌داند پیام رسیده یا نه، پس با همان id دوباره می‌فرستد؛ سرور id را می‌شناسد و دوباره پخش نمی‌کند. بازپخش پس از resume هم رسید را می‌آورد.",
    },
    Fault {
        name: "شبیه‌سازی راه‌اندازی مجدد",
        what: "سرور با کد ‎4000‎ می‌بندد و شما را از یاد می‌برد، چنان‌که گویی از نو راه افتاده است.",
        answers: [
            "همه‌چیز مثل پیش ادامه می‌یابد و پیام‌های این میان هم می‌رسد.",
            "دوباره وارد می‌شوید، ولی سرور می‌گوید شما را نمی‌شناخته است.",
            "دیگر نمی‌توانید وارد شوید، چون توکن شما باطل شده است.",
        ],
        right: 1,
        why: "توکن شما دیگر چیزی را ثابت نمی‌کند. پروتکل هرگز جای خالی را پنهان نمی‌کند: welcome می‌گوید recovered: false و صفحه اگر پیامی از دست رفته باشد نشانش می‌دهد.",
    },
];

/// For so long nothing was read.
pub(crate) fn silent(us: u64) -> String {
    format!("{} هیچ بایتی از شما خوانده نشد.", took(us))
}

/// So many frames went the other way meanwhile.
pub(crate) fn meanwhile(frames: u64) -> String {
    format!("در همین میان {} فریم از سرور به سوی شما رفت.", digits::number(frames))
}

/// Then so many frames were read at once, of which so many carried messages.
pub(crate) fn at_once(frames: u64, says: u64) -> String {
    let says = match says {
        0 => "پیامی از شما میانشان نبود".to_owned(),
        says => format!("{} پیام شما میانشان بود", digits::number(says)),
    };
    format!("سپس {} فریم یک‌جا خوانده شد؛ {says}.", digits::number(frames))
}

/// So late was the echo of a message before.
pub(crate) fn echo_before(us: u64) -> String {
    format!("پیش از آن، پژواک پیام شما {} پس از خوانده شدنش راه افتاد.", took(us))
}

/// So late was the echo of this message.
pub(crate) fn echo(text: &str, us: u64) -> String {
    format!("پژواک «{}» {} پس از خوانده شدنش راه افتاد.", brief(text), took(us))
}

/// So often the echo that was lost came over the next connection, as one message or as several.
pub(crate) fn echo_after_all(text: &str, count: u64, is_one: bool) -> String {
    let text = brief(text);
    let count = match count {
        1 => return format!("پژواک «{text}» در اتصال بعدی آمد."),
        count => digits::number(count),
    };
    let same = if is_one {
        "هر بار با همان seq: یک پیام است"
    } else {
        "با seqهای گوناگون"
    };
    format!("پژواک «{text}» در اتصال بعدی {count} بار آمد، {same}.")
}

/// So many messages came, in the room's order or not.
pub(crate) fn order(count: u64, is_kept: bool) -> String {
    let kept = if is_kept { "به ترتیب seq آمد" } else { "به ترتیب seq نیامد" };
    format!("از آن هنگام {} پیام {kept}.", digits::number(count))
}

/// The beginning of a text, apart from the sentence around it.
fn brief(text: &str) -> String {
    const LETTERS: usize = 40;
    let mut brief: String = text.chars().take(LETTERS).collect();
    if brief.len() < text.len() {
        brief.push('…');
    }
    chat_ui::prose::plain(&brief)
}

/// How the broken connection ended, and what the next one said.
pub(crate) fn ended(code: Option<u16>) -> String {
    match code {
        Some(code) => format!("اتصال با کد {code} بسته شد."),
        None => "اتصال بدون هیچ فریم close تمام شد.".into(),
    }
}

/// The connection came back.
pub(crate) fn came_back(ms: u64) -> String {
    format!("اتصال بعدی {} میلی‌ثانیه بعد باز شد.", digits::number(ms))
}

/// What `welcome` said.
pub(crate) fn welcomed(recovered: bool) -> &'static str {
    if recovered {
        "welcome گفت recovered: true؛ چیزی گم نشد."
    } else {
        "welcome گفت recovered: false؛ سرور شما را نمی‌شناخت."
    }
}

/// So many messages were told again.
pub(crate) fn replayed(count: u64) -> String {
    format!("{} پیام بازپخش شد.", digits::number(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_does_not_give_the_answer_away() {
        for fault in FAULTS {
            let lengths = fault.answers.map(|answer| answer.chars().count());
            let (least, most) = (lengths.iter().min(), lengths.iter().max());
            assert!(
                least.zip(most).is_some_and(|(least, most)| most - least <= 10),
                "{lengths:?}: {}",
                fault.name
            );
        }
    }

    #[test]
    fn answers_speak_as_the_page_does() {
        assert!(FAULTS[0].answers[1].contains(chat_ui::words::AWAY));
    }
}
