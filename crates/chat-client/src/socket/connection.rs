//! One WebSocket, from its opening to its close, in the words of the lesson. It turns typed
//! messages into text frames and back. It does not know why it was opened or what is done with
//! what it hears; when it is over it says with which code, and that is all.

use chat_protocol::{ClientId, ClientMsg, CloseCode, RoomId, SUBPROTOCOL, ServerMsg, json::Read};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use leptos::logging;

use crate::browser::{json, location};

/// What browsers report when a connection ended without a close frame (RFC 6455 §7.1.5).
pub const LOST_WITHOUT_CLOSE: u16 = 1006;

/// An open, or opening, connection.
pub struct Connection {
    socket: WebSocket,
}

/// The connection is over, with this close code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Over(pub u16);

impl Connection {
    /// Step 1, **open**: an HTTP request that asks to become a WebSocket. Returns once the server
    /// has answered `101 Switching Protocols`. `is_recorded` asks for the X-ray of it.
    ///
    /// # Errors
    /// [`Over`] when it did not; a browser does not tell a script why.
    pub async fn open(room: &RoomId, client: &ClientId, is_recorded: bool) -> Result<Self, Over> {
        let url = location::socket_url(room, client, is_recorded);
        let mut socket = WebSocket::open_with_protocol(&url, SUBPROTOCOL).map_err(|error| {
            logging::warn!("the socket could not be opened: {error}");
            Over(LOST_WITHOUT_CLOSE)
        })?;
        // A sink with nothing in it is flushed as soon as the socket leaves CONNECTING.
        futures_util::future::poll_fn(|cx| socket.poll_ready_unpin(cx))
            .await
            .map_err(|_| Over(LOST_WITHOUT_CLOSE))?;
        let mut connection = Self { socket };
        if matches!(connection.socket.state(), State::Open) {
            Ok(connection)
        } else {
            Err(connection.code().await)
        }
    }

    /// Steps 2 and 3, **join** and **say**: one message, one text frame.
    ///
    /// # Errors
    /// [`Over`] when the connection has ended meanwhile.
    pub async fn send(&mut self, msg: &ClientMsg) -> Result<(), Over> {
        match self.socket.send(Message::Text(msg.to_json())).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.code().await),
        }
    }

    /// Step 4, **broadcast**, from the other side: waits for the next message of the server.
    /// Messages of a later version, which this page does not understand, are skipped.
    ///
    /// # Errors
    /// [`Over`] when the connection has ended.
    pub async fn hear(&mut self) -> Result<ServerMsg, Over> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(json))) => {
                    match json::parse(&json).map(|json| ServerMsg::read(&json)) {
                        Some(Ok(msg)) => return Ok(msg),
                        Some(Err(invalid)) => {
                            logging::warn!("a message was not understood: {}", invalid.detail)
                        }
                        None => logging::warn!("a message was not JSON"),
                    }
                }
                Some(Ok(Message::Bytes(_))) => logging::warn!("a binary frame was not expected"),
                Some(Err(WebSocketError::ConnectionClose(event))) => return Err(Over(event.code)),
                // The close event, with the code, follows an error event.
                Some(Err(_)) => {}
                None => return Err(Over(LOST_WITHOUT_CLOSE)),
            }
        }
    }

    /// Step 5, **close**: says goodbye with a code. The server's own close frame answers it, but
    /// nobody here waits for that.
    pub fn close(self, code: CloseCode) {
        if let Err(error) = self.socket.close(Some(code.code()), Some(code.reason())) {
            logging::warn!("the socket could not be closed: {error}");
        }
    }

    async fn code(&mut self) -> Over {
        loop {
            if let Err(over) = self.hear().await {
                return over;
            }
        }
    }
}
