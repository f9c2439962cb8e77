//! One connection, from its opening to its close, in the words of the lesson. It turns typed
//! messages into text and back, one to a frame of a WebSocket or a line of an HTTP request. It does
//! not know why it was opened or what is done with what it hears; when it is over it says with which
//! code, and that is all.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use chat_protocol::{
    ClientId, ClientMsg, CloseCode, RoomId, SUBPROTOCOL, ServerMsg,
    json::{Json, Read},
};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use leptos::logging;

use super::{
    http::{self, Requests},
    link::Way,
};
use crate::browser::{json, location};

/// What browsers report when a connection ended without a close frame (RFC 6455 §7.1.5).
pub const LOST_WITHOUT_CLOSE: u16 = 1006;

/// An open connection.
pub enum Connection {
    /// A WebSocket.
    Socket(WebSocket),
    /// HTTP requests.
    Http(Requests),
}

/// The connection is over, with this close code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Over(pub u16);

impl Connection {
    /// Step 1, **open**: an HTTP request that asks to become a WebSocket. Returns once the server
    /// has answered `101 Switching Protocols`; by the other way, once it has answered at all.
    /// `is_recorded` asks for the X-ray of it. One that `must_prove` itself is open only when a message
    /// has come back: some proxies let a WebSocket be opened and nothing through it.
    ///
    /// # Errors
    /// [`Over`] when it did not; a browser does not tell a script why.
    pub async fn open(
        way: Way,
        room: RoomId,
        client: ClientId,
        is_recorded: bool,
        must_prove: bool,
    ) -> Result<Self, Over> {
        let mut connection = match way {
            Way::Socket => Self::Socket(open(&location::socket_url(&room, &client, is_recorded)).await?),
            Way::Http if http::is_answered().await => {
                Self::Http(Requests::new(location::http_path(&room, &client))?)
            }
            Way::Http => return Err(Over(LOST_WITHOUT_CLOSE)),
        };
        if must_prove {
            connection.send(&ClientMsg::Ping { n: 0 });
            poll_fn(|cx| connection.poll_hear(cx)).await?;
        }
        Ok(connection)
    }

    /// By which way.
    pub fn way(&self) -> Way {
        match self {
            Self::Socket(_) => Way::Socket,
            Self::Http(_) => Way::Http,
        }
    }

    /// Steps 2 and 3, **join** and **say**: one message, one text frame. Of a connection that has
    /// ended meanwhile [`Connection::poll_hear`] tells.
    pub fn send(&mut self, msg: &ClientMsg) {
        let json = msg.to_json();
        match self {
            Self::Socket(socket) => {
                if socket.start_send_unpin(Message::Text(json)).is_err() {
                    logging::warn!("a message could not be sent");
                }
            }
            Self::Http(requests) => requests.send(json),
        }
    }

    /// Step 4, **broadcast**, from the other side: the next message of the server. Messages of a later
    /// version, which this page does not understand, are skipped.
    ///
    /// # Errors
    /// [`Over`] when the connection has ended.
    pub fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Result<ServerMsg, Over>> {
        loop {
            let text = match self {
                Self::Socket(socket) => match socket.poll_next_unpin(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(Message::Text(text)))) => text,
                    Poll::Ready(Some(Err(WebSocketError::ConnectionClose(event)))) => {
                        return Poll::Ready(Err(Over(event.code)));
                    }
                    // The close event, with the code, follows an error event.
                    Poll::Ready(Some(_)) => continue,
                    Poll::Ready(None) => return Poll::Ready(Err(Over(LOST_WITHOUT_CLOSE))),
                },
                Self::Http(requests) => match requests.poll_line(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Ok(line)) => line,
                    Poll::Ready(Err(over)) => return Poll::Ready(Err(over)),
                },
            };
            let read = json::parse(&text).map(|json| (ServerMsg::read(&json), json));
            match read {
                Some((Ok(msg), _)) => return Poll::Ready(Ok(msg)),
                // What a close frame says, in a line.
                Some((Err(_), json))
                    if json.field("type").and_then(|tag| tag.text()).as_deref() == Some("closed") =>
                {
                    let code = json.field("code").and_then(|code| code.whole());
                    return Poll::Ready(Err(Over(code.map_or(LOST_WITHOUT_CLOSE, |code| code as u16))));
                }
                Some((Err(invalid), _)) => logging::warn!("a message was not understood: {}", invalid.detail),
                // Somebody else answers.
                None if self.way() == Way::Http => return Poll::Ready(Err(Over(LOST_WITHOUT_CLOSE))),
                None => logging::warn!("a message was not JSON"),
            }
        }
    }

    /// Step 5, **close**: says goodbye with a code. The server's own close frame answers it, but
    /// nobody here waits for that.
    pub fn close(self, code: CloseCode) {
        match self {
            Self::Socket(socket) => {
                if let Err(error) = socket.close(Some(code.code()), Some(code.reason())) {
                    logging::warn!("the socket could not be closed: {error}");
                }
            }
            // With any other code one is soon back, and not to be seen leaving.
            Self::Http(requests) if code == CloseCode::Normal => requests.leave(),
            Self::Http(_) => {}
        }
    }
}

/// A WebSocket that is open.
async fn open(url: &str) -> Result<WebSocket, Over> {
    let mut socket = WebSocket::open_with_protocol(url, SUBPROTOCOL).map_err(|error| {
        logging::warn!("the socket could not be opened: {error}");
        Over(LOST_WITHOUT_CLOSE)
    })?;
    // A sink is ready as soon as the socket leaves CONNECTING.
    let is_ready = poll_fn(|cx| socket.poll_ready_unpin(cx)).await.is_ok();
    if is_ready && matches!(socket.state(), State::Open) { Ok(socket) } else { Err(Over(LOST_WITHOUT_CLOSE)) }
}
