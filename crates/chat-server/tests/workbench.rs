//! The pipe: what a page writes by hand meets the real handshake and the real echo, byte for byte, and
//! reaches nothing else.
#![cfg(feature = "lab")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{Frame, Raw, TestServer, handshake, masked, soon};
use tokio::{io::AsyncWriteExt, net::TcpSocket};

/// A page's end of the pipe.
struct Pipe {
    raw: Raw,
    /// What the connection inside said and was not looked at yet.
    said: Vec<u8>,
}

impl Pipe {
    async fn open(server: &TestServer) -> Self {
        Self { raw: Raw::open(server, "/workbench/pipe").await, said: Vec::new() }
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.raw.send(2, bytes).await;
    }

    /// What the connection inside says, up to this.
    async fn until(&mut self, end: &[u8]) -> Vec<u8> {
        loop {
            if let Some(at) = self.said.windows(end.len()).position(|some| some == end) {
                return self.said.drain(..at + end.len()).collect();
            }
            let frame = self.raw.frame().await;
            assert_eq!(frame.opcode, 2, "{frame:?}");
            self.said.extend(frame.payload);
        }
    }

    async fn head(&mut self) -> String {
        String::from_utf8(self.until(b"\r\n\r\n").await).unwrap()
    }

    /// With a good handshake behind it.
    async fn to_echo(server: &TestServer) -> Self {
        let mut pipe = Self::open(server).await;
        pipe.write(handshake("/ws/echo", "").as_bytes()).await;
        let head = pipe.head().await;
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        assert!(
            head.to_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"),
            "{head}"
        );
        pipe
    }

    /// The connection inside has ended: the pipe says so and closes, after all that was said.
    async fn ends(mut self) -> Vec<u8> {
        loop {
            let frame = self.raw.frame().await;
            if frame.opcode == 1 {
                assert_eq!(frame.payload, br#"{"ended":true}"#);
                break;
            }
            assert_eq!(frame.opcode, 2, "{frame:?}");
            self.said.extend(frame.payload);
        }
        assert_eq!(close(&self.raw.frame().await), (1000, "normal".into()));
        assert_eq!(self.raw.ends().await, b"");
        self.said
    }
}

fn close(frame: &Frame) -> (u16, String) {
    (frame.close_code(), String::from_utf8(frame.payload[2..].to_vec()).unwrap())
}

/// A close frame of the server.
fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    [&[0x88, 2 + reason.len() as u8][..], &code.to_be_bytes(), reason.as_bytes()].concat()
}

#[tokio::test]
async fn handmade_handshake_and_frames_are_answered() {
    let server = TestServer::start().await;
    let mut pipe = Pipe::to_echo(&server).await;
    pipe.write(&masked(0x81, "سلام".as_bytes())).await;
    pipe.until(&[&[0x81, 8][..], "سلام".as_bytes()].concat()).await;
    pipe.write(&masked(0x89, b"ping")).await;
    pipe.until(b"\x8A\x04ping").await;
    pipe.write(&masked(0x88, b"\x03\xE8done")).await;
    assert_eq!(pipe.ends().await, close_frame(1000, "done"));
}

#[tokio::test]
async fn pipe_message_boundaries_make_no_difference() {
    let server = TestServer::start().await;
    let all = [handshake("/ws/echo", "").into_bytes(), masked(0x81, b"one"), masked(0x82, b"two")].concat();
    for size in [1, 7, all.len()] {
        let mut pipe = Pipe::open(&server).await;
        for piece in all.chunks(size) {
            pipe.write(piece).await;
        }
        pipe.head().await;
        pipe.until(b"\x81\x03one\x82\x03two").await;
    }
}

