//! A message of a room as it is sent: encoded once and framed once, in a buffer of its own, for everybody who
//! gets it, now or by a replay. A socket gets its frame, a polling queue the JSON in it with what the queue
//! must know, so that nobody decodes what was encoded here. While a history keeps it, its memory is the
//! room's; after that, and if it never is kept, it counts as waiting for whoever still holds it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chat_protocol::{ClientId, Epoch, SayId, Seq, ServerMsg};

use super::{
    frame,
    outbox_budget::{Charge, OutboxBudget},
};

#[derive(Debug)]
pub(crate) struct Message {
    frame: Box<[u8]>,
    /// How long the frame's header is.
    header: usize,
    kind: Kind,
    charge: OnceLock<Charge>,
}

/// What a queue must know of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Welcome {
        me: ClientId,
        epoch: Epoch,
        /// The last message it has by then.
        seq: Seq,
    },
    Said {
        seq: Seq,
        id: SayId,
        from: ClientId,
    },
    Other,
}

impl Kind {
    fn of(message: &ServerMsg) -> Self {
        match message {
            ServerMsg::Welcome(welcome) => {
                Self::Welcome { me: welcome.you.id.clone(), epoch: welcome.epoch.clone(), seq: welcome.seq }
            }
            ServerMsg::Said(said) => {
                Self::Said { seq: said.seq, id: said.id.clone(), from: said.from.clone() }
            }
            _ => Self::Other,
        }
    }
}

impl Message {
    /// Encodes a message, with the help of a buffer that can be used again.
    pub(crate) fn new(message: &ServerMsg, json: &mut Vec<u8>) -> Arc<Self> {
        json.clear();
        serde_json::to_writer(&mut *json, message).expect("strings and numbers always serialise");
        let frame = frame::of_text(json);
        let header = frame.len() - json.len();
        let (kind, charge) = (Kind::of(message), OnceLock::new());
        Arc::new(Self { frame: frame.into(), header, kind, charge })
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    pub(crate) fn json(&self) -> &[u8] {
        &self.frame[self.header..]
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The `seq` of a `said`.
    pub(crate) fn seq(&self) -> Option<Seq> {
        match self.kind {
            Kind::Said { seq, .. } => Some(seq),
            _ => None,
        }
    }

    /// Its frame, for an outbox to hold.
    pub(crate) fn frame_bytes(self: &Arc<Self>) -> Bytes {
        Bytes::from_owner(Frame(self.clone()))
    }

    /// Its JSON, for an answer to hold.
    pub(crate) fn json_bytes(self: &Arc<Self>) -> Bytes {
        self.frame_bytes().slice(self.header..)
    }

    /// What it takes of memory, with what is around the frame.
    pub(crate) fn cost(&self) -> usize {
        /// The counters of the `Arc`, and what the allocator adds to both pieces.
        const AROUND: usize = 48;
        self.frame.len() + size_of::<Self>() + AROUND
    }

    /// Counts it as waiting from now on, as long as anybody holds it.
    pub(crate) fn count(&self, budget: &Arc<OutboxBudget>) {
        self.charge.get_or_init(|| budget.charge(self.cost()));
    }

    /// No history keeps it any more.
    pub(crate) fn forgotten(self: Arc<Self>, budget: &Arc<OutboxBudget>) {
        // Nobody can begin to hold what only we do.
        if Arc::strong_count(&self) > 1 {
            self.count(budget);
        }
    }

    pub(crate) fn is_counted(&self) -> bool {
        self.charge.get().is_some()
    }
}

struct Frame(Arc<Message>);

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.0.frame
    }
}
