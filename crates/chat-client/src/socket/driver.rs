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
}

/// Why one connection ended.
enum Ended {
    Over(u16),
    /// The server did not accept the join; ask for another name first.
    Refused,
}

/// Joins and stays joined, until told not to come back. `tab` tells this tab from another of the
/// same person.
pub async fn run(chat: Chat, mut name: Name, tab: TabId, mut wakes: Receiver<Wake>) {
    let mut attempt = 0;
    loop {
        let welcomes = chat.welcomes();
        let ended = one_connection(chat, &mut name, &tab, &mut wakes).await;
        if chat.welcomes() > welcomes {
            attempt = 0;
        }
        match ended {
            Ended::Over(code) if CloseCode::should_reconnect(code) => {
                let until_ms = clock::now_ms() + backoff::wait_ms(attempt, random::unit());
                attempt += 1;
                wait(chat, code, until_ms, &mut wakes).await;
            }
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
        Err(Over(code)) => Ended::Over(code),
        Ok(ended) => ended,
    }
}

/// The five steps, in order.
async fn walk(chat: Chat, name: &mut Name, tab: &TabId, wakes: &mut Receiver<Wake>) -> Result<Ended, Over> {
    chat.set_link(Link::Opening);
    let mut connection = Connection::open(&chat.room_id(), &chat.client_id()).await?;

    chat.set_link(Link::Joining);
    join(chat, &mut connection, name, tab).await?;

    let mut ping = Ping::new(clock::now_ms());
    loop {
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
                ping.heard(clock::now_ms());
                let changed = hear(chat, msg, &mut ping);
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
                if ping.is_dead(clock::now_ms()) {
                    // Not a goodbye: the others should see us away, not gone.
                    connection.close(CloseCode::PingTimeout);
                    return Err(Over(LOST_WITHOUT_CLOSE));
                }
                if let Some(n) = ping.due(clock::now_ms()) {
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
            Either::Right(Some(Wake::Now | Wake::Look)) => {}
            Either::Right(None) => {
                connection.close(CloseCode::Normal);
                return Ok(Ended::Over(CloseCode::Normal.code()));
            }
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
    if changed.pong.is_some_and(|n| ping.answered(n, clock::now_ms())) && chat.link().is_open() {
        chat.set_link(Link::Open { rtt_ms: ping.rtt_ms });
    }
    if let Some(refused) = &changed.refused
        && !chat.link().is_open()
        && matches!(refused.code, ErrorCode::NameTaken | ErrorCode::BadName | ErrorCode::RoomFull)
    {
        chat.set_link(Link::Refused);
    }
    changed
}

/// Waits until it is time, or somebody asks for it, or the network is back.
async fn wait(chat: Chat, code: u16, until_ms: u64, wakes: &mut Receiver<Wake>) {
    let mut offline = !network::is_online();
    chat.set_link(Link::Waiting { until_ms, code, offline });
    while clock::now_ms() < until_ms {
        match wakes.next().await {
            Some(Wake::Now | Wake::Look) => return,
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
/// minute at most, so death is judged by what was heard since the ping, not by the clock alone.
struct Ping {
    n: u32,
    sent_ms: u64,
    heard_ms: u64,
    waiting: bool,
    rtt_ms: Option<u32>,
}

impl Ping {
    fn new(now: u64) -> Self {
        // The first one goes out on the first tick.
        Self { n: 0, sent_ms: now.saturating_sub(PING_EVERY_MS), heard_ms: now, waiting: false, rtt_ms: None }
    }

    fn due(&mut self, now: u64) -> Option<u32> {
        if self.waiting || now < self.sent_ms + PING_EVERY_MS {
            return None;
        }
        self.n = self.n.wrapping_add(1);
        self.sent_ms = now;
        self.waiting = true;
        Some(self.n)
    }

    fn heard(&mut self, now: u64) {
        self.heard_ms = now;
    }

    fn answered(&mut self, n: u32, now: u64) -> bool {
        let ours = self.waiting && n == self.n;
        if ours {
            self.waiting = false;
            self.rtt_ms = Some(now.saturating_sub(self.sent_ms) as u32);
        }
        ours
    }

    fn is_dead(&self, now: u64) -> bool {
        self.waiting && self.heard_ms <= self.sent_ms && now > self.sent_ms + SILENCE_MAX_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_due_at_once_and_then_every_so_often_once_answered() {
        let mut ping = Ping::new(100_000);
        assert_eq!(ping.due(100_000), Some(1));
        assert_eq!(ping.due(100_000 + PING_EVERY_MS), None);
        assert!(ping.answered(1, 100_030));
        assert_eq!(ping.rtt_ms, Some(30));
        assert_eq!(ping.due(100_000 + PING_EVERY_MS), Some(2));
        assert!(!ping.answered(1, 111_000));
    }

    #[test]
    fn only_silence_since_the_ping_means_death() {
        let mut ping = Ping::new(100_000);
        assert_eq!(ping.due(100_000), Some(1));
        assert!(!ping.is_dead(100_000 + SILENCE_MAX_MS));
        assert!(ping.is_dead(100_001 + SILENCE_MAX_MS));
        ping.heard(100_500);
        assert!(!ping.is_dead(900_000));
    }
}
