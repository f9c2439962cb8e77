//! The kinds of thing on the page that follow a signal: a text, a condition, an attribute, and
//! whatever else is done when one changes; and the kinds of thing that people do. Boxing the
//! closure makes every text on the page one type, every condition another, every press a third;
//! otherwise each closure would bring its own copy of the code that watches or hears it.

use leptos::{
    ev::{MouseEvent, SubmitEvent},
    prelude::Effect,
};

/// A condition that is read anew each time, and followed by whoever follows what it reads. Not a
/// `Signal`, whose code knows every kind of signal there is.
pub trait Condition: Fn() -> bool + Copy + Send + Sync + 'static {}
impl<F: Fn() -> bool + Copy + Send + Sync + 'static> Condition for F {}

type Follows<T> = Box<dyn FnMut() -> T + Send>;

/// A text that follows what it reads.
pub fn text(read: impl FnMut() -> String + Send + 'static) -> Follows<String> {
    Box::new(read)
}

/// A condition that follows what it reads.
pub fn flag(read: impl FnMut() -> bool + Send + 'static) -> Follows<bool> {
    Box::new(read)
}

/// An attribute, present or not, that follows what it reads.
pub fn attr(read: impl FnMut() -> Option<&'static str> + Send + 'static) -> Follows<Option<&'static str>> {
    Box::new(read)
}

/// What a press does.
pub fn press(mut act: impl FnMut() + 'static) -> Box<dyn FnMut(MouseEvent)> {
    Box::new(move |_| act())
}

/// What is done when a form is sent, instead of leaving the page.
pub fn submit(mut act: impl FnMut() + 'static) -> Box<dyn FnMut(SubmitEvent)> {
    Box::new(move |event| {
        event.prevent_default();
        act();
    })
}

/// Does this once the page is alive, and again whenever something changes that it read. Never on
/// the server.
pub fn follow(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}
