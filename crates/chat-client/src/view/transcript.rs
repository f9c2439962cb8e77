//! What is copied out of the conversation: the words to the letter, each line a line. Of several
//! messages with the name above them, and nothing of what else stands there: no time, no state, no «شما».
//! The browser's own copy has all of that, has an empty line or none between two lines as it sees fit, and
//! the letters of an address that is shown in others. It reads what `message.rs` notes on each text.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{ClipboardEvent, Element};

use crate::{browser, prose};

/// A message's text, in the log and nowhere else.
const TEXT: &str = ".text[data-name]";

/// Sees to it that this is what is copied, for as long as the page lives.
pub(crate) fn offer() {
    browser::listen(&document(), "copy", || {
        let event: ClipboardEvent = window().event().unchecked_into();
        // A field copies what is selected in it, whatever is selected besides.
        let is_in_field = event.target().is_some_and(|target| {
            let target: Element = target.unchecked_into();
            !matches!(target.closest("input, textarea"), Ok(None))
        });
        if let (false, Some(copied), Some(clipboard)) = (is_in_field, selected(), event.clipboard_data())
            && clipboard.set_data("text/plain", &copied).is_ok()
        {
            event.prevent_default();
        }
    });
}

/// What is selected of the conversation; none when nothing of it is.
fn selected() -> Option<String> {
    let range = window().get_selection().ok()??.get_range_at(0).ok()?;
    let part = range.clone_contents().ok()?;
    let texts = part.query_selector_all(TEXT).ok()?;
    let mut messages = Vec::new();
    for at in 0..texts.length() {
        let text: Element = texts.get(at)?.unchecked_into();
        let said = as_typed(&text, text.text_content()?);
        // Of the message below a selection nothing is in it but its beginning.
        if !said.is_empty() {
            messages.push((text.get_attribute("data-name")?, said));
        }
    }
    if messages.is_empty() {
        // Within a text.
        let within = range.common_ancestor_container().ok()?;
        let within =
            within.dyn_into().ok().or_else(|| range.common_ancestor_container().ok()?.parent_element())?;
        let text: Element = Element::closest(&within, TEXT).ok()??;
        messages.push((String::new(), as_typed(&text, part.text_content()?)));
    }
    Some(transcript(&messages)).filter(|copied| !copied.is_empty())
}

/// What was typed, where all that is shown of it is copied.
fn as_typed(text: &Element, copied: String) -> String {
    match text.get_attribute("data-said") {
        Some(said) if prose::shown(&said) == copied => said,
        _ => copied.trim_matches('\n').to_owned(),
    }
}

/// Names and what they said as one text. A name stands on a line of its own: its direction would be the
/// line's where this is put, and the first line be longer than it was.
fn transcript(messages: &[(String, String)]) -> String {
    let mut all = String::new();
    let mut author = "";
    for (name, said) in messages {
        if messages.len() > 1 && name != author {
            all += if all.is_empty() { "" } else { "\n" };
            all += name;
            all += ":\n";
            author = name;
        }
        all += said;
        all += "\n";
    }
    all.pop();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(messages: &[(&str, &str)]) -> String {
        let own = |(name, said): &(&str, &str)| ((*name).to_owned(), (*said).to_owned());
        transcript(&messages.iter().map(own).collect::<Vec<_>>())
    }

    #[test]
    fn several_messages_have_the_names_above_them() {
        assert_eq!(
            said(&[("سارا", "سلام"), ("سارا", "خوبی؟\nچه خبر؟"), ("Ali", "hi")]),
            "سارا:\nسلام\nخوبی؟\nچه خبر؟\n\nAli:\nhi"
        );
    }

    #[test]
    fn one_message_is_its_text() {
        assert_eq!(said(&[("سارا", "سلام\nخوبی؟")]), "سلام\nخوبی؟");
        assert_eq!(said(&[]), "");
    }
}
