//! The story of one connection, from its `101` to its last byte: 2 **join**, 3 **say**, 5 **close**. One task
//! for each; what it waits for is in [`super::io`]. A client's mistakes are answered, and harm nobody else; too
//! many end the connection.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use chat_protocol::{
    CaptureToken, ClientMsg, CloseCode, Command, ErrorCode, Name, Resume, ServerMsg, TabId, Teacher,
};
use chat_room::{Departure, FreshToken, Join, TokenHash, Way};
use tokio::net::TcpStream;
use tungstenite::Message;

use super::{
    Context, Destination,
    io::{Event, Io},
    rate_limit::RateLimiter,
};
use crate::{
    net::{connections::Slot, disconnect::Disconnect, frame, outbox::Outbox, random, tap::Tap},
    rooms::{Membership, SendError, Unsent, recorder::Watch},
};

#[derive(Debug)]
pub(crate) struct Connection {
    context: Arc<Context>,
    io: Io,
    slot: Slot,
    rate: RateLimiter,
    /// The X-ray of this connection, if it is recorded; boxed, so that all others carry one word.
    watch: Option<Box<Watched>>,
    /// `None` until it has joined.
    membership: Option<Membership>,
    /// `None` once it has.
    joining: Option<Box<Joining>>,
}

#[derive(Debug)]
struct Watched(Arc<dyn Watch>);

/// What matters of a connection until it has joined, and then no more.
#[derive(Debug)]
struct Joining {
    destination: Destination,
    /// When the first `join` must have come; `None` once it has.
    by: Option<Instant>,
}

#[derive(Debug)]
pub(crate) enum Recording {
    /// It is not, and did not ask for it.
    NotAsked,
    /// It asked, but there is no place for one more recording.
    Refused,
    /// It is, and this token shows it.
    Begun(CaptureToken, Arc<dyn Watch>),
}

/// What a connection must wait for before it reads on.
#[derive(Debug)]
enum Pending {
    /// To be let in.
    Join(Asked),
    /// A place in the room's mailbox.
    Send(Unsent),
}

/// What a `join` says.
#[derive(Debug)]
struct Asked {
    name: Option<Name>,
    resume: Option<Resume>,
    tab: Option<TabId>,
    teacher: Option<Teacher>,
}

/// What to wait for before reading on, if anything. Boxed, because it is rare.
type Handled = Result<Option<Box<Pending>>, Disconnect>;

impl Connection {
    /// The socket has become a WebSocket. `leftover` is what was read from it beyond the handshake.
    pub(crate) fn open(
        context: Arc<Context>,
        destination: Destination,
        stream: TcpStream,
        leftover: Bytes,
        slot: Slot,
        recording: Recording,
    ) -> Self {
        let now = Instant::now();
        let settings = context.settings;
        let (watch, first) = match recording {
            Recording::NotAsked => (None, None),
            Recording::Refused => {
                let detail = "recording limit reached, or the handshake came in pieces; try again later";
                (None, Some(ServerMsg::error(ErrorCode::XrayUnavailable, detail)))
            }
            Recording::Begun(token, watch) => (Some(watch), Some(ServerMsg::Xray { token })),
        };
        let tap = watch.clone().map(|watch| watch as Arc<dyn Tap>);
        let outbox = Arc::new(Outbox::new(stream, destination.home.outboxes().clone(), tap));
        if let Some(watch) = &watch {
            watch.attach(&outbox);
        }
        if let Some(message) = first {
            outbox.send_own(frame::text(&message));
        }
        slot.open(outbox.clone().into());
        let by = now + settings.join_deadline;
        Self {
            rate: RateLimiter::new(settings.messages_per_second, settings.messages_burst, now),
            io: Io::new(outbox, leftover, by.min(now + settings.ping_interval)),
            joining: Some(Box::new(Joining { destination, by: Some(by) })),
            membership: None,
            watch: watch.map(|watch| Box::new(Watched(watch))),
            context,
            slot,
        }
    }

