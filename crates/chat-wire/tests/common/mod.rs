//! Streams of frames to test with, and ways to cut them.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test file uses its part")]

use chat_wire::frame::{Header, Opcode, unmask};
use proptest::{collection::vec, prelude::*, sample::Index};

/// A frame in bytes, its payload masked if the header says so; the length is the payload's.
pub fn frame(header: Header, payload: &[u8]) -> Vec<u8> {
    let header = Header { length: payload.len() as u64, ..header };
    let mut bytes = header.write();
    let start = bytes.len();
    bytes.extend(payload);
    if let Some(key) = header.mask {
        unmask(&mut bytes[start..], key, 0);
    }
    bytes
}

/// A frame as it should be.
pub fn good(opcode: Opcode, fin: bool, mask: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    frame(Header { fin, ..Header::new(opcode, mask, payload.len() as u64) }, payload)
}

/// The pieces of a stream that is cut at these places.
pub fn pieces<'a>(stream: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]).collect()
}

pub fn cuts() -> impl Strategy<Value = Vec<Index>> {
    prop_oneof![vec(any::<Index>(), 0..6), vec(any::<Index>(), 50..300)]
}

/// What one legal message is.
#[derive(Clone, Debug)]
pub enum Said {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

impl Said {
    pub fn opcode(&self) -> Opcode {
        match self {
            Self::Text(_) => Opcode::TEXT,
            Self::Binary(_) => Opcode::BINARY,
            Self::Ping(_) => Opcode::PING,
            Self::Pong(_) => Opcode::PONG,
        }
    }

    pub fn payload(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes,
        }
    }
}

/// Frames of legal messages, in fragments with pings between them, and the messages in the order in
/// which they are complete. Masked with changing keys, or not at all.
pub fn legal(masked: bool) -> impl Strategy<Value = (Vec<u8>, Vec<Said>)> {
    let bytes = || {
        prop_oneof![
            8 => vec(any::<u8>(), 0..100),
            2 => vec(any::<u8>(), 120..135),
            1 => (65_530..65_540_usize).prop_map(|length| vec![b'x'; length]),
        ]
    };
    let said = prop_oneof![
        "\\PC{0,60}".prop_map(Said::Text),
        bytes().prop_map(Said::Binary),
        vec(any::<u8>(), 0..=125).prop_map(Said::Ping),
        vec(any::<u8>(), 0..=125).prop_map(Said::Pong),
    ];
    let message = (said, vec((any::<Index>(), any::<bool>()), 0..4), any::<[u8; 4]>());
    vec(message, 0..6).prop_map(move |messages| {
        let (mut stream, mut order) = (Vec::new(), Vec::new());
        for (said, mut fragments, key) in messages {
            let mask = masked.then_some(key);
            let (opcode, payload) = (said.opcode(), said.payload());
            if opcode.is_control() {
                fragments.clear();
            }
            let mut cuts: Vec<(usize, bool)> =
                fragments.iter().map(|(cut, ping)| (cut.index(payload.len() + 1), *ping)).collect();
            cuts.sort_unstable();
            let mut start = 0;
            let mut opcode = opcode;
            for (end, ping) in cuts {
                stream.extend(good(opcode, false, mask, &payload[start..end]));
                (start, opcode) = (end, Opcode::CONTINUATION);
                if ping {
                    stream.extend(good(Opcode::PING, true, mask, b"between"));
                    order.push(Said::Ping(b"between".to_vec()));
                }
            }
            stream.extend(good(opcode, true, mask, &payload[start..]));
            order.push(said);
        }
        (stream, order)
    })
}
