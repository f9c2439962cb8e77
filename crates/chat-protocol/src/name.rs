//! Names people choose, and when two of them count as the same. A [`Name`] is kept as its owner
//! wrote it; its `NameKey`s are what the eye compares, and exist only to keep names in one room
//! apart. They are never shown, and only the server, which decides, can make them.

use std::sync::Arc;

use crate::{ErrorCode, Flaw, Invalid, chars, limits::NAME_MAX_CHARS, wire_text::wire_text};

/// A display name: 1 to [`NAME_MAX_CHARS`] characters, composed (NFC), outer space trimmed and
/// inner space single, with at least one letter, digit or symbol. ZWNJ and ZWJ are kept; control
/// and bidi control characters are refused, because a name stands beside other people's words, and
/// so are private characters, which look like anything, according to the font.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Name(Arc<str>);

impl Name {
    const RULE: &str = "1 to 32 characters on one line, without control or bidi control characters";

    /// # Errors
    /// [`ErrorCode::BadName`], saying which part of the rule was broken.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::check(raw).map_err(|flaw| flaw.told(ErrorCode::BadName, "name", Self::RULE))
    }

    /// As [`Name::parse`], with an error that can be told in any language.
    pub(crate) fn check(raw: &str) -> Result<Self, Flaw> {
        let composed = chars::nfc(raw);
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        let length = name.chars().count();
        if length > NAME_MAX_CHARS {
            return Err(Flaw::TooLong { length, max: NAME_MAX_CHARS });
        }
        if let Some(bad) =
            name.chars().find(|&c| c.is_control() || chars::is_invisible(c) || chars::is_private(c))
        {
            return Err(Flaw::Char(bad));
        }
        if name.chars().all(|c| chars::is_skipped_by_eye(c) || chars::is_skin_tone(c)) {
            return Err(Flaw::Empty);
        }
        if chars::has_tower(&name) { Err(Flaw::Marks) } else { Ok(Self(name.into())) }
    }

    /// The `n`th name derived from this one, for politely suggesting a free one: «سارا ۲».
    /// Stays within [`NAME_MAX_CHARS`].
    #[must_use]
    pub fn numbered(&self, n: usize) -> Self {
        let digits: String = n
            .to_string()
            .chars()
            .map(|c| c.to_digit(10).and_then(|d| char::from_u32('۰' as u32 + d)).unwrap_or(c))
            .collect();
        let keep = NAME_MAX_CHARS - digits.chars().count() - 1;
        let base: String = self.0.chars().take(keep).collect();
        Self(format!("{} {digits}", base.trim_end()).into())
    }

    /// What the eye compares: how the name is spelt, and how it looks. Two names count as the same
    /// when they have a key in common.
    ///
    /// Two, because sameness has two sources that do not mix: `I` is `i` to whoever spells and `l`
    /// to whoever looks, so in one key for both `Delia` would be `Della`.
    #[cfg(feature = "normalize")]
    pub fn keys(&self) -> [NameKey; 2] {
        use unicode_normalization::UnicodeNormalization;

        let is_seen = |&c: &char| !chars::is_skipped_by_eye(c) && !chars::is_skin_tone(c);
        let all: String = match self.0.is_ascii() {
            // Then that is its decomposition.
            true => self.0.chars().filter(is_seen).collect(),
            false => self.0.nfkd().filter(is_seen).map(chars::persian).collect(),
        };
        // Of a name that is nothing but punctuation, all of it.
        let seen = Some(all.trim_matches(chars::is_edging)).filter(|seen| !seen.is_empty()).unwrap_or(&all);
        let key = |letters: &mut dyn Iterator<Item = char>| {
            NameKey(letters.flat_map(char::to_lowercase).collect::<String>().into())
        };
        let mut looks = String::new();
        for letter in seen.chars() {
            match SHAPES.get(letter as usize) {
                Some(shape) => looks.push_str(shape),
                None => looks.extend(shape(letter)),
            }
        }
        [key(&mut seen.chars()), key(&mut looks.chars())]
    }

    /// Whether the two count as the same in a room.
    #[cfg(feature = "normalize")]
    pub fn is_like(&self, other: &Self) -> bool {
        let keys = self.keys();
        other.keys().iter().any(|key| keys.contains(key))
    }
}

/// What each letter of the Latin, Greek, Cyrillic, Hebrew and Arabic blocks looks like. To search the data for
/// every letter of a name was half of what a join cost.
#[cfg(feature = "normalize")]
static SHAPES: std::sync::LazyLock<Vec<Box<str>>> = std::sync::LazyLock::new(|| {
    ('\0'..'\u{700}').map(|letter| shape(letter).into_iter().collect::<String>().into()).collect()
});

