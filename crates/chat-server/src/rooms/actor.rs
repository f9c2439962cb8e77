//! The task that owns one room: takes requests in order, and has the [`LocalRoom`] do what they ask. It waits for requests and for time and for nothing else; for a member it never waits.

use std::{
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use chat_room::{Ms, Room};
use tokio::time::Sleep;

use super::{
    handle::{Request, RoomHandle},
    homes::Home,
    local_room::LocalRoom,
    mailbox::{self, PLACES, Requests},
    memory_budget::MemoryShare,
};
use crate::net::clock::Clock;

/// A busy room waits so long for each member for more requests before it sends: a fortieth of the 5 µs that
/// sending to one takes, and what is found meanwhile is sent for next to nothing. In time and not in turns,
/// because in one turn another room may have much to send.
const BATCH_WAIT_PER_MEMBER: Duration = Duration::from_nanos(125);

/// After so long at one batch a room lets others go on: a crowd's welcomes take a hundred times as long.
const TURN: Duration = Duration::from_millis(1);

/// A room with those who are in it, and its way in.
#[derive(Debug)]
pub(crate) struct RoomActor {
    local: LocalRoom,
    share: MemoryShare,
    home: Arc<Home>,
    clock: Clock,
    requests: Requests<Request>,
    /// Whether more than one request came last time.
    was_busy: bool,
}

impl RoomActor {
    /// A room, what this process has memory for of what it keeps, and where it lives; and the way into it.
    pub(crate) fn open(room: Room, share: MemoryShare, home: Arc<Home>, clock: Clock) -> (Self, RoomHandle) {
        let (mailbox, requests) = mailbox::open();
        let actor = Self {
            local: LocalRoom::new(room, home.outboxes().clone(), mailbox.downgrade()),
            share,
            clock,
            home,
            requests,
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
                if turn.elapsed() >= TURN {
                    tokio::task::yield_now().await;
                    turn = Instant::now();
                }
            }
            let now = self.clock.now();
            while !self.keep() && self.local.room_mut().forget_oldest(now) {}
            self.local.tick(now);
            self.local.flush();
            self.home.set_members(self.local.receivers());
            if self.local.room().is_over() {
                break;
            }
        }
        self
    }

    /// Waits for something to do and collects it: false when the mailbox is closed.
    async fn wait(&mut self, requests: &mut Vec<Request>, alarm: &mut Alarm) -> bool {
        let deadline = self.local.room().next_deadline();
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
            BATCH_WAIT_PER_MEMBER * self.local.receivers() as u32
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
        match request {
            Request::Wish(wish, with) => self.local.take(wish, with, now),
            // Who asked may be gone by now.
            Request::Knows { proof, tab, answer } => {
                let _gone = answer.send(self.local.room().knows(&proof, tab.as_ref(), now));
            }
            // It is, because requests are taken in order.
            Request::Settle(settled) => drop(settled),
        }
    }

    /// Whether there is memory for what the room keeps, and for how that is sent.
    fn keep(&mut self) -> bool {
        self.share.keep(self.local.kept_bytes())
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
    use chat_room::{ConnKey, Departure, FreshToken, Join, RateLimit, Way};

    use super::*;
    use crate::{
        cores::Cores,
        net::{outbox_budget::OutboxBudget, queue::Queue, random},
        rooms::{few, homes::Homes, memory_budget::MemoryBudget},
    };

    #[tokio::test]
    async fn leave_counts_before_the_join_after_it() {
        let id = RoomId::parse("class").unwrap();
        let (cores, _threads) = Cores::start(1).unwrap();
        let outboxes = OutboxBudget::for_threads(1, 1 << 16, 1 << 20, 10);
        let home = Homes::new(cores, outboxes.clone()).of(RoomKey::of(&id));
        let room = Room::new(few(id), random::epoch());
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
            rate_limit: Some(Arc::new(RateLimit::new(0.0, 0.0, Instant::now()))),
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
