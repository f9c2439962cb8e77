//! A message's text as `message.rs` draws it, for those who draw with Leptos: the page without a program
//! and the lab. The room page draws its own, because a view costs more to download
//! (docs/adr/0002-lean-client.md); a test holds the two together.

use leptos::prelude::*;

use crate::prose::{self, Block, Direction, Piece, Segment, link};

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

/// A line of which nothing is taken for markup, read in its own direction, with its runs in their order.
#[component]
pub fn PlainLine(
    /// The line, which may hold line breaks all the same.
    line: String,
) -> impl IntoView {
    let direction = prose::base_direction(&line);
    view! { <bdi dir=direction.as_str()>{line_view(prose::pieces(&line, vec![Segment::Text(&line)], direction))}</bdi> }
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
        Segment::Text(text) if is_typed => typed(text),
        Segment::Text(text) => (*text).to_owned().into_any(),
        Segment::Code(code) => view! { <code>{(*code).to_owned()}</code> }.into_any(),
        Segment::Link { href, shown } => {
            let href = href.clone().into_owned();
            let shown = typed(&link::readable(shown));
            view! { <a href=href dir="ltr" target="_blank" rel="noopener noreferrer nofollow">{shown}</a> }
                .into_any()
        }
    }
}

/// What is written from the left.
fn typed(text: &str) -> AnyView {
    let part = |(part, is_apart): (&str, bool)| {
        let part = part.to_owned();
        if is_apart { view! { <bdi>{part}</bdi> }.into_any() } else { part.into_any() }
    };
    link::parts(text).into_iter().map(part).collect_view().into_any()
}
