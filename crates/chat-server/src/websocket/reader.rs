//! Reads what a client sends, message by message. One turn of reading is one call to the kernel, into a
//! buffer that all connections of a thread share; the bytes are untrusted, and a well-kept WebSocket library
//! parses them. The library's state is as large as all else that a connection is, so it is kept only where a
//! turn ended within a message. The library's own answers go through the outbox, so that its pongs keep
//! their place among our frames.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read, Write},
    sync::Arc,
};

use bytes::{Buf, Bytes};
use chat_protocol::{CloseCode, limits::FRAME_MAX_BYTES};
use socket2::SockRef;
use tokio::io::Interest;
use tungstenite::{
    Error, Message, WebSocket,
    error::ProtocolError,
    protocol::{
        CloseFrame, Role, WebSocketConfig,
        frame::{
            FrameHeader,
            coding::{CloseCode as Code, Data, OpCode},
        },
    },
};

use crate::net::{
    disconnect::{Close, Disconnect},
    outbox::Outbox,
};

/// Most bytes one turn reads before the task gives way to others, so that a client that never
/// stops sending cannot keep a worker thread to itself.
const TURN_BYTES: usize = 16 * 1024;

/// What the library allocates to put frames together in, in bytes. A longer frame grows it for as
/// long as it takes, up to [`FRAME_MAX_BYTES`].
const LIBRARY_BUFFER: usize = 128;

thread_local! {
    static TURN: RefCell<Box<[u8]>> = RefCell::new(vec![0; TURN_BYTES].into());
}

#[derive(Debug)]
pub(crate) struct Reader {
    outbox: Arc<Outbox>,
    library: Option<Box<Library>>,
    /// How many fragments came since they were counted last: of a message, all frames but its first.
    fragments: u16,
    /// Whether the last turn took as much as a turn may.
    is_behind: bool,
    /// Whether reads were paused on purpose: what came meanwhile the socket will not report again.
    is_paused: bool,
}

/// What is kept within a message.
#[derive(Debug)]
struct Library {
    socket: WebSocket<Ahead>,
    boundary: Boundary,
}

impl Reader {
    /// For what comes from the outbox's socket, after `leftover`, which was read from it before.
    pub(crate) fn new(outbox: Arc<Outbox>, leftover: Bytes) -> Self {
        let mut reader = Self { outbox, library: None, fragments: 0, is_behind: false, is_paused: false };
        if !leftover.is_empty() {
            reader.take(leftover);
        }
        reader
    }

    /// The way out to where it reads from.
    pub(crate) fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Whether there may be more than the last turn was allowed to take: others should have theirs.
    pub(crate) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Begins a turn: takes what the kernel has, unless something of the last turn is left.
    ///
    /// # Errors
    /// Those of the socket; that nothing has come is none.
    pub(crate) fn begin_turn(&mut self) -> io::Result<()> {
        self.is_paused = self.outbox.are_reads_paused();
        if self.is_paused {
            return Ok(());
        }
        if self.library.as_ref().is_some_and(|library| !library.socket.get_ref().bytes.is_empty()) {
            return Ok(());
        }
        let came = receive(&self.outbox)?;
        self.is_behind = came.as_ref().is_some_and(|came| came.len() == TURN_BYTES);
        if let Some(came) = came {
            if let Some(tap) = self.outbox.tap() {
                tap.received(&came);
            }
            self.take(came);
        }
        Ok(())
    }

    /// How many fragments came since the last time this was asked.
    pub(crate) fn take_fragments(&mut self) -> u16 {
        std::mem::take(&mut self.fragments)
    }

    /// Whether reads were paused, and are to be taken up again: true once.
    pub(crate) fn resume(&mut self) -> bool {
        std::mem::take(&mut self.is_paused)
    }

    /// `bytes` are to be read next; none at all are the end.
    fn take(&mut self, bytes: Bytes) {
        let outbox = &self.outbox;
        let library = self.library.get_or_insert_with(|| {
            let limits = WebSocketConfig::default()
                .read_buffer_size(LIBRARY_BUFFER)
                .max_message_size(Some(FRAME_MAX_BYTES))
                .max_frame_size(Some(FRAME_MAX_BYTES));
            let nothing = Ahead { bytes: Bytes::new(), has_ended: false, outbox: outbox.clone() };
            let socket = WebSocket::from_raw_socket(nothing, Role::Server, Some(limits));
            Box::new(Library { socket, boundary: Boundary::default() })
        });
        self.fragments = self.fragments.saturating_add(library.boundary.pass(&bytes));
        let ahead = library.socket.get_mut();
        ahead.has_ended = bytes.is_empty();
        ahead.bytes = bytes;
    }

