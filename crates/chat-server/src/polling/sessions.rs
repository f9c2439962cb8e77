//! All polling sessions, found by what a request shows. A request that shows a good resume cookie belongs to
//! the session that was; one that shows none, or one whose session is gone or cannot hand out any more what is
//! asked for, joins as everybody does, with what it knows from before. A task for each session waits for its
//! lease to end. Several requests of one session at the same time are the session's business.

use std::{collections::HashMap, sync::Arc, time::Duration, time::Instant};

use chat_protocol::{
    ClientId, CloseCode, ErrorCode, Name, ResumeToken, RoomId, RoomKey, Seq, ServerMsg, TabId,
};
use chat_room::{Claim, FreshToken, Join, RateLimit, TokenHash, Way};
use parking_lot::Mutex;

use super::{
    LEASE,
    resume_cookie::ResumeCookie,
    session::{Hold, Inside, Session},
};
use crate::{
    limits::{
        client_ip::ClientIp,
        ip_limits::{IpLimits, IpUsage},
    },
    net::{
        connections::{Connections, TooManyConnections},
        queue::Queue,
        random,
        sink::Sink,
        tasks::Tasks,
        traffic::Traffic,
    },
    rooms::Rooms,
};

/// By what a session is found: its room, and the hash of what only its client knows.
pub(crate) type Key = (RoomKey, TokenHash);

/// See the module. At most as many as there are places for connections.
#[derive(Debug)]
pub(crate) struct Sessions {
    table: Mutex<HashMap<Key, Arc<Session>>>,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) ips: Arc<IpLimits>,
    connections: Arc<Connections>,
    tasks: Tasks,
    pub(crate) settings: Settings,
}

/// The options of a polling session: see [`crate::config::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Longest text, in characters.
    pub(crate) text_max: usize,
    /// Most bytes that wait for a session.
    pub(crate) queue_bytes: usize,
    /// Frames one person may send in the long run, in frames per second; 0 sets no limit.
    pub(crate) messages_per_second: u32,
    /// Frames one person may send at once.
    pub(crate) messages_burst: u32,
    /// How long a request's body may take.
    pub(crate) body_deadline: Duration,
    /// How long somebody who is away may come back.
    pub(crate) resume_window: Duration,
}

/// A request of a polling client.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) room: RoomId,
    pub(crate) client: ClientId,
    pub(crate) name: Option<Name>,
    pub(crate) cookie: Option<ResumeCookie>,
    /// The last message the client has.
    pub(crate) after: Option<Seq>,
    /// Whether to be welcomed also if the session is here: a client that opens a stream lost what was on
    /// its way in the one before, presence included.
    pub(crate) is_anew: bool,
    pub(crate) ip: ClientIp,
}

#[derive(Debug)]
pub(crate) struct JoinRequest {
    pub(crate) room: RoomId,
    /// By what the session is found from then on.
    pub(crate) key: Key,
    pub(crate) client: ClientId,
    pub(crate) name: Option<Name>,
    /// Which of its tabs it is.
    pub(crate) tab: Option<TabId>,
    pub(crate) claim: Option<Claim>,
    /// The hash of the key of the room's class.
    pub(crate) teacher: Option<TokenHash>,
    pub(crate) token: FreshToken,
}

/// A session that was found, or has just begun.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) session: Arc<Session>,
    /// What keeps it. Given up before a client that has just joined has its cookie, it is gone.
    pub(crate) hold: Hold,
    /// What the client shows from now on, if it has just joined.
    pub(crate) cookie: Option<ResumeCookie>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The room says why.
    #[error("the room refused: {}", .0.to_json())]
    Refused(Box<ServerMsg>),
    /// There is no room, or it failed.
    #[error("closed: {}", .0.reason())]
    Closed(CloseCode),
    #[error(transparent)]
    TooMany(#[from] TooManyConnections),
}

impl Sessions {
    pub(crate) fn new(
        rooms: Arc<Rooms>,
        ips: Arc<IpLimits>,
        connections: Arc<Connections>,
        tasks: Tasks,
        settings: Settings,
    ) -> Arc<Self> {
        Arc::new(Self { table: Mutex::default(), rooms, ips, connections, tasks, settings })
    }

    pub(crate) fn find(&self, room: &RoomId, cookie: &ResumeCookie) -> Option<Arc<Session>> {
        self.table.lock().get(&key(room, cookie)).cloned()
    }

