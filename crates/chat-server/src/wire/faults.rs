//! Breaking one's own connection on purpose, to see what the protocol does about it. Only a connection
//! that is recorded can be broken, only by who holds its recording's token, and only where the server
//! has a lab ([`Lab`]). What is broken is real: bytes are not read, not sent or sent late, or the socket
//! is shut. It concerns one connection and nobody else in the room; that of others knows nothing of
//! it, and pays nothing.

use std::{
    collections::VecDeque,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chat_protocol::CloseCode;
use clap::ValueEnum;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::sync::Notify;

use super::stream::{Unseen, find};
use crate::{
    body::{self, NoBody},
    connection::{origin, outbox::Outbox},
    server::App,
};

/// Longest time that one may ask for.
pub const LONGEST: Duration = Duration::from_secs(60);

/// How long what is sent is late, once that was asked for.
pub const DELAYED_FOR: Duration = Duration::from_secs(30);

/// Longest request, in bytes.
const REQUEST_MAX: usize = 1024;

/// Whether people may break their own connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Lab {
    /// Where the server is not for the public: no public URL, no proxy, and who asks is on this
    /// machine or in its private network.
    Auto,
    /// Everybody may.
    On,
    /// Nobody may.
    Off,
}

/// What is broken of one connection.
#[derive(Debug, Default)]
pub struct Faults {
    outbox: Mutex<Weak<Outbox>>,
    state: Mutex<Broken>,
    /// Something is to be seen to, or earlier than was known.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Broken {
    /// Until when nothing is read.
    deaf_until: Option<Instant>,
    /// How late, and until when, what is sent is.
    delay: Option<(Duration, Instant)>,
    /// What is late, and when it is due. Over the bound of an outbox it is late no longer.
    late: VecDeque<(Instant, Bytes)>,
    late_bytes: usize,
    /// Whether a task sees to all this: however much is asked for, there is one.
    is_seen_to: bool,
    ack: Ack,
    /// Whether the server shall have forgotten this one.
    is_forgotten: bool,
}

/// What becomes of acknowledgements.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Ack {
    /// They are sent.
    #[default]
    Sent,
    /// The next is to be lost.
    Doomed,
    /// What it answers was heard. Nothing that is sent from now on arrives.
    Lost,
}

/// What becomes of frames that are to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// They go out.
    Sent,
    /// They go out later, and not by whom they were given.
    Late,
    /// More is late than may be: they go out now, after all of that, and nothing is late any more.
    Overdue,
    /// They are lost, and the connection with them.
    Lost,
}

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "break", rename_all = "snake_case")]
pub enum Break {
    /// The socket is shut, without a close frame.
    Cut,
    /// Nothing is read for so many milliseconds.
    Deafness {
        /// At most [`LONGEST`].
        ms: u64,
    },
    /// For [`DELAYED_FOR`], what is sent is so many milliseconds late.
    Delay {
        /// At most [`LONGEST`].
        ms: u64,
    },
    /// The acknowledgement of the next message is lost, and the connection with it.
    LoseAck,
    /// The server closes as if it stopped, and afterwards does not know this member any more.
    Restart,
}

impl Lab {
    /// Whether who connects from this address may break their connection. `public` says that the
    /// server is for the public.
    pub fn is_open_to(self, peer: IpAddr, public: bool) -> bool {
        match self {
            Self::On => true,
            Self::Off => false,
            Self::Auto => !public && is_near(peer.to_canonical()),
        }
    }
}

fn is_near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

impl Faults {
    /// They are about the connection with this outbox.
    pub fn concern(&self, outbox: &Arc<Outbox>) {
        *self.outbox.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(outbox);
    }

    /// Whether nothing is to be read now.
    pub fn is_deaf(&self, now: Instant) -> bool {
        self.state().deaf_until.is_some_and(|until| now < until)
    }

    /// A `say` was heard, and will be acknowledged.
    pub fn heard_say(&self) {
        let mut state = self.state();
        if state.ack == Ack::Doomed {
            state.ack = Ack::Lost;
        }
    }

    /// Whether the server shall have forgotten this member once the connection is over.
    pub fn is_forgotten(&self) -> bool {
        self.state().is_forgotten
    }

