//! A list on the page that follows a list of keys: what is new is drawn, what is gone is removed,
//! what stays is not touched, so that reading, selection and scroll position survive every change.

use web_sys::Element;

use crate::dom::Drawn;

/// The rows drawn so far, in order. Keys are unique within the list; a row whose look changes gets
/// another key.
#[derive(Default)]
pub struct Rows(Vec<(u64, Drawn)>);

impl Rows {
    /// Makes the children of `parent` follow `keys`, drawing each new one with its position in
    /// them. Compares each key with each: for the few hundred rows a view draws, cheaper than an
    /// index would be to download.
    pub fn follow(&mut self, parent: &Element, keys: &[u64], draw: &mut dyn FnMut(usize) -> Drawn) {
        self.0.retain(|(key, row)| {
            let stays = keys.contains(key);
            if !stays {
                row.0.remove();
            }
            stays
        });
        for (at, &key) in keys.iter().enumerate() {
            let here = self.0.get(at);
            if here.is_some_and(|(other, _)| *other == key) {
                continue;
            }
            let before = here.map(|(_, row)| row.0.clone().into());
            let row = match self.0.iter().position(|(other, _)| *other == key) {
                Some(elsewhere) => self.0.remove(elsewhere).1,
                None => draw(at),
            };
            if parent.insert_before(&row.0, before.as_ref()).is_err() {
                leptos::logging::warn!("a row could not be placed");
            }
            self.0.insert(at, (key, row));
        }
    }
}
