//! The strict receiver against a model of what was meant, against a library that many trust, and against
//! itself under any cuts. Case by case it is held to the RFC by the tests of the server's echo.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::{Cursor, Read, Write};

use chat_wire::{
    frame::{Header, Opcode, unmask},
    rules::{Heard, Receiver, Role, Utf8, Violation},
};
use proptest::{collection::vec, prelude::*, sample::Index};
use tungstenite::{Message, WebSocket, protocol::WebSocketConfig};

/// What a client means to say.
#[derive(Clone, Debug)]
enum Saying {
    /// In fragments, cut at these places, each after some pings.
    Text(String, Vec<Index>, Vec<Vec<u8>>),
    Binary(Vec<u8>, Vec<Index>, Vec<Vec<u8>>),
    Pong(Vec<u8>),
}

fn saying() -> impl Strategy<Value = Saying> {
    let cuts = || vec(any::<Index>(), 0..4);
    let pings = || vec(vec(any::<u8>(), 0..=125), 0..3);
    prop_oneof![
        (any::<String>(), cuts(), pings()).prop_map(|(text, cuts, pings)| Saying::Text(text, cuts, pings)),
        (vec(any::<u8>(), 0..300), cuts(), pings())
            .prop_map(|(bytes, cuts, pings)| Saying::Binary(bytes, cuts, pings)),
        vec(any::<u8>(), 0..=125).prop_map(Saying::Pong),
    ]
}

fn put(wire: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8], key: [u8; 4]) {
    let header = Header { fin, ..Header::new(opcode, Some(key), payload.len() as u64) };
    wire.extend(header.write());
    let start = wire.len();
    wire.extend(payload);
    unmask(&mut wire[start..], key, 0);
}

/// What it is on the wire, and what should be heard.
fn write(sayings: &[Saying], key: [u8; 4]) -> (Vec<u8>, Vec<Heard>) {
    let (mut wire, mut heard) = (Vec::new(), Vec::new());
    for saying in sayings {
        let (opcode, payload, cuts, pings) = match saying {
            Saying::Text(text, cuts, pings) => (Opcode::TEXT, text.as_bytes(), cuts, pings),
            Saying::Binary(bytes, cuts, pings) => (Opcode::BINARY, &bytes[..], cuts, pings),
            Saying::Pong(payload) => {
                put(&mut wire, true, Opcode::PONG, payload, key);
                heard.push(Heard::Pong(payload.clone()));
                continue;
            }
        };
        let pieces = cut(payload, cuts);
        for (n, piece) in pieces.iter().enumerate() {
            let kind = if n == 0 { opcode } else { Opcode::CONTINUATION };
            put(&mut wire, n + 1 == pieces.len(), kind, piece, key);
            if let Some(ping) = pings.get(n)
                && n + 1 < pieces.len()
            {
                put(&mut wire, true, Opcode::PING, ping, key);
                heard.push(Heard::Ping(ping.clone()));
            }
        }
        heard.push(Heard::Message { opcode, payload: payload.to_vec() });
    }
    (wire, heard)
}

fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

fn hear(role: Role, message_max: usize, pieces: &[&[u8]]) -> Vec<Heard> {
    let mut receiver = Receiver::new(role, message_max);
    let mut all = Vec::new();
    for mut piece in pieces.iter().copied() {
        while let Some(heard) = receiver.hear(&mut piece) {
            all.push(heard);
        }
        assert!(piece.is_empty(), "it was not called until then");
    }
    all
}

/// A socket that says this and takes any answer.
struct Said(Cursor<Vec<u8>>);

impl Read for Said {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn tungstenite_hears(wire: &[u8]) -> Vec<Heard> {
    let said = Said(Cursor::new(wire.to_vec()));
    let config = WebSocketConfig::default();
    let mut ws = WebSocket::from_raw_socket(said, tungstenite::protocol::Role::Server, Some(config));
    let mut all = Vec::new();
    while let Ok(message) = ws.read() {
        all.push(match message {
            Message::Text(text) => Heard::Message { opcode: Opcode::TEXT, payload: text.as_bytes().to_vec() },
            Message::Binary(bytes) => Heard::Message { opcode: Opcode::BINARY, payload: bytes.to_vec() },
            Message::Ping(bytes) => Heard::Ping(bytes.to_vec()),
            Message::Pong(bytes) => Heard::Pong(bytes.to_vec()),
            Message::Close(_) | Message::Frame(_) => continue,
        });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn legal_stream_is_heard_at_any_cut(
        sayings in vec(saying(), 0..8), key: [u8; 4], cuts in vec(any::<Index>(), 0..12),
    ) {
        let (wire, meant) = write(&sayings, key);
        prop_assert_eq!(&hear(Role::Server, 1 << 20, &[&wire]), &meant);
        prop_assert_eq!(&hear(Role::Server, 1 << 20, &cut(&wire, &cuts)), &meant);
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        prop_assert_eq!(&hear(Role::Server, 1 << 20, &bytes), &meant);
        prop_assert_eq!(tungstenite_hears(&wire), meant);
    }

    #[test]
    fn violation_ends_any_stream_despite_cuts(
        sayings in vec(saying(), 0..4), key: [u8; 4], at: Index, noise in vec(any::<u8>(), 0..60),
        cuts in vec(any::<Index>(), 0..12), is_server: bool,
    ) {
        let (mut wire, _) = write(&sayings, key);
        let at = at.index(wire.len() + 1);
        wire.splice(at..at, noise);
        let role = if is_server { Role::Server } else { Role::Client };
        let whole = hear(role, 200, &[&wire]);
        prop_assert_eq!(&hear(role, 200, &cut(&wire, &cuts)), &whole);
        let end = whole.iter().position(|heard| matches!(heard, Heard::Violation(_)));
        prop_assert!(end.is_none_or(|end| end + 1 == whole.len()), "{:?}", whole);
        for heard in &whole {
            if let Heard::Message { opcode, payload } = heard {
                prop_assert!(payload.len() <= 200);
                prop_assert!(*opcode != Opcode::TEXT || std::str::from_utf8(payload).is_ok());
            }
        }
    }

    #[test]
    fn utf8_in_pieces_agrees_with_std(
        bytes in prop_oneof![vec(any::<u8>(), 0..12), any::<String>().prop_map(String::into_bytes)],
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let mut utf8 = Utf8::default();
        let may_be = cut(&bytes, &cuts).iter().all(|piece| utf8.pass(piece));
        let whole = std::str::from_utf8(&bytes);
        prop_assert_eq!(may_be && utf8.is_complete(), whole.is_ok());
        prop_assert_eq!(may_be, whole.is_ok() || whole.unwrap_err().error_len().is_none());
    }
}

#[test]
fn every_violation_has_name_code_and_section() {
    for violation in Violation::ALL {
        assert_eq!(Violation::of_name(violation.name()), Some(violation));
        assert!(violation.name().len() <= 123 && violation.name().is_ascii());
        assert!(matches!(violation.code(), 1002 | 1007 | 1009));
        assert!(!violation.section().is_empty());
    }
    assert_eq!(Violation::of_name("polite"), None);
}
