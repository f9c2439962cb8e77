//! Who can be mistaken for whom in one room: names that look alike count as the same, and people
//! whose names are really different are not told that they are.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeSet, HashMap};

use chat_protocol::{ClientId, Name, NameKey};
use proptest::{prelude::*, sample::select};

fn name(raw: &str) -> Name {
    Name::parse(raw).unwrap_or_else(|invalid| panic!("{raw:?}: {}", invalid.detail))
}

#[test]
fn spellings_of_one_name_are_one_name() {
    for (a, b) in [
        ("علی", "علي"),
        ("علی", "على"),
        ("کیان", "كيان"),
        ("سارا ۲", "سارا2"),
        ("سارا ۲", "سارا ٢"),
        ("نیم‌فاصله", "نیم فاصله"),
        ("نیم‌فاصله", "نیمفاصله"),
        ("سارا", "سا\u{200D}را"),
        ("محمّد", "محمد"),
        ("مُحَمَّد", "محمد"),
        ("Sara", "sARA"),
        ("ALI", "ali"),
        ("Ида", "ИДА"),
        ("Вера", "вера"),
        ("سـارا", "سارا"),
        ("فرزانۀ", "فرزانه"),
        ("فرزانهٔ", "فرزانه"),
        ("❤", "❤\u{FE0F}"),
        ("❤\u{FE0E}", "❤\u{FE0F}"),
        ("Zoe\u{308}", "Zoë"),
        ("Zoe", "Zoë"),
    ] {
        assert!(name(a).is_like(&name(b)) && name(b).is_like(&name(a)), "{a} / {b}");
    }
}

#[test]
fn names_that_look_alike_are_one_name() {
    for (real, posing) in [
        ("Sara", "Sаra"),   // Cyrillic а
        ("Reza", "Rеzа"),   // Cyrillic е, а
        ("Oscar", "Оѕсаr"), // Cyrillic О, ѕ, с, а
        ("Roxy", "Rоху"),   // Cyrillic о, х, у
        ("Parsa", "Раrsа"), // Cyrillic Р
        ("Nora", "Nοra"),   // Greek omicron
        ("Navid", "Naνid"), // Greek nu
        ("Kian", "Κian"),   // Greek Kappa
        ("Ali", "AIi"),     // capital i
        ("Ali", "A1i"),     // one
        ("Ali", "A|i"),     // bar
        ("Ali", "Alı"),     // dotless i
        ("Milad", "Mi1ad"),
        ("Omid", "0mid"),  // zero
        ("Amir", "Arnir"), // r, n
        ("Ali", "Ａｌｉ"), // full width
        ("Ali", "𝒜𝓁𝒾"),    // mathematical
        ("Ali", "𝗔𝗹𝗶"),
        ("Ali", "Ⓐⓛⓘ"),   // in circles
        ("سارا", "ﺳﺎﺭﺍ"), // presentation forms
        ("سارا", "سﺍرا"),
        ("سارا", "سlرl"),     // Latin l
        ("سارا", "س۱ر۱"),     // Persian one
        ("سارا", "سٱرا"),     // alef wasla
        ("مهدی", "مہدی"),     // Urdu heh
        ("مهدی", "مھدی"),     // heh doachashmee
        ("کامران", "ڪامران"), // swash kaf
        ("کامران", "كامران"), // Arabic kaf
        ("یاسمن", "ياسمن"),   // Arabic yeh
        ("علی", "علے"),       // yeh barree
        ("علی", "علۍ"),       // yeh with tail
        ("Admin", "Admiп"),   // Cyrillic п
        ("Admin", "Adмin"),   // Cyrillic м
        ("ADMIN", "АDМIN"),   // Cyrillic А, М
        ("Kamran", "кamran"), // Cyrillic к
        ("Bita", "вiтa"),     // Cyrillic в, т
        ("Hanna", "нanna"),   // Cyrillic н
        ("Sara", "Sагa"),     // Cyrillic а, г
        ("سارا", "سارا."),
        ("سارا", "سارا،"),
        ("سارا", "سارا۔"),
        ("سارا", "سارا ؟"),
        ("سارا", "«سارا»"),
        ("سارا", ".سارا"),
        ("سارا", "سارا·"),
        ("سارا", "سارا’"),
        ("سارا", "سارا\u{1F3FB}"), // a skin tone without a hand
        ("👍", "👍\u{1F3FD}"),
        ("علی", "علے."),
    ] {
        assert!(real != posing && name(real).is_like(&name(posing)), "{real} / {posing}");
    }
}

