//! All recordings of the panel and which of them is looked at: plain data in one place, and one
//! trigger. As many events may come at once as a recording has, so whoever puts them in says when they
//! are to be drawn.

use std::ops::{Deref, DerefMut};

use leptos::prelude::*;

use super::recording::{Recording, Standing, Stream};

/// See the module. Cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Recordings {
    all: StoredValue<Vec<Recording>>,
    changed: Trigger,
    chosen: RwSignal<usize>,
    /// Whether the next one is looked at as soon as there is one.
    chooses_next: StoredValue<bool>,
}

impl Recordings {
    pub(crate) fn new() -> Self {
        Self {
            all: StoredValue::new(Vec::new()),
            changed: Trigger::new(),
            chosen: RwSignal::new(0),
            chooses_next: StoredValue::new(false),
        }
    }

    /// All of them, followed by whoever reads them.
    pub(crate) fn all(self) -> impl Deref<Target = Vec<Recording>> {
        self.changed.track();
        self.all.read_value()
    }

    /// The one that is looked at, if there is one; followed.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Recording) -> T) -> Option<T> {
        let chosen = self.chosen.get();
        self.all().get(chosen).map(read)
    }

    /// The one that is looked at now; not followed.
    pub(crate) fn peek<T>(self, read: impl FnOnce(&Recording) -> T) -> Option<T> {
        let chosen = self.chosen.get_untracked();
        self.all.read_value().get(chosen).map(read)
    }

    /// All of them, to put something in. [`Recordings::draw`] when it is to be seen.
    pub(crate) fn write(self) -> impl DerefMut<Target = Vec<Recording>> {
        self.all.write_value()
    }

    /// This is how the stream of that one stands.
    pub(crate) fn tell(self, number: usize, stream: Stream) {
        if let Some(recording) = self.write().get_mut(number) {
            recording.stream = stream;
        }
        self.draw();
    }

    /// What was put in is drawn.
    pub(crate) fn draw(self) {
        self.changed.notify();
    }

    /// Whether there were connections, and none of them lives or may yet turn out to; followed.
    pub(crate) fn is_cut(self) -> bool {
        let all = self.all();
        let is_over = |one: &Recording| !matches!(one.standing(), Standing::Live | Standing::Held);
        !all.is_empty() && all.iter().all(is_over)
    }

    /// The number of the one that is looked at; followed.
    pub(crate) fn chosen(self) -> usize {
        self.chosen.get()
    }

    /// Another one begins. Whoever reads stays where they are, unless they asked for it.
    pub(crate) fn begin(self, recording: Recording) -> usize {
        let number = {
            let mut all = self.write();
            all.push(recording);
            all.len() - 1
        };
        self.draw();
        if self.chooses_next.get_value() {
            self.chooses_next.set_value(false);
            self.choose(number);
        }
        number
    }

    /// The next one that begins is the one to look at.
    pub(crate) fn choose_next(self) {
        self.chooses_next.set_value(true);
    }

    /// Looks at this one.
    pub(crate) fn choose(self, number: usize) {
        self.chosen.set(number);
    }
}

impl Default for Recordings {
    fn default() -> Self {
        Self::new()
    }
}