    /// The whole life of the connection. A future is always as large as the largest thing that it ever
    /// waits for, so what is seldom waited for has a place of its own, and only as long as it takes. Not an
    /// `async fn`, which would have two places for its `self`.
    #[expect(clippy::manual_async_fn, reason = "half as large")]
    pub(crate) fn run(mut self) -> impl Future<Output = ()> + Send {
        async move {
            let conn = self.slot.conn().0;
            // Not its room, whose name is all that it takes to come in.
            tracing::debug!(conn, "open");
            let why = self.serve().await;
            tracing::debug!(conn, ending = why.name(), code = why.code(), "over");
            Box::pin(self.close(why)).await;
        }
    }

    async fn serve(&mut self) -> Disconnect {
        let mut event = Event::Readable;
        loop {
            // The first frames may have come with the handshake.
            match self.on_readable() {
                Ok(None) => {}
                Ok(Some(pending)) => match Box::pin(self.finish(pending)).await {
                    Ok(()) => continue,
                    Err(why) => return why,
                },
                Err(why) => return why,
            }
            // What has arrived counts before deadlines are checked.
            if event == Event::Alarm
                && let Err(why) = self.on_alarm()
            {
                return why;
            }
            event = match self.io.next().await {
                Ok(event) => event,
                Err(why) => return why,
            };
        }
    }

    /// Reads what has come, message by message, until there is nothing more or something to wait for.
    fn on_readable(&mut self) -> Handled {
        self.io.begin_turn()?;
        // A message may come in pieces, and never end.
        for _ in 0..self.io.take_fragments() {
            self.check_rate()?;
        }
        while let Some(message) = self.io.message()? {
            match message {
                Message::Text(json) => {
                    if let Some(pending) = self.on_text(&json)? {
                        return Ok(Some(pending));
                    }
                }
                Message::Binary(_) => self
                    .refuse(ServerMsg::error(ErrorCode::NotText, "binary frame; send JSON in text frames"))?,
                // A ping the library answers at its next read. A pong that nobody asked for costs as much.
                Message::Ping(_) | Message::Pong(_) => self.check_rate()?,
                Message::Frame(_) | Message::Close(_) => {}
            }
        }
        Ok(None)
    }

    /// One text frame. It is parsed before it is counted, so that a `too_fast` error can carry the id of its
    /// `say`; how many are parsed for nothing is bounded by the offences.
    fn on_text(&mut self, json: &str) -> Handled {
        let message = match ClientMsg::parse(json, self.context.settings.text_max) {
            Ok(message) => message,
            Err(rejection) => return self.refuse(rejection.into()).map(|()| None),
        };
        let now = Instant::now();
        if !self.allow_frame(now) {
            if !self.rate.allow_drop(self.context.settings.messages_per_second, now) {
                return Err(CloseCode::Abuse.into());
            }
            let detail = "rate limit exceeded: this message was dropped; send it again later";
            self.send(&ServerMsg::error_to(&message, ErrorCode::TooFast, detail));
            return Ok(None);
        }
        match (message, &self.membership) {
            (ClientMsg::Command(command), Some(member)) => self.send_command(member, command),
            (ClientMsg::Ping { n }, _) => {
                self.send(&ServerMsg::Pong { n });
                Ok(None)
            }
            (ClientMsg::Join { name, resume, tab, teacher }, None) => {
                Ok(Some(Box::new(Pending::Join(Asked { name, resume, tab, teacher }))))
            }
            (ClientMsg::Join { .. }, Some(_)) => {
                let error = ServerMsg::error(ErrorCode::AlreadyJoined, "this connection has joined");
                self.refuse(error).map(|()| None)
            }
            (message @ ClientMsg::Command(_), None) => {
                let error = ServerMsg::error_to(&message, ErrorCode::NotJoined, "join first");
                self.refuse(error).map(|()| None)
            }
        }
    }

