//! A real server on a free port, and two clients for it: [`Client`], which speaks the protocol, and
//! [`Raw`], which speaks bytes. Everything waits for events, with one generous deadline.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use chat_server::Config;
use chat_testkit::engine_process::{EngineKind, EngineProcess};
use clap::{CommandFactory, Parser};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, client::IntoClientRequest},
};

/// Far above what anything takes here, far below what a test run notices.
pub const SOON: Duration = Duration::from_secs(10);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(SOON, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited too long for {what}"),
    }
}

/// Since `start` it took as long as these options say, together, and less than the default of any of them:
/// so each was heeded.
#[track_caller]
pub fn assert_heeded(start: Instant, options: &[(&str, Duration)]) {
    let took = start.elapsed();
    let set: Duration = options.iter().map(|(_, set)| *set).sum();
    let default = options.iter().map(|(option, _)| default_of(option)).min().unwrap();
    assert!((set..default).contains(&took), "{took:?}, with {options:?} and by default {default:?}");
}

fn default_of(option: &str) -> Duration {
    let command = Config::command();
    let option = command.get_arguments().find(|arg| arg.get_long() == option.strip_prefix("--")).unwrap();
    humantime::parse_duration(option.get_default_values()[0].to_str().unwrap()).unwrap()
}

/// A server, or, with `OTAGH_TEST_ENGINE=n`, as many of them that share their rooms over an engine: those who
/// come are dealt to them in turn, and nothing that a test sees may be different.
pub struct TestServer {
    /// Of the first of them.
    pub address: SocketAddr,
    nodes: Vec<Node>,
    turn: AtomicUsize,
    /// Ends with the servers.
    engine: Option<EngineProcess>,
}

struct Node {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Node {
    async fn start(options: &[&str]) -> Self {
        let base = ["otagh", "--host", "127.0.0.1", "--port", "0"];
        let unlimited = ["--messages-per-second=0", "--messages-per-address=0", "--requests-per-address=0"];
        // On any machine, so that what crosses from one thread to another is exercised; `OTAGH_CORES` says otherwise.
        let cores = if std::env::var_os("OTAGH_CORES").is_some() { &[][..] } else { &["--cores=2"] };
        let base = [&base[..], &unlimited, cores].concat();
        let config = Config::try_parse_from(base.iter().chain(options)).unwrap();
        let server = chat_server::Server::bind(config).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async move {
            // A test that ends drops the sender, which is a stop as well.
            drop(stopped.await);
        }));
        Self { address, stop: Some(stop), running: Some(running) }
    }
}

impl TestServer {
    /// With the defaults, and no rate limit for a person or an address, which tests outrun.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these options too.
    pub async fn with(options: &[&str]) -> Self {
        match std::env::var("OTAGH_TEST_ENGINE").ok().and_then(|nodes| nodes.parse().ok()) {
            Some(nodes) => Self::over_engine(nodes, options).await.expect("an engine to test with"),
            None => Self::cluster(1, None, options).await,
        }
    }

    /// How many there are: what one address or person may is counted by each.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// So many that share their rooms over an engine; none, and one line that says so, where no engine is
    /// installed.
    pub async fn over_engine(count: usize, options: &[&str]) -> Option<Self> {
        let kinds = [EngineKind::Redis, EngineKind::Valkey];
        let binary = kinds.into_iter().find_map(EngineKind::binary)?;
        let engine = EngineProcess::start(binary, &[]).await.unwrap();
        Some(Self::cluster(count, Some(engine), options).await)
    }

    pub fn has_engine(&self) -> bool {
        self.engine.is_some()
    }

    async fn cluster(count: usize, engine: Option<EngineProcess>, options: &[&str]) -> Self {
        let engine_option = engine.as_ref().map(|engine| format!("--engine={}", engine.url()));
        let options: Vec<&str> =
            engine_option.as_deref().into_iter().chain(options.iter().copied()).collect();
        let mut nodes = Vec::new();
        for _ in 0..count {
            nodes.push(Node::start(&options).await);
        }
        Self { address: nodes[0].address, nodes, turn: AtomicUsize::new(0), engine }
    }

