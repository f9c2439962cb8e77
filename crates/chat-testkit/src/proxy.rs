//! A network that can be broken on purpose: a TCP proxy between clients and a server, with faults
//! for one connection or for all that are open. It takes bytes from one end and gives them to the
//! other, in order, each way for itself; what it holds is bounded, so a way that stands still
//! pushes back as a full network does. It does not know what the bytes mean, nor when which fault
//! is due: that is the caller's, so that a seed decides the same faults again.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
    time::Instant,
};

/// Most bytes taken from a socket at once.
const CHUNK: usize = 4 * 1024;

/// Most chunks on their way in one direction: 256 KiB. While it is full, nothing is read.
const CHUNKS: usize = 64;

/// What the kernel is asked to buffer for each socket, in bytes, so that pushing back does not begin
/// megabytes later.
const SOCKET_BUFFER: u32 = 64 * 1024;

/// The longest segment the server may send, in bytes: that of Ethernet.
const SEGMENT: u32 = 1460;

/// In how many pieces a second throttled bytes go.
const PIECES_A_SECOND: u32 = 20;

/// One of the two ends of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Who connected to the proxy.
    Client,
    /// Whom the proxy connected to.
    Server,
}

/// Where bytes are going.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// Both ends are told that nothing more comes (FIN), after what was already passed on.
    Close,
    /// Both ends get a reset (RST), which may overtake what they have not read yet.
    Reset,
    /// This end is gone, without a word; the other believes that the connection is open, and nothing
    /// is taken from it or given to it any more. Held until another cut, or as long as the proxy.
    HalfOpen(End),
}

/// What is done to a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// What comes from now on arrives this much later, in both directions.
    Delay(Duration),
    /// At most this many bytes a second are passed on, in each direction; 0 counts as 1.
    Throttle(u32),
    /// Nothing is passed on in this direction any more, and it pushes back when what may be held is
    /// full. In both directions: a network that takes nothing and says nothing.
    Stall(Way),
    /// The connection ends now.
    Cut(Cut),
    /// The connection ends when this many more bytes have gone in this direction, which may be in
    /// the middle of a frame.
    CutAfter(Way, u64, Cut),
    /// No delay, no throttle, no stall and no cut to come. What has been cut stays cut.
    Mend,
}

/// The proxy. Dropped, it lets go of all its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    refusing: AtomicBool,
    /// By their order of coming.
    links: Mutex<BTreeMap<u64, Link>>,
}

/// One connection through the proxy.
#[derive(Clone, Debug)]
pub struct Link(Arc<Line>);

#[derive(Debug)]
struct Line {
    client: SocketAddr,
    conditions: watch::Sender<Conditions>,
    passed: [AtomicU64; 2],
}

/// What holds on a connection.
#[derive(Clone, Copy, Debug, Default)]
struct Conditions {
    delay: Duration,
    /// In bytes a second.
    rate: Option<u32>,
    stalled: [bool; 2],
    /// After how many bytes since the beginning.
    cut_at: [Option<(u64, Cut)>; 2],
    cut: Option<Cut>,
}

/// Bytes on their way, and when they may arrive.
struct Chunk {
    due: Instant,
    bytes: Vec<u8>,
}

impl Proxy {
    /// A proxy to this server, at a free port of this machine.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn to(server: SocketAddr) -> io::Result<Self> {
        let socket = socket()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let listener = socket.listen(1024)?;
        let address = listener.local_addr()?;
        let refusing = AtomicBool::new(false);
        let shared = Arc::new(Shared { server, refusing, links: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { address, shared, accepting })
    }

    /// Where clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does this to every connection that is open now.
    pub fn inject(&self, fault: Fault) {
        for link in self.links() {
            link.inject(fault);
        }
    }

    /// Whether those who connect from now on are reset at once.
    pub fn refuse(&self, refusing: bool) {
        self.shared.refusing.store(refusing, Ordering::Relaxed);
    }

    /// The connections that are open now, those that are half open included.
    pub fn links(&self) -> Vec<Link> {
        self.shared.links().values().cloned().collect()
    }

