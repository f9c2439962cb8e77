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

/// Back to the start page.
pub const GO_HOME: &str = "بازگشت به صفحه‌ی نخست";

/// The button that changes between light and dark.
pub const THEME: &str = "پوسته";

/// Close a dialog or a drawer.
pub const CLOSE: &str = "بستن";

/// What shows the wire of one's own connection, here and on the button that opens it.
pub const XRAY: &str = "اشعه‌ی ایکس";

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

    #[test]
    fn all_words_are_spelt_as_persian() {
        // Arabic forms of ی and ک and of the digits, by code point so as not to find themselves;
        // and a space where a ZWNJ, or nothing, belongs.
        let arabic = |c: char| matches!(c, '\u{64A}' | '\u{649}' | '\u{643}' | '\u{660}'..='\u{669}');
        let prefix = |line: &str| ["می", "نمی"].iter().any(|verb| line.contains(&format!(" {verb} ")));
        let suffix =
            |line: &str| line.contains(&format!(" {} ", "ها")) || line.contains(&format!(" {} ", "های"));
        let loose = |line: &str| ['،', '؛', '؟', '…'].iter().any(|mark| line.contains(&format!(" {mark}")));
        let mut found = Vec::new();
        for of in ["chat-ui", "chat-client", "chat-lab"] {
            let before = found.len();
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(of).join("src");
            files(&folder, false, &mut found);
            assert!(found.len() > before, "{of} has no words");
        }
        for path in found {
            for line in fs::read_to_string(&path).expect("a text").lines() {
                let told = || format!("{}: {line}", path.display());
                assert!(!line.contains(arabic), "{}", told());
                let is_loose = prefix(line) || suffix(line) || loose(line);
                assert!(!is_loose || line.contains("contains"), "{}", told());
            }
        }
    }
}
