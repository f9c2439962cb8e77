//! Who is typing. A notice means "still typing" for a fixed time; speaking ends it.

use chat_protocol::{ClientId, limits::TYPING_TTL_MS};

/// People whose last notice has not run out. Bounded by the members of the room, and short-lived.
#[derive(Default, Debug)]
pub struct Typing(Vec<(ClientId, u64)>);

impl Typing {
    /// Takes a notice that arrived at `now`, in milliseconds.
    pub fn notice(&mut self, from: ClientId, now: u64) {
        self.stop(&from);
        self.0.push((from, now + TYPING_TTL_MS));
    }

    /// This person is done. True if that changes anything.
    pub fn stop(&mut self, from: &ClientId) -> bool {
        let before = self.0.len();
        self.0.retain(|(id, _)| id != from);
        self.0.len() != before
    }

    /// Drops notices that ran out before `now`. True if there were any.
    pub fn expire(&mut self, now: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|(_, until)| *until > now);
        self.0.len() != before
    }

    /// Who is typing, longest first.
    pub fn who(&self) -> impl Iterator<Item = &ClientId> {
        self.0.iter().map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::room::tests::id;

    #[test]
    fn a_notice_runs_out_and_a_new_one_renews_it() {
        let mut typing = Typing::default();
        typing.notice(id("sara"), 0);
        typing.notice(id("sara"), 1_000);
        assert!(!typing.expire(TYPING_TTL_MS));
        assert_eq!(typing.who().count(), 1);
        assert!(typing.expire(TYPING_TTL_MS + 1_000));
        assert_eq!(typing.who().count(), 0);
    }
}
