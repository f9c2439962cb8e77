//! Turns the text of a message into pieces that can be drawn without scrambling Persian and
//! English.
//!
//! [`parse`] cuts the text at its line breaks, because each line gets its own base direction, and
//! cuts each line into plain text, links and inline code, because the last two are always drawn
//! left to right and isolated. Lines between two fences (three backticks) become one code block. Everything
//! borrows from the text; nothing is changed, dropped or escaped: joining the pieces gives back
//! what was said, fences and backticks aside.
//!
//! There is deliberately no other markup, and no knowledge of HTML: whoever draws the pieces puts
//! them into the page as text nodes.

pub mod direction;
pub mod emoji;
pub mod link;
pub mod segments;

pub use direction::{Direction, base_direction};
pub use emoji::only_emoji;
pub use segments::{Segment, segments};

/// A stretch of a message that is laid out on its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block<'a> {
    /// One line. An empty line is a paragraph without segments.
    Paragraph {
        /// Its base direction: the `dir` of its element.
        direction: Direction,
        /// What it is made of, in order.
        segments: Vec<Segment<'a>>,
    },
    /// The lines between two fences, without the fences and the last line break. Left to right,
    /// white space kept.
    Code(&'a str),
}

/// Cuts `text` into blocks, in linear time, for any text at all.
///
/// A fence is a line that begins with three backticks; the opening one may name a language, which
/// is not shown. A fence that is never closed is an ordinary line.
pub fn parse(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = Some(text);
    let mut may_close = true;
    while let Some(here) = rest {
        let (line, after) = first_line(here);
        if let Some(after) = after.filter(|_| may_close && opens_code(line)) {
            if let Some((code, after)) = code_until_fence(after) {
                blocks.push(Block::Code(code));
                rest = after;
                continue;
            }
            // No closing fence below this line means none below any later line either; not
            // looking again keeps a message of nothing but opening fences linear.
            may_close = false;
        }
        let segments = segments(line);
        blocks.push(Block::Paragraph { direction: direction::of(&segments), segments });
        rest = after;
    }
    blocks
}

/// The first line, and what comes after its line break.
fn first_line(text: &str) -> (&str, Option<&str>) {
    match text.split_once('\n') {
        Some((line, after)) => (line, Some(after)),
        None => (text, None),
    }
}

fn opens_code(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("```")
        .is_some_and(|language| !language.trim_start_matches('`').contains('`'))
}

fn closes_code(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.bytes().all(|b| b == b'`')
}

/// The code above the first closing fence, and the text below that fence.
fn code_until_fence(text: &str) -> Option<(&str, Option<&str>)> {
    let mut start = 0;
    loop {
        let (line, after) = first_line(&text[start..]);
        if closes_code(line) {
            return Some((&text[..start.saturating_sub(1)], after));
        }
        after?;
        start += line.len() + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraphs(text: &str) -> Vec<Direction> {
        parse(text)
            .into_iter()
            .map(|block| match block {
                Block::Paragraph { direction, .. } => direction,
                Block::Code(code) => panic!("unexpected code {code:?}"),
            })
            .collect()
    }

    #[test]
    fn each_line_has_its_own_direction() {
        use Direction::{Ltr, Rtl};
        assert_eq!(paragraphs("سلام\nhello there\n\nREADME را بخوان"), [Rtl, Ltr, Rtl, Rtl]);
    }

    #[test]
    fn fenced_lines_are_one_code_block_without_the_fences() {
        let blocks = parse("ببین:\n```rust\nfn main() {\n    سلام();\n}\n```\nخوب شد؟");
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[1], Block::Code("fn main() {\n    سلام();\n}"));
        assert_eq!(parse("```\n```"), [Block::Code("")]);
        assert_eq!(parse("```\n\n```"), [Block::Code("")]);
        assert_eq!(parse("```\n a\n\n```"), [Block::Code(" a\n")]);
    }

    #[test]
    fn a_fence_that_is_never_closed_is_an_ordinary_line() {
        assert_eq!(parse("```\nسلام").len(), 2);
        assert!(parse("```\nسلام").iter().all(|block| matches!(block, Block::Paragraph { .. })));
        assert!(matches!(parse("```a```").as_slice(), [Block::Paragraph { .. }]));
    }

    #[test]
    fn nothing_said_is_lost() {
        for text in NASTY {
            let mut lines = text.split('\n').filter(|_| !text.contains("```"));
            for block in parse(text) {
                if let Block::Paragraph { segments, .. } = block
                    && let Some(line) = lines.next()
                {
                    let joined: String = segments.iter().map(Segment::shown).collect();
                    assert_eq!(joined, line.replace('`', "").as_str(), "{text:?}");
                }
            }
            assert_eq!(lines.next(), None, "{text:?}");
        }
    }

    #[test]
    fn no_text_can_make_it_panic() {
        // Every window of every nasty text, and every end of all of them joined.
        let every = |text: &str| {
            parse(text);
            only_emoji(text);
        };
        for text in NASTY {
            let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            for (i, &from) in cuts.iter().enumerate() {
                cuts[i..].iter().for_each(|&to| every(&text[from..to]));
            }
        }
        let joined = NASTY.concat();
        joined.char_indices().for_each(|(from, _)| every(&joined[from..]));
    }

    #[test]
    fn time_grows_with_the_length_and_not_with_its_square() {
        // About a megabyte each: a quadratic search would not end within a test run.
        assert_eq!(parse(&"```a\n".repeat(200_000)).len(), 200_001);
        let runs: String = (1..1_400).map(|n| "`".repeat(n) + " ").collect();
        for line in [
            runs,
            "https://(".repeat(100_000),
            "https://a@".repeat(100_000),
            "www.!@!".repeat(100_000),
            "www.a ".repeat(100_000),
            ")".repeat(1_000_000),
            format!("https://a{}", ")".repeat(1_000_000)),
        ] {
            parse(&line);
        }
    }

    const NASTY: &[&str] = &[
        "",
        "\n",
        "\n\n\n",
        "https://",
        "http://https://www.",
        "www.",
        "wwwww.w.w.",
        "https://[::1]:3000/a)(]",
        "(https://x.ir/(((",
        "https://x.ir/a\u{200C}",
        "https://x.ir/a\u{202E}b\u{2066}\u{200F}",
        "HTTPS://É.com/ß،؛؟»",
        "https://مثال.ایران/راه",
        "\u{200C}\u{200D}\u{FE0F}\u{20E3}",
        "👩‍👩‍👧‍👦🇮🇷🇮1️⃣🏳️‍🌈👍🏽🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "\u{1F1EE}\u{200D}\u{1F3FB}",
        "e\u{301}\u{302}\u{303}",
        "\u{0}\u{7F}\u{FFFD}\u{10FFFF}",
        "سلام\u{200F}!\u{200E}?",
        "@#@# 12 ۱۲ ()",
    ];
}
