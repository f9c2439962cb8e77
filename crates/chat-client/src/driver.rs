//! Keeps one room connected for as long as the page is open. One task owns the connection; what it
//! should do arrives as [`Wake`]s, what it hears goes to [`Chat`]. When the connection ends, the
//! close code decides whether to come back, [`backoff`] when, and [`Fallback`] by which
//! way. A connection is given up for another only when the other is open. It knows nothing of views.

use std::{future::poll_fn, pin::Pin, task::Poll};

use chat_protocol::{ClientMsg, CloseCode, Command, ErrorCode, Name, ServerMsg, TabId};
use chat_ui::browser::{clock, network, storage::Keep};
use futures_channel::mpsc::Receiver;
use futures_util::StreamExt;
use leptos::task::spawn_local;

use crate::{
    chat::Chat,
    socket::{
        Link, Way, backoff,
        connection::{Connection, LOST_WITHOUT_CLOSE, Over},
        fallback::Fallback,
        ping::Ping,
        wake::Wake,
    },
    state::Changed,
};

/// What this tab remembers of its way, so that a reload does not begin with attempts that fail.
const WAY: &str = "otagh:way";
/// How much further a clock on the wall may have gone since the last tick, in milliseconds, before the
/// device must have slept.
const SLEPT_MS: u64 = 4_000;

/// Why one connection ended.
enum Ended {
    /// Come back, with backoff.
    Lost(u16),
    /// Do not come back by yourself.
    Over(u16),
    /// Come back at once: it was only ended to be opened anew.
    Reopening,
    /// Another one is open already.
    Moved(Connection),
    /// The server did not accept the join; ask for another name first.
    Refused,
}

/// What happens next.
enum Event {
    Heard(Result<ServerMsg, Over>),
    Opened(Result<Connection, Over>),
    Woken(Option<Wake>),
}

/// A connection that is being opened.
type Opening = Pin<Box<dyn Future<Output = Result<Connection, Over>>>>;

/// Begins: connects, joins under this name, and stays; or, where that has begun, joins under it now.
pub(crate) fn start(chat: Chat, name: Name) {
    match chat.take_wakes() {
        Some((tab, wakes)) => spawn_local(run(chat, name, tab, wakes)),
        None => chat.wake(Wake::Name(name)),
    }
}

/// Joins and stays joined, until told not to come back. `tab` tells this tab from another of the
/// same person.
async fn run(chat: Chat, name: Name, tab: TabId, wakes: Receiver<Wake>) {
    let is_blocked = Keep::Session.get(WAY).is_some();
    let way = if is_blocked { Way::Http } else { Way::Socket };
    let fallback = Fallback::new(way);
    Driver { chat, name, tab, wakes, fallback, wall_ms: clock::now_ms() }.run().await;
}

struct Driver {
    chat: Chat,
    name: Name,
    tab: TabId,
    wakes: Receiver<Wake>,
    fallback: Fallback,
    /// What the clock on the wall said at the last tick.
    wall_ms: u64,
}

impl Driver {
    async fn run(mut self) {
        let chat = self.chat;
        let mut attempt = 0;
        let mut why = LOST_WITHOUT_CLOSE;
        let mut open = None;
        loop {
            let welcomes = chat.welcomes();
            let ended = self.one_connection(open.take()).await;
            if chat.welcomes() > welcomes {
                attempt = 0;
            }
            match ended {
                Ended::Lost(code) => {
                    // An attempt that came to nothing says nothing new: a server that said it would
                    // restart is restarting.
                    if attempt == 0 || code != LOST_WITHOUT_CLOSE {
                        why = code;
                    }
                    let wait_ms = backoff::wait_ms(attempt, chat_ui::browser::random::unit());
                    attempt += 1;
                    self.wait(why, wait_ms).await;
                }
                Ended::Reopening => {}
                Ended::Moved(connection) => open = Some(connection),
                Ended::Over(code) => {
                    chat.set_link(Link::Closed(code));
                    self.until_asked().await;
                }
                Ended::Refused => {
                    chat.set_link(Link::Refused);
                    self.until_asked().await;
                }
            }
        }
    }

