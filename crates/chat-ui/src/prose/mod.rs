//! Turns the text of a message into pieces that can be drawn without scrambling Persian and
//! English.
//!
//! [`parse`] cuts the text at its line breaks, because each line gets its own base direction; each
//! line into plain text, links and inline code; and puts together in [`runs`] what a reader takes for
//! one thing that is written from the left: a phone, an expression, `C++`. Lines between two fences
//! (three backticks) become one code block. Everything borrows from the text; nothing is changed,
//! dropped or escaped: joining the pieces gives back what was said, fences and backticks aside.
//!
//! There is deliberately no other markup, and no knowledge of HTML: whoever draws the pieces puts
//! them into the page as text nodes.

pub mod direction;
pub mod emoji;
mod letters;
pub mod link;
pub mod runs;
pub mod segments;

pub use direction::{Direction, base_direction};
pub use emoji::only_emoji;
pub use runs::{Piece, pieces};
pub use segments::{Segment, segments};

/// A stretch of a message that is laid out on its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block<'a> {
    /// One line. An empty line is a paragraph without pieces.
    Paragraph {
        /// Its base direction: the `dir` of its element.
        direction: Direction,
        /// What it is made of, in order.
        pieces: Vec<Piece<'a>>,
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
        let direction = direction::of(&segments);
        blocks.push(Block::Paragraph { direction, pieces: pieces(line, segments, direction) });
        rest = after;
    }
    blocks
}

/// The base direction of a text that is still being written, where only one can be had for all of it:
/// left to right, too, when each of its lines is a run and nothing else. So a phone looks as it will.
pub fn draft_direction(text: &str) -> Direction {
    for block in parse(text) {
        let Block::Paragraph { pieces, .. } = block else { return base_direction(text) };
        let (mut runs, mut was_typed) = (0, false);
        for Piece { segment, is_typed } in pieces {
            runs += match is_typed {
                true => usize::from(!was_typed),
                false => 2 * usize::from(segment.shown().contains(char::is_alphanumeric)),
            };
            was_typed = is_typed;
        }
        if runs != 1 {
            return base_direction(text);
        }
    }
    Direction::Ltr
}

/// Whether something else may be seen of a text than was typed.
pub fn is_shown_otherwise(text: &str) -> bool {
    text.contains(['`', '%'])
}