    async fn finish(&mut self, pending: Box<Pending>) -> Result<(), Disconnect> {
        match (*pending, &self.membership) {
            (Pending::Join(asked), _) => self.join(asked).await,
            (Pending::Send(unsent), Some(member)) => {
                let sent = self.io.wait_for(member.send_waiting(unsent)).await?;
                sent.map_err(|_| CloseCode::InternalError.into())
            }
            (Pending::Send(_), None) => Ok(()),
        }
    }

    /// Step 2, **join**: asks the room to be let in. The room itself sends the welcome, so that it stands in
    /// the room's order.
    async fn join(&mut self, asked: Asked) -> Result<(), Disconnect> {
        let Asked { name, resume, tab, teacher } = asked;
        let Some(joining) = &mut self.joining else { return Ok(()) };
        joining.by = None;
        let Destination { room, client_id, .. } = joining.destination.clone();
        let join = Join {
            conn: self.slot.conn(),
            client_id,
            name,
            tab,
            address: self.slot.usage().address(),
            way: Way::Socket,
            claim: resume.map(Into::into),
            teacher: teacher.map(|teacher| TokenHash::of_key(&teacher.token)),
            token: FreshToken::new(random::bytes()),
            rate_limit: Some(self.rate.frames().clone()),
        };
        let sink = self.io.outbox().clone().into();
        let joined = self.context.rooms.join(&room, join, &sink, self.slot.usage());
        match self.io.wait_for(joined).await? {
            Ok(Ok((membership, frames))) => {
                self.rate.share(frames);
                self.membership = Some(membership);
                self.joining = None;
                Ok(())
            }
            // Guessing is a mistake, of which a connection has few.
            Ok(Err(refusal)) if refusal.code == ErrorCode::BadKey => self.refuse(refusal.into()),
            Ok(Err(refusal)) => {
                self.send(&refusal.into());
                Ok(())
            }
            Err(error) => Err(CloseCode::from(error).into()),
        }
    }

    /// Step 3, **say**, and whatever else a member asks of the room.
    fn send_command(&self, member: &Membership, command: Command) -> Handled {
        let receipt = match (&self.watch, &command) {
            (Some(watch), Command::Say { id, .. }) => Some(watch.0.say_read(id)),
            _ => None,
        };
        match member.send(command, receipt) {
            Ok(()) => Ok(None),
            Err(SendError::Full(unsent)) => Ok(Some(Box::new(Pending::Send(unsent)))),
            Err(SendError::Gone) => Err(CloseCode::InternalError.into()),
        }
    }

    /// Step 5, **close**: leaves the room at once, sends the close frame if it can arrive, and drops the socket
    /// when the other end has, or after a grace.
    async fn close(self, why: Disconnect) {
        let Self { context, io, slot, membership, watch, .. } = self;
        let is_forgotten = io.outbox().impairment().is_some_and(|impairment| impairment.is_forgotten());
        if let Some(membership) = membership {
            membership.leave(if is_forgotten { Departure::Forgotten } else { departure(&why) });
        }
        let (code, by_server) = (why.code(), matches!(why, Disconnect::ByServer(_)));
        if !io.close(why, context.settings.close_grace).await {
            tracing::debug!(conn = slot.conn().0, "the other end did not finish the close in time");
        }
        if let Some(watch) = watch {
            watch.0.end(code, by_server);
        }
    }

    fn on_alarm(&mut self) -> Result<(), Disconnect> {
        let join_by = self.joining.as_ref().and_then(|joining| joining.by);
        if join_by.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(CloseCode::JoinTimeout.into());
        }
        let settings = self.context.settings;
        self.io.check_heartbeat(settings.ping_interval, settings.ping_deadline, join_by)
    }

    /// Answers a mistake; after too many, ends the connection.
    fn refuse(&mut self, error: ServerMsg) -> Result<(), Disconnect> {
        if !self.rate.allow_offence(self.context.settings.messages_per_second, Instant::now()) {
            return Err(CloseCode::Abuse.into());
        }
        self.send(&error);
        Ok(())
    }

    /// Counts a frame that is no message of the protocol: a ping, a pong, one more fragment.
    fn check_rate(&mut self) -> Result<(), Disconnect> {
        let now = Instant::now();
        if self.allow_frame(now) || self.rate.allow_drop(self.context.settings.messages_per_second, now) {
            return Ok(());
        }
        Err(CloseCode::Abuse.into())
    }

    /// Whether both the person and their address may send a frame now. What is over a person's own
    /// rate limit does not use up their neighbours'.
    fn allow_frame(&mut self, now: Instant) -> bool {
        self.rate.allow_frame(now) && self.slot.usage().allow_frame(now)
    }

    fn send(&self, message: &ServerMsg) {
        self.io.outbox().send_own(frame::text(message));
    }
}

