//! One connection, from its `101` to its last byte, as one task. Read [`Connection`] for the
//! lesson's steps: open, join, say, close (the fifth, broadcast, is the room's). What arrives is
//! untrusted and read by a well-kept WebSocket library with small buffers; what leaves passes
//! through the one [`outbox`]. A connection knows its socket and, once joined, its room; it
//! deliberately does not know who else is there.

use std::{ops::ControlFlow, pin::Pin, sync::Arc, time::Instant};

use bytes::Bytes;
use chat_protocol::{
    ClientId, ClientMsg, CloseCode, ErrorCode, Name, Resume, RoomId, ServerMsg, TabId,
    limits::FRAME_MAX_BYTES,
};
use tokio::{net::TcpStream, time::Sleep};
use tungstenite::{
    Error, Message, WebSocket,
    error::ProtocolError,
    protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode as Code},
};

use self::{
    heartbeat::{Heartbeat, Pulse},
    outbox::{Closing, Outbox},
    pace::Pace,
    registry::Place,
    socket::SocketIo,
};
use crate::{
    frame, random,
    room::{Departure, Join, Membership, token::FreshToken},
    server::App,
};

pub mod heartbeat;
pub mod origin;
pub mod outbox;
pub mod pace;
pub mod registry;
pub mod socket;
pub mod upgrade;

/// What a connection allocates for reading before anything was read, in bytes. Most messages fit;
/// a longer one grows it, up to [`FRAME_MAX_BYTES`].
const READ_BUFFER: usize = 1024;

/// Who is at the other end, and where they want to go: the two ids of the URL.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The room.
    pub room: RoomId,
    /// The id asked for.
    pub client_id: ClientId,
}

/// One open connection.
pub struct Connection {
    app: Arc<App>,
    destination: Destination,
    ws: WebSocket<SocketIo>,
    outbox: Arc<Outbox>,
    place: Place,
    membership: Option<Membership>,
    pace: Pace,
    heartbeat: Heartbeat,
    alarm: Pin<Box<Sleep>>,
    /// When the first `join` must have come; `None` once it has.
    join_by: Option<Instant>,
}

/// Why a conversation is over.
#[derive(Debug)]
enum Ending {
    /// The client sent a close frame.
    Theirs(Option<CloseFrame>),
    /// We end it.
    Ours(CloseCode),
    /// The socket failed or ended without a close frame.
    Lost,
}

/// What a step of the conversation leads to.
type Step = ControlFlow<Ending>;

/// The conversation goes on.
const ON: Step = ControlFlow::Continue(());

