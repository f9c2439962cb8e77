//! One connection, from its opening to its close, in the words of the lesson. It turns typed
//! messages into text and back, one to a frame of a WebSocket, or of what looks like one and goes by
//! HTTP requests (`assets/http-socket.js`). It does not know why it was opened or what is done with
//! what it hears; when it is over it says with which code, and that is all.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use chat_protocol::{ClientId, ClientMsg, CloseCode, ErrorCode, RoomId, ServerMsg, json::Read};
use chat_ui::browser::{json, location};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use leptos::logging;
use wasm_bindgen::prelude::wasm_bindgen;

use super::link::Way;

/// What browsers report when a connection ended without a close frame (RFC 6455 §7.1.5).
pub(crate) const LOST_WITHOUT_CLOSE: u16 = 1006;

#[wasm_bindgen]
extern "C" {
    /// A WebSocket that offers our subprotocol. `boot.js` makes it, and hands on what is said of a class on it
    /// (`assets/class-strip.js`), of which nothing here knows.
    #[wasm_bindgen(js_name = otaghSocket)]
    fn web_socket(url: &str) -> web_sys::WebSocket;

    /// What `boot.js` has for networks that let no WebSocket through: it is open once the server has
    /// answered by HTTP.
    #[wasm_bindgen(js_name = otaghHttpSocket)]
    fn http_socket(path: &str) -> web_sys::WebSocket;
}

pub(crate) struct Connection {
    socket: WebSocket,
    way: Way,
}

/// The connection is over, with this close code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Over(pub u16);

impl Connection {
    /// Step 1, **open**: an HTTP request that asks to become a WebSocket. Returns once the server
    /// has answered `101 Switching Protocols`; by the other way, once it has answered at all.
    /// `is_recorded` asks for the X-ray of it. One that `must_prove` itself is open only when a message
    /// has come back: some proxies let a WebSocket be opened and nothing through it.
    ///
    /// # Errors
    /// [`Over`] when it did not; a browser does not tell a script why.
    pub(crate) async fn open(
        way: Way,
        room: RoomId,
        client: ClientId,
        is_recorded: bool,
        must_prove: bool,
    ) -> Result<Self, Over> {
        let socket = match way {
            Way::Socket => web_socket(&location::socket_url(&room, &client, is_recorded)),
            Way::Http => http_socket(&location::http_path(&room, &client)),
        };
        let mut connection = Self { socket: opened(socket).await?, way };
        if must_prove {
            connection.send(&ClientMsg::Ping { n: 0 });
            poll_fn(|cx| connection.poll_hear(cx)).await?;
        }
        Ok(connection)
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// Steps 2 and 3, **join** and **say**: one message, one text frame. Of a connection that has
    /// ended meanwhile [`Connection::poll_hear`] tells.
    pub(crate) fn send(&mut self, msg: &ClientMsg) {
        if self.socket.start_send_unpin(Message::Text(msg.to_json())).is_err() {
            logging::warn!("a message could not be sent");
        }
    }

    /// Step 4, **broadcast**, from the other side: the next message of the server. Those of another type, a
    /// class's or a later version's, are skipped.
    ///
    /// # Errors
    /// [`Over`] when the connection has ended.
    pub(crate) fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Result<ServerMsg, Over>> {
        loop {
            let text = match self.socket.poll_next_unpin(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(Message::Text(text)))) => text,
                Poll::Ready(Some(Err(WebSocketError::ConnectionClose(event)))) => {
                    return Poll::Ready(Err(Over(event.code)));
                }
                // The close event, with the code, follows an error event.
                Poll::Ready(Some(_)) => continue,
                Poll::Ready(None) => return Poll::Ready(Err(Over(LOST_WITHOUT_CLOSE))),
            };
            match json::parse(&text).map(|json| ServerMsg::read(&json)) {
                Some(Ok(msg)) => return Poll::Ready(Ok(msg)),
                Some(Err(invalid)) if invalid.code == ErrorCode::UnknownType => {}
                Some(Err(invalid)) => logging::warn!("a message was not understood: {}", invalid.detail),
                None => logging::warn!("a message was not JSON"),
            }
        }
    }

    /// Step 5, **close**: says goodbye with a code. The server's own close frame answers it, but
    /// nobody here waits for that.
    pub(crate) fn close(self, code: CloseCode) {
        if let Err(error) = self.socket.close(Some(code.code()), Some(code.reason())) {
            logging::warn!("the socket could not be closed: {error}");
        }
    }
}

/// Whether the server is reached by HTTP.
pub(crate) async fn is_answered(room: RoomId, client: ClientId) -> bool {
    Connection::open(Way::Http, room, client, false, false).await.is_ok()
}

/// That socket, when it is open.
async fn opened(socket: web_sys::WebSocket) -> Result<WebSocket, Over> {
    let Ok(mut socket) = WebSocket::try_from(socket) else {
        logging::warn!("the socket could not be opened");
        return Err(Over(LOST_WITHOUT_CLOSE));
    };
    // A sink is ready as soon as the socket leaves CONNECTING.
    let is_ready = poll_fn(|cx| socket.poll_ready_unpin(cx)).await.is_ok();
    if is_ready && matches!(socket.state(), State::Open) { Ok(socket) } else { Err(Over(LOST_WITHOUT_CLOSE)) }
}
