//! The people of a room: the roster, who came and went, who is typing.

use chat_protocol::OpenTab;
use chat_ui::{dates, digits, sentence::Sentence};

/// `aria-label` and heading of the roster.
pub const PEOPLE: &str = "افراد اتاق";
/// Opens the drawer.
pub const OPEN: &str = "دیدن افراد اتاق";
/// Closes the drawer.
pub const CLOSE: &str = "بستن فهرست افراد";

/// Beside one's own name.
pub const YOU: &str = "شما";
pub use chat_ui::words::AWAY;

/// Takes another name.
pub const RENAME: &str = "تغییر نام";
/// Heading of that dialog.
pub const RENAME_TITLE: &str = "نام تازه‌ی شما";
/// Beside someone with several tabs open: «در ۲ زبانه».
pub fn tabs(count: u64) -> String {
    format!("در {} زبانه", digits::number(count))
}

/// What is said, below «شما», of the other tabs that one is here in, a line each, and on the button that ends the younger
/// ones; nothing where there are none.
#[derive(Default)]
pub struct OtherTabs {
    /// «در ۲ زبانه‌ی دیگر هم هستید:», and which they are.
    pub told: String,
    /// «بستن آن‌ها».
    pub end: Option<&'static str>,
}

impl OtherTabs {
    /// Of these tabs, the oldest first, of which one is this, for a reader whose clock is so many minutes east
    /// of UTC at a time.
    pub fn of(tabs: &[OpenTab], utc_offset: fn(u64) -> i32) -> Self {
        let Some(older) = tabs.iter().position(|tab| tab.this).filter(|_| tabs.len() > 1) else {
            return Self::default();
        };
        let others = digits::number(tabs.len() as u64 - 1);
        let mut told = ["\nدر ", &others, " زبانه‌ی دیگر هم هستید:"].concat();
        for (at, tab) in tabs.iter().enumerate().filter(|(at, _)| *at != older) {
            told += "\nاز ساعت ";
            told += &dates::clock(tab.since, utc_offset(tab.since));
            told += if tab.http { " · HTTP" } else { "" };
            told += if tab.elsewhere { " · با نشانی IP دیگر" } else { "" };
            told += if at < older { " · قدیمی‌تر" } else { "" };
        }
        let end = match (older, tabs.len() - older - 1) {
            (_, 0) => None,
            (0, 1) => Some("بستن آن"),
            (0, _) => Some("بستن آن‌ها"),
            _ => Some("بستن تازه‌ترها"),
        };
        Self { told, end }
    }
}

/// How many are here, oneself included: «۳ نفر این‌جا هستند».
pub fn here(count: u64) -> String {
    match count {
        0 => "هنوز کسی این‌جا نیست".into(),
        1 => "فقط شما این‌جا هستید".into(),
        _ => format!("{} نفر این‌جا هستند", digits::number(count)),
    }
}

/// The same where space is short: «۳ نفر».
pub fn count(count: u64) -> String {
    format!("{} نفر", digits::number(count))
}

/// Below a roster that does not list everyone: «و ۱۲ نفر دیگر».
pub fn and_others(count: u64) -> String {
    format!("و {} نفر دیگر", digits::number(count))
}

/// A rename while there is nobody to tell.
pub const RENAME_LATER: &str = "اکنون وصل نیستید؛ پس از وصل‌شدن دوباره ثبت کنید.";

/// «سارا آمد», «سارا و علی آمدند», «سارا، علی و ۳ نفر دیگر آمدند»: so many people, the first of
/// them by name. Empty for nobody.
pub fn joined(names: &[impl AsRef<str>], count: u64) -> Sentence {
    somebody(names, count, " آمد", " آمدند")
}

/// «سارا رفت», «سارا و علی رفتند». Empty for nobody.
pub fn left(names: &[impl AsRef<str>], count: u64) -> Sentence {
    somebody(names, count, " رفت", " رفتند")
}

/// «سارا نامش را به دارا تغییر داد».
pub fn renamed(from: &str, to: &str) -> Sentence {
    Sentence::default().name(from).words(" نامش را به ").name(to).words(" تغییر داد")
}

/// After several of those.
pub const MORE_RENAMED: &str = "چند نفر دیگر هم نامشان را تغییر دادند";

/// «سارا می‌نویسد…», «سارا و علی می‌نویسند…», «چند نفر می‌نویسند…». Empty for nobody.
pub fn typing(names: &[impl AsRef<str>]) -> Sentence {
    match names.len() {
        0..=2 => somebody(names, names.len() as u64, " می‌نویسد…", " می‌نویسند…"),
        _ => Sentence::default().words("چند نفر می‌نویسند…"),
    }
}

