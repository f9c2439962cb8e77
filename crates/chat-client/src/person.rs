//! How a person is recognised at a glance: the letter in their circle, on one of eight colours
//! ([`crate::state::hue`]).

use chat_ui::prose::emoji;

/// What stands in a person's circle: the emoji the name begins with, whole, or else its first
/// letter or digit; ASCII letters in upper case (CSS can do that for the other alphabets). A name
/// of nothing but punctuation gives its first character.
pub(crate) fn initial(name: &str) -> String {
    let name = name.trim();
    if let Some(emoji) = emoji::first(name) {
        return emoji.to_owned();
    }
    let letter = name.chars().find(|c| c.is_alphanumeric()).or(name.chars().next());
    letter.map(|c| c.to_ascii_uppercase().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initial_is_first_visible_character() {
        for (name, expected) in [
            ("سارا", "س"),
            ("آرش", "آ"),
            ("sara", "S"),
            ("  علی", "ع"),
            ("👩‍💻 Sara", "👩‍💻"),
            ("🇮🇷", "🇮🇷"),
            ("«نیما»", "ن"),
            ("۲ نفر", "۲"),
            ("!?", "!"),
            ("", ""),
        ] {
            assert_eq!(initial(name), expected, "{name}");
        }
    }
}
