//! No secret survives, nothing else is touched, and it does not matter how a stream is cut.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use chat_wire::{
    decoder::{Decoder, Item, Limits},
    frame::Opcode,
    redact::Redactor,
};
use common::{cuts, good, pieces};
use proptest::{collection::vec, prelude::*, sample::Index};

/// A stream in parts, with what is secret in them.
type Parts = Vec<(Vec<u8>, bool)>;

fn redact(mut redactor: Redactor, pieces: &[&[u8]]) -> (Vec<u8>, Vec<bool>) {
    let (mut data, mut hidden) = (Vec::new(), Vec::new());
    for piece in pieces {
        let redacted = redactor.redact(piece);
        assert_eq!(redacted.data.len(), piece.len(), "no byte is held back");
        let before = hidden.len();
        hidden.resize(before + piece.len(), false);
        let mut end_before = None;
        for (start, end) in redacted.hidden {
            assert!(start < end && end <= piece.len() && end_before.is_none_or(|before| before < start));
            hidden[before + start..before + end].fill(true);
            end_before = Some(end);
        }
        data.extend(redacted.data);
    }
    (data, hidden)
}

/// Visible ASCII without what ends a value.
fn secret() -> impl Strategy<Value = Vec<u8>> {
    vec((b'!'..=b'~').prop_filter("ends it", |byte| !matches!(byte, b'"' | b'\\' | b'*')), 1..40)
}

fn open(text: &str) -> (Vec<u8>, bool) {
    (text.as_bytes().to_vec(), false)
}

fn head() -> impl Strategy<Value = Parts> {
    let name = prop_oneof![
        Just("Cookie"),
        Just("cookie"),
        Just("Set-Cookie"),
        Just("AUTHORIZATION"),
        Just("Proxy-Authorization"),
    ];
    let blank = prop_oneof![Just(""), Just(" "), Just(" \t ")];
    let secret_line = (name, blank, secret(), any::<bool>()).prop_map(|(name, blank, secret, folded)| {
        let mut parts = vec![open(&format!("{name}:{blank}")), (secret.clone(), true)];
        if folded {
            parts.extend([open("\r\n "), (secret, true)]);
        }
        parts.push(open("\r\n"));
        parts
    });
    let open_line = prop_oneof![
        Just("Host: localhost:3000\r\n"),
        Just("X-Cookie: a\r\n"),
        Just("Cookies: a\r\n"),
        Just("no colon\r\n"),
        Just("Cookie:\r\n"),
        Just(" folded\r\n"),
        Just("Accept: \"token\":\"x\"\r\n"),
    ]
    .prop_map(|line| vec![open(line)]);
    vec(prop_oneof![secret_line, open_line], 0..6).prop_map(|lines| {
        // A folded line must not follow a secret one, or it is part of it.
        let mut parts = vec![open("GET /ws/class/ali?xray=1 HTTP/1.1\r\n")];
        for line in lines {
            let after_secret = parts.iter().rev().nth(1).is_some_and(|(_, secret)| *secret);
            let after_empty = parts.last().is_some_and(|(bytes, _)| bytes.starts_with(b"Cookie"));
            if !((after_secret || after_empty) && line[0].0.starts_with(b" ")) {
                parts.extend(line);
            }
        }
        parts.push(open("\r\n"));
        parts
    })
}

