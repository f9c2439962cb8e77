//! Whole things out of one direction of a connection: the HTTP head, frames, and the messages that
//! frames make, each with its place in the stream. It also tells what is only half there. It keeps
//! the unfinished frame, and no more of it than it may, so that a lie about a length costs nothing.
//! It judges nothing: see [`rules`](crate::rules) for that.

use std::ops::Range;

use crate::{
    frame::{Header, Opcode, unmask},
    head::Head,
    scanner::{Scanner, Step},
};

/// Most bytes that a decoder keeps; what is over it is counted, not kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of an HTTP head.
    pub head: usize,
    /// Of a frame's payload.
    pub payload: usize,
    /// Of a message put together.
    pub message: usize,
}

impl Default for Limits {
    /// 64 KiB of head, 1 MiB of payload and of message: more than the server accepts.
    fn default() -> Self {
        Self { head: 64 * 1024, payload: 1024 * 1024, message: 1024 * 1024 }
    }
}

/// Something that is complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Item {
    /// The HTTP head.
    Head {
        /// Its lines.
        head: Head,
        /// Its place in the stream. Longer than what was kept, if the head was over the limit.
        place: Range<u64>,
    },
    /// A frame.
    Frame(Frame),
}

/// A frame, or as much of it as has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// The place of its first byte in the stream.
    pub start: u64,
    /// Its header.
    pub header: Header,
    /// The payload that has come, as it is on the wire: masked, if it is masked.
    pub payload: Vec<u8>,
    /// How many bytes of payload have come: more than are in `payload` when it was over the limit.
    pub came: u64,
}

/// What is only half there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfinished<'a> {
    /// The HTTP head, up to here.
    Head(&'a [u8]),
    /// The beginning of a frame's header.
    Header {
        /// The place of its first byte in the stream.
        start: u64,
        /// What has come of it.
        bytes: &'a [u8],
    },
    /// A frame whose payload is not all there.
    Frame(&'a Frame),
}

impl Frame {
    /// The place of the header in the stream.
    pub fn header_place(&self) -> Range<u64> {
        self.start..self.start.saturating_add(self.header.size() as u64)
    }

    /// The place of the payload in the stream, as long as it is said to be.
    pub fn payload_place(&self) -> Range<u64> {
        let start = self.header_place().end;
        start..start.saturating_add(self.header.length)
    }

    /// Whether all of it has come.
    pub fn is_whole(&self) -> bool {
        self.came == self.header.length
    }

    /// The payload as it was meant.
    pub fn unmasked(&self) -> Vec<u8> {
        let mut payload = self.payload.clone();
        if let Some(key) = self.header.mask {
            unmask(&mut payload, key, 0);
        }
        payload
    }

    /// The code and the reason of a close frame; none for another, and for one that says nothing. What
    /// is no UTF-8 in the reason reads `�`.
    pub fn close(&self) -> Option<(u16, String)> {
        if self.header.opcode != Opcode::CLOSE {
            return None;
        }
        let payload = self.unmasked();
        let (code, reason) = payload.split_first_chunk()?;
        Some((u16::from_be_bytes(*code), String::from_utf8_lossy(reason).into_owned()))
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Decoder {
    scanner: Scanner,
    limits: Limits,
    /// How many bytes have come.
    offset: u64,
    /// Of the head, until it is complete; then of a header.
    bytes: Vec<u8>,
    is_in_head: bool,
    frame: Option<Frame>,
}

impl Decoder {
    /// For a direction of a connection from its beginning: a head, then frames.
    pub fn at_head(limits: Limits) -> Self {
        Self { is_in_head: true, ..Self::new(Scanner::at_head(), limits) }
    }

    /// For frames only.
    pub fn at_frame(limits: Limits) -> Self {
        Self::new(Scanner::at_frame(), limits)
    }

    fn new(scanner: Scanner, limits: Limits) -> Self {
        Self { scanner, limits, offset: 0, bytes: Vec::new(), is_in_head: false, frame: None }
    }

    /// How many bytes have come.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// What these bytes, which come next, complete. (At most as many things as half of them, as no frame
    /// is shorter than two bytes.)
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(step) = self.scanner.step(&mut bytes) {
            self.take(step, &mut items);
        }
        items
    }

    fn take(&mut self, step: Step<'_>, items: &mut Vec<Item>) {
        match step {
            Step::Head(bytes) => {
                self.offset += bytes.len() as u64;
                keep(&mut self.bytes, bytes, self.limits.head);
            }
            Step::HeadEnd => {
                self.is_in_head = false;
                let head = Head::read(&std::mem::take(&mut self.bytes));
                items.push(Item::Head { head, place: 0..self.offset });
            }
            Step::HeaderBytes(bytes) => {
                self.offset += bytes.len() as u64;
                self.bytes.extend_from_slice(bytes);
            }
            Step::Header(header) => {
                self.bytes.clear();
                let start = self.offset - header.size() as u64;
                self.frame = Some(Frame { start, header, payload: Vec::new(), came: 0 });
            }
            Step::Payload { bytes, .. } => {
                self.offset += bytes.len() as u64;
                if let Some(frame) = &mut self.frame {
                    frame.came += bytes.len() as u64;
                    keep(&mut frame.payload, bytes, self.limits.payload);
                }
            }
            Step::FrameEnd => items.extend(self.frame.take().map(Item::Frame)),
            Step::Body(bytes) => self.offset += bytes.len() as u64,
        }
    }

    /// What has begun and is not complete; none between two frames.
    pub fn unfinished(&self) -> Option<Unfinished<'_>> {
        if let Some(frame) = &self.frame {
            return Some(Unfinished::Frame(frame));
        }
        match &self.bytes[..] {
            [] => None,
            head if self.is_in_head => Some(Unfinished::Head(head)),
            bytes => Some(Unfinished::Header { start: self.offset - bytes.len() as u64, bytes }),
        }
    }
}

fn keep(kept: &mut Vec<u8>, more: &[u8], limit: usize) {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(&more[..room.min(more.len())]);
}

/// What frames say together: one of them, or several fragments (§5.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Text or binary; of a control frame, its own.
    pub opcode: Opcode,
    /// The place in the stream of each of its frames, of the first 4096 of them.
    pub frames: Vec<u64>,
    /// The payload, unmasked and put together, up to the limit.
    pub payload: Vec<u8>,
}

