//! How a person is recognised at a glance: a letter and one of eight colours. The letter follows from the
//! name; the colour from the id, unless somebody else in the room has it already
//! ([`Roster`](crate::state::Roster)). It does not know which colours they are.

use crate::{prose::emoji, state::roster::Listed};

/// How many person colours there are.
pub const HUES: u8 = 8;

/// What stands in a person's circle: the emoji the name begins with, whole, or else its first
/// letter or digit; ASCII letters in upper case (CSS can do that for the other alphabets). A name
/// of nothing but punctuation gives its first character.
pub fn initial(name: &str) -> String {
    let name = name.trim();
    if let Some(emoji) = emoji::first(name) {
        return emoji.to_owned();
    }
    let letter = name.chars().find(|c| c.is_alphanumeric()).or(name.chars().next());
    letter.map(|c| c.to_ascii_uppercase().to_string()).unwrap_or_default()
}

/// A number that changes with anything the roster shows of a member.
pub fn fingerprint(Listed { member, hue }: &Listed, is_me: bool) -> u64 {
    let flags = u64::from(member.tabs) << 2 ^ u64::from(member.away) << 1 ^ u64::from(is_me);
    let start = 0xCBF2_9CE4_8422_2325 ^ u64::from(*hue) << 56 ^ flags;
    let bytes = member.id.as_str().bytes().chain([0]).chain(member.name.as_str().bytes());
    bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// Which of the [`HUES`] colours this member id would have, were it alone: 32-bit FNV-1a, its halves folded
/// together because its lowest bits alone are the weakest.
pub fn hue(id: &str) -> u8 {
    let hash =
        id.bytes().fold(0x811C_9DC5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let folded = hash ^ (hash >> 16);
    ((folded ^ (folded >> 8)) % u32::from(HUES)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_initial_is_what_the_eye_sees_first() {
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

    #[test]
    fn a_hue_is_stable_and_all_hues_are_used() {
        assert_eq!(hue("c-1"), hue("c-1"));
        let mut counts = [0; HUES as usize];
        for n in 0..800 {
            counts[usize::from(hue(&format!("c{n:x}")))] += 1;
        }
        assert!(counts.iter().all(|&count| (50..=150).contains(&count)), "{counts:?}");
    }
}