    /// The next message of this turn; `None` when there is no more.
    ///
    /// # Errors
    /// [`Disconnect`], when a close frame came, or something that breaks the rules, or the end. After that
    /// there is nothing more to read.
    pub(crate) fn message(&mut self) -> Result<Option<Message>, Disconnect> {
        let Some(library) = self.library.as_mut().filter(|_| !self.is_paused) else { return Ok(None) };
        match library.socket.read() {
            // So the library reports a code that may not be sent (RFC 6455 §7.4), such as 1005.
            Ok(Message::Close(Some(CloseFrame { code: Code::Protocol, .. }))) => {
                Err(CloseCode::ProtocolError.into())
            }
            Ok(Message::Close(close)) => {
                let close = close.map(|CloseFrame { code, reason }| {
                    Box::new(Close { code: code.into(), reason: reason.to_string().into() })
                });
                Err(Disconnect::ByClient(close))
            }
            Ok(message) => Ok(Some(message)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                if library.boundary.is_between_messages() {
                    self.library = None;
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl From<Error> for Disconnect {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => CloseCode::TooBig.into(),
            Error::Utf8(_) => CloseCode::InvalidUtf8.into(),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_) => Self::Lost,
            _ => CloseCode::ProtocolError.into(),
        }
    }
}

/// What the kernel has, at most [`TURN_BYTES`] of it; `None` when it has nothing, and nothing of
/// length when it never will.
fn receive(outbox: &Outbox) -> io::Result<Option<Bytes>> {
    let stream = outbox.stream();
    TURN.with_borrow_mut(|turn| {
        let mut short = None;
        let full = stream.try_io(Interest::READABLE, || {
            let read = (&*SockRef::from(stream)).read(turn)?;
            if read == turn.len() {
                return Ok(read);
            }
            // The kernel has no more. Told this way, the runtime need not ask it again.
            short = Some(read);
            Err(io::ErrorKind::WouldBlock.into())
        });
        match (full, short) {
            (Ok(read), _) | (Err(_), Some(read)) => Ok(Some(Bytes::copy_from_slice(&turn[..read]))),
            (Err(error), None) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            (Err(error), None) => Err(error),
        }
    })
}

/// Where in the stream of frames the last turn ended. Only to know what need not be remembered: what
/// the bytes are is judged by the library alone.
#[derive(Debug, Default)]
struct Boundary {
    /// The beginning of a header.
    head: Vec<u8>,
    /// How much of a payload is still to come, in bytes.
    left: u64,
    /// Whether a fragment came and not yet its last.
    is_fragmented: bool,
}

impl Boundary {
    /// These bytes come next; returns how many fragments begin in them.
    fn pass(&mut self, mut bytes: &[u8]) -> u16 {
        let mut fragments = 0_u16;
        loop {
            let passed = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= passed as u64;
            bytes = &bytes[passed..];
            let Some((first, rest)) = bytes.split_first() else { return fragments };
            self.head.push(*first);
            bytes = rest;
            match FrameHeader::parse(&mut Cursor::new(&self.head)) {
                Ok(Some((header, length))) => {
                    self.head.clear();
                    self.left = length;
                    if let OpCode::Data(data) = header.opcode {
                        self.is_fragmented = !header.is_final;
                        fragments = fragments.saturating_add(u16::from(data == Data::Continue));
                    }
                }
                Ok(None) => {}
                // The library will say what it thinks of that, and end the connection.
                Err(_) => self.left = u64::MAX,
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        self.left == 0 && self.head.is_empty() && !self.is_fragmented
    }
}

/// What was read from the socket and not yet by the library, and the way out.
#[derive(Debug)]
struct Ahead {
    bytes: Bytes,
    has_ended: bool,
    outbox: Arc<Outbox>,
}

impl Read for Ahead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            return if self.has_ended { Ok(0) } else { Err(io::ErrorKind::WouldBlock.into()) };
        }
        let read = buffer.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut buffer[..read]);
        Ok(read)
    }
}

impl Write for Ahead {
    /// The library hands over whole frames, and the outbox takes all of them or none.
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        self.outbox.send_own(Bytes::copy_from_slice(frames));
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::outbox_budget::OutboxBudget;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        [&[first, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat()
    }

    #[test]
    fn message_boundary_is_known_at_any_cut() {
        // A message, a ping, and a message in three fragments with a pong among them.
        let frames = [
            frame(0x81, b"{}"),
            frame(0x89, b""),
            frame(0x01, b"{"),
            frame(0x00, b""),
            frame(0x8A, b"x"),
            frame(0x80, b"}"),
        ];
        let ends = [0, 1, 2, 6].map(|count| frames[..count].concat().len());
        let stream = frames.concat();
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let mut boundary = Boundary::default();
                let fragments = boundary.pass(&stream[..first]) + boundary.pass(&stream[first..second]);
                if second == stream.len() {
                    assert_eq!(fragments, 2, "the first one is the message itself");
                }
                assert_eq!(boundary.is_between_messages(), ends.contains(&second), "{first}, {second}");
            }
        }
        let mut boundary = Boundary::default();
        boundary.pass(&[0x83, 0x80, 0, 0, 0, 0]);
        assert!(!boundary.is_between_messages(), "a reserved opcode is the library's to refuse");
    }

    #[tokio::test]
    async fn decoder_is_kept_only_within_message() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let long = frame(0x81, &[b' '; 100]);
        let (begun, rest) = long.split_at(50);
        let outbox = Outbox::new(near, OutboxBudget::new(1_000, 1 << 20, 1), None);
        let mut reader = Reader::new(Arc::new(outbox), Bytes::copy_from_slice(begun));
        for _ in 0..2 {
            assert!(reader.message().unwrap().is_none());
            assert!(reader.library.is_some());
            reader.take(Bytes::copy_from_slice(rest));
            assert_eq!(reader.message().unwrap(), Some(Message::text(" ".repeat(100))));
            assert!(reader.message().unwrap().is_none());
            assert!(reader.library.is_none(), "kept for nothing");
            reader.take(Bytes::copy_from_slice(begun));
        }
    }
}
