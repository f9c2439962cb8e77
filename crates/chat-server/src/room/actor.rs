//! The one owner of a room: takes its mail, asks the core, and hands out what the core decided. It
//! waits for mail and for time and for nothing else; to a member it never waits. It does not know
//! why anything happens, which is the core's, nor how bytes travel, which is the outbox's.

use tokio::sync::mpsc;

use super::{
    Core, Departure, Effect, Membership, RoomHandle,
    fanout::Fanout,
    handle::{Leave, MAILBOX, Mail},
};
use crate::clock::Clock;

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
        let deadline = self.core.next_deadline().map(|at| self.clock.instant(at).into());
        tokio::select! {
            first = self.mailbox.recv() => match first {
                Some(first) => mail.push(first),
                None => return false,
            },
            Some(first) = self.leaves.recv() => leaving.push(first),
            () = sleep_until(deadline) => {}
        }
        // One turn for whoever else has read something by now: what comes together goes out together.
        tokio::task::yield_now().await;
        while let Ok(leave) = self.leaves.try_recv() {
            leaving.push(leave);
        }
        for _ in 0..MAILBOX {
            match self.mailbox.try_recv() {
                Ok(more) => mail.push(more),
                Err(_) => break,
            }
        }
        true
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
            Mail::Say { conn, id, text } => self.core.say(conn, id, text, now, effects),
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

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
