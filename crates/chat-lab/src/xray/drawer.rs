//! The X-ray beside a room's conversation: takes the room's button over, makes a place for the panel,
//! and asks the room to record. On a phone the place is a drawer over the conversation, and hiding it
//! does not turn the X-ray off. It shares with the room only the button and three events.

use std::{cell::RefCell, rc::Rc};

use chat_ui::{
    dom::{Drawn, append, draw},
    icon, lab, words,
};
use leptos::{logging, prelude::document};
use web_sys::{Element, Event, HtmlElement};

use crate::{words::WIDEN, xray::words as xray_words};

/// The room's button, and the place.
struct Drawer {
    button: HtmlElement,
    aside: Drawn,
    widen: Drawn,
    is_on: bool,
}

/// Opens the place beside the room, whose button this is, and turns the X-ray on. Returns where the
/// panel goes.
pub(crate) fn open(button: HtmlElement) -> HtmlElement {
    let place = draw("div").attr("id", "xray-place");
    let off = draw("button").attr("type", "button").class("button quiet small").text(xray_words::TURN_OFF);
    let widen = draw("button")
        .attr("type", "button")
        .class("button quiet small widen")
        .attr("aria-pressed", "false")
        .text(WIDEN);
    let hide = draw("button")
        .attr("type", "button")
        .class("icon-button")
        .attr("aria-label", words::CLOSE)
        .attr("title", words::CLOSE)
        .icon(icon::CLOSE);
    let aside = draw("aside")
        .attr("id", "xray")
        .class("xray")
        .attr("translate", "no")
        .attr("aria-label", words::XRAY);
    let drawer = Rc::new(RefCell::new(Drawer {
        button: button.clone(),
        aside: aside.clone(),
        widen: widen.clone(),
        is_on: false,
    }));
    let pressed = |act: fn(&mut Drawer)| {
        let drawer = drawer.clone();
        move || act(&mut drawer.borrow_mut())
    };
    let heading = draw("div").class("heading").children([
        draw("h2").text(words::XRAY),
        widen.on_click(pressed(Drawer::widen)),
        off.on_click(pressed(Drawer::turn_off)),
        hide.on_click(pressed(Drawer::hide)),
    ]);
    let aside = aside.child(heading).child(place.clone());
    if let Some(room) = document().get_element_by_id("room") {
        append(&room, &aside.0);
    }
    // What the room had the button do, which was to load this, has been done.
    let _button = Drawn(button).attr("aria-controls", "xray").on_click(pressed(Drawer::toggle));
    drawer.borrow_mut().toggle();
    place.0
}

impl Drawer {
    fn toggle(&mut self) {
        if !self.is_on {
            tell_room(lab::ON);
        }
        let was_seen = self.aside.0.has_attribute("data-seen");
        self.stand(true, !was_seen);
    }

    fn turn_off(&mut self) {
        tell_room(lab::OFF);
        self.stand(false, false);
    }

    /// Over the whole page, and larger, for the back of a classroom; or drawer the conversation again.
    fn widen(&mut self) {
        let is_wide = !self.aside.0.has_attribute("data-wide");
        mark(&self.aside.0, "data-wide", is_wide);
        let _same = self.widen.clone().attr("aria-pressed", if is_wide { "true" } else { "false" });
        tell_room(lab::STANDS);
    }

    fn hide(&mut self) {
        self.stand(self.is_on, false);
    }

    fn stand(&mut self, is_on: bool, is_seen: bool) {
        self.is_on = is_on;
        mark(&self.button, "data-on", is_on);
        mark(&self.aside.0, "data-seen", is_seen);
        let _same = Drawn(self.button.clone()).attr("aria-expanded", if is_seen { "true" } else { "false" });
        tell_room(lab::STANDS);
        if !is_seen {
            // The focus was in what is hidden now.
            chat_ui::browser::focus(&self.button);
        }
    }
}

fn mark(element: &Element, name: &str, is_set: bool) {
    if element.toggle_attribute_with_force(name, is_set).is_err() {
        logging::warn!("{name} is no attribute");
    }
}

fn tell_room(what: &str) {
    let told = Event::new(what).and_then(|event| document().dispatch_event(&event));
    if let Err(error) = told {
        logging::warn!("the room was not told: {error:?}");
    }
}