#[tokio::test]
async fn failed_handshake_gets_usual_status() {
    let server = TestServer::start().await;
    let good = handshake("/ws/echo", "");
    for (is, becomes, status) in [
        ("Upgrade: WebSocket\r\n", "", "426 Upgrade Required"),
        ("Version: 13", "Version: 8", "426 Upgrade Required"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "not a key", "400 Bad Request"),
        ("Host: localhost:3000", "Host: localhost:3000\r\nOrigin: https://evil.example", "403 Forbidden"),
    ] {
        let mut pipe = Pipe::open(&server).await;
        pipe.write(good.replacen(is, becomes, 1).as_bytes()).await;
        let head = pipe.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{becomes:?}: {head}");
        // It is HTTP still, and may be tried again.
        pipe.write(good.as_bytes()).await;
        pipe.until(b"HTTP/1.1 101 Switching Protocols\r\n").await;
    }
    for garbage in ["سلام\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        let mut pipe = Pipe::open(&server).await;
        pipe.write(garbage.as_bytes()).await;
        let said = String::from_utf8(pipe.ends().await).unwrap();
        assert!(said.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{garbage:?}: {said}");
    }
    let mut pipe = Pipe::open(&server).await;
    pipe.write(format!("GET /ws/echo HTTP/1.1\r\nX: {}", "x".repeat(40_000)).as_bytes()).await;
    let said = String::from_utf8(pipe.ends().await).unwrap();
    assert!(said.starts_with("HTTP/1.1 431 "), "{said}");
}

#[tokio::test]
async fn broken_rule_is_named_and_ends_pipe() {
    let server = TestServer::start().await;
    for (sent, code, name) in [
        (b"\x81\x05Hello".to_vec(), 1002, "unmasked"),
        (masked(0x83, b""), 1002, "reserved_opcode"),
        (masked(0xC1, b""), 1002, "reserved_bits"),
        (masked(0x80, b"more"), 1002, "unexpected_continuation"),
        (masked(0x81, b"\xFF"), 1007, "text_not_utf8"),
        (b"\x82\xFF\x00\x00\x00\x01\x00\x00\x00\x00key!".to_vec(), 1009, "too_big"),
    ] {
        let mut pipe = Pipe::to_echo(&server).await;
        pipe.write(&sent).await;
        assert_eq!(pipe.ends().await, close_frame(code, name));
    }
}

#[tokio::test]
async fn pipe_leads_only_to_echo() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    for path in
        ["/", "/healthz", "/r/class", "/ws/class/ali", "/workbench/pipe", "/xray/x/events", "/ws/echo/"]
    {
        let mut pipe = Pipe::open(&server).await;
        pipe.write(handshake(path, "").as_bytes()).await;
        let head = pipe.head().await;
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{path}: {head}");
    }
    // Nor does a whole address, or a tunnel.
    for line in
        ["GET http://localhost/healthz HTTP/1.1", "CONNECT localhost:22 HTTP/1.1", "OPTIONS * HTTP/1.1"]
    {
        let mut pipe = Pipe::open(&server).await;
        pipe.write(format!("{line}\r\nHost: localhost\r\n\r\n").as_bytes()).await;
        let head = pipe.head().await;
        assert!(head.starts_with("HTTP/1.1 404 Not Found\r\n"), "{line}: {head}");
    }
    sara.say("1", "کسی نیامد").await;
    assert_eq!(sara.expect("said").await["text"], "کسی نیامد");
}

#[tokio::test]
async fn flood_passes_pipe_up_to_limit() {
    let server = TestServer::start().await;
    let mut pipe = Pipe::to_echo(&server).await;
    // Far more than the buffers hold, before any of it is read.
    let message = masked(0x82, &[7; 60_000]);
    for _ in 0..16 {
        pipe.write(&message).await;
    }
    pipe.write(&masked(0x81, b"last")).await;
    let said = pipe.until(b"\x81\x04last").await;
    assert_eq!(said.len(), 16 * (4 + 60_000) + 6);
    // That was almost all a pipe may carry.
    pipe.write(&message).await;
    pipe.write(&message).await;
    assert_eq!(close(&pipe.raw.expect_close().await), (1009, "pipe_too_much".into()));
}

