//! What somebody said, line by line, each in its own direction: drawn in the browser, and once more with
//! Leptos for the page without a program, because a view costs more to download
//! (docs/adr/0002-lean-client.md); a test holds the two together.

use leptos::prelude::*;

use crate::{
    dom::{Drawn, draw},
    prose::{self, Block, Direction, Piece, Segment, link},
};

/// With these lines after what is in it. A line break stands between two of them, which nobody sees: what is
/// copied has it.
pub fn lines(mut text: Drawn, said: &str) -> Drawn {
    for (at, block) in prose::parse(said).into_iter().enumerate() {
        if at > 0 {
            text = text.text("\n");
        }
        text = text.child(match block {
            Block::Paragraph { direction, pieces } => line(draw("p").attr("dir", direction.as_str()), pieces),
            Block::Code(code) => draw("pre").attr("tabindex", "0").child(draw("code").text(code)),
        });
    }
    text
}

/// A line of which nothing is taken for markup, read in its own direction, with its runs in their order. It may
/// hold line breaks all the same.
pub fn plain_line(text: &str) -> Drawn {
    let direction = prose::base_direction(text);
    let pieces = prose::pieces(text, vec![Segment::Text(text)], direction);
    line(draw("bdi").attr("dir", direction.as_str()), pieces)
}

/// The pieces of a line, those of a run together in one element.
fn line(mut line: Drawn, pieces: Vec<Piece<'_>>) -> Drawn {
    let mut run = None;
    for Piece { segment, is_typed } in pieces {
        if is_typed {
            let begun = run.take().unwrap_or_else(|| draw("bdo").attr("dir", "ltr"));
            run = Some(with(begun, segment, typed));
            continue;
        }
        if let Some(run) = run.take() {
            line = line.child(run);
        }
        line = with(line, segment, Drawn::text);
    }
    match run {
        Some(run) => line.child(run),
        None => line,
    }
}

fn with(line: Drawn, segment: Segment<'_>, words: fn(Drawn, &str) -> Drawn) -> Drawn {
    match segment {
        Segment::Text(text) => words(line, text),
        Segment::Code(code) => line.child(draw("code").text(code)),
        Segment::Link { href, shown } => {
            let link = draw("a")
                .attr("href", &href)
                .attr("dir", "ltr")
                .attr("target", "_blank")
                .attr("rel", "noopener noreferrer nofollow");
            line.child(typed(link, &link::readable(shown)))
        }
    }
}

/// With what is written from the left after what is in it.
fn typed(line: Drawn, text: &str) -> Drawn {
    link::parts(text).into_iter().fold(line, |line, (part, is_apart)| {
        if is_apart { line.child(draw("bdi").text(part)) } else { line.text(part) }
    })
}

/// The text, line by line, each in its own direction.
#[component]
pub fn SaidText(
    /// What was said.
    said: String,
) -> impl IntoView {
    let lines = prose::parse(&said).into_iter().enumerate().map(|(at, block)| {
        let line = match block {
            // Not `<p>`, of which copies have an empty line between two; and an empty one has no line
            // without `<br>`.
            Block::Paragraph { direction, pieces } => {
                let empty = pieces.is_empty().then(|| view! { <br /> });
                view! { <div dir=direction.as_str()>{line_view(pieces)} {empty}</div> }.into_any()
            }
            Block::Code(code) => view! { <pre tabindex="0"><code>{code.to_owned()}</code></pre> }.into_any(),
        };
        // Not seen: it is there for who reads the text without its elements.
        ((at > 0).then_some("\n"), line)
    });
    let lines = lines.collect_view();
    let typed = prose::is_shown_otherwise(&said).then_some(said);
    view! { <div class="text" data-said=typed>{lines}</div> }
}

fn line_view(pieces: Vec<Piece<'_>>) -> impl IntoView + use<> {
    let is_one = |one: &Piece<'_>, next: &Piece<'_>| one.is_typed == next.is_typed;
    let run = |run: &[Piece<'_>]| {
        let is_typed = run[0].is_typed;
        let segments = run.iter().map(|piece| segment_view(&piece.segment, is_typed)).collect_view();
        if is_typed {
            view! { <bdo dir=Direction::Ltr.as_str()>{segments}</bdo> }.into_any()
        } else {
            segments.into_any()
        }
    };
    pieces.chunk_by(is_one).map(run).collect_view()
}

fn segment_view(segment: &Segment<'_>, is_typed: bool) -> AnyView {
    match segment {
        Segment::Text(text) if is_typed => typed_view(text),
        Segment::Text(text) => (*text).to_owned().into_any(),
        Segment::Code(code) => view! { <code>{(*code).to_owned()}</code> }.into_any(),
        Segment::Link { href, shown } => {
            let href = href.clone().into_owned();
            let shown = typed_view(&link::readable(shown));
            view! { <a href=href dir="ltr" target="_blank" rel="noopener noreferrer nofollow">{shown}</a> }
                .into_any()
        }
    }
}

/// What is written from the left.
fn typed_view(text: &str) -> AnyView {
    let part = |(part, is_apart): (&str, bool)| {
        let part = part.to_owned();
        if is_apart { view! { <bdi>{part}</bdi> }.into_any() } else { part.into_any() }
    };
    link::parts(text).into_iter().map(part).collect_view().into_any()
}