/// One line of text as one string for where there are no elements, its order kept by control characters
/// (U+2066 to U+2069). Markup is not looked for, and no line break is kept.
pub fn plain(text: &str) -> String {
    let line = text.replace('\n', " ");
    let direction = base_direction(&line);
    let mut plain = String::from(if direction == Direction::Rtl { '\u{2067}' } else { '\u{2066}' });
    let mut was_typed = false;
    for Piece { segment, is_typed } in pieces(&line, vec![Segment::Text(&line)], direction) {
        if is_typed != was_typed {
            plain.push(if is_typed { '\u{2066}' } else { '\u{2069}' });
        }
        plain += segment.shown();
        was_typed = is_typed;
    }
    plain.extend(was_typed.then_some('\u{2069}'));
    plain.push('\u{2069}');
    plain
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
    fn fenced_lines_form_one_code_block() {
        let blocks = parse("ببین:\n```rust\nfn main() {\n    سلام();\n}\n```\nخوب شد؟");
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[1], Block::Code("fn main() {\n    سلام();\n}"));
        assert_eq!(parse("```\n```"), [Block::Code("")]);
        assert_eq!(parse("```\n\n```"), [Block::Code("")]);
        assert_eq!(parse("```\n a\n\n```"), [Block::Code(" a\n")]);
    }

    #[test]
    fn unclosed_fence_is_ordinary_line() {
        assert_eq!(parse("```\nسلام").len(), 2);
        assert!(parse("```\nسلام").iter().all(|block| matches!(block, Block::Paragraph { .. })));
        assert!(matches!(parse("```a```").as_slice(), [Block::Paragraph { .. }]));
    }

    #[test]
    fn nothing_said_is_lost() {
        for text in NASTY {
            let mut lines = text.split('\n').filter(|_| !text.contains("```"));
            for block in parse(text) {
                if let Block::Paragraph { pieces, .. } = block
                    && let Some(line) = lines.next()
                {
                    let joined: String = pieces.iter().map(|piece| piece.segment.shown()).collect();
                    assert_eq!(joined, line.replace('`', "").as_str(), "{text:?}");
                }
            }
            assert_eq!(lines.next(), None, "{text:?}");
        }
    }

    #[test]
    fn any_line_is_what_its_runs_say() {
        const PIECES: &[&str] = &[
            "سلام",
            "ها",
            "\u{200C}",
            "،",
            "؟",
            "«",
            "»",
            " ",
            " ",
            " ",
            "C",
            "km",
            "print",
            "12",
            "۰۱۲۳",
            "٤",
            "5",
            "+",
            "-",
            "=",
            "/",
            ".",
            ":",
            "(",
            ")",
            "[",
            "\"",
            "'",
            "`",
            "``",
            "%",
            "٪",
            "$",
            "°",
            "#",
            "~",
            "\\",
            "?",
            "https://x.ir",
            "www.a.ir/ب",
            "--",
            "\u{A0}",
            "\u{200E}",
            "😀",
            "1️⃣",
            "…",
        ];
        // A linear congruential generator: the same lines every time.
        let mut state = 12u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for _ in 0..5_000 {
            let line: String = (0..next(14)).map(|_| PIECES[next(PIECES.len())]).collect();
            let cut = segments(&line);
            let joined: String = cut.iter().map(Segment::shown).collect();
            let opaque = |segment: &&Segment<'_>| !matches!(segment, Segment::Text(_));
            for direction in [Direction::Rtl, Direction::Ltr] {
                let pieces = pieces(&line, cut.clone(), direction);
                let again = pieces.iter().map(|piece| &piece.segment);
                assert!(again.clone().all(|segment| !segment.shown().is_empty()), "{line}");
                assert_eq!(again.clone().map(Segment::shown).collect::<String>(), joined, "{line}");
                assert_eq!(again.filter(opaque).count(), cut.iter().filter(opaque).count(), "{line}");
            }
            let plain: String = plain(&line).replace(['\u{2066}', '\u{2067}', '\u{2069}'], "");
            assert_eq!(plain, line);
        }
    }

    #[test]
    fn draft_of_one_run_is_ltr() {
        use Direction::{Ltr, Rtl};
        for (draft, expected) in [
            ("", Rtl),
            ("12", Rtl),
            ("18 19 20", Rtl),
            ("18 19 -5", Rtl),
            ("+98", Ltr),
            ("+98 912 345 6789 ", Ltr),
            ("2 + 2 = 4", Ltr),
            ("۲ + ۲ = ؟", Ltr),
            ("+98 912 345 6789\n0912 345 6789", Ltr),
            ("+98 912 345 6789\nسارا", Rtl),
            ("شماره: +98 912 345 6789", Rtl),
            ("hello", Ltr),
            ("~/اسناد", Ltr),
        ] {
            assert_eq!(draft_direction(draft), expected, "{draft}");
        }
    }

    #[test]
    fn plain_line_carries_isolate_characters() {
        assert_eq!(plain("زبان C++\nاست"), "\u{2067}زبان \u{2066}C++\u{2069} است\u{2069}");
        assert_eq!(plain("hello"), "\u{2066}hello\u{2069}");
    }

    #[test]
    fn only_markup_and_escapes_change_display() {
        let shown = |text: &str| {
            let line = |block: &Block<'_>| match block {
                Block::Code(code) => (*code).to_owned(),
                Block::Paragraph { pieces, .. } => {
                    let shown = |piece: &Piece<'_>| match &piece.segment {
                        Segment::Link { shown, .. } => link::readable(shown),
                        other => other.shown().to_owned(),
                    };
                    pieces.iter().map(shown).collect()
                }
            };
            parse(text).iter().map(line).collect::<Vec<_>>().join("\n")
        };
        let text = "با `a` و https://x.ir/%D8%B3\n```rust\nfn\n```\nتمام";
        assert_eq!(shown(text), "با a و https://x.ir/س\nfn\nتمام");
        for text in NASTY.iter().copied().chain(["a\n\nb", "50%", text]) {
            assert!(shown(text) == text || is_shown_otherwise(text), "{text:?}");
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
    fn parse_time_is_not_quadratic() {
        // About a megabyte each, or some hundred kilobytes: a quadratic search would not end within a test run.
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
            "aس".repeat(80_000),
            "a('س')".repeat(30_000),
            "a('س".repeat(5_000),
            "/س/س ".repeat(30_000),
            "/aس/".repeat(50_000),
            "1 ".repeat(100_000),
            "1 + ".repeat(50_000),
            "(1, ".repeat(50_000),
            "((((1 ".repeat(30_000),
            "1) = x ".repeat(30_000),
            "(\"".repeat(100_000),
            format!("س {}C++{}", "(".repeat(100_000), ")".repeat(100_000)),
            format!("س ={}?", " ".repeat(200_000)),
            "= ".repeat(100_000) + "؟",
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
        "۱۲-(\"C++)\" = ؟",
        "~/س\u{A0}--a=ب",
    ];
}
