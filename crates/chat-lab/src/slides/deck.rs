//! The presentation's source, read: `docs/presentation.md`, of which each section "اسلاید" is a slide, its
//! quotations the notes for whoever teaches, and the other sections a guide that is for the repository alone.
//! CommonMark by `pulldown-cmark`, which rustdoc uses, too.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

use super::picture;

const SOURCE: &str = include_str!("../../../../docs/presentation.md");
/// How the heading of a slide begins.
const HEADING: &str = "## اسلاید ";

/// One slide, in HTML.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Slide {
    /// From one.
    pub(super) number: usize,
    pub(super) title: String,
    pub(super) body: String,
    /// What is to be said and asked beside it.
    pub(super) notes: String,
    /// What the class may be asked to vote on, in order.
    pub(super) votes: Vec<Ready>,
}

/// A vote that is ready to be opened: a line of the notes, "- رأی: question | answer | answer", which the
/// handout leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Ready {
    pub(super) question: String,
    pub(super) answers: Vec<String>,
}

/// How an answer ends that is right, where one is.
pub(super) const RIGHT: &str = "✓";

/// How the line of a vote begins.
const VOTE: &str = "- رأی: ";

/// All slides, in order.
pub(super) fn all() -> Vec<Slide> {
    read(SOURCE)
}

fn read(source: &str) -> Vec<Slide> {
    let sections = source.split("\n## ").skip(1);
    let marked = sections.filter_map(|section| section.strip_prefix(HEADING.trim_start_matches("## ")));
    marked.zip(1..).map(|(section, number)| slide(section, number)).collect()
}

fn slide(section: &str, number: usize) -> Slide {
    let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
    let title = heading.split_once(": ").map_or(heading, |(_, title)| title).to_owned();
    let is_note = |line: &&str| line.starts_with('>');
    let notes: Vec<&str> = text.lines().filter(is_note).map(|line| line[1..].trim_start()).collect();
    let body: Vec<&str> = text.lines().filter(|line| !is_note(line)).collect();
    let (votes, notes): (Vec<&str>, Vec<&str>) = notes.into_iter().partition(|line| line.starts_with(VOTE));
    let votes = votes.iter().filter_map(|line| ready(&line[VOTE.len()..])).collect();
    Slide { number, title, body: html(&body.join("\n")), notes: html(&notes.join("\n")), votes }
}

fn ready(line: &str) -> Option<Ready> {
    let mut parts = line.split(" | ").map(str::to_owned);
    Some(Ready { question: parts.next()?, answers: parts.collect() })
}

/// As HTML in which pictures are drawn and code runs from the left.
fn html(markdown: &str) -> String {
    let mut in_picture = false;
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).filter_map(|event| match event {
        Event::Start(Tag::Image { dest_url, .. }) => {
            in_picture = true;
            picture::inline(&dest_url).map(|svg| Event::Html(svg.into()))
        }
        Event::End(TagEnd::Image) => {
            in_picture = false;
            None
        }
        // It says itself what it shows.
        _ if in_picture => None,
        Event::Code(code) => Some(Event::InlineHtml(left(&code))),
        event => Some(event),
    });
    let mut html = String::new();
    push_html(&mut html, events);
    html
}

fn left(code: &str) -> CowStr<'static> {
    let mut html = String::new();
    push_html(&mut html, std::iter::once(Event::Code(code.to_owned().into())));
    html.replace("<code>", "<code dir=\"ltr\">").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fifteen_slides_with_notes() {
        let deck = all();
        assert_eq!(deck.len(), 15);
        for slide in &deck {
            let Slide { number, title, body, notes, .. } = slide;
            assert!(!title.is_empty() && !body.is_empty() && !notes.is_empty(), "{slide:?}");
            assert!(!body.contains("<img"), "slide {number}: a picture that is not there");
            let heading = format!("## اسلاید {}: {title}\n", super::super::persian(*number));
            assert!(SOURCE.contains(&heading), "slide {number} is numbered otherwise: {heading}");
        }
    }

    #[test]
    fn all_six_pictures_are_shown() {
        let pictures = all().iter().filter(|slide| slide.body.contains("<svg")).count();
        assert_eq!(pictures, 6);
    }

    #[test]
    fn every_ready_vote_may_be_opened() {
        let votes: Vec<(usize, Ready)> = all()
            .into_iter()
            .flat_map(|slide| slide.votes.into_iter().map(move |vote| (slide.number, vote)))
            .collect();
        for slide in [2, 10, 12] {
            assert!(votes.iter().any(|(number, _)| *number == slide), "slide {slide} asks nothing");
        }
        for (slide, Ready { question, answers }) in &votes {
            let ballot = chat_protocol::Ballot::parse(question, answers);
            assert!(ballot.is_ok(), "slide {slide}: {ballot:?}");
        }
    }

    #[test]
    fn notes_stay_off_the_slide() {
        let [one] = &read("# t\n\n## guide\n\n> no\n\n## اسلاید ۱: a\n\nb `c`\n\n> d\n")[..] else {
            panic!("one slide")
        };
        assert_eq!((one.title.as_str(), one.notes.trim()), ("a", "<p>d</p>"));
        assert_eq!(one.body.trim(), "<p>b <code dir=\"ltr\">c</code></p>");
    }
}
