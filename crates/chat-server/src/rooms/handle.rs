//! What connections hold of a room: a [`RoomHandle`] to ask to be let in, and a [`Membership`]
//! once they are. Dropping the membership is leaving; there is no way to be a member and forget to
//! leave. Neither knows what the room decides.

use std::sync::Arc;

use chat_protocol::{Command, TabId};
use chat_room::{ConnKey, Departure, FreshToken, Join, RateLimit, Refusal, TokenHash, Wish};
use tokio::sync::oneshot;

use super::{
    mailbox::{Mailbox, MailboxClosed, PutError},
    recorder::Receipt,
};
use crate::net::{random, sink::Sink};

/// What a room is asked.
#[derive(Debug)]
pub(super) enum Request {
    /// What changes it, and what goes with that.
    Wish(Wish, With),
    /// Only a look.
    Knows { proof: TokenHash, tab: Option<TabId>, answer: oneshot::Sender<bool> },
    /// To hear when all that was asked before is done, which is when this is dropped.
    Settle(oneshot::Sender<()>),
}

/// What goes with a wish, and is of this process alone.
#[derive(Debug)]
pub(super) enum With {
    Nothing,
    /// With a join: where the member is heard, and who waits for the answer.
    Member {
        sink: Sink,
        answer: oneshot::Sender<Joined>,
    },
    /// With a `say`.
    Receipt(Box<dyn Receipt>),
}

impl With {
    /// The wish has come back from the room's log.
    pub(super) fn logged(&mut self) {
        if let Self::Receipt(receipt) = self {
            receipt.logged();
        }
    }
}

/// The answer to a join: a membership and the rate limit of its session, or why not.
pub(crate) type Joined = Result<(Membership, Arc<RateLimit>), Refusal>;

/// The way into a room. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RoomHandle {
    pub(super) mailbox: Mailbox<Request>,
}

/// A command that found the mailbox full.
#[derive(Debug)]
pub(crate) struct Unsent(Request);

/// Why a command was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// Wait with [`Membership::send_waiting`].
    #[error("the room's mailbox is full; wait for a place")]
    Full(Unsent),
    #[error("the room failed; join again")]
    Gone,
}

/// The room is not there any more: it was empty and was cleared away, or it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the room is gone; ask for it again")]
pub(crate) struct RoomGone;

impl From<MailboxClosed> for RoomGone {
    fn from(_: MailboxClosed) -> Self {
        Self
    }
}

impl RoomHandle {
    /// Asks to be let in, and waits for the answer. By then the welcome is on its way to the sink.
    ///
    /// # Errors
    /// [`RoomGone`] when there is nobody to answer.
    pub(crate) async fn join(&self, join: Join, sink: Sink) -> Result<Joined, RoomGone> {
        let (answer, answered) = oneshot::channel();
        let wish = Wish::Join(Box::new(join));
        self.mailbox.put(Request::Wish(wish, With::Member { sink, answer })).await?;
        answered.await.map_err(|_| RoomGone)
    }

    /// Whether this proves a member, or somebody who may come back, where this tab shows it.
    ///
    /// # Errors
    /// [`RoomGone`] when there is nobody to answer.
    pub(super) async fn knows(&self, proof: TokenHash, tab: Option<TabId>) -> Result<bool, RoomGone> {
        let (answer, answered) = oneshot::channel();
        self.mailbox.put(Request::Knows { proof, tab, answer }).await?;
        answered.await.map_err(|_| RoomGone)
    }
}

impl RoomHandle {
    /// Waits until all that was asked before is done, or the room is gone.
    pub(super) async fn settle(&self) {
        let (settled, done) = oneshot::channel();
        if self.mailbox.put_beside(Request::Settle(settled)).is_ok() {
            let _dropped = done.await;
        }
    }
}

/// A connection's place in a room. Dropping it is leaving: as [`Departure::Lost`], unless
/// [`Membership::leave`] says otherwise.
#[must_use = "dropping a membership leaves the room"]
#[derive(Debug)]
pub(crate) struct Membership {
    pub(super) conn: ConnKey,
    pub(super) mailbox: Mailbox<Request>,
    pub(super) how: Departure,
}

impl Membership {
    /// Asks something of the room. A receipt goes with a `say` and notes its way.
    ///
    /// # Errors
    /// [`SendError`], when the room has to be waited for, or is gone.
    pub(crate) fn send(&self, command: Command, receipt: Option<Box<dyn Receipt>>) -> Result<(), SendError> {
        let fresh = matches!(command, Command::EndTabs).then(|| Box::new(FreshToken::new(random::bytes())));
        let wish = Wish::Command { conn: self.conn, command, fresh };
        let with = receipt.map_or(With::Nothing, With::Receipt);
        self.mailbox.try_put(Request::Wish(wish, with)).map_err(|error| match error {
            PutError::Full(request) => SendError::Full(Unsent(request)),
            PutError::Closed => SendError::Gone,
        })
    }

    /// Sends what could not be sent at once. Waits while the mailbox is full.
    ///
    /// # Errors
    /// [`RoomGone`], which for a member means that the room failed. The same goes for the others.
    pub(crate) async fn send_waiting(&self, Unsent(request): Unsent) -> Result<(), RoomGone> {
        Ok(self.mailbox.put(request).await?)
    }

    pub(crate) fn leave(mut self, how: Departure) {
        self.how = how;
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let leave = Wish::Leave { conn: self.conn, how: self.how };
        // A room that is gone has nobody left to tell.
        drop(self.mailbox.put_beside(Request::Wish(leave, With::Nothing)));
    }
}
