//! Keeps one room connected for as long as the page is open. One task owns the socket; what it
//! should do arrives as [`Wake`]s, what it hears goes to [`Chat`]. When the connection ends, the
//! close code decides whether to come back, and [`super::backoff`] when. It knows nothing of views.

use chat_protocol::{ClientMsg, CloseCode, ErrorCode, Name, ServerMsg, TabId};
use futures_channel::mpsc::Receiver;
use futures_util::{
    StreamExt,
    future::{Either, select},
    pin_mut,
};

use super::{
    Link, backoff,
    connection::{Connection, LOST_WITHOUT_CLOSE, Over},
};
use crate::{
    browser::{clock, network, random},
    chat::Chat,
    state::Changed,
};

/// How often the round trip is measured, in milliseconds. Also how soon a dead server is suspected.
const PING_EVERY_MS: u64 = 10_000;
/// How long a ping may go without hearing anything at all, in milliseconds, before the connection
/// counts as dead. Longer than the server's own 8 s, so that the server usually notices first.
const SILENCE_MAX_MS: u64 = 12_000;
/// How long the opening of a socket may take, in milliseconds. Where packets vanish a browser would
/// go on hoping for minutes.
const OPEN_MAX_MS: u64 = 10_000;

/// What the driver is asked to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wake {
    /// A second has passed.
    Tick,
    /// The outbox has something to send.
    Outbox,
    /// Send this if connected; it is not worth keeping.
    Send(ClientMsg),
    /// Join under this name.
    Name(Name),
    /// Somebody asks: do not wait any longer before trying again, whatever ended the last one.
    Now,
    /// A countdown, if there is one, need not be waited out.
    Look,
    /// The connection may have to be opened anew, to be recorded or not to be.
    Reopen,
}

/// Why one connection ended.
enum Ended {
    /// Come back, with backoff.
    Lost(u16),
    /// Do not come back by yourself.
    Over(u16),
    /// Come back at once: it was only ended to be opened anew.
    Reopening,
    /// The server did not accept the join; ask for another name first.
    Refused,
}

/// Joins and stays joined, until told not to come back. `tab` tells this tab from another of the
/// same person.
pub async fn run(chat: Chat, mut name: Name, tab: TabId, mut wakes: Receiver<Wake>) {
    let mut attempt = 0;
    let mut why = LOST_WITHOUT_CLOSE;
    loop {
        let welcomes = chat.welcomes();
        let ended = one_connection(chat, &mut name, &tab, &mut wakes).await;
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
                let until_ms = clock::elapsed_ms() + backoff::wait_ms(attempt, random::unit());
                attempt += 1;
                wait(chat, why, until_ms, &mut wakes).await;
            }
            Ended::Reopening => {}
            Ended::Over(code) => {
                chat.set_link(Link::Closed(code));
                until_asked(chat, &mut name, &mut wakes).await;
            }
            Ended::Refused => {
                chat.set_link(Link::Refused);
                until_asked(chat, &mut name, &mut wakes).await;
            }
        }
    }
}

async fn one_connection(chat: Chat, name: &mut Name, tab: &TabId, wakes: &mut Receiver<Wake>) -> Ended {
    match walk(chat, name, tab, wakes).await {
        Err(Over(_)) if chat.link() == Link::Refused => Ended::Refused,
        Err(Over(code)) if CloseCode::should_reconnect(code) => Ended::Lost(code),
        Err(Over(code)) => Ended::Over(code),
        Ok(ended) => ended,
    }
}

