//! What a single character may be: which script it is of, and what it does in a number, an expression or a
//! sentence. Everything that cuts a text asks here.

/// What a character may be; several at once.
pub(super) type Flags = u16;
/// White space that breaks a line, and the marks that only say a direction.
pub(super) const SPACE: Flags = 1;
/// Of a right-to-left word, ZWNJ included.
pub(super) const RTL: Flags = 1 << 1;
/// A mark of a Persian sentence.
pub(super) const PERSIAN: Flags = 1 << 2;
/// A letter of any other script.
pub(super) const LETTER: Flags = 1 << 3;
/// ASCII, Persian or Arabic.
pub(super) const DIGIT: Flags = 1 << 4;
pub(super) const DASH: Flags = 1 << 5;
/// Leads over from a Persian word to a Latin one, or back.
pub(super) const JOINER: Flags = 1 << 6;
/// Makes an expression of the operands beside it; with a dash or `!` beside it, too.
pub(super) const OPERATOR: Flags = 1 << 7;
/// May stand within a number.
pub(super) const POINT: Flags = 1 << 8;
/// A mark of the sentence at the end of a word. `;` is none, which Persian does not have.
pub(super) const MARK: Flags = 1 << 9;
/// May stand before a word without being a part of it.
pub(super) const OPENER: Flags = 1 << 10;
pub(super) const OPEN: Flags = 1 << 11;
pub(super) const CLOSE: Flags = 1 << 12;
/// May stand behind its number and a space.
pub(super) const UNIT: Flags = 1 << 13;
pub(super) const PERCENT: Flags = 1 << 14;
/// Makes a picture of a digit.
pub(super) const KEYCAP: Flags = 1 << 15;

pub(super) fn flags(c: char) -> Flags {
    match c {
        '0'..='9' | '۰'..='۹' | '٠'..='٩' => DIGIT,
        'a'..='z' | 'A'..='Z' => LETTER,
        '-' | '\u{2010}' | '\u{2011}' | '–' | '—' => DASH | JOINER,
        '(' | '[' | '{' => OPEN,
        ')' | ']' | '}' => CLOSE,
        '.' | ',' => MARK | POINT,
        ':' => MARK | POINT | OPERATOR,
        '\'' => MARK | POINT | OPENER,
        // A space that does not break holds together what is beside it.
        '"' | '‘' | '’' | '“' | '”' | '\u{A0}' | '\u{202F}' => MARK | OPENER,
        '!' | '?' | '…' => MARK,
        '/' => OPERATOR | POINT | JOINER,
        '*' | '=' | '&' | '|' => OPERATOR | JOINER,
        '_' | '~' => JOINER,
        '%' => OPERATOR | PERCENT,
        '٪' => PERCENT,
        '٫' | '٬' => POINT,
        '+' | '<' | '>' | '^' | '×' | '÷' | '≠' | '≈' | '≤' | '≥' | '±' | '−' | '→' | '←' | '⇒' | '·' => {
            OPERATOR
        }
        '°' | '$' | '£' | '¥' | '\u{20A0}'..='\u{20BF}' => UNIT,
        '«' | '»' | '،' | '؛' | '؟' => PERSIAN,
        '\u{200C}' => RTL,
        '\u{20E3}' => KEYCAP,
        '\u{200E}' | '\u{200F}' | '\u{61C}' => SPACE,
        c if c.is_whitespace() => SPACE,
        c if is_rtl_script(c) => RTL,
        c if c.is_alphabetic() => LETTER,
        _ => 0,
    }
}

/// Whether `c` ends a stretch.
pub(super) fn ends_stretch(c: char) -> bool {
    flags(c) & (RTL | PERSIAN) != 0
}

/// The blocks of the right-to-left scripts, Hebrew to Arabic Extended-A, and their presentation
/// forms and supplements.
pub(super) fn is_rtl_script(c: char) -> bool {
    matches!(c,
        '\u{0590}'..='\u{08FF}'
        | '\u{FB1D}'..='\u{FDFF}'
        | '\u{FE70}'..='\u{FEFE}'
        | '\u{10800}'..='\u{10FFF}'
        | '\u{1E800}'..='\u{1EFFF}')
}
