//! The kinds of thing on the page that follow a signal: a text, a condition, an attribute, and
//! whatever else is done when one changes. Boxing the closure makes every text on the page one
//! type, every condition another; otherwise each closure would bring its own copy of the code that
//! watches it.

use leptos::prelude::Effect;

/// A condition that is read anew each time, and followed by whoever follows what it reads. Not a
/// `Signal`, whose code knows every kind of signal there is.
pub(crate) trait Condition: Fn() -> bool + Copy + Send + Sync + 'static {}
impl<F: Fn() -> bool + Copy + Send + Sync + 'static> Condition for F {}

type Follows<T> = Box<dyn FnMut() -> T + Send>;

/// A text that follows what it reads.
pub(crate) fn text(read: impl FnMut() -> String + Send + 'static) -> Follows<String> {
    Box::new(read)
}

/// A condition that follows what it reads.
pub(crate) fn flag(read: impl FnMut() -> bool + Send + 'static) -> Follows<bool> {
    Box::new(read)
}

/// An attribute, present or not, that follows what it reads.
pub(crate) fn attr(
    read: impl FnMut() -> Option<&'static str> + Send + 'static,
) -> Follows<Option<&'static str>> {
    Box::new(read)
}

/// Does this once the page is alive, and again whenever something changes that it read. Never on
/// the server.
pub(crate) fn follow(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}
