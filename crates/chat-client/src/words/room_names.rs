//! Names for new rooms: two short words that are pleasant to read aloud in class, as in «باغ-آبی-42». The
//! home page's script (`assets/home.js`) draws them.

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

#[cfg(test)]
mod tests {
    use chat_protocol::RoomId;

    use super::*;

    #[test]
    fn every_name_is_a_room_id() {
        for noun in NOUNS {
            for adjective in ADJECTIVES {
                let name = format!("{noun}-{adjective}-999");
                assert_eq!(RoomId::parse(&name).unwrap().as_str(), name);
            }
        }
    }

    #[test]
    fn no_word_comes_twice() {
        for words in [NOUNS, ADJECTIVES] {
            let unique: std::collections::BTreeSet<_> = words.into_iter().collect();
            assert_eq!(unique.len(), words.len());
        }
    }
}
