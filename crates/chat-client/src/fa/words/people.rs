//! The people of a room: the roster, who came and went, who is typing.

use crate::fa::{Sentence, digits};

/// `aria-label` and heading of the roster.
pub const PEOPLE: &str = "افراد اتاق";
/// Opens the drawer.
pub const OPEN: &str = "دیدن افراد اتاق";
/// Closes the drawer.
pub const CLOSE: &str = "بستن فهرست افراد";

/// Beside one's own name.
pub const YOU: &str = "شما";
/// Beside someone whose connection was lost and may return.
pub const AWAY: &str = "اتصالش قطع شده";

/// Takes another name.
pub const RENAME: &str = "تغییر نام";
/// Heading of that dialog.
pub const RENAME_TITLE: &str = "نام تازه‌ی شما";
/// Beside someone with several tabs open: «در ۲ زبانه».
pub fn tabs(count: u64) -> String {
    format!("در {} زبانه", digits::number(count))
}

/// How many are here, oneself included: «۳ نفر اینجا هستند».
pub fn here(count: u64) -> String {
    match count {
        0 => "هنوز کسی اینجا نیست".into(),
        1 => "فقط شما اینجا هستید".into(),
        _ => format!("{} نفر اینجا هستند", digits::number(count)),
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

/// «سارا آمد», «سارا و علی آمدند», «سارا، علی و ۳ نفر دیگر آمدند». Empty for nobody.
pub fn joined(names: &[impl AsRef<str>]) -> Sentence {
    somebody(names, " آمد", " آمدند")
}

/// «سارا رفت», «سارا و علی رفتند». Empty for nobody.
pub fn left(names: &[impl AsRef<str>]) -> Sentence {
    somebody(names, " رفت", " رفتند")
}

/// «سارا نامش را به دارا تغییر داد».
pub fn renamed(from: &str, to: &str) -> Sentence {
    Sentence::default().name(from).words(" نامش را به ").name(to).words(" تغییر داد")
}

/// «سارا می‌نویسد…», «سارا و علی می‌نویسند…», «چند نفر می‌نویسند…». Empty for nobody.
pub fn typing(names: &[impl AsRef<str>]) -> Sentence {
    match names.len() {
        0..=2 => somebody(names, " می‌نویسد…", " می‌نویسند…"),
        _ => Sentence::default().words("چند نفر می‌نویسند…"),
    }
}

/// Up to three names, or two and a number: a list never ends in «۱ نفر دیگر», where the name itself
/// would be as short.
fn somebody(names: &[impl AsRef<str>], verb: &str, verb_plural: &str) -> Sentence {
    let sentence = Sentence::default();
    match names {
        [] => sentence,
        [a] => sentence.name(a.as_ref()).words(verb),
        [a, b] => sentence.name(a.as_ref()).words(" و ").name(b.as_ref()).words(verb_plural),
        [a, b, c] => {
            let sentence = sentence.name(a.as_ref()).words("، ").name(b.as_ref());
            sentence.words(" و ").name(c.as_ref()).words(verb_plural)
        }
        [a, b, others @ ..] => {
            let sentence = sentence.name(a.as_ref()).words("، ").name(b.as_ref());
            let others = and_others(others.len() as u64);
            sentence.words(" ").words(&others).words(verb_plural)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(sentence: &Sentence) -> String {
        sentence.plain().replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn the_verb_agrees_with_how_many_there_are() {
        for (names, expected) in [
            (vec![], ""),
            (vec!["سارا"], "سارا آمد"),
            (vec!["سارا", "علی"], "سارا و علی آمدند"),
            (vec!["سارا", "علی", "Sam"], "سارا، علی و Sam آمدند"),
            (vec!["سارا", "علی", "Sam", "نیما"], "سارا، علی و ۲ نفر دیگر آمدند"),
        ] {
            assert_eq!(bare(&joined(&names)), expected);
        }
        assert_eq!(bare(&left(&["سارا"])), "سارا رفت");
        assert_eq!(bare(&left(&["سارا", "علی"])), "سارا و علی رفتند");
    }

    #[test]
    fn more_than_two_who_type_are_not_named() {
        assert_eq!(bare(&typing(&["سارا"])), "سارا می‌نویسد…");
        assert_eq!(bare(&typing(&["سارا", "علی"])), "سارا و علی می‌نویسند…");
        assert_eq!(bare(&typing(&["a", "b", "c"])), "چند نفر می‌نویسند…");
        assert_eq!(typing(&[""; 0]), Sentence::default());
    }

    #[test]
    fn every_name_is_isolated() {
        assert_eq!(renamed("a", "b").plain().matches('\u{2068}').count(), 2);
        assert_eq!(joined(&["a", "b", "c"]).plain().matches('\u{2068}').count(), 3);
    }

    #[test]
    fn one_is_alone_and_not_one_person() {
        assert_eq!(here(1), "فقط شما اینجا هستید");
        assert_eq!(here(12), "۱۲ نفر اینجا هستند");
    }
}