    /// What becomes of these frames, of which an outbox keeps at most `bound` bytes.
    pub fn fate(&self, frames: &Bytes, bound: usize, now: Instant) -> Fate {
        let mut state = self.state();
        if state.ack == Ack::Lost {
            return Fate::Lost;
        }
        let delay = state.delay.filter(|(_, until)| now < *until).map(|(delay, _)| delay);
        // What comes after something late is not sent before it.
        let last = state.late.back().map(|(due, _)| *due);
        if delay.is_none() && last.is_none() {
            return Fate::Sent;
        }
        if state.late_bytes + frames.len() > bound {
            state.delay = None;
            return Fate::Overdue;
        }
        let due = (now + delay.unwrap_or_default()).max(last.unwrap_or(now));
        state.late_bytes += frames.len();
        state.late.push_back((due, frames.clone()));
        if state.late.len() == 1 {
            self.changed.notify_one();
        }
        Fate::Late
    }

    /// Sends what was late and is due, all of it where `now` is `None`; and says when the next is due.
    /// Nothing can overtake it meanwhile: who would send asks [`Faults::fate`] first, and waits.
    pub fn deliver(&self, now: Option<Instant>, mut send: impl FnMut(&Bytes)) -> Option<Instant> {
        let mut state = self.state();
        while let Some((_, frames)) = state.late.pop_front_if(|(at, _)| now.is_none_or(|now| *at <= now)) {
            state.late_bytes -= frames.len();
            send(&frames);
        }
        state.late.front().map(|(at, _)| *at)
    }

    fn state(&self) -> MutexGuard<'_, Broken> {
        // No code that can panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self) -> Option<Arc<Outbox>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// Breaks it. False when the connection is over already.
    fn inflict(self: &Arc<Self>, fault: Break) -> bool {
        let Some(outbox) = self.outbox() else { return false };
        let now = Instant::now();
        match fault {
            Break::Cut => outbox.cut_off(),
            Break::Deafness { ms } => {
                self.state().deaf_until = Some(now + Duration::from_millis(ms).min(LONGEST));
                self.see_to_it();
            }
            Break::Delay { ms } => {
                self.state().delay = Some((Duration::from_millis(ms).min(LONGEST), now + DELAYED_FOR));
                self.see_to_it();
            }
            Break::LoseAck => self.state().ack = Ack::Doomed,
            Break::Restart => {
                self.state().is_forgotten = true;
                outbox.close(CloseCode::ServerStopping);
            }
        }
        true
    }

    fn see_to_it(self: &Arc<Self>) {
        if std::mem::replace(&mut self.state().is_seen_to, true) {
            self.changed.notify_one();
        } else {
            tokio::spawn(self.clone().run());
        }
    }

    /// Sends what is late when it is due, and wakes the connection when it hears again, for as long as
    /// anything is broken that time mends. It keeps no socket open while it waits.
    async fn run(self: Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            let now = Instant::now();
            let Some(outbox) = self.outbox() else {
                // Nobody will have it any more.
                self.deliver(None, |_| ());
                return;
            };
            self.deliver(Some(now), |frames| outbox.send_on_time(frames));
            if self.hears_again(now) {
                // Something may have come meanwhile.
                outbox.nudge();
            }
            drop(outbox);
            let Some(mended) = self.mended(now) else { return };
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep_until(mended.into()) => {}
            }
        }
    }

    /// Whether the connection was deaf, and is no longer.
    fn hears_again(&self, now: Instant) -> bool {
        self.state().deaf_until.take_if(|until| *until <= now).is_some()
    }

    /// When there is something to see to next; `None` when there is not, and the task is done.
    fn mended(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        let delayed_until = state.delay.map(|(_, until)| until).filter(|until| now < *until);
        let due = state.late.front().map(|(due, _)| *due);
        let next = [due, state.deaf_until, delayed_until].into_iter().flatten().min();
        state.is_seen_to = next.is_some();
        next
    }
}

