//! All guests, found by what they showed. Who shows a ticket that is good is the guest they were; who
//! shows none, or one whose guest is gone or cannot tell any more what they ask for, joins through the
//! hub as everybody does, with what they know from before. A task for each takes what the room sends, and
//! waits for the lease to end. Requests of one guest at the same time are the guest's business.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chat_protocol::{ClientId, CloseCode, ErrorCode, Name, RoomId, RoomKey, Seq, ServerMsg, TabId};

use super::{
    LEASE,
    guest::{Guest, Hold, Inside},
    meter::Account,
    ticket::Ticket,
};
use crate::{
    address::Address,
    allowance::Allowance,
    connection::{outbox::Outbox, registry::NoPlace},
    random,
    room::{
        Departure, Join,
        token::{Claim, FreshToken, TokenHash},
    },
    server::App,
    visitors::Visitor,
};

/// By what a guest is found: their room, and the hash of what only they know.
pub type Key = (RoomKey, TokenHash);

/// See the module. As many guests as there are places for connections.
#[derive(Debug, Default)]
pub struct Lobby(Mutex<HashMap<Key, Arc<Guest>>>);

/// Who asks, and for which room.
#[derive(Debug)]
pub struct Visit {
    /// The room.
    pub room: RoomId,
    /// The id asked for.
    pub client: ClientId,
    /// The name asked for.
    pub name: Option<Name>,
    /// What they show.
    pub ticket: Option<Ticket>,
    /// The last message they have.
    pub after: Option<Seq>,
    /// Whether they are to be welcomed also if they are here: who listens to a stream lost what was on
    /// its way in the one before, who came and went included.
    pub anew: bool,
    /// Whose request it is.
    pub whose: Address,
}

/// Somebody who joins.
#[derive(Debug)]
pub struct Newcomer {
    /// The room.
    pub room: RoomId,
    /// By what they are found from then on.
    pub key: Key,
    /// The id asked for.
    pub client: ClientId,
    /// The name asked for.
    pub name: Option<Name>,
    /// Which of their tabs it is.
    pub tab: Option<TabId>,
    /// Who they say they were.
    pub claim: Option<Claim>,
    /// The token to give.
    pub token: FreshToken,
}

/// A guest who was found, or who has just come.
#[derive(Debug)]
pub struct Found {
    /// The guest.
    pub guest: Arc<Guest>,
    /// What keeps them here. Given up before somebody who has just come has their ticket, they are gone.
    pub hold: Hold,
    /// What they show from now on, if they have just come.
    pub ticket: Option<Ticket>,
}

/// Why somebody is not a guest.
#[derive(Debug)]
pub enum NoGuest {
    /// The room says why.
    Refused(ServerMsg),
    /// There is no room, or it failed.
    Closed(CloseCode),
    /// There is no place for one more connection.
    NoPlace(NoPlace),
}

impl Lobby {
    /// The guest who shows this.
    pub fn find(&self, room: &RoomId, ticket: &Ticket) -> Option<Arc<Guest>> {
        self.guests().get(&key(room, ticket)).cloned()
    }

    /// The guest who asks, who joins if they are none. Nobody joins over the pace of their address.
    ///
    /// # Errors
    /// [`NoGuest`].
    pub async fn enter(app: &Arc<App>, visit: Visit) -> Result<Found, NoGuest> {
        let now = Instant::now();
        let visitor = app.visitors.at(visit.whose, now);
        if !visitor.may_send(now) {
            return Err(too_fast());
        }
        let mut account = Arc::default();
        let mut after = visit.after;
        if let Some((guest, mut hold)) =
            visit.ticket.as_ref().and_then(|ticket| app.lobby.hold(&key(&visit.room, ticket)))
        {
            hold.then(LEASE);
            if let Some(inside) = guest.inside() {
                if !inside.membership.frames().take(now) {
                    return Err(too_fast());
                }
                if !visit.anew && after.is_none_or(|after| guest.can_tell_after(after)) {
                    return Ok(Found { guest, hold, ticket: None });
                }
            }
            account = guest.account.clone();
            after.get_or_insert(guest.came_after());
        }
        let Visit { room, client, name, ticket, .. } = visit;
        let claim = ticket.map(|ticket| Claim {
            proof: TokenHash::of(&ticket.token),
            epoch: ticket.epoch,
            seq: after.unwrap_or(0),
        });
        let token = FreshToken::new(random::bytes());
        let key = (RoomKey::of(&room), token.hash);
        let newcomer = Newcomer { room, key, client, name, tab: None, claim, token: token.clone() };
        let (guest, hold) = Self::admit(app, newcomer, visitor, account).await?;
        // The welcome is on its way when a join is answered.
        let Some(epoch) = guest.welcomed().await else {
            return Err(NoGuest::Closed(match guest.over() {
                // Another request of the same guest came back a moment later.
                None | Some(CloseCode::Replaced) => CloseCode::TryAgainLater,
                Some(code) => code,
            }));
        };
        Ok(Found { guest, hold, ticket: Some(Ticket { token: token.token, epoch }) })
    }

