//! Drawing what the server never draws: messages, members, sentences. Leptos draws the page
//! around them; what comes and goes inside is made here, element by element, because a Leptos view
//! of a type used only in the browser still carries code for every way a view can be drawn, and
//! these few would double the download (docs/adr/0002-lean-client.md). Text is only ever set as
//! text: nothing from outside can become markup.

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::{
    browser::listen,
    sentence::{Piece, Sentence},
};

/// An element being made.
#[derive(Clone)]
pub struct Drawn(pub HtmlElement);

/// A new element with this tag.
///
/// # Panics
/// When `tag` is no tag, which is a mistake in this crate.
pub fn draw(tag: &str) -> Drawn {
    let element = document().create_element(tag).expect("tags are written in this crate");
    Drawn(element.unchecked_into())
}

/// A new element of a picture with this tag.
///
/// # Panics
/// When `tag` is no tag, which is a mistake in this crate.
pub fn svg(tag: &str) -> Drawn {
    let element = document().create_element_ns(Some(SVG), tag);
    Drawn(element.expect("tags are written in this crate").unchecked_into())
}

/// The namespace of pictures.
const SVG: &str = "http://www.w3.org/2000/svg";

impl Drawn {
    /// With this attribute.
    pub fn attr(self, name: &str, value: &str) -> Self {
        if self.0.set_attribute(name, value).is_err() {
            leptos::logging::warn!("{name} is no attribute");
        }
        self
    }

    /// With this attribute, empty, if `on`.
    pub fn flag(self, name: &str, on: bool) -> Self {
        if on { self.attr(name, "") } else { self }
    }

    /// With this class.
    pub fn class(self, class: &str) -> Self {
        self.attr("class", class)
    }

    /// With this text after what is in it.
    pub fn text(self, text: &str) -> Self {
        append(&self.0, &document().create_text_node(text));
        self
    }

    /// With this element after what is in it.
    pub fn child(self, child: Drawn) -> Self {
        append(&self.0, &child.0);
        self
    }

    /// With these elements after what is in it.
    pub fn children(self, children: impl IntoIterator<Item = Drawn>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// With this sentence after what is in it, each name in an element of its own.
    pub fn sentence(self, sentence: &Sentence) -> Self {
        sentence.0.iter().fold(self, |drawn, piece| match piece {
            Piece::Words(words) => drawn.text(words),
            Piece::Name(name) => drawn.child(self::name(name)),
        })
    }

    /// With an icon after what is in it: one path on a 24-unit grid.
    pub fn icon(self, path: &str) -> Self {
        let make = |tag: &str| document().create_element_ns(Some(SVG), tag).map(Element::unchecked_into);
        let (Ok(svg), Ok(line)) = (make("svg"), make("path")) else { return self };
        let svg = Drawn(svg).attr("viewBox", "0 0 24 24").attr("aria-hidden", "true");
        self.child(svg.child(Drawn(line).attr("d", path)))
    }

    /// Calling `act` when it is pressed, for as long as it is on the page.
    pub fn on_click(self, act: impl FnMut() + 'static) -> Self {
        listen(&self.0, "click", act);
        self
    }
}

/// A name: whatever stands around it, it is neither put out of order nor translated.
pub fn name(name: &str) -> Drawn {
    draw("bdi").attr("translate", "no").text(name)
}

/// Replaces what is in `parent`.
pub fn fill(parent: &Element, child: &Drawn) {
    parent.set_text_content(None);
    append(parent, &child.0);
}

/// Puts `child` behind what is in `parent`.
pub fn append(parent: &Element, child: &web_sys::Node) {
    if parent.append_child(child).is_err() {
        leptos::logging::warn!("an element could not be placed");
    }
}
