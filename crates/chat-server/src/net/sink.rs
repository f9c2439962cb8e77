//! Where what a room sends to one connection goes: to a WebSocket as frames, or into the queue of a polling
//! session as messages.

use std::sync::Arc;

use chat_protocol::CloseCode;

use super::{outbox::Outbox, queue::Queue};

#[derive(Clone, Debug)]
pub(crate) enum Sink {
    Socket(Arc<Outbox>),
    Queue(Arc<Queue>),
}

impl Sink {
    pub(crate) fn is_queue(&self) -> bool {
        matches!(self, Self::Queue(_))
    }

    /// Ends it with this code, after what is on its way. The first close counts.
    pub(crate) fn close(&self, code: CloseCode) {
        match self {
            Self::Socket(outbox) => outbox.close(code),
            Self::Queue(queue) => queue.close(code),
        }
    }
}

impl From<Arc<Outbox>> for Sink {
    fn from(outbox: Arc<Outbox>) -> Self {
        Self::Socket(outbox)
    }
}

impl From<Arc<Queue>> for Sink {
    fn from(queue: Arc<Queue>) -> Self {
        Self::Queue(queue)
    }
}
