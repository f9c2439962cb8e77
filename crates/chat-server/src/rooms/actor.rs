//! The task that owns one room: takes requests in order, asks the room, and hands what it decided to the
//! fan-out. It waits for requests and for time and for nothing else; for a member it never waits.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use chat_protocol::ServerMsg;
use chat_room::{ConnKey, Departure, Effect, Ms, RateLimit, Room};
use tokio::time::Sleep;

use super::{
    fanout::Fanout,
    handle::{Membership, Request, RoomHandle},
    homes::Home,
    mailbox::{self, PLACES, Requests, WeakMailbox},
    memory_budget::MemoryShare,
    recorder::Receipt,
};
use crate::net::clock::Clock;

/// A busy room waits so long for each member for more requests before it sends: a fortieth of the 5 µs that
/// sending to one takes, and what is found meanwhile is sent for next to nothing. In time and not in turns,
/// because in one turn another room may have much to send.
const BATCH_WAIT_PER_MEMBER: Duration = Duration::from_nanos(125);

/// After so long at one batch a room lets others go on: a crowd's welcomes take a hundred times as long.
const TURN: Duration = Duration::from_millis(1);

/// A room, its way in, and those who are in it.
#[derive(Debug)]
pub(crate) struct RoomActor {
    room: Room,
    share: MemoryShare,
    home: Arc<Home>,
    clock: Clock,
    fanout: Fanout,
    effects: Vec<Effect>,
    requests: Requests<Request>,
    mailbox: WeakMailbox<Request>,
    /// The receipts of this batch, told once it is sent.
    receipts: Vec<Box<dyn Receipt>>,
    /// Whether more than one request came last time.
    was_busy: bool,
}

impl RoomActor {
    /// A room, what this process has memory for of what it keeps, and where it lives; and the way into it.
    pub(crate) fn open(room: Room, share: MemoryShare, home: Arc<Home>, clock: Clock) -> (Self, RoomHandle) {
        let (mailbox, requests) = mailbox::open();
        let actor = Self {
            room,
            share,
            clock,
            fanout: Fanout::new(home.outboxes().clone()),
            home,
            effects: Vec::new(),
            requests,
            mailbox: mailbox.downgrade(),
            receipts: Vec::new(),
            was_busy: false,
        };
        (actor, RoomHandle { mailbox })
    }

    /// Serves the room until nobody is here and nobody may come back. Returns itself with its mailbox still
    /// open, so that the caller can take the room out of the table before it drops this: a request that is
    /// written in between is then told to ask for the room again.
    pub(crate) async fn run(mut self) -> Self {
        let mut requests = Vec::new();
        let mut alarm = Alarm::new();
        while self.wait(&mut requests, &mut alarm).await {
            let mut turn = Instant::now();
            for request in requests.drain(..) {
                self.take(request);
                self.perform();
                if turn.elapsed() >= TURN {
                    tokio::task::yield_now().await;
                    turn = Instant::now();
                }
            }
            let now = self.clock.now();
            while !self.keep() && self.room.forget_oldest(now) {}
            self.room.tick(now, &mut self.effects);
            self.perform();
            self.fanout.flush();
            self.fanout.forget_before(self.room.oldest());
            self.home.set_members(self.fanout.receivers());
            let (reached, members) = (self.fanout.receivers(), self.room.here());
            self.receipts.drain(..).for_each(|receipt| receipt.sent(reached, members));
            if self.room.is_over() {
                break;
            }
        }
        self
    }

    /// Waits for something to do and collects it: false when the mailbox is closed.
    async fn wait(&mut self, requests: &mut Vec<Request>, alarm: &mut Alarm) -> bool {
        let deadline = self.room.next_deadline();
        tokio::select! {
            first = self.requests.next() => match first {
                Some(first) => requests.push(first),
                None => return false,
            },
            () = alarm.ring_by(deadline, self.clock) => {}
        }
        // What comes together goes out together: other connections that have read something get a turn to send
        // it, and in a room that is busy already more turns, for as long as they are worth it.
        let patience = if self.was_busy {
            BATCH_WAIT_PER_MEMBER * self.fanout.receivers() as u32
        } else {
            Duration::ZERO
        };
        let until = Instant::now() + patience;
        loop {
            tokio::task::yield_now().await;
            self.requests.take(requests);
            if requests.len() >= PLACES || Instant::now() >= until {
                break;
            }
        }
        self.was_busy = requests.len() > 1;
        true
    }

