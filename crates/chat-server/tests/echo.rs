//! `/ws/echo` is held to RFC 6455 §5, §7 and §8, in the order and with the case numbers of the Autobahn
//! test suite, byte by byte over real sockets.
#![cfg(feature = "lab")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, Instant};

use chat_wire::rules::Violation;
use common::{Frame, Raw, TestServer, assert_heeded, handshake, masked, soon};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

/// Opcodes, with FIN before them.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;
/// Fragments: the first of a text, of a binary message, one in the middle, and the last.
const TEXT_BEGINS: u8 = 0x01;
const BINARY_BEGINS: u8 = 0x02;
const GOES_ON: u8 = 0x00;
const ENDS: u8 = 0x80;

/// Longest message, in bytes.
const MESSAGE_MAX: usize = chat_server::testing::ECHO_MESSAGE_MAX;

async fn open(server: &TestServer) -> Raw {
    Raw::open(server, "/ws/echo").await
}

async fn write(raw: &mut Raw, bytes: &[u8]) {
    raw.stream.write_all(bytes).await.unwrap();
}

/// A close frame of a client.
fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    masked(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// The frame is this one, and so written in the shortest form, unmasked.
fn assert_is(frame: &Frame, first: u8, payload: &[u8]) {
    let length = match payload.len() {
        length @ 0..=125 => vec![length as u8],
        length @ 126..=0xFFFF => [&[126][..], &(length as u16).to_be_bytes()].concat(),
        length => [&[127][..], &(length as u64).to_be_bytes()].concat(),
    };
    let expected = [&[first][..], &length, payload].concat();
    assert!(frame.bytes == expected, "got {:.200?}, not {:.200?}", frame.bytes, expected);
}

/// Sends this on a connection of its own and expects these frames, in order, and that the connection
/// then goes on.
async fn answers(server: &TestServer, sent: &[u8], expected: &[(u8, &[u8])]) {
    let mut raw = open(server).await;
    write(&mut raw, sent).await;
    for (first, payload) in expected {
        assert_is(&raw.frame().await, *first, payload);
    }
    goes_on(&mut raw).await;
}

/// The connection is open, and nothing else came.
async fn goes_on(raw: &mut Raw) {
    write(raw, &masked(PING, b"still there?")).await;
    assert_is(&raw.frame().await, PONG, b"still there?");
}

/// Sends this on a connection of its own and expects that it ends with this code, this reason and
/// nothing behind it, after the echoes of `before`.
async fn breaks(server: &TestServer, sent: &[u8], before: &[&[u8]], violation: Violation) {
    let mut raw = open(server).await;
    write(&mut raw, sent).await;
    for payload in before {
        assert_eq!(raw.frame().await.payload, *payload);
    }
    is_broken(&mut raw, violation).await;
}

/// The close frame that names this, and the end of the TCP connection, which the server closes first.
async fn is_broken(raw: &mut Raw, violation: Violation) {
    let expected = [&violation.code().to_be_bytes(), violation.name().as_bytes()].concat();
    assert_is(&raw.frame().await, CLOSE, &expected);
    assert_eq!(raw.ends().await, b"");
}

/// Every way to cut is the same: whole, by the byte, and in between.
async fn however_cut(server: &TestServer, sent: &[u8], expected: &[(u8, &[u8])]) {
    for size in [sent.len(), 1, 2, 5, 997] {
        if sent.len() / size > 2_000 {
            continue;
        }
        let mut raw = open(server).await;
        raw.stream.set_nodelay(true).unwrap();
        for piece in sent.chunks(size) {
            write(&mut raw, piece).await;
            tokio::task::yield_now().await;
        }
        for (first, payload) in expected {
            assert_is(&raw.frame().await, *first, payload);
        }
        goes_on(&mut raw).await;
    }
}

#[tokio::test]
async fn every_message_length_is_echoed() {
    // 1.1, 1.2 and 9: the borders of the three forms of a length, and the longest message.
    let server = TestServer::start().await;
    let mut raw = open(&server).await;
    for length in [0, 1, 125, 126, 127, 128, 65_535, 65_536, MESSAGE_MAX] {
        for kind in [TEXT, BINARY] {
            let payload = vec![b'*'; length];
            write(&mut raw, &masked(kind, &payload)).await;
            assert_is(&raw.frame().await, kind, &payload);
        }
    }
    let every_byte: Vec<u8> = (0..=255).collect();
    write(&mut raw, &masked(BINARY, &every_byte)).await;
    assert_is(&raw.frame().await, BINARY, &every_byte);
    goes_on(&mut raw).await;
}

#[tokio::test]
async fn cuts_and_batches_make_no_difference() {
    // 1.1.8, 2.6, 2.11 and 10.1.1.
    let server = TestServer::start().await;
    let long = vec![b'x'; 1_300];
    let sent =
        [masked(TEXT, b"a"), masked(PING, b"b"), masked(BINARY, &long), masked(TEXT, "سلام".as_bytes())];
    let expected: [(u8, &[u8]); 4] = [(TEXT, b"a"), (PONG, b"b"), (BINARY, &long), (TEXT, "سلام".as_bytes())];
    however_cut(&server, &sent.concat(), &expected).await;
    // A thousand at once, and with the handshake.
    let mut early = masked(TEXT, b"first");
    for n in 0..1_000_u32 {
        early.extend(masked(BINARY, &n.to_be_bytes()));
    }
    let mut raw = Raw::on(TcpStream::connect(server.address).await.unwrap(), "/ws/echo", &early).await;
    assert_is(&raw.frame().await, TEXT, b"first");
    for n in 0..1_000_u32 {
        assert_is(&raw.frame().await, BINARY, &n.to_be_bytes());
    }
}

#[tokio::test]
async fn ping_is_echoed_and_pong_ignored() {
    let server = TestServer::start().await;
    let most = [0xFE; 125];
    for payload in [&b""[..], b"Hello", &[0, 0xFF, 0xFE, 0xFD], &most] {
        // 2.1 to 2.4.
        however_cut(&server, &masked(PING, payload), &[(PONG, payload)]).await;
        // 2.7 and 2.8.
        answers(&server, &masked(PONG, payload), &[]).await;
    }
    // 2.5, also of a pong and of a close.
    for kind in [PING, PONG, CLOSE] {
        breaks(&server, &masked(kind, &[b'x'; 126]), &[], Violation::LongControl).await;
    }
    // 2.9 and 2.10.
    let mut sent = masked(PONG, b"unasked");
    (0..10).for_each(|n| sent.extend(masked(PING, &[n])));
    let payloads: Vec<[u8; 1]> = (0..10).map(|n| [n]).collect();
    let expected: Vec<(u8, &[u8])> = payloads.iter().map(|payload| (PONG, &payload[..])).collect();
    however_cut(&server, &sent, &expected).await;
}

#[tokio::test]
async fn reserved_bit_or_opcode_ends_connection() {
    let server = TestServer::start().await;
    let hello = masked(TEXT, b"Hello");
    // 3.1 to 3.7, with every kind of frame.
    for rsv in 1..8 {
        for kind in [TEXT, BINARY, CLOSE, PING, PONG] {
            let sent = [hello.clone(), masked(kind | rsv << 4, b""), masked(PING, b"")].concat();
            breaks(&server, &sent, &[b"Hello"], Violation::ReservedBits).await;
        }
    }
    // 4.1 and 4.2.
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in [&b""[..], b"payload"] {
            let sent = [hello.clone(), masked(0x80 | opcode, payload), masked(PING, b"")].concat();
            breaks(&server, &sent, &[b"Hello"], Violation::ReservedOpcode).await;
        }
    }
}