/// `POST /xray/{token}/break`.
pub async fn break_it(
    State(app): State<Arc<App>>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Unbroken> {
    if !origin::is_allowed(&headers, &app.origins) {
        return Err(Unbroken::Origin);
    }
    let (_, faults) = find(&app, &token).map_err(Unbroken::Unseen)?;
    let faults = faults.ok_or(Unbroken::NoLab)?;
    let body = body::read(body, REQUEST_MAX, app.config.head_deadline).await.map_err(Unbroken::NoBody)?;
    let fault = serde_json::from_slice(&body).map_err(|error| Unbroken::BadRequest(error.to_string()))?;
    if faults.inflict(fault) { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(Unbroken::Over) }
}

/// Why nothing was broken.
#[derive(Debug)]
pub enum Unbroken {
    /// A page of another site asks.
    Origin,
    /// No recording has this token.
    Unseen(Unseen),
    /// There is no lab here.
    NoLab,
    /// The request was not read: it may be longer than any that makes sense.
    NoBody(NoBody),
    /// It is none that can be understood.
    BadRequest(String),
    /// The connection is over.
    Over,
}

impl IntoResponse for Unbroken {
    fn into_response(self) -> Response {
        match self {
            Self::Origin => (StatusCode::FORBIDDEN, "a page of another site may not ask\n").into_response(),
            Self::Unseen(unseen) => unseen.into_response(),
            Self::NoLab => {
                (StatusCode::FORBIDDEN, "connections cannot be broken here; see --lab\n").into_response()
            }
            Self::NoBody(NoBody::TooLong) => (StatusCode::PAYLOAD_TOO_LARGE, "too long\n").into_response(),
            Self::NoBody(NoBody::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "too slow\n").into_response(),
            Self::NoBody(NoBody::Broken) => (StatusCode::BAD_REQUEST, "it broke off\n").into_response(),
            Self::BadRequest(why) => (StatusCode::BAD_REQUEST, why + "\n").into_response(),
            Self::Over => (StatusCode::GONE, "the connection is over\n").into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delayed(by: Duration, now: Instant) -> Faults {
        let faults = Faults::default();
        faults.state().delay = Some((by, now + DELAYED_FOR));
        faults
    }

    #[test]
    fn what_is_late_keeps_its_order_also_after_the_delay_is_over() {
        let (now, by) = (Instant::now(), Duration::from_secs(5));
        let faults = delayed(by, now);
        let frames = |n: u8| Bytes::copy_from_slice(&[n]);
        assert_eq!(faults.fate(&frames(1), 100, now), Fate::Late);
        assert_eq!(faults.fate(&frames(2), 100, now + DELAYED_FOR - by / 2), Fate::Late);
        let after = now + DELAYED_FOR + Duration::from_secs(1);
        assert_eq!(faults.fate(&frames(3), 100, after), Fate::Late, "not before the second");
        let due = |now| {
            let mut due = Vec::new();
            let next = faults.deliver(Some(now), |frames| due.push(frames[0]));
            (due, next)
        };
        assert_eq!(due(now), (vec![], Some(now + by)));
        assert_eq!(due(now + by).0, [1]);
        assert_eq!(due(now + DELAYED_FOR + by), (vec![2, 3], None));
        assert_eq!(faults.fate(&frames(4), 100, after + by), Fate::Sent);
    }

    #[tokio::test]
    async fn there_is_one_task_and_it_keeps_no_connection() {
        let outbox = Arc::new(Outbox::to_be_fetched(1_000));
        let faults = Arc::new(Faults::default());
        faults.concern(&outbox);
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        for ms in [60_000, 50_000, 40_000] {
            assert!(faults.inflict(Break::Deafness { ms }));
            assert!(faults.inflict(Break::Delay { ms }));
            tokio::task::yield_now().await;
        }
        assert_eq!((tasks(), Arc::strong_count(&outbox)), (1, 1));
        drop(outbox);
        faults.changed.notify_one();
        tokio::task::yield_now().await;
        assert_eq!(tasks(), 0);
    }

    #[test]
    fn no_more_is_late_than_an_outbox_would_keep() {
        let now = Instant::now();
        let faults = delayed(Duration::from_secs(5), now);
        let frames = Bytes::from_static(&[7; 60]);
        assert_eq!(faults.fate(&frames, 100, now), Fate::Late);
        assert_eq!(faults.fate(&frames, 100, now), Fate::Overdue);
        let mut sent = 0;
        faults.deliver(None, |_| sent += 1);
        assert_eq!(sent, 1);
        assert_eq!(faults.fate(&frames, 100, now), Fate::Sent, "the delay is over");
    }

    #[test]
    fn the_lab_is_open_to_a_class_and_closed_to_the_world() {
        let open = |lab: Lab, peer: &str, public| lab.is_open_to(peer.parse().unwrap(), public);
        for near in ["127.0.0.1", "192.168.1.7", "10.0.0.3", "::1", "fd00::1", "fe80::1", "::ffff:172.16.0.1"]
        {
            assert!(open(Lab::Auto, near, false), "{near}");
            assert!(!open(Lab::Auto, near, true), "{near}");
        }
        for far in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!open(Lab::Auto, far, false), "{far}");
            assert!(open(Lab::On, far, true) && !open(Lab::Off, far, false));
        }
    }
}
