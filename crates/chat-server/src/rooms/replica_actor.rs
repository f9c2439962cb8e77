//! The task that owns one node's copy of a room that several nodes share: what is asked of the room it sends to
//! the room's log, and does it when it comes back, in its place among what other nodes ask. What is next is
//! decided by the [`Replica`]; this waits for requests, for the engine and for time, and does it. A copy that is
//! over closes everybody here with [`CloseCode::EngineLost`]: they come back, to another copy.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use chat_cluster::{
    Append, Appended, Batch, Begun, Entry, Heard, Next, Over, Read, Replica, Tag,
    engine::{EngineUnavailable, Follower, State},
};
use chat_protocol::{CloseCode, Epoch};
use chat_room::{Ms, Opening, Wish};
use futures_util::FutureExt;
use tokio::sync::{oneshot, watch};

use super::{
    cluster::SharedRoom,
    handle::{Request, RoomHandle, With},
    homes::Home,
    local_room::LocalRoom,
    mailbox::{self, PLACES, Requests, WeakMailbox},
    memory_budget::MemoryShare,
};
use crate::net::random;

/// After so long at what came at once a room lets others go on.
const TURN: Duration = Duration::from_millis(1);

/// How long to wait before a question is asked again that had no answer.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a copy stays at least with nobody in it.
const EMPTY_AT_LEAST: Duration = Duration::from_secs(10);

/// How long a copy may sleep that nothing is due for.
const IDLE: Duration = Duration::from_secs(60);

/// Over how long the closes of all rooms are spread when an engine is lost.
const CLOSE_SPREAD: Duration = Duration::from_secs(2);

/// What is waited for of the engine.
type Answer<T> = Pin<Box<dyn Future<Output = Result<T, EngineUnavailable>> + Send>>;

/// A room that is to be copied here, and its way in.
#[derive(Debug)]
pub(crate) struct ReplicaActor {
    /// How the room begins, should it not be there.
    opening: Opening,
    shared: SharedRoom,
    share: MemoryShare,
    home: Arc<Home>,
    requests: Requests<Request>,
    mailbox: WeakMailbox<Request>,
}

/// The copy, while there is one.
struct RoomCopy {
    replica: Replica<With>,
    local: LocalRoom,
    follower: Follower,
    state: watch::Receiver<State>,
    /// The term of this node in which the copy was made.
    since: Ms,
    news: watch::Receiver<u64>,
    appending: Option<Answer<Appended>>,
    reading: Option<Answer<Read>>,
    /// No question is asked before.
    pause: Instant,
    /// Who waits until all that was asked is done.
    settling: Vec<oneshot::Sender<()>>,
    /// Whether anybody was in the room, here or elsewhere.
    has_lived: bool,
    /// Since when nobody has been here.
    empty_since: Option<Instant>,
}

/// What a copy is woken by.
enum Event {
    Request(Request),
    Heard(Heard),
    Appended(Result<Appended, EngineUnavailable>),
    Read(Result<Read, EngineUnavailable>),
    State,
    News,
    Alarm,
    /// Nobody can ask anything any more.
    Closed,
}

/// Why a copy is no more.
enum Ending {
    Over(Over),
    /// This node has lost the engine, or the engine this node.
    EngineLost,
    /// Nobody is here; others may be elsewhere.
    Empty,
    /// Nobody is in the room, and nobody may come back.
    RoomOver,
}

impl From<Over> for Ending {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

impl ReplicaActor {
    /// A room on its engine, what this process has memory for of what it keeps, and where it lives here; and the
    /// way into it.
    pub(crate) fn open(
        opening: Opening,
        shared: SharedRoom,
        share: MemoryShare,
        home: Arc<Home>,
    ) -> (Self, RoomHandle) {
        let (mailbox, requests) = mailbox::open();
        let actor = Self { opening, shared, share, home, requests, mailbox: mailbox.downgrade() };
        (actor, RoomHandle { mailbox })
    }

    /// Copies the room until this copy is over. Returns itself with its mailbox still open, as the actor of a room
    /// that is not shared does.
    pub(crate) async fn run(mut self) -> Self {
        let copied = match self.copy().await {
            Ok(copied) => copied,
            // Who asked asks again, and then waits for the engine.
            Err(error) => {
                tracing::debug!(%error, "a room could not be loaded");
                return self;
            }
        };
        let mut copy = match copied {
            Ok(copy) => copy,
            Err(stillborn) => {
                self.refuse(stillborn).await;
                return self;
            }
        };
        let ending = self.follow(&mut copy).await;
        end(self.shared.clone(), copy, ending).await;
        self
    }

