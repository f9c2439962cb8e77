//! What lies over the conversation: a drawer, a dialog, a panel. Back closes the topmost and leaves the
//! room only when nothing is open, as everything on a phone does; Escape closes the topmost too. Each
//! open layer has an entry of its own in the tab's history, whose number has a bit for each layer open
//! there. A layer that opens adds an entry, one that closes goes back by one, and after that the two
//! agree again: the entry says how many are open, and the page which. Not `CloseWatcher`, which hears a
//! phone's back button and Escape, but neither a browser's back button nor a swipe.

use std::cmp::Ordering;

use chat_ui::{
    bind::follow,
    browser::{history, listen, matches_media},
};
use leptos::prelude::*;

/// Where people and X-ray lie over the conversation and not beside it; as in the style.
const NARROW: &str = "(max-width: 56rem)";

/// Something that can lie over the conversation.
#[derive(Clone, Copy)]
pub(crate) struct Layer {
    /// Whether it is open; setting it opens and closes.
    pub open: RwSignal<bool>,
    /// Whether it lies over the conversation when it is open, on a narrow page or on a wide one.
    pub covers: fn(is_narrow: bool) -> bool,
    /// Whether going forward, or a reload, opens it again.
    pub returns: bool,
}

/// The layers of a page, lowest first.
#[derive(Clone, Copy)]
pub(crate) struct Layers<const N: usize> {
    layers: [Layer; N],
    /// Whether the page is narrow.
    pub is_narrow: RwSignal<bool>,
    /// Going back to the entry that says how many layers are open; until the browser is there, its
    /// history tells nothing.
    is_returning: RwSignal<bool>,
}

impl<const N: usize> Layers<N> {
    /// Begins once the page is alive.
    pub(crate) fn new(layers: [Layer; N]) -> Self {
        let these = Self { layers, is_narrow: RwSignal::new(false), is_returning: RwSignal::new(false) };
        let mut is_alive = false;
        follow(move || {
            if !is_alive {
                is_alive = true;
                // Told at each resize: what covers anything may change with it.
                let measure = move || these.is_narrow.set(matches_media(NARROW));
                measure();
                listen(&window(), "resize", measure);
                listen(&window(), "popstate", move || untrack(|| these.arrive()));
                untrack(|| these.obey());
            }
            these.settle();
        });
        these
    }

    /// Closes the topmost.
    pub(crate) fn close_topmost(self) {
        let top = self.layers.into_iter().rev().find(|layer| untrack(|| self.covers(layer)));
        if let Some(top) = top {
            top.open.set(false);
        }
    }

    fn covers(self, layer: &Layer) -> bool {
        // Both are followed, whatever the other is.
        let (is_narrow, is_open) = (self.is_narrow.get(), layer.open.get());
        is_open && (layer.covers)(is_narrow)
    }

    /// The history has moved: by our own wish, or the reader's.
    fn arrive(self) {
        if self.is_returning.get() {
            self.is_returning.set(false);
        } else {
            self.obey();
        }
        self.settle();
    }

    /// Opens and closes what the history's entry says, as far as it can be.
    fn obey(self) {
        let state = history::state();
        for (at, layer) in self.layers.iter().enumerate() {
            let is_open = state >> at & 1 == 1;
            let may = !is_open || layer.returns && (layer.covers)(self.is_narrow.get());
            if may && is_open != self.covers(layer) {
                layer.open.set(is_open);
            }
        }
    }

    /// Makes the history say what is open.
    fn settle(self) {
        let is_settled = !self.is_returning.get_untracked();
        let kept = history::state();
        let mut open = 0_u32;
        for (at, layer) in self.layers.iter().enumerate() {
            // Each is asked, and so followed, even while nothing can be done.
            if !self.covers(layer) {
                continue;
            }
            open |= 1 << at;
            match open.count_ones().cmp(&kept.count_ones()) {
                Ordering::Equal if is_settled && open != kept => history::replace(open),
                Ordering::Greater if is_settled => history::push(open),
                _ => {}
            }
        }
        let (now, before) = (open.count_ones(), kept.count_ones());
        if is_settled && now < before {
            self.is_returning.set(true);
            history::back(before - now);
        }
    }
}