/// Up to three names, or two and a number: a list never ends in «۱ نفر دیگر», where the name itself
/// would be as short. Where fewer are known by name than are named, all others are a number.
fn somebody(names: &[impl AsRef<str>], total: u64, verb: &str, verb_plural: &str) -> Sentence {
    let named = names.len().min(if total > 3 { 2 } else { 3 });
    let others = total.saturating_sub(named as u64);
    let mut sentence = Sentence::default();
    for (at, name) in names.iter().take(named).enumerate() {
        if at > 0 {
            sentence = sentence.words(if others == 0 && at + 1 == named { " و " } else { "، " });
        }
        sentence = sentence.name(name.as_ref());
    }
    sentence = match (named, others) {
        (_, 0) => sentence,
        (0, _) => sentence.words(&count(others)),
        _ => sentence.words(" ").words(&and_others(others)),
    };
    match total {
        0 => sentence,
        1 => sentence.words(verb),
        _ => sentence.words(verb_plural),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(sentence: &Sentence) -> String {
        sentence.plain().replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn other_tabs_are_told_and_younger_ended() {
        let tab = |minute: u64| OpenTab {
            since: minute * 60_000,
            http: minute == 2,
            elsewhere: minute > 1,
            this: false,
        };
        let told = |this: usize, count: u64| {
            let mut tabs: Vec<_> = (1..=count).map(tab).collect();
            tabs[this].this = true;
            let OtherTabs { told, end } = OtherTabs::of(&tabs, |_| 600);
            (told, end.unwrap_or_default())
        };
        let elder = "\nدر ۲ زبانه‌ی دیگر هم هستید:\nاز ساعت ۱۰:۰۲ · HTTP · با نشانی IP دیگر\nاز ساعت ۱۰:۰۳ · با نشانی IP دیگر";
        assert_eq!(told(0, 3), (elder.to_owned(), "بستن آن‌ها"));
        assert_eq!(told(0, 2).1, "بستن آن");
        assert_eq!(told(1, 3).1, "بستن تازه‌ترها");
        assert_eq!(told(1, 2), ("\nدر ۱ زبانه‌ی دیگر هم هستید:\nاز ساعت ۱۰:۰۱ · قدیمی‌تر".to_owned(), ""));
        assert_eq!(told(0, 1), (String::new(), ""));
    }

    #[test]
    fn verb_agrees_with_number_of_people() {
        for (names, expected) in [
            (vec![], ""),
            (vec!["سارا"], "سارا آمد"),
            (vec!["سارا", "علی"], "سارا و علی آمدند"),
            (vec!["سارا", "علی", "Sam"], "سارا، علی و Sam آمدند"),
            (vec!["سارا", "علی", "Sam", "نیما"], "سارا، علی و ۲ نفر دیگر آمدند"),
        ] {
            assert_eq!(bare(&joined(&names, names.len() as u64)), expected);
        }
        assert_eq!(bare(&left(&["سارا"], 1)), "سارا رفت");
        assert_eq!(bare(&left(&["سارا", "علی"], 2)), "سارا و علی رفتند");
    }

    #[test]
    fn unnamed_people_are_counted() {
        for (names, total, expected) in [
            (vec!["سارا", "علی", "Sam"], 45, "سارا، علی و ۴۳ نفر دیگر آمدند"),
            (vec!["سارا", "علی"], 3, "سارا، علی و ۱ نفر دیگر آمدند"),
            (vec!["سارا"], 5, "سارا و ۴ نفر دیگر آمدند"),
            (vec![], 5, "۵ نفر آمدند"),
            (vec![], 1, "۱ نفر آمد"),
        ] {
            assert_eq!(bare(&joined(&names, total)), expected);
        }
    }

    #[test]
    fn more_than_two_typists_are_unnamed() {
        assert_eq!(bare(&typing(&["سارا"])), "سارا می‌نویسد…");
        assert_eq!(bare(&typing(&["سارا", "علی"])), "سارا و علی می‌نویسند…");
        assert_eq!(bare(&typing(&["a", "b", "c"])), "چند نفر می‌نویسند…");
        assert_eq!(typing(&[""; 0]), Sentence::default());
    }

    #[test]
    fn every_name_is_isolated() {
        assert_eq!(renamed("a", "b").plain().matches('\u{2068}').count(), 2);
        assert_eq!(joined(&["a", "b", "c"], 3).plain().matches('\u{2068}').count(), 3);
    }

    #[test]
    fn one_is_alone_and_not_one_person() {
        assert_eq!(here(1), "فقط شما این‌جا هستید");
        assert_eq!(here(12), "۱۲ نفر این‌جا هستند");
    }
}
