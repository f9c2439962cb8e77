//! What a node wants to have in a room's log. What comes waits, and goes as one batch once the batch before has
//! come back: so a node's order is kept, and load makes batches longer instead of more. A batch is kept until
//! its own entry was read in the log, and sent again whenever it is in doubt; the log takes it once. How much
//! waits is the caller's to bound.

use std::{collections::VecDeque, sync::Arc};

use chat_room::Wish;

use crate::{
    Tag,
    written::{self, Digest},
};

/// Most wishes of a batch.
const WISHES_MAX: usize = 256;

/// With so many bytes of them a batch takes no more.
const BYTES_TARGET: usize = 64 * 1024;

/// What waits, each with what goes with it on this node alone.
#[derive(Debug)]
pub(crate) struct Outgoing<X> {
    waiting: VecDeque<(Wish, X)>,
    sent: Option<Sent<X>>,
}

/// A batch that has not come back yet.
#[derive(Debug)]
pub(crate) struct Sent<X> {
    pub(crate) tag: Tag,
    pub(crate) json: Arc<str>,
    pub(crate) wishes: Vec<(Wish, X)>,
}

impl<X> Outgoing<X> {
    pub(crate) fn new() -> Self {
        Self { waiting: VecDeque::new(), sent: None }
    }

    pub(crate) fn push(&mut self, wish: Wish, with: X) {
        self.waiting.push_back((wish, with));
    }

    /// How many wait, beside those that are on their way.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_none()
    }

    /// The batch to send, or to send again: made of what waits, if none is on its way, with a tag that is drawn for
    /// it.
    pub(crate) fn batch(&mut self, digest: Digest, tag: impl FnOnce() -> Tag) -> Option<&Sent<X>> {
        if self.sent.is_none() && !self.waiting.is_empty() {
            let (mut wishes, mut written, mut bytes) = (Vec::new(), Vec::new(), 0);
            while wishes.len() < WISHES_MAX
                && bytes < BYTES_TARGET
                && let Some(next) = self.waiting.pop_front()
            {
                written.push(written::wish(&next.0));
                bytes += written.last().map_or(0, String::len);
                wishes.push(next);
            }
            let json = written::batch(digest, &written);
            self.sent = Some(Sent { tag: tag(), json: json.into(), wishes });
        }
        self.sent.as_ref()
    }

    /// The wishes of the batch with this tag, if it is the one on its way, which is then back.
    pub(crate) fn came_back(&mut self, tag: Tag) -> Option<Vec<(Wish, X)>> {
        Some(self.sent.take_if(|sent| sent.tag == tag)?.wishes)
    }
}