/// What is put around a word makes no other name; what makes another word does.
#[test]
fn signs_that_make_other_names_stay() {
    for (a, b) in [
        ("C", "C++"),
        ("C", "C#"),
        ("سارا", "سارا 🌸"),
        ("سارا", "سا.را"),
        ("...", "!"),
        ("🙂", "🙃"),
        ("a", "a@"),
    ] {
        assert!(!name(a).is_like(&name(b)), "{a} / {b}");
    }
}

/// What has no look of its own, or none that can be known, is not in a name at all.
#[test]
fn invisible_or_ambiguous_characters_are_refused() {
    for bad in [
        "Ali\u{202E}",
        "Ali\u{2066}",
        "Ali\u{200F}",
        "Ali\u{61C}",
        "Ali\u{200B}",
        "Ali\u{AD}",
        "Ali\u{2060}",
        "Ali\u{FEFF}",
        "Ali\u{3164}",
        "Ali\u{E0041}",
        "Ali\u{E0100}",
        "Ali\u{FFF9}",
        "Ali\u{E000}",
        "Ali\u{F8FF}",
        "Ali\u{F0000}",
        "Ali\u{10FFFF}",
        "Ali\u{FFFE}",
        "Ali\u{0}",
        "Ali\u{9B}",
        "\u{1F3FB}",
        "\u{1F3FF} \u{1F3FB}",
    ] {
        assert!(Name::parse(bad).is_err(), "{bad:?}");
        assert!(ClientId::parse(bad).is_err(), "{bad:?}");
    }
}

/// A client id is the name of who gives none, and so no way around.
#[test]
fn id_as_name_is_compared_by_look() {
    let id = ClientId::parse("sаra").unwrap();
    assert!(Name::from(&id).is_like(&name("Sara")));
}

/// Given names of a class here and elsewhere. Each of them may sit beside each other one.
const PERSIAN: &str = "\
    علی محمد حسین حسن رضا مهدی امیر احمد محمود عباس ابوالفضل امیرعلی امیرحسین علیرضا محمدرضا حمیدرضا غلامرضا \
    سارا زهرا فاطمه مریم زینب معصومه نرگس سمیه لیلا الهام الناز الهه آرزو آزاده آیدا آیلین آناهیتا آوا آرش آرمان \
    آرمین آرین آریا آراد اشکان افشین اکبر اصغر ایمان ایرج ایلیا اسماعیل ابراهیم اسحاق ادریس الیاس امین امید انوش \
    بابک باران بهار بهاره بهرام بهروز بهزاد بهمن بهنام بهناز بنفشه بیتا بیژن برزو بردیا پارسا پانته‌آ پدرام پرستو \
    پرنیا پرنیان پروانه پروین پرویز پری پریا پریسا پگاه پویا پویان پیام پیمان ترانه تارا تینا ثریا ثنا ثمین ثمینه جلال \
    جمشید جواد جمال جعفر چنگیز حامد حبیب حجت حدیث حدیثه حسام حمید حمیده حنانه حانیه خسرو خدیجه خورشید داریوش \
    داوود دانیال دنیا دریا درسا دلارام راحله رامین رامتین رها رعنا رقیه روژان روزبه رویا ریحانه ریما زهره زیبا ژاله ژینا \
    ژیلا زاله ساسان سامان سامیار ساناز ساحل سپهر سپیده ستاره ستایش سجاد سحر سعید سعیده سلمان سمانه سمیرا سمن سمین \
    سهراب سهیل سهیلا سوده سوسن سوگند سیامک سیاوش سیما سینا شاهین شاهرخ شایان شایسته شبنم شراره شقایق شکوفه شهاب \
    شهرام شهریار شهره شهین شیدا شیرین شیما شیوا صادق صبا صدف صدیقه طاها طاهر طاهره طناز طوبی عاطفه عرفان عرشیا \
    عسل عطیه غزال غزاله غزل فائزه فاران فراز فرامرز فرانک فرزاد فرزانه فرزین فرشاد فرشته فرشید فرناز فرهاد فرهنگ \
    فریبا فرید فریده فریدون قاسم کامبیز کامران کاوه کتایون کریم کمال کوثر کوروش کیان کیانا کیارش کیمیا کیوان گلناز \
    گلنار گیتا گیتی گیسو لاله لادن لعیا مارال مازیار ماهان ماهور مائده مبینا متین مجتبی مجید محدثه محسن محیا مرتضی مرجان \
    مرضیه مژده مژگان مسعود مصطفی ملیکا مهتاب مهدیه مهرداد مهران مهرانه مهرناز مهسا مهشید مهناز مهین میترا میثم میلاد \
    مینا مینو نادر نادیا نازنین ناصر ناهید نجمه ندا نسترن نسرین نسیم نگار نگین نوید نیکا نیلوفر نیما نیوشا هادی هاله \
    هانیه هدی هدیه هستی هما همایون هومن هلیا وحید وحیده ویدا یاسر یاسمن یاسمین یاشار یحیی یزدان یسنا یعقوب یلدا یوسف یونس";

