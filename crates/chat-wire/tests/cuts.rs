//! Decoder and redactor under any bytes and any cuts: nothing is lost, moved or judged by where a read
//! ended.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use chat_wire::{
    decoder::{Decoder, Item, Limits},
    frame::{Header, Opcode, unmask},
    redact::Redactor,
};
use proptest::{collection::vec, prelude::*, sample::Index};

fn cut<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

fn decode(pieces: &[&[u8]]) -> (Vec<Item>, u64) {
    let mut decoder = Decoder::at_head(Limits::default());
    let items = pieces.iter().flat_map(|piece| decoder.push(piece)).collect();
    (items, decoder.offset())
}

/// What is read, and which bytes are hidden.
fn redact(pieces: &[&[u8]]) -> (Vec<u8>, Vec<usize>) {
    let mut redactor = Redactor::at_head();
    let (mut data, mut hidden) = (Vec::new(), Vec::new());
    for piece in pieces {
        let redacted = redactor.redact(piece);
        let start = data.len();
        hidden.extend(redacted.hidden.iter().flat_map(|&(from, to)| start + from..start + to));
        data.extend(redacted.data);
    }
    (data, hidden)
}

const HEAD: &str = "GET /ws/class/ali HTTP/1.1\r\nHost: x\r\nCookie: a=secret; b=secret\r\nX: open\r\n\r\n";

fn text(json: &str, key: [u8; 4]) -> Vec<u8> {
    let mut payload = json.as_bytes().to_vec();
    unmask(&mut payload, key, 0);
    [Header::new(Opcode::TEXT, Some(key), payload.len() as u64).write(), payload].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn frames_keep_their_place_at_any_cut(
        rest in vec(any::<u8>(), 0..400), cuts in vec(any::<Index>(), 0..12),
    ) {
        let stream = [HEAD.as_bytes(), &rest].concat();
        let (items, offset) = decode(&[&stream]);
        prop_assert_eq!(offset, stream.len() as u64);
        for item in &items {
            if let Item::Frame(frame) = item {
                let place = frame.header_place();
                prop_assert_eq!(&stream[place.start as usize..place.end as usize], &frame.header.write()[..]);
                let place = frame.payload_place();
                prop_assert_eq!(&stream[place.start as usize..place.end as usize], &frame.payload[..]);
            }
        }
        prop_assert_eq!(decode(&cut(&stream, &cuts)), (items, offset));
    }

    #[test]
    fn only_hidden_bytes_change_at_any_cut(
        rest in vec(any::<u8>(), 0..400), cuts in vec(any::<Index>(), 0..12),
    ) {
        let stream = [HEAD.as_bytes(), &rest].concat();
        let (data, hidden) = redact(&[&stream]);
        prop_assert_eq!(data.len(), stream.len());
        for (at, (shown, was)) in data.iter().zip(&stream).enumerate() {
            prop_assert!(shown == was || hidden.contains(&at), "byte {}", at);
        }
        prop_assert!(!data.windows(6).any(|six| six == b"secret") || rest.windows(6).any(|six| six == b"secret"));
        prop_assert_eq!(redact(&cut(&stream, &cuts)), (data, hidden));
    }

    #[test]
    fn token_becomes_stars_of_same_length(
        token in "[A-Za-z0-9_-]{1,60}", key: [u8; 4], cuts in vec(any::<Index>(), 0..12),
    ) {
        let json = format!(r#"{{"type":"join","resume":{{"token":"{token}","seq":7}}}}"#);
        let stars = json.replacen(&token, &"*".repeat(token.len()), 1);
        // The token may stand elsewhere first, as in "type".
        prop_assume!(json.find(&token) == json.find(r#""token":""#).map(|at| at + 9));
        let stream = [HEAD.as_bytes(), &text(&json, key)].concat();
        let (data, _) = redact(&cut(&stream, &cuts));
        prop_assert_eq!(&data[HEAD.len()..], &text(&stars, key)[..]);
    }
}