    /// The copy of the room as its log has it now; of a new room, where there is none.
    async fn copy(&mut self) -> Result<Result<RoomCopy, Stillborn>, EngineUnavailable> {
        let (engine, key) = (self.shared.engine(), self.shared.key());
        let mut state = engine.state();
        let State::Up { since } = *state.borrow_and_update() else { return Err(EngineUnavailable) };
        let follower = engine.follow(key).await?;
        let loaded = loop {
            if let Some(loaded) = engine.load(key).await? {
                break loaded;
            }
            let life = random::epoch();
            let tag = Tag { node: self.shared.node(), batch: self.shared.draw_batch() };
            let (begun, batch) = (Begun::with(self.opening.clone()).to_json(), Begun::first_batch());
            engine
                .append(key, Append { life: &life, tag, batch: &batch, seen: 0, opening: Some(&begun) })
                .await?;
        };
        let (replica, room) = match Replica::of(self.shared.node(), &loaded, engine.now()) {
            Ok(made) => made,
            Err(error) => return Ok(Err(Stillborn { life: loaded.life, over: error.into() })),
        };
        let local = LocalRoom::new(room, self.home.outboxes().clone(), self.mailbox.clone());
        let mut copy = RoomCopy {
            replica,
            local,
            follower,
            state,
            since,
            news: self.shared.news(),
            appending: None,
            reading: None,
            pause: Instant::now(),
            settling: Vec::new(),
            has_lived: false,
            empty_since: None,
        };
        for entry in &loaded.tail {
            if let Err(over) = copy.hear(entry, &self.shared) {
                return Ok(Err(Stillborn { life: loaded.life, over }));
            }
        }
        copy.has_lived = !copy.local.room().is_over();
        copy.local.room().nodes().into_iter().for_each(|node| self.shared.heard_of(node));
        // What is known of nodes already is no news.
        copy.wish_gone(&self.shared);
        // Of this node, from a copy that it had before.
        if copy.local.room().nodes().contains(&self.shared.node()) {
            let before = self.shared.before_now();
            copy.replica.wish(Wish::Gone { node: self.shared.node(), before }, With::Nothing);
        }
        Ok(Ok(copy))
    }

    /// The room cannot be copied: its life ends, or whoever came must come to another node.
    async fn refuse(&mut self, Stillborn { life, over }: Stillborn) {
        if over.ends_life() {
            return end_life(&self.shared.clone(), &life, &over).await;
        }
        tracing::error!(%over, "a room cannot be joined here");
        let mut requests = Vec::new();
        self.requests.take(&mut requests);
        for request in requests {
            if let Request::Wish(_, With::Member { sink, .. }) = request {
                sink.close(CloseCode::TryAgainLater);
            }
        }
    }

    async fn follow(&mut self, copy: &mut RoomCopy) -> Ending {
        loop {
            if let Some(ending) = self.ask(copy) {
                return ending;
            }
            let event = self.next_event(copy).await;
            if let Err(over) = self.take(copy, event).await {
                return over;
            }
            copy.local.flush();
            self.keep(copy);
            self.home.set_members(copy.local.receivers());
            if copy.replica.is_settled() {
                copy.settling.clear();
            }
        }
    }

    /// Asks the engine what is to be asked now; the ending, if it is time for one.
    fn ask(&self, copy: &mut RoomCopy) -> Option<Ending> {
        let now = self.shared.engine().now();
        copy.local.room_mut().prune(now);
        match *copy.state.borrow() {
            State::Up { since } if since == copy.since => {}
            State::Held { since } if since == copy.since => return None,
            _ => return Some(Ending::EngineLost),
        }
        if copy.replica.is_settled() {
            // A room that has just begun is empty because whoever comes first is not in it yet.
            if copy.has_lived && copy.local.room().is_over() {
                return Some(Ending::RoomOver);
            }
            if copy.local.receivers() > 0 {
                copy.empty_since = None;
            } else if copy.has_lived && copy.local.room().here() == 0 {
                // Time will end it, for which it needs a copy.
                copy.empty_since = None;
            } else if copy.empty_since.get_or_insert_with(Instant::now).elapsed() >= self.empty_for() {
                return Some(Ending::Empty);
            }
        } else {
            copy.empty_since = None;
        }
        if copy.replica.tick_due(copy.local.room()).is_some_and(|due| due <= now) {
            copy.replica.wish(Wish::Tick, With::Nothing);
        }
        if Instant::now() < copy.pause {
            return None;
        }
        if copy.appending.is_none()
            && let Some(batch) = copy.replica.to_append(|| self.shared.draw_batch())
        {
            copy.appending = Some(append(self.shared.clone(), batch));
        }
        if copy.reading.is_none()
            && let Some(after) = copy.replica.to_read(now)
        {
            copy.reading = Some(read(self.shared.clone(), copy.replica.life().clone(), after));
        }
        None
    }

