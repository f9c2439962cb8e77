//! Which spellings are one room. A [`RoomId`] is kept as somebody wrote it; its [`RoomKey`] is what is
//! left when everything is gone that a reader does not take for another word. The server finds rooms by
//! their keys, and shows the id that the first member wrote. Keys are never shown, and never leave the
//! process except to be compared; but a server may ask for ids that are spelt as their keys are.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::{Flaw, RoomId, chars, name::latin_look};

/// A room's id reduced to what distinguishes it: as a name is [spelt](crate::NameKey), so that letter
/// forms (ی ي, ک ك), the kind of digits, upper and lower case, presentation forms, kashida, ZWNJ and vowel
/// signs make no difference; and besides, neither does what stands between words: a space, `-`, `_`, `.`
/// or nothing. Between two digits that is part of the number (`1-12` is not `11-2`), and stays.
///
/// Unlike names, rooms are not compared by their looks: strangers would meet (`class1`, `classl`, or two words
/// of two languages). But where Latin letters stand with Cyrillic or Greek ones that look like Latin ones, these
/// count as what they look like, because nobody writes so: `сlass` with a Cyrillic с leads to `class`, and not
/// into the room of who made up that link. And marks are only left out where readers leave them out, which is in Arabic, Latin and Greek script: й is
/// not и, and a Thai vowel is a vowel.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RoomKey(Arc<str>);

impl RoomKey {
    /// The key of a room.
    pub fn of(room: &RoomId) -> Self {
        let mut key = String::with_capacity(room.as_str().len());
        let mut separator = None;
        let mut takes_accents = false;
        // By way of the upper case, because Σ has two lower cases: σ and ς.
        let lower = |c: char| chars::persian(c).to_uppercase().flat_map(char::to_lowercase);
        let is_mixed = room.as_str().nfkd().flat_map(lower).any(|c| c.is_ascii_alphabetic());
        let seen = |c: char| latin_look(c).filter(|_| is_mixed).unwrap_or(c);
        for c in room.as_str().nfkd().map(seen) {
            if chars::is_combining(c) {
                key.extend((!takes_accents).then_some(c));
            } else if chars::is_skipped_by_eye(c) {
                // ZWNJ, kashida, and the spaces of ﷺ.
            } else if c.is_ascii_punctuation() {
                separator = Some(if c == '.' { '.' } else { '-' });
            } else {
                if let Some(separator) = separator.take()
                    && c.is_numeric()
                    && key.ends_with(char::is_numeric)
                {
                    key.push(separator);
                }
                takes_accents = chars::takes_accents(c);
                // Of Σ and σ, only the small one looks like a Latin letter.
                key.extend(lower(c).map(seen));
            }
        }
        // A letter may come apart into nothing but blanks and marks.
        if key.is_empty() { Self(room.as_str().into()) } else { Self(chars::nfc(&key).as_ref().into()) }
    }

    /// The id that is spelt as this key is: the folded form of every id that has this key, and of itself.
    ///
    /// # Errors
    /// The [`Flaw`] of a key that is no id: too long because letters came apart (ß, ﷺ), or nothing but marks.
    pub fn id(&self) -> Result<RoomId, Flaw> {
        RoomId::check(&self.0)
    }

    /// The key itself, to be compared by somebody who cannot make one.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
