//! A stream of frames, however it is cut, is what it is; and tungstenite reads the same out of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::io::Cursor;

use chat_wire::{
    decoder::{Assembler, Decoder, Frame, Item, Limits, Unfinished},
    frame::Opcode,
    rules::{Heard, Receiver, Role},
};
use common::{Said, cuts, good, legal, pieces};
use proptest::prelude::*;
use tungstenite::{Message, WebSocket, protocol::WebSocketConfig};

fn frames(pieces: &[&[u8]]) -> Vec<Frame> {
    let mut decoder = Decoder::at_frame(Limits::default());
    let items = pieces.iter().flat_map(|piece| decoder.push(piece)).collect::<Vec<_>>();
    let frame = |item| match item {
        Item::Frame(frame) => frame,
        Item::Head { .. } => panic!("a head where there is none"),
    };
    items.into_iter().map(frame).collect()
}

/// What tungstenite, the library of the server, makes of it.
fn as_tungstenite_reads(stream: &[u8], role: Role) -> Vec<Message> {
    struct Socket(Cursor<Vec<u8>>);
    impl std::io::Read for Socket {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(buffer)
        }
    }
    impl std::io::Write for Socket {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let role = match role {
        Role::Server => tungstenite::protocol::Role::Server,
        Role::Client => tungstenite::protocol::Role::Client,
    };
    let socket = Socket(Cursor::new(stream.to_vec()));
    let mut socket = WebSocket::from_raw_socket(socket, role, Some(WebSocketConfig::default()));
    std::iter::from_fn(|| socket.read().ok()).collect()
}

