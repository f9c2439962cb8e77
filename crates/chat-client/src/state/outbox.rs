//! One's own messages that the room has not echoed yet. A message stays here, in order, until its
//! `said` comes back, and is sent again on every new connection until then: the server knows it by
//! its id, so sending it twice says it once.

use chat_protocol::{
    ErrorCode, Invalid, SayId, Text,
    json::{Json, Read, required},
};
use serde::Serialize;

/// Most messages that may wait. Enough for a lost connection; when full, [`Outbox::say`] refuses
/// and the words stay in the composer.
pub const WAITING_MAX: usize = 100;

/// A message under way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Pending {
    /// Its id, for as long as it lives.
    pub id: SayId,
    /// What it says.
    pub text: Text,
    /// Why the server did not take it; it waits for its author to retry or discard it.
    #[serde(skip)]
    pub refused: Option<ErrorCode>,
    #[serde(skip)]
    sent: bool,
}

impl Read for Pending {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self { id: required(json, "id")?, text: required(json, "text")?, refused: None, sent: false })
    }
}

/// Messages under way, oldest first.
#[derive(Default, Debug)]
pub struct Outbox(Vec<Pending>);

impl Outbox {
    /// An outbox with what a reload kept.
    pub fn restore(waiting: Vec<Pending>) -> Self {
        Self(waiting)
    }

    /// Takes a message. False when [`WAITING_MAX`] are waiting already.
    #[must_use]
    pub fn say(&mut self, id: SayId, text: Text) -> bool {
        let has_room = self.0.len() < WAITING_MAX;
        if has_room {
            self.0.push(Pending { id, text, refused: None, sent: false });
        }
        has_room
    }

    /// What to send now on this connection, oldest first; it then counts as sent.
    pub fn take_unsent(&mut self) -> Vec<Pending> {
        let unsent = self.0.iter_mut().filter(|pending| !pending.sent && pending.refused.is_none());
        unsent
            .map(|pending| {
                pending.sent = true;
                pending.clone()
            })
            .collect()
    }

    /// A new connection: nothing was sent on it yet.
    pub fn reconnected(&mut self) {
        for pending in &mut self.0 {
            pending.sent = false;
        }
    }

    /// Its echo came: done. True if it was waiting.
    pub fn acknowledge(&mut self, id: &SayId) -> bool {
        let before = self.0.len();
        self.discard(id);
        self.0.len() != before
    }

    /// The server did not take it.
    pub fn refuse(&mut self, id: &SayId, why: ErrorCode) {
        if let Some(pending) = self.0.iter_mut().find(|pending| pending.id == *id) {
            pending.refused = Some(why);
        }
    }

    /// Try a refused one again.
    pub fn retry(&mut self, id: &SayId) {
        if let Some(pending) = self.0.iter_mut().find(|pending| pending.id == *id) {
            pending.refused = None;
            pending.sent = false;
        }
    }

    /// Give one up.
    pub fn discard(&mut self, id: &SayId) {
        self.0.retain(|pending| pending.id != *id);
    }

    /// All of them, oldest first.
    pub fn all(&self) -> &[Pending] {
        &self.0
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
        outbox.take_unsent().iter().map(|pending| pending.id.as_str().to_owned()).collect()
    }

    #[test]
    fn each_message_goes_out_once_per_connection_until_its_echo() {
        let mut outbox = outbox(&["a", "b"]);
        assert_eq!(unsent(&mut outbox), ["a", "b"]);
        assert!(unsent(&mut outbox).is_empty());
        assert!(outbox.acknowledge(&SayId::parse("a").unwrap()));
        outbox.reconnected();
        assert_eq!(unsent(&mut outbox), ["b"]);
        assert!(!outbox.acknowledge(&SayId::parse("a").unwrap()));
    }

    #[test]
    fn a_refused_message_waits_for_its_author() {
        let mut outbox = outbox(&["a"]);
        let id = SayId::parse("a").unwrap();
        outbox.refuse(&id, ErrorCode::TooFast);
        outbox.reconnected();
        assert!(unsent(&mut outbox).is_empty());
        outbox.retry(&id);
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
