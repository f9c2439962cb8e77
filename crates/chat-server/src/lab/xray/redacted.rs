//! How a recording is read: event by event from the beginning, with secrets covered. To find secrets the
//! bytes must be parsed; that is done here, when a recording is shown, and should it fail on some bytes,
//! the chat does not notice.

use std::sync::Arc;

use chat_wire::{Direction, Event, redact::Redactor};

use super::recording::Recording;

/// One reading of a recording.
#[derive(Debug)]
pub(crate) struct Redacted {
    recording: Arc<Recording>,
    next: usize,
    incoming: Redactor,
    outgoing: Redactor,
}

impl Redacted {
    pub(crate) fn new(recording: Arc<Recording>) -> Self {
        Self { recording, next: 0, incoming: Redactor::at_head(), outgoing: Redactor::at_head() }
    }

    /// The next portion of what has been noted, each with its number, secrets covered; nothing when all
    /// that there is has been read.
    pub(crate) fn more(&mut self) -> Vec<(usize, Event)> {
        let mut events = Vec::new();
        for mut event in self.recording.events(self.next) {
            if let Event::Bytes(chunk) = &mut event {
                let redactor = match chunk.direction {
                    Direction::In => &mut self.incoming,
                    Direction::Out => &mut self.outgoing,
                };
                let covered = redactor.redact(&chunk.data);
                (chunk.data, chunk.hidden) = (covered.data, covered.hidden);
            }
            events.push((self.next, event));
            self.next += 1;
        }
        events
    }
}
