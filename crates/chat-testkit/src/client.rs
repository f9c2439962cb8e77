//! A [`Session`] on real sockets: one task a client, which opens, joins, talks, is cut, waits and
//! comes back by itself, and writes everything into the journal. What it does besides is asked of it
//! by [`Client`]'s methods. All decisions are the session's; here are only bytes and time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use chat_protocol::{ClientId, ClientMsg, Name, RoomId, SUBPROTOCOL, ServerMsg, Text};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::{sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use crate::{
    checker::Event,
    journal::{Journal, Return},
    session::{Liveness, Session},
    violation::ClientNo,
};

/// How many orders may wait. More are not taken.
const ORDERS: usize = 256;

/// What a WebSocket without a close frame is said to have ended with.
const LOST: u16 = 1006;

/// Pings with numbers from here on are fences, not the session's own.
const FENCES: u32 = 1 << 31;

/// Who, where, and how patient.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Its number in the journal.
    pub(crate) no: ClientNo,
    /// Where it connects to: a server, or a proxy before it; of several, to any.
    pub(crate) addresses: Vec<SocketAddr>,
    /// The room it wants to be in.
    pub(crate) room: RoomId,
    /// The id it asks for, which no other client of the run may ask for.
    pub(crate) id: ClientId,
    pub(crate) name: Name,
    /// When it suspects a silent server.
    pub(crate) liveness: Liveness,
    /// What its jitter is made of.
    pub(crate) seed: u64,
}

/// A client that runs. Dropped, it is cut.
#[derive(Debug)]
pub(crate) struct Client {
    no: ClientNo,
    orders: mpsc::Sender<Order>,
    view: watch::Receiver<View>,
    task: JoinHandle<()>,
}

/// What is seen of a client from outside.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct View {
    /// It is in its room and has read what it missed.
    pub(crate) is_live: bool,
    /// How many of its says wait for their answer.
    pub(crate) pending: usize,
    /// Its end of the present connection.
    pub(crate) address: Option<SocketAddr>,
}

#[derive(Debug)]
enum Order {
    Say(Text),
    Pause(Duration),
    Cut,
    Fence(oneshot::Sender<()>),
}

impl Client {
    pub(crate) fn start(profile: Profile, journal: Journal) -> Self {
        let (orders, ordered) = mpsc::channel(ORDERS);
        let (show, view) = watch::channel(View::default());
        let no = profile.no;
        let running = Running {
            session: Session::new(profile.name.clone(), profile.liveness),
            random: fastrand::Rng::with_seed(profile.seed),
            profile,
            journal,
            ordered,
            show,
            lost: None,
            joined: Duration::ZERO,
            paused_until: None,
            fences: Vec::new(),
            fence: FENCES,
        };
        Self { no, orders, view, task: tokio::spawn(running.run()) }
    }

    /// Its number in the journal.
    pub(crate) fn no(&self) -> ClientNo {
        self.no
    }

    /// What is seen of it now.
    pub(crate) fn view(&self) -> View {
        *self.view.borrow()
    }

    /// Says this, as soon as it can. False when too many orders wait: it is stuck in a network that
    /// takes nothing.
    pub(crate) fn say(&self, text: Text) -> bool {
        self.order(Order::Say(text))
    }

    /// Reads nothing for so long. False as above.
    pub(crate) fn pause(&self, how_long: Duration) -> bool {
        self.order(Order::Pause(how_long))
    }

    /// Vanishes without a word (RST), and comes back. False as above.
    pub(crate) fn cut(&self) -> bool {
        self.order(Order::Cut)
    }

    /// Waits for an answer of the server, behind which nothing is left that was sent before the
    /// question. False when the connection broke meanwhile.
    pub(crate) async fn fence(&self) -> bool {
        let (answer, answered) = oneshot::channel();
        self.order(Order::Fence(answer)) && answered.await.is_ok()
    }

