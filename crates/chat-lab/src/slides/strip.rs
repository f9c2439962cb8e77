//! What a phone shows of a class, as a piece of HTML: where the stage stands, what of it is to be seen in one's
//! own connection, and the vote. Asked for by `assets/class-strip.js`, which fills it, when there is a class.

use leptos::prelude::*;

use super::{deck, words};

/// What of one's own connection belongs to a slide, as the room page asks the glass for it (`chat_ui::lab`).
const GLASS: [(usize, &str); 6] =
    [(4, "handshake"), (5, "say"), (6, "say"), (7, "say"), (8, "said"), (9, "said")];

/// The strip, empty, with the titles of all slides.
pub fn strip() -> String {
    let titles = deck::all().into_iter().map(|slide| {
        let glass = GLASS.iter().find(|(number, _)| *number == slide.number).map(|(_, what)| *what);
        view! { <li data-mine=glass>{slide.title}</li> }
    });
    let titles = titles.collect_view();
    let drawn = view! {
        <aside id="class-strip" class="class-strip" aria-label=words::STRIP>
            <p class="where">
                <span>{words::NOW}</span>
                <strong role="status"></strong>
                <button type="button" class="button quiet small mine" hidden>{words::MINE}</button>
            </p>
            <div class="ask" hidden>
                <p class="question"></p>
                <div class="answers" role="group" aria-label=words::ANSWERS></div>
                <p class="told" role="status" data-open=words::CHANGEABLE data-over=words::VOTE_OVER></p>
            </div>
            <ol class="titles" hidden>{titles}</ol>
        </aside>
    };
    drawn.to_html()
}

#[cfg(test)]
mod tests {
    #[test]
    fn strip_names_every_slide() {
        let strip = super::strip();
        assert_eq!(strip.matches("<li").count(), 15, "{strip}");
        assert_eq!(strip.matches("data-mine").count(), 6, "{strip}");
    }
}
