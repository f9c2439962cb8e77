//! What a client sends, message by message. One turn of reading is one call to the kernel, into a
//! buffer that all connections of a thread share; what came is then read by a well-kept WebSocket
//! library, because it is untrusted. The library's state is as large as all else that a connection is,
//! so it is kept only where a turn ended within a message. What the library itself has to answer goes
//! through the outbox, so that its pongs keep their place among our frames. This module does not know
//! what the messages mean.

use std::{
    cell::RefCell,
    io::{self, Cursor, Read, Write},
    sync::Arc,
};

use bytes::{Buf, Bytes};
use chat_protocol::limits::FRAME_MAX_BYTES;
use socket2::SockRef;
use tokio::io::Interest;
use tungstenite::{
    Error, Message, WebSocket,
    protocol::{
        Role, WebSocketConfig,
        frame::{
            FrameHeader,
            coding::{Data, OpCode},
        },
    },
};

use super::outbox::Outbox;

/// Most bytes one turn reads before the task gives way to others, so that a client that never
/// stops sending cannot keep a worker thread to itself.
const TURN_BYTES: usize = 16 * 1024;

/// What the library allocates to put frames together in, in bytes. A longer frame grows it for as
/// long as it takes, up to [`FRAME_MAX_BYTES`].
const LIBRARY_BUFFER: usize = 128;

thread_local! {
    static TURN: RefCell<Box<[u8]>> = RefCell::new(vec![0; TURN_BYTES].into());
}

/// See the module.
#[derive(Debug)]
pub struct Reader {
    outbox: Arc<Outbox>,
    library: Option<Box<WebSocket<Ahead>>>,
    /// Whether every turn so far ended where a message ends, so that the library need not be kept.
    ends_whole: bool,
}

impl Reader {
    /// For what comes from the outbox's socket, after `leftover`, which was read from it before.
    pub fn new(outbox: Arc<Outbox>, leftover: Bytes) -> Self {
        let mut reader = Self { outbox, library: None, ends_whole: true };
        if !leftover.is_empty() {
            reader.take(leftover);
        }
        reader
    }

    /// The way out to where it reads from.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// Begins a turn: takes what the kernel has, unless something of the last turn is left.
    ///
    /// # Errors
    /// Those of the socket; that nothing has come is none.
    pub fn begin_turn(&mut self) -> io::Result<()> {
        if self.library.as_ref().is_some_and(|library| !library.get_ref().bytes.is_empty()) {
            return Ok(());
        }
        let Some(came) = receive(&self.outbox)? else { return Ok(()) };
        self.take(came);
        Ok(())
    }

    /// `bytes` are to be read next; none at all are the end.
    fn take(&mut self, bytes: Bytes) {
        self.ends_whole &= ends_whole(&bytes);
        let ahead = Ahead { has_ended: bytes.is_empty(), bytes, outbox: self.outbox.clone() };
        match &mut self.library {
            Some(library) => *library.get_mut() = ahead,
            None => {
                let limits = WebSocketConfig::default()
                    .read_buffer_size(LIBRARY_BUFFER)
                    .max_message_size(Some(FRAME_MAX_BYTES))
                    .max_frame_size(Some(FRAME_MAX_BYTES));
                let library = WebSocket::from_raw_socket(ahead, Role::Server, Some(limits));
                self.library = Some(Box::new(library));
            }
        }
    }

    /// The next message of this turn; `None` when there is no more.
    ///
    /// # Errors
    /// The library's, about what came or that it has ended. After one there is nothing more to read.
    pub fn message(&mut self) -> Result<Option<Message>, Error> {
        let Some(library) = &mut self.library else { return Ok(None) };
        match library.read() {
            Ok(message) => Ok(Some(message)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                if self.ends_whole {
                    self.library = None;
                }
                Ok(None)
            }
            Err(error) => Err(error),
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

/// Whether these bytes, if they begin where a message does, end where one ends. Only a hint of what
/// need not be remembered: what the bytes are is judged by the library alone.
fn ends_whole(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    while cursor.has_remaining() {
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((header, length)))
                if header.is_final
                    && header.opcode != OpCode::Data(Data::Continue)
                    && length <= cursor.remaining() as u64 =>
            {
                cursor.advance(length as usize);
            }
            _ => return false,
        }
    }
    true
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
        self.outbox.send(&Bytes::copy_from_slice(frames));
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_messages_need_no_memory() {
        let text = |payload: &[u8]| [&[0x81, 0x80 | payload.len() as u8, 0, 0, 0, 0], payload].concat();
        let (one, ping) = (text(b"{}"), [0x89, 0x80, 0, 0, 0, 0]);
        let both = [&one[..], &ping, &one].concat();
        for whole in [&b""[..], &one, &ping, &both] {
            assert!(ends_whole(whole));
        }
        for cut in 1..both.len() {
            let ends = [one.len(), one.len() + ping.len()].contains(&cut);
            assert_eq!(ends_whole(&both[..cut]), ends, "{cut} bytes");
        }
        let mut fragment = one.clone();
        fragment[0] = 0x01;
        assert!(!ends_whole(&fragment), "the rest of the message is to come");
        fragment[0] = 0x80;
        assert!(!ends_whole(&fragment), "the beginning of the message came before");
    }
}
