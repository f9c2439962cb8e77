//! Sockets from an address of one's own (on Linux every 127.x.y.z is this machine), as bytes: requests, frames,
//! and how many bytes were sent. No client of this crate is as careless, which is the point: it reads what it
//! likes, and as much as it likes.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::frames::{self, Kind, PONG_FIRST, TEXT_FIRST};

/// Any four bytes: what is masked with them is not what is measured.
const MASK: [u8; 4] = [0x5a, 0x17, 0xc3, 0x88];

/// An address, and the server that its sockets lead to.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    server: SocketAddr,
    from: Ipv4Addr,
    sent: Arc<AtomicU64>,
}

#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    /// What was read and not yet looked at.
    read: Vec<u8>,
    sent: Arc<AtomicU64>,
}

/// An HTTP answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Source {
    pub(crate) fn new(server: SocketAddr, from: [u8; 4]) -> Self {
        Self { server, from: from.into(), sent: Arc::default() }
    }

    /// How many bytes its sockets have sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    pub(crate) async fn connect(&self) -> io::Result<Socket> {
        self.connect_by(TcpSocket::new_v4()?).await
    }

    /// A socket for which the kernel keeps little, as on a phone.
    pub(crate) async fn connect_small(&self) -> io::Result<Socket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(16 * 1024)?;
        self.connect_by(socket).await
    }

    async fn connect_by(&self, socket: TcpSocket) -> io::Result<Socket> {
        socket.bind((self.from, 0).into())?;
        let stream = socket.connect(self.server).await?;
        stream.set_nodelay(true)?;
        // So that no port is kept for it when it is gone.
        stream.set_zero_linger()?;
        Ok(Socket { stream, read: Vec::new(), sent: self.sent.clone() })
    }

    /// A WebSocket at this path.
    pub(crate) async fn upgrade(&self, path: &str) -> io::Result<Socket> {
        self.connect().await?.upgraded(path).await
    }

    /// A member of a room, who has read their welcome.
    pub(crate) async fn join(&self, room: &str, id: &str) -> io::Result<Socket> {
        self.connect().await?.joined(room, id).await
    }
}

impl Socket {
    pub(crate) async fn upgraded(mut self, path: &str) -> io::Result<Self> {
        let more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        self.send(&request(path, more)).await?;
        let head = self.head().await?;
        if head.starts_with("HTTP/1.1 101 ") { Ok(self) } else { Err(surprise(&head)) }
    }

    pub(crate) async fn joined(self, room: &str, id: &str) -> io::Result<Self> {
        let mut socket = self.upgraded(&format!("/ws/{room}/{id}")).await?;
        socket.send(&text(br#"{"type":"join"}"#)).await?;
        while !socket.hear().await?.starts_with(br#"{"type":"welcome""#) {}
        Ok(socket)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent.fetch_add(bytes.len() as u64, Relaxed);
        self.stream.write_all(bytes).await
    }

    pub(crate) async fn get(&mut self, path: &str, more: &str) -> io::Result<Answer> {
        self.send(&request(path, more)).await?;
        self.answer().await
    }

    /// As [`Socket::get`], of an answer that has no end.
    pub(crate) async fn get_head(&mut self, path: &str) -> io::Result<()> {
        self.send(&request(path, "")).await?;
        self.head().await.map(drop)
    }

    /// The next answer. Of one in chunks, their sizes stay in the body.
    pub(crate) async fn answer(&mut self) -> io::Result<Answer> {
        let head = self.head().await?;
        let field = |name| head.lines().find_map(|line| line.strip_prefix(name));
        let length = field("content-length: ").and_then(|length| length.parse().ok()).unwrap_or(0);
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(|| surprise(&head))?;
        let end = if field("transfer-encoding: chunked").is_some() {
            self.end_of(b"0\r\n\r\n").await?
        } else {
            while self.read.len() < length {
                self.more().await?;
            }
            length
        };
        let body = self.read.drain(..end).collect();
        Ok(Answer { status, head, body })
    }

    async fn head(&mut self) -> io::Result<String> {
        let end = self.end_of(b"\r\n\r\n").await?;
        String::from_utf8(self.read.drain(..end).collect()).map_err(io::Error::other)
    }

    /// Reads until this has come: where it ends.
    async fn end_of(&mut self, what: &[u8]) -> io::Result<usize> {
        loop {
            if let Some(at) = self.read.windows(what.len()).position(|bytes| bytes == what) {
                return Ok(at + what.len());
            }
            self.more().await?;
        }
    }

    /// The next text. Pings are answered; a close is an error.
    pub(crate) async fn hear(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let Some(head) = frames::head(&self.read).map_err(surprise)? else {
                self.more().await?;
                continue;
            };
            let end = head.header + head.payload;
            while self.read.len() < end {
                self.more().await?;
            }
            let payload = self.read[head.header..end].to_vec();
            self.read.drain(..end);
            match head.kind {
                Kind::Said | Kind::Other => return Ok(payload),
                Kind::Ping => self.send(&frame(PONG_FIRST, &payload)).await?,
                Kind::Close => return Err(surprise(String::from_utf8_lossy(&payload))),
            }
        }
    }

    /// Sends this again and again, as fast as it is taken or once each so often, and throws away what comes,
    /// until the server ends it.
    pub(crate) async fn flood(
        mut self,
        pace: Option<Duration>,
        mut next: impl FnMut() -> Vec<u8>,
    ) -> io::Result<()> {
        let sent = self.sent.clone();
        let (reader, mut writer) = self.stream.split();
        let send = async {
            let mut turn = pace.map(tokio::time::interval);
            loop {
                if let Some(turn) = &mut turn {
                    turn.tick().await;
                }
                let bytes = next();
                sent.fetch_add(bytes.len() as u64, Relaxed);
                writer.write_all(&bytes).await?;
            }
        };
        tokio::select! {
            ended = send => ended,
            ended = throw_away(reader) => ended,
        }
    }

    /// Reads to the end.
    pub(crate) async fn drain(mut self) -> io::Result<()> {
        throw_away(&mut self.stream).await
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

async fn throw_away(mut reader: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    while reader.read(&mut buffer).await? > 0 {}
    Err(io::ErrorKind::UnexpectedEof.into())
}

impl Answer {
    /// What a polling client shows from now on, as a header line.
    pub(crate) fn bearer(&self) -> Option<String> {
        let cookie = self.head.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        let (_, resume) = cookie.split(';').next()?.split_once('.')?;
        Some(format!("Authorization: Bearer {resume}\r\n"))
    }
}

/// A `GET` with these further header lines.
pub(crate) fn request(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n").into_bytes()
}

/// A masked frame with this first byte.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frames::put_masked(&mut frame, first, payload, MASK);
    frame
}

/// A text frame.
pub(crate) fn text(json: &[u8]) -> Vec<u8> {
    frame(TEXT_FIRST, json)
}

/// A `say`.
pub(crate) fn say(id: u64, what: &str) -> Vec<u8> {
    text(format!(r#"{{"type":"say","id":"{id}","text":"{what}"}}"#).as_bytes())
}

fn surprise(what: impl ToString) -> io::Error {
    io::Error::other(what.to_string())
}