    fn take(&mut self, request: Request) {
        let now = self.clock.now();
        let effects = &mut self.effects;
        match request {
            Request::Join { join, sink, answer } => {
                let conn = join.conn;
                let answered = match self.room.join(*join, now, effects) {
                    Ok(()) => {
                        self.fanout.attach(conn, sink);
                        self.membership(conn).map(|membership| answer.send(Ok(membership)))
                    }
                    Err(refusal) => Some(answer.send(Err(refusal))),
                };
                // Should the connection be gone by now, its membership comes back to be dropped
                // here, and that is how it leaves.
                drop(answered);
            }
            Request::Leave { conn, how } => {
                self.fanout.detach(conn);
                self.room.leave(conn, how, now);
            }
            // Who asked may be gone by now.
            Request::Knows { proof, tab, answer } => {
                let _gone = answer.send(self.room.knows(&proof, tab.as_ref(), now));
            }
            Request::Command { conn, command, receipt } => {
                let before = effects.len();
                self.room.apply(conn, command, now, effects);
                if let Some(mut receipt) = receipt {
                    let seq = effects[before..].iter().find_map(|effect| match effect {
                        Effect::Broadcast(ServerMsg::Said(said)) => Some(said.seq),
                        _ => None,
                    });
                    // A repeated say goes nowhere, and so has no way to be noted.
                    if let Some(seq) = seq {
                        receipt.ordered(seq);
                        self.receipts.push(receipt);
                    }
                }
            }
        }
    }

    fn membership(&self, conn: ConnKey) -> Option<(Membership, Arc<RateLimit>)> {
        let mailbox = self.mailbox.upgrade()?;
        let rate_limit = self.room.rate_limit(conn)?;
        Some((Membership { conn, mailbox, how: Departure::Lost }, rate_limit))
    }

    /// Whether there is memory for what the room keeps, and for how that is sent.
    fn keep(&mut self) -> bool {
        self.fanout.forget_before(self.room.oldest());
        self.share.keep(self.room.kept_bytes() + self.fanout.kept_bytes())
    }

    fn perform(&mut self) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Broadcast(message) => self.fanout.broadcast(&message),
                Effect::Send(conn, message) => self.fanout.send(conn, &message),
                Effect::Replay(conn, missed) => self.fanout.replay(conn, &missed),
                Effect::Close(conn, code) => self.fanout.close(conn, code),
            }
        }
    }
}

/// Rings in time, and now and then too early. A busy room's deadlines move into the future with every
/// message; to set the timer anew each time would cost it more than the message.
#[derive(Debug)]
struct Alarm {
    timer: Pin<Box<Sleep>>,
    set_to: Ms,
}

impl Alarm {
    /// On the runtime that this is called on, which is the one that waits for it.
    fn new() -> Self {
        // It has rung already, so it is set before it is waited for.
        Self { timer: Box::pin(tokio::time::sleep(Duration::ZERO)), set_to: Ms::MAX }
    }

    /// Waits until `deadline`, or an earlier one that was asked for before; without one, for ever.
    async fn ring_by(&mut self, deadline: Option<Ms>, clock: Clock) {
        let Some(deadline) = deadline else { return std::future::pending().await };
        if deadline < self.set_to {
            self.timer.as_mut().reset(clock.instant(deadline).into());
            self.set_to = deadline;
        }
        self.timer.as_mut().await;
        self.set_to = Ms::MAX;
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{ClientId, RoomId, RoomKey};
    use chat_room::{FreshToken, Join, TokenSeed, Way};

    use super::*;
    use crate::{
        cores::Cores,
        net::{outbox_budget::OutboxBudget, queue::Queue, random},
        rooms::{FEW, homes::Homes, memory_budget::MemoryBudget},
    };

    #[tokio::test]
    async fn leave_counts_before_the_join_after_it() {
        let id = RoomId::parse("class").unwrap();
        let (cores, _threads) = Cores::start(1).unwrap();
        let outboxes = OutboxBudget::for_threads(1, 1 << 16, 1 << 20, 10);
        let home = Homes::new(cores, outboxes.clone()).of(RoomKey::of(&id));
        let room = Room::new(id, random::epoch(), TokenSeed::new(random::bytes()), FEW);
        let share = MemoryBudget::new(1 << 20, 1).share();
        let (actor, handle) = RoomActor::open(room, share, home, Clock::start());
        let running = tokio::spawn(actor.run());
        let join = |conn| Join {
            conn: ConnKey(conn),
            client_id: ClientId::parse("sara").unwrap(),
            name: None,
            tab: None,
            address: Default::default(),
            way: Way::Http,
            claim: None,
            teacher: None,
            token: FreshToken::new(random::bytes()),
            rate_limit: Arc::new(RateLimit::new(0.0, 0.0, Instant::now())),
        };
        let queue = || Queue::new(1 << 16, outboxes[0].clone(), true);
        let (first, _) = handle.join(join(1), queue().into()).await.unwrap().unwrap();
        // Both are in the mailbox before the room looks.
        first.leave(Departure::Clean);
        let again = queue();
        let (second, _) = handle.join(join(2), again.clone().into()).await.unwrap().unwrap();
        let welcome = again.listen().tell_from(0).messages;
        let welcome = String::from_utf8_lossy(welcome[0].json()).into_owned();
        assert!(welcome.contains(r#""you":{"id":"sara","#), "{welcome}");
        drop(second);
        running.abort();
    }
}
