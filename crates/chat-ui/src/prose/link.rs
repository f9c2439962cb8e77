//! Recognises an address in running text: `http://`, `https://`, or a bare `www.`, and where it
//! ends.
//!
//! An address ends at white space, quotes, angle brackets, Persian punctuation, emoji, and every
//! invisible character but ZWNJ, which Persian paths need. Persian letters are part of a path
//! (`https://fa.wikipedia.org/wiki/وب`) and of an international host, but a Persian letter glued
//! to a Latin host (`https://x.irرا`) is the next word. Trailing punctuation belongs to the
//! sentence, and a closing bracket does unless it was opened inside the address.
//!
//! What is shown of it is readable where that is harmless ([`readable`], [`parts`]); where it leads is what
//! was written.
//!
//! No other scheme exists here, so `javascript:` can never become a link. An address with a user
//! part (`https://bank.ir@evil.example`) is left as text: it looks like one host and means another.

use std::borrow::Cow;

use super::{
    emoji,
    letters::{ends_stretch, is_rtl_script},
};

/// An address found in text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link<'a> {
    /// The absolute URL, `http` or `https`.
    pub href: Cow<'a, str>,
    /// The address as written.
    pub shown: &'a str,
}

/// The address at the very start of `text`, if there is one. `before` is the character before it:
/// an address does not begin inside a Latin word.
pub fn at_start(text: &str, before: Option<char>) -> Option<Link<'_>> {
    if before.is_some_and(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let scheme = ["https://", "http://"].into_iter().find(|scheme| begins_with(text, scheme));
    let bare = scheme.is_none();
    if bare && (!begins_with(text, "www.") || matches!(before, Some('.' | '-' | '_' | '/' | '@' | ':'))) {
        return None;
    }
    let host_at = scheme.map_or(0, str::len);
    if !text[host_at..].starts_with(|c: char| c.is_alphanumeric() || c == '[') || has_user(&text[host_at..]) {
        return None;
    }
    let shown = without_trailing_punctuation(&text[..end(text, host_at)], host_at);
    let host = &shown[host_at..];
    if host.is_empty()
        || bare && host.split(ends_host).next()?.split('.').filter(|part| !part.is_empty()).count() < 3
    {
        return None;
    }
    let href = if bare { format!("https://{shown}").into() } else { shown.into() };
    Some(Link { href, shown })
}

fn begins_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn ends_host(c: char) -> bool {
    matches!(c, '/' | '?' | '#')
}

/// Whether a user part stands before the host. Looks no further than the host, which keeps a text
/// of nothing but such addresses linear.
fn has_user(text: &str) -> bool {
    text.chars().find(|&c| c == '@' || ends_host(c) || ends_address(c)) == Some('@')
}

/// Where the address can go on no further. Characters before `host_at` are not looked at.
fn end(text: &str, host_at: usize) -> usize {
    let mut in_host = true;
    let mut previous = '/';
    for (at, c) in text[host_at..].char_indices() {
        let at = host_at + at;
        in_host &= !ends_host(c);
        let next_word = in_host && previous.is_ascii_alphanumeric() && is_rtl_script(c);
        if next_word || ends_address(c) || (!c.is_ascii() && emoji::first(&text[at..]).is_some()) {
            return at;
        }
        previous = c;
    }
    text.len()
}

fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^'
            | '«' | '»' | '،' | '؛' | '؟' | '…'
            | '\u{00AD}' | '\u{061C}'
            | '\u{200B}' | '\u{200D}'..='\u{200F}'
            | '\u{2018}'..='\u{201F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}')
}

