//! A recording as a file for Wireshark: pcapng (draft-ietf-opsawg-pcapng) with packets of link type
//! "Wireshark upper PDU" (`LINKTYPE_WIRESHARK_UPPER_PDU`, 252). Such a packet says by name which
//! dissector reads it, here `http` for the two heads and `websocket` for each frame, and from where to where
//! it went: the two ends of the TCP connection, as the kernel names them. It has no headers of TCP, IP or
//! Ethernet, which were never seen and would have to be invented. What is secret stays covered, and the file
//! says so. Frames that are not whole, at the end of a recording, are left out.

use std::net::{IpAddr, SocketAddr};

use crate::{
    Direction, Event, Opened,
    decoder::{Decoder, Item, Limits},
};

const SECTION: u32 = 0x0A0D_0D0A;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const LINKTYPE_WIRESHARK_UPPER_PDU: u16 = 252;
/// Options of blocks: §3.5, §4.1, §4.2 and §4.3 of the draft.
const OPT_END: u16 = 0;
const OPT_COMMENT: u16 = 1;
const SECTION_APPLICATION: u16 = 4;
const INTERFACE_NAME: u16 = 2;
const PACKET_FLAGS: u16 = 2;
/// Flags of a packet: its two lowest bits are its direction.
const INBOUND: u32 = 1;
const OUTBOUND: u32 = 2;
/// Tags of an exported PDU, as in Wireshark's `exported_pdu_tlvs.h`.
const TAG_END: u16 = 0;
const TAG_DISSECTOR: u16 = 12;
const TAG_IPV4: [u16; 2] = [20, 21];
const TAG_IPV6: [u16; 2] = [22, 23];
const TAG_PORT_TYPE: u16 = 24;
const TAG_PORT: [u16; 2] = [25, 26];
const PORT_TYPE_TCP: u32 = 2;

/// What the file says of itself.
const COMMENT: &str = "One WebSocket connection as the socket of an Otagh server saw it, from the request \
    line on. Cookies and tokens are covered with '*'; all else is as it was on the wire.";

/// The two ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// Where requests come from.
    pub client: SocketAddr,
    /// Where they go.
    pub server: SocketAddr,
}

/// The file, of what passed between these ends.
pub fn write(events: &[Event], ends: Ends) -> Vec<u8> {
    let mut file = Vec::new();
    let section = [&0x1A2B_3C4D_u32.to_le_bytes()[..], &1_u16.to_le_bytes(), &[0; 2], &[0xFF; 8]].concat();
    let options = [(OPT_COMMENT, COMMENT.as_bytes()), (SECTION_APPLICATION, b"Otagh")];
    block(&mut file, SECTION, &section, &options);
    let interface = [&LINKTYPE_WIRESHARK_UPPER_PDU.to_le_bytes()[..], &[0; 2], &[0; 4]].concat();
    block(&mut file, INTERFACE, &interface, &[(INTERFACE_NAME, b"the server's socket")]);

    let began = events.iter().find_map(|event| match event {
        Event::Opened(Opened { at, .. }) => Some(at * 1000),
        _ => None,
    });
    let began = began.unwrap_or(0);
    let limits = Limits { head: usize::MAX, payload: usize::MAX, message: 0 };
    let mut ways = [Decoder::at_head(limits), Decoder::at_head(limits)];
    for event in events {
        let Event::Bytes(chunk) = event else { continue };
        let (decoder, flags, from_to) = match chunk.direction {
            Direction::In => (&mut ways[0], INBOUND, [ends.client, ends.server]),
            Direction::Out => (&mut ways[1], OUTBOUND, [ends.server, ends.client]),
        };
        for item in decoder.push(&chunk.data) {
            let (dissector, bytes) = match item {
                Item::Head { head, .. } => ("http", head.bytes),
                Item::Frame(frame) => ("websocket", [frame.header.write(), frame.payload].concat()),
            };
            let pdu = pdu(dissector, from_to, &bytes);
            packet(&mut file, began.saturating_add(chunk.at_us), pdu, flags);
        }
    }
    file
}

/// These bytes, and before them who reads them and which way they went.
fn pdu(dissector: &str, from_to: [SocketAddr; 2], bytes: &[u8]) -> Vec<u8> {
    let mut pdu = Vec::with_capacity(80 + bytes.len());
    tag(&mut pdu, TAG_DISSECTOR, dissector.as_bytes());
    for (at, end) in from_to.iter().enumerate() {
        match end.ip().to_canonical() {
            IpAddr::V4(ip) => tag(&mut pdu, TAG_IPV4[at], &ip.octets()),
            IpAddr::V6(ip) => tag(&mut pdu, TAG_IPV6[at], &ip.octets()),
        }
    }
    tag(&mut pdu, TAG_PORT_TYPE, &PORT_TYPE_TCP.to_be_bytes());
    for (at, end) in from_to.iter().enumerate() {
        tag(&mut pdu, TAG_PORT[at], &u32::from(end.port()).to_be_bytes());
    }
    tag(&mut pdu, TAG_END, &[]);
    pdu.extend(bytes);
    pdu
}