/// A pipe whose page takes next to nothing of what comes, and what it floods the server with: each of these
/// few bytes is answered with hundreds, far more than the kernel takes.
async fn unread_pipe(server: &TestServer) -> (Pipe, Vec<u8>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let raw = Raw::on(socket.connect(server.address).await.unwrap(), "/workbench/pipe", b"").await;
    let requests = "GET / HTTP/1.1\r\n\r\n".repeat(2_000);
    (Pipe { raw, said: Vec::new() }, masked(0x82, requests.as_bytes()))
}

/// By these it is taken for dead after two seconds. After four it would be the kernel that lets go of who takes
/// nothing (`TCP_USER_TIMEOUT`).
const DEAD_IN_TWO_SECONDS: [&str; 4] = ["--ping-interval", "1s", "--ping-deadline", "1s"];

#[tokio::test]
async fn a_page_that_does_not_read_is_cut() {
    let server = TestServer::with(&[&DEAD_IN_TWO_SECONDS[..], &["--close-grace", "100ms"]].concat()).await;
    let (mut pipe, message) = unread_pipe(&server).await;
    let start = Instant::now();
    let flood = async { while pipe.raw.stream.write_all(&message).await.is_ok() {} };
    soon("the cut", flood).await;
    let took = start.elapsed();
    // Not at once, as for having said too much.
    assert!((2_100..4_000).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test]
async fn page_that_reads_late_learns_of_ping_timeout() {
    let server = TestServer::with(&[&DEAD_IN_TWO_SECONDS[..], &["--close-grace", "1m"]].concat()).await;
    let (mut pipe, message) = unread_pipe(&server).await;
    let flood = async { while pipe.raw.stream.write_all(&message).await.is_ok() {} };
    let flooded = tokio::time::timeout(Duration::from_secs(3), flood).await;
    assert!(flooded.is_err(), "it was cut before it could read");
    assert_eq!(close(&pipe.raw.expect_close().await), (4002, "ping_timeout".into()));
}

#[tokio::test]
async fn pipe_takes_only_binary_from_own_site() {
    let server = TestServer::start().await;
    let mut pipe = Pipe::open(&server).await;
    pipe.raw.send(1, b"GET / HTTP/1.1").await;
    assert_eq!(close(&pipe.raw.frame().await), (1003, "binary_only".into()));
    let evil = handshake("/workbench/pipe", "Origin: https://evil.example\r\n");
    let refused = server.http(&evil.replace("keep-alive, Upgrade", "close, Upgrade")).await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    assert!(server.get("/workbench/pipe").await.starts_with("HTTP/1.1 426 "));
}

#[tokio::test]
async fn a_pipe_counts_once_among_the_connections() {
    let server = TestServer::with(&["--max-connections", "1"]).await;
    let mut pipe = Pipe::to_echo(&server).await;
    pipe.write(&masked(0x81, b"here")).await;
    pipe.until(b"here").await;
    let second = handshake("/workbench/pipe", "").replace("keep-alive, Upgrade", "close, Upgrade");
    assert!(server.http(&second).await.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn stop_ends_pipe_and_its_content() {
    let mut server = TestServer::start().await;
    let mut in_http = Pipe::open(&server).await;
    in_http.write(b"GET /ws/echo HTTP/1.1\r\n").await;
    let mut in_echo = Pipe::to_echo(&server).await;
    server.stop();
    for pipe in [&mut in_http, &mut in_echo] {
        assert_eq!(close(&pipe.raw.expect_close().await), (4000, "server_stopping".into()));
        pipe.raw.ends().await;
        pipe.raw.stream.shutdown().await.unwrap();
    }
    server.stopped().await;
}

#[tokio::test]
async fn composer_is_not_pinged_but_page_is() {
    let server = TestServer::with(&["--ping-interval", "30ms", "--ping-deadline", "100ms"]).await;
    let mut pipe = Pipe::to_echo(&server).await;
    for _ in 0..5 {
        let frame = pipe.raw.frame().await;
        assert_eq!(frame.bytes, [0x89, 0], "a ping of the pipe itself, which browsers answer");
        pipe.raw.send(10, b"").await;
    }
    pipe.write(&masked(0x81, b"at last")).await;
    pipe.until(b"\x81\x07at last").await;
}
