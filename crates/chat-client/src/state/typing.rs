//! Who is typing. A notice means "still typing" for a fixed time; speaking ends it.

use chat_protocol::{ClientId, limits::TYPING_TTL_MS};

/// Most people who are followed. Of so many none is named; who is not followed says so again soon.
const TYPING_MAX: usize = 16;

/// People whose last notice has not run out, at most `TYPING_MAX`, in the order they began.
#[derive(Default, Debug)]
pub(crate) struct Typing(Vec<(ClientId, u64)>);

impl Typing {
    /// Takes a notice that arrived at `now`, in milliseconds. True if that is somebody more.
    pub(crate) fn notice(&mut self, from: ClientId, now: u64) -> bool {
        let until = now + TYPING_TTL_MS;
        if let Some(known) = self.0.iter_mut().find(|(id, _)| *id == from) {
            known.1 = until;
            return false;
        }
        let has_room = self.0.len() < TYPING_MAX;
        if has_room {
            self.0.push((from, until));
        }
        has_room
    }

    /// This person is done. True if that changes anything.
    pub(crate) fn stop(&mut self, from: &ClientId) -> bool {
        let before = self.0.len();
        self.0.retain(|(id, _)| id != from);
        self.0.len() != before
    }

    /// Drops notices that ran out before `now`. True if there were any.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|(_, until)| *until > now);
        self.0.len() != before
    }

    /// Who is typing, longest first.
    pub(crate) fn who(&self) -> impl Iterator<Item = &ClientId> {
        self.0.iter().map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::room::tests::id;

    #[test]
    fn typing_notice_expires_unless_renewed() {
        let mut typing = Typing::default();
        assert!(typing.notice(id("sara"), 0));
        assert!(!typing.notice(id("sara"), 1_000));
        assert!(!typing.expire(TYPING_TTL_MS));
        assert_eq!(typing.who().count(), 1);
        assert!(typing.expire(TYPING_TTL_MS + 1_000));
        assert_eq!(typing.who().count(), 0);
    }

    #[test]
    fn typist_keeps_place_when_renewed() {
        let mut typing = Typing::default();
        for (who, now) in [("sara", 0), ("ali", 100), ("sara", 2_500)] {
            typing.notice(id(who), now);
        }
        assert_eq!(typing.who().map(ClientId::as_str).collect::<Vec<_>>(), ["sara", "ali"]);
    }

    #[test]
    fn a_crowd_that_types_is_bounded() {
        let mut typing = Typing::default();
        for n in 0..1_000 {
            typing.notice(id(&format!("p{n}")), n);
        }
        assert_eq!(typing.who().count(), TYPING_MAX);
        typing.expire(TYPING_TTL_MS + 16);
        assert!(typing.notice(id("p999"), TYPING_TTL_MS + 16));
    }
}
