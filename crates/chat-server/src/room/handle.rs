//! What connections hold of a room: a [`RoomHandle`] to ask to be let in, and a [`Membership`]
//! once they are. Dropping the membership is leaving; there is no way to be a member and forget to
//! leave. Neither knows what the room decides.

use std::sync::Arc;

use chat_protocol::{Name, SayId, Text};
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};

use super::{ConnKey, Departure, Join, Refusal};
use crate::{allowance::Allowance, connection::outbox::Outbox, wire::tap::Trace};

/// How many pieces of mail a room's mailbox holds. A connection that finds it full waits, and with
/// it, through TCP, its client.
pub const MAILBOX: usize = 256;

/// Mail for a room.
#[derive(Debug)]
pub(super) enum Mail {
    Join { join: Box<Join>, outbox: Arc<Outbox>, answer: oneshot::Sender<Result<Membership, Refusal>> },
    Say { conn: ConnKey, id: SayId, text: Text, trace: Option<Box<Trace>> },
    Typing { conn: ConnKey },
    Rename { conn: ConnKey, name: Name },
}

/// A membership that ended.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) conn: ConnKey,
    pub(super) how: Departure,
}

/// The way into a room. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RoomHandle {
    pub(super) mailbox: mpsc::Sender<Mail>,
}

/// Mail that found the mailbox full.
#[derive(Debug)]
pub struct Letter(Mail);

/// Why something was not posted.
#[derive(Debug)]
pub enum Unposted {
    /// The mailbox is full: [`Membership::wait`].
    Full(Letter),
    /// As [`RoomGone`].
    Gone,
}

/// The room is not there any more: it was empty and was cleared away, or it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RoomGone;

impl RoomHandle {
    /// Asks to be let in, and waits for the answer. By then the welcome is on its way to the outbox.
    ///
    /// # Errors
    /// [`RoomGone`] when there is nobody to answer; ask the hub for the room again.
    pub async fn join(
        &self,
        join: Join,
        outbox: Arc<Outbox>,
    ) -> Result<Result<Membership, Refusal>, RoomGone> {
        let (answer, answered) = oneshot::channel();
        let mail = Mail::Join { join: Box::new(join), outbox, answer };
        self.mailbox.send(mail).await.map_err(|_| RoomGone)?;
        answered.await.map_err(|_| RoomGone)
    }
}

/// A connection's place in a room. Dropping it is leaving: as [`Departure::Lost`], unless
/// [`Membership::leave`] says otherwise.
#[must_use = "dropping a membership leaves the room"]
#[derive(Debug)]
pub struct Membership {
    pub(super) conn: ConnKey,
    pub(super) mailbox: mpsc::Sender<Mail>,
    /// Unbounded in type, bounded in fact: a membership sends here once, when it ends.
    pub(super) leaves: mpsc::UnboundedSender<Leave>,
    pub(super) how: Departure,
    pub(super) frames: Arc<Allowance>,
}

impl Membership {
    /// What the frames of this connection are drawn from: the allowance of its session.
    pub fn frames(&self) -> &Arc<Allowance> {
        &self.frames
    }

    /// Says something to the room. With a trace, its way is noted.
    ///
    /// # Errors
    /// [`Unposted`], when the room has to be waited for, or is gone.
    pub fn say(&self, id: SayId, text: Text, trace: Option<Box<Trace>>) -> Result<(), Unposted> {
        self.post(Mail::Say { conn: self.conn, id, text, trace })
    }

    /// Lets the room know that the member is typing.
    ///
    /// # Errors
    /// As [`Membership::say`].
    pub fn typing(&self) -> Result<(), Unposted> {
        self.post(Mail::Typing { conn: self.conn })
    }

    /// Asks for another name.
    ///
    /// # Errors
    /// As [`Membership::say`].
    pub fn rename(&self, name: Name) -> Result<(), Unposted> {
        self.post(Mail::Rename { conn: self.conn, name })
    }

    /// Posts what could not be posted at once. Waits while the mailbox is full.
    ///
    /// # Errors
    /// [`RoomGone`], which for a member means that the room failed. The same goes for the others.
    pub async fn wait(&self, Letter(mail): Letter) -> Result<(), RoomGone> {
        self.mailbox.send(mail).await.map_err(|_| RoomGone)
    }

    /// Leaves.
    pub fn leave(mut self, how: Departure) {
        self.how = how;
    }

    fn post(&self, mail: Mail) -> Result<(), Unposted> {
        self.mailbox.try_send(mail).map_err(|error| match error {
            TrySendError::Full(mail) => Unposted::Full(Letter(mail)),
            TrySendError::Closed(_) => Unposted::Gone,
        })
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let leave = Leave { conn: self.conn, how: self.how };
        // A room that is gone has nobody left to tell.
        drop(self.leaves.send(leave));
    }
}
