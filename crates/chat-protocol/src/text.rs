//! What people say. A [`Text`] is kept to the letter, ZWNJ included, except for what could disturb
//! its neighbours on the page or the terminal.

use std::{borrow::Cow, sync::Arc};

use crate::{ErrorCode, Invalid, chars, limits::TEXT_MAX_CHARS, wire_text::wire_text};

/// A message: 1 to [`TEXT_MAX_CHARS`] characters after trimming, composed (NFC). Line breaks and
/// tabs are kept (CRLF becomes LF); other control characters and the bidi embeddings, overrides
/// and isolates (U+202A–202E, U+2066–2069) are dropped, so that no message can reorder what stands
/// around it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Text(Arc<str>);

impl Text {
    /// # Errors
    /// [`ErrorCode::EmptyText`] when nothing visible remains; [`ErrorCode::TextTooLong`] over
    /// [`TEXT_MAX_CHARS`].
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::parse_within(raw, TEXT_MAX_CHARS)
    }

    /// As [`Text::parse`], with a bound of the operator's choice where it is the tighter one.
    ///
    /// # Errors
    /// As [`Text::parse`].
    pub fn parse_within(raw: &str, max_chars: usize) -> Result<Self, Invalid> {
        let max_chars = max_chars.min(TEXT_MAX_CHARS);
        let harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || chars::is_bidi_control(c);
        // Dropped before composing: what stood apart may be one letter afterwards.
        let harmless: Cow<'_, str> =
            if raw.contains(harmful) { raw.chars().filter(|&c| !harmful(c)).collect() } else { raw.into() };
        let composed = chars::nfc(&harmless);
        let text = composed.trim();
        if text.chars().all(chars::is_blank) {
            return Err(Invalid::new(ErrorCode::EmptyText, "text: nothing to say".into()));
        }
        let length = text.chars().count();
        if length > max_chars {
            return Err(Invalid::new(
                ErrorCode::TextTooLong,
                format!("text: {length} characters; at most {max_chars}"),
            ));
        }
        Ok(Self(text.into()))
    }
}

wire_text!(Text, 1..=TEXT_MAX_CHARS, r"\S", "1 to 4096 characters, not all of them blank");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persian_spelling_lines_and_emoji_survive() {
        let said = "می‌روم\r\nخط دوم\t👩‍💻";
        assert_eq!(Text::parse(said).unwrap().as_str(), "می\u{200C}روم\nخط دوم\t👩\u{200D}💻");
    }

    #[test]
    fn bidi_and_control_characters_are_dropped() {
        assert_eq!(Text::parse("a\u{202E}b\u{2066}c\u{0}d").unwrap().as_str(), "abcd");
    }

    #[test]
    #[cfg(feature = "normalize")]
    fn letters_joined_by_dropping_are_composed() {
        assert_eq!(Text::parse("e\u{202E}\u{301}").unwrap().as_str(), "é");
    }

    #[test]
    fn kashida_or_mark_alone_is_text() {
        assert!(Text::parse("ـــ").is_ok());
        assert!(Text::parse("\u{64E}").is_ok());
    }

    #[test]
    fn empty_and_overlong_are_told_apart() {
        for empty in ["", " \n\t ", "\u{202E}", "\u{200C}\u{200B}"] {
            assert_eq!(Text::parse(empty).unwrap_err().code, ErrorCode::EmptyText, "{empty:?}");
        }
        assert!(Text::parse(&"س".repeat(TEXT_MAX_CHARS)).is_ok());
        let long = Text::parse(&"س".repeat(TEXT_MAX_CHARS + 1)).unwrap_err();
        assert_eq!(long.code, ErrorCode::TextTooLong);
        assert!(long.detail.contains("4097"));
        assert!(Text::parse_within("سلام", 3).is_err());
    }
}