impl Connection {
    /// Open: the socket has become a WebSocket. `leftover` is what was read from it beyond the
    /// handshake.
    pub fn open(
        app: Arc<App>,
        destination: Destination,
        stream: TcpStream,
        leftover: Bytes,
        place: Place,
    ) -> Self {
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(FRAME_MAX_BYTES))
            .max_frame_size(Some(FRAME_MAX_BYTES));
        let now = Instant::now();
        let config = &app.config;
        let stream = Arc::new(stream);
        let outbox = Arc::new(Outbox::new(stream.clone(), config.outbox_bytes));
        place.open(&outbox);
        let io = SocketIo::new(stream, outbox.clone());
        let ws = WebSocket::from_partially_read(io, leftover.into(), Role::Server, Some(limits));
        let join_by = now + config.join_deadline;
        Self {
            pace: Pace::new(config.messages_per_second, config.messages_burst, now),
            heartbeat: Heartbeat::new(config.ping_interval, config.ping_deadline, now),
            alarm: Box::pin(tokio::time::sleep_until(join_by.min(now + config.ping_interval).into())),
            join_by: Some(join_by),
            app,
            destination,
            ws,
            outbox,
            place,
            membership: None,
        }
    }

    /// The whole life of the connection.
    pub async fn run(mut self) {
        let conn = self.place.conn().0;
        tracing::debug!(conn, room = ?self.destination.room, "open");
        let ending = self.converse().await;
        tracing::debug!(conn, ending = ending.name(), code = ending.code(), "over");
        self.close(ending).await;
    }

    async fn converse(&mut self) -> Ending {
        // The first frames may have come with the handshake.
        let mut step = self.listen().await;
        while let ControlFlow::Continue(()) = step {
            step = tokio::select! {
                closing = self.outbox.drive() => ControlFlow::Break(closing.into()),
                readable = self.ws.get_ref().stream.readable() => match readable {
                    Ok(()) => self.listen().await,
                    Err(_) => ControlFlow::Break(Ending::Lost),
                },
                () = &mut self.alarm => self.check_alarm(),
            };
        }
        step.break_value().unwrap_or(Ending::Lost)
    }

    /// Reads what has come, message by message.
    async fn listen(&mut self) -> Step {
        self.ws.get_mut().begin_turn();
        loop {
            let read = self.ws.read();
            if read.is_ok() {
                self.heartbeat.heard(Instant::now());
            }
            match read {
                Ok(Message::Text(json)) => self.hear(&json).await?,
                Ok(Message::Binary(_)) => self
                    .refuse(ServerMsg::error(ErrorCode::NotText, "binary frame; send JSON in text frames"))?,
                // The library answers at its next read.
                Ok(Message::Ping(_)) => self.check_pace()?,
                Ok(Message::Pong(_) | Message::Frame(_)) => {}
                // So the library reports a code that may not be sent (RFC 6455 §7.4), such as 1005.
                Ok(Message::Close(Some(CloseFrame { code: Code::Protocol, .. }))) => {
                    return ControlFlow::Break(Ending::Ours(CloseCode::ProtocolError));
                }
                Ok(Message::Close(frame)) => return ControlFlow::Break(Ending::Theirs(frame)),
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => return ON,
                Err(error) => return ControlFlow::Break(error.into()),
            }
        }
    }

    /// One text frame: read by the protocol's rules, then done. Whatever is wrong with it is
    /// answered, and harms nothing else. It is read before it is weighed, because also the error
    /// that drops a `say` carries its id; how many can be read for nothing is bounded by the offences.
    async fn hear(&mut self, json: &str) -> Step {
        let message = match ClientMsg::parse(json, self.app.config.text_max) {
            Ok(message) => message,
            Err(rejection) => return self.refuse(rejection.into()),
        };
        let now = Instant::now();
        if !self.is_within_pace(now) {
            if !self.pace.tolerates(now) {
                return ControlFlow::Break(Ending::Ours(CloseCode::Abuse));
            }
            let detail = "too many messages; this one was dropped";
            self.send(&error_about(message, ErrorCode::TooFast, detail));
            return ON;
        }
        match message {
            ClientMsg::Ping { n } => {
                self.send(&ServerMsg::Pong { n });
                ON
            }
            ClientMsg::Join { name, resume, tab } => self.join(name, resume, tab).await,
            message => match &self.membership {
                None => self.refuse(error_about(message, ErrorCode::NotJoined, "join first")),
                Some(member) => {
                    let tell = async {
                        match message {
                            ClientMsg::Say { id, text } => member.say(id, text).await,
                            ClientMsg::Typing => member.typing().await,
                            ClientMsg::Rename { name } => member.rename(name).await,
                            ClientMsg::Join { .. } | ClientMsg::Ping { .. } => Ok(()),
                        }
                    };
                    match self.wait_for(tell).await? {
                        Ok(()) => ON,
                        Err(_) => ControlFlow::Break(Ending::Ours(CloseCode::InternalError)),
                    }
                }
            },
        }
    }

    /// Join: ask the room to be let in. The room itself sends the welcome, so that it stands in the
    /// room's order.
    async fn join(&mut self, name: Option<Name>, resume: Option<Resume>, tab: Option<TabId>) -> Step {
        self.join_by = None;
        if self.membership.is_some() {
            return self.refuse(ServerMsg::error(ErrorCode::AlreadyJoined, "this connection has joined"));
        }
        let join = Join {
            conn: self.place.conn(),
            client_id: self.destination.client_id.clone(),
            name,
            tab,
            claim: resume.map(Into::into),
            token: FreshToken::new(random::bytes()),
            frames: self.pace.frames().clone(),
        };
        let hub = &self.app.hub;
        let join = hub.join(&self.destination.room, join, &self.outbox, self.place.visitor());
        match self.wait_for(join).await? {
            Ok(Ok(membership)) => {
                self.pace.share(membership.frames().clone());
                self.membership = Some(membership);
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
            answer = room => ControlFlow::Continue(answer),
            closing = self.outbox.drive() => ControlFlow::Break(closing.into()),
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

    fn send(&self, message: &ServerMsg) {
        self.outbox.send(frame::text(message));
    }

    fn check_alarm(&mut self) -> Step {
        let now = Instant::now();
        if self.join_by.is_some_and(|deadline| now >= deadline) {
            return ControlFlow::Break(Ending::Ours(CloseCode::JoinTimeout));
        }
        let next = match self.heartbeat.check(now) {
            Pulse::Wait(until) => until,
            Pulse::Ping(until) => {
                self.outbox.send(frame::PING);
                until
            }
            Pulse::Dead => return ControlFlow::Break(Ending::Ours(CloseCode::PingTimeout)),
        };
        let next = self.join_by.map_or(next, |deadline| next.min(deadline));
        self.alarm.as_mut().reset(next.into());
        ON
    }

    /// Close: leave the room at once, say goodbye if there is somebody to hear it, and let go of
    /// the socket when the other end has, or after a grace.
    async fn close(self, ending: Ending) {
        let how = ending.departure();
        if let Some(membership) = self.membership {
            membership.leave(how);
        }
        match ending {
            Ending::Lost => return,
            Ending::Ours(code) => self.outbox.close(code),
            Ending::Theirs(frame) => self.outbox.answer_close(match frame {
                Some(CloseFrame { code, reason }) => frame::close_with(code.into(), &reason),
                None => frame::CLOSE_EMPTY,
            }),
        }
        let stream = self.ws.get_ref().stream.clone();
        let goodbye = async {
            self.outbox.flushed().await;
            let half_closed = socket2::SockRef::from(&*stream).shutdown(std::net::Shutdown::Write);
            if half_closed.is_ok() {
                read_to_end(&stream).await;
            }
        };
        if tokio::time::timeout(self.app.config.close_grace, goodbye).await.is_err() {
            tracing::debug!(conn = self.place.conn().0, "the other end did not finish the close in time");
        }
    }
}

/// The error that answers this message: with its id, if it is a `say`.
fn error_about(message: ClientMsg, code: ErrorCode, detail: &str) -> ServerMsg {
    let id = if let ClientMsg::Say { id, .. } = message { Some(id) } else { None };
    ServerMsg::Error { code, detail: detail.into(), id, suggestion: None }
}

/// Takes and discards what still comes until the other end is done too. Closing a socket that holds
/// unread bytes sends a reset, which can overtake and destroy the close frame.
async fn read_to_end(stream: &TcpStream) {
    let mut scrap = [0; 512];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut scrap) {
            Ok(0) => return,
            Ok(_) => tokio::task::consume_budget().await,
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
        let mut connection = Connection::open(app.clone(), destination, near, Bytes::new(), place);
        let outbox = connection.outbox.clone();

        let share = Budget::new(1 << 20, 1).share();
        let core = Core::new(id, random::epoch(), app.config.room_limits(), share);
        let (room, handle) = Room::open(core, Clock::start());
        let mut room = pin!(room.run());
        let join = Join {
            conn: connection.place.conn(),
            client_id: connection.destination.client_id.clone(),
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
        outbox.send(theirs.clone());
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
