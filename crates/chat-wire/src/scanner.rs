//! What each byte of one direction of a connection belongs to, as the bytes come: first an HTTP head,
//! then frames. Each call takes what comes next off the front of the input and says what it is, so
//! every byte is told exactly once, however the stream is cut into pieces. A scanner keeps a few
//! dozen bytes of state and never an input: a length of 2⁶³ costs it nothing. It does not know what
//! heads and frames mean.

use crate::frame::{HEADER_MAX, Header};

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step<'a> {
    /// Bytes of the HTTP head, its empty last line included.
    Head(&'a [u8]),
    /// The head is complete.
    HeadEnd,
    /// Bytes of a frame's header.
    HeaderBytes(&'a [u8]),
    /// The header is complete.
    Header(Header),
    /// Bytes of the payload, as they are on the wire.
    Payload {
        /// The bytes.
        bytes: &'a [u8],
        /// The place of the first of them in the payload.
        at: u64,
    },
    /// The frame is complete.
    FrameEnd,
    /// What follows the head of a response that is no `101`: it opens no WebSocket.
    Body(&'a [u8]),
}

#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Head(HeadScan),
    HeadEnd { then_body: bool },
    HeaderBytes { bytes: [u8; HEADER_MAX], count: usize },
    Header(Header),
    Payload { at: u64, length: u64 },
    Body,
}

/// Where in a head it is.
#[derive(Clone, Default, Debug)]
struct HeadScan {
    /// The beginning of the first line that is not empty: `HTTP/1.1 101` fits.
    start: [u8; 12],
    /// How much of it is there.
    start_count: usize,
    start_is_over: bool,
    /// Whether this line has had a byte other than CR.
    line_is_empty: bool,
}

const NO_HEADER: Stage = Stage::HeaderBytes { bytes: [0; HEADER_MAX], count: 0 };

impl Scanner {
    /// For a stream that begins with an HTTP head.
    pub(crate) fn at_head() -> Self {
        Self { stage: Stage::Head(HeadScan { line_is_empty: true, ..HeadScan::default() }) }
    }

    /// For a stream that begins with a frame.
    pub(crate) fn at_frame() -> Self {
        Self { stage: NO_HEADER }
    }

    /// What comes next; none when the input is used up. May say that something is complete without
    /// taking anything.
    pub(crate) fn step<'a>(&mut self, input: &mut &'a [u8]) -> Option<Step<'a>> {
        match &mut self.stage {
            Stage::HeadEnd { then_body } => {
                self.stage = if *then_body { Stage::Body } else { NO_HEADER };
                Some(Step::HeadEnd)
            }
            Stage::Header(header) => {
                let header = *header;
                self.stage = Stage::Payload { at: 0, length: header.length };
                Some(Step::Header(header))
            }
            Stage::Payload { at, length } if at == length => {
                self.stage = NO_HEADER;
                Some(Step::FrameEnd)
            }
            _ if input.is_empty() => None,
            Stage::Head(head) => {
                let end = input.iter().position(|byte| head.pass(*byte));
                let bytes = take(input, end.map_or(usize::MAX, |end| end + 1));
                if end.is_some() {
                    self.stage = Stage::HeadEnd { then_body: head.is_refusal() };
                }
                Some(Step::Head(bytes))
            }
            Stage::HeaderBytes { bytes, count } => {
                // A byte at a time until it is complete, and no further.
                let mut came = 0;
                let mut complete = None;
                for byte in input.iter() {
                    bytes[*count] = *byte;
                    *count += 1;
                    came += 1;
                    complete = Header::read(&bytes[..*count]);
                    if complete.is_some() {
                        break;
                    }
                }
                let taken = take(input, came);
                if let Some(header) = complete {
                    self.stage = Stage::Header(header);
                }
                Some(Step::HeaderBytes(taken))
            }
            Stage::Payload { at, length } => {
                let bytes = take(input, usize::try_from(*length - *at).unwrap_or(usize::MAX));
                let step = Step::Payload { bytes, at: *at };
                *at += bytes.len() as u64;
                Some(step)
            }
            Stage::Body => Some(Step::Body(take(input, usize::MAX))),
        }
    }
}

