//! What the connection, its reader and its outbox hold of a recording: where they hand on what passes.
//! Given up, it ends the recording, however the connection's task ended. It decides nothing.

use std::{sync::Arc, time::Instant};

use chat_protocol::SayId;
use chat_wire::Journey;

use super::{capture::Capture, faults::Faults};

/// See the module.
#[derive(Debug)]
pub struct Tap {
    capture: Arc<Capture>,
    faults: Option<Arc<Faults>>,
}

impl Tap {
    /// Into this recording; with faults, if the connection may be broken.
    pub fn new(capture: Arc<Capture>, faults: Option<Arc<Faults>>) -> Self {
        Self { capture, faults }
    }

    /// What is broken, where something can be.
    pub fn faults(&self) -> Option<&Arc<Faults>> {
        self.faults.as_ref()
    }

    /// Whether nothing is to be read now.
    pub fn is_deaf(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.is_deaf(Instant::now()))
    }

    /// Whether the server shall have forgotten this member once the connection is over.
    pub fn is_forgotten(&self) -> bool {
        self.faults.as_ref().is_some_and(|faults| faults.is_forgotten())
    }

    /// These bytes came from the socket.
    pub fn received(&self, bytes: &[u8]) {
        self.capture.received(bytes);
    }

    /// The socket took these bytes.
    pub fn sent(&self, bytes: &[u8]) {
        self.capture.sent(bytes);
    }

    /// The connection is over, by a close frame with this code, or without one.
    pub fn end(&self, code: Option<u16>, by_server: bool) {
        self.capture.end(code, by_server);
    }

    /// A `say` was read just now, and goes into the room with this.
    pub fn hear_say(&self, id: &SayId) -> Box<Trace> {
        if let Some(faults) = &self.faults {
            faults.heard_say();
        }
        Box::new(Trace {
            capture: self.capture.clone(),
            id: id.clone(),
            heard: Instant::now(),
            ordered: None,
        })
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.capture.end(None, false);
    }
}

/// Travels with a `say` of a recorded connection through its room, and notes when it was where.
#[derive(Debug)]
pub struct Trace {
    capture: Arc<Capture>,
    id: SayId,
    heard: Instant,
    ordered: Option<(u64, Instant)>,
}

impl Trace {
    /// The message this is about.
    pub fn id(&self) -> &SayId {
        &self.id
    }

    /// The room gave it this place.
    pub fn ordered(&mut self, seq: u64) {
        self.ordered = Some((seq, Instant::now()));
    }

    /// It has been handed to this many connections, of this many members. What never got a place is not
    /// told.
    pub fn sent(self, reached: usize, members: usize) {
        let Some((seq, ordered)) = self.ordered else { return };
        self.capture.travelled(Journey {
            id: self.id.as_str().to_owned(),
            seq,
            heard_us: self.capture.us(self.heard),
            ordered_us: self.capture.us(ordered),
            sent_us: self.capture.us(Instant::now()),
            reached: reached as u32,
            members: members as u32,
        });
    }
}
