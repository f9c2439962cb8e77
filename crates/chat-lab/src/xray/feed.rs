//! Where recordings come from: the server's event streams, one for each token that an element names, or
//! a document that holds them, taken home. What comes is gathered and drawn a few times a second,
//! because a recording that is a minute old comes all at once.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use chat_ui::{browser::clock::elapsed_us, lab::RECORDINGS};
use chat_wire::Event;
use js_sys::Array;
use leptos::{logging, prelude::*};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{EventSource, HtmlElement, MessageEvent, MutationObserver, MutationObserverInit};

use super::{
    address::address,
    recording::{Recording, Stream},
    recordings::Recordings,
    replay::Score,
};

/// How long a stream may take to begin. The server sends at once what it has.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// How long what comes is gathered before it is drawn.
const GATHER: Duration = Duration::from_millis(60);

/// The attribute that names the element whose text holds recordings, in JSON: a list of
/// lists of events.
pub(crate) const TAKEN_HOME: &str = "data-taken-home";

/// Fills `recordings` for as long as the page lives. Returns what can be played again: what was taken
/// home.
pub(super) fn follow(source: &HtmlElement, recordings: Recordings) -> Vec<Score> {
    if let Some(id) = source.get_attribute(TAKEN_HOME) {
        return read(&id, recordings);
    }
    let known = Rc::new(Cell::new(0));
    let look = {
        let source = source.clone();
        move || {
            let tokens = source.get_attribute(RECORDINGS).unwrap_or_default();
            for token in tokens.split_whitespace().skip(known.get()) {
                known.set(known.get() + 1);
                listen(token, recordings);
            }
        }
    };
    look();
    let observer: Closure<dyn FnMut()> = Closure::new(look);
    let options = MutationObserverInit::new();
    options.set_attributes(true);
    options.set_attribute_filter(&Array::of1(&RECORDINGS.into()));
    match MutationObserver::new(observer.as_ref().unchecked_ref()) {
        Ok(watch) => {
            if watch.observe_with_options(source, &options).is_err() {
                logging::warn!("new recordings are not noticed");
            }
        }
        Err(error) => logging::warn!("new recordings are not noticed: {error:?}"),
    }
    // The page's end is the observer's end.
    observer.forget();
    Vec::new()
}

fn read(id: &str, recordings: Recordings) -> Vec<Score> {
    let text = document().get_element_by_id(id).and_then(|element| element.text_content());
    match text.as_deref().map(serde_json::from_str::<Vec<Vec<Event>>>) {
        Some(Ok(all)) => {
            let scores: Vec<Score> = all.into_iter().map(Score::new).collect();
            recordings.write().extend(scores.iter().map(Score::whole));
            recordings.draw();
            return scores;
        }
        Some(Err(error)) => logging::warn!("what was taken home cannot be read: {error}"),
        None => logging::warn!("there is no element {id}"),
    }
    Vec::new()
}

/// Opens the stream of a recording, which becomes the newest.
fn listen(token: &str, recordings: Recordings) {
    let number = recordings.begin(Recording::new(token.to_owned()));
    let source = match EventSource::new(&address(token, "events")) {
        Ok(source) => source,
        Err(error) => {
            recordings.tell(number, Stream::Gone);
            return logging::warn!("a recording cannot be seen: {error:?}");
        }
    };
    let gathered: Rc<RefCell<Vec<Event>>> = Rc::default();
    let heard = {
        let source = source.clone();
        move |message: MessageEvent| {
            let Some(json) = message.data().as_string() else { return };
            let event: Event = match serde_json::from_str(&json) {
                Ok(event) => event,
                Err(error) => return logging::warn!("an event was not understood: {error}"),
            };
            if matches!(event, Event::Ended(_)) {
                source.close();
            }
            if let Some(recording) = recordings.write().get_mut(number) {
                recording.came(&event, elapsed_us());
            }
            let is_first = gathered.borrow().is_empty();
            gathered.borrow_mut().push(event);
            if is_first {
                let gathered = gathered.clone();
                set_timeout(
                    move || {
                        if let Some(recording) = recordings.write().get_mut(number) {
                            gathered.take().into_iter().for_each(|event| recording.take(event));
                        }
                        recordings.draw();
                    },
                    GATHER,
                );
            }
        }
    };
    // The browser opens it anew where it broke off, and not where it was refused.
    let failed = {
        let source = source.clone();
        move |_: JsValue| {
            let is_gone = source.ready_state() == EventSource::CLOSED;
            recordings.tell(number, if is_gone { Stream::Gone } else { Stream::Lost });
        }
    };
    let opened: Closure<dyn FnMut()> = Closure::new(move || recordings.tell(number, Stream::Open));
    let heard: Closure<dyn FnMut(MessageEvent)> = Closure::new(heard);
    let failed: Closure<dyn FnMut(JsValue)> = Closure::new(failed);
    source.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    source.set_onerror(Some(failed.as_ref().unchecked_ref()));
    source.set_onopen(Some(opened.as_ref().unchecked_ref()));
    // They live as long as the stream, which lives as long as the page or the recording.
    heard.forget();
    failed.forget();
    opened.forget();
    set_timeout(
        move || {
            let is_silent = recordings.write().get(number).is_some_and(Recording::is_silent);
            if is_silent {
                recordings.tell(number, Stream::Held);
            }
        },
        SILENCE_MAX,
    );
}
