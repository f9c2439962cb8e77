//! A socket as the WebSocket library wants it: `Read` takes what the kernel has, `Write` goes
//! through the outbox, so that the library's own pongs keep their place among our frames. It does
//! not know what is read or written.

use std::{
    io::{self, Read, Write},
    sync::Arc,
};

use bytes::Bytes;
use tokio::net::TcpStream;

use super::outbox::Outbox;

/// Most bytes one turn reads before the task gives way to others, so that a client that never
/// stops sending cannot keep a worker thread to itself.
const TURN_BYTES: usize = 16 * 1024;

/// See the module.
#[derive(Debug)]
pub struct SocketIo {
    pub(super) stream: Arc<TcpStream>,
    pub(super) outbox: Arc<Outbox>,
    left_this_turn: usize,
}

impl SocketIo {
    /// The socket, and what leads to it.
    pub fn new(stream: Arc<TcpStream>, outbox: Arc<Outbox>) -> Self {
        Self { stream, outbox, left_this_turn: TURN_BYTES }
    }

    /// Begins a turn of reading.
    pub fn begin_turn(&mut self) {
        self.left_this_turn = TURN_BYTES;
    }
}

impl Read for SocketIo {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left_this_turn);
        if most == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.stream.try_read(&mut buffer[..most])?;
        self.left_this_turn -= read;
        Ok(read)
    }
}

impl Write for SocketIo {
    /// The library hands over whole frames, and the outbox takes all of them or none.
    fn write(&mut self, frames: &[u8]) -> io::Result<usize> {
        self.outbox.send(Bytes::copy_from_slice(frames));
        Ok(frames.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
