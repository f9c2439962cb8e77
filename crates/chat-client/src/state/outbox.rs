//! One's own messages that the room has not echoed yet. A message stays here, in order, until its
//! `said` comes back, and is sent again on every new connection until then: the server knows it by
//! its id, so sending it twice says it once.

use chat_protocol::{
    ErrorCode, Invalid, SayId, Text,
    json::{Json, Read, optional, required},
};
use serde::Serialize;

/// Most messages that may wait. Enough for a lost connection; when full, [`Outbox::say`] refuses
/// and the words stay in the composer.
pub(crate) const WAITING_MAX: usize = 100;

/// Most messages sent without a pause, and how many more each second after that. Within what the
/// server allows one person (a burst of 50, then 10 a second, of frames of any kind), so that
/// what waited out a lost connection goes out in order and nothing is refused as too fast.
const BURST: usize = 30;
const PER_SECOND: usize = 8;

/// A message under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Pending {
    /// Its id, for as long as it lives.
    pub id: SayId,
    pub text: Text,
    /// Why the server did not take it; it waits for its author to retry or discard it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<ErrorCode>,
    /// When it was sent on this connection, in milliseconds since the page was opened.
    #[serde(skip)]
    sent_ms: Option<u64>,
}

impl Read for Pending {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            id: required(json, "id")?,
            text: required(json, "text")?,
            refused: optional(json, "refused")?,
            sent_ms: None,
        })
    }
}

/// Messages under way, oldest first.
#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: Vec<Pending>,
    /// How many may be sent before the next second.
    allowance: usize,
    refusals: u32,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::restore(Vec::new())
    }
}

impl Outbox {
    /// An outbox with what a reload kept.
    pub(crate) fn restore(waiting: Vec<Pending>) -> Self {
        Self { waiting, allowance: BURST, refusals: 0 }
    }

    /// Takes a message. False when [`WAITING_MAX`] are waiting already.
    #[must_use]
    pub(crate) fn say(&mut self, id: SayId, text: Text) -> bool {
        let has_room = self.waiting.len() < WAITING_MAX;
        if has_room {
            self.waiting.push(Pending { id, text, refused: None, sent_ms: None });
        }
        has_room
    }

