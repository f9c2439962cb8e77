//! All guests, found by what they showed. Who shows a ticket that is good is the guest they were; who
//! shows none, or one whose guest is gone, joins through the hub as everybody does, with what they know
//! from before. A task for each takes what the room sends, and waits
//! for the lease to end. Requests of one guest at the same time are
//! the guest's business.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chat_protocol::{ClientId, CloseCode, Epoch, ErrorCode, Name, RoomId, Seq, ServerMsg};
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

use super::{LEASE, guest::Guest, ticket::Ticket};
use crate::{
    address::Address,
    allowance::Allowance,
    connection::{outbox::Outbox, registry::NoPlace},
    random,
    room::{
        Join,
        token::{Claim, FreshToken, TokenHash},
    },
    server::App,
};

type Key = (RoomId, TokenHash);

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
    /// The last message they have.
    pub after: Option<Seq>,
    /// Whose request it is.
    pub whose: Address,
}

/// A guest who was found, or who has just come.
#[derive(Debug)]
pub struct Found {
    /// The guest.
    pub guest: Arc<Guest>,
    /// What the browser is to keep, if they have just come.
    pub cookie: Option<HeaderValue>,
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
        self.guests().get(&(room.clone(), TokenHash::of(&ticket.token))).cloned()
    }

    /// The guest who asks, who joins if they are none.
    ///
    /// # Errors
    /// [`NoGuest`].
    pub async fn enter(app: &Arc<App>, visit: Visit, headers: &HeaderMap) -> Result<Found, NoGuest> {
        let ticket = Ticket::of(headers, &visit.client);
        if let Some(guest) = ticket.as_ref().and_then(|ticket| app.lobby.find(&visit.room, ticket))
            && guest.over().is_none()
        {
            return Ok(Found { guest, cookie: None });
        }
        let Visit { room, client, name, after, whose } = visit;
        let now = Instant::now();
        let config = &app.config;
        let place = app.connections.reserve(app.visitors.at(whose, now)).map_err(NoGuest::NoPlace)?;
        let outbox = Arc::new(Outbox::to_be_fetched(config.outbox_bytes));
        place.open(&outbox);
        let claim = ticket.map(|ticket| Claim {
            proof: TokenHash::of(&ticket.token),
            epoch: ticket.epoch,
            seq: after.unwrap_or(0),
        });
        let token = FreshToken::new(random::bytes());
        let frames =
            Allowance::new(config.messages_per_second.into(), config.messages_burst.into(), Instant::now());
        let join = Join {
            conn: place.conn(),
            client_id: client.clone(),
            name,
            tab: None,
            claim,
            token: token.clone(),
            frames: Arc::new(frames),
        };
        let joined = app.hub.join(&room, join, &outbox, place.visitor()).await;
        let membership = match joined {
            Ok(Ok(membership)) => membership,
            Ok(Err(refusal)) => return Err(NoGuest::Refused(refusal.into())),
            Err(no_room) => return Err(NoGuest::Closed(no_room.into())),
        };
        let guest =
            Arc::new(Guest::new(membership, place, outbox, config.outbox_bytes + config.history_bytes, now));
        // A lease begins when the first request is answered.
        let hold = guest.hold(LEASE);
        let mut changed = guest.changed();
        let key = (room, token.hash);
        app.lobby.guests().insert(key.clone(), guest.clone());
        app.tasks.spawn(keep(app.clone(), key, guest.clone()));
        // The welcome is on its way when a join is answered.
        while guest.first().is_none() && guest.over().is_none() && changed.changed().await.is_ok() {}
        drop(hold);
        let welcome = guest.first().and_then(|json| serde_json::from_slice::<Life>(&json).ok());
        let Some(Life { epoch }) = welcome else {
            return Err(NoGuest::Refused(ServerMsg::error(ErrorCode::RoomFull, "the room gave no welcome")));
        };
        let cookie = Ticket { token: token.token, epoch }.to_cookie(&client);
        Ok(Found { guest, cookie })
    }

    fn guests(&self) -> MutexGuard<'_, HashMap<Key, Arc<Guest>>> {
        // No code that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a `welcome` a ticket needs.
#[derive(Deserialize)]
struct Life {
    epoch: Epoch,
}

/// Takes what the room sends into the guest's log, and lets the guest go when their lease is over, or
/// their outbox: so a stop ends it, too.
async fn keep(app: Arc<App>, key: Key, guest: Arc<Guest>) {
    let mut lease = guest.lease();
    loop {
        let now = *lease.borrow_and_update();
        if guest.over().is_some() || now.held == 0 && now.until <= Instant::now() {
            break;
        }
        tokio::select! {
            changed = lease.changed() => if changed.is_err() { break },
            // What ended them is seen above.
            _ = guest.fetch() => {}
            () = tokio::time::sleep_until(now.until.into()), if now.held == 0 => {}
        }
    }
    app.lobby.guests().remove(&key);
}
