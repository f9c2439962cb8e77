//! The pipe of raw bytes to the server's strict endpoint: a WebSocket of the page's own, whose binary
//! messages are the bytes of another connection. One pipe is one connection; anew is another pipe. It
//! does not know what the bytes mean.

use js_sys::{ArrayBuffer, Uint8Array};
use leptos::{logging, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, MessageEvent, WebSocket};

const PATH: &str = "/workbench/pipe";

/// A pipe. Cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Pipe {
    socket: StoredValue<Option<WebSocket>, LocalStorage>,
}

impl Pipe {
    pub(super) fn new() -> Self {
        Self { socket: StoredValue::new_local(None) }
    }

    /// Sends these bytes, over a new pipe if there is none. `heard` is called with what comes, `ended`
    /// once it is over, with whether it ever began.
    pub(super) fn send(
        self,
        bytes: Vec<u8>,
        heard: impl Fn(Vec<u8>) + 'static,
        ended: impl Fn(bool) + 'static,
    ) {
        if let Some(socket) = self.socket.get_value() {
            if socket.send_with_u8_array(&bytes).is_err() {
                logging::warn!("the pipe takes nothing any more");
            }
            return;
        }
        let location = window().location();
        let scheme =
            if location.protocol().is_ok_and(|protocol| protocol == "https:") { "wss" } else { "ws" };
        let url = format!("{scheme}://{}{PATH}", location.host().unwrap_or_default());
        let Ok(socket) = WebSocket::new(&url) else { return ended(false) };
        socket.set_binary_type(BinaryType::Arraybuffer);
        let began = StoredValue::new(false);
        let opened = {
            let socket = socket.clone();
            move || {
                began.set_value(true);
                if socket.send_with_u8_array(&bytes).is_err() {
                    logging::warn!("the pipe took nothing");
                }
            }
        };
        let came = move |message: MessageEvent| {
            // A text says that it is over; so does the end of the pipe.
            if let Ok(buffer) = message.data().dyn_into::<ArrayBuffer>() {
                heard(Uint8Array::new(&buffer).to_vec());
            }
        };
        let closed = move || {
            self.socket.set_value(None);
            ended(began.get_value());
        };
        let opened: Closure<dyn FnMut()> = Closure::new(opened);
        let came: Closure<dyn FnMut(MessageEvent)> = Closure::new(came);
        let closed: Closure<dyn FnMut()> = Closure::new(closed);
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(came.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        // They live as long as the pipe.
        opened.forget();
        came.forget();
        closed.forget();
        self.socket.set_value(Some(socket));
    }

    /// Lets go of it: nothing that still comes of it is heard, not even its end, and the next bytes go
    /// over another one.
    pub(super) fn close(self) {
        let Some(socket) = self.socket.get_value() else { return };
        self.socket.set_value(None);
        socket.set_onopen(None);
        socket.set_onmessage(None);
        socket.set_onclose(None);
        if socket.close().is_err() {
            logging::warn!("the pipe could not be closed");
        }
    }
}