    /// Lets somebody join, to be found by their key from then on. The hold is given up before their next
    /// request: see [`Hold::then`].
    ///
    /// # Errors
    /// [`NoGuest`].
    pub async fn admit(
        app: &Arc<App>,
        newcomer: Newcomer,
        visitor: Arc<Visitor>,
        account: Arc<Account>,
    ) -> Result<(Arc<Guest>, Hold), NoGuest> {
        let now = Instant::now();
        let Newcomer { room, key, client, name, tab, claim, token } = newcomer;
        let config = &app.config;
        let place = app.connections.reserve(visitor).map_err(NoGuest::NoPlace)?;
        let outbox = Arc::new(Outbox::to_be_fetched(config.outbox_bytes));
        place.open(&outbox);
        let frames = Allowance::new(config.messages_per_second.into(), config.messages_burst.into(), now);
        // Who is found by something else than their token is told everything by number.
        let tells_echoes = key.1 != token.hash;
        let join =
            Join { conn: place.conn(), client_id: client, name, tab, claim, token, frames: Arc::new(frames) };
        let membership = match app.hub.join(&room, join, &outbox, place.visitor()).await {
            Ok(Ok(membership)) => membership,
            Ok(Err(refusal)) => return Err(NoGuest::Refused(refusal.into())),
            Err(no_room) => return Err(NoGuest::Closed(no_room.into())),
        };
        // This request is one of theirs, as whom they came.
        membership.frames().take(now);
        let bound = config.outbox_bytes + config.history_bytes;
        let inside = Inside { membership, place };
        let guest = Arc::new(Guest::new(inside, account, outbox, tells_echoes, bound, now));
        let hold = guest.hold();
        app.lobby.guests().insert(key.clone(), guest.clone());
        app.tasks.spawn(keep(app.clone(), key, guest.clone()));
        Ok((guest, hold))
    }

    /// The guest who shows this, and something to keep them: they cannot go in between.
    pub fn hold(&self, key: &Key) -> Option<(Arc<Guest>, Hold)> {
        let guests = self.guests();
        let guest = guests.get(key).filter(|guest| guest.over().is_none())?;
        Some((guest.clone(), guest.hold()))
    }

    /// Whether this guest, whom nobody holds or to whom nothing more comes, is let go. From then on they
    /// cannot be found.
    fn lets_go(&self, key: &Key, guest: &Guest) -> bool {
        let mut guests = self.guests();
        let goes = guest.over().is_some() || guest.is_let_go(Instant::now());
        if goes {
            guests.remove(key);
        }
        goes
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<Key, Arc<Guest>>> {
        // No code that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(room: &RoomId, ticket: &Ticket) -> Key {
    (RoomKey::of(room), TokenHash::of(&ticket.token))
}

fn too_fast() -> NoGuest {
    NoGuest::Refused(ServerMsg::error(ErrorCode::TooFast, "too many requests; wait a little"))
}

/// Takes what the room sends into the guest's log, and lets the guest go when their lease is over, or
/// their outbox: so a stop ends it, too. Then they leave, also if a stream that nobody reads is stuck in
/// telling them something.
async fn keep(app: Arc<App>, key: Key, guest: Arc<Guest>) {
    let mut lease = guest.lease();
    loop {
        let now = *lease.borrow_and_update();
        if app.lobby.lets_go(&key, &guest) {
            break;
        }
        tokio::select! {
            // The guest, who is here, has the sender.
            _ = lease.changed() => {}
            () = guest.fetch() => {}
            () = tokio::time::sleep_until(now.until.into()), if now.held == 0 => {}
        }
    }
    guest.leave(Departure::Lost);
}