/// As many bytes off the front, or all there are.
fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count.min(input.len()));
    *input = rest;
    taken
}

impl HeadScan {
    /// Whether the head ends with this byte: with an empty line, which is one of nothing or of CR. Empty
    /// lines before the first are no end (RFC 9112 §2.2).
    fn pass(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => {
                let ends = self.line_is_empty && self.start_count > 0;
                self.start_is_over = self.start_count > 0;
                self.line_is_empty = true;
                return ends;
            }
            b'\r' => {}
            _ => {
                self.line_is_empty = false;
                if !self.start_is_over && self.start_count < self.start.len() {
                    self.start[self.start_count] = byte;
                    self.start_count += 1;
                }
            }
        }
        false
    }

    /// Whether it is a response that opens no WebSocket.
    fn is_refusal(&self) -> bool {
        self.start.starts_with(b"HTTP/") && !self.start.ends_with(b" 101")
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// The kinds and bytes of all steps, where pieces of one thing are put together.
    fn steps(mut scanner: Scanner, pieces: &[&[u8]]) -> Vec<(&'static str, Vec<u8>)> {
        let mut told: Vec<(&'static str, Vec<u8>)> = Vec::new();
        for mut input in pieces.iter().copied() {
            while let Some(step) = scanner.step(&mut input) {
                let (kind, bytes) = match step {
                    Step::Head(bytes) => ("head", bytes),
                    Step::HeadEnd => ("head end", &[][..]),
                    Step::HeaderBytes(bytes) => ("header bytes", bytes),
                    Step::Header(_) => ("header", &[][..]),
                    Step::Payload { bytes, .. } => ("payload", bytes),
                    Step::FrameEnd => ("frame end", &[][..]),
                    Step::Body(bytes) => ("body", bytes),
                };
                match told.last_mut() {
                    Some((last, all)) if *last == kind => all.extend(bytes),
                    _ => told.push((kind, bytes.to_vec())),
                }
            }
            assert!(input.is_empty());
        }
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_byte_is_scanned_once_despite_cuts(
            head in any::<bool>(), stream in vec(any::<u8>(), 0..300), cuts in vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let scanner = if head { Scanner::at_head() } else { Scanner::at_frame() };
            let stream = if head { [b"GET / HTTP/1.1\r\n\r\n", &stream[..]].concat() } else { stream };
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect();
            let whole = steps(scanner.clone(), &[&stream]);
            let told: Vec<u8> = whole.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
            prop_assert_eq!(told, stream.clone());
            prop_assert_eq!(steps(scanner, &pieces), whole);
        }
    }

    #[test]
    fn only_101_response_is_followed_by_frames() {
        let frame = &[0x81, 0x01, b'x'][..];
        for (head, after) in [
            ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "header bytes"),
            ("\r\n\nGET / HTTP/1.1\nHost: x\n\n", "header bytes"),
            ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "header bytes"),
            ("HTTP/1.1 426 Upgrade Required\r\na: 101\r\n\r\n", "body"),
            ("HTTP/1.1\r\n\r\n", "body"),
        ] {
            let told = steps(Scanner::at_head(), &[&[head.as_bytes(), frame].concat()]);
            let kinds: Vec<_> = told.iter().map(|(kind, _)| *kind).collect();
            assert_eq!(kinds[..3], ["head", "head end", after], "{head:?}");
            assert_eq!(told[0].1, head.as_bytes());
        }
    }

    #[test]
    fn lying_length_is_waited_for() {
        let header = [0x82, 127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        let told = steps(Scanner::at_frame(), &[&header, b"abc", b"def"]);
        let kinds: Vec<_> = told.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, ["header bytes", "header", "payload"]);
    }
}
