//! The bytes of a socket after its handshake, as a connection reads them (RFC 6455 §5).

use std::io::{Cursor, Read, Write};

use chat_protocol::{
    ClientMsg,
    limits::{FRAME_MAX_BYTES, TEXT_MAX_CHARS},
};
use tungstenite::{
    Error, Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

/// Longest close frame, in bytes: two of header and 125 of payload (RFC 6455 §5.5).
const CLOSE_MAX: usize = 127;

/// What a client sends, a few bytes at a time, and what the library answers by itself.
struct Socket {
    arriving: Cursor<Vec<u8>>,
    /// Most bytes one read gets.
    piece: usize,
    answered: usize,
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.piece);
        self.arriving.read(&mut buffer[..most])
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.answered += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The first byte chooses how the rest is cut into pieces, and how much of it came with the
/// handshake.
pub(crate) fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let piece = [1, 2, 7, 1024][choice as usize & 3];
    let early = bytes.len().min(usize::from(choice >> 2));
    let (early, later) = bytes.split_at(early);
    let socket = Socket { arriving: Cursor::new(later.to_vec()), piece, answered: 0 };
    let limits = WebSocketConfig::default()
        .read_buffer_size(1024)
        .max_message_size(Some(FRAME_MAX_BYTES))
        .max_frame_size(Some(FRAME_MAX_BYTES));
    let mut ws = WebSocket::from_partially_read(socket, early.to_vec(), Role::Server, Some(limits));
    // Every message takes at least its header; more messages than bytes would be a loop.
    for _ in 0..=bytes.len() {
        match ws.read() {
            Ok(Message::Text(json)) => {
                assert!(json.len() <= FRAME_MAX_BYTES);
                drop(ClientMsg::parse(&json, TEXT_MAX_CHARS));
            }
            Ok(Message::Binary(bytes)) => assert!(bytes.len() <= FRAME_MAX_BYTES),
            Ok(Message::Ping(bytes) | Message::Pong(bytes)) => assert!(bytes.len() <= 125),
            Ok(Message::Close(_) | Message::Frame(_)) => {}
            Err(
                Error::Io(_)
                | Error::ConnectionClosed
                | Error::Protocol(_)
                | Error::Capacity(_)
                | Error::Utf8(_),
            ) => {
                // What it answers by itself is no more than it was sent, and one close frame.
                let answered = ws.get_ref().answered;
                assert!(answered <= bytes.len() + CLOSE_MAX, "{answered} for {}", bytes.len());
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("more messages than bytes");
}