    async fn one_connection(&mut self, open: Option<Connection>) -> Ended {
        self.fallback.begin(clock::elapsed_ms());
        let ended = match self.walk(open).await {
            Err(Over(_)) if self.chat.link() == Link::Refused => Ended::Refused,
            Err(Over(code)) => {
                if code != LOST_WITHOUT_CLOSE {
                    self.fallback.heard();
                }
                match CloseCode::should_reconnect(code) {
                    true => Ended::Lost(code),
                    false => Ended::Over(code),
                }
            }
            Ok(ended) => ended,
        };
        self.fallback.ended();
        self.ask_http();
        ended
    }

    /// The five steps, in order. `open` is a connection with which the first is done.
    async fn walk(&mut self, open: Option<Connection>) -> Result<Ended, Over> {
        let chat = self.chat;
        chat.set_link(Link::Opening);
        chat.set_refused(None);
        let is_recorded = chat.is_recorded();
        let began_ms = clock::elapsed_ms();
        let mut connection = match open {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let way = connection.way();
        self.fallback.opened();

        chat.set_link(Link::Joining);
        let joined_ms = clock::elapsed_ms();
        let mut ping = Ping::new(joined_ms - began_ms);
        self.join(&mut connection);

        let mut is_in = false;
        // Another connection, in case this one is dead or WebSocket gets through again.
        let mut beside = None;
        // That the name is taken, while it is asked whether by oneself; and then that it was.
        let mut taken = None;
        let mut is_claiming = false;
        loop {
            if chat.is_recorded() != is_recorded && way == Way::Socket {
                connection.close(CloseCode::Reopening);
                return Ok(Ended::Reopening);
            }
            let event = next(Some(&mut connection), &mut beside, &mut self.wakes).await;
            let now = clock::elapsed_ms();
            let event = match event {
                Event::Heard(Ok(msg)) if !is_in && is_taken(&msg) && chat.call(&self.name) => {
                    self.fallback.heard();
                    ping.heard(now);
                    taken = Some(msg);
                    continue;
                }
                Event::Woken(Some(Wake::Called)) => match taken.take() {
                    Some(_) if chat.take_claim(&self.name) => {
                        is_claiming = true;
                        self.join(&mut connection);
                        continue;
                    }
                    Some(msg) => Event::Heard(Ok(msg)),
                    None => continue,
                },
                event => event,
            };
            match event {
                Event::Heard(msg) => {
                    let msg = msg?;
                    self.fallback.heard();
                    ping.heard(now);
                    if !is_in && is_taken(&msg) && std::mem::take(&mut is_claiming) {
                        // What was kept of that person is good for nothing any more.
                        chat.set_resume(None);
                    }
                    let changed = chat.apply(msg);
                    is_in |= changed.welcomed;
                    let refused = changed.refused.as_ref().map(|refused| refused.code);
                    if changed.welcomed {
                        self.fallback.welcomed(now);
                        ping.guess(now - joined_ms);
                        Keep::Session.set(WAY, if way == Way::Http { "http" } else { "" });
                    }
                    let is_measured = changed.pong.is_some_and(|n| ping.answered(n, now));
                    if is_measured && way == Way::Socket {
                        // It lives after all.
                        beside = None;
                    }
                    if is_in && (changed.welcomed || is_measured) {
                        chat.set_link(Link::Open { rtt_ms: ping.rtt_ms(), way });
                    }
                    match refused {
                        // It will not always be, and nobody need wait for that with a hand on the page.
                        Some(ErrorCode::RoomFull) if !is_in => {
                            connection.close(CloseCode::Normal);
                            return Ok(Ended::Lost(CloseCode::Normal.code()));
                        }
                        Some(ErrorCode::NameTaken | ErrorCode::BadName) if !is_in => {
                            chat.set_link(Link::Refused);
                        }
                        _ => {}
                    }
                    self.keep_name(&changed, &mut connection);
                    if changed.tabs {
                        connection.send(&ClientMsg::Command(Command::Tabs));
                    }
                }
                Event::Opened(Err(_)) => {}
                Event::Opened(Ok(another)) => {
                    let proved = another.way() != way;
                    if proved {
                        self.fallback.got_through();
                    }
                    // Not a goodbye: who comes back a moment later was never away.
                    connection.close(CloseCode::Reopening);
                    // One that proved itself is not recorded.
                    let is_as_asked = !(proved && chat.is_recorded());
                    return Ok(if is_as_asked { Ended::Moved(another) } else { Ended::Reopening });
                }
                Event::Woken(Some(Wake::Tick)) => {
                    let has_slept = self.tick();
                    // One that is recorded is watched for what it does, and not left for another.
                    if has_slept || (is_in && !is_recorded && chat.is_waited_for()) {
                        self.look(&mut ping, now);
                    }
                    if self.fallback.is_hung(now) {
                        return Err(Over(LOST_WITHOUT_CLOSE));
                    }
                    if is_in && self.fallback.is_trial_due(now) {
                        beside = Some(self.start(Way::Socket));
                    }
                    if let Some(n) = ping.due(now) {
                        connection.send(&ClientMsg::Ping { n });
                    }
                }
                Event::Woken(Some(Wake::Send(msg))) => {
                    if is_in {
                        connection.send(&msg);
                    }
                }
                Event::Woken(Some(Wake::Name(another))) => {
                    self.name = another;
                    taken = None;
                    if !is_in {
                        chat.set_link(Link::Joining);
                        self.join(&mut connection);
                    }
                }
                // Whoever looks after a while, or has another network now, should not look at a dead room.
                Event::Woken(Some(wake @ (Wake::Now | Wake::Look))) => {
                    if wake == Wake::Now {
                        self.fallback.try_again();
                    }
                    self.look(&mut ping, now);
                    if let Some(n) = ping.due(now) {
                        connection.send(&ClientMsg::Ping { n });
                    }
                }
                Event::Woken(Some(Wake::Leave)) if way == Way::Http => {
                    connection.close(CloseCode::Normal);
                    return Ok(Ended::Lost(CloseCode::GoingAway.code()));
                }
                Event::Woken(Some(wake)) => self.answered(&wake),
                Event::Woken(None) => {
                    connection.close(CloseCode::Normal);
                    return Ok(Ended::Over(CloseCode::Normal.code()));
                }
            }
            if ping.is_dead(now) {
                // Not a goodbye: the others should see us away, not gone.
                connection.close(CloseCode::PingTimeout);
                return Err(Over(CloseCode::PingTimeout.code()));
            }
            if ping.is_late(now) && beside.is_none() {
                beside = Some(self.start(way));
            }
            // Also at each tick, in case the wake for it found no place. Before `welcome` nothing goes
            // out: the room would refuse it.
            if is_in {
                for pending in chat.take_unsent() {
                    connection.send(&ClientMsg::Command(Command::Say { id: pending.id, text: pending.text }));
                }
            }
        }
    }

    /// Opens a connection, or gives up in time. Somebody who looks while it hangs gets another in its place.
    async fn open(&mut self) -> Result<Connection, Over> {
        let way = self.fallback.way();
        let mut opening = Some(self.start(way));
        loop {
            match next(None, &mut opening, &mut self.wakes).await {
                Event::Opened(opened) => return opened,
                Event::Woken(Some(Wake::Name(another))) => self.name = another,
                Event::Woken(Some(wake)) => {
                    let is_look =
                        matches!(wake, Wake::Now | Wake::Look) || (wake == Wake::Tick && self.tick());
                    let now = clock::elapsed_ms();
                    if is_look {
                        self.fallback.look(now);
                        self.ask_http();
                    }
                    self.answered(&wake);
                    if self.fallback.should_reopen(now) {
                        self.fallback.begin(now);
                        // Not two at once: a browser would let the second wait for the first.
                        opening = None;
                        opening.get_or_insert(self.start(way));
                    }
                    if self.fallback.is_hung(now) {
                        return Err(Over(LOST_WITHOUT_CLOSE));
                    }
                }
                Event::Woken(None) => return Err(Over(CloseCode::Normal.code())),
                Event::Heard(_) => {}
            }
        }
    }

    /// Doubts the connection, and comes back to it when an answer is late.
    fn look(&self, ping: &mut Ping, now: u64) {
        for ms in ping.look(now).into_iter().flatten() {
            self.chat.wake_in(ms);
        }
    }

    /// Begins to open a connection. One by another way than the present must prove that it carries
    /// messages.
    fn start(&self, way: Way) -> Opening {
        let (room, client) = (self.chat.room_id(), self.chat.client_id());
        let must_prove = way != self.fallback.way();
        let is_recorded = self.chat.is_recorded() && !must_prove;
        Box::pin(Connection::open(way, room, client, is_recorded, must_prove))
    }

    fn join(&self, connection: &mut Connection) {
        let (name, tab) = (Some(self.name.clone()), Some(self.tab.clone()));
        connection.send(&ClientMsg::join(name, self.chat.resume(), tab));
    }

    /// Keeps the name that one has and the name that one chose the same.
    fn keep_name(&mut self, changed: &Changed, connection: &mut Connection) {
        match self.chat.own_name() {
            // Who comes back is known by the name they had; this one was chosen since.
            Some(own) if changed.welcomed && own != self.name => {
                connection.send(&ClientMsg::Command(Command::Rename { name: self.name.clone() }));
            }
            // A server that has forgotten us should learn the name we have now.
            Some(own) if changed.roster => self.name = own,
            _ => {}
        }
    }

    /// Waits for so many milliseconds, or until somebody asks, or the network is back.
    async fn wait(&mut self, code: u16, wait_ms: u64) {
        let chat = self.chat;
        let until_ms = clock::elapsed_ms() + wait_ms;
        chat.wake_in(wait_ms);
        let mut offline = !network::is_online();
        loop {
            let now = clock::elapsed_ms();
            let blocked = self.fallback.is_blocked() && code == LOST_WITHOUT_CLOSE;
            chat.set_link(Link::Waiting { until_ms, code, offline, blocked });
            if now >= until_ms && !self.fallback.is_undecided(now) {
                return;
            }
            match self.wakes.next().await {
                Some(Wake::Now | Wake::Look | Wake::Reopen) | None => return,
                Some(Wake::Name(another)) => self.name = another,
                Some(Wake::Tick) => {
                    let was_offline = std::mem::replace(&mut offline, !network::is_online());
                    if self.tick() || (was_offline && !offline) {
                        return;
                    }
                }
                Some(wake) => self.answered(&wake),
            }
        }
    }

    /// Waits until somebody gives another name, or asks to try again.
    async fn until_asked(&mut self) {
        loop {
            match self.wakes.next().await {
                Some(Wake::Name(another)) => {
                    self.name = another;
                    return;
                }
                Some(Wake::Now) | None => return,
                Some(Wake::Tick) => drop(self.tick()),
                Some(wake) => self.answered(&wake),
            }
        }
    }

    /// A second has passed. True when the device slept since the one before. The clock by which they are
    /// counted may have slept as well; the one on the wall has not.
    fn tick(&mut self) -> bool {
        self.chat.tick();
        self.ask_http();
        let now = clock::now_ms();
        now > std::mem::replace(&mut self.wall_ms, now) + SLEPT_MS
    }

    /// Asks whether HTTP is answered, if that would say something.
    fn ask_http(&mut self) {
        let now = clock::elapsed_ms();
        if self.fallback.should_ask(now) {
            self.chat.ask_http(now);
        }
    }

    fn answered(&mut self, wake: &Wake) {
        if let Wake::Answered(since, is_answered) = wake {
            self.fallback.answered(*since, *is_answered, clock::elapsed_ms());
        }
    }
}

/// Whether it says that the name one asked for is somebody's.
fn is_taken(msg: &ServerMsg) -> bool {
    matches!(msg, ServerMsg::Error { code: ErrorCode::NameTaken, id: None, .. })
}

/// What happens next: somebody asks something, the connection says something, or another one is open.
async fn next(
    mut connection: Option<&mut Connection>,
    opening: &mut Option<Opening>,
    wakes: &mut Receiver<Wake>,
) -> Event {
    poll_fn(|cx| {
        if let Poll::Ready(wake) = wakes.poll_next_unpin(cx) {
            return Poll::Ready(Event::Woken(wake));
        }
        if let Some(connection) = &mut connection
            && let Poll::Ready(heard) = connection.poll_hear(cx)
        {
            return Poll::Ready(Event::Heard(heard));
        }
        let opened = opening.as_mut().map_or(Poll::Pending, |opening| opening.as_mut().poll(cx));
        if opened.is_ready() {
            *opening = None;
        }
        opened.map(Event::Opened)
    })
    .await
}
