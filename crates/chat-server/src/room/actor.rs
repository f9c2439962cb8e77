//! The one owner of a room: takes its mail, asks the core, and hands out what the core decided. It
//! waits for mail and for time and for nothing else; to a member it never waits. It does not know
//! why anything happens, which is the core's, nor how bytes travel, which is the outbox's.

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use chat_protocol::ServerMsg;
use tokio::{sync::mpsc, time::Sleep};

use super::{
    Core, Departure, Effect, Membership, Ms, RoomHandle,
    fanout::Fanout,
    handle::{Leave, MAILBOX, Mail},
};
use crate::{clock::Clock, wire::tap::Trace};

/// How long a busy room waits for more before it sends, for each member: a fortieth of the 5 µs that
/// sending to one takes, and what is found meanwhile is sent for next to nothing. In time and not in
/// turns, because in one turn another room may have much to send.
const PATIENCE: Duration = Duration::from_nanos(125);

/// A room, its way in, and those who are in it.
#[derive(Debug)]
pub struct Room {
    core: Core,
    clock: Clock,
    fanout: Fanout,
    effects: Vec<Effect>,
    mailbox: mpsc::Receiver<Mail>,
    leaves: mpsc::UnboundedReceiver<Leave>,
    /// Cloned into each membership. Held here it also keeps `leaves` open for as long as the room is.
    leave: mpsc::UnboundedSender<Leave>,
    handle: mpsc::WeakSender<Mail>,
    alarm: Alarm,
    /// Of the messages of this batch, those whose way is noted.
    traces: Vec<Trace>,
    /// Whether more than one piece of mail came last time.
    was_busy: bool,
}

impl Room {
    /// A room and the way into it.
    pub fn open(core: Core, clock: Clock) -> (Self, RoomHandle) {
        let (sender, mailbox) = mpsc::channel(MAILBOX);
        let (leave, leaves) = mpsc::unbounded_channel();
        let room = Self {
            core,
            clock,
            fanout: Fanout::default(),
            effects: Vec::new(),
            mailbox,
            leaves,
            leave,
            handle: sender.downgrade(),
            alarm: Alarm::new(),
            traces: Vec::new(),
            was_busy: false,
        };
        (room, RoomHandle { mailbox: sender })
    }

    /// Serves the room until nobody is here and nobody may come back. Returned, not dropped, with
    /// its mailbox still open: the caller first takes the room out of the hub and then drops it, so
    /// that whoever wrote in between is told to ask the hub again.
    pub async fn run(mut self) -> Self {
        let mut mail = Vec::new();
        let mut leaving = Vec::new();
        while self.wait(&mut mail, &mut leaving).await {
            for mail in mail.drain(..) {
                self.take(mail);
                self.perform();
            }
            let now = self.clock.now();
            for Leave { conn, how } in leaving.drain(..) {
                self.fanout.detach(conn);
                self.core.leave(conn, how, now);
            }
            self.core.tick(now, &mut self.effects);
            self.perform();
            self.fanout.flush();
            let (reached, members) = (self.fanout.receivers(), self.core.here());
            self.traces.drain(..).for_each(|trace| trace.sent(reached, members));
            if self.core.is_over() {
                break;
            }
        }
        self
    }

    /// Waits for something to do and collects it: false when nobody can write any more.
    ///
    /// Leaves travel by their own channel, because leaving must not wait. Everything a member wrote
    /// was in the mailbox before it left, so taking the leaves first and then as much mail as the
    /// mailbox holds keeps each member's own order.
    async fn wait(&mut self, mail: &mut Vec<Mail>, leaving: &mut Vec<Leave>) -> bool {
        let deadline = self.core.next_deadline();
        tokio::select! {
            first = self.mailbox.recv() => match first {
                Some(first) => mail.push(first),
                None => return false,
            },
            Some(first) = self.leaves.recv() => leaving.push(first),
            () = self.alarm.ring_by(deadline, self.clock) => {}
        }
        // What comes together goes out together: who else has read something by now gets a turn to post
        // it, and in a room that is busy already more turns, for as long as they are worth it.
        let patience = if self.was_busy { PATIENCE * self.fanout.receivers() as u32 } else { Duration::ZERO };
        let until = Instant::now() + patience;
        loop {
            tokio::task::yield_now().await;
            self.collect(mail, leaving);
            if mail.len() >= MAILBOX || Instant::now() >= until {
                break;
            }
        }
        self.was_busy = mail.len() > 1;
        true
    }

    fn collect(&mut self, mail: &mut Vec<Mail>, leaving: &mut Vec<Leave>) {
        while let Ok(leave) = self.leaves.try_recv() {
            leaving.push(leave);
        }
        for _ in 0..MAILBOX {
            match self.mailbox.try_recv() {
                Ok(more) => mail.push(more),
                Err(_) => break,
            }
        }
    }

    fn take(&mut self, mail: Mail) {
        let now = self.clock.now();
        let effects = &mut self.effects;
        match mail {
            Mail::Join { join, outbox, answer } => {
                let conn = join.conn;
                let answered = match self.core.join(*join, now, effects) {
                    Ok(()) => {
                        self.fanout.attach(conn, outbox);
                        self.membership(conn).map(|membership| answer.send(Ok(membership)))
                    }
                    Err(refusal) => Some(answer.send(Err(refusal))),
                };
                // Should the connection be gone by now, its membership comes back to be dropped
                // here, and that is how it leaves.
                drop(answered);
            }
            Mail::Say { conn, id, text, trace } => {
                let before = effects.len();
                self.core.say(conn, id, text, now, effects);
                if let Some(mut trace) = trace {
                    let told = effects[before..].iter().find_map(|effect| match effect {
                        Effect::Broadcast(ServerMsg::Said(said)) if said.id == *trace.id() => Some(said.seq),
                        _ => None,
                    });
                    // A repeated say goes nowhere, and so has no way to be noted.
                    if let Some(seq) = told {
                        trace.ordered(seq);
                        self.traces.push(*trace);
                    }
                }
            }
            Mail::Typing { conn } => self.core.typing(conn, now, effects),
            Mail::Rename { conn, name } => self.core.rename(conn, name, now, effects),
        }
    }

    fn membership(&self, conn: super::ConnKey) -> Option<Membership> {
        let mailbox = self.handle.upgrade()?;
        let frames = self.core.frames(conn)?;
        Some(Membership { conn, mailbox, leaves: self.leave.clone(), how: Departure::Lost, frames })
    }

    fn perform(&mut self) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Broadcast(message) => self.fanout.broadcast(&message),
                Effect::Send(conn, message) => self.fanout.send(conn, &message),
                Effect::Replay(conn, missed) => self.fanout.replay(conn, missed),
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