/// Cuts the sentence's punctuation off the end, at most back to `host_at`.
fn without_trailing_punctuation(shown: &str, host_at: usize) -> &str {
    let mut tail = &shown[host_at..];
    let balance = |open: char, close: char| {
        shown[host_at..].chars().fold(0i32, |depth, c| depth + i32::from(c == open) - i32::from(c == close))
    };
    // Closing brackets beyond those that were opened. Computed once, so a tail of ten thousand
    // brackets costs no more than one.
    let mut round = balance('(', ')');
    let mut square = balance('[', ']');
    while let Some(c) = tail.chars().next_back() {
        match c {
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '\u{200C}' => {}
            ')' if round < 0 => round += 1,
            ']' if square < 0 => square += 1,
            '(' => round -= 1,
            '[' => square -= 1,
            _ => break,
        }
        tail = &tail[..tail.len() - c.len_utf8()];
    }
    &shown[..host_at + tail.len()]
}

/// The address as a person reads it: letters and digits of right-to-left scripts that are written as
/// `%D9%88` decoded, in the path and behind it. Nothing else is decoded, so no character that ends an
/// address, divides it, cannot be seen or changes a direction; and nothing in the host. ZWNJ is decoded
/// between two such letters. Letters of two bytes are enough: all of these scripts but presentation forms,
/// which nobody types.
pub fn readable(shown: &str) -> String {
    // Behind `http://`, `https://` or `www.` and at least a letter.
    let has_scheme = shown.as_bytes().get(4..6).is_some_and(|five| five.contains(&b':'));
    let mut read = String::new();
    let mut is_path = false;
    let mut at = 0;
    while let Some(c) = shown[at..].chars().next() {
        is_path |= at >= if has_scheme { 8 } else { 4 } && ends_host(c);
        let rest = &shown.as_bytes()[at..];
        let (c, length) = match letter(rest) {
            Some(letter) if is_path => (letter, 6),
            None if is_path
                && rest.get(..9).is_some_and(|nine| nine.eq_ignore_ascii_case(b"%E2%80%8C"))
                && read.chars().next_back().is_some_and(is_letter)
                && (letter(&rest[9..]).is_some()
                    || shown[at + 9..].chars().next().is_some_and(is_letter)) =>
            {
                ('\u{200C}', 9)
            }
            _ => (c, c.len_utf8()),
        };
        read.push(c);
        at += length;
    }
    read
}

fn is_letter(c: char) -> bool {
    is_rtl_script(c) && c.is_alphanumeric()
}

/// The right-to-left letter that begins here in percent-encoded UTF-8 of two bytes.
fn letter(text: &[u8]) -> Option<char> {
    let (high, low) = (encoded(text, 0)?, encoded(text, 3)?);
    let is_two = high & 0xE0 == 0xC0 && low & 0xC0 == 0x80;
    let letter = char::from_u32(u32::from(high & 31) << 6 | u32::from(low & 63))?;
    (is_two && is_letter(letter)).then_some(letter)
}

/// The `%D9` at this place.
fn encoded(text: &[u8], at: usize) -> Option<u8> {
    let hex = |at| char::from(*text.get(at)?).to_digit(16);
    (*text.get(at)? == b'%').then_some(())?;
    Some((hex(at + 1)? << 4 | hex(at + 2)?) as u8)
}

/// What is written from the left in parts, and whether a part is to be isolated: what stands between two
/// dividers of an address or two quotes and has right-to-left letters. Otherwise the bidirectional
/// algorithm would order the parts from the right among themselves, and `/راه/خانه` would lead elsewhere
/// than it says.
pub fn parts(typed: &str) -> Vec<(&str, bool)> {
    let mut parts = Vec::new();
    // Where what was not taken yet begins, and where the part begins.
    let (mut from, mut begin) = (0, 0);
    let mut is_apart = false;
    for (at, c) in typed.char_indices().chain([(typed.len(), '/')]) {
        let is_divider = match c {
            '/' | '\\' | '?' | '#' | '&' | '=' | '.' | ':' | '%' | '"' | '\'' => true,
            c => c.is_whitespace() && !is_apart,
        };
        if at < begin || !is_divider {
            is_apart |= ends_stretch(c);
            continue;
        }
        if is_apart {
            parts.extend((from < begin).then(|| (&typed[from..begin], false)));
            parts.push((&typed[begin..at], true));
            from = at;
        }
        is_apart = false;
        // An encoded character is a divider as a whole.
        begin = at + if encoded(typed.as_bytes(), at).is_some() { 3 } else { c.len_utf8() };
    }
    parts.extend((from < typed.len()).then(|| (&typed[from..], false)));
    parts
}

