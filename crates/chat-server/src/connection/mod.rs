//! One connection, from its `101` to its last byte, as one task. Read [`Connection`] for the
//! lesson's steps: open, join, say, close (the fifth, broadcast, is the room's). What arrives is
//! untrusted and read by a well-kept WebSocket library with small buffers; what leaves passes
//! through the one [`outbox`]. A connection knows its socket and, once joined, its room; it
//! deliberately does not know who else is there.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use chat_protocol::{
    CaptureToken, ClientId, ClientMsg, CloseCode, ErrorCode, Name, Resume, RoomId, ServerMsg, TabId,
};
use tokio::{net::TcpStream, time::Sleep};
use tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{CloseFrame, frame::coding::CloseCode as Code},
};

use self::{
    heartbeat::{Heartbeat, Pulse},
    outbox::{Closing, Outbox},
    pace::Pace,
    reader::Reader,
    registry::Place,
};
use crate::{
    frame, random,
    room::{Departure, Join, Letter, Membership, Unposted, token::FreshToken},
    server::App,
    wire::tap::Tap,
};

pub mod heartbeat;
pub mod origin;
pub mod outbox;
pub mod pace;
pub mod reader;
pub mod registry;
pub mod upgrade;

/// Who is at the other end, and where they want to go: the two ids of the URL.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The room.
    pub room: RoomId,
    /// The id asked for.
    pub client_id: ClientId,
}

/// Whether a connection is recorded.
#[derive(Debug)]
pub enum Recording {
    /// It is not, and did not ask for it.
    NotAsked,
    /// It asked, but there is no place for one more recording.
    Refused,
    /// It is, and who has this token can see it.
    Begun(CaptureToken, Tap),
}

/// One open connection.
pub struct Connection {
    app: Arc<App>,
    reader: Reader,
    place: Place,
    membership: Option<Membership>,
    pace: Pace,
    heartbeat: Heartbeat,
    alarm: Pin<Box<Sleep>>,
    /// Whether it did not listen, on purpose, to what it may have read by then: the socket will not tell.
    was_deaf: bool,
    /// `None` once joined.
    arriving: Option<Box<Arriving>>,
}

/// What matters of a connection until it has joined, and then no more.
#[derive(Debug)]
struct Arriving {
    destination: Destination,
    /// When the first `join` must have come; `None` once it has.
    join_by: Option<Instant>,
}

/// Why a conversation is over.
#[derive(Debug)]
enum Ending {
    /// The client sent a close frame.
    Theirs(Option<Box<CloseFrame>>),
    /// We end it.
    Ours(CloseCode),
    /// The socket failed or ended without a close frame.
    Lost,
}

/// What a connection wakes up for.
#[derive(Debug)]
enum Event {
    /// The outbox is closed.
    Closing(Closing),
    /// Something has come.
    Readable,
    /// The socket failed.
    Lost,
    /// It is time to look at the clock.
    Alarm,
}

/// What a connection must wait for before it reads on.
#[derive(Debug)]
enum Errand {
    /// To be let in.
    Join { name: Option<Name>, resume: Option<Resume>, tab: Option<TabId> },
    /// A place in the room's mailbox.
    Post(Letter),
}

/// What a step of the conversation leads to.
type Step = ControlFlow<Ending>;

/// The conversation goes on.
const ON: Step = ControlFlow::Continue(());

impl Connection {
    /// Open: the socket has become a WebSocket. `leftover` is what was read from it beyond the
    /// handshake; `recording` is its tap and token, or why there is none, where it asked for one.
    pub fn open(
        app: Arc<App>,
        destination: Destination,
        stream: TcpStream,
        leftover: Bytes,
        place: Place,
        recording: Recording,
    ) -> Box<Self> {
        let now = Instant::now();
        let config = &app.config;
        let (tap, first) = match recording {
            Recording::NotAsked => (None, None),
            Recording::Refused => {
                let error = ServerMsg::error(ErrorCode::XrayUnavailable, "as many are recorded as may be");
                (None, Some(error))
            }
            Recording::Begun(token, tap) => (Some(tap), Some(ServerMsg::Xray { token })),
        };
        let outbox = Arc::new(Outbox::new(stream, config.outbox_bytes, tap));
        if let Some(faults) = outbox.tap().and_then(Tap::faults) {
            faults.concern(&outbox);
        }
        if let Some(message) = first {
            outbox.send(&frame::text(&message));
        }
        place.open(&outbox);
        let join_by = now + config.join_deadline;
        Box::new(Self {
            pace: Pace::new(config.messages_per_second, config.messages_burst, now),
            heartbeat: Heartbeat::new(now),
            alarm: Box::pin(tokio::time::sleep_until(join_by.min(now + config.ping_interval).into())),
            arriving: Some(Box::new(Arriving { destination, join_by: Some(join_by) })),
            app,
            reader: Reader::new(outbox, leftover),
            place,
            membership: None,
            was_deaf: false,
        })
    }