#[tokio::test]
async fn forbidden_header_is_refused_without_waiting() {
    let server = TestServer::start().await;
    for (header, violation) in [
        // §5.1: not masked.
        (&[TEXT, 0x05][..], Violation::Unmasked),
        (&[TEXT, 126, 1, 0], Violation::Unmasked),
        // §5.2: a length in more bytes than it needs, or with its highest bit set.
        (&[TEXT, 0x80 | 126, 0, 125, 1, 2, 3, 4], Violation::LengthNotMinimal),
        (&[BINARY, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4], Violation::LengthNotMinimal),
        (&[BINARY, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], Violation::LengthHighBit),
        // What it announces is more than there may be.
        (
            &[BINARY, 0x80 | 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4],
            Violation::TooBig,
        ),
        (&[BINARY, 0x80 | 127, 0, 0, 0, 0, 0, 2, 0, 1, 1, 2, 3, 4], Violation::TooBig),
        (&[GOES_ON, 0x80 | 5, 1, 2, 3, 4], Violation::UnexpectedContinuation),
        (&[CLOSE, 0x80 | 1, 1, 2, 3, 4], Violation::HalfCloseCode),
        (&[0x09, 0x80 | 5, 1, 2, 3, 4], Violation::FragmentedControl),
    ] {
        breaks(&server, header, &[], violation).await;
    }
}