const LATIN: &str = "\
    Ali Mohammad Hossein Hassan Reza Mehdi Amir Ahmad Sara Zahra Fatemeh Maryam Nima Mina Mona Mani Arash Arman Aria \
    Armin Omid Navid Nader Neda Neda2 Parsa Pouya Roya Raha Saman Samin Sina Sima Shiva Yalda Yasaman Ida Ila Lia Lida Lila \
    Leila Layla Lily Liam Noah Oliver James Elijah William Henry Lucas Benjamin Theodore Mateo Levi Sebastian Daniel \
    Jack Michael Alexander Owen Asher Samuel Ethan Leo Jackson Mason Ezra John Hudson Luca Aiden Joseph David Jacob \
    Logan Luke Julian Gabriel Grayson Wyatt Matthew Maverick Dylan Isaac Elias Anthony Thomas Jayden Carter Santiago \
    Olivia Emma Charlotte Amelia Sophia Mia Isabella Ava Evelyn Luna Harper Sofia Camila Eleanor Elizabeth Violet \
    Scarlett Emily Hazel Gianna Aurora Penelope Aria2 Nora Chloe Ellie Mila Avery Abigail Ella Elia Eila Isla Eliana Della \
    Delia Bella Celia Cela Julia Juliana Iris Ian Lan Bob Bo Rob Dan Don Dean Jan Jon Jean Joan Ann Anna Anne Ana Tim Tom \
    Tam Kim Ken Kai Max Mac Sam Sami Al Eli Elli Bill Will Gill Jill Phil Carl Karl Marn Mam Clara Dara Darn Dam";

fn all() -> Vec<Name> {
    PERSIAN.split_whitespace().chain(LATIN.split_whitespace()).map(name).collect()
}

#[test]
fn people_with_different_names_are_told_apart() {
    let names = all();
    assert!(names.len() > 450, "{}", names.len());
    let mut holders: HashMap<NameKey, &Name> = HashMap::new();
    let mut alike = Vec::new();
    for name in &names {
        let keys = BTreeSet::from(name.keys());
        alike.extend(
            keys.iter().filter_map(|key| holders.get(key)).map(|other| (other.as_str(), name.as_str())),
        );
        holders.extend(keys.into_iter().map(|key| (key, name)));
    }
    // The price of `I` and `l`, of `rn` and `m`: one of the two is asked to add something.
    assert_eq!(alike, [("Ian", "Lan"), ("Marn", "Mam"), ("Darn", "Dam")]);
}

/// What may be put into a name without anybody seeing it.
const UNSEEN: [&str; 8] =
    ["\u{200C}", "\u{200D}", "\u{640}", "\u{64E}", "\u{651}", " ", "\u{FE0F}", "\u{301}"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unseen_characters_make_no_other_name(of in select(all()), unseen in select(UNSEEN.to_vec()), at in 0_usize..16) {
        let letters: Vec<char> = of.as_str().chars().collect();
        let at = at.min(letters.len());
        let longer: String = letters[..at].iter().copied().chain(unseen.chars()).chain(letters[at..].iter().copied()).collect();
        prop_assert!(name(&longer).is_like(&of), "{longer:?}");
    }

    #[test]
    fn numbers_make_other_names(of in select(all()), n in 2_usize..100_000, m in 2_usize..100_000) {
        prop_assume!(n != m);
        prop_assert!(!of.numbered(n).is_like(&of.numbered(m)));
        prop_assert!(!of.numbered(n).is_like(&of));
    }
}
