//! The pipe: a WebSocket whose binary messages are the raw bytes of another connection, there and back.
//! That one is in memory, and served by the same HTTP library, handshake and echo as a TCP connection
//! to `/ws/echo`; it leads nowhere else. So a page can write a request line and frames by hand, and
//! read the answer as it is. When the connection inside ends, the pipe says `{"ended":true}` and closes.
//! The pipe does not parse what it carries.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware,
    response::Response,
    routing::any,
};
use bytes::{Buf, Bytes};
use chat_protocol::CloseCode;
use chat_wire::frame::Opcode;
use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    time::Sleep,
};

use super::{
    Context as Workbench, endpoint, open,
    socket::{Message, Socket, Terms},
};
use crate::{
    http::{handshake::HandshakeError, headers},
    limits::client_ip::Peer,
    net::disconnect::Disconnect,
};

/// Most bytes of the connection inside that are on their way, in each direction.
const BUFFER: usize = 16 * 1024;

/// Most bytes that a pipe takes in its life, which also bounds what comes back: an answer has some
/// hundred bytes, and no request is shorter than twenty.
const BYTES_MAX: usize = 1024 * 1024;

/// How long a pipe waits for the next message: somebody composes it by hand.
const IDLE: Duration = Duration::from_secs(10 * 60);

/// How long a pipe is open at most: a lesson.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// What the pipe says last, when the connection inside has ended.
const ENDED: &str = r#"{"ended":true}"#;

/// `GET /workbench/pipe`.
pub(crate) async fn pipe(
    State(workbench): State<Arc<Workbench>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Result<Response, HandshakeError> {
    let client = workbench.site.client(peer, request.headers());
    let inside = workbench.clone();
    let terms = workbench.terms_for(client);
    open(&workbench, request, terms, Some(client), move |socket| run(inside, socket)).await
}

/// The whole life of a pipe.
async fn run<S: AsyncRead + AsyncWrite + Unpin>(workbench: Arc<Workbench>, socket: Socket<S>) {
    let (near, far) = tokio::io::duplex(BUFFER);
    workbench.tasks.spawn(serve(workbench.clone(), far));
    let mut pipe = Pipe {
        socket,
        inside: near,
        inward: Bytes::new(),
        left: BYTES_MAX,
        idle: Box::pin(tokio::time::sleep(IDLE)),
        life: Box::pin(tokio::time::sleep(LIFE)),
    };
    let why = poll_fn(|cx| pipe.poll_carry(cx)).await;
    let Pipe { socket, inside, .. } = pipe;
    drop(inside);
    socket.close(why).await;
}

struct Pipe<S> {
    socket: Socket<S>,
    inside: DuplexStream,
    /// Of the last message, what the connection inside has not taken yet.
    inward: Bytes,
    /// How many bytes may still come.
    left: usize,
    idle: Pin<Box<Sleep>>,
    life: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pipe<S> {
    /// Carries bytes both ways until the end. Neither direction waits for the other, or a connection that
    /// cannot write would never read again.
    fn poll_carry(&mut self, cx: &mut Context<'_>) -> Poll<Disconnect> {
        loop {
            if let Poll::Ready(why) = self.socket.poll_over(cx) {
                return Poll::Ready(why);
            }
            let outward = match self.poll_outward(cx) {
                Poll::Ready(Err(why)) => return Poll::Ready(why),
                outward => outward.is_ready(),
            };
            let inward = match self.poll_inward(cx) {
                Poll::Ready(Err(why)) => return Poll::Ready(why),
                inward => inward.is_ready(),
            };
            if self.idle.as_mut().poll(cx).is_ready() || self.life.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Disconnect::by_server(CloseCode::GoingAway.code(), "pipe_timeout"));
            }
            if !outward && !inward {
                return Poll::Pending;
            }
        }
    }

    /// From the connection inside to the page.
    fn poll_outward(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        ready!(self.socket.poll_flush(cx))?;
        let mut space = [0; 4096];
        let mut space = ReadBuf::new(&mut space);
        ready!(pin!(&mut self.inside).poll_read(cx, &mut space)).map_err(|_| Disconnect::Lost)?;
        if space.filled().is_empty() {
            self.socket.send(Opcode::TEXT, ENDED.as_bytes());
            return Poll::Ready(Err(CloseCode::Normal.into()));
        }
        self.socket.send(Opcode::BINARY, space.filled());
        Poll::Ready(Ok(()))
    }

    /// From the page to the connection inside.
    fn poll_inward(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnect>> {
        if !self.inward.is_empty() {
            match ready!(pin!(&mut self.inside).poll_write(cx, &self.inward)) {
                Ok(written) => self.inward.advance(written),
                // It has ended, which is told when all it said has been.
                Err(_) => self.inward.clear(),
            }
            return Poll::Ready(Ok(()));
        }
        let Message { opcode, payload } = ready!(self.socket.poll_message(cx))?;
        if opcode != Opcode::BINARY {
            return Poll::Ready(Err(Disconnect::by_server(1003, "binary_only")));
        }
        let Some(left) = self.left.checked_sub(payload.len()) else {
            return Poll::Ready(Err(Disconnect::by_server(CloseCode::TooBig.code(), "pipe_too_much")));
        };
        self.left = left;
        self.inward = payload.into();
        self.idle.as_mut().reset(tokio::time::Instant::now() + IDLE);
        Poll::Ready(Ok(()))
    }
}

/// The server inside: as for a TCP connection, without a deadline for the head, as its hands are slow.
async fn serve(workbench: Arc<Workbench>, far: DuplexStream) {
    let router = Router::new()
        .route("/ws/echo", any(echo_inside))
        .fallback(elsewhere)
        .layer(middleware::map_response(headers::secure))
        .with_state(workbench.clone());
    let http = http1::Builder::new()
        .max_header_size(workbench.settings.head_max)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(far), TowerToHyperService::new(router))
        .with_upgrades();
    if let Err(error) = http.await {
        tracing::debug!(%error, "the HTTP connection in a pipe failed");
    }
}