#[tokio::test]
async fn fragments_come_back_as_one_frame() {
    let server = TestServer::start().await;
    for (begins, kind) in [(TEXT_BEGINS, TEXT), (BINARY_BEGINS, BINARY)] {
        // 5.3 to 5.5.
        let two = [masked(begins, b"fragment1"), masked(ENDS, b"fragment2")].concat();
        however_cut(&server, &two, &[(kind, b"fragment1fragment2")]).await;
        // 5.6 to 5.8: a ping in between is answered at once.
        let with_ping = [masked(begins, b"one "), masked(PING, b"ping"), masked(ENDS, b"two")].concat();
        however_cut(&server, &with_ping, &[(PONG, b"ping"), (kind, b"one two")]).await;
        // 5.19 and 5.20: several, with pings and a pong.
        let several = [
            masked(begins, b"1"),
            masked(GOES_ON, b"2"),
            masked(PING, b"a"),
            masked(PONG, b"unasked"),
            masked(GOES_ON, b"3"),
            masked(GOES_ON, b"4"),
            masked(PING, b"b"),
            masked(ENDS, b"5"),
        ];
        however_cut(&server, &several.concat(), &[(PONG, b"a"), (PONG, b"b"), (kind, b"12345")]).await;
        // 6.1.2: fragments of nothing are a message of nothing.
        let nothing = [masked(begins, b""), masked(GOES_ON, b""), masked(ENDS, b"")].concat();
        however_cut(&server, &nothing, &[(kind, b"")]).await;
    }
}

#[tokio::test]
async fn each_frame_uses_own_masking_key() {
    let server = TestServer::start().await;
    // §5.7.
    let hello = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let with = |first: u8, key: [u8; 4], payload: &[u8]| {
        let mut frame = vec![first, 0x80 | payload.len() as u8];
        frame.extend(key);
        frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        frame
    };
    // §5.3: a fresh key for every frame, those of one message and those between them included; and none
    // is forbidden, not even the one that changes nothing.
    let sent = [
        hello.to_vec(),
        with(TEXT_BEGINS, [0, 0, 0, 0], b"frag"),
        with(PING, [0xFF; 4], b"ping"),
        with(GOES_ON, [1, 2, 3, 4], b"men"),
        with(ENDS, [0x80, 0, 0x7F, 9], b"ts"),
        with(BINARY, [9, 8, 7, 6], &[9, 8, 7, 6, 5]),
    ]
    .concat();
    let expected: [(u8, &[u8]); 4] =
        [(TEXT, b"Hello"), (PONG, b"ping"), (TEXT, b"fragments"), (BINARY, &[9, 8, 7, 6, 5])];
    however_cut(&server, &sent, &expected).await;
}

#[tokio::test]
async fn many_empty_fragments_are_accepted() {
    let server = TestServer::start().await;
    let empty = masked(GOES_ON, b"").repeat(200_000);
    let sent = [masked(TEXT_BEGINS, b"a"), empty, masked(ENDS, b"b")].concat();
    answers(&server, &sent, &[(TEXT, b"ab")]).await;
}

#[tokio::test]
async fn truncated_connection_echoes_only_whole_messages() {
    let server = TestServer::start().await;
    // §7.1.5: the connection is closed with 1006, which is never sent.
    for (sent, echoed) in [(masked(TEXT, b"whole"), 1), (masked(TEXT, b"cut off")[..9].to_vec(), 0)] {
        let mut raw = open(&server).await;
        write(&mut raw, &sent).await;
        raw.stream.shutdown().await.unwrap();
        let all = raw.ends().await;
        assert_eq!(all, [0x81, 5, b'w', b'h', b'o', b'l', b'e'].repeat(echoed));
    }
}

