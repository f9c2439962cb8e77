//! How long the browser waited for each message of one's own, by its own clock: from when the conversation shows
//! it on its way until it shows what came back. It looks at the conversation, and never at the connection. Only
//! the newest are kept.

use chat_ui::{browser::clock::elapsed_us, lab};
use js_sys::Array;
use leptos::{logging, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, MutationObserver, MutationObserverInit, MutationRecord};

/// How many waits are kept, and how many messages may be on their way.
const MAX: usize = 100;

/// How long each took, in microseconds, by the id of the message, oldest first. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Waits(RwSignal<Vec<(String, u64)>>);

impl Waits {
    /// Looks at the conversation from now on, where there is one.
    pub(super) fn watch() -> Self {
        let waits = Self(RwSignal::new(Vec::new()));
        let Some(log) = document().get_element_by_id(lab::LOG) else { return waits };
        let mut under_way = UnderWay::default();
        let changed: Box<dyn FnMut(Array)> = Box::new(move |changes| {
            let added = changes.iter().map(JsCast::unchecked_into::<MutationRecord>).flat_map(|change| {
                let nodes = change.added_nodes();
                (0..nodes.length()).filter_map(move |at| nodes.get(at)?.dyn_into::<Element>().ok())
            });
            for row in added {
                if let Some(wait) = under_way.see(&row, elapsed_us()) {
                    waits.0.update(|waits| keep(waits, wait));
                }
            }
        });
        let observer = Closure::wrap(changed).into_js_value();
        let options = MutationObserverInit::new();
        options.set_child_list(true);
        let watched = MutationObserver::new(observer.unchecked_ref())
            .and_then(|watch| watch.observe_with_options(&log, &options));
        if let Err(error) = watched {
            logging::warn!("nobody sees how long the browser waits: {error:?}");
        }
        waits
    }

    /// How long the browser waited for this message, in microseconds; followed.
    pub(super) fn of(self, id: &str) -> Option<u64> {
        self.0.with(|waits| waits.iter().find(|(other, _)| other == id).map(|(_, us)| *us))
    }
}

/// What is on its way: the text, and since when.
#[derive(Default)]
struct UnderWay(Vec<(String, u64)>);

impl UnderWay {
    /// A row was drawn. Returns the id and the wait of a message that has come back with it.
    fn see(&mut self, row: &Element, now: u64) -> Option<(String, u64)> {
        let find = |what: &str| row.query_selector(what).ok().flatten();
        let text = find(lab::TEXT)?.text_content()?;
        if row.matches(lab::UNDER_WAY).unwrap_or_default() {
            keep(&mut self.0, (text, now));
            return None;
        }
        let asked = find("[data-glass]")?.get_attribute("data-glass")?;
        let at = self.0.iter().position(|(other, _)| *other == text)?;
        let (_, since) = self.0.remove(at);
        Some((asked.strip_prefix("say ")?.to_owned(), now - since))
    }
}

/// Puts one more at the end. The oldest goes when there are too many.
fn keep(all: &mut Vec<(String, u64)>, one: (String, u64)) {
    if all.len() == MAX {
        all.remove(0);
    }
    all.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_waits_are_kept() {
        let mut all = Vec::new();
        (0..MAX as u64 + 3).for_each(|number| keep(&mut all, (number.to_string(), number)));
        assert_eq!((all.len(), all[0].1), (MAX, 3));
    }
}
