//! Recognises emoji by ranges: enough to draw a message of nothing but emoji larger, and to keep
//! one emoji whole where a first letter is wanted. The sequences follow UTS #51 §1.4.9 (flags,
//! keycaps, skin tones, tags, joiners); which code points may begin one is approximate, and a new
//! emoji in a known block needs no change here.

/// Most emoji that are still drawn large.
pub const LARGE_MAX: usize = 3;

const JOINER: char = '\u{200D}';
const EMOJI_STYLE: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// How many emoji `text` is made of, when it is 1 to [`LARGE_MAX`] of them and nothing else but
/// white space.
pub fn only_emoji(text: &str) -> Option<usize> {
    let mut rest = text.trim();
    let mut count = 0;
    while !rest.is_empty() {
        rest = rest[first(rest)?.len()..].trim_start();
        count += 1;
        if count > LARGE_MAX {
            return None;
        }
    }
    (count > 0).then_some(count)
}

/// The emoji at the very start of `text`, whole.
pub fn first(text: &str) -> Option<&str> {
    let mut length = one(text)?;
    while let Some(joined) = text[length..].strip_prefix(JOINER)
        && let Some(next) = one(joined)
    {
        length += JOINER.len_utf8() + next;
    }
    Some(&text[..length])
}

/// The bytes of one emoji at the start of `text`, with what modifies it, without what is joined on.
fn one(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let base = chars.next()?;
    let rest = chars.as_str();
    let end = |rest: &str| Some(text.len() - rest.len());
    if is_regional(base) {
        return end(rest.strip_prefix(is_regional)?);
    }
    if matches!(base, '0'..='9' | '#' | '*') {
        let rest = rest.strip_prefix(EMOJI_STYLE).unwrap_or(rest);
        return end(rest.strip_prefix(KEYCAP)?);
    }
    let styled = rest.strip_prefix(EMOJI_STYLE);
    if !(is_emoji(base) || styled.is_some() && is_emoji_when_styled(base)) {
        return None;
    }
    let rest = styled.unwrap_or(rest);
    let rest = rest.strip_prefix(is_skin_tone).unwrap_or(rest);
    end(rest.trim_start_matches(|c| matches!(c, '\u{E0020}'..='\u{E007F}')))
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_emoji(c: char) -> bool {
    matches!(c,
        '\u{231A}'..='\u{231B}' | '\u{23E9}'..='\u{23FA}' | '\u{2600}'..='\u{27BF}'
        | '\u{2B1B}'..='\u{2B1C}' | '\u{2B50}' | '\u{2B55}'
        | '\u{1F004}' | '\u{1F0CF}' | '\u{1F18E}' | '\u{1F191}'..='\u{1F19A}' | '\u{1F201}'..='\u{1F265}'
        | '\u{1F300}'..='\u{1F64F}' | '\u{1F680}'..='\u{1F6FF}' | '\u{1F7E0}'..='\u{1F7FF}'
        | '\u{1F90C}'..='\u{1FAFF}')
}

/// Text by default, an emoji with U+FE0F after it.
fn is_emoji_when_styled(c: char) -> bool {
    matches!(c,
        '©' | '®' | '‼' | '⁉' | '™' | 'ℹ' | '\u{2190}'..='\u{21FF}' | '\u{2328}' | '\u{23CF}' | 'Ⓜ'
        | '\u{25A0}'..='\u{25FF}' | '\u{2934}'..='\u{2935}' | '\u{2B05}'..='\u{2B07}' | '〰' | '〽' | '㊗' | '㊙'
        | '\u{1F170}'..='\u{1F17F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_one_emoji() {
        for emoji in
            ["😀", "❤️", "❤", "👍🏽", "👩‍💻", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇮🇷", "1️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🤌🏻", "☎️", "©️", "🧑🏽‍🚀", "❤️‍🔥", "🫶"]
        {
            assert_eq!(first(emoji), Some(emoji));
            assert_eq!(only_emoji(emoji), Some(1), "{emoji}");
        }
    }

    #[test]
    fn one_to_three_emoji_alone_are_counted() {
        assert_eq!(only_emoji(" 😂😂 "), Some(2));
        assert_eq!(only_emoji("🇮🇷 🇮🇷\n❤️"), Some(3));
        assert_eq!(only_emoji("😂😂😂😂"), None);
    }

    #[test]
    fn anything_else_is_not_only_emoji() {
        for text in
            ["", " ", "سلام 😀", "😀.", "1", "123", "#", "©", "🇮", "\u{FE0F}", "\u{200D}", "->", "😀\u{200D}"]
        {
            assert_eq!(only_emoji(text), None, "{text:?}");
        }
    }
}