    /// How long nobody has to be here until the copy is given up: as long as somebody may be coming back, and whoever
    /// is on the way.
    fn empty_for(&self) -> Duration {
        Duration::from_millis(self.opening.limits.resume_window).max(EMPTY_AT_LEAST)
    }

    async fn next_event(&mut self, copy: &mut RoomCopy) -> Event {
        let alarm = self.next_alarm(copy);
        let has_place = copy.replica.waiting() < PLACES;
        tokio::select! {
            heard = copy.follower.next() => Event::Heard(heard),
            answer = answer(&mut copy.appending) => Event::Appended(answer),
            answer = answer(&mut copy.reading) => Event::Read(answer),
            request = self.requests.next(), if has_place => request.map_or(Event::Closed, Event::Request),
            changed = copy.state.changed() => {
                // An engine that is no more is lost, which its last state says.
                drop(changed);
                Event::State
            }
            Ok(()) = copy.news.changed() => Event::News,
            () = tokio::time::sleep_until(alarm.into()) => Event::Alarm,
        }
    }

    /// When something is due at the latest. What has to wait for the engine wakes nobody.
    fn next_alarm(&self, copy: &RoomCopy) -> Instant {
        let (now, engine_now) = (Instant::now(), self.shared.engine().now());
        let at = |due: Ms| now + Duration::from_millis(due.saturating_sub(engine_now));
        let is_up = matches!(*copy.state.borrow(), State::Up { .. });
        let tick = copy.replica.tick_due(copy.local.room());
        let read = copy.reading.is_none().then(|| copy.replica.read_due());
        let asked = [tick, read].into_iter().flatten().map(|due| at(due).max(copy.pause));
        let empty = copy.empty_since.map(|since| since + self.empty_for());
        let asked = asked.chain((copy.pause > now).then_some(copy.pause)).chain(empty).filter(|_| is_up);
        let pruned = copy.local.room().prune_due().map(at);
        // A clock of the engine that is a little late must not have it asked without end.
        let least = now + Duration::from_millis(1);
        asked.chain(pruned).min().map_or(now + IDLE, |first| first.max(least))
    }

    async fn take(&mut self, copy: &mut RoomCopy, event: Event) -> Result<(), Ending> {
        let now = self.shared.engine().now();
        match event {
            Event::Request(first) => {
                let mut requests = vec![first];
                // What comes together goes together: other connections that have read something get a turn to
                // send it.
                tokio::task::yield_now().await;
                self.requests.take(&mut requests);
                requests.into_iter().for_each(|request| copy.ask(request, now));
            }
            Event::Heard(first) => {
                let mut turn = Instant::now();
                let mut heard = Some(first);
                while let Some(next) = heard {
                    self.heard(copy, next)?;
                    if turn.elapsed() >= TURN {
                        tokio::task::yield_now().await;
                        turn = Instant::now();
                    }
                    heard = copy.follower.next().now_or_never();
                }
            }
            Event::Appended(Ok(appended)) => copy.replica.appended(appended, now)?,
            Event::Appended(Err(EngineUnavailable)) => {
                copy.replica.is_in_doubt();
                copy.pause = Instant::now() + PAUSE;
            }
            Event::Read(Ok(read)) => {
                let mut turn = Instant::now();
                for entry in copy.replica.read(read, now)? {
                    copy.hear(&entry, &self.shared)?;
                    if turn.elapsed() >= TURN {
                        tokio::task::yield_now().await;
                        turn = Instant::now();
                    }
                }
            }
            Event::Read(Err(EngineUnavailable)) => {
                copy.replica.not_read();
                copy.pause = Instant::now() + PAUSE;
            }
            Event::News => copy.wish_gone(&self.shared),
            Event::State | Event::Alarm => {}
            Event::Closed => return Err(Ending::Empty),
        }
        Ok(())
    }

    fn heard(&self, copy: &mut RoomCopy, heard: Heard) -> Result<(), Ending> {
        match heard {
            Heard::Entry(entry) => copy.hear(&entry, &self.shared)?,
            Heard::Missed => copy.replica.missed(),
            Heard::Ended(life) if life == *copy.replica.life() => return Err(Over::Ended.into()),
            Heard::Ended(_) => {}
        }
        Ok(())
    }