#[tokio::test]
async fn misplaced_fragments_end_connection() {
    let server = TestServer::start().await;
    // 5.1 and 5.2, and the same of a close.
    for opcode in [8, 9, 10] {
        let sent = [masked(opcode, b""), masked(ENDS, b"")].concat();
        breaks(&server, &sent, &[], Violation::FragmentedControl).await;
    }
    // 5.9 to 5.14.
    for first in [GOES_ON, ENDS] {
        let sent = [masked(first, b"nothing to continue"), masked(TEXT, b"Hello")].concat();
        breaks(&server, &sent, &[], Violation::UnexpectedContinuation).await;
        // 5.15 to 5.17: after a whole message.
        let after =
            [masked(TEXT_BEGINS, b"frag"), masked(ENDS, b"ment"), masked(first, b"more"), masked(ENDS, b"")];
        breaks(&server, &after.concat(), &[b"fragment"], Violation::UnexpectedContinuation).await;
    }
    // 5.18.
    for second in [TEXT_BEGINS, BINARY_BEGINS, TEXT, BINARY] {
        let sent = [masked(TEXT_BEGINS, b"one"), masked(second, b"two")].concat();
        breaks(&server, &sent, &[], Violation::MessageInsideMessage).await;
    }
}

#[tokio::test]
async fn text_is_utf8_however_it_is_cut() {
    let server = TestServer::start().await;
    // 6.2, 6.5 and 6.6 to 6.23: the borders of every length, and what is no character but UTF-8.
    for text in [
        "Hello-µ@ßöäüàá-UTF-8!!",
        "سلام دنیا، می‌خواهم 👩‍🏫",
        "κόσμε",
        "\u{0}",
        "\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10000}\u{10FFFF}",
        "\u{FFFE}\u{1FFFE}\u{10FFFE}\u{FDD0}\u{FEFF}",
    ] {
        let bytes = text.as_bytes();
        however_cut(&server, &masked(TEXT, bytes), &[(TEXT, bytes)]).await;
        // 6.2.3: fragments cut characters wherever they like.
        let mut sent = masked(TEXT_BEGINS, b"");
        for byte in bytes {
            sent.extend(masked(GOES_ON, &[*byte]));
        }
        sent.extend(masked(ENDS, b""));
        however_cut(&server, &sent, &[(TEXT, bytes)]).await;
    }
}

/// What is no UTF-8, and how many bytes of it must have come to know.
const NOT_UTF8: [(&[u8], usize); 22] = [
    // 6.3.1: a surrogate behind good text.
    (b"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xED\xA0\x80edited", 13),
    // 6.14 and 6.15: continuations of nothing; 6.16 to 6.18: what would have to go on.
    (b"\x80", 1),
    (b"\xBF", 1),
    (b"\xC2\x20", 2),
    (b"\xE0\xA0\x20", 3),
    (b"\xF0\x90\x80\x20", 4),
    (b"\xC2\xC2\x80", 2),
    // 6.12 and 6.13: bytes that never may be, beyond U+10FFFF, five and six bytes.
    (b"\xFE", 1),
    (b"\xFF", 1),
    (b"\xF4\x90\x80\x80", 2),
    (b"\xF5\x80\x80\x80", 1),
    (b"\xF8\x88\x80\x80\x80", 1),
    (b"\xFC\x84\x80\x80\x80\x80", 1),
    // 6.19 and 6.20: longer than needed.
    (b"\xC0\xAF", 1),
    (b"\xC1\xBF", 1),
    (b"\xE0\x80\xAF", 2),
    (b"\xE0\x9F\xBF", 2),
    (b"\xF0\x80\x80\xAF", 2),
    (b"\xF0\x8F\xBF\xBF", 2),
    // 6.21: surrogates, alone and as a pair.
    (b"\xED\xA0\x80", 2),
    (b"\xED\xBF\xBF", 2),
    (b"\xED\xA0\x80\xED\xB0\x80", 2),
];

