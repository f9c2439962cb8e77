//! Each rule of RFC 6455 §5, §7.4 and §8.1 that a receiver can see broken, and the very byte at which it
//! sees it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use chat_wire::{
    frame::{Header, LengthForm, Opcode},
    rules::{Heard, Receiver, Role, Violation, may_be_sent},
};
use common::{frame, good};

const KEY: Option<[u8; 4]> = Some([0xA1, 0xB2, 0xC3, 0xD4]);
const MAX: usize = 1_000;

fn server() -> Receiver {
    Receiver::new(Role::Server, MAX)
}

fn all(receiver: &mut Receiver, mut bytes: &[u8]) -> Vec<Heard> {
    let heard = std::iter::from_fn(|| receiver.hear(&mut bytes)).collect();
    assert!(bytes.is_empty());
    heard
}

fn hears(bytes: &[u8]) -> Vec<Heard> {
    all(&mut server(), bytes)
}

/// It is the last thing heard of these bytes, and known without the last `early` of them.
fn breaks(bytes: &[u8], violation: Violation, early: usize) {
    let mut receiver = server();
    let known = bytes.len() - early;
    let before = all(&mut receiver, &bytes[..known - 1]);
    assert!(!before.iter().any(|heard| matches!(heard, Heard::Violation(_))), "{violation:?} too early");
    let heard = all(&mut receiver, &bytes[known - 1..known]);
    assert_eq!(heard.last(), Some(&Heard::Violation(violation)), "{bytes:02x?}");
    assert_eq!(all(&mut receiver, &bytes[known..]), [], "nothing is heard after a violation");
}

fn text(fin: bool, payload: &[u8]) -> Vec<u8> {
    good(Opcode::TEXT, fin, KEY, payload)
}

fn more(fin: bool, payload: &[u8]) -> Vec<u8> {
    good(Opcode::CONTINUATION, fin, KEY, payload)
}

#[test]
fn forbidden_header_is_refused_before_payload() {
    let header = Header::new(Opcode::TEXT, KEY, 0);
    for place in 0..3 {
        let mut rsv = [false; 3];
        rsv[place] = true;
        breaks(&frame(Header { rsv, ..header }, b"abc"), Violation::ReservedBits, 3);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        breaks(&good(Opcode::new(opcode), true, KEY, b"abc"), Violation::ReservedOpcode, 3);
    }
    breaks(&good(Opcode::TEXT, true, None, b"abc"), Violation::Unmasked, 3);
    for opcode in [Opcode::PING, Opcode::PONG, Opcode::CLOSE] {
        breaks(&good(opcode, false, KEY, b"abc"), Violation::FragmentedControl, 3);
        let form = LengthForm::Bits16;
        breaks(&frame(Header { opcode, form, ..header }, &[b'x'; 126]), Violation::LongControl, 126);
    }
    for (form, length) in [(LengthForm::Bits16, 125), (LengthForm::Bits64, 125), (LengthForm::Bits64, 900)] {
        let bytes = frame(Header { form, ..header }, &vec![b'x'; length]);
        breaks(&bytes, Violation::LengthNotMinimal, length);
    }
    let high = Header { form: LengthForm::Bits64, length: 1 << 63, ..header };
    breaks(&high.write(), Violation::LengthHighBit, 0);
    breaks(&good(Opcode::CLOSE, true, KEY, b"\x03"), Violation::HalfCloseCode, 1);
}

#[test]
fn a_client_hears_no_masked_frame() {
    let masked = text(true, b"abc");
    let mut client = Receiver::new(Role::Client, MAX);
    assert_eq!(all(&mut client, &masked), [Heard::Violation(Violation::Masked)]);
    let mut client = Receiver::new(Role::Client, MAX);
    let heard = all(&mut client, &good(Opcode::TEXT, true, None, b"abc"));
    assert_eq!(heard, [Heard::Message { opcode: Opcode::TEXT, payload: b"abc".to_vec() }]);
}