    /// Sees that there is memory for what the room keeps. Messages are forgotten here alone, which decides
    /// nothing; sessions everywhere.
    fn keep(&mut self, copy: &mut RoomCopy) {
        while !self.share.keep(copy.local.kept_bytes()) {
            if !copy.local.room_mut().forget_oldest_said() {
                let bytes = copy.local.room().absent_bytes() / 2;
                if copy.replica.is_settled() && bytes > 0 {
                    copy.replica.wish(Wish::Forget { bytes }, With::Nothing);
                }
                return;
            }
        }
    }
}

/// Ends a copy, and tells whoever must know.
async fn end(shared: SharedRoom, mut copy: RoomCopy, ending: Ending) {
    let life = copy.replica.life().clone();
    match ending {
        Ending::Empty => {}
        Ending::RoomOver => {
            // Should somebody have come meanwhile, it goes on.
            let ended = shared.engine().end(shared.key(), &life, Some(copy.replica.place()));
            if let Err(error) = ended.await {
                tracing::debug!(%error, "an empty room was left to its time");
            }
        }
        Ending::EngineLost => {
            tokio::time::sleep(CLOSE_SPREAD.mul_f64(fastrand::f64())).await;
            copy.local.close_all(CloseCode::EngineLost);
        }
        Ending::Over(over) => {
            copy.local.close_all(CloseCode::EngineLost);
            if over.ends_life() {
                end_life(&shared, &life, &over).await;
            } else if let Over::Behind = over {
                tracing::warn!(%over, "everybody here is told to come back");
                // Nobody is here any more, which this copy cannot do: it does not know what others know.
                let farewell = copy.replica.farewell(shared.before_now(), shared.draw_batch());
                if let Err(error) = shared.engine().append(shared.key(), farewell.append()).await {
                    tracing::debug!(%error, "others will hear of it when this node has the room again");
                }
            }
        }
    }
}

async fn end_life(shared: &SharedRoom, life: &Epoch, over: &Over) {
    tracing::error!(%over, "a room begins a new life");
    if let Err(error) = shared.engine().end(shared.key(), life, None).await {
        tracing::debug!(%error, "and its engine is not there to hear of it");
    }
}

/// A copy that was over before it was made.
struct Stillborn {
    life: Epoch,
    over: Over,
}

impl RoomCopy {
    /// Has nodes leave the room that are gone.
    fn wish_gone(&mut self, shared: &SharedRoom) {
        for gone in shared.gone(self.local.room()) {
            self.replica.wish(gone, With::Nothing);
        }
    }

    fn ask(&mut self, request: Request, now: Ms) {
        match request {
            Request::Wish(wish, With::Nothing) if self.local.room().would_ignore(&wish, now) => {}
            Request::Wish(wish, with) => self.replica.wish(wish, with),
            // Who asked may be gone by now.
            Request::Knows { proof, tab, answer } => {
                let _gone = answer.send(self.local.room().knows(&proof, tab.as_ref(), now));
            }
            Request::Settle(settled) => self.settling.push(settled),
        }
    }

    fn hear(&mut self, entry: &Entry, shared: &SharedRoom) -> Result<(), Over> {
        let Some(next) = self.replica.hear(entry, shared.engine().now())? else { return Ok(()) };
        shared.heard_of(entry.tag.node);
        let now = self.replica.at();
        self.local.begin_digest(self.replica.digest());
        self.local.tick(now);
        match next {
            Next::Ours(mut wishes) => {
                wishes.iter_mut().for_each(|(_, with)| with.logged());
                wishes.into_iter().for_each(|(wish, with)| self.local.take(wish, with, now))
            }
            Next::Theirs(wishes) => {
                wishes.into_iter().for_each(|wish| self.local.take(wish, With::Nothing, now));
            }
        }
        self.has_lived |= !self.local.room().is_over();
        self.local.tick(now);
        self.replica.applied(self.local.digest());
        if let Some((place, state)) = self.replica.to_snapshot(self.local.room()) {
            let (shared, life) = (shared.clone(), self.replica.life().clone());
            // Where it fails the log is longer until the next.
            tokio::spawn(async move {
                let taken = shared.engine().snapshot(shared.key(), &life, place, &state).await;
                tracing::debug!(?taken, n = place.n, bytes = state.len(), "snapshot of a room");
            });
        }
        Ok(())
    }
}

fn append(shared: SharedRoom, batch: Batch) -> Answer<Appended> {
    Box::pin(async move { shared.engine().append(shared.key(), batch.append()).await })
}

fn read(shared: SharedRoom, life: Epoch, after: u64) -> Answer<Read> {
    Box::pin(async move { shared.engine().read(shared.key(), &life, after).await })
}

/// The answer, which is then asked for no more; never, where none is.
async fn answer<T>(asked: &mut Option<Answer<T>>) -> Result<T, EngineUnavailable> {
    let Some(question) = asked else { return std::future::pending().await };
    let answer = question.await;
    *asked = None;
    answer
}
