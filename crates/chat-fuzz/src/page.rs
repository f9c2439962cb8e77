//! How the page cuts a message into what it draws.

use crate::prose::{Block, Segment, link, only_emoji, parse};

/// Cutting changes nothing but fences and backticks, and links lead to the web and nowhere else.
pub(crate) fn prose(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut shown = String::new();
    for block in parse(text) {
        match block {
            Block::Code(code) => shown.push_str(code),
            Block::Paragraph { pieces, .. } => {
                for segment in pieces.iter().map(|piece| &piece.segment) {
                    if let Segment::Link { href, shown } = segment {
                        assert!(href.ends_with(shown));
                        let read = link::readable(shown);
                        let parts: String = link::parts(&read).into_iter().map(|(part, _)| part).collect();
                        assert_eq!(parts, read);
                        // Where it leads, and how it is divided, is not changed by being readable.
                        let ascii = |text: &str| {
                            text.matches(|c: char| c.is_ascii() && c != '%' && !c.is_ascii_hexdigit())
                                .collect::<String>()
                        };
                        assert_eq!(ascii(&read), ascii(shown));
                        let scheme = href.split("://").next().unwrap_or_default().to_ascii_lowercase();
                        assert!(matches!(scheme.as_str(), "http" | "https"), "{href}");
                        assert!(!href.contains(|c: char| c.is_whitespace() || c.is_control()), "{href:?}");
                    }
                    assert!(!segment.shown().is_empty());
                    shown.push_str(segment.shown());
                }
            }
        }
    }
    // In order, and nothing that was not said.
    let mut said = text.chars();
    for c in shown.chars() {
        assert!(said.any(|other| other == c), "{text:?} became {shown:?}");
    }
    let dropped: String = {
        let mut left = shown.chars().peekable();
        text.chars().filter(|c| left.next_if_eq(c).is_none()).collect()
    };
    if !text.contains('`') {
        assert!(dropped.chars().all(|c| c == '\n'), "{dropped:?} went missing");
    }
    if let Some(count) = only_emoji(text) {
        assert!((1..=3).contains(&count));
    }
}