/// What a letter looks like, by the data of UTS #39 §4, but for a few letters. The data holds پ and ث
/// for one, which no reader of Persian does (پریا and ثریا are two people), and ٱ and ۍ for letters of
/// their own, whose one small stroke nobody sees in a name. And for small Cyrillic and Greek letters that have
/// the form of a Latin capital (к, м, т), or nearly that of a small one (п, η), it has forms of their own: but
/// among Latin letters nobody sees that `Admiп` is not `Admin`.
#[cfg(feature = "normalize")]
fn shape(letter: char) -> Vec<char> {
    let letter = match letter {
        'پ' => return vec![letter],
        '\u{671}' => 'ا',
        '\u{6CD}' => 'ی',
        'в' => 'b',
        'к' | 'κ' => 'k',
        'м' => 'm',
        'н' => 'h',
        'п' | 'η' => 'n',
        'т' | 'τ' => 't',
        _ => letter,
    };
    unicode_security::skeleton(letter.encode_utf8(&mut [0; 4])).collect()
}

/// The Latin letter that one of another script looks like, if it does; of Persian none, which is written the
/// other way.
#[cfg(feature = "normalize")]
pub(crate) fn latin_look(letter: char) -> Option<char> {
    if !matches!(letter, '\u{370}'..='\u{58F}' | '\u{13A0}'..='\u{13FF}' | '\u{AB70}'..='\u{ABBF}') {
        return None;
    }
    match (letter, &*shape(letter)) {
        ('м', _) => Some('m'),
        // A capital i looks like a small l, and is an i.
        (_, ['l']) if letter.is_uppercase() => Some('i'),
        (_, [look]) if look.is_ascii_alphabetic() => Some(*look),
        _ => None,
    }
}

impl From<&crate::ClientId> for Name {
    /// The name of someone who joined without one. Whatever an id may be, a name may be, except
    /// for its length; a longer id is cut.
    fn from(id: &crate::ClientId) -> Self {
        Self(id.as_str().chars().take(NAME_MAX_CHARS).collect::<String>().into())
    }
}

wire_text!(Name, 1..=NAME_MAX_CHARS, r"^\S+( \S+)*$", Name::RULE);

/// A name reduced to what distinguishes it. How it is spelt: Arabic and Persian forms of ی and ک,
/// all digit forms, presentation forms (NFKD), upper and lower case, spaces, ZWNJ, kashida and vowel
/// signs make no difference, nor does the punctuation around it or the colour of a hand. Or how it looks: of that, each letter's shape, whatever its script
/// (UTS #39 §4), so that Cyrillic `а` is `a`, `rn` is `m`, and `I`, `l`, `1`, ا are one stroke.
#[cfg(feature = "normalize")]
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NameKey(Arc<str>);

#[cfg(feature = "normalize")]
impl NameKey {
    /// What the eye compares.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(raw: &str) -> Name {
        Name::parse(raw).unwrap()
    }

    #[test]
    fn name_is_kept_except_for_spaces() {
        assert_eq!(name("  علی   رضا ").as_str(), "علی رضا");
        assert_eq!(name("نیم‌فاصله").as_str(), "نیم\u{200C}فاصله");
        assert_eq!(name("👩‍💻 Sara").as_str(), "👩\u{200D}💻 Sara");
    }

    #[test]
    fn invalid_name_is_refused_with_reason() {
        let long = "ا".repeat(33);
        for (bad, why) in [
            ("", "nothing to see"),
            (" \u{200C} ", "nothing to see"),
            (long.as_str(), "33 characters"),
            ("ali\u{202E}", "U+202E"),
            ("ali\u{200F}", "U+200F"),
            ("a\u{7}b", "U+0007"),
            ("ali\u{E000}", "U+E000"),
            ("ali\u{10FFFD}", "U+10FFFD"),
            ("ali\u{FFFF}", "U+FFFF"),
            ("ali\u{FDD0}", "U+FDD0"),
            ("q\u{301}\u{302}\u{303}", "marks"),
        ] {
            let invalid = Name::parse(bad).unwrap_err();
            assert_eq!(invalid.code, ErrorCode::BadName);
            assert!(invalid.detail.contains(why), "{bad:?}: {}", invalid.detail);
        }
    }

    #[test]
    fn blank_letters_make_no_name() {
        for blank in ["\u{3164}", "\u{FFA0}", "\u{2800}", "\u{115F}"] {
            assert!(Name::parse(blank).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn a_numbered_name_is_valid_and_fits() {
        assert_eq!(name("سارا").numbered(2).as_str(), "سارا ۲");
        let long = name(&"ا".repeat(32)).numbered(10);
        assert_eq!(long.as_str().chars().count(), 32);
        assert_eq!(name(long.as_str()), long);
    }
}