    /// One that runs in a process of its own.
    pub fn at(address: SocketAddr) -> Self {
        let node = Node { address, stop: None, running: None };
        Self { address, nodes: vec![node], turn: AtomicUsize::new(0), engine: None }
    }

    /// Asks it to stop; [`TestServer::stopped`] waits for that.
    pub fn stop(&mut self) {
        self.nodes.iter_mut().for_each(|node| drop(node.stop.take()));
    }

    pub async fn stopped(self) {
        for node in self.nodes {
            soon("the server to stop", node.running.unwrap()).await.unwrap();
        }
    }

    /// Where the next one who comes is to go.
    pub fn next_address(&self) -> SocketAddr {
        self.nodes[self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len()].address
    }

    pub async fn open(&self, path: &str) -> Client {
        let address = self.next_address();
        let url = format!("ws://{address}{path}");
        let stream = TcpStream::connect(address).await.unwrap();
        let (ws, response) = soon(
            "the handshake",
            tokio_tungstenite::client_async(url.into_client_request().unwrap(), stream),
        )
        .await
        .unwrap();
        assert_eq!(response.status(), 101);
        Client { ws, welcome: Value::Null }
    }

    /// Opens and joins, and waits for the welcome and for the presence that announces it.
    pub async fn join(&self, room: &str, id: &str) -> Client {
        self.join_with(room, id, json!({"type": "join"})).await
    }

    pub async fn join_with(&self, room: &str, id: &str, join: Value) -> Client {
        let mut client = self.open(&format!("/ws/{room}/{id}")).await;
        client.send(join).await;
        client.welcome = client.expect("welcome").await;
        client
    }

    /// One HTTP request as bytes, and all that is answered until the server closes.
    pub async fn http(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        soon("the HTTP answer", stream.read_to_end(&mut answer)).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    pub async fn get(&self, path: &str) -> String {
        self.http(&format!("GET {path} HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n")).await
    }
}

pub struct Client {
    pub ws: WebSocketStream<TcpStream>,
    pub welcome: Value,
}

impl Client {
    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    pub async fn say(&mut self, id: &str, text: &str) {
        self.send(json!({"type": "say", "id": id, "text": text})).await;
    }

    async fn next_frame(&mut self) -> Message {
        soon("a frame", self.ws.next()).await.expect("the connection to go on").expect("a good frame")
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.next_frame().await {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// The next message, which must be of this type, leaving out presence unless it is asked for.
    pub async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let message = self.next().await;
            if message["type"] == kind {
                return message;
            }
            assert_eq!(message["type"], "presence", "expected {kind}, got {message}");
        }
    }

    /// Waits until a presence shows what `shows` looks for.
    pub async fn expect_presence(&mut self, shows: impl Fn(&Value) -> bool) -> Value {
        loop {
            let presence = self.expect("presence").await;
            if shows(&presence) {
                return presence;
            }
        }
    }

    pub async fn expect_error(&mut self, code: &str) -> Value {
        let error = self.expect("error").await;
        assert_eq!(error["code"], code, "{error}");
        assert!(!error["detail"].as_str().unwrap().is_empty());
        error
    }

    /// The code and reason of the close frame with which the server ends this.
    pub async fn expect_close(&mut self) -> (u16, String) {
        loop {
            match self.next_frame().await {
                Message::Close(Some(frame)) => return (frame.code.into(), frame.reason.to_string()),
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a close, got {other:?}"),
            }
        }
    }

    pub async fn close(mut self, code: u16) {
        use tokio_tungstenite::tungstenite::protocol::CloseFrame;
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.ws.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = soon("the end of the close", self.ws.next()).await {}
    }

    /// Vanishes without a close frame, as a crash does.
    pub fn cut(self) {
        self.ws.get_ref().set_zero_linger().unwrap();
    }

    pub fn token(&self) -> &str {
        self.welcome["token"].as_str().unwrap()
    }

