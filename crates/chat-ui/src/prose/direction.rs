//! Decides whether a line reads from the right or from the left.
//!
//! The browser's own rule (`dir="auto"`: the first strong letter decides) misjudges Persian that
//! begins with an English word, a link or a piece of code. Here a line is judged by its words:
//!
//! 1. Not judged: links, inline code, mentions, hashtags, mail addresses, and words without a
//!    letter (numbers, emoji, punctuation).
//! 2. Nothing left to judge: left to right when there was a link, code, or a mention in Latin
//!    letters; else right to left. So the empty line and numbers are right to left.
//! 3. No right-to-left word: left to right.
//! 4. The first word is right-to-left: right to left.
//! 5. It begins left to right and looks like a line of code: left to right.
//! 6. It begins left to right: left to right only when it also ends so and has at least
//!    [`OVERWHELMING`] times as many left-to-right words. A Persian sentence ends in its verb, so
//!    "npm install بزن" is Persian and "I said سلام to everyone" is not. In doubt, Persian.
//!
//! A word with any right-to-left letter is a right-to-left word: «README‌ها» is Persian. So is one with
//! a Persian comma, semicolon or question mark: «C#، Go و Rust» is a Persian list.
//!
//! It knows letters, not languages, and nothing of how a line is drawn.

use super::{
    letters::is_rtl_script,
    segments::{Segment, segments},
};

/// How many left-to-right words outweigh one right-to-left word inside an English sentence.
pub const OVERWHELMING: usize = 3;

/// A base direction (UAX #9 §3.3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Right to left.
    Rtl,
    /// Left to right.
    Ltr,
}

impl Direction {
    /// The value of the HTML `dir` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rtl => "rtl",
            Self::Ltr => "ltr",
        }
    }
}

/// The base direction of one line of text.
pub fn base_direction(paragraph: &str) -> Direction {
    of(&segments(paragraph))
}

/// The base direction of a line that has already been cut into segments.
pub fn of(segments: &[Segment<'_>]) -> Direction {
    use Direction::{Ltr, Rtl};
    let (mut ltr, mut rtl) = (0, 0);
    let mut ends = None;
    let mut latin_aside = false;
    let mut code_like = false;
    for segment in segments {
        let Segment::Text(text) = segment else {
            latin_aside = true;
            continue;
        };
        for word in text.split_whitespace() {
            let Some(direction) = word_direction(word) else { continue };
            if word.contains('@') || word.starts_with('#') {
                latin_aside |= direction == Ltr;
                continue;
            }
            match direction {
                Ltr => ltr += 1,
                Rtl => rtl += 1,
            }
            let (first, _) = ends.unwrap_or((direction, direction));
            ends = Some((first, direction));
        }
        code_like |= looks_like_code(text);
    }
    match ends {
        None if latin_aside => Ltr,
        None => Rtl,
        Some(_) if rtl == 0 => Ltr,
        Some(_) if code_like && begins_ltr(segments) => Ltr,
        Some((Ltr, Ltr)) if ltr >= OVERWHELMING * rtl => Ltr,
        Some(_) => Rtl,
    }
}

/// The direction of a word, or none when it has no letter and no Persian mark.
fn word_direction(word: &str) -> Option<Direction> {
    let mut direction = None;
    for c in word.chars().filter(|c| c.is_alphabetic() || matches!(c, '،' | '؛' | '؟')) {
        if is_rtl_script(c) {
            return Some(Direction::Rtl);
        }
        direction = Some(Direction::Ltr);
    }
    direction
}

fn begins_ltr(segments: &[Segment<'_>]) -> bool {
    let letters = segments.iter().flat_map(|segment| segment.shown().chars()).find(|c| c.is_alphabetic());
    letters.is_some_and(|c| !is_rtl_script(c))
}

/// How lines of code end, how they quote, and how they call: `print("` has no space before its
/// bracket, prose has. Persian prose uses none of these.
fn looks_like_code(text: &str) -> bool {
    text.trim_end().ends_with([';', '{', '}'])
        || text.as_bytes().windows(3).any(|three| {
            let calls = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'!' | b'_');
            match *three {
                [c, b'(', b'"' | b'\''] => calls(c),
                [_, b'=', b'"' | b'\''] | [b'=', b' ', b'"' | b'\''] | [b'<', b'/', _] => true,
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_direction_matches_persian_expectation() {
        use Direction::{Ltr, Rtl};
        for (line, expected) in [
            // In doubt.
            ("", Rtl),
            ("   ", Rtl),
            ("12345", Rtl),
            ("۱۲:۳۰", Rtl),
            ("2 + 2 = 4", Rtl),
            ("😂😂😂", Rtl),
            ("؟!", Rtl),
            ("+98 912 000 0000", Rtl),
            // Persian, however it begins.
            ("سلام", Rtl),
            ("README را بخوان", Rtl),
            ("npm install بزن", Rtl),
            ("سلام! check the docs for README please", Rtl),
            ("😀 سلام", Rtl),
            ("1. اول این را ببین", Rtl),
            ("https://otagh.ir/r/class را باز کن", Rtl),
            ("@sara فردا می‌آیی؟", Rtl),
            ("#rust یاد می‌گیرم", Rtl),
            ("`cargo run` را بزن", Rtl),
            ("ali@example.com ایمیل من است", Rtl),
            ("WebSocket چیست؟", Rtl),
            ("HTTP/1.1 101 یعنی چه؟", Rtl),
            ("Rust یا Go؟", Rtl),
            ("C#، Go، C++ و Rust", Rtl),
            ("WebSocket؟", Rtl),
            ("Docker و Kubernetes", Rtl),
            ("API‌ها آماده‌اند", Rtl),
            ("git commit -m fix بزن", Rtl),
            ("Dockerfile رو push کن روی main", Rtl),
            ("OK بریم", Rtl),
            ("«Hello World» اولین برنامه است", Rtl),
            ("(TCP) لایه‌ی انتقال", Rtl),
            ("@سارا", Rtl),
            ("WebSocket (\"وب‌سوکت\") یک پروتکل است", Rtl),
            ("Sara: سلام", Rtl),
            ("שלום", Rtl),
            // English, even with some Persian in it.
            ("hello", Ltr),
            ("OK 👍", Ltr),
            ("see https://x.ir/سلام", Ltr),
            ("I said سلام to everyone in the room", Ltr),
            ("The word اتاق means room", Ltr),
            ("How do you say خسته نباشید in English?", Ltr),
            ("Привет", Ltr),
            ("5 km", Ltr),
            // Addresses and code on their own.
            ("https://otagh.ir", Ltr),
            ("https://fa.wikipedia.org/wiki/وب", Ltr),
            ("`let x = \"سلام\"`", Ltr),
            ("@sara", Ltr),
            ("fn main() {", Ltr),
            ("let greeting = \"سلام دنیا\";", Ltr),
            ("print(\"سلام دنیا\")", Ltr),
            ("{\"type\": \"say\", \"text\": \"سلام\"}", Ltr),
            ("<p dir=\"rtl\">سلام همه</p>", Ltr),
            ("cargo run --release", Ltr),
        ] {
            assert_eq!(base_direction(line), expected, "{line}");
        }
    }
}
