//! A socket while it speaks HTTP, with the raw bytes of the exchange it is in. HTTP libraries keep a
//! request's head only parsed; should the request be an upgrade that is to be recorded, its bytes and those
//! of the answer are here. They are bounded, and kept for the present exchange only; whether they are wanted
//! is known once the head is parsed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

use chat_wire::Direction;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::traffic::SocketTraffic;

/// Most bytes of an answer that are kept: a `101` is shorter.
const ANSWER_MAX: usize = 1024;

/// Most reads and writes that are kept one by one: each costs more than its bytes, and a head that comes
/// byte by byte would cost a hundred times what it says.
const PASSAGES_MAX: usize = 64;

/// How a request begins that may be a handshake (RFC 6455 §4.1).
const GET: &[u8] = b"GET ";

/// How the answer begins with which HTTP ends.
const UPGRADED: &[u8] = b"HTTP/1.1 101 ";

/// What asks for a body that has not been sent yet (RFC 9110 §10.1.1). It is not the answer.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

#[derive(Debug)]
pub(crate) struct HttpStream {
    stream: TcpStream,
    exchange: Exchange,
    traffic: Arc<SocketTraffic>,
}

/// The bytes of one request and its answer.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    passages: Vec<Passage>,
    asked: usize,
    answered: usize,
    /// The most bytes of a request that are kept.
    asked_max: usize,
    /// Whether all is kept that passed.
    is_whole: bool,
}

/// What one read gave, or one write took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Passage {
    pub(crate) at: Instant,
    pub(crate) direction: Direction,
    pub(crate) bytes: Vec<u8>,
}

impl HttpStream {
    /// For a socket of whose requests at most `asked_max` bytes are kept, and all counted.
    pub(crate) fn new(stream: TcpStream, asked_max: usize, traffic: Arc<SocketTraffic>) -> Self {
        Self { stream, traffic, exchange: Exchange { asked_max, is_whole: true, ..Exchange::default() } }
    }

    /// The socket, and the handshake that it has behind it; `None` where not all of that was kept.
    pub(crate) fn into_parts(self) -> (TcpStream, Option<Vec<Passage>>) {
        let Self { stream, exchange, .. } = self;
        // Of requests that came together, the first is answered first; and what came of the next with an
        // earlier one is not here.
        let is_handshake = exchange.is_whole
            && exchange.begins(Direction::In, GET)
            && exchange.begins(Direction::Out, UPGRADED);
        (stream, is_handshake.then_some(exchange.passages))
    }
}

impl Exchange {
    fn asked(&mut self, bytes: &[u8]) {
        if self.answered > 0 {
            // An answer has begun, and so this is the next request.
            *self = Self { asked_max: self.asked_max, is_whole: true, ..Self::default() };
        }
        self.asked += bytes.len();
        self.keep(Direction::In, bytes, self.asked <= self.asked_max);
    }

    fn answered(&mut self, bytes: &[u8]) {
        if self.answered == 0 && bytes == CONTINUE {
            return self.keep(Direction::Out, bytes, true);
        }
        self.answered += bytes.len();
        self.keep(Direction::Out, bytes, self.answered <= ANSWER_MAX);
    }

    /// Whether what passed this way begins so.
    fn begins(&self, direction: Direction, with: &[u8]) -> bool {
        let passages = self.passages.iter().filter(|passage| passage.direction == direction);
        passages.flat_map(|passage| &passage.bytes).take(with.len()).eq(with)
    }

    fn keep(&mut self, direction: Direction, bytes: &[u8], fits: bool) {
        self.is_whole &= fits && self.passages.len() < PASSAGES_MAX;
        if self.is_whole {
            self.passages.push(Passage { at: Instant::now(), direction, bytes: bytes.to_vec() });
        } else {
            self.passages = Vec::new();
        }
    }
}

impl AsyncRead for HttpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = &buffer.filled()[before..];
        if !read.is_empty() {
            if self.exchange.answered > 0 {
                self.traffic.next_request();
            }
            self.traffic.add_in(read.len());
            self.exchange.asked(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HttpStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.traffic.add_out(written);
        self.exchange.answered(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        self.traffic.add_out(written);
        let mut left = written;
        for slice in slices {
            let taken = left.min(slice.len());
            if taken > 0 {
                self.exchange.answered(&slice[..taken]);
            }
            left -= taken;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
