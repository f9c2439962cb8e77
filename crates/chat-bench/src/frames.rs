//! As much of RFC 6455 as a generator must do for each delivery, and no more: find where a frame
//! that comes from a server ends, and read of a message the two numbers it begins with. It trusts the
//! servers it measures, and stops the run when one of them surprises it; it knows no sockets.

use std::fmt;

/// Text frame, final fragment.
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// What every server sends first of a message; its number in the room's order follows.
const SAID: &[u8] = br#"{"type":"said","seq":"#;
/// Between the two numbers.
const ID: &[u8] = br#","id":""#;

/// How many bytes of a payload decide what it is.
pub(crate) const TELLING: usize = SAID.len();

/// What a frame is, as far as a generator cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A message.
    Said,
    /// Any other text.
    Other,
    /// A ping, which must be answered.
    Ping,
    /// A close frame.
    Close,
}

/// A frame's header, and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    /// Of the header, in bytes.
    pub(crate) header: usize,
    /// Of the payload, in bytes.
    pub(crate) payload: usize,
    pub(crate) kind: Kind,
}

/// Why a run is stopped: a server sent what none of them should.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotAFrame;

impl fmt::Display for NotAFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes that are no unmasked, unfragmented text, ping or close frame")
    }
}

/// Reads the beginning of a frame (RFC 6455 §5.2); `None` while too little of it has come.
///
/// # Errors
/// [`NotAFrame`].
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, NotAFrame> {
    let [first, length, rest @ ..] = bytes else { return Ok(None) };
    let (header, payload) = match (*length, rest) {
        (length @ 0..=125, _) => (2, usize::from(length)),
        (126, [a, b, ..]) => (4, usize::from(u16::from_be_bytes([*a, *b]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
            (10, usize::try_from(length).map_err(|_| NotAFrame)?)
        }
        (126 | 127, _) => return Ok(None),
        _ => return Err(NotAFrame),
    };
    let kind = match *first {
        PING => Kind::Ping,
        CLOSE => Kind::Close,
        TEXT if payload < TELLING => Kind::Other,
        TEXT if bytes.len() < header + TELLING => return Ok(None),
        TEXT if bytes[header..].starts_with(SAID) => Kind::Said,
        TEXT => Kind::Other,
        _ => return Err(NotAFrame),
    };
    Ok(Some(Head { header, payload, kind }))
}

/// Of a message's payload: its number in the room's order, and the number its sender gave it.
pub(crate) fn numbers(said: &[u8]) -> Option<(u64, u64)> {
    let (seq, rest) = number(said.get(SAID.len()..)?)?;
    let (id, _) = number(rest.strip_prefix(ID)?)?;
    Some((seq, id))
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at(digits);
    if !(1..=18).contains(&digits.len()) {
        return None;
    }
    Some((digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')), rest))
}

/// Appends a text frame as a client must send it: masked (RFC 6455 §5.3).
///
/// # Panics
/// When the payload is longer than 65,535 bytes; a generator's are short.
pub(crate) fn put_masked(out: &mut Vec<u8>, first: u8, payload: &[u8], mask: [u8; 4]) {
    out.push(first);
    match u16::try_from(payload.len()).expect("a short payload") {
        length @ 0..=125 => out.push(0x80 | length as u8),
        length => {
            out.push(0x80 | 126);
            out.extend(length.to_be_bytes());
        }
    }
    out.extend(mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

/// The first byte of a text frame.
pub(crate) const TEXT_FIRST: u8 = TEXT;
/// The first byte of a pong.
pub(crate) const PONG_FIRST: u8 = 0x8A;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_known_once_enough_bytes_arrive() {
        let payload = br#"{"type":"said","seq":41,"id":"7","from":"a","text":"x"}"#;
        for filler in [0, 100, 70_000] {
            let payload = [&payload[..], &vec![b' '; filler]].concat();
            let mut frame = vec![TEXT];
            match payload.len() {
                length @ 0..=125 => frame.push(length as u8),
                length @ 126..=65_535 => frame.extend([126, (length >> 8) as u8, length as u8]),
                length => {
                    frame.push(127);
                    frame.extend((length as u64).to_be_bytes());
                }
            }
            let header = frame.len();
            frame.extend(&payload);
            for cut in 0..header + TELLING {
                assert_eq!(head(&frame[..cut]), Ok(None), "{cut} bytes");
            }
            let whole = Head { header, payload: payload.len(), kind: Kind::Said };
            assert_eq!(head(&frame[..header + TELLING]), Ok(Some(whole)));
            assert_eq!(numbers(&frame[header..]), Some((41, 7)));
        }
        assert_eq!(head(&[TEXT, 0x80 | 5, 0, 0]), Err(NotAFrame), "masked");
        assert_eq!(head(&[0x01, 5, 0, 0]), Err(NotAFrame), "a fragment");
        assert_eq!(head(&[PING, 0]), Ok(Some(Head { header: 2, payload: 0, kind: Kind::Ping })));
        assert_eq!(numbers(br#"{"type":"said","seq":,"id":"7""#), None);
        assert_eq!(numbers(br#"{"type":"said","seq":9999999999999999999,"id":"7""#), None);
    }

    #[test]
    fn masked_frame_matches_rfc_example() {
        // RFC 6455 §5.7: a masked "Hello".
        let mut frame = Vec::new();
        put_masked(&mut frame, TEXT, b"Hello", [0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(frame, [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }
}
