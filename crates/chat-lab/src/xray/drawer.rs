//! The X-ray's place in a room: beside the conversation, on a phone over it, or on the stage, where it is all
//! there is. It takes the room's button over and asks the room to record. Hiding the panel does not end the
//! recording. The focus goes into it when it opens, and back to the button when it closes. It shares with the
//! room only the button and three events.

use chat_ui::{
    bind::follow,
    browser::{element, focus, hear},
    dom::{Drawn, append, draw},
    icon, lab,
};
use leptos::{ev::KeyboardEvent, logging, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{pieces::button, recordings::Recordings};
use crate::{printed::printed, words::WIDEN, xray::words};

/// Makes the place beside the room's conversation.
pub(super) fn place() -> HtmlElement {
    let aside = draw("aside")
        .attr("id", lab::PANEL)
        .class("xray")
        .attr("translate", "no")
        .attr("aria-label", chat_ui::words::XRAY);
    if let Some(room) = document().get_element_by_id("room") {
        append(&room, &aside.0);
    }
    aside.0
}

/// The place, and the room's button. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Drawer {
    recordings: Recordings,
    is_on: StoredValue<bool>,
    /// Whether it is on the stage.
    is_wide: RwSignal<bool>,
}

impl Drawer {
    /// Opens it, and turns the X-ray on. From now on `button` shows and hides it.
    pub(super) fn open(button: HtmlElement, recordings: Recordings) -> Self {
        let drawer = Self { recordings, is_on: StoredValue::new(false), is_wide: RwSignal::new(false) };
        // What the room had the button do, which was to load this, has been done.
        let _button = Drawn(button).attr("aria-controls", lab::PANEL).on_click(move || drawer.toggle());
        let on_key = move |event: Event| {
            let event: KeyboardEvent = event.unchecked_into();
            if event.key() == "Escape" && !event.is_composing() {
                event.stop_propagation();
                drawer.hide();
            }
        };
        hear(&aside(), "keydown", Box::new(on_key));
        // The stage is one view of a projector's size. On paper the conversation is before the panel.
        let is_printed = printed();
        follow(move || mark(&aside(), "data-wide", drawer.is_wide() && !is_printed.get()));
        drawer.toggle();
        drawer
    }

    /// Whether it is on the stage; followed.
    pub(super) fn is_wide(self) -> bool {
        self.is_wide.get()
    }

    /// The stage, the recording's end, and out of sight.
    pub(super) fn controls(self) -> [Drawn; 3] {
        let quiet = |act: fn(Self)| button("button quiet small", move || act(self));
        [
            quiet(Self::widen)
                .class("button quiet small widen")
                .live_aria("aria-pressed", move || self.is_wide())
                .text(WIDEN),
            quiet(Self::turn_off).attr("title", words::TURN_OFF_TITLE).text(words::TURN_OFF),
            quiet(Self::hide).attr("title", words::HIDE_TITLE).icon(icon::CLOSE).text(words::HIDE),
        ]
    }

    /// One order for eye, keyboard and screen reader: beside the conversation the controls stand above the tabs,
    /// and on the stage behind them.
    pub(super) fn place_controls(self, header: &Element, controls: HtmlElement) {
        let header = header.clone();
        let tabs = controls.next_element_sibling();
        follow(move || {
            let before = tabs.as_deref().filter(|_| !self.is_wide());
            let focused = document().active_element();
            if header.insert_before(&controls, before).is_err() {
                logging::warn!("the panel's buttons could not be placed");
            }
            // Who presses one keeps it, wherever it stands.
            if let Some(focused) = focused.filter(|focused| controls.contains(Some(focused))) {
                focus(focused.unchecked_ref());
            }
        });
    }

    fn toggle(self) {
        if !self.is_on.get_value() {
            // Whoever turns it on wants to see what begins now.
            self.recordings.choose_next();
            tell_room(lab::ON);
        }
        self.stand(true, !lab::is_seen());
    }

    fn turn_off(self) {
        tell_room(lab::OFF);
        self.stand(false, false);
    }

    fn hide(self) {
        self.stand(self.is_on.get_value(), false);
    }

    fn widen(self) {
        let is_wide = !self.is_wide.get_untracked();
        mark(&aside(), "data-wide", is_wide);
        tell_room(lab::STANDS);
        self.is_wide.set(is_wide);
    }

    fn stand(self, is_on: bool, is_seen: bool) {
        self.is_on.set_value(is_on);
        let button: HtmlElement = element(lab::BUTTON);
        mark(&button, "data-on", is_on);
        mark(&aside(), "data-seen", is_seen);
        let button = Drawn(button).attr("aria-expanded", if is_seen { "true" } else { "false" });
        tell_room(lab::STANDS);
        if is_seen {
            request_animation_frame(focus_tab);
        } else {
            // The focus was in what is hidden now.
            focus(&button.0);
        }
    }
}

/// Puts the focus on the tab that is open.
fn focus_tab() {
    match aside().query_selector("[role=tab][aria-selected=true]") {
        Ok(Some(tab)) => focus(tab.unchecked_ref()),
        _ => logging::warn!("no tab is open"),
    }
}

fn aside() -> HtmlElement {
    element(lab::PANEL)
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
