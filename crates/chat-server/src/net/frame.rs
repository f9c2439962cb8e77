//! Server frames as RFC 6455 §5.2 has them: a header of two to ten bytes before a payload that is
//! sent as it is, because a server does not mask. That is what lets one buffer serve everybody in
//! a room. Reading frames, which come from strangers, is left to a library; this module
//! deliberately cannot.

use bytes::{BufMut, Bytes, BytesMut};
use chat_protocol::{CloseCode, ServerMsg};

const FIN_TEXT: u8 = 0x81;
const FIN_CLOSE: u8 = 0x88;

/// A ping without payload (RFC 6455 §5.5.2).
pub(crate) const PING: Bytes = Bytes::from_static(&[0x89, 0]);

/// `payload` as one unfragmented text frame.
pub(crate) fn of_text(payload: &[u8]) -> Vec<u8> {
    let header = match payload.len() {
        0..=125 => 2,
        126..=0xFFFF => 4,
        _ => 10,
    };
    let mut frame = Vec::with_capacity(header + payload.len());
    frame.put_u8(FIN_TEXT);
    match payload.len() {
        length @ 0..=125 => frame.put_u8(length as u8),
        length @ 126..=0xFFFF => {
            frame.put_u8(126);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// One message as a frame of its own.
pub(crate) fn text(message: &ServerMsg) -> Bytes {
    of_text(message.to_json().as_bytes()).into()
}

/// The close frame for `code`, with its token as the reason.
pub(crate) fn close(code: CloseCode) -> Bytes {
    close_with(code.code(), code.reason())
}

/// A close frame with any code and reason; the reason is cut to what a control frame holds
/// (RFC 6455 §5.5: 125 bytes, two of them the code).
pub(crate) fn close_with(code: u16, reason: &str) -> Bytes {
    let reason = &reason[..reason.floor_char_boundary(chat_protocol::limits::CLOSE_REASON_MAX_BYTES)];
    let mut frame = BytesMut::with_capacity(4 + reason.len());
    frame.put_u8(FIN_CLOSE);
    frame.put_u8(2 + reason.len() as u8);
    frame.put_u16(code);
    frame.put_slice(reason.as_bytes());
    frame.freeze()
}

/// A close frame that says nothing, for answering one that said nothing.
pub(crate) const CLOSE_EMPTY: Bytes = Bytes::from_static(&[FIN_CLOSE, 0]);

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: usize) -> Vec<u8> {
        let mut frame = of_text(&vec![b'x'; length]);
        assert!(frame.ends_with(&vec![b'x'; length]));
        frame.truncate(frame.len() - length);
        frame
    }

    #[test]
    fn each_length_has_its_shortest_form() {
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xFF, 0xFF]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn long_reason_still_fits_close_frame() {
        assert_eq!(&close(CloseCode::Normal)[..], b"\x88\x08\x03\xe8normal");
        let long = close_with(4000, &"ب".repeat(100));
        assert_eq!(long.len(), 2 + 2 + 122, "cut at a character, below 125");
        assert_eq!(long[1] as usize, long.len() - 2);
    }
}
