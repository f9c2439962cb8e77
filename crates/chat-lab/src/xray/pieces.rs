//! What the tabs are made of: one way to draw each thing that more than one of them has.

use chat_ui::dom::{Drawn, draw};

use crate::{about::about, xray::words::OURS};

/// A paragraph.
pub(crate) fn p(text: &str) -> Drawn {
    draw("p").text(text)
}

/// A paragraph aside, in small type.
pub(crate) fn small(text: &str) -> Drawn {
    p(text).class("small")
}

/// A button of this look.
pub(crate) fn button(class: &str, act: impl FnMut() + 'static) -> Drawn {
    draw("button").attr("type", "button").class(class).on_click(act)
}

/// Where something is said: an RFC mostly.
pub(crate) fn tag(text: &str) -> Drawn {
    draw("span").class("tag").text(text)
}

/// A tag of what is known rather than said to be so.
pub(crate) fn real_tag(text: &str, is_real: bool) -> Drawn {
    tag(text).flag("data-real", is_real)
}

/// The tag of what no RFC says.
pub(crate) fn ours() -> Drawn {
    tag(OURS).attr("data-ours", "")
}

/// A heading, and behind it where what is below it is said.
pub(crate) fn heading(text: &str, tag: Option<Drawn>) -> Drawn {
    let heading = draw("h3").text(text);
    match tag {
        Some(tag) => heading.text(" ").child(tag),
        None => heading,
    }
}

/// A heading with notes behind ⓘ.
pub(crate) fn titled(text: &str, said_in: &str, notes: &'static str) -> Drawn {
    let heading = heading(text, Some(tag(said_in)));
    draw("div").class("titled").child(heading).child(about(move || notes.to_owned()))
}

/// A verdict, good or bad.
pub(crate) fn verdict(text: &str, is_good: bool) -> Drawn {
    p(text).class("verdict").flag("data-good", is_good)
}