fn is_the_same(message: &Message, said: &Said) -> bool {
    match (message, said) {
        (Message::Text(text), Said::Text(said)) => text.as_str() == said,
        (Message::Binary(bytes), Said::Binary(said))
        | (Message::Ping(bytes), Said::Ping(said))
        | (Message::Pong(bytes), Said::Pong(said)) => bytes[..] == said[..],
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoder_and_receiver_agree_with_tungstenite(
        (masked, (stream, said)) in any::<bool>().prop_flat_map(|masked| (Just(masked), legal(masked))),
        cuts in cuts(),
    ) {
        let pieces = pieces(&stream, &cuts);
        let mut assembler = Assembler::new(Limits::default());
        let decoded: Vec<_> = frames(&pieces).iter().filter_map(|frame| assembler.add(frame)).collect();
        prop_assert_eq!(decoded.len(), said.len());
        for (message, said) in decoded.iter().zip(&said) {
            prop_assert_eq!(message.opcode, said.opcode());
            prop_assert_eq!(&message.payload[..], said.payload());
        }

        let role = if masked { Role::Server } else { Role::Client };
        let mut receiver = Receiver::new(role, 1 << 20);
        let mut heard = Vec::new();
        for mut piece in pieces {
            heard.extend(std::iter::from_fn(|| receiver.hear(&mut piece)));
        }
        let expected: Vec<_> = said.iter().map(|said| match said {
            Said::Ping(payload) => Heard::Ping(payload.clone()),
            Said::Pong(payload) => Heard::Pong(payload.clone()),
            Said::Text(_) | Said::Binary(_) => {
                Heard::Message { opcode: said.opcode(), payload: said.payload().to_vec() }
            }
        }).collect();
        prop_assert_eq!(heard, expected);

        let theirs = as_tungstenite_reads(&stream, role);
        prop_assert_eq!(theirs.len(), said.len());
        prop_assert!(theirs.iter().zip(&said).all(|(theirs, said)| is_the_same(theirs, said)));
    }

    #[test]
    fn frames_lie_end_to_end_in_stream((stream, _) in legal(true), cuts in cuts()) {
        let mut at = 0;
        for frame in frames(&pieces(&stream, &cuts)) {
            prop_assert_eq!(frame.start, at);
            let place = |place: std::ops::Range<u64>| &stream[place.start as usize..place.end as usize];
            prop_assert_eq!(place(frame.header_place()), &frame.header.write()[..]);
            prop_assert_eq!(place(frame.payload_place()), &frame.payload[..]);
            at = frame.payload_place().end;
        }
        prop_assert_eq!(at, stream.len() as u64);
    }

    #[test]
    fn any_bytes_decode_equally_when_cut(stream: Vec<u8>, cuts in cuts()) {
        prop_assert_eq!(frames(&pieces(&stream, &cuts)), frames(&[&stream]));
    }
}

#[test]
fn decoder_reports_unfinished_head_and_frames() {
    let head = b"GET /ws/echo HTTP/1.1\r\nHost: x\r\n\r\n";
    let one = good(Opcode::TEXT, true, Some([1, 2, 3, 4]), b"one");
    let two = good(Opcode::BINARY, true, Some([5, 6, 7, 8]), &[7; 300]);
    let stream = [&head[..], &one, &two].concat();
    let mut decoder = Decoder::at_head(Limits::default());
    assert_eq!(decoder.unfinished(), None);
    assert!(decoder.push(&stream[..10]).is_empty());
    assert_eq!(decoder.unfinished(), Some(Unfinished::Head(&head[..10])));
    let all_but = stream.len() - 5;
    let items = decoder.push(&stream[10..all_but]);
    let [Item::Head { head: read, place }, Item::Frame(first)] = &items[..] else { panic!("{items:?}") };
    assert_eq!((&read.bytes[..], place.clone()), (&head[..], 0..head.len() as u64));
    assert_eq!(first.unmasked(), b"one");
    let Some(Unfinished::Frame(half)) = decoder.unfinished() else { panic!("no half frame") };
    assert_eq!((half.came, half.is_whole()), (295, false));
    let items = decoder.push(&stream[all_but..]);
    let [Item::Frame(second)] = &items[..] else { panic!("{items:?}") };
    assert_eq!((second.unmasked(), second.is_whole()), (vec![7; 300], true));
    assert_eq!(decoder.unfinished(), None);
    decoder.push(&two[..3]);
    let start = stream.len() as u64;
    assert_eq!(decoder.unfinished(), Some(Unfinished::Header { start, bytes: &two[..3] }));
}

#[test]
fn excess_over_limits_is_counted_not_kept() {
    let limits = Limits { head: 20, payload: 10, message: 15 };
    let mut decoder = Decoder::at_head(limits);
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1_000));
    let items = decoder.push(head.as_bytes());
    let [Item::Head { head: kept, place }] = &items[..] else { panic!("{items:?}") };
    assert_eq!((kept.bytes.len(), place.end), (20, head.len() as u64));
    // 2^63 bytes, it says.
    decoder.push(&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    for _ in 0..100 {
        assert!(decoder.push(&[1; 1_000]).is_empty());
    }
    let Some(Unfinished::Frame(frame)) = decoder.unfinished() else { panic!("no frame") };
    assert_eq!((frame.payload.len(), frame.came), (10, 100_000));
    assert!(frame.payload_place().end > 1 << 63);

    let mut assembler = Assembler::new(limits);
    let mut decoder = Decoder::at_frame(Limits::default());
    let first = good(Opcode::TEXT, false, None, &[b'a'; 10]);
    let last = good(Opcode::CONTINUATION, true, None, &[b'b'; 10]);
    let items = decoder.push(&[first, last].concat());
    let messages: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Frame(frame) => assembler.add(frame),
            Item::Head { .. } => None,
        })
        .collect();
    assert_eq!(messages[0].payload, b"aaaaaaaaaabbbbb");
    assert_eq!(messages[0].frames, [0, 12]);
}

#[test]
fn close_frame_yields_code_and_reason() {
    let close = |payload: &[u8]| frames(&[&good(Opcode::CLOSE, true, Some([9; 4]), payload)])[0].close();
    assert_eq!(close(b"\x03\xe8bye"), Some((1000, "bye".into())));
    assert_eq!(close(b"\x03"), None);
    assert_eq!(close(b""), None);
}
