//! The words of the page, one file for each part of it; what belongs to no single part is right
//! here.
//!
//! How they are written: the polite «شما», everyday words, short sentences; «ه‌ی» for the ezafe
//! after ه; ZWNJ inside words (می‌نویسد), never a space; Persian punctuation. A name or a room in a
//! sentence makes it a [`Sentence`](super::Sentence), so that it cannot scramble its neighbours.
//! Counts are written with Persian digits and take the singular, as Persian has it («۳ نفر»).

pub mod connection;
pub mod errors;
pub mod home;
pub mod lesson;
pub mod messages;
pub mod people;
pub mod room_names;
pub mod share;
pub mod show;
mod site;
pub mod ways;
pub mod workbench;
pub mod xray;

pub use site::*;

#[cfg(test)]
mod tests {
    const FILES: [&str; 20] = [
        include_str!("connection.rs"),
        include_str!("errors.rs"),
        include_str!("home.rs"),
        include_str!("lesson.rs"),
        include_str!("messages.rs"),
        include_str!("mod.rs"),
        include_str!("people.rs"),
        include_str!("room_names.rs"),
        include_str!("share.rs"),
        include_str!("show.rs"),
        include_str!("site.rs"),
        include_str!("ways.rs"),
        include_str!("workbench.rs"),
        include_str!("xray/breaking.rs"),
        include_str!("xray/frames.rs"),
        include_str!("xray/handshake.rs"),
        include_str!("xray/journey.rs"),
        include_str!("xray/layers.rs"),
        include_str!("xray/mod.rs"),
        include_str!("xray/take_home.rs"),
    ];

    #[test]
    fn the_spelling_is_persian() {
        // Arabic forms of ی and ک and of the digits, by code point so as not to find themselves;
        // and a space where a ZWNJ, or nothing, belongs.
        let arabic = |c: char| matches!(c, '\u{64A}' | '\u{649}' | '\u{643}' | '\u{660}'..='\u{669}');
        let prefix = |line: &str| ["می", "نمی"].iter().any(|verb| line.contains(&format!(" {verb} ")));
        let suffix =
            |line: &str| line.contains(&format!(" {} ", "ها")) || line.contains(&format!(" {} ", "های"));
        let loose = |line: &str| ['،', '؛', '؟', '…'].iter().any(|mark| line.contains(&format!(" {mark}")));
        for line in FILES.into_iter().flat_map(str::lines) {
            assert!(!line.contains(arabic), "{line}");
            assert!(!prefix(line) && !suffix(line) && !loose(line) || line.contains("contains"), "{line}");
        }
    }
}