#[tokio::test]
async fn invalid_utf8_ends_at_first_bad_byte() {
    let server = TestServer::start().await;
    for (bytes, known) in NOT_UTF8 {
        breaks(&server, &masked(TEXT, bytes), &[], Violation::TextNotUtf8).await;
        let mut fragments = masked(TEXT_BEGINS, b"");
        bytes.iter().for_each(|byte| fragments.extend(masked(GOES_ON, &[*byte])));
        breaks(&server, &fragments, &[], Violation::TextNotUtf8).await;
        // 6.4: neither the rest of the frame nor that of the message is waited for, and it is not ended
        // before it must.
        let whole = masked(TEXT, &[bytes, &[b'x'; 1_000]].concat());
        let header = 8;
        let mut raw = open(&server).await;
        write(&mut raw, &whole[..header + known - 1]).await;
        assert!(is_silent(&mut raw).await, "{bytes:02x?} is cut too early");
        write(&mut raw, &whole[header + known - 1..header + known]).await;
        is_broken(&mut raw, Violation::TextNotUtf8).await;
        // It is good as bytes.
        answers(&server, &masked(BINARY, bytes), &[(BINARY, bytes)]).await;
    }
    // 6.6: half a character at the end.
    for half in [&b"\xC2"[..], b"\xE0\xA0", b"\xF0\x90\x80", b"fine \xD8"] {
        breaks(&server, &masked(TEXT, half), &[], Violation::TextNotUtf8).await;
        let fragments = [masked(TEXT_BEGINS, half), masked(ENDS, b"")].concat();
        breaks(&server, &fragments, &[], Violation::TextNotUtf8).await;
    }
}

/// Whether the server has said nothing to what it has read. Asked by a second connection: the server's
/// runtime is this test's, on one thread, so by the time that one has its answer the first had its turn.
async fn is_silent(raw: &mut Raw) -> bool {
    let address = raw.stream.peer_addr().unwrap();
    let mut other = Raw::on(TcpStream::connect(address).await.unwrap(), "/ws/echo", b"").await;
    for _ in 0..3 {
        goes_on(&mut other).await;
    }
    let mut byte = [0];
    match raw.stream.try_read(&mut byte) {
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        Ok(_) => false,
    }
}

#[tokio::test]
async fn close_is_echoed_and_server_closes_first() {
    let server = TestServer::start().await;
    let longest = "x".repeat(123);
    // 7.3.1, 7.3.3 to 7.3.5, and 7.7: every code that may be sent.
    let mut closes = vec![vec![]];
    let codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    for code in codes.into_iter().chain([3000, 3999, 4000, 4999]) {
        closes.push([&u16::to_be_bytes(code)[..], b""].concat());
        closes.push([&u16::to_be_bytes(code)[..], "بدرود".as_bytes()].concat());
    }
    closes.push([&1000_u16.to_be_bytes()[..], longest.as_bytes()].concat());
    for payload in closes {
        let mut raw = open(&server).await;
        // 7.1.1: what came before is echoed.
        write(&mut raw, &[masked(TEXT, b"Hello"), masked(CLOSE, &payload)].concat()).await;
        assert_is(&raw.frame().await, TEXT, b"Hello");
        assert_is(&raw.frame().await, CLOSE, &payload);
        assert_eq!(raw.ends().await, b"");
    }
}

