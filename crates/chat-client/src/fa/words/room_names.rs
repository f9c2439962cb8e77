//! Names for new rooms: two short words that are pleasant to read aloud in class, as in «باغ-آبی».

/// Nouns that take an adjective without any letter between them, and are written in one piece.
pub const NOUNS: [&str; 24] = [
    "باغ",
    "کوه",
    "جنگل",
    "باران",
    "ماه",
    "خورشید",
    "رود",
    "دشت",
    "ابر",
    "برف",
    "بهار",
    "کتاب",
    "ساحل",
    "گل",
    "درخت",
    "پل",
    "آسمان",
    "فانوس",
    "انار",
    "چای",
    "مهتاب",
    "پرستو",
    "غزال",
    "چراغ",
];

/// What they may be.
pub const ADJECTIVES: [&str; 24] = [
    "آبی",
    "سبز",
    "آرام",
    "روشن",
    "بلند",
    "سپید",
    "شاد",
    "مهربان",
    "طلایی",
    "کوچک",
    "بزرگ",
    "تازه",
    "دور",
    "نزدیک",
    "زیبا",
    "گرم",
    "خنک",
    "پنهان",
    "زرد",
    "سرخ",
    "بنفش",
    "رنگین",
    "بیدار",
    "خندان",
];

/// A room's name from three numbers of the caller's choice, of any size: «باغ-آبی-42». 24 × 24
/// pairs are so few that strangers would meet, therefore the third, from 2 to 999. Valid as a
/// [`RoomId`](chat_protocol::RoomId), just as it is.
pub fn room_name(noun: usize, adjective: usize, number: usize) -> String {
    let (noun, adjective) = (NOUNS[noun % NOUNS.len()], ADJECTIVES[adjective % ADJECTIVES.len()]);
    format!("{noun}-{adjective}-{}", 2 + number % 998)
}

#[cfg(test)]
mod tests {
    use chat_protocol::RoomId;

    use super::*;

    #[test]
    fn every_name_is_a_room_id() {
        for noun in 0..NOUNS.len() {
            for adjective in 0..ADJECTIVES.len() {
                let name = room_name(noun, adjective, noun * adjective);
                assert_eq!(RoomId::parse(&name).unwrap().as_str(), name);
            }
        }
        assert_eq!(room_name(usize::MAX, usize::MAX, usize::MAX).matches('-').count(), 2);
    }

    #[test]
    fn no_word_comes_twice() {
        for words in [NOUNS, ADJECTIVES] {
            let unique: std::collections::BTreeSet<_> = words.into_iter().collect();
            assert_eq!(unique.len(), words.len());
        }
    }
}
