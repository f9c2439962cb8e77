//! `/slides`: the presentation, for reading and for paper. Drawn by the server alone, so that it is all there
//! without a program and stays when the network goes: one document, a slide after the other, each a picture of
//! the same shape (16:9) whatever the screen is. Its words are those of `docs/presentation.md`, which is the one
//! source ([`deck`]); what the keys do is `assets/slides.js`'s. The same slides stand on the [`mod@stage`] of a
//! class, which a teacher turns for everybody, and which phones follow in a [`mod@strip`].

use chat_ui::{digits, document::Document, theme::ThemeButton, words::APP_NAME};
use leptos::prelude::*;

use self::deck::Slide;

mod deck;
mod picture;
mod stage;
mod strip;
mod words;

pub use self::{stage::stage, strip::strip};

/// What the keys and the clicker do.
const SCRIPT: &str = "/slides.js";

/// The deck; as a handout with the notes under each slide, two on a sheet of paper.
pub fn slides(handout: bool) -> Document {
    let slides = deck::all();
    let count = slides.len();
    let contents = slides.iter().map(|slide| {
        view! { <li><a href=format!("#{}", slide.number)>{slide.title.clone()}</a></li> }
    });
    let contents = contents.collect_view();
    let shown = slides.iter().map(|slide| shown(slide, count, handout)).collect_view();
    let (other, other_name) =
        if handout { ("/slides", words::DECK) } else { ("/slides?handout", words::HANDOUT) };
    let body = view! {
        <main class="slides" data-handout=handout.then_some("")>
            <nav class="contents">
                <a class="home-link" href="/" aria-label=chat_ui::words::GO_HOME>
                    <img src="/favicon.svg" alt="" width="36" height="36" />
                </a>
                <h1>{words::DECK}</h1>
                <details>
                    <summary>{words::CONTENTS}</summary>
                    <ol>{contents}</ol>
                </details>
                <a href=other>{other_name}</a>
                <ThemeButton />
                <progress class="progress" max=count.to_string() value="1" aria-label=words::PROGRESS hidden></progress>
            </nav>
            {shown}
            <p class="keys">{words::KEYS}</p>
        </main>
        <script r#type="module" src=SCRIPT></script>
    };
    let title = format!("{} · {APP_NAME}", words::DECK);
    Document { styles: &["/pkg/slides.css"], ..Document::new("slides", title, body) }
}

fn shown(slide: &Slide, count: usize, handout: bool) -> impl IntoView + use<> {
    let Slide { number, title, body, notes, .. } = slide.clone();
    let heading = format!("{number}-title");
    let place = words::place(number, count);
    // Nobody but us wrote them.
    let notes = handout
        .then(|| view! { <aside class="notes" aria-label=words::notes(number) inner_html=notes></aside> });
    view! {
        <section class="slide" id=number.to_string() aria-labelledby=heading>
            <div class="face">
                <h2 id=heading.clone()>{title}</h2>
                <div class="body" inner_html=body></div>
                <footer aria-hidden="true">
                    <span>{APP_NAME}</span>
                    <span>{place}</span>
                </footer>
            </div>
        </section>
        {notes}
    }
}

/// A number as the slides have it.
fn persian(number: usize) -> String {
    digits::number(number as u64)
}
