//! Sentences with people's words in them. A Latin name in a Persian sentence must not pull the
//! words around it out of order (UAX #9), so a name is never pasted in: it is a piece of its own,
//! drawn as `<bdi>` on the page and isolated by control characters where there are no elements.

/// A sentence in pieces, in reading order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sentence(pub Vec<Piece>);

/// A piece of a [`Sentence`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Our own words.
    Words(String),
    /// Somebody else's: a name, a room. Draw it as `<bdi>`.
    Name(String),
}

impl Sentence {
    /// With more of our own words at the end.
    #[must_use]
    pub fn words(mut self, words: &str) -> Self {
        self.0.push(Piece::Words(words.to_owned()));
        self
    }

    /// With somebody's name at the end.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.0.push(Piece::Name(name.to_owned()));
        self
    }

    /// One string, names isolated: for attributes, titles and announcements.
    pub fn plain(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.clone(),
                Piece::Name(name) => isolate(name),
            })
            .collect()
    }
}

/// `name` between U+2068 (first strong isolate) and U+2069 (pop directional isolate): what `<bdi>`
/// is, as characters. For text without bidi controls of its own, which names and ids are.
pub fn isolate(name: &str) -> String {
    format!("\u{2068}{name}\u{2069}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_in_plain_sentence_is_isolated() {
        let sentence = Sentence::default().name("Sara 2").words(" آمد");
        assert_eq!(sentence.plain(), "\u{2068}Sara 2\u{2069} آمد");
    }
}