#[tokio::test]
async fn forbidden_close_frame_names_its_violation() {
    let server = TestServer::start().await;
    // 7.3.2.
    breaks(&server, &masked(CLOSE, &[3]), &[], Violation::HalfCloseCode).await;
    // 7.3.6.
    breaks(&server, &close(1000, &[b'x'; 124]), &[], Violation::LongControl).await;
    // 7.5.1.
    for reason in [&b"\xED\xA0\x80"[..], b"fine \xD8", b"\xFF"] {
        breaks(&server, &close(1000, reason), &[], Violation::ReasonNotUtf8).await;
    }
    // 7.9 and 7.13.
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        for reason in [&b""[..], b"reason"] {
            breaks(&server, &close(code, reason), &[], Violation::BadCloseCode).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_after_close() {
    let server = TestServer::start().await;
    // 7.1.2 to 7.1.5.
    let fragment = masked(TEXT_BEGINS, b"fragment1");
    for (before, after) in [
        (&b""[..], close(1000, b"again")),
        (b"", masked(PING, b"ping")),
        (b"", masked(TEXT, b"Hello")),
        (b"", vec![0xFF; 4_000]),
        (&fragment, masked(ENDS, b"fragment2")),
    ] {
        let mut raw = open(&server).await;
        write(&mut raw, &[before, &close(1000, b"done"), &after].concat()).await;
        assert_is(&raw.frame().await, CLOSE, &[&1000_u16.to_be_bytes()[..], b"done"].concat());
        assert_eq!(raw.ends().await, b"");
    }
    // The same after a broken rule.
    let sent = [masked(0x83, b""), masked(TEXT, b"Hello"), close(1000, b"")].concat();
    breaks(&server, &sent, &[], Violation::ReservedOpcode).await;
}

#[tokio::test]
async fn bytes_after_close_are_drained() {
    // A socket that is closed with unread bytes is reset, which can destroy the close frame on its way.
    let server = TestServer::start().await;
    let mut raw = open(&server).await;
    write(&mut raw, &[TEXT, 0x05]).await;
    raw.expect_close().await;
    for _ in 0..50 {
        write(&mut raw, &[0; 100_000]).await;
    }
    assert_eq!(raw.ends().await, b"");
}

#[tokio::test]
async fn message_one_byte_too_long_is_refused() {
    let server = TestServer::start().await;
    let half = vec![b'x'; MESSAGE_MAX / 2];
    let fits = [masked(BINARY_BEGINS, &half), masked(GOES_ON, &half), masked(ENDS, b"")].concat();
    let mut raw = open(&server).await;
    write(&mut raw, &fits).await;
    assert_is(&raw.frame().await, BINARY, &[half.clone(), half.clone()].concat());
    let over = [masked(BINARY_BEGINS, &half), masked(GOES_ON, &half), masked(ENDS, b"x")].concat();
    breaks(&server, &over, &[], Violation::TooBig).await;
    // 7.1.6: it is known from the header, and what follows all the same does not destroy the answer.
    breaks(&server, &masked(BINARY, &vec![0; MESSAGE_MAX + 1]), &[], Violation::TooBig).await;
}

#[tokio::test]
async fn failed_handshake_says_what_is_missing() {
    let server = TestServer::start().await;
    let good = handshake("/ws/echo", "");
    for (is, becomes, status, said) in [
        ("GET ", "POST ", 426, "GET"),
        ("HTTP/1.1", "HTTP/1.0", 426, "HTTP/1.1"),
        ("Upgrade: WebSocket\r\n", "", 426, "Upgrade: websocket"),
        ("Connection: keep-alive, Upgrade", "Connection: close", 426, "Connection: Upgrade"),
        ("Version: 13", "Version: 12", 426, "must be 13"),
        ("Sec-WebSocket-Version: 13\r\n", "", 426, "must be 13"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", 400, "16 bytes in base64"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==x", 400, "16 bytes in base64"),
        ("Host: localhost:3000\r\n", "", 400, "one 'Host'"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400, "16 bytes in base64"),
        ("Host: localhost:3000", "Host: localhost:3000\r\nOrigin: https://evil.example", 403, "allow-origin"),
    ] {
        assert!(good.contains(is), "{is}");
        let request = good.replacen(is, becomes, 1).replacen("keep-alive, Upgrade", "close, Upgrade", 1);
        let answer = server.http(&request).await;
        assert_eq!(answer.split(' ').nth(1), Some(&status.to_string()[..]), "{becomes:?}: {answer}");
        assert!(answer.contains(said), "{becomes:?}: {answer}");
        if status == 426 {
            let lower = answer.to_lowercase();
            assert!(lower.contains("\r\nupgrade: websocket\r\n"), "{answer}");
            assert!(lower.contains("\r\nsec-websocket-version: 13\r\n"), "{answer}");
        }
    }
    // §4.2.2, §9.1: what is offered and not understood is not agreed upon.
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
                 Sec-WebSocket-Protocol: chat, superchat\r\n";
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(handshake("/ws/echo", offer).as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the head", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
    assert!(!head.contains("sec-websocket-protocol") && !head.contains("sec-websocket-extensions"), "{head}");
}

#[tokio::test]
async fn silent_client_is_pinged_then_closed() {
    let server = TestServer::with(&["--ping-interval", "50ms", "--ping-deadline", "100ms"]).await;
    let start = Instant::now();
    let mut silent = open(&server).await;
    let mut alive = open(&server).await;
    for _ in 0..3 {
        assert_is(&alive.frame().await, PING, b"");
        write(&mut alive, &masked(PONG, b"")).await;
    }
    // Half a frame is no sign of life.
    write(&mut silent, &[TEXT]).await;
    assert_is(&silent.frame().await, PING, b"");
    let expected = [&4002_u16.to_be_bytes()[..], b"ping_timeout"].concat();
    assert_is(&silent.frame().await, CLOSE, &expected);
    let ms = Duration::from_millis;
    assert_heeded(start, &[("--ping-interval", ms(50)), ("--ping-deadline", ms(100))]);
    assert_eq!(silent.ends().await, b"");
}

#[tokio::test]
async fn slow_reader_pauses_reads_then_is_cut() {
    let options = ["--ping-interval", "1s", "--ping-deadline", "1s", "--close-grace", "100ms"];
    let server = TestServer::with(&options).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut raw = Raw::on(stream, "/ws/echo", b"").await;
    let message = masked(BINARY, &[7; 50_000]);
    let start = Instant::now();
    let mut sent = 0_usize;
    // It ends because the server stops reading, and then lets go: the write fails.
    let flood = async {
        while raw.stream.write_all(&message).await.is_ok() {
            sent += message.len();
            assert!(sent < 1 << 30, "everything is read, and kept");
        }
    };
    soon("the cut", flood).await;
    // After four seconds it would be the kernel that lets go of who takes nothing (`TCP_USER_TIMEOUT`).
    let took = start.elapsed();
    assert!((2_100..4_000).contains(&took.as_millis()), "{took:?}");
    // Others do not notice.
    let mut other = open(&server).await;
    goes_on(&mut other).await;
}

#[tokio::test]
async fn a_stop_is_announced() {
    let mut server = TestServer::start().await;
    let mut raw = open(&server).await;
    write(&mut raw, &masked(TEXT_BEGINS, b"half")).await;
    goes_on(&mut raw).await;
    server.stop();
    let expected = [&4000_u16.to_be_bytes()[..], b"server_stopping"].concat();
    assert_is(&raw.frame().await, CLOSE, &expected);
    // §5.5.1: both have said it, and neither says it again.
    write(&mut raw, &close(4000, b"")).await;
    assert_eq!(raw.ends().await, b"");
    drop(raw);
    server.stopped().await;
}

#[tokio::test]
async fn echo_takes_and_returns_connection_slot() {
    let server = TestServer::with(&["--max-connections", "1"]).await;
    let mut raw = open(&server).await;
    let refused =
        server.http(&handshake("/ws/echo", "").replace("keep-alive, Upgrade", "close, Upgrade")).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    write(&mut raw, &close(1000, b"")).await;
    raw.expect_close().await;
    raw.ends().await;
    raw.stream.shutdown().await.unwrap();
    // Given back when the server has seen the end, which is not for us to see.
    let freed = async {
        let mut status = [0; 12];
        while &status != b"HTTP/1.1 101" {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(handshake("/ws/echo", "").as_bytes()).await.unwrap();
            stream.read_exact(&mut status).await.unwrap();
        }
    };
    soon("the place", freed).await;
}

#[test]
fn workbench_document_names_every_violation() {
    let document = include_str!("../../../docs/workbench.md");
    for violation in Violation::ALL {
        let row = format!("| `{}` | {} | {} |", violation.name(), violation.code(), violation.section());
        let is_elsewhere = matches!(violation, Violation::Masked | Violation::AfterClose);
        assert_eq!(document.contains(&row), !is_elsewhere, "{row}");
        assert!(document.contains(&format!("`{}`", violation.name())));
    }
}