    /// The whole life of the connection. A future is always as large as the largest thing that it ever
    /// waits for, so what is seldom waited for has a place of its own, and only as long as it takes.
    pub async fn run(mut self: Box<Self>) {
        let conn = self.place.conn().0;
        tracing::debug!(conn, room = ?self.arriving.as_ref().map(|arriving| &arriving.destination.room), "open");
        let ending = self.converse().await;
        tracing::debug!(conn, ending = ending.name(), code = ending.code(), "over");
        Box::pin(self.close(ending)).await;
    }

    async fn converse(&mut self) -> Ending {
        // The first frames may have come with the handshake.
        let mut step = self.listen();
        loop {
            step = match step {
                ControlFlow::Break(ending) => return ending,
                ControlFlow::Continue(Some(errand)) => match Box::pin(self.run_errand(errand)).await {
                    ControlFlow::Continue(()) => self.listen(),
                    ControlFlow::Break(ending) => return ending,
                },
                ControlFlow::Continue(None) => {
                    if self.reader.is_behind() {
                        tokio::task::yield_now().await;
                    }
                    match poll_fn(|cx| self.poll_event(cx)).await {
                        Event::Closing(closing) => return closing.into(),
                        Event::Lost => return Ending::Lost,
                        Event::Readable => self.listen(),
                        // What is there to be heard counts before it is judged what was not.
                        Event::Alarm => match self.listen() {
                            ControlFlow::Continue(None) => self.check_alarm().map_continue(|()| None),
                            step => step,
                        },
                    }
                }
            };
        }
    }