    /// The session of a request, which joins if there is none, within the rate limit of its address.
    pub(crate) async fn enter(self: &Arc<Self>, visit: Visit) -> Result<Found, SessionError> {
        let now = Instant::now();
        let usage = self.ips.at(visit.ip, now);
        if !usage.allow_frame(now) {
            return Err(too_fast());
        }
        let mut traffic = Arc::default();
        let mut after = visit.after;
        if let Some((session, mut hold)) =
            visit.cookie.as_ref().and_then(|cookie| self.hold(&key(&visit.room, cookie)))
        {
            hold.then(LEASE);
            if let Some(inside) = session.inside() {
                if !inside.frames.take(now) {
                    return Err(too_fast());
                }
                if !visit.is_anew && after.is_none_or(|after| session.queue.can_tell_after(after)) {
                    return Ok(Found { session, hold, cookie: None });
                }
            }
            traffic = session.traffic.clone();
            after.get_or_insert(session.queue.joined_after());
        }
        let Visit { room, client, name, cookie, .. } = visit;
        let claim = cookie.map(|cookie| Claim {
            proof: TokenHash::of(&cookie.token),
            epoch: cookie.epoch,
            seq: after.unwrap_or(0),
        });
        let token = ResumeToken::from_bytes(random::bytes());
        let fresh = FreshToken::from(token.clone());
        let key = (RoomKey::of(&room), fresh.hash);
        let join = JoinRequest { room, key, client, name, tab: None, claim, teacher: None, token: fresh };
        let (session, hold) = self.join(join, usage, traffic).await?;
        // The welcome is on its way when a join is answered.
        let Some(epoch) = session.queue.welcomed().await else {
            return Err(SessionError::Closed(match session.queue.over() {
                // Another request of the same client came back a moment later.
                None | Some(CloseCode::Replaced) => CloseCode::TryAgainLater,
                Some(code) => code,
            }));
        };
        Ok(Found { session, hold, cookie: Some(ResumeCookie { token, epoch }) })
    }

    /// Joins the room, to be found by its key from then on. The hold is given up before the client's next
    /// request: see [`Hold::then`].
    pub(crate) async fn join(
        self: &Arc<Self>,
        request: JoinRequest,
        usage: Arc<IpUsage>,
        traffic: Arc<Traffic>,
    ) -> Result<(Arc<Session>, Hold), SessionError> {
        let now = Instant::now();
        let JoinRequest { room, key, client, name, tab, claim, teacher, token } = request;
        let settings = self.settings;
        let slot = self.connections.reserve_for(usage)?;
        // A client that is found by something else than its token is told everything by number.
        let home = self.rooms.home(key.0.clone());
        let queue = Queue::new(settings.queue_bytes, home.outboxes().clone(), key.1 != token.hash);
        let sink = Sink::from(queue.clone());
        slot.open(sink.clone());
        let (rate, burst) = (settings.messages_per_second.into(), settings.messages_burst.into());
        let frames = Arc::new(RateLimit::new(rate, burst, now));
        let join = Join {
            conn: slot.conn(),
            client_id: client,
            name,
            tab,
            address: slot.usage().address(),
            way: Way::Http,
            claim,
            teacher,
            token,
            rate_limit: Some(frames),
        };
        let (membership, frames) = match self.rooms.join(&room, join, &sink, slot.usage()).await {
            Ok(Ok(joined)) => joined,
            Ok(Err(refusal)) => return Err(SessionError::Refused(Box::new(refusal.into()))),
            Err(error) => return Err(SessionError::Closed(error.into())),
        };
        // This request is the member's first frame.
        frames.take(now);
        let session = Arc::new(Session::new(Inside { membership, frames, slot }, traffic, queue, now));
        let hold = session.hold();
        {
            let mut table = self.table.lock();
            // Another join of the same client may have replaced it since the room let it in, and be here already.
            if session.queue.over().is_none() {
                table.insert(key.clone(), session.clone());
            }
        }
        self.tasks.spawn(end_with_lease(self.clone(), key, session.clone()));
        Ok((session, hold))
    }

    /// The session that a request shows to be its own, and something to keep it: it cannot go in between.
    pub(crate) fn hold(&self, key: &Key) -> Option<(Arc<Session>, Hold)> {
        let table = self.table.lock();
        let session = table.get(key).filter(|session| session.queue.over().is_none())?;
        session.show();
        Some((session.clone(), session.hold()))
    }

    /// Whether this session is over. From then on it cannot be found. Another may have its key by then: of a
    /// join that the network delivered twice at once, the second replaces the first.
    fn remove_if_over(&self, key: &Key, session: &Arc<Session>) -> bool {
        let mut table = self.table.lock();
        let is_over = session.is_over(Instant::now());
        if is_over && table.get(key).is_some_and(|found| Arc::ptr_eq(found, session)) {
            table.remove(key);
        }
        is_over
    }
}

fn key(room: &RoomId, cookie: &ResumeCookie) -> Key {
    (RoomKey::of(room), TokenHash::of(&cookie.token))
}

fn too_fast() -> SessionError {
    let error = ServerMsg::error(ErrorCode::TooFast, "rate limit exceeded; try again later");
    SessionError::Refused(Box::new(error))
}

/// Lets the session go when its lease is over, or its queue is closed: so a stop ends it, too. Then it leaves,
/// also if a stream that nobody reads is stuck in handing something out.
async fn end_with_lease(sessions: Arc<Sessions>, key: Key, session: Arc<Session>) {
    let mut lease = session.lease();
    loop {
        let now = *lease.borrow_and_update();
        if sessions.remove_if_over(&key, &session) {
            break;
        }
        tokio::select! {
            // The session, which is here, has the sender.
            _ = lease.changed() => {}
            () = session.queue.closed() => {}
            () = tokio::time::sleep_until(now.until.into()), if now.held == 0 => {}
        }
    }
    session.leave(session.departure());
}
