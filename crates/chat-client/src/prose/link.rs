//! Recognises an address in running text: `http://`, `https://`, or a bare `www.`, and where it
//! ends.
//!
//! An address ends at white space, quotes, angle brackets, Persian punctuation, emoji, and every
//! invisible character but ZWNJ, which Persian paths need. Persian letters are part of a path
//! (`https://fa.wikipedia.org/wiki/وب`) and of an international host, but a Persian letter glued
//! to a Latin host (`https://x.irرا`) is the next word. Trailing punctuation belongs to the
//! sentence, and a closing bracket does unless it was opened inside the address.
//!
//! No other scheme exists here, so `javascript:` can never become a link. An address with a user
//! part (`https://bank.ir@evil.example`) is left as text: it looks like one host and means another.

use std::borrow::Cow;

use super::{direction::is_rtl_script, emoji};

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

#[cfg(test)]
mod tests {
    use super::super::segments::{Segment, segments};

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
    fn an_address_ends_where_its_sentence_goes_on() {
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
    fn what_is_not_a_web_address_is_not_a_link() {
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
        for text in ["javascript:https://x.ir", "www.x.ir", "HTTP://x.ir", "data:https://x.ir"] {
            for segment in segments(text) {
                if let Segment::Link { href, .. } = segment {
                    let href = href.to_ascii_lowercase();
                    assert!(href.starts_with("https://") || href.starts_with("http://"), "{href}");
                }
            }
        }
    }

    #[test]
    fn two_addresses_in_one_line_are_two_links() {
        assert_eq!(links("https://a.ir و https://b.ir"), ["https://a.ir", "https://b.ir"]);
    }
}
