//! A client that keeps `docs/protocol.md` to the letter: what it sends when a connection opens, when
//! a message comes, when time passes, and whether and when it comes back after a loss. It is pure:
//! messages and the time go in, messages come out. It deliberately does not know sockets, and it
//! hides nothing: what a server repeats it skips as it should, but whoever writes the journal has
//! seen it before.

use std::{collections::VecDeque, time::Duration};

use chat_protocol::{
    ClientId, ClientMsg, CloseCode, Command, Epoch, ErrorCode, Name, Resume, ResumeToken, SayId, Seq,
    ServerMsg, Text,
};

use crate::backoff;

/// Milliseconds on a clock that never goes backwards.
pub type Ms = u64;

/// How long to wait before what was dropped as too fast is sent again, in milliseconds.
const HASTE_MS: Ms = 1_000;
/// How far apart messages are sent from then on until all are answered, in milliseconds. All at once
/// they would be dropped again, and the drops counted: a hundred that come to an allowance which is
/// used up, sent again each second, are 550 drops before the last is through.
const GENTLY_MS: Ms = 200;

/// When a silent server is asked, and when it counts as dead.
#[derive(Clone, Copy, Debug)]
pub struct Liveness {
    /// Silence after which a ping is sent, in milliseconds.
    pub ping_after: Ms,
    /// Silence after which the connection is given up, in milliseconds.
    pub dead_after: Ms,
}

/// One person in one room, over as many connections as it takes.
#[derive(Debug)]
pub struct Session {
    name: Name,
    liveness: Liveness,
    standing: Option<Standing>,
    /// Said and not yet answered, oldest first.
    pending: VecDeque<Pending>,
    says: u64,
    phase: Phase,
    attempt: u32,
    pings: u32,
    heard_at: Ms,
    pinged_at: Ms,
    /// Nothing is said before this.
    hold_until: Ms,
    /// Something was dropped as too fast, and not all is answered yet.
    gently: bool,
}

/// What `join` says in order to come back.
#[derive(Debug)]
struct Standing {
    id: ClientId,
    token: ResumeToken,
    epoch: Epoch,
    seq: Seq,
}

#[derive(Debug)]
struct Pending {
    id: SayId,
    text: Text,
    /// On this connection.
    is_sent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No connection.
    Down,
    /// A join is to be sent.
    Opening,
    /// A join was sent.
    Joining,
    /// A ping is to be sent, whose pong will come after the replay.
    Welcomed,
    /// The replay may still be coming; it is over with this pong.
    Replaying(u32),
    /// Says go out.
    Live,
    /// The server does not let us in now.
    Refused,
}

impl Session {
    /// Somebody who has not been in the room yet and wants this name.
    pub fn new(name: Name, liveness: Liveness) -> Self {
        Self {
            name,
            liveness,
            standing: None,
            pending: VecDeque::new(),
            says: 0,
            phase: Phase::Down,
            attempt: 0,
            pings: 0,
            heard_at: 0,
            pinged_at: 0,
            hold_until: 0,
            gently: false,
        }
    }

    /// Wants to say something; [`Session::send`] has it when its turn comes. It is kept until it is
    /// answered, so the caller decides how many may wait.
    pub fn say(&mut self, text: Text) {
        self.says += 1;
        let id = SayId::parse(&format!("s{}", self.says)).expect("a letter and a number");
        self.pending.push_back(Pending { id, text, is_sent: false });
    }

    /// A connection is open.
    pub fn open(&mut self, now: Ms) {
        self.phase = Phase::Opening;
        self.heard_at = now;
        self.hold_until = now;
        for pending in &mut self.pending {
            pending.is_sent = false;
        }
    }

    /// A message came.
    pub fn hear(&mut self, message: &ServerMsg, now: Ms) {
        self.heard_at = now;
        match message {
            ServerMsg::Welcome(welcome) => {
                self.attempt = 0;
                // Where something is replayed, what is still unanswered is known when it was read.
                self.phase = if welcome.recovered { Phase::Welcomed } else { Phase::Live };
                self.name = welcome.you.name.clone();
                self.standing = Some(Standing {
                    id: welcome.you.id.clone(),
                    token: welcome.token.clone(),
                    epoch: welcome.epoch.clone(),
                    seq: welcome.seq,
                });
            }
            ServerMsg::Said(said) => {
                let Some(standing) = &mut self.standing else { return };
                if said.from == standing.id {
                    self.pending.retain(|pending| pending.id != said.id);
                    self.gently &= !self.pending.is_empty();
                }
                standing.seq = standing.seq.max(said.seq);
            }
            ServerMsg::Pong { n } if self.phase == Phase::Replaying(*n) => self.phase = Phase::Live,
            ServerMsg::Error { code: ErrorCode::TooFast, id: Some(id), .. } => {
                self.hold_until = now + HASTE_MS;
                self.gently = true;
                for pending in self.pending.iter_mut().filter(|pending| pending.id == *id) {
                    pending.is_sent = false;
                }
            }
            ServerMsg::Error { id: Some(id), .. } => self.pending.retain(|pending| pending.id != *id),
            ServerMsg::Error { code: ErrorCode::NameTaken, suggestion: Some(free), .. }
                if self.phase == Phase::Joining =>
            {
                self.name = free.clone();
                self.phase = Phase::Opening;
            }
            ServerMsg::Error { .. } if self.phase == Phase::Joining => self.phase = Phase::Refused,
            _ => {}
        }
    }