    /// When the oldest was sent that waits for its echo, and not for its author or its turn.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.waiting.iter().find(|pending| pending.refused.is_none()).and_then(|pending| pending.sent_ms)
    }

    /// What to send `now` on this connection, oldest first, as far as the pace allows; it then counts
    /// as sent.
    pub(crate) fn take_unsent(&mut self, now: u64) -> Vec<Pending> {
        let is_unsent = |pending: &&mut Pending| pending.sent_ms.is_none() && pending.refused.is_none();
        let unsent = self.waiting.iter_mut().filter(is_unsent);
        let taken: Vec<Pending> = unsent
            .take(self.allowance)
            .map(|pending| {
                pending.sent_ms = Some(now);
                pending.clone()
            })
            .collect();
        self.allowance -= taken.len();
        taken
    }

    /// A second has passed: more may be sent.
    pub(crate) fn second(&mut self) {
        self.allowance = (self.allowance + PER_SECOND).min(BURST);
    }

    /// A new connection: nothing was sent on it yet.
    pub(crate) fn reconnected(&mut self) {
        for pending in &mut self.waiting {
            pending.sent_ms = None;
        }
    }

    /// Its echo came: done. True if it was waiting.
    pub(crate) fn acknowledge(&mut self, id: &SayId) -> bool {
        let before = self.waiting.len();
        self.discard(id);
        self.waiting.len() != before
    }

    /// The server did not take it. Too fast for it is not too fast for ever: that goes out again by
    /// itself. Anything else waits for its author.
    pub(crate) fn refuse(&mut self, id: &SayId, why: ErrorCode) {
        if let Some(pending) = self.waiting.iter_mut().find(|pending| pending.id == *id) {
            if why == ErrorCode::TooFast {
                pending.sent_ms = None;
                self.allowance = 0;
            } else {
                pending.refused = Some(why);
                self.refusals += 1;
            }
        }
    }

    /// How often the server did not take one and it waits for its author, since the page was opened.
    pub(crate) fn refusals(&self) -> u32 {
        self.refusals
    }

    /// Try a refused one again.
    pub(crate) fn retry(&mut self, id: &SayId) {
        if let Some(pending) = self.waiting.iter_mut().find(|pending| pending.id == *id) {
            pending.refused = None;
            pending.sent_ms = None;
        }
    }

    /// Give one up.
    pub(crate) fn discard(&mut self, id: &SayId) {
        self.waiting.retain(|pending| pending.id != *id);
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> &[Pending] {
        &self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbox(ids: &[&str]) -> Outbox {
        let mut outbox = Outbox::default();
        for id in ids {
            assert!(outbox.say(SayId::parse(id).unwrap(), Text::parse(id).unwrap()));
        }
        outbox
    }

    fn unsent(outbox: &mut Outbox) -> Vec<String> {
        outbox.take_unsent(0).iter().map(|pending| pending.id.as_str().to_owned()).collect()
    }

    #[test]
    fn unechoed_message_is_resent_once_per_connection() {
        let mut outbox = outbox(&["a", "b"]);
        assert_eq!(unsent(&mut outbox), ["a", "b"]);
        assert!(unsent(&mut outbox).is_empty());
        assert!(outbox.acknowledge(&SayId::parse("a").unwrap()));
        outbox.reconnected();
        assert_eq!(unsent(&mut outbox), ["b"]);
        assert!(!outbox.acknowledge(&SayId::parse("a").unwrap()));
    }

    #[test]
    fn oldest_unechoed_message_sets_oldest_ms() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.oldest_ms(), None);
        for (id, now) in [("a", 10), ("b", 20), ("c", 30)] {
            assert!(outbox.say(SayId::parse(id).unwrap(), Text::parse(id).unwrap()));
            assert_eq!(outbox.take_unsent(now).len(), 1);
        }
        assert_eq!(outbox.oldest_ms(), Some(10));
        outbox.refuse(&SayId::parse("a").unwrap(), ErrorCode::TextTooLong);
        assert_eq!(outbox.oldest_ms(), Some(20), "the other waits for its author");
        assert!(outbox.acknowledge(&SayId::parse("b").unwrap()));
        assert_eq!(outbox.oldest_ms(), Some(30));
        outbox.refuse(&SayId::parse("c").unwrap(), ErrorCode::TooFast);
        assert_eq!(outbox.oldest_ms(), None, "it waits for its turn");
        outbox.reconnected();
        assert_eq!(outbox.oldest_ms(), None);
    }

    #[test]
    fn a_refused_message_waits_for_its_author() {
        let mut outbox = outbox(&["a"]);
        let id = SayId::parse("a").unwrap();
        outbox.refuse(&id, ErrorCode::TextTooLong);
        outbox.reconnected();
        assert!(unsent(&mut outbox).is_empty());
        outbox.retry(&id);
        assert_eq!(unsent(&mut outbox), ["a"]);
    }

    #[test]
    fn refused_message_waits_across_reload() {
        let mut outbox = outbox(&["a", "b"]);
        outbox.refuse(&SayId::parse("a").unwrap(), ErrorCode::TextTooLong);
        let kept = serde_json::to_value(outbox.all()).unwrap();
        let mut restored = Outbox::restore(Vec::read(&kept).unwrap());
        assert_eq!(restored.all(), outbox.all());
        assert_eq!(unsent(&mut restored), ["b"]);
        assert_eq!((outbox.refusals(), restored.refusals()), (1, 0));
    }

    #[test]
    fn backlog_is_sent_in_order_and_paced() {
        let ids: Vec<String> = (0..WAITING_MAX).map(|n| format!("m{n}")).collect();
        let mut outbox = outbox(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        let mut sent = unsent(&mut outbox);
        assert_eq!(sent.len(), BURST);
        assert!(unsent(&mut outbox).is_empty());
        while sent.len() < WAITING_MAX {
            outbox.second();
            let more = unsent(&mut outbox);
            assert!((1..=PER_SECOND).contains(&more.len()));
            sent.extend(more);
        }
        assert_eq!(sent, ids);
    }

    #[test]
    fn too_fast_is_sent_again_by_itself() {
        let mut outbox = outbox(&["a"]);
        assert_eq!(unsent(&mut outbox), ["a"]);
        outbox.refuse(&SayId::parse("a").unwrap(), ErrorCode::TooFast);
        assert!(unsent(&mut outbox).is_empty());
        outbox.second();
        assert_eq!(unsent(&mut outbox), ["a"]);
    }

    #[test]
    fn a_full_outbox_refuses() {
        let ids: Vec<String> = (0..WAITING_MAX).map(|n| format!("m{n}")).collect();
        let mut outbox = outbox(&ids.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(!outbox.say(SayId::parse("one-more").unwrap(), Text::parse("x").unwrap()));
        assert_eq!(outbox.all().len(), WAITING_MAX);
    }
}