    /// What to do next. Polled by hand, because three futures to select from would be as large as all
    /// else that a connection is.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        if let Poll::Ready(closing) = self.outbox().poll_drive(cx) {
            return Poll::Ready(Event::Closing(closing));
        }
        // Who sends more than is read would otherwise never hear it ring.
        if self.reader.is_behind() && self.alarm.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Event::Alarm);
        }
        // A connection that is deaf on purpose is woken when it hears again.
        let is_deaf = self.is_deaf();
        if !is_deaf && std::mem::take(&mut self.was_deaf) {
            return Poll::Ready(Event::Readable);
        }
        if !is_deaf
            && let Some(stream) = self.outbox().stream()
            && let Poll::Ready(readable) = stream.poll_read_ready(cx)
        {
            return Poll::Ready(if readable.is_ok() { Event::Readable } else { Event::Lost });
        }
        self.alarm.as_mut().poll(cx).map(|()| Event::Alarm)
    }

    /// Reads what has come, message by message, until there is nothing more or something to wait for.
    fn listen(&mut self) -> ControlFlow<Ending, Option<Box<Errand>>> {
        self.was_deaf = self.is_deaf();
        if self.was_deaf {
            return ControlFlow::Continue(None);
        }
        if self.reader.begin_turn().is_err() {
            return ControlFlow::Break(Ending::Lost);
        }
        loop {
            let message = match self.reader.message() {
                Ok(Some(message)) => message,
                Ok(None) => return ControlFlow::Continue(None),
                Err(error) => return ControlFlow::Break(error.into()),
            };
            self.heartbeat.heard(Instant::now());
            match message {
                Message::Text(json) => {
                    if let Some(errand) = self.hear(&json)? {
                        return ControlFlow::Continue(Some(errand));
                    }
                }
                Message::Binary(_) => self
                    .refuse(ServerMsg::error(ErrorCode::NotText, "binary frame; send JSON in text frames"))?,
                // The library answers at its next read.
                Message::Ping(_) => self.check_pace()?,
                Message::Pong(_) | Message::Frame(_) => {}
                // So the library reports a code that may not be sent (RFC 6455 §7.4), such as 1005.
                Message::Close(Some(CloseFrame { code: Code::Protocol, .. })) => {
                    return ControlFlow::Break(Ending::Ours(CloseCode::ProtocolError));
                }
                Message::Close(frame) => return ControlFlow::Break(Ending::Theirs(frame.map(Box::new))),
            }
        }
    }

    /// One text frame: read by the protocol's rules, then done, but for what has to be waited for.
    /// Whatever is wrong with it is answered, and harms nothing else. It is read before it is weighed,
    /// because also the error that drops a `say` carries its id; how many can be read for nothing is
    /// bounded by the offences.
    fn hear(&mut self, json: &str) -> ControlFlow<Ending, Option<Box<Errand>>> {
        let message = match ClientMsg::parse(json, self.app.config.text_max) {
            Ok(message) => message,
            Err(rejection) => return self.refuse(rejection.into()).map_continue(|()| None),
        };
        let now = Instant::now();
        if !self.is_within_pace(now) {
            if !self.pace.tolerates(now) {
                return ControlFlow::Break(Ending::Ours(CloseCode::Abuse));
            }
            let detail = "too many messages; this one was dropped";
            self.send(&error_about(message, ErrorCode::TooFast, detail));
            return ControlFlow::Continue(None);
        }
        let posted = match (message, &self.membership) {
            (ClientMsg::Ping { n }, _) => {
                self.send(&ServerMsg::Pong { n });
                Ok(())
            }
            (ClientMsg::Join { name, resume, tab }, None) => {
                return ControlFlow::Continue(Some(Box::new(Errand::Join { name, resume, tab })));
            }
            (ClientMsg::Join { .. }, Some(_)) => {
                let error = ServerMsg::error(ErrorCode::AlreadyJoined, "this connection has joined");
                return self.refuse(error).map_continue(|()| None);
            }
            (message, None) => {
                let error = error_about(message, ErrorCode::NotJoined, "join first");
                return self.refuse(error).map_continue(|()| None);
            }
            (ClientMsg::Say { id, text }, Some(member)) => {
                let trace = self.outbox().tap().map(|tap| tap.hear_say(&id));
                member.say(id, text, trace)
            }
            (ClientMsg::Typing, Some(member)) => member.typing(),
            (ClientMsg::Rename { name }, Some(member)) => member.rename(name),
        };
        match posted {
            Ok(()) => ControlFlow::Continue(None),
            Err(Unposted::Full(letter)) => ControlFlow::Continue(Some(Box::new(Errand::Post(letter)))),
            Err(Unposted::Gone) => ControlFlow::Break(Ending::Ours(CloseCode::InternalError)),
        }
    }

    async fn run_errand(&mut self, errand: Box<Errand>) -> Step {
        let (letter, member) = match (*errand, &self.membership) {
            (Errand::Join { name, resume, tab }, _) => return self.join(name, resume, tab).await,
            (Errand::Post(letter), Some(member)) => (letter, member),
            (Errand::Post(_), None) => return ON,
        };
        match self.wait_for(member.wait(letter)).await? {
            Ok(()) => ON,
            Err(_) => ControlFlow::Break(Ending::Ours(CloseCode::InternalError)),
        }
    }

    /// Join: ask the room to be let in. The room itself sends the welcome, so that it stands in the
    /// room's order.
    async fn join(&mut self, name: Option<Name>, resume: Option<Resume>, tab: Option<TabId>) -> Step {
        if let Some(arriving) = &mut self.arriving {
            arriving.join_by = None;
        }
        let Some(arriving) = &self.arriving else { return ON };
        let Destination { room, client_id } = &arriving.destination;
        let join = Join {
            conn: self.place.conn(),
            client_id: client_id.clone(),
            name,
            tab,
            claim: resume.map(Into::into),
            token: FreshToken::new(random::bytes()),
            frames: self.pace.frames().clone(),
        };
        let hub = &self.app.hub;
        let join = hub.join(room, join, self.outbox(), self.place.visitor());
        match self.wait_for(join).await? {
            Ok(Ok(membership)) => {
                self.pace.share(membership.frames().clone());
                self.membership = Some(membership);
                self.arriving = None;
                ON
            }
            Ok(Err(refusal)) => {
                self.send(&refusal.into());
                ON
            }
            Err(no_room) => ControlFlow::Break(Ending::Ours(no_room.into())),
        }
    }

    /// Waits for the room, whose mailbox may be full. Meanwhile nothing is read, so that the client
    /// waits as well, but what is on its way out goes on: who speaks in a busy room is no slow reader.
    async fn wait_for<T>(&self, room: impl Future<Output = T>) -> ControlFlow<Ending, T> {
        tokio::select! {
            // Mostly it need not be waited for.
            biased;
            answer = room => ControlFlow::Continue(answer),
            closing = poll_fn(|cx| self.outbox().poll_drive(cx)) => ControlFlow::Break(closing.into()),
        }
    }

    /// Answers a mistake; after too many, ends the conversation.
    fn refuse(&mut self, error: ServerMsg) -> Step {
        if !self.pace.forgives(Instant::now()) {
            return ControlFlow::Break(Ending::Ours(CloseCode::Abuse));
        }
        self.send(&error);
        ON
    }

    /// Counts a frame that is no message of the protocol.
    fn check_pace(&mut self) -> Step {
        let now = Instant::now();
        if self.is_within_pace(now) || self.pace.tolerates(now) {
            return ON;
        }
        ControlFlow::Break(Ending::Ours(CloseCode::Abuse))
    }

    /// Whether both the person and their address may send a frame now. What is over a person's own
    /// pace does not use up their neighbours'.
    fn is_within_pace(&mut self, now: Instant) -> bool {
        self.pace.allows(now) && self.place.visitor().may_send(now)
    }

    fn is_deaf(&self) -> bool {
        self.outbox().tap().is_some_and(Tap::is_deaf)
    }

    fn outbox(&self) -> &Arc<Outbox> {
        self.reader.outbox()
    }

    fn send(&self, message: &ServerMsg) {
        self.outbox().send(&frame::text(message));
    }

    fn check_alarm(&mut self) -> Step {
        let now = Instant::now();
        let join_by = self.arriving.as_ref().and_then(|arriving| arriving.join_by);
        if join_by.is_some_and(|deadline| now >= deadline) {
            return ControlFlow::Break(Ending::Ours(CloseCode::JoinTimeout));
        }
        let next =
            match self.heartbeat.check(now, self.app.config.ping_interval, self.app.config.ping_deadline) {
                Pulse::Wait(until) => until,
                Pulse::Ping(until) => {
                    self.outbox().send(&frame::PING);
                    until
                }
                Pulse::Dead => return ControlFlow::Break(Ending::Ours(CloseCode::PingTimeout)),
            };
        let next = join_by.map_or(next, |deadline| next.min(deadline));
        self.alarm.as_mut().reset(next.into());
        ON
    }

    /// Close: leave the room at once, say goodbye if there is somebody to hear it, and let go of
    /// the socket when the other end has, or after a grace.
    async fn close(self: Box<Self>, ending: Ending) {
        let outbox = self.outbox().clone();
        let is_forgotten = outbox.tap().is_some_and(Tap::is_forgotten);
        let how = if is_forgotten { Departure::Forgotten } else { ending.departure() };
        let (code, by_server) = (ending.code(), matches!(ending, Ending::Ours(_)));
        let Self { app, place, membership, .. } = *self;
        if let Some(membership) = membership {
            membership.leave(how);
        }
        let is_lost = matches!(ending, Ending::Lost);
        match ending {
            Ending::Lost => {}
            Ending::Ours(code) => outbox.close(code),
            Ending::Theirs(frame) => outbox.answer_close(&match frame.as_deref() {
                Some(CloseFrame { code, reason }) => frame::close_with((*code).into(), reason),
                None => frame::CLOSE_EMPTY,
            }),
        }
        let goodbye = async {
            poll_fn(|cx| outbox.poll_flushed(cx)).await;
            let Some(stream) = outbox.stream() else { return };
            let half_closed = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
            if half_closed.is_ok() {
                read_to_end(&outbox).await;
            }
        };
        if !is_lost && tokio::time::timeout(app.config.close_grace, goodbye).await.is_err() {
            tracing::debug!(conn = place.conn().0, "the other end did not finish the close in time");
        }
        if let Some(tap) = outbox.tap() {
            tap.end(code, by_server);
        }
    }
}