/// The echo, within the place and the time that the pipe has. It sends no pings, which cannot be answered by
/// hand in time.
async fn echo_inside(
    State(workbench): State<Arc<Workbench>>,
    request: Request,
) -> Result<Response, HandshakeError> {
    let terms = Terms { silence: LIFE, ..workbench.terms() };
    open(&workbench, request, terms, None, endpoint::run).await
}

async fn elsewhere() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "this connection leads to /ws/echo and nowhere else\n")
}

#[cfg(test)]
mod tests {
    use chat_wire::frame::{Header, unmask};
    use clap::Parser;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::{App, Config, cores::Cores};

    /// A pipe and a page's end of it, where nobody is ever pinged.
    async fn open() -> DuplexStream {
        let config = Config::parse_from(["otagh", "--host=127.0.0.1", "--port=0"]);
        let workbench =
            App::new(&config, Cores::start(1).unwrap().0, "127.0.0.1:0".parse().unwrap(), None, None)
                .workbench;
        let (page, far) = tokio::io::duplex(1 << 20);
        let terms = Terms { silence: 2 * LIFE, ..workbench.terms() };
        tokio::spawn(run(workbench, Socket::new(far, Bytes::new(), terms)));
        page
    }

    async fn write(page: &mut DuplexStream, bytes: &[u8]) {
        let key = [1, 2, 3, 4];
        let mut payload = bytes.to_vec();
        unmask(&mut payload, key, 0);
        let header = Header::new(Opcode::BINARY, Some(key), payload.len() as u64).write();
        page.write_all(&[header, payload].concat()).await.unwrap();
    }

    const TIMEOUT: &[u8] = b"\x88\x0E\x03\xE9pipe_timeout";

    #[tokio::test(start_paused = true)]
    async fn idle_pipe_times_out_after_last_message() {
        let mut page = open().await;
        let opened = tokio::time::Instant::now();
        tokio::time::sleep(IDLE - Duration::from_secs(1)).await;
        write(&mut page, b"GET /ws").await;
        let mut said = vec![0; TIMEOUT.len()];
        page.read_exact(&mut said).await.unwrap();
        assert_eq!(said, TIMEOUT);
        assert_eq!(opened.elapsed().as_secs(), (2 * IDLE).as_secs() - 1, "from the last message on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipe_ends_however_much_is_said() {
        let mut page = open().await;
        let opened = tokio::time::Instant::now();
        let mut said = Vec::new();
        while tokio::time::timeout(IDLE / 2, page.read_buf(&mut said)).await.is_err() {
            write(&mut page, b"G").await;
        }
        assert_eq!(said, TIMEOUT);
        assert_eq!(opened.elapsed().as_secs(), LIFE.as_secs());
    }
}
