//! The kinds of thing on the page that follow a signal: a text, a condition, an attribute, and
//! whatever else is done when one changes; and the kinds of thing that people do. Boxing the
//! closure makes every text on the page one type, every condition another, every act a third;
//! otherwise each closure would bring its own copy of the code that watches or hears it.

use leptos::{
    prelude::{Effect, Mountable, Render, RenderHtml},
    tachys::{
        html::attribute::{AttributeValue, any_attribute::AnyAttribute},
        hydration::Cursor,
        no_attrs,
        view::{Position, PositionState},
    },
    web_sys::{Element, Event, Node},
};
use wasm_bindgen::JsCast;

use crate::browser::hear;

/// A condition that is read anew each time, and followed by whoever follows what it reads. Not a
/// `Signal`, whose code knows every kind of signal there is.
pub trait Condition: Fn() -> bool + Copy + Send + Sync + 'static {}
impl<F: Fn() -> bool + Copy + Send + Sync + 'static> Condition for F {}

type Follows<T> = Box<dyn FnMut() -> T + Send>;

/// A text that follows what it reads: all that is in its element. For what is drawn once: a view that is drawn
/// anew in the place of another of its kind loses it.
pub fn text(mut read: impl FnMut() -> String + Send + 'static) -> Follows<Live> {
    Box::new(move || Live(read()))
}

/// A text that is set as the content of its element, whatever stands there. A node that was kept
/// would be written to for nobody once a browser has translated the page: it puts elements of its
/// own where text was.
pub struct Live(String);

/// A [`Live`] text on the page.
pub struct Shown {
    text: String,
    place: Option<Element>,
}

impl Shown {
    fn show(&self) {
        if let Some(place) = &self.place {
            place.set_text_content(Some(&self.text));
        }
    }
}

impl Render for Live {
    type State = Shown;

    fn build(self) -> Shown {
        Shown { text: self.0, place: None }
    }

    fn rebuild(self, shown: &mut Shown) {
        if shown.text != self.0 {
            shown.text = self.0;
            shown.show();
        }
    }
}

impl Mountable for Shown {
    fn mount(&mut self, parent: &Element, _: Option<&Node>) {
        self.place = Some(parent.clone());
        self.show();
    }

    fn unmount(&mut self) {
        self.text.clear();
        self.show();
    }

    fn insert_before_this(&self, _: &mut dyn Mountable) -> bool {
        false
    }

    fn elements(&self) -> Vec<Element> {
        Vec::new()
    }
}

no_attrs!(Live);

impl RenderHtml for Live {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.0.to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Shown {
        RenderHtml::hydrate::<FROM_SERVER>(self.0.as_str(), cursor, position);
        Shown { text: self.0, place: cursor.current().parent_element() }
    }

    fn into_owned(self) -> Self {
        self
    }
}

/// An attribute without a value, present or not, that follows what it reads: one kind with [`attr`].
pub fn flag(mut read: impl FnMut() -> bool + Send + 'static) -> Follows<Option<&'static str>> {
    attr(move || read().then_some(""))
}

/// An attribute, present or not, that follows what it reads.
pub fn attr(read: impl FnMut() -> Option<&'static str> + Send + 'static) -> Follows<Option<&'static str>> {
    Box::new(read)
}

/// What is done at an event, as the value of the attribute that HTML has for it (`onclick=press(…)`). It
/// writes no attribute: in the browser it listens, and the server, where nothing happens, draws nothing.
/// Leptos' own `on:click` brings its code for each kind of event, and for delegation, which is not used.
pub struct Act(Box<dyn FnMut(Event) + Send>);

/// What a press does.
pub fn press(mut act: impl FnMut() + Send + 'static) -> Act {
    Act(Box::new(move |_| act()))
}

/// What is done at an event that tells more than that it happened.
pub fn act<E: JsCast>(mut act: impl FnMut(E) + Send + 'static) -> Act {
    Act(Box::new(move |event| act(event.unchecked_into())))
}

/// What is done when a form is sent, instead of leaving the page.
pub fn submit(mut act: impl FnMut() + Send + 'static) -> Act {
    Act(Box::new(move |event| {
        event.prevent_default();
        act();
    }))
}

impl AttributeValue for Act {
    type AsyncOutput = ();
    type State = ();
    type Cloneable = ();
    type CloneableOwned = ();

    fn html_len(&self) -> usize {
        0
    }

    fn to_html(self, _: &str, _: &mut String) {}

    fn to_template(_: &str, _: &mut String) {}

    fn hydrate<const FROM_SERVER: bool>(self, name: &str, element: &Element) {
        self.build(element, name);
    }

    fn build(self, element: &Element, name: &str) {
        let (_, event) = name.split_at("on".len());
        hear(element, event, self.0);
    }

    fn rebuild(self, _: &str, (): &mut ()) {}

    fn into_cloneable(self) {}

    fn into_cloneable_owned(self) {}

    fn dry_resolve(&mut self) {}

    async fn resolve(self) {}
}

/// Does this once the page is alive, and again whenever something changes that it read. Never on
/// the server.
pub fn follow(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}