/// The error that answers this message: with its id, if it is a `say`.
pub(crate) fn error_about(message: ClientMsg, code: ErrorCode, detail: &str) -> ServerMsg {
    let id = if let ClientMsg::Say { id, .. } = message { Some(id) } else { None };
    ServerMsg::Error { code, detail: detail.into(), id, suggestion: None, free_in: None }
}

/// Takes and discards what still comes until the other end is done too. Closing a socket that holds
/// unread bytes sends a reset, which can overtake and destroy the close frame.
async fn read_to_end(outbox: &Outbox) {
    let Some(stream) = outbox.stream() else { return };
    while stream.readable().await.is_ok() {
        let mut bytes = [0; 512];
        match stream.try_read(&mut bytes) {
            Ok(0) => return,
            Ok(read) => {
                if let Some(tap) = outbox.tap() {
                    tap.received(&bytes[..read]);
                }
                tokio::task::consume_budget().await;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

impl Ending {
    /// What the end of the connection means for the membership. A client that closes with 1000, 1001
    /// or no code is done for now; one that closes with a code of its own is not (it may think that
    /// we are dead), and what we end may be resumed, except abuse.
    fn departure(&self) -> Departure {
        match self {
            Self::Theirs(None) | Self::Ours(CloseCode::Abuse) => Departure::Clean,
            Self::Theirs(Some(frame)) if matches!(frame.code.into(), 1000 | 1001) => Departure::Clean,
            Self::Theirs(Some(_)) | Self::Ours(_) | Self::Lost => Departure::Lost,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Theirs(_) => "closed by the client",
            Self::Ours(code) => code.reason(),
            Self::Lost => "lost",
        }
    }

    fn code(&self) -> Option<u16> {
        match self {
            Self::Theirs(frame) => frame.as_ref().map(|frame| frame.code.into()),
            Self::Ours(code) => Some(code.code()),
            Self::Lost => None,
        }
    }
}

impl From<Closing> for Ending {
    fn from(closing: Closing) -> Self {
        match closing {
            Closing::Ours(code) => Self::Ours(code),
            // Only `close` answers a close, and after it nobody asks.
            Closing::Theirs | Closing::Broken => Self::Lost,
        }
    }
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Ours(CloseCode::TooBig),
            Error::Utf8(_) => Self::Ours(CloseCode::InvalidUtf8),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_) => Self::Lost,
            _ => Self::Ours(CloseCode::ProtocolError),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use clap::Parser;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    use super::*;
    use crate::{
        clock::Clock,
        config::Config,
        room::{Core, actor::Room, budget::Budget},
        server::Server,
    };

    #[test]
    fn an_idle_connection_is_small() {
        fn size_of_output<T, F>(_: &impl Fn(T) -> F) -> usize {
            size_of::<F>()
        }
        let task = size_of_output(&|connection: Box<Connection>| connection.run());
        let (connection, outbox) = (size_of::<Connection>(), size_of::<Outbox>());
        eprintln!("task {task}, connection {connection}, outbox {outbox}");
        assert!(task + connection + outbox <= 450, "task {task}, connection {connection}, outbox {outbox}");
    }

    #[tokio::test]
    async fn who_waits_for_a_full_room_is_still_sent_what_is_theirs() {
        let options = ["otagh", "--host=127.0.0.1", "--port=0", "--messages-per-second=0"];
        let options = options.iter().chain(&["--messages-per-address=0"]);
        let app = Server::bind(Config::parse_from(options)).await.unwrap().app().clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let id = RoomId::parse("class").unwrap();
        let destination = Destination { room: id.clone(), client_id: ClientId::parse("ali").unwrap() };
        let visitor = app.visitors.at(far.local_addr().unwrap().ip().into(), Instant::now());
        let place = app.connections.reserve(visitor).unwrap();
        let client_id = destination.client_id.clone();
        let mut connection =
            Connection::open(app.clone(), destination, near, Bytes::new(), place, Recording::NotAsked);
        let outbox = connection.outbox().clone();

        let share = Budget::new(1 << 20, 1).share();
        let core = Core::new(id, random::epoch(), app.config.room_limits(), share);
        let (room, handle) = Room::open(core, Clock::start());
        let mut room = pin!(room.run());
        let join = Join {
            conn: connection.place.conn(),
            client_id,
            name: None,
            tab: None,
            claim: None,
            token: FreshToken::new(random::bytes()),
            frames: connection.pace.frames().clone(),
        };
        let joined = tokio::select! {
            joined = handle.join(join, outbox.clone()) => joined,
            _ = &mut room => panic!("the room is over"),
        };
        connection.membership = Some(joined.unwrap().unwrap());
        tokio::spawn(connection.run());
        // The room, which nobody polls any more, takes no mail. The client speaks until it is pushed
        // back, so that its connection is waiting for the room.
        let typing = [&[0x81, 0x80 | 17, 0, 0, 0, 0][..], br#"{"type":"typing"}"#].concat().repeat(1_000);
        while timeout(Duration::from_millis(100), far.write(&typing)).await.is_ok() {}

        // Far more than the kernel takes at once.
        let theirs = Bytes::from(vec![7; 16 << 20]);
        outbox.send(&theirs);
        let mut heard = vec![0; theirs.len()];
        let read = async {
            // The welcome came first.
            while far.read_u8().await.unwrap() != 7 {}
            far.read_exact(&mut heard[1..]).await.unwrap();
        };
        timeout(Duration::from_secs(10), read).await.expect("what waits for the client to go out");
        assert!(heard[1..] == theirs[1..]);
    }
}
