//! The X-ray's hooks into one connection: its bytes go into a [`Recording`], each `say` carries a receipt
//! through the room, and the [`Injector`] may break it. Dropped, it ends the recording, however the
//! connection's task ended.

use std::{sync::Arc, time::Instant};

use chat_protocol::{SayId, Seq};
use chat_wire::Journey;

use super::{injector::Injector, recording::Recording};
use crate::{
    net::{impairment::Impairment, outbox::Outbox, tap::Tap},
    rooms::recorder::{Receipt, Watch},
};

#[derive(Debug)]
pub(crate) struct Watched {
    recording: Arc<Recording>,
    injector: Option<Arc<Injector>>,
}

impl Watched {
    /// Into this recording; with an injector, if the connection may be broken.
    pub(crate) fn new(recording: Arc<Recording>, injector: Option<Arc<Injector>>) -> Self {
        Self { recording, injector }
    }
}

impl Tap for Watched {
    fn received(&self, bytes: &[u8]) {
        self.recording.received(bytes);
    }

    fn sent(&self, bytes: &[u8]) {
        self.recording.sent(bytes);
    }

    fn end(&self, code: Option<u16>, by_server: bool) {
        self.recording.end(code, by_server);
    }

    fn impairment(&self) -> Option<&Impairment> {
        self.injector.as_ref().map(|injector| injector.impairment())
    }

    fn delayed(&self) {
        if let Some(injector) = &self.injector {
            injector.delayed();
        }
    }
}

impl Watch for Watched {
    fn attach(&self, outbox: &Arc<Outbox>) {
        if let Some(injector) = &self.injector {
            injector.attach(outbox);
        }
    }

    fn say_read(&self, id: &SayId) -> Box<dyn Receipt> {
        if let Some(impairment) = self.impairment() {
            impairment.say_read();
        }
        Box::new(SayReceipt {
            recording: self.recording.clone(),
            id: id.clone(),
            read: Instant::now(),
            logged: None,
            ordered: None,
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.recording.end(None, false);
    }
}

/// Notes when a `say` was read, back from a shared room's log, ordered and sent.
#[derive(Debug)]
struct SayReceipt {
    recording: Arc<Recording>,
    id: SayId,
    read: Instant,
    logged: Option<Instant>,
    ordered: Option<(Seq, Instant)>,
}

impl Receipt for SayReceipt {
    fn logged(&mut self) {
        self.logged = Some(Instant::now());
    }

    fn ordered(&mut self, seq: Seq) {
        self.ordered = Some((seq, Instant::now()));
    }

    fn sent(self: Box<Self>, reached: usize, members: usize) {
        let Some((seq, ordered)) = self.ordered else { return };
        self.recording.travelled(Journey {
            id: self.id.as_str().to_owned(),
            seq,
            heard_us: self.recording.us(self.read),
            logged_us: self.logged.map(|logged| self.recording.us(logged)),
            ordered_us: self.recording.us(ordered),
            sent_us: self.recording.us(Instant::now()),
            reached: reached as u32,
            members: members as u32,
        });
    }
}
