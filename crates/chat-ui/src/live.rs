//! What follows a signal in what [`dom`](crate::dom) draws: a text, an attribute, or all that is in an element;
//! and such an element in the middle of a Leptos view. Each is one kind of closure, so that it costs its code
//! once, however much follows.

use leptos::{
    prelude::{Get, Memo, Mountable, Owner, Render, RenderHtml, untrack},
    tachys::{
        html::attribute::any_attribute::AnyAttribute,
        hydration::Cursor,
        no_attrs,
        view::{Position, PositionState},
    },
    web_sys::{Element, Event, HtmlElement, Node},
};
use send_wrapper::SendWrapper;

use crate::{
    bind::follow,
    browser::hear,
    dom::{Drawn, append},
    rows::Rows,
};

/// A number of what it is told of, by which two of them are told apart.
pub fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |key, part| key.wrapping_mul(0x0100_0000_01b3).wrapping_add(*part))
}

/// The words of ARIA for yes and no.
pub fn yes_or_no(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

fn show_text(element: HtmlElement, mut read: Box<dyn FnMut() -> String>) {
    let mut shown = String::new();
    follow(move || {
        let text = read();
        // What is announced or selected is touched only when it changes.
        if text != shown {
            element.set_text_content(Some(&text));
            shown = text;
        }
    });
}

fn show_attr(element: HtmlElement, name: &'static str, mut read: Box<dyn FnMut() -> Option<&'static str>>) {
    follow(move || {
        let done = match read() {
            Some(value) => element.set_attribute(name, value),
            None => element.remove_attribute(name),
        };
        if done.is_err() {
            leptos::logging::warn!("{name} is no attribute");
        }
    });
}

fn show_all(
    element: HtmlElement,
    key: Box<dyn Fn() -> u64 + Send + Sync>,
    mut draw: Box<dyn FnMut() -> Vec<Drawn>>,
) {
    let key = Memo::new(move |_| key());
    follow(move || {
        key.get();
        let drawn = untrack(&mut draw);
        element.set_text_content(None);
        drawn.iter().for_each(|child| append(&element, &child.0));
    });
}

fn show_rows(
    element: HtmlElement,
    mut keys: Box<dyn FnMut() -> Vec<u64>>,
    mut draw: Box<dyn FnMut(usize) -> Drawn>,
) {
    let around = Owner::current();
    let mut rows = Rows::default();
    // What follows something in a row does so as long as the row is there.
    let mut owners = Vec::<(u64, Owner)>::new();
    follow(move || {
        let keys = keys();
        owners.retain(|(key, _)| keys.contains(key));
        rows.follow(&element, &keys, &mut |at| {
            let owner = around.as_ref().map_or_else(Owner::new, |around| around.with(Owner::new));
            let row = owner.with(|| untrack(|| draw(at)));
            owners.push((keys[at], owner));
            row
        });
    });
}

impl Drawn {
    /// Doing this at each such event.
    pub fn on(self, event: &str, act: impl FnMut(Event) + 'static) -> Self {
        hear(&self.0, event, Box::new(act));
        self
    }

    /// With this text alone in it, which follows what it reads.
    pub fn live_text(self, read: impl FnMut() -> String + 'static) -> Self {
        show_text(self.0.clone(), Box::new(read));
        self
    }

    /// With this attribute, present or not, which follows what it reads.
    pub fn live_attr(self, name: &'static str, read: impl FnMut() -> Option<&'static str> + 'static) -> Self {
        show_attr(self.0.clone(), name, Box::new(read));
        self
    }

    /// With an attribute without a value, present or not, which follows what it reads.
    pub fn live_flag(self, name: &'static str, mut read: impl FnMut() -> bool + 'static) -> Self {
        self.live_attr(name, move || read().then_some(""))
    }

    /// With an attribute of ARIA that is yes or no, and follows what it reads.
    pub fn live_aria(self, name: &'static str, mut read: impl FnMut() -> bool + 'static) -> Self {
        self.live_attr(name, move || Some(yes_or_no(read())))
    }

    /// With these elements alone in it, drawn anew whenever `key` is another one.
    pub fn live(
        self,
        key: impl Fn() -> u64 + Send + Sync + 'static,
        draw: impl FnMut() -> Vec<Drawn> + 'static,
    ) -> Self {
        show_all(self.0.clone(), Box::new(key), Box::new(draw));
        self
    }

    /// With a row for each of these keys, which differ; as in [`Rows`], what stays is not touched.
    pub fn live_rows(
        self,
        keys: impl FnMut() -> Vec<u64> + 'static,
        draw: impl FnMut(usize) -> Drawn + 'static,
    ) -> Self {
        show_rows(self.0.clone(), Box::new(keys), Box::new(draw));
        self
    }

    /// To stand in a Leptos view.
    pub fn view(self) -> Embed {
        Embed(SendWrapper::new(self))
    }
}

/// A drawn element in a Leptos view. Drawn anew it takes the other's place.
pub struct Embed(SendWrapper<Drawn>);

/// To stand in a Leptos view, drawn anew whenever something changes that it reads.
pub fn redrawn(mut draw: impl FnMut() -> Drawn + Send + 'static) -> Box<dyn FnMut() -> Embed + Send> {
    Box::new(move || draw().view())
}

/// An [`Embed`] on the page.
pub struct Placed(Element);

impl Render for Embed {
    type State = Placed;

    fn build(self) -> Placed {
        Placed(self.0.take().0.into())
    }

    fn rebuild(self, placed: &mut Placed) {
        let new = self.build();
        if placed.0.replace_with_with_node_1(&new.0).is_err() {
            leptos::logging::warn!("an element could not be replaced");
        }
        *placed = new;
    }
}

impl Mountable for Placed {
    fn unmount(&mut self) {
        self.0.remove();
    }

    fn mount(&mut self, parent: &Element, before: Option<&Node>) {
        if parent.insert_before(&self.0, before).is_err() {
            leptos::logging::warn!("an element could not be placed");
        }
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let Some(parent) = self.0.parent_element() else { return false };
        child.mount(&parent, Some(&self.0));
        true
    }

    fn elements(&self) -> Vec<Element> {
        vec![self.0.clone()]
    }
}

no_attrs!(Embed);

impl RenderHtml for Embed {
    type AsyncOutput = Self;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self {
        self
    }

    // The server draws nothing with it.
    fn to_html_with_buf(self, _: &mut String, _: &mut Position, _: bool, _: bool, _: Vec<AnyAttribute>) {}

    fn hydrate<const FROM_SERVER: bool>(self, _: &Cursor, _: &PositionState) -> Placed {
        self.build()
    }

    fn into_owned(self) -> Self {
        self
    }
}