fn json() -> impl Strategy<Value = Parts> {
    let key = prop_oneof![Just(r#""token""#), Just(r#""\u0074oken""#), Just(r#""tok\u0065\u006E""#)];
    let blank = || prop_oneof![3 => Just(""), 1 => Just(" "), 1 => Just("\n\t ")];
    let escapes = prop_oneof![3 => Just(""), 1 => Just(r#"\""#), 1 => Just(r"\\"), 1 => Just(r#"\\\""#)];
    let secret_pair =
        (key, blank(), blank(), secret(), escapes).prop_map(|(key, before, after, secret, end)| {
            let secret = [&secret, end.as_bytes()].concat();
            vec![open(&format!("{key}{before}:{after}\"")), (secret, true), open("\"")]
        });
    let open_pair = prop_oneof![
        Just(r#""type":"join""#),
        Just(r#""name":"token""#),
        Just(r#""text":"say \"token\":\"x\"""#),
        Just(r#""tokens":"x""#),
        Just(r#""token":7"#),
        Just(r#""token":null"#),
        Just(r#""a\\":"token""#),
        Just(r#""\"token":"x""#),
        Just(r#""TOKEN":"x""#),
        Just(r#""tok\u0065":"x""#),
        Just(r#""toke\n":"x""#),
    ]
    .prop_map(|pair| vec![open(pair)]);
    vec(prop_oneof![secret_pair, open_pair], 0..5).prop_map(|pairs| {
        let mut parts = vec![open("{")];
        for (n, pair) in pairs.into_iter().enumerate() {
            if n > 0 {
                parts.push(open(","));
            }
            parts.extend(pair);
        }
        parts.push(open("}"));
        parts
    })
}

fn marked(parts: &Parts) -> (Vec<u8>, Vec<bool>) {
    let bytes = parts.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
    let secret = parts.iter().flat_map(|(bytes, secret)| vec![*secret; bytes.len()]).collect();
    (bytes, secret)
}

/// A text in fragments with a ping between them; and which bytes of it all are secret.
fn frames(parts: &Parts, fragments: &[Index], mask: Option<[u8; 4]>) -> (Vec<u8>, Vec<bool>) {
    let (text, secret) = marked(parts);
    let mut cuts: Vec<usize> = fragments.iter().map(|cut| cut.index(text.len() + 1)).collect();
    cuts.push(text.len());
    cuts.sort_unstable();
    let (mut stream, mut hidden) = (Vec::new(), Vec::new());
    let mut start = 0;
    for (n, end) in cuts.iter().enumerate() {
        let opcode = if n == 0 { Opcode::TEXT } else { Opcode::CONTINUATION };
        let frame = good(opcode, n == cuts.len() - 1, mask, &text[start..*end]);
        let header = frame.len() - (end - start);
        stream.extend(frame);
        hidden.extend(vec![false; header]);
        hidden.extend(&secret[start..*end]);
        start = *end;
        if n + 1 < cuts.len() {
            let ping = good(Opcode::PING, true, mask, br#""token":"of no message""#);
            hidden.extend(vec![false; ping.len()]);
            stream.extend(ping);
        }
    }
    (stream, hidden)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn secrets_alone_are_hidden_at_any_cut(
        head in head(),
        texts in vec((json(), vec(any::<Index>(), 0..5)), 0..4),
        mask: Option<[u8; 4]>,
        cuts in cuts(),
    ) {
        let (mut stream, mut secret) = marked(&head);
        for (parts, fragments) in &texts {
            let (frames, hidden) = frames(parts, fragments, mask);
            stream.extend(frames);
            secret.extend(hidden);
            let binary = good(Opcode::BINARY, true, mask, br#"{"token":"binary"}"#);
            secret.extend(vec![false; binary.len()]);
            stream.extend(binary);
        }
        let (data, hidden) = redact(Redactor::at_head(), &pieces(&stream, &cuts));
        prop_assert_eq!(&hidden, &secret, "{}", String::from_utf8_lossy(&stream));
        for ((before, after), hidden) in stream.iter().zip(&data).zip(&hidden) {
            prop_assert!(*hidden || before == after);
        }
        // After unmasking, a hidden byte is a star.
        let mut decoder = Decoder::at_head(Limits::default());
        for item in decoder.push(&data) {
            match item {
                Item::Head { head, .. } => {
                    for (byte, hidden) in head.bytes.iter().zip(&hidden) {
                        prop_assert!(!hidden || *byte == b'*');
                    }
                }
                Item::Frame(frame) => {
                    let start = frame.payload_place().start as usize;
                    for (byte, hidden) in frame.unmasked().iter().zip(&hidden[start..]) {
                        prop_assert!(!hidden || *byte == b'*');
                    }
                }
            }
        }
    }

    #[test]
    fn any_bytes_redact_equally_when_cut(
        stream: Vec<u8>, cuts in cuts(), in_head: bool,
    ) {
        let redactor = if in_head { Redactor::at_head() } else { Redactor::at_frame() };
        let whole = redact(redactor.clone(), &[&stream]);
        prop_assert_eq!(redact(redactor, &pieces(&stream, &cuts)), whole);
    }
}

#[test]
fn welcome_and_join_hide_resume_token() {
    for (mask, message) in [
        (None, r#"{"type":"welcome","epoch":"1","token":"c0ffee","seq":1}"#),
        (Some([1, 2, 3, 4]), r#"{"type":"join","resume":{"token" : "c0ffee","epoch":"1","seq":1}}"#),
    ] {
        let stream = good(Opcode::TEXT, true, mask, message.as_bytes());
        let redacted = Redactor::at_frame().redact(&stream);
        let mut decoder = Decoder::at_frame(Limits::default());
        let items = decoder.push(&redacted.data);
        let [Item::Frame(frame)] = &items[..] else { panic!("{items:?}") };
        let text = String::from_utf8(frame.unmasked()).unwrap();
        assert_eq!(text, message.replace("c0ffee", "******"));
        assert_eq!(redacted.hidden.len(), 1);
    }
}
