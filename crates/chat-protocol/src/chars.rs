//! Character classes that names, ids and texts share. Written out by code point because each list
//! is short, closed, and should be readable next to the Unicode chart it was taken from.

/// Zero-width non-joiner: part of correct Persian spelling (می‌روم), so it is kept everywhere.
pub(crate) const ZWNJ: char = '\u{200C}';
/// Zero-width joiner: kept for emoji sequences and for showing letter forms.
pub(crate) const ZWJ: char = '\u{200D}';
/// Kashida, which stretches a word without changing it.
const TATWEEL: char = '\u{0640}';

/// Embeddings, overrides and isolates (UAX #9 §2.1–2.5): they can reorder what stands around them.
pub(crate) fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The three invisible marks (LRM, RLM, ALM; UAX #9 §2.6). They reorder nothing beyond themselves
/// but make two names that look the same differ.
pub(crate) fn is_bidi_mark(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}')
}

/// Characters with no shape of their own that are not spelling: two strings that differ only in
/// these cannot be told apart by eye.
pub(crate) fn is_invisible(c: char) -> bool {
    is_bidi_control(c)
        || is_bidi_mark(c)
        || matches!(
            c,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{115F}'..='\u{1160}'
                | '\u{17B4}'..='\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'
                | '\u{2028}'..='\u{2029}'
                | '\u{2060}'..='\u{2065}'
                | '\u{206A}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF0}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// What comes along with a word that is copied, dictated or filled in, without anybody having typed it:
/// the marks that contacts and our own sentences put around names, byte order marks, soft hyphens, the
/// place of a picture. Not the tags of flags (U+E0020–E007F), which are seen where they are missing.
pub(crate) fn is_stray(c: char) -> bool {
    (is_invisible(c) || c.is_control() || c == '\u{FFFC}') && !c.is_whitespace() && c < '\u{E0000}'
}

/// What people put around a word and do not mean as part of it: the punctuation of the sentence it stood
/// in, quotes and brackets, emoji. Not the signs that make another word (`C++`, `C#`).
pub(crate) fn is_ornament(c: char) -> bool {
    match c {
        '!' | '"' | '\'' | '(' | ')' | '*' | ',' | '-' | '.' | ':' | ';' | '<' | '>' | '?' | '[' | ']'
        | '_' | '`' | '{' | '}' | '~' | TATWEEL => true,
        '\u{A1}'..='\u{BF}'
        | '\u{60C}'..='\u{61F}'
        | '\u{66A}'..='\u{66D}'
        | '\u{6D4}'
        | '\u{200C}'..='\u{303F}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FF00}'.. => !c.is_alphanumeric() && !is_combining(c),
        _ => false,
    }
}

/// Punctuation that people put around a word, and which nobody sees beside a name: not the emoji among the
/// [ornaments](is_ornament), which make another name.
#[cfg(feature = "normalize")]
pub(crate) fn is_edging(c: char) -> bool {
    is_ornament(c) && matches!(c, '\0'..='\u{206F}' | '\u{2E00}'..='\u{2E7F}' | '\u{3000}'..='\u{3020}')
}

/// The colours of a hand: without one, a small square.
pub(crate) fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

/// Private use and noncharacters (Unicode §23.5, §23.7): what they look like is up to each font.
pub(crate) fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{FDD0}'..='\u{FDEF}' | '\u{F0000}'..)
        || c as u32 & 0xFFFE == 0xFFFE
}

/// Marks drawn above or below the letter before them: Arabic vowel signs and the Latin diacritics
/// that, stacked, climb over neighbouring lines.
pub(crate) fn is_combining(c: char) -> bool {
    matches!(
        c,
        '\u{0300}'..='\u{036F}'
            | '\u{0483}'..='\u{0489}'
            | '\u{0610}'..='\u{061A}'
            | '\u{064B}'..='\u{065F}'
            | '\u{0670}'
            | '\u{06D6}'..='\u{06DC}'
            | '\u{06DF}'..='\u{06E4}'
            | '\u{06E7}'..='\u{06E8}'
            | '\u{06EA}'..='\u{06ED}'
            | '\u{0897}'..='\u{089F}'
            | '\u{08CA}'..='\u{08E1}'
            | '\u{08E3}'..='\u{08FF}'
            | '\u{0E31}'
            | '\u{0E34}'..='\u{0E3A}'
            | '\u{0E47}'..='\u{0E4E}'
            | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{FE20}'..='\u{FE2F}'
    )
}

/// Whether a mark on this letter is an accent or a vowel sign, which readers leave out when they write:
/// on Latin, Greek and Arabic letters. On others it makes another letter.
#[cfg(feature = "normalize")]
pub(crate) fn takes_accents(letter: char) -> bool {
    matches!(letter, ..'\u{400}' | '\u{600}'..='\u{77F}' | '\u{8A0}'..='\u{8FF}')
}

/// One letter or digit in the form Persian keyboards produce. Arabic ي ى ك and the two sets of
/// eastern digits are typed for ی ک 0–9 all the time, by people who mean the same word.
#[cfg(feature = "normalize")]
pub(crate) fn persian(c: char) -> char {
    match c {
        '\u{0660}'..='\u{0669}' => ascii_digit(c, '\u{0660}'),
        '\u{06F0}'..='\u{06F9}' => ascii_digit(c, '\u{06F0}'),
        _ => persian_letter(c),
    }
}

/// The same of a letter alone.
pub(crate) fn persian_letter(c: char) -> char {
    match c {
        '\u{064A}' | '\u{0649}' => 'ی',
        '\u{0643}' => 'ک',
        '\u{06C0}' | '\u{06D5}' => 'ه',
        _ => c,
    }
}

#[cfg(feature = "normalize")]
fn ascii_digit(c: char, zero: char) -> char {
    char::from_digit(c as u32 - zero as u32, 10).unwrap_or(c)
}

/// What leaves no ink: a text of nothing else says nothing.
pub(crate) fn is_blank(c: char) -> bool {
    c == ZWNJ || c == ZWJ || c.is_whitespace() || is_invisible(c) || matches!(c, '\u{FE00}'..='\u{FE0F}')
}

/// What the eye skips when it compares two names.
pub(crate) fn is_skipped_by_eye(c: char) -> bool {
    is_blank(c) || c == TATWEEL || is_combining(c)
}

/// Most combining marks in a row: Persian needs two (a shadda and a vowel); more is a tower.
pub(crate) const MARKS_MAX: usize = 2;

/// Whether some letter carries more than [`MARKS_MAX`] marks.
pub(crate) fn has_tower(text: &str) -> bool {
    let mut marks = 0;
    text.chars().any(|c| {
        marks = if is_combining(c) { marks + 1 } else { 0 };
        marks > MARKS_MAX
    })
}

/// The composed form (NFC) where the `normalize` feature is on, else the text as it is.
pub(crate) fn nfc(raw: &str) -> std::borrow::Cow<'_, str> {
    #[cfg(feature = "normalize")]
    {
        use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
        if is_nfc_quick(raw.chars()) != IsNormalized::Yes {
            return raw.nfc().collect::<String>().into();
        }
    }
    raw.into()
}