/// The five steps, in order.
async fn walk(chat: Chat, name: &mut Name, tab: &TabId, wakes: &mut Receiver<Wake>) -> Result<Ended, Over> {
    chat.set_link(Link::Opening);
    chat.set_refused(None);
    let is_recorded = chat.is_recorded();
    let mut connection = open(chat, name, is_recorded, wakes).await?;

    chat.set_link(Link::Joining);
    join(chat, &mut connection, name, tab).await?;

    let mut ping = Ping::default();
    loop {
        if chat.is_recorded() != is_recorded {
            connection.close(CloseCode::Reopening);
            return Ok(Ended::Reopening);
        }
        let heard_or_woken = {
            let (heard, woken) = (connection.hear(), wakes.next());
            pin_mut!(heard, woken);
            match select(heard, woken).await {
                Either::Left((heard, _)) => Either::Left(heard?),
                Either::Right((woken, _)) => Either::Right(woken),
            }
        };
        match heard_or_woken {
            Either::Left(msg) => {
                ping.heard();
                let changed = hear(chat, msg, &mut ping);
                if !chat.link().is_open() && refused(&changed) == Some(ErrorCode::RoomFull) {
                    // It will not always be, and nobody need wait for that with a hand on the page.
                    connection.close(CloseCode::Normal);
                    return Ok(Ended::Lost(CloseCode::Normal.code()));
                }
                match chat.own_name() {
                    // Who comes back is known by the name they had; this one was chosen since.
                    Some(own) if changed.welcomed && own != *name => {
                        connection.send(&ClientMsg::Rename { name: name.clone() }).await?;
                    }
                    // A server that has forgotten us should learn the name we have now.
                    Some(own) if changed.roster => *name = own,
                    _ => {}
                }
                send_outbox(chat, &mut connection).await?;
            }
            Either::Right(Some(Wake::Tick)) => {
                chat.tick();
                if ping.is_dead(clock::elapsed_ms()) {
                    // Not a goodbye: the others should see us away, not gone.
                    connection.close(CloseCode::PingTimeout);
                    return Err(Over(CloseCode::PingTimeout.code()));
                }
                if let Some(n) = ping.due(clock::elapsed_ms()) {
                    connection.send(&ClientMsg::Ping { n }).await?;
                }
                // In case the wake for it found no place.
                send_outbox(chat, &mut connection).await?;
            }
            Either::Right(Some(Wake::Outbox)) => send_outbox(chat, &mut connection).await?,
            Either::Right(Some(Wake::Send(msg))) => {
                if chat.link().is_open() {
                    connection.send(&msg).await?;
                }
            }
            Either::Right(Some(Wake::Name(another))) => {
                *name = another;
                if !chat.link().is_open() {
                    chat.set_link(Link::Joining);
                    join(chat, &mut connection, name, tab).await?;
                }
            }
            // Whoever looks after a while, or has another network now, should not look at a dead room.
            Either::Right(Some(Wake::Now | Wake::Look)) => ping.soon(),
            Either::Right(Some(Wake::Reopen)) => {}
            Either::Right(None) => {
                connection.close(CloseCode::Normal);
                return Ok(Ended::Over(CloseCode::Normal.code()));
            }
        }
    }
}

/// Opens the socket, or gives up in time.
async fn open(
    chat: Chat,
    name: &mut Name,
    is_recorded: bool,
    wakes: &mut Receiver<Wake>,
) -> Result<Connection, Over> {
    let until_ms = clock::elapsed_ms() + OPEN_MAX_MS;
    let (room, client) = (chat.room_id(), chat.client_id());
    let opening = Connection::open(&room, &client, is_recorded);
    pin_mut!(opening);
    loop {
        match select(opening.as_mut(), wakes.next()).await {
            Either::Left((opened, _)) => return opened,
            Either::Right((Some(Wake::Name(another)), _)) => *name = another,
            Either::Right((Some(Wake::Tick), _)) => {
                chat.tick();
                if clock::elapsed_ms() > until_ms {
                    return Err(Over(LOST_WITHOUT_CLOSE));
                }
            }
            Either::Right((Some(_), _)) => {}
            Either::Right((None, _)) => return Err(Over(CloseCode::Normal.code())),
        }
    }
}

async fn join(chat: Chat, connection: &mut Connection, name: &Name, tab: &TabId) -> Result<(), Over> {
    let join = ClientMsg::Join { name: Some(name.clone()), resume: chat.resume(), tab: Some(tab.clone()) };
    connection.send(&join).await
}

/// Says everything that waits to be said, oldest first. Before `welcome` nothing goes out: the
/// room would refuse it.
async fn send_outbox(chat: Chat, connection: &mut Connection) -> Result<(), Over> {
    if chat.link().is_open() {
        for pending in chat.take_unsent() {
            connection.send(&ClientMsg::Say { id: pending.id, text: pending.text }).await?;
        }
    }
    Ok(())
}

fn hear(chat: Chat, msg: ServerMsg, ping: &mut Ping) -> Changed {
    let changed = chat.apply(msg);
    if changed.welcomed {
        chat.set_link(Link::Open { rtt_ms: ping.rtt_ms });
    }
    if changed.pong.is_some_and(|n| ping.answered(n, clock::elapsed_ms())) && chat.link().is_open() {
        chat.set_link(Link::Open { rtt_ms: ping.rtt_ms });
    }
    if !chat.link().is_open() && matches!(refused(&changed), Some(ErrorCode::NameTaken | ErrorCode::BadName))
    {
        chat.set_link(Link::Refused);
    }
    changed
}

