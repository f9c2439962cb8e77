//! The hooks of the X-ray: a [`Recorder`] records connections, a [`Watch`] follows one that is recorded, and a
//! [`Receipt`] goes with one of its messages through the room. Without the X-ray none of this is called, and a
//! connection that is not recorded pays nothing.

use std::{fmt::Debug, sync::Arc};

use chat_protocol::{CaptureToken, SayId, Seq};

use crate::{
    limits::client_ip::ClientIp,
    net::{
        http_stream::Passage,
        outbox::Outbox,
        tap::{Ends, Tap},
    },
};

pub(crate) trait Recorder: Debug + Send + Sync {
    /// Begins a recording, which the token shows; `None` when the limit is reached.
    fn record(&self, subject: Subject) -> Option<(CaptureToken, Arc<dyn Watch>)>;
}

/// A connection that is to be recorded.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) handshake: Vec<Passage>,
    pub(crate) ends: Ends,
    /// Whether it comes through a proxy.
    pub(crate) is_proxied: bool,
    pub(crate) client: ClientIp,
}

/// What follows one connection, from its `101` to its end.
pub(crate) trait Watch: Tap {
    fn attach(&self, outbox: &Arc<Outbox>);

    /// A `say` was read just now; what this gives goes with it.
    fn say_read(&self, id: &SayId) -> Box<dyn Receipt>;
}

/// Goes with a `say` through its room, and notes when it was where.
pub(crate) trait Receipt: Debug + Send {
    /// It has come back from the log of a room that is on an engine, and is now the room's.
    fn logged(&mut self);

    /// The room gave it this place.
    fn ordered(&mut self, seq: Seq);

    /// It has been handed to this many connections, of this many members.
    fn sent(self: Box<Self>, reached: usize, members: usize);
}
