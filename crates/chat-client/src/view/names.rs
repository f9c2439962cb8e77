//! Sentences with people's names in them, drawn so that no name disturbs the words around it.

use leptos::prelude::*;

use crate::fa::{Piece, Sentence};

/// A sentence, each name in a `<bdi>`.
pub(crate) fn sentence(sentence: Sentence) -> impl IntoView {
    sentence
        .0
        .into_iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.into_any(),
            Piece::Name(name) => view! { <bdi>{name}</bdi> }.into_any(),
        })
        .collect_view()
}

/// A person's circle: a letter on their colour. Says nothing to a screen reader: the name is
/// always beside it.
pub(crate) fn avatar(id: &str, name: &str) -> impl IntoView + use<> {
    view! {
        <span class="avatar" data-hue=crate::person::hue(id).to_string() aria-hidden="true">
            {crate::person::initial(name)}
        </span>
    }
}