/// What the end of the connection means for the membership. A client that closes with 1000, 1001 or no code
/// leaves at once, and so does one that is closed for abuse. After any other end the member is away: a client
/// that closes with a code of its own may think that we are dead. Either may resume.
fn departure(why: &Disconnect) -> Departure {
    match why.code() {
        Some(1000 | 1001) if matches!(why, Disconnect::ByClient(_)) => Departure::Clean,
        None if *why != Disconnect::Lost => Departure::Clean,
        _ if *why == CloseCode::Abuse.into() => Departure::Clean,
        _ => Departure::Lost,
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, time::Duration};

    use chat_protocol::{ClientId, RoomId, RoomKey};
    use chat_room::Room;
    use clap::Parser;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        time::timeout,
    };

    use super::*;
    use crate::{
        App, Config,
        cores::Cores,
        net::clock::Clock,
        rooms::{actor::RoomActor, few, memory_budget::MemoryBudget},
    };

    #[test]
    fn an_idle_connection_is_small() {
        fn size_of_output<T, F>(_: &impl Fn(T) -> F) -> usize {
            size_of::<F>()
        }
        let task = size_of_output(&|connection: Connection| connection.run());
        let outbox = size_of::<Outbox>();
        assert!(task + outbox <= 384, "task {task}, outbox {outbox}");
    }

    #[tokio::test]
    async fn full_mailbox_does_not_block_outgoing() {
        let options = ["otagh", "--host=127.0.0.1", "--port=0", "--messages-per-second=0"];
        let options = options.iter().chain(&["--messages-per-address=0", "--requests-per-address=0"]);
        let (cores, _threads) = Cores::start(1).unwrap();
        let app = App::new(&Config::parse_from(options), cores, "127.0.0.1:0".parse().unwrap(), None, None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (near, _) = listener.accept().await.unwrap();
        let id = RoomId::parse("class").unwrap();
        let home = app.rooms.home(RoomKey::of(&id));
        let client_id = ClientId::parse("ali").unwrap();
        let destination = Destination { room: id.clone(), client_id: client_id.clone(), home: home.clone() };
        let client = far.local_addr().unwrap().ip().into();
        let slot = app.connections.reserve(client, Instant::now()).unwrap();
        let mut connection = Connection::open(
            app.websocket.clone(),
            destination,
            near,
            Bytes::new(),
            slot,
            Recording::NotAsked,
        );
        let outbox = connection.io.outbox().clone();

        let share = MemoryBudget::new(1 << 20, 1).share();
        let room = Room::new(few(id), random::epoch());
        let (actor, handle) = RoomActor::open(room, share, home, Clock::start());
        let mut actor = pin!(actor.run());
        let join = Join {
            conn: connection.slot.conn(),
            client_id,
            name: None,
            tab: None,
            address: connection.slot.usage().address(),
            way: Way::Socket,
            claim: None,
            teacher: None,
            token: FreshToken::new(random::bytes()),
            rate_limit: Some(connection.rate.frames().clone()),
        };
        let joined = tokio::select! {
            joined = handle.join(join, outbox.clone().into()) => joined,
            _ = &mut actor => panic!("the room is over"),
        };
        connection.membership = Some(joined.unwrap().unwrap().0);
        tokio::spawn(connection.run());
        // The room, which nobody polls any more, takes no requests. The client speaks until it is pushed
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