    /// The newest connection of the client whose own address this is. One that has just connected may
    /// not be there yet; it is once it has heard from the server.
    pub fn link(&self, client: SocketAddr) -> Option<Link> {
        self.shared.links().values().rfind(|link| link.client() == client).cloned()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn links(&self) -> MutexGuard<'_, BTreeMap<u64, Link>> {
        // No code that can panic runs while the lock is held.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    /// The client's own address.
    pub fn client(&self) -> SocketAddr {
        self.0.client
    }

    /// Does this to the connection.
    pub fn inject(&self, fault: Fault) {
        self.0.conditions.send_modify(|conditions| match fault {
            Fault::Delay(delay) => conditions.delay = delay,
            Fault::Throttle(rate) => conditions.rate = Some(rate.max(1)),
            Fault::Stall(way) => conditions.stalled[way as usize] = true,
            Fault::Cut(cut) | Fault::CutAfter(_, 0, cut) => conditions.cut = Some(cut),
            Fault::CutAfter(way, more, cut) => {
                conditions.cut_at[way as usize] = Some((self.passed(way).saturating_add(more), cut));
            }
            Fault::Mend => *conditions = Conditions { cut: conditions.cut, ..Conditions::default() },
        });
    }

    /// How many bytes have been passed on in this direction.
    pub fn passed(&self, way: Way) -> u64 {
        self.0.passed[way as usize].load(Ordering::Relaxed)
    }
}

fn socket() -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER)?;
    socket.set_send_buffer_size(SOCKET_BUFFER)?;
    // Small pieces are passed on as they come. Those who are accepted inherit it all.
    socket.set_nodelay(true)?;
    Ok(socket)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    // Dropped with this task, and with it every connection.
    let mut lines = JoinSet::new();
    for n in 0.. {
        let accepted = loop {
            tokio::select! {
                accepted = listener.accept() => break accepted,
                Some(_) = lines.join_next() => {}
            }
        };
        match accepted {
            Ok((client, _)) if shared.refusing.load(Ordering::Relaxed) => reset(client),
            Ok((client, address)) => {
                let line = Line {
                    client: address,
                    conditions: watch::Sender::new(Conditions::default()),
                    passed: [AtomicU64::new(0), AtomicU64::new(0)],
                };
                let link = Link(Arc::new(line));
                shared.links().insert(n, link.clone());
                let shared = shared.clone();
                lines.spawn(async move {
                    match connect(shared.server).await {
                        Ok(server) => link.0.hold(client, server).await,
                        Err(_) => reset(client),
                    }
                    shared.links().remove(&n);
                });
            }
            // Out of file descriptors, mostly: they come back when connections end.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let socket = socket()?;
    // The server's kernel sizes its buffer by the segment, and a loopback segment is 64 KiB: so sized
    // it took 3.9 MB before a reader who stands still was felt, and with this 1.5 MB.
    socket2::SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
    socket.connect(server).await
}

impl Line {
    /// The life of the connection, to its end.
    async fn hold(&self, mut client: TcpStream, mut server: TcpStream) {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            tokio::try_join!(
                self.pass(Way::ToServer, from_client, to_server),
                self.pass(Way::ToClient, from_server, to_client),
            )
        };
        let cut = tokio::select! {
            cut = self.until(|now| now.cut) => cut,
            passed = both => passed.err().unwrap_or(Cut::Close),
        };
        match cut {
            Cut::Close => drop(tokio::join!(close(client), close(server))),
            Cut::Reset => [client, server].into_iter().for_each(reset),
            Cut::HalfOpen(end) => {
                let (gone, other) = match end {
                    End::Client => (client, server),
                    End::Server => (server, client),
                };
                reset(gone);
                self.until(|now| matches!(now.cut, Some(Cut::Close | Cut::Reset)).then_some(())).await;
                reset(other);
            }
        }
    }

    /// Passes on what comes in one direction, and its end.
    async fn pass(&self, way: Way, from: ReadHalf<'_>, to: WriteHalf<'_>) -> Result<(), Cut> {
        let (sender, receiver) = mpsc::channel(CHUNKS);
        tokio::try_join!(self.take(from, sender), self.give(way, receiver, to))?;
        Ok(())
    }

    async fn take(&self, mut from: ReadHalf<'_>, chunks: mpsc::Sender<Chunk>) -> Result<(), Cut> {
        // A place first, so that nothing is read which cannot be held.
        while let Ok(place) = chunks.reserve().await {
            let mut bytes = Vec::with_capacity(CHUNK);
            match from.read_buf(&mut bytes).await {
                Ok(0) => break,
                Ok(_) => place.send(Chunk { due: Instant::now() + self.conditions.borrow().delay, bytes }),
                Err(_) => return Err(Cut::Reset),
            }
        }
        Ok(())
    }

    async fn give(
        &self,
        way: Way,
        mut chunks: mpsc::Receiver<Chunk>,
        mut to: WriteHalf<'_>,
    ) -> Result<(), Cut> {
        while let Some(Chunk { due, bytes }) = chunks.recv().await {
            tokio::time::sleep_until(due).await;
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let now = self.until(|now| (!now.stalled[way as usize]).then_some(*now)).await;
                let mut most = rest.len() as u64;
                if let Some(rate) = now.rate {
                    most = most.min((rate / PIECES_A_SECOND).max(1).into());
                }
                if let Some((at, cut)) = now.cut_at[way as usize] {
                    match at.saturating_sub(self.passed[way as usize].load(Ordering::Relaxed)) {
                        0 => return Err(cut),
                        left => most = most.min(left),
                    }
                }
                let written = to.write(&rest[..most as usize]).await.map_err(|_| Cut::Reset)?;
                rest = &rest[written..];
                let written = written as u64;
                let passed = self.passed[way as usize].fetch_add(written, Ordering::Relaxed) + written;
                if let Some((_, cut)) = now.cut_at[way as usize].filter(|(at, _)| passed >= *at) {
                    return Err(cut);
                }
                if let Some(rate) = now.rate {
                    tokio::time::sleep(Duration::from_secs(written) / rate).await;
                }
            }
        }
        self.until(|now| (!now.stalled[way as usize]).then_some(())).await;
        to.shutdown().await.map_err(|_| Cut::Reset)
    }

    /// Waits until the conditions are such that `look` finds something in them.
    async fn until<T>(&self, look: impl Fn(&Conditions) -> Option<T>) -> T {
        let mut conditions = self.conditions.subscribe();
        loop {
            if let Some(found) = look(&conditions.borrow_and_update()) {
                return found;
            }
            if conditions.changed().await.is_err() {
                // Cannot be: the sender is in `self`.
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Says that nothing more comes, and throws away what still does until the other end is done too: a
/// socket that is closed with unread bytes in it is reset.
async fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}

fn reset(stream: TcpStream) {
    // A socket that has failed by itself needs no reset.
    drop(stream.set_zero_linger());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A proxy, a listener behind it, and no connection yet.
    async fn network() -> (Proxy, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::to(listener.local_addr().unwrap()).await.unwrap();
        (proxy, listener)
    }

    /// One more connection: its client, its server, and what is between them.
    async fn pair(proxy: &Proxy, listener: &TcpListener) -> (TcpStream, TcpStream, Link) {
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let link = proxy.link(client.local_addr().unwrap()).unwrap();
        (client, server, link)
    }

    fn numbered(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|n| (n / 256 + n) as u8).collect()
    }

    async fn read_some(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
        let mut some = vec![0; bytes];
        stream.read_exact(&mut some).await.unwrap();
        some
    }

    async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all
    }

    async fn is_reset(stream: &mut TcpStream) -> bool {
        let read = stream.read_to_end(&mut Vec::new()).await;
        read.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
    }

    #[tokio::test]
    async fn faultless_proxy_passes_bytes_and_ends() {
        let (proxy, listener) = network().await;
        let (mut client, mut server, link) = pair(&proxy, &listener).await;
        let words = numbered(1_000_000);
        let send = async {
            client.write_all(&words).await.unwrap();
            client.shutdown().await.unwrap();
        };
        let (heard, ()) = tokio::join!(read_to_end(&mut server), send);
        assert!(heard == words, "bytes were lost or mixed up");
        server.write_all(b"still heard").await.unwrap();
        drop(server);
        assert_eq!(read_to_end(&mut client).await, b"still heard");
        assert_eq!((link.passed(Way::ToServer), link.passed(Way::ToClient)), (1_000_000, 11));
        while !proxy.links().is_empty() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn cut_after_passes_exactly_given_bytes() {
        let (proxy, listener) = network().await;
        for (way, more) in [(Way::ToClient, 5_003), (Way::ToServer, 5_003), (Way::ToClient, 0)] {
            let (client, server, link) = pair(&proxy, &listener).await;
            let [mut from, mut to] = match way {
                Way::ToServer => [client, server],
                Way::ToClient => [server, client],
            };
            from.write_all(&numbered(100)).await.unwrap();
            assert_eq!(read_some(&mut to, 100).await, numbered(100));
            link.inject(Fault::CutAfter(way, more, Cut::Close));
            from.write_all(&numbered(20_000)).await.unwrap();
            assert_eq!(read_to_end(&mut to).await, numbered(20_000)[..more as usize]);
            assert_eq!(read_to_end(&mut from).await, b"", "the other end is told as well");
        }
    }

    #[tokio::test]
    async fn reset_hits_both_ends_of_one_connection() {
        let (proxy, listener) = network().await;
        let (mut client, mut server, link) = pair(&proxy, &listener).await;
        let (mut other_client, mut other_server, _) = pair(&proxy, &listener).await;
        link.inject(Fault::Cut(Cut::Reset));
        assert!(is_reset(&mut client).await && is_reset(&mut server).await);
        other_client.write_all(b"x").await.unwrap();
        assert_eq!(read_some(&mut other_server, 1).await, b"x");
        proxy.inject(Fault::Cut(Cut::Reset));
        assert!(is_reset(&mut other_client).await);
    }

    #[tokio::test]
    async fn stalled_way_pushes_back_until_mended() {
        let (proxy, listener) = network().await;
        let (mut client, mut server, link) = pair(&proxy, &listener).await;
        link.inject(Fault::Stall(Way::ToClient));
        let mut taken = 0;
        // Written until it is pushed back for longer than a loaded machine needs to pass on more.
        let words = numbered(64 << 20);
        let patience = Duration::from_millis(200);
        while let Ok(written) = tokio::time::timeout(patience, server.write(&words[taken..])).await {
            taken += written.unwrap();
        }
        assert!(taken < 16 << 20, "{taken} bytes were taken from the sender");
        client.write_all(b"this way is open").await.unwrap();
        assert_eq!(read_some(&mut server, 16).await, b"this way is open");
        assert_eq!(link.passed(Way::ToClient), 0);
        link.inject(Fault::Mend);
        drop(server);
        assert!(read_to_end(&mut client).await == words[..taken]);
    }

    #[tokio::test]
    async fn half_open_resets_one_silences_other() {
        let (proxy, listener) = network().await;
        for gone in [End::Client, End::Server] {
            let (client, server, link) = pair(&proxy, &listener).await;
            let [mut gone_one, mut other] = match gone {
                End::Client => [client, server],
                End::Server => [server, client],
            };
            link.inject(Fault::Cut(Cut::HalfOpen(gone)));
            assert!(is_reset(&mut gone_one).await);
            other.write_all(b"are you there?").await.unwrap();
            let error = other.try_read(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock, "neither words nor an end");
            link.inject(Fault::Cut(Cut::Reset));
            assert!(is_reset(&mut other).await);
        }
    }

    #[tokio::test]
    async fn delay_and_throttle_keep_order() {
        let (proxy, listener) = network().await;
        let (mut client, mut server, link) = pair(&proxy, &listener).await;
        link.inject(Fault::Delay(Duration::from_millis(50)));
        let start = Instant::now();
        client.write_all(b"one ").await.unwrap();
        server.write_all(b"back").await.unwrap();
        assert_eq!(read_some(&mut client, 4).await, b"back");
        client.write_all(b"two").await.unwrap();
        assert_eq!(read_some(&mut server, 7).await, b"one two");
        assert!(start.elapsed() >= Duration::from_millis(100), "one way after the other");
        link.inject(Fault::Mend);
        link.inject(Fault::Throttle(10_000));
        let start = Instant::now();
        client.write_all(&numbered(1_000)).await.unwrap();
        assert_eq!(read_some(&mut server, 1_000).await, numbered(1_000));
        // The last piece has arrived before its time is over.
        assert!(start.elapsed() >= Duration::from_millis(50));
    }

    #[tokio::test]
    async fn refused_connection_is_reset_existing_stays() {
        let (proxy, listener) = network().await;
        let (mut client, mut server, _) = pair(&proxy, &listener).await;
        proxy.refuse(true);
        assert!(is_reset(&mut TcpStream::connect(proxy.address()).await.unwrap()).await);
        client.write_all(b"x").await.unwrap();
        assert_eq!(read_some(&mut server, 1).await, b"x");
        proxy.refuse(false);
        pair(&proxy, &listener).await;
    }

    #[tokio::test]
    async fn unreachable_server_resets_client() {
        let (proxy, listener) = network().await;
        drop(listener);
        assert!(is_reset(&mut TcpStream::connect(proxy.address()).await.unwrap()).await);
    }
}