impl Message {
    fn begin(frame: &Frame) -> Self {
        Self { opcode: frame.header.opcode, frames: Vec::new(), payload: Vec::new() }
    }

    fn add(&mut self, frame: &Frame, limit: usize) {
        if self.frames.len() < FRAGMENTS_MAX {
            self.frames.push(frame.start);
        }
        keep(&mut self.payload, &frame.unmasked(), limit);
    }
}

/// Most frames of one message whose places are remembered.
const FRAGMENTS_MAX: usize = 4096;

/// Puts fragments together, with the control frames that come between them. A fragment that has no
/// place (a continuation of nothing, a message within a message) stands for itself.
#[derive(Clone, Default, Debug)]
pub struct Assembler {
    limit: usize,
    message: Option<Message>,
}

impl Assembler {
    /// With [`Limits::message`].
    pub fn new(limits: Limits) -> Self {
        Self { limit: limits.message, message: None }
    }

    /// The message that this frame, which comes next, completes; none when more is to come.
    pub fn add(&mut self, frame: &Frame) -> Option<Message> {
        let Header { opcode, fin, .. } = frame.header;
        let mut message = match self.message.take() {
            Some(message) if opcode == Opcode::CONTINUATION => message,
            unfinished => {
                if opcode.is_control() {
                    self.message = unfinished;
                }
                Message::begin(frame)
            }
        };
        message.add(frame, self.limit);
        if fin || opcode.is_control() {
            return Some(message);
        }
        self.message = Some(message);
        None
    }

    /// The message that is not complete yet.
    pub fn unfinished(&self) -> Option<&Message> {
        self.message.as_ref()
    }
}