    pub fn resume(&self, seq: u64) -> Value {
        json!({"type": "join", "resume": {"token": self.token(), "epoch": self.welcome["epoch"], "seq": seq}})
    }
}

/// A connection after its handshake, as bytes.
pub struct Raw {
    pub stream: TcpStream,
    read: Vec<u8>,
}

/// A frame as it was on the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    pub bytes: Vec<u8>,
    pub opcode: u8,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.payload).unwrap()
    }

    pub fn close_code(&self) -> u16 {
        assert_eq!(self.opcode, 8, "not a close frame: {self:?}");
        u16::from_be_bytes([self.payload[0], self.payload[1]])
    }
}

impl Raw {
    pub async fn open(server: &TestServer, path: &str) -> Self {
        Self::on(TcpStream::connect(server.address).await.unwrap(), path, b"").await
    }

    /// The handshake on this socket, with `early` right behind it in the same write.
    pub async fn on(mut stream: TcpStream, path: &str, early: &[u8]) -> Self {
        let mut request = handshake(path, "").into_bytes();
        request.extend(early);
        stream.write_all(&request).await.unwrap();
        let mut raw = Self { stream, read: Vec::new() };
        let end = loop {
            if let Some(end) = raw.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            raw.read_more().await;
        };
        let head: Vec<u8> = raw.read.drain(..end).collect();
        assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
        raw
    }

    async fn read_more(&mut self) {
        let read = soon("bytes", self.stream.read_buf(&mut self.read)).await.unwrap();
        assert!(read > 0, "the connection ended");
    }

    pub async fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.stream.write_all(&masked(0x80 | opcode, payload)).await.unwrap();
    }

    pub async fn send_json(&mut self, message: Value) {
        self.send(1, message.to_string().as_bytes()).await;
    }

    pub async fn frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = self.take_frame() {
                return frame;
            }
            self.read_more().await;
        }
    }

    /// The next frame; `None` when the server has closed the TCP connection. May be given up and
    /// called again.
    pub async fn next_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(frame) = self.take_frame() {
                return Some(frame);
            }
            match self.stream.read_buf(&mut self.read).await {
                Ok(1..) => {}
                Ok(0) | Err(_) => return None,
            }
        }
    }

    /// The next text frame of this type.
    pub async fn expect(&mut self, kind: &str) -> Frame {
        loop {
            let frame = self.frame().await;
            if frame.opcode == 1 && frame.json()["type"] == kind {
                return frame;
            }
            assert!(frame.opcode != 8, "closed while waiting for {kind}: {frame:?}");
        }
    }

    pub async fn expect_close(&mut self) -> Frame {
        loop {
            let frame = self.frame().await;
            if frame.opcode == 8 {
                return frame;
            }
        }
    }

    /// Waits until the server has closed the TCP connection, and returns what still came.
    pub async fn ends(&mut self) -> Vec<u8> {
        soon("the end of the connection", self.stream.read_to_end(&mut self.read)).await.unwrap();
        std::mem::take(&mut self.read)
    }

    fn take_frame(&mut self) -> Option<Frame> {
        let [first, second, rest @ ..] = &self.read[..] else { return None };
        assert_eq!(second & 0x80, 0, "servers do not mask");
        let (length, header) = match (second & 0x7F, rest) {
            (126, [a, b, ..]) => (u16::from_be_bytes([*a, *b]) as usize, 4),
            (127, eight) if eight.len() >= 8 => {
                (u64::from_be_bytes(eight[..8].try_into().unwrap()) as usize, 10)
            }
            (126 | 127, _) => return None,
            (short, _) => (short as usize, 2),
        };
        let opcode = first & 0x0F;
        if self.read.len() < header + length {
            return None;
        }
        let rest = self.read.split_off(header + length);
        let bytes = std::mem::replace(&mut self.read, rest);
        Some(Frame { opcode, payload: bytes[header..].to_vec(), bytes })
    }
}

/// A client's frame, masked as it must be.
pub fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A good handshake, with `more` header lines.
pub fn handshake(path: &str, more: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:3000\r\nConnection: keep-alive, Upgrade\r\n\
         Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    )
}
