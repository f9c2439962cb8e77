//! Cuts one line into plain text, links and inline code, in one pass from the left. Whichever
//! begins first wins, so a link inside backticks is code. It does not know what the pieces look
//! like, and never changes a character of them.

use std::borrow::Cow;

use super::link;

/// A stretch of a line that is drawn in one way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment<'a> {
    /// Words.
    Text(&'a str),
    /// An address; `http` or `https`, never anything else.
    Link {
        /// The absolute URL.
        href: Cow<'a, str>,
        /// The address as written.
        shown: &'a str,
    },
    /// What stood between backticks, without them.
    Code(&'a str),
}

impl<'a> Segment<'a> {
    /// The characters to draw.
    pub fn shown(&self) -> &'a str {
        match self {
            Self::Text(shown) | Self::Link { shown, .. } | Self::Code(shown) => shown,
        }
    }
}

/// The segments of one line. Two `Text` never stand next to each other, and none is empty.
///
/// Inline code is what stands between two runs of equally many backticks, as in CommonMark; a run
/// without its partner is text.
pub fn segments(line: &str) -> Vec<Segment<'_>> {
    let mut segments = Vec::new();
    // `line[text..at]` is plain text not pushed yet.
    let (mut text, mut at) = (0, 0);
    // The longest runs are as long as the line has backticks; a length that found no partner once
    // will find none further right, and remembering it keeps this linear.
    let mut lonely = 0u64;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let found = match c {
            '`' => {
                let run = rest.len() - rest.trim_start_matches('`').len();
                let bit = 1u64 << run.min(63);
                let code = if lonely & bit == 0 { inline_code(rest, run) } else { None };
                if code.is_none() {
                    lonely |= bit;
                    at += run;
                    continue;
                }
                code
            }
            'h' | 'H' | 'w' | 'W' => link::at_start(rest, line[..at].chars().next_back())
                .map(|link| (Segment::Link { href: link.href, shown: link.shown }, link.shown.len())),
            _ => None,
        };
        let Some((segment, length)) = found else {
            at += c.len_utf8();
            continue;
        };
        if text < at {
            segments.push(Segment::Text(&line[text..at]));
        }
        segments.push(segment);
        at += length;
        text = at;
    }
    if text < line.len() {
        segments.push(Segment::Text(&line[text..]));
    }
    segments
}

/// The code at the start of `rest`, which begins with `run` backticks, and the bytes it takes.
fn inline_code(rest: &str, run: usize) -> Option<(Segment<'_>, usize)> {
    let mut at = run;
    while let Some(tick) = rest[at..].find('`') {
        let end = at + tick;
        let partner = rest[end..].len() - rest[end..].trim_start_matches('`').len();
        if partner == run {
            return Some((Segment::Code(&rest[run..end]), end + run));
        }
        at = end + partner;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(line: &str) -> Vec<String> {
        segments(line)
            .iter()
            .map(|segment| match segment {
                Segment::Text(text) => format!("t:{text}"),
                Segment::Link { href, shown } if href == shown => format!("l:{shown}"),
                Segment::Link { href, shown } => format!("l:{shown}>{href}"),
                Segment::Code(code) => format!("c:{code}"),
            })
            .collect()
    }

    #[test]
    fn words_links_and_code_split_in_order() {
        assert_eq!(
            kinds("سلام https://x.ir را با `curl -i` بزن"),
            ["t:سلام ", "l:https://x.ir", "t: را با ", "c:curl -i", "t: بزن"]
        );
        assert_eq!(kinds("www.otagh.ir"), ["l:www.otagh.ir>https://www.otagh.ir"]);
        assert!(kinds("").is_empty());
    }

    #[test]
    fn a_link_inside_code_is_code() {
        assert_eq!(kinds("`https://x.ir`"), ["c:https://x.ir"]);
    }

    #[test]
    fn backticks_without_a_partner_are_text() {
        assert_eq!(kinds("a ` b"), ["t:a ` b"]);
        assert_eq!(kinds("a `` b ` c"), ["t:a `` b ` c"]);
        assert_eq!(kinds("``a ` b``"), ["c:a ` b"]);
        assert_eq!(kinds("` `` `"), ["c: `` "]);
    }
}
