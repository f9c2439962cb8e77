//! A room, and its connections on this node: has the room take what they wish, and hands what it decided to the
//! [`Fanout`]. Connections that are elsewhere are not in that one, so what is for them goes nowhere.

use std::{hash::Hasher, sync::Arc};

use chat_protocol::{CloseCode, ServerMsg};
use chat_room::{ConnKey, Departure, Effect, Ms, RateLimit, Room, Wish};
use siphasher::sip::SipHasher13;

use super::{
    fanout::Fanout,
    handle::{Membership, Request, With},
    mailbox::WeakMailbox,
    recorder::Receipt,
};
use crate::net::outbox_budget::OutboxBudget;

#[derive(Debug)]
pub(super) struct LocalRoom {
    room: Room,
    fanout: Fanout,
    effects: Vec<Effect>,
    mailbox: WeakMailbox<Request>,
    /// The receipts of this batch, told once it is sent.
    receipts: Vec<Box<dyn Receipt>>,
    /// What is told to everybody goes into it, where nodes compare what they decide.
    digest: Option<SipHasher13>,
}

impl LocalRoom {
    /// Nobody is here yet. Members get a way into this mailbox, and what waits for them counts among these outboxes.
    pub(super) fn new(room: Room, outboxes: Arc<OutboxBudget>, mailbox: WeakMailbox<Request>) -> Self {
        let mut fanout = Fanout::new(outboxes);
        room.history().for_each(|said| fanout.keep_said(said));
        Self { room, fanout, effects: Vec::new(), mailbox, receipts: Vec::new(), digest: None }
    }

    pub(super) fn room(&self) -> &Room {
        &self.room
    }

    /// For what is no wish: to forget for want of memory, or what is too old.
    pub(super) fn room_mut(&mut self) -> &mut Room {
        &mut self.room
    }

    /// How many connections hear what is broadcast.
    pub(super) fn receivers(&self) -> usize {
        self.fanout.receivers()
    }

    /// Does what somebody wishes.
    pub(super) fn take(&mut self, wish: Wish, with: With, now: Ms) {
        let joins = match &wish {
            Wish::Join(join) => Some(join.conn),
            Wish::Leave { conn, .. } => {
                self.fanout.detach(*conn);
                None
            }
            _ => None,
        };
        let answer = self.room.take(wish, now, &mut self.effects);
        match (with, joins) {
            (With::Member { sink, answer: asked }, Some(conn)) => {
                let answered = match answer {
                    Ok(()) => {
                        self.fanout.attach(conn, sink);
                        self.membership(conn).map(|membership| asked.send(Ok(membership)))
                    }
                    Err(refusal) => Some(asked.send(Err(refusal))),
                };
                // Should the connection be gone by now, its membership comes back to be dropped
                // here, and that is how it leaves.
                drop(answered);
            }
            (With::Receipt(mut receipt), _) => {
                let seq = self.effects.iter().find_map(|effect| match effect {
                    Effect::Broadcast(ServerMsg::Said(said)) => Some(said.seq),
                    _ => None,
                });
                // A repeated say goes nowhere, and so has no way to be noted.
                if let Some(seq) = seq {
                    receipt.ordered(seq);
                    self.receipts.push(receipt);
                }
            }
            _ => {}
        }
        self.perform();
    }

    fn membership(&self, conn: ConnKey) -> Option<(Membership, Arc<RateLimit>)> {
        let mailbox = self.mailbox.upgrade()?;
        let rate_limit = self.room.rate_limit(conn)?;
        Some((Membership { conn, mailbox, how: Departure::Lost }, rate_limit))
    }

    /// Does what time asks for.
    pub(super) fn tick(&mut self, now: Ms) {
        self.room.tick(now, &mut self.effects);
        self.perform();
    }

    fn perform(&mut self) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Broadcast(message) => {
                    let message = self.fanout.broadcast(&message);
                    if let Some(digest) = &mut self.digest {
                        digest.write(message.json());
                    }
                }
                Effect::Send(conn, message) => self.fanout.send(conn, &message),
                Effect::Replay(conn, missed) => self.fanout.replay(conn, &missed),
                Effect::Close(conn, code) => self.fanout.close(conn, code),
            }
        }
    }

    /// From here on a digest is taken, beginning with this one, of what is told to everybody.
    pub(super) fn begin_digest(&mut self, before: u64) {
        let mut digest = SipHasher13::new();
        digest.write_u64(before);
        self.digest = Some(digest);
    }

    pub(super) fn digest(&self) -> u64 {
        self.digest.as_ref().map_or(0, Hasher::finish)
    }

    /// Ends everybody's connection with this code.
    pub(super) fn close_all(&mut self, code: CloseCode) {
        self.fanout.close_all(code);
    }

    /// Hands everybody what is theirs, and tells the receipts.
    pub(super) fn flush(&mut self) {
        self.fanout.flush();
        self.fanout.forget_before(self.room.oldest());
        let (reached, members) = (self.fanout.receivers(), self.room.here());
        self.receipts.drain(..).for_each(|receipt| receipt.sent(reached, members));
    }

    /// Bytes of what is kept for those who may resume, and of how it is sent to them.
    pub(super) fn kept_bytes(&mut self) -> usize {
        self.fanout.forget_before(self.room.oldest());
        self.room.kept_bytes() + self.fanout.kept_bytes()
    }
}