#[test]
fn only_control_frames_interrupt_fragments() {
    breaks(&more(true, b"abc"), Violation::UnexpectedContinuation, 3);
    breaks(&more(false, b"abc"), Violation::UnexpectedContinuation, 3);
    breaks(&[text(true, b"whole"), more(true, b"x")].concat(), Violation::UnexpectedContinuation, 1);
    breaks(&[text(false, b"a"), text(true, b"b")].concat(), Violation::MessageInsideMessage, 1);
    let binary = good(Opcode::BINARY, false, KEY, b"b");
    breaks(&[text(false, b"a"), binary].concat(), Violation::MessageInsideMessage, 1);
    let ping = good(Opcode::PING, true, KEY, b"?");
    let stream = [text(false, b"a"), ping, more(false, b""), more(true, b"b")].concat();
    let message = Heard::Message { opcode: Opcode::TEXT, payload: b"ab".to_vec() };
    assert_eq!(hears(&stream), [Heard::Ping(b"?".to_vec()), message]);
}

#[test]
fn oversized_message_is_refused_at_header() {
    let exactly = text(true, &[b'x'; MAX]);
    assert!(matches!(&hears(&exactly)[..], [Heard::Message { .. }]));
    breaks(&text(true, &[b'x'; MAX + 1]), Violation::TooBig, MAX + 1);
    let half = [b'x'; MAX / 2];
    let exactly = [text(false, &half), more(true, &half)].concat();
    assert!(matches!(&hears(&exactly)[..], [Heard::Message { .. }]));
    let over = [text(false, &half), more(false, &half), more(true, b"x")].concat();
    breaks(&over, Violation::TooBig, 1);
    // The most that a length may say.
    let lie = Header { form: LengthForm::Bits64, length: (1 << 63) - 1, ..Header::new(Opcode::TEXT, KEY, 0) };
    breaks(&lie.write(), Violation::TooBig, 0);
}

#[test]
fn invalid_utf8_is_refused_at_first_byte() {
    // Autobahn 6.3 and 6.4: the Greek word kosme, then a surrogate half in three bytes.
    let bad = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited";
    breaks(&text(true, bad), Violation::TextNotUtf8, 7);
    let (start, end) = bad.split_at(12);
    breaks(&[text(false, start), more(true, end)].concat(), Violation::TextNotUtf8, 7);
    // Over U+10FFFF; overlong; a byte that is none; a continuation of nothing.
    for (bad, early) in
        [(&b"\xf4\x90\x80\x80"[..], 2), (b"\xc0\xaf", 1), (b"\xe0\x80\xaf", 1), (b"ab\xff", 0), (b"\x80", 0)]
    {
        breaks(&text(true, bad), Violation::TextNotUtf8, early);
    }
    // Half a character is no error until the message ends with it.
    let mut receiver = server();
    assert_eq!(all(&mut receiver, &text(false, "س".as_bytes().split_at(1).0)), []);
    assert_eq!(all(&mut receiver, &more(true, b"")), [Heard::Violation(Violation::TextNotUtf8)]);
    // In a binary message any bytes are good.
    assert!(matches!(&hears(&good(Opcode::BINARY, true, KEY, bad))[..], [Heard::Message { .. }]));
}

#[test]
fn close_payload_is_empty_or_valid() {
    let close = |payload: &[u8]| good(Opcode::CLOSE, true, KEY, payload);
    assert_eq!(hears(&close(b"")), [Heard::Close(None)]);
    let said = |code: u16, reason: &[u8]| close(&[&code.to_be_bytes(), reason].concat());
    assert_eq!(hears(&said(1000, "خدانگهدار".as_bytes())), [Heard::Close(Some((1000, "خدانگهدار".into())))]);
    breaks(&said(1000, b"\xff"), Violation::ReasonNotUtf8, 0);
    let good = [1000..=1003, 1007..=1014, 3000..=4999];
    for code in 0..=u16::MAX {
        assert_eq!(may_be_sent(code), good.iter().any(|range| range.contains(&code)), "{code}");
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        breaks(&said(code, b"why"), Violation::BadCloseCode, 0);
    }
}

#[test]
fn nothing_comes_after_a_close_frame() {
    let close = good(Opcode::CLOSE, true, KEY, b"\x03\xe8");
    let heard = hears(&[&close[..], &text(true, b"late")].concat());
    let bye = Heard::Close(Some((1000, String::new())));
    assert_eq!(heard, [bye, Heard::Violation(Violation::AfterClose)]);
}
