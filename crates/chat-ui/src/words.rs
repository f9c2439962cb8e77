//! The words that every page says, or that none says alone; all others stand beside the page that says
//! them.
//!
//! How they are written, here and there: the polite «شما», everyday words, short sentences; «ه‌ی» for the
//! ezafe after ه; ZWNJ inside words (می‌نویسد), never a space; Persian punctuation. A name or a room in a
//! sentence makes it a [`Sentence`](crate::sentence::Sentence), so that it cannot scramble its neighbours.
//! Counts are written with Persian digits and take the singular, as Persian has it («۳ نفر»).

/// The name of the whole thing.
pub const APP_NAME: &str = "اتاق";

/// Description for search engines and link previews.
pub const DESCRIPTION: &str =
    "یک نام بنویسید، وارد اتاق شوید و همان لحظه با هم حرف بزنید؛ بدون ثبت‌نام و بدون نصب.";

/// Where the page has not yet come to life.
pub const LOADING: &str = "در حال آماده‌شدن…";

/// For browsers without JavaScript.
pub const NOSCRIPT: &str =
    "گفت‌وگوی زنده به جاوااسکریپت نیاز دارد. آن را در تنظیمات مرورگرتان روشن کنید و صفحه را دوباره باز کنید.";

/// The page's program has not come for a while.
pub const SLOW: &str = "آماده‌شدن این صفحه بیش از معمول طول کشیده است. شاید شبکه کند باشد.";

/// The page's program did not start, or broke.
pub const BROKEN: &str = "این صفحه از کار افتاد. دوباره بارگیری‌اش کنید؛ اگر باز هم نشد، شاید مرورگرتان قدیمی باشد یا افزونه‌ای جلوی آن را گرفته باشد.";

/// Loads the page again.
pub const RELOAD: &str = "بارگیری دوباره";

/// The way into a room that needs no program.
pub const CLASSIC: &str = "ورود با صفحه‌ی ساده";

/// The same from inside the room.
pub const PLAIN: &str = "صفحه‌ی ساده";

/// Back to the start page.
pub const GO_HOME: &str = "بازگشت به صفحه‌ی نخست";

/// The button that changes how the page looks, before it is known how it does.
pub const THEME: &str = "ظاهر";
/// The same when it is: as the device has it, light, dark. For `assets/later.js`, with a bar between them.
pub const THEMES: &str = "ظاهر: خودکار|ظاهر: روشن|ظاهر: تیره";

/// Close a dialog or a drawer.
pub const CLOSE: &str = "بستن";

/// Beside someone whose connection was lost and may return.
pub const AWAY: &str = "اتصالش قطع شده";

/// What shows the wire of one's own connection, here and on the button that opens it.
pub const XRAY: &str = "زیر ذره‌بین";

/// The name of the page that compares five ways into a room.
pub const WAYS: &str = "پنج راه کنار هم";

/// The name of the page where one writes a handshake and frames by hand.
pub const WORKBENCH: &str = "میز کار WebSocket";

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    /// The files of words, of every crate: `words.rs`, and all that is in a folder `words`.
    fn files(folder: &Path, are_words: bool, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                files(&path, are_words || name == "words", found);
            } else if name == "words.rs" || are_words && name.ends_with(".rs") {
                found.push(path);
            }
        }
    }

    /// The lines of all words, tests left out, each with where it stands.
    fn lines() -> Vec<String> {
        let mut lines = Vec::new();
        for of in ["chat-ui", "chat-client", "chat-lab"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src");
            let mut found = Vec::new();
            files(&folder, false, &mut found);
            assert!(!found.is_empty(), "{of} has no words");
            for path in found {
                let text = fs::read_to_string(&path).expect("a text");
                let words = text.split("#[cfg(test)]").next().unwrap_or_default();
                lines.extend(words.lines().map(|line| format!("{}: {line}", path.display())));
            }
        }
        lines
    }

    #[test]
    fn all_words_are_spelt_as_persian() {
        // Arabic forms of ی and ک and of the digits; and a space where a ZWNJ, or nothing, belongs.
        let arabic = |c: char| matches!(c, '\u{64A}' | '\u{649}' | '\u{643}' | '\u{660}'..='\u{669}');
        for line in lines() {
            assert!(!line.contains(arabic), "{line}");
            for loose in [" می ", " نمی ", " ها ", " های ", " ،", " ؛", " ؟", " …"] {
                assert!(!line.contains(loose), "{loose:?} in {line}");
            }
        }
    }

    /// The course, the exam and Wireshark call a thing by one name, and so do all pages; a word has one
    /// spelling.
    #[test]
    fn things_have_one_name() {
        let names = [
            ("سربرگ", "سرآیند"),
            ("دست‌دادن", "دست‌تکانی"),
            ("محموله", "بار مفید"),
            ("نقاب", "ماسک"),
            (" قاب", "فریم"),
            ("زمان‌نگار", "مُهر زمانی"),
            ("حلقه‌ی داخلی", "loopback"),
            ("لایه‌ی پیوند\"", "لایه‌ی پیوند داده"),
            ("راستین", "واقعی"),
            (" بی ", "بدون"),
            ("به‌تصادف", "به‌طور تصادفی"),
            ("غیرکمینه", "به شکلی بلندتر از لازم"),
            ("م‌ث", "ms"),
            ("وانمود", "شبیه‌سازی"),
            ("گرداننده", "مدیر"),
            ("اشعه", "ذره‌بین"),
            ("رونوشت", "کپی"),
            ("رمزینه", "کد QR"),
            ("گپ‌سرا", "اتاق گفت‌وگو"),
            ("پوسته", "ظاهر"),
            ("سرعت اینترنت", "سرعت شبکه"),
            ("اینترنت در دسترس نیست", "شبکه در دسترس نیست"),
            ("اینجا", "این‌جا"),
            ("گفتگو", "گفت‌وگو"),
            ("۶۴بیتی", "۶۴ بیتی"),
            ("قطعه", "سگمنت"),
        ];
        for line in lines() {
            for (old, new) in names {
                assert!(!line.contains(old), "{new} is what it is called: {line}");
            }
        }
    }

    /// A code or a section is a name: it has the digits that it has in the RFC and in Wireshark.
    #[test]
    fn codes_and_sections_have_latin_digits() {
        let is_persian = |c: char| matches!(c, '۰'..='۹');
        for line in lines() {
            for name in ["کد ", "بستن ", "پاسخ ", "وضعیت ", "بخش ", "RFC ", "§"] {
                let is_told = |rest: &str| rest.starts_with(is_persian);
                assert!(!line.split(name).skip(1).any(is_told), "{name:?} in {line}");
            }
        }
    }
}