    fn order(&self, order: Order) -> bool {
        self.orders.try_send(order).is_ok()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Socket = WebSocketStream<TcpStream>;

struct Running {
    profile: Profile,
    journal: Journal,
    session: Session,
    random: fastrand::Rng,
    ordered: mpsc::Receiver<Order>,
    show: watch::Sender<View>,
    /// When the last connection was lost, until the next welcome.
    lost: Option<Instant>,
    /// When the last join was sent.
    joined: Duration,
    paused_until: Option<Instant>,
    fences: Vec<(u32, oneshot::Sender<()>)>,
    fence: u32,
}

/// The connection is over, with this close code.
struct Over(u16);

impl Running {
    async fn run(mut self) {
        loop {
            let Over(code) = match self.open().await {
                Some(socket) => self.talk(socket).await,
                None => Over(LOST),
            };
            self.journal.note(self.profile.no, &Event::Over);
            self.journal.count(|tally| *tally.closes.entry(code).or_default() += 1);
            self.lost.get_or_insert_with(Instant::now);
            self.fences.clear();
            self.paused_until = None;
            let wait = self.session.over(code, self.random.f64());
            self.show(None);
            match wait {
                Some(wait) if self.wait(Instant::now() + wait).await => {}
                _ => return,
            }
        }
    }

    /// Waits to come back. False when nobody has the client any more.
    async fn wait(&mut self, until: Instant) -> bool {
        loop {
            tokio::select! {
                () = sleep_until(until.into()) => return true,
                order = self.ordered.recv() => match order {
                    Some(Order::Say(text)) => self.session.say(text),
                    None => return false,
                    // There is nothing to cut or to read, and dropped, a fence is answered with no.
                    Some(Order::Cut | Order::Pause(_) | Order::Fence(_)) => {}
                },
            }
        }
    }

    fn patience(&self) -> Duration {
        Duration::from_millis(self.profile.liveness.dead_after)
    }

    async fn open(&mut self) -> Option<Socket> {
        self.journal.note(self.profile.no, &Event::Open(self.profile.room.clone()));
        let (room, id) = (self.profile.room.as_str(), self.profile.id.as_str());
        let address = *self.random.choice(&self.profile.addresses)?;
        let url = format!("ws://{address}/ws/{room}/{id}");
        let mut request = url.into_client_request().ok()?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        let connect = async {
            let stream = TcpStream::connect(address).await.ok()?;
            stream.set_nodelay(true).ok()?;
            let address = stream.local_addr().ok()?;
            // A hundred of the library's own 128 KiB would be most of what a run needs.
            let config = WebSocketConfig::default().read_buffer_size(8 * 1024);
            let (socket, _) = client_async_with_config(request, stream, Some(config)).await.ok()?;
            Some((socket, address))
        };
        let (socket, address) = timeout(self.patience(), connect).await.ok()??;
        self.session.open(self.journal.now());
        self.show(Some(address));
        Some(socket)
    }

    async fn talk(&mut self, mut socket: Socket) -> Over {
        let address = self.show.borrow().address;
        loop {
            if let Err(over) = self.send(&mut socket).await {
                return over;
            }
            self.show(address);
            let paused_until = self.paused_until;
            let wake = self.wake_at();
            tokio::select! {
                biased;
                frame = socket.next(), if paused_until.is_none() => match frame {
                    Some(Ok(Message::Text(json))) => self.hear(&json),
                    Some(Ok(Message::Close(frame))) => {
                        let code = frame.map_or(1005, |frame| frame.code.into());
                        // The answer is on its way out at the next flush, if there is anybody.
                        drop(timeout(self.patience(), socket.flush()).await);
                        return Over(code);
                    }
                    Some(Ok(Message::Binary(_))) => self.journal.count(|tally| tally.unreadable += 1),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Err(_)) | None => return Over(LOST),
                },
                order = self.ordered.recv() => match order {
                    Some(Order::Say(text)) => self.session.say(text),
                    Some(Order::Pause(how_long)) => self.paused_until = Some(Instant::now() + how_long),
                    Some(Order::Fence(answer)) => {
                        self.fence += 1;
                        self.fences.push((self.fence, answer));
                        if let Err(over) = self.transmit(&mut socket, &ClientMsg::Ping { n: self.fence }).await {
                            return over;
                        }
                    }
                    Some(Order::Cut) | None => return self.vanish(&socket),
                },
                () = sleep_until(wake.into()) => match paused_until {
                    Some(_) => {
                        self.paused_until = None;
                        self.session.listen_again(self.journal.now());
                    }
                    None if self.session.is_dead(self.journal.now()) => return self.vanish(&socket),
                    None => {}
                },
            }
        }
    }

    fn wake_at(&self) -> Instant {
        self.paused_until.unwrap_or_else(|| {
            let wait = self.session.wake_at().saturating_sub(self.journal.now());
            Instant::now() + Duration::from_millis(wait)
        })
    }

    /// Sends what the session has to send.
    async fn send(&mut self, socket: &mut Socket) -> Result<(), Over> {
        while let Some(message) = self.session.send(self.journal.now()) {
            if matches!(message, ClientMsg::Join { .. }) {
                self.joined = self.journal.elapsed();
            }
            self.transmit(socket, &message).await?;
        }
        Ok(())
    }

    async fn transmit(&mut self, socket: &mut Socket, message: &ClientMsg) -> Result<(), Over> {
        self.journal.note(self.profile.no, &Event::Sent(message.clone()));
        match timeout(self.patience(), socket.send(Message::text(message.to_json()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over(LOST)),
        }
    }

    fn hear(&mut self, json: &str) {
        let Ok(message) = serde_json::from_str::<ServerMsg>(json) else {
            self.journal.count(|tally| tally.unreadable += 1);
            return;
        };
        let was_live = self.session.is_live();
        self.session.hear(&message, self.journal.now());
        match &message {
            ServerMsg::Welcome(_) => {
                if let Some(lost) = self.lost.take() {
                    let back = Return { joined: self.joined, took: lost.elapsed() };
                    self.journal.count(|tally| tally.returns.push(back));
                }
            }
            ServerMsg::Said(_) if !was_live => self.journal.count(|tally| tally.replayed += 1),
            ServerMsg::Pong { n } => {
                for (_, answer) in self.fences.extract_if(.., |(fence, _)| fence == n) {
                    // Whoever asked may not be waiting any more.
                    answer.send(()).unwrap_or(());
                }
            }
            _ => {}
        }
        self.journal.note(self.profile.no, &Event::Heard(message));
    }

    /// Resets the connection, without a word.
    fn vanish(&self, socket: &Socket) -> Over {
        // A socket that has failed by itself needs no reset.
        drop(socket.get_ref().set_zero_linger());
        Over(LOST)
    }

    fn show(&self, address: Option<SocketAddr>) {
        let (is_live, pending) = (self.session.is_live(), self.session.pending());
        self.show.send_if_modified(|view| {
            let now = View { is_live, pending, address };
            std::mem::replace(view, now) != now
        });
    }
}