fn refused(changed: &Changed) -> Option<ErrorCode> {
    changed.refused.as_ref().map(|refused| refused.code)
}

/// Waits until it is time, or somebody asks for it, or the network is back.
async fn wait(chat: Chat, code: u16, until_ms: u64, wakes: &mut Receiver<Wake>) {
    let mut offline = !network::is_online();
    chat.set_link(Link::Waiting { until_ms, code, offline });
    while clock::elapsed_ms() < until_ms {
        match wakes.next().await {
            Some(Wake::Now | Wake::Look | Wake::Reopen) => return,
            Some(Wake::Tick) => {
                chat.tick();
                let came_back = offline && network::is_online();
                if came_back {
                    return;
                }
                if offline == network::is_online() {
                    offline = !offline;
                    chat.set_link(Link::Waiting { until_ms, code, offline });
                }
            }
            _ => {}
        }
    }
}

/// Waits until somebody gives another name, or asks to try again.
async fn until_asked(chat: Chat, name: &mut Name, wakes: &mut Receiver<Wake>) {
    loop {
        match wakes.next().await {
            Some(Wake::Name(another)) => {
                *name = another;
                return;
            }
            Some(Wake::Now) => return,
            Some(Wake::Tick) => chat.tick(),
            _ => {}
        }
    }
}

/// The measured round trip, and the suspicion of a dead server. A hidden tab is woken once a
/// minute at most, so what counts is the silence since a ping, not since the last tick; and a ping
/// goes out whatever became of the one before, because a server that answered and then died is
/// dead too.
#[derive(Default)]
struct Ping {
    n: u32,
    /// When the next one goes out; the first on the first tick.
    due_ms: u64,
    sent_ms: u64,
    /// When the first ping went out since anything was heard.
    unanswered_ms: Option<u64>,
    rtt_ms: Option<u32>,
}

impl Ping {
    /// The next tick pings.
    fn soon(&mut self) {
        self.due_ms = 0;
    }

    fn due(&mut self, now: u64) -> Option<u32> {
        if now < self.due_ms {
            return None;
        }
        self.n = self.n.wrapping_add(1);
        self.sent_ms = now;
        self.due_ms = now + PING_EVERY_MS;
        self.unanswered_ms.get_or_insert(now);
        Some(self.n)
    }

    fn heard(&mut self) {
        self.unanswered_ms = None;
    }

    fn answered(&mut self, n: u32, now: u64) -> bool {
        let latest = n == self.n;
        if latest {
            self.rtt_ms = Some(now.saturating_sub(self.sent_ms) as u32);
        }
        latest
    }

    fn is_dead(&self, now: u64) -> bool {
        self.unanswered_ms.is_some_and(|since| now > since + SILENCE_MAX_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_due_at_once_and_then_every_so_often() {
        let mut ping = Ping::default();
        assert_eq!(ping.due(100_000), Some(1));
        assert_eq!(ping.due(100_000 + PING_EVERY_MS - 1), None);
        assert!(ping.answered(1, 100_030));
        assert_eq!(ping.rtt_ms, Some(30));
        assert_eq!(ping.due(100_000 + PING_EVERY_MS), Some(2));
        assert!(!ping.answered(1, 111_000));
    }

    #[test]
    fn a_look_pings_at_once() {
        let mut ping = Ping::default();
        assert_eq!(ping.due(100_000), Some(1));
        ping.soon();
        assert_eq!(ping.due(100_001), Some(2));
    }

    #[test]
    fn only_silence_since_a_ping_means_death() {
        let mut ping = Ping::default();
        assert!(!ping.is_dead(900_000));
        assert_eq!(ping.due(100_000), Some(1));
        assert!(!ping.is_dead(100_000 + SILENCE_MAX_MS));
        assert!(ping.is_dead(100_001 + SILENCE_MAX_MS));
        ping.heard();
        assert!(!ping.is_dead(900_000));
    }

    #[test]
    fn a_server_that_dies_after_it_spoke_but_before_it_answered_is_dead_too() {
        let mut ping = Ping::default();
        assert_eq!(ping.due(100_000), Some(1));
        ping.heard();
        assert_eq!(ping.due(110_000), Some(2));
        assert_eq!(ping.due(120_000), Some(3));
        assert!(ping.is_dead(110_001 + SILENCE_MAX_MS));
    }
}