    /// The next message to send now. To be asked until there is none, after each of the above and
    /// at `wake_at`.
    pub fn send(&mut self, now: Ms) -> Option<ClientMsg> {
        match self.phase {
            Phase::Opening => {
                self.phase = Phase::Joining;
                let resume = self.standing.as_ref().map(|standing| Resume {
                    token: standing.token.clone(),
                    epoch: standing.epoch.clone(),
                    seq: standing.seq,
                });
                return Some(ClientMsg::join(Some(self.name.clone()), resume, None));
            }
            Phase::Welcomed => {
                let ping = self.ping(now);
                self.phase = Phase::Replaying(self.pings);
                return Some(ping);
            }
            Phase::Live if now >= self.hold_until => {
                if let Some(pending) = self.pending.iter_mut().find(|pending| !pending.is_sent) {
                    pending.is_sent = true;
                    if self.gently {
                        self.hold_until = now + GENTLY_MS;
                    }
                    return Some(ClientMsg::Command(Command::Say {
                        id: pending.id.clone(),
                        text: pending.text.clone(),
                    }));
                }
            }
            _ => {}
        }
        (self.is_connected() && now >= self.ping_at()).then(|| self.ping(now))
    }

    fn ping(&mut self, now: Ms) -> ClientMsg {
        self.pings = self.pings.wrapping_add(1);
        self.pinged_at = now;
        ClientMsg::Ping { n: self.pings }
    }

    fn ping_at(&self) -> Ms {
        self.heard_at.max(self.pinged_at) + self.liveness.ping_after
    }

    fn is_connected(&self) -> bool {
        self.phase != Phase::Down
    }

    /// When [`Session::send`] or [`Session::is_dead`] may have news although nothing came.
    pub(crate) fn wake_at(&self) -> Ms {
        let held = self.pending.iter().any(|pending| !pending.is_sent) && self.phase == Phase::Live;
        let next = self.ping_at().min(self.heard_at + self.liveness.dead_after);
        if held { next.min(self.hold_until) } else { next }
    }

    /// Whether nothing is to be hoped from this connection any more.
    pub fn is_dead(&self, now: Ms) -> bool {
        self.phase == Phase::Refused || self.is_connected() && now >= self.heard_at + self.liveness.dead_after
    }

    /// Nobody was listening until now, so the silence until now is nobody's fault.
    pub(crate) fn listen_again(&mut self, now: Ms) {
        self.heard_at = now;
    }

    /// The connection is over, with this close code, or 1006 where there was none. After how long to
    /// open another one, with `random` in `0.0..1.0`; never, when the code says so.
    pub fn over(&mut self, code: u16, random: f64) -> Option<Duration> {
        self.phase = Phase::Down;
        if !CloseCode::should_reconnect(code) {
            return None;
        }
        let wait = backoff::wait(self.attempt, random);
        self.attempt += 1;
        Some(wait)
    }

    /// Whether it is in its room and has read what it missed.
    pub(crate) fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// How many says wait for their answer.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Member, RoomId, Said, Welcome};

    use super::*;

    const LIVENESS: Liveness = Liveness { ping_after: 10_000, dead_after: 30_000 };

    fn session() -> Session {
        Session::new(Name::parse("سارا").unwrap(), LIVENESS)
    }

    fn welcome(epoch: &str, seq: Seq, recovered: bool) -> ServerMsg {
        let you = Member::new(ClientId::parse("sara").unwrap(), Name::parse("سارا").unwrap());
        ServerMsg::Welcome(Welcome {
            members: vec![you.clone()],
            you,
            room: RoomId::parse("class").unwrap(),
            epoch: Epoch::parse(epoch).unwrap(),
            seq,
            token: ResumeToken::from_bytes([seq as u8; 32]),
            recovered,
            member_count: 1,
            away_count: 0,
        })
    }

    fn own(seq: Seq, id: &str) -> ServerMsg {
        ServerMsg::Said(Said {
            seq,
            id: SayId::parse(id).unwrap(),
            from: ClientId::parse("sara").unwrap(),
            name: Name::parse("سارا").unwrap(),
            text: Text::parse(id).unwrap(),
            at: 0,
        })
    }

    fn error(code: ErrorCode, id: Option<&str>, suggestion: Option<&str>) -> ServerMsg {
        ServerMsg::Error {
            code,
            detail: "no".into(),
            id: id.map(|id| SayId::parse(id).unwrap()),
            suggestion: suggestion.map(|name| Name::parse(name).unwrap()),
            free_in: None,
        }
    }

