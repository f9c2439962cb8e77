//! Sentences that cite an RFC. A citation is one word to the eye, so it runs from the left and no line ends
//! inside it; the sheet sees to that, because a no-break space would be in what somebody copies.

use chat_ui::dom::{Drawn, draw};

/// `line` with this sentence after what is in it.
pub(crate) fn cited(line: Drawn, sentence: &str) -> Drawn {
    pieces(sentence).into_iter().fold(line, |line, (piece, is_citation)| {
        if is_citation { line.child(draw("bdi").class("cited").text(piece)) } else { line.text(piece) }
    })
}

/// The sentence in pieces, and of each whether it is a citation.
fn pieces(sentence: &str) -> Vec<(&str, bool)> {
    const BEGINS: &str = "RFC ";
    let mut pieces = Vec::new();
    let mut rest = sentence;
    while let Some(at) = rest.find(BEGINS) {
        let (before, from) = rest.split_at(at);
        let of_it = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '§' | '.');
        let length = BEGINS.len()
            + from[BEGINS.len()..].chars().take_while(|c| of_it(*c)).map(char::len_utf8).sum::<usize>();
        // The space or the full stop after it is the sentence's.
        let citation = from[..length].trim_end_matches([' ', '.']);
        pieces.extend([(before, false), (citation, true)]);
        rest = &from[citation.len()..];
    }
    pieces.push((rest, false));
    pieces.retain(|(piece, _)| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn citation_is_one_piece() {
        let refused = "کلید نیست (RFC 6455 §4.2.1).";
        assert_eq!(pieces(refused), [("کلید نیست (", false), ("RFC 6455 §4.2.1", true), (").", false)]);
        let standing = "RFC 6455 است، نه RFC 8441.";
        let expected = [("RFC 6455", true), (" است، نه ", false), ("RFC 8441", true), (".", false)];
        assert_eq!(pieces(standing), expected);
        assert_eq!(pieces("فریم"), [("فریم", false)]);
    }
}