#[cfg(test)]
mod tests {
    use super::{
        super::segments::{Segment, segments},
        parts, readable,
    };

    fn links(text: &str) -> Vec<&str> {
        segments(text)
            .iter()
            .filter_map(|segment| match segment {
                Segment::Link { shown, .. } => Some(*shown),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn link_ends_where_sentence_goes_on() {
        for (text, expected) in [
            ("https://x.ir", "https://x.ir"),
            ("ببین https://x.ir/a.", "https://x.ir/a"),
            ("https://x.ir/a، بعد", "https://x.ir/a"),
            ("https://x.ir/a؛", "https://x.ir/a"),
            ("https://x.ir/a؟", "https://x.ir/a"),
            ("«https://x.ir/a»", "https://x.ir/a"),
            ("\"https://x.ir/a\"", "https://x.ir/a"),
            ("'https://x.ir/a'", "https://x.ir/a"),
            ("(https://x.ir/a)", "https://x.ir/a"),
            ("(https://x.ir/a).", "https://x.ir/a"),
            ("[https://x.ir/a]", "https://x.ir/a"),
            ("{https://x.ir/a}", "https://x.ir/a"),
            ("https://x.ir/a!?..", "https://x.ir/a"),
            ("https://x.ir/?q=1&b=2#c,", "https://x.ir/?q=1&b=2#c"),
            (
                "https://en.wikipedia.org/wiki/Room_(disambiguation)",
                "https://en.wikipedia.org/wiki/Room_(disambiguation)",
            ),
            ("(https://en.wikipedia.org/wiki/Room_(a))", "https://en.wikipedia.org/wiki/Room_(a)"),
            ("https://x.ir/a(", "https://x.ir/a"),
            ("https://fa.wikipedia.org/wiki/وب", "https://fa.wikipedia.org/wiki/وب"),
            ("https://fa.wikipedia.org/wiki/نیم‌فاصله", "https://fa.wikipedia.org/wiki/نیم‌فاصله"),
            ("https://x.ir/a\u{200C} بعد", "https://x.ir/a"),
            ("https://x.irرا ببین", "https://x.ir"),
            ("اینhttps://x.ir/a", "https://x.ir/a"),
            ("https://مثال.ایران/راه", "https://مثال.ایران/راه"),
            ("https://x.ir/a\u{202E}gpj.exe", "https://x.ir/a"),
            ("https://x.ir/a\u{200F}b", "https://x.ir/a"),
            ("https://x.ir👍", "https://x.ir"),
            ("http://192.168.1.5:3000/r/class", "http://192.168.1.5:3000/r/class"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:3000/r/a", "http://[::1]:3000/r/a"),
            ("HTTPS://X.IR/A", "HTTPS://X.IR/A"),
            ("www.x.ir.", "www.x.ir"),
            ("(www.x.ir/a)", "www.x.ir/a"),
        ] {
            assert_eq!(links(text), [expected], "{text}");
        }
    }

    #[test]
    fn non_web_addresses_are_not_links() {
        for text in [
            "javascript:alert(1)",
            "javascript://x.ir",
            "data:text/html,x",
            "ftp://x.ir",
            "file:///etc/passwd",
            "https://",
            "https:// x",
            "https://.",
            "https:///a",
            "https://-",
            "https://user:pass@x.ir",
            "https://bank.ir@evil.example/",
            "xhttps://x.ir",
            "www.",
            "www.x",
            "www.x.",
            "awww.x.ir",
            "a.www.x.ir",
            "ali@www.x.ir",
            "سلام",
        ] {
            assert!(links(text).is_empty(), "{text}: {:?}", links(text));
        }
    }

    #[test]
    fn every_href_is_http_or_https() {
        for (text, expected) in [
            ("www.x.ir", "https://www.x.ir"),
            ("HTTP://x.ir", "HTTP://x.ir"),
            ("javascript:https://x.ir", "https://x.ir"),
            ("data:https://x.ir", "https://x.ir"),
            ("javascript:alert(1)", ""),
        ] {
            let hrefs: Vec<String> = segments(text)
                .into_iter()
                .filter_map(|segment| match segment {
                    Segment::Link { href, .. } => Some(href.into_owned()),
                    _ => None,
                })
                .collect();
            assert_eq!(hrefs.concat(), expected, "{text}");
        }
    }

    #[test]
    fn two_addresses_make_two_links() {
        assert_eq!(links("https://a.ir و https://b.ir"), ["https://a.ir", "https://b.ir"]);
    }

    #[test]
    fn persian_in_an_address_is_readable() {
        for (address, expected) in [
            (
                "https://fa.wikipedia.org/wiki/%D9%88%D8%A8%E2%80%8C%D8%B3%D9%88%DA%A9%D8%AA",
                "https://fa.wikipedia.org/wiki/وب‌سوکت",
            ),
            ("https://x.ir/%d8%b3/a?q=%D9%86#%D9%86", "https://x.ir/س/a?q=ن#ن"),
            ("www.x.ir/%D8%B3%20%D9%86", "www.x.ir/س%20ن"),
            ("https://x.ir/%DB%B1%DB%B4", "https://x.ir/۱۴"),
            ("https://x.ir/سلام%E2%80%8C%D9%87%D8%A7", "https://x.ir/سلام‌ها"),
        ] {
            assert_eq!(readable(address), expected);
        }
    }

    #[test]
    fn deceptive_characters_stay_encoded() {
        for address in [
            // Divides or ends an address.
            "https://x.ir/%2F%3F%23%25%5C%40%3A%26%3D%20%0A%09",
            "https://x.ir/%22%27%3C%3E%60%7B%7D",
            // Persian punctuation, and brackets.
            "https://x.ir/%D8%8C%D8%9F%C2%AB%28",
            // Not seen, or changes the direction.
            "https://x.ir/%E2%80%8E%E2%80%8F%E2%80%AE%E2%81%A6%D8%9C%C2%AD%E2%80%8B%EF%BB%BF%00",
            // ZWNJ anywhere but between letters.
            "https://x.ir/%E2%80%8Ca%E2%80%8C",
            "https://x.ir/س%E2%80%8C",
            "https://x.ir/س%E2%80%8C%E2%80%8Cس",
            // Latin, and what looks like it.
            "https://x.ir/%61%D0%B0%C3%A9%EF%BC%8F",
            // No UTF-8, no hexadecimal, no end.
            "https://x.ir/%D9%D8%FF%C0%AF%ED%A0%80",
            "https://x.ir/%D9%8",
            "https://x.ir/%+9%D9x%G1%",
            // Hosts.
            "https://%D8%B3.ir/",
            "https://%D8%B3",
            "https://x%2F@bank.ir/a",
            "https://xn--mgbt3dhd.ir/",
        ] {
            assert_eq!(readable(address), address);
        }
    }

    #[test]
    fn persian_address_parts_are_isolated() {
        let marked = |address: &str| -> String {
            let mark = |(part, is_apart): (&str, bool)| {
                if is_apart { format!("⟦{part}⟧") } else { part.to_owned() }
            };
            parts(address).into_iter().map(mark).collect()
        };
        for expected in [
            "https://x.ir/a",
            "https://⟦مثال⟧.⟦ایران⟧/⟦راه⟧/⟦خانه-۲⟧/3",
            "https://x.ir/⟦س⟧%20⟦ن⟧?q=⟦نان+داغ⟧&a=b#⟦پایان⟧",
            "C:\\⟦کاربران⟧\\⟦علی⟧.txt",
            "print(\"⟦سلام دنیا⟧\", 5)",
            "2 + 2 = ⟦؟⟧",
            "⟦راه⟧",
            "",
        ] {
            let address = expected.replace(['⟦', '⟧'], "");
            assert_eq!(marked(&address), expected);
        }
    }
}
