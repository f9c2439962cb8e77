//! What a socket has not taken yet: chunks that end where a frame ends, oldest first, of which the first may
//! be partly on the wire. How much may wait is [`super::outbox`]'s to judge. A backlog in which nothing waits
//! is one word, because nearly always that is all there is, ten thousand times.

use std::{collections::VecDeque, io::IoSlice};

use bytes::{Buf, Bytes};

#[derive(Debug, Default)]
pub(super) struct Backlog(Option<Box<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    chunks: VecDeque<Bytes>,
    /// The sum of their lengths.
    bytes: usize,
    /// How much of it, from the front, was accepted as one piece: a replay and what was before it, or what
    /// the socket had begun to take.
    piece: usize,
    /// Whether the first chunk is partly on the wire, and so must be finished.
    begun: bool,
}

impl Backlog {
    /// What is left of the first chunk, of which the socket may have begun to take some. It is one piece.
    pub(super) fn begin(&mut self, rest: Bytes, begun: bool) {
        let bytes = rest.len();
        self.0 = Some(Box::new(Waiting { chunks: VecDeque::from([rest]), bytes, piece: bytes, begun }));
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        let waiting = self.0.get_or_insert_default();
        waiting.bytes += chunk.len();
        waiting.chunks.push_back(chunk);
    }

    /// These, and what waits before them, are one piece.
    pub(super) fn push_piece(&mut self, chunks: impl Iterator<Item = Bytes>) {
        chunks.for_each(|chunk| self.push(chunk));
        if let Some(waiting) = &mut self.0 {
            waiting.piece = waiting.bytes;
        }
    }

    /// Drops what is not begun; this is the last that is sent.
    pub(super) fn cut(&mut self, last: Bytes) {
        let begun =
            self.0.take().and_then(|mut waiting| waiting.chunks.pop_front().filter(|_| waiting.begun));
        match begun {
            Some(rest) => self.begin(rest, true),
            None => return self.begin(last, false),
        }
        self.push_piece([last].into_iter());
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many chunks wait.
    pub(super) fn chunks(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.chunks.len())
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.bytes)
    }

    /// How much waits behind the piece that is under way.
    pub(super) fn behind(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.bytes - waiting.piece)
    }

    /// The first chunks, as many as there are places for; returns how many.
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let chunks = self.0.iter().flat_map(|waiting| &waiting.chunks);
        slices.iter_mut().zip(chunks).map(|(slice, chunk)| *slice = IoSlice::new(chunk)).count()
    }

    /// The socket has taken so many bytes, of which `sent` is told piece by piece; returns how many chunks
    /// were finished.
    pub(super) fn taken(&mut self, mut bytes: usize, mut sent: impl FnMut(&[u8])) -> usize {
        let Some(waiting) = &mut self.0 else { return 0 };
        let before = waiting.chunks.len();
        waiting.bytes -= bytes;
        waiting.piece = waiting.piece.saturating_sub(bytes);
        while bytes > 0
            && let Some(chunk) = waiting.chunks.front_mut()
        {
            let part = bytes.min(chunk.len());
            sent(&chunk[..part]);
            chunk.advance(part);
            bytes -= part;
            waiting.begun = !chunk.is_empty();
            if !waiting.begun {
                waiting.chunks.pop_front();
            }
        }
        let finished = before - waiting.chunks.len();
        if waiting.chunks.is_empty() {
            self.0 = None;
        }
        finished
    }
}