    /// What it sends now, in short: the id of a say, or the name of the message.
    fn sends(session: &mut Session, now: Ms) -> Vec<String> {
        std::iter::from_fn(|| session.send(now))
            .map(|message| match message {
                ClientMsg::Command(Command::Say { id, .. }) => id.as_str().to_owned(),
                ClientMsg::Join { resume: None, .. } => "join".into(),
                ClientMsg::Join { resume: Some(Resume { epoch, seq, .. }), .. } => {
                    format!("resume {} {seq}", epoch.as_str())
                }
                ClientMsg::Ping { .. } => "ping".into(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn says(session: &mut Session, texts: &[&str]) {
        texts.iter().for_each(|text| session.say(Text::parse(text).unwrap()));
    }

    /// In the room since number 5, with two says sent and the first answered.
    fn talking() -> Session {
        let mut session = session();
        session.open(0);
        says(&mut session, &["one", "two"]);
        assert_eq!(sends(&mut session, 0), ["join"], "nothing is said before the welcome");
        session.hear(&welcome("e", 5, false), 0);
        assert_eq!(sends(&mut session, 0), ["s1", "s2"]);
        session.hear(&own(6, "s1"), 0);
        session
    }

    #[test]
    fn unanswered_message_is_resent_after_replay() {
        let mut session = talking();
        says(&mut session, &["three"]);
        assert_eq!(sends(&mut session, 0), ["s3"]);
        assert!(session.over(1006, 0.5).is_some());
        assert_eq!(sends(&mut session, 0), [""; 0]);
        session.open(1);
        assert_eq!(sends(&mut session, 1), ["resume e 6"]);
        session.hear(&welcome("e", 6, true), 1);
        assert_eq!(sends(&mut session, 1), ["ping"], "the replay may be coming");
        session.hear(&own(7, "s2"), 1);
        assert_eq!(sends(&mut session, 1), [""; 0]);
        session.hear(&ServerMsg::Pong { n: 1 }, 1);
        assert_eq!(sends(&mut session, 1), ["s3"], "the other was in the replay");
    }

    #[test]
    fn gap_is_accepted_and_unanswered_resent() {
        let mut session = talking();
        says(&mut session, &["three"]);
        assert!(session.over(4000, 0.5).is_some());
        session.open(1);
        assert_eq!(sends(&mut session, 1), ["resume e 6"]);
        session.hear(&welcome("f", 2, false), 1);
        assert_eq!(sends(&mut session, 1), ["s2", "s3"]);
        assert!(session.over(1006, 0.5).is_some());
        session.open(2);
        assert_eq!(sends(&mut session, 2), ["resume f 2"]);
    }

    #[test]
    fn rate_limited_message_is_resent_first() {
        let mut session = talking();
        session.hear(&error(ErrorCode::TooFast, Some("s2"), None), 100);
        says(&mut session, &["three"]);
        assert_eq!(sends(&mut session, 1_099), [""; 0]);
        assert_eq!(session.wake_at(), 1_100);
        assert_eq!(sends(&mut session, 1_100), ["s2"]);
        assert_eq!(sends(&mut session, 1_300), ["s3"]);
        session.hear(&error(ErrorCode::EmptyText, Some("s2"), None), 1_300);
        session.hear(&own(7, "s3"), 1_300);
        says(&mut session, &["four", "five"]);
        assert_eq!(sends(&mut session, 1_500), ["s4", "s5"]);
        assert_eq!(session.pending(), 2, "what can never be said is let go");
    }

    #[test]
    fn taken_name_becomes_suggested_one() {
        let mut session = session();
        session.open(0);
        assert_eq!(sends(&mut session, 0), ["join"]);
        session.hear(&error(ErrorCode::NameTaken, None, Some("سارا ۲")), 0);
        let Some(ClientMsg::Join { name, .. }) = session.send(0) else { panic!("no join") };
        assert_eq!(name.unwrap().as_str(), "سارا ۲");
        session.hear(&error(ErrorCode::RoomFull, None, None), 0);
        assert!(session.is_dead(0), "nothing to be hoped for here");
    }

    #[test]
    fn silent_server_is_pinged_then_abandoned() {
        let mut session = talking();
        assert_eq!(sends(&mut session, 9_999), [""; 0]);
        assert_eq!(session.wake_at(), 10_000);
        assert_eq!(sends(&mut session, 10_000), ["ping"]);
        assert!(!session.is_dead(29_999));
        assert!(session.is_dead(30_000));
        session.hear(&ServerMsg::Pong { n: 1 }, 29_999);
        assert!(!session.is_dead(30_000));
    }

    #[test]
    fn close_code_decides_return_welcome_resets_backoff() {
        let mut session = talking();
        for (code, back) in [(1000, false), (1006, true), (4001, true), (4500, false), (4502, false)] {
            assert_eq!(session.over(code, 0.9).is_some(), back, "{code}");
        }
        let waits: Vec<u128> = (0..3).map(|_| session.over(1006, 0.999).unwrap().as_millis()).collect();
        assert!(waits.is_sorted() && waits[2] > 2 * waits[0], "{waits:?}");
        session.open(0);
        session.hear(&welcome("e", 5, false), 0);
        assert!(session.over(1006, 0.999).unwrap().as_millis() < waits[0]);
    }
}