/// One PDU, at this time in microseconds since 1970.
fn packet(file: &mut Vec<u8>, at: u64, mut pdu: Vec<u8>, flags: u32) {
    let length = (pdu.len() as u32).to_le_bytes();
    let (high, low) = (((at >> 32) as u32).to_le_bytes(), (at as u32).to_le_bytes());
    pad(&mut pdu);
    let body = [&[0; 4][..], &high, &low, &length, &length, &pdu].concat();
    block(file, PACKET, &body, &[(PACKET_FLAGS, &flags.to_le_bytes())]);
}

/// A tag of an exported PDU: big-endian, its value filled up to four bytes.
fn tag(pdu: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = value.len().next_multiple_of(4);
    pdu.extend(kind.to_be_bytes());
    pdu.extend((length as u16).to_be_bytes());
    pdu.extend(value);
    pdu.extend(std::iter::repeat_n(0, length - value.len()));
}

fn block(file: &mut Vec<u8>, kind: u32, body: &[u8], options: &[(u16, &[u8])]) {
    let mut all = body.to_vec();
    for (code, value) in options {
        all.extend(code.to_le_bytes());
        all.extend((value.len() as u16).to_le_bytes());
        all.extend(*value);
        pad(&mut all);
    }
    all.extend(OPT_END.to_le_bytes());
    all.extend([0; 2]);
    let length = (all.len() as u32 + 12).to_le_bytes();
    file.extend(kind.to_le_bytes());
    file.extend(length);
    file.extend(all);
    file.extend(length);
}

/// Fills up to four bytes.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Chunk,
        frame::{Header, Opcode, unmask},
    };

    fn chunk(at_us: u64, direction: Direction, offset: usize, data: &[u8]) -> Event {
        Event::Bytes(Chunk { at_us, direction, offset: offset as u64, data: data.to_vec(), hidden: vec![] })
    }

    /// The blocks of a file: their kinds and bodies.
    fn blocks(mut file: &[u8]) -> Vec<(u32, &[u8])> {
        let number = |at: &[u8]| u32::from_le_bytes(at[..4].try_into().unwrap());
        let mut blocks = Vec::new();
        while !file.is_empty() {
            let length = number(&file[4..]) as usize;
            assert_eq!(length % 4, 0);
            assert_eq!(number(&file[length - 4..]) as usize, length, "the length stands at both ends");
            blocks.push((number(file), &file[8..length - 4]));
            file = &file[length..];
        }
        blocks
    }

    #[test]
    fn each_head_and_frame_is_one_packet() {
        let request = b"GET /ws/class/ali HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let key = [1, 2, 3, 4];
        let mut masked = b"salam".to_vec();
        unmask(&mut masked, key, 0);
        let say = [Header::new(Opcode::TEXT, Some(key), 5).write(), masked].concat();
        let events = [
            Event::Opened(Opened {
                at: 1_795_420_800_000,
                limit_bytes: 1,
                ipv6: false,
                loopback: true,
                proxied: false,
            }),
            chunk(0, Direction::In, 0, request),
            chunk(7, Direction::In, request.len(), &[&say[..], &say[..3]].concat()),
        ];
        let ends = Ends {
            client: "[::ffff:10.0.0.7]:50123".parse().unwrap(),
            server: "10.0.0.1:3000".parse().unwrap(),
        };
        let file = write(&events, ends);
        let blocks = blocks(&file);
        assert_eq!(
            blocks.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
            [SECTION, INTERFACE, PACKET, PACKET]
        );
        let at = 1_795_420_800_000_007_u64;
        let packet = blocks[3].1;
        assert_eq!(packet[4..8], ((at >> 32) as u32).to_le_bytes());
        assert_eq!(packet[8..12], (at as u32).to_le_bytes());
        assert_eq!(packet[20..36], *b"\0\x0c\0\x0cwebsocket\0\0\0");
        // Who sent it to whom, by the tags of `exported_pdu_tlvs.h`: each four bytes of it, and four of value.
        let way = [
            &b"\0\x14\0\x04\x0a\0\0\x07\0\x15\0\x04\x0a\0\0\x01"[..],
            b"\0\x18\0\x04\0\0\0\x02",
            b"\0\x19\0\x04\0\0\xc3\xcb\0\x1a\0\x04\0\0\x0b\xb8\0\0\0\0",
        ]
        .concat();
        assert_eq!(packet[36..36 + way.len()], way);
        assert_eq!(packet[36 + way.len()..][..say.len()], say);
        assert_eq!(blocks[2].1[28 + way.len()..][..request.len()], *request);
    }

    #[test]
    fn ipv6_ends_have_their_own_tags() {
        let ends = ["[2001:db8::7]:50123".parse().unwrap(), "[2001:db8::1]:3000".parse().unwrap()];
        let pdu = pdu("http", ends, b"");
        let (from, to) = (&pdu[8..28], &pdu[28..48]);
        assert_eq!((&from[..4], from[19]), (&b"\0\x16\0\x10"[..], 7));
        assert_eq!((&to[..4], to[19]), (&b"\0\x17\0\x10"[..], 1));
        assert_eq!(pdu[48..56], *b"\0\x18\0\x04\0\0\0\x02");
    }
}
