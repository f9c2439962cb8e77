//! The room as this page knows it, and the one function that lets the server change it.

use chat_protocol::{
    CaptureToken, Epoch, ErrorCode, Member, Name, OpenTab, Resume, ResumeToken, Said, Seq, ServerMsg, Welcome,
};

use super::{Outbox, Roster, Settling, Snapshot, Timeline, Typing, timeline::UtcOffset};

/// Everything the page knows.
#[derive(Default, Debug)]
pub(crate) struct Room {
    /// Who we are, once welcomed.
    pub me: Option<Member>,
    /// The tabs that we are here in, oldest first, as the server told them; none before there was another.
    pub tabs: Vec<OpenTab>,
    pub timeline: Timeline,
    pub roster: Roster,
    pub typing: Typing,
    /// What of ours is under way.
    pub outbox: Outbox,
    /// What has been heard since the page was opened.
    pub heard: Heard,
    settling: Settling,
    place: Option<Place>,
}

/// Counts of what was heard, for the lesson.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Heard {
    /// Messages, one's own included.
    pub all: u32,
    /// One's own, echoed by the room.
    pub own: u32,
    /// Number of the last one.
    pub seq: Seq,
}

/// How far we have read, and the proof that it was us.
#[derive(Clone, Debug)]
struct Place {
    epoch: Epoch,
    seq: Seq,
    token: ResumeToken,
}

/// What a message changed, so that only that is drawn again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Changed {
    pub timeline: bool,
    /// Who is here, or who we are.
    pub roster: bool,
    pub typing: bool,
    /// What is under way.
    pub outbox: bool,
    /// We are in: `welcome` came.
    pub welcomed: bool,
    /// There are other tabs of ours than we know: the server should be asked for them.
    pub tabs: bool,
    /// How many new messages of others there are.
    pub heard: u32,
    /// A pong with this number.
    pub pong: Option<u32>,
    /// The connection is recorded, and this shows the recording.
    pub recorded: Option<CaptureToken>,
    /// An error that answers no message of ours.
    pub refused: Option<Refused>,
}

/// Something the server did not accept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refused {
    pub code: ErrorCode,
    /// A free name, when the name was taken.
    pub suggestion: Option<Name>,
    /// In how many seconds the name is free, when who has it is away and does not come back.
    pub free_in: Option<u32>,
}

impl Room {
    /// A room nobody has entered yet, for a reader whose clock is this.
    pub(crate) fn new(utc_offset: UtcOffset) -> Self {
        Self { timeline: Timeline::new(utc_offset), ..Self::default() }
    }

    /// Brings back what a reload kept.
    pub(crate) fn restore(&mut self, snapshot: Snapshot) {
        self.timeline.restore(snapshot.said, snapshot.marks, &snapshot.client_id);
        self.outbox = Outbox::restore(snapshot.pending);
        self.set_resume(snapshot.resume);
    }

    /// What to ask for when joining again.
    pub(crate) fn resume(&self) -> Option<Resume> {
        let place = self.place.clone()?;
        Some(Resume { token: place.token, epoch: place.epoch, seq: place.seq })
    }

    /// From now on this is what to ask for.
    pub(crate) fn set_resume(&mut self, resume: Option<Resume>) {
        self.place = resume.map(|Resume { token, epoch, seq }| Place { epoch, seq, token });
    }

    /// Takes one message from the server, at `now` in milliseconds.
    pub(crate) fn apply(&mut self, msg: ServerMsg, now: u64) -> Changed {
        match msg {
            ServerMsg::Welcome(welcome) => self.welcome(welcome, now),
            ServerMsg::Said(said) => self.said(said),
            ServerMsg::Presence(presence) => {
                let typing = presence.left.iter().fold(false, |any, id| self.typing.stop(id) | any);
                let me = self.me.as_ref().map(|me| &me.id);
                let comings = self.roster.apply(presence, me);
                if let Some(me) = &mut self.me
                    && let Some(listed) = self.roster.get(&me.id)
                {
                    *me = listed.clone();
                }
                for coming in comings {
                    self.settling.notice(coming, &mut self.timeline, now);
                }
                Changed {
                    roster: true,
                    timeline: true,
                    typing,
                    tabs: self.misses_tabs(),
                    ..Changed::default()
                }
            }
            ServerMsg::Typing { from } => {
                let typing = self.me.as_ref().is_none_or(|me| me.id != from) && self.typing.notice(from, now);
                Changed { typing, ..Changed::default() }
            }
            ServerMsg::Tabs { tabs, token } => {
                self.tabs = tabs;
                if let (Some(place), Some(token)) = (&mut self.place, token) {
                    place.token = token;
                }
                // What is under way is kept for a reload, and with it the token.
                Changed { roster: true, outbox: true, ..Changed::default() }
            }
            ServerMsg::Pong { n } => Changed { pong: Some(n), ..Changed::default() },
            ServerMsg::Xray { token } => Changed { recorded: Some(token), ..Changed::default() },
            ServerMsg::Error { code, id: Some(id), .. } => {
                self.outbox.refuse(&id, code);
                Changed { outbox: true, ..Changed::default() }
            }
            ServerMsg::Error { code, suggestion, free_in, id: None, .. } => {
                Changed { refused: Some(Refused { code, suggestion, free_in }), ..Changed::default() }
            }
            // A class, which this program is built without.
            _ => Changed::default(),
        }
    }

    /// Whether there are other tabs of ours than the server has told.
    fn misses_tabs(&self) -> bool {
        self.me.as_ref().is_some_and(|me| me.tabs as usize != self.tabs.len().max(1))
    }

    /// Takes what a second has changed, at `now` in milliseconds.
    pub(crate) fn second(&mut self, now: u64) -> Changed {
        self.outbox.second();
        Changed {
            typing: self.typing.expire(now),
            timeline: self.settling.settle(&mut self.timeline, now),
            ..Changed::default()
        }
    }

    fn welcome(&mut self, welcome: Welcome, now: u64) -> Changed {
        let read_from = self.place.as_ref().map_or(welcome.seq, |place| place.seq);
        if self.timeline.is_empty() && read_from > 0 {
            self.timeline.begin();
        }
        if let Some(place) = &self.place {
            let nothing_missed = welcome.epoch == place.epoch && welcome.seq == place.seq;
            if !welcome.recovered && !nothing_missed {
                self.timeline.gap();
            }
        }
        self.roster.reset(welcome.members, welcome.member_count, welcome.away_count);
        self.settling.catch_up(&self.roster, now);
        self.me = Some(welcome.you);
        self.place = Some(Place { epoch: welcome.epoch, seq: welcome.seq, token: welcome.token });
        self.typing = Typing::default();
        self.outbox.reconnected();
        Changed {
            timeline: true,
            roster: true,
            typing: true,
            outbox: true,
            welcomed: true,
            tabs: self.misses_tabs(),
            ..Changed::default()
        }
    }

    fn said(&mut self, said: Said) -> Changed {
        let outbox = self.is_mine(&said) && self.outbox.acknowledge(&said.id);
        let expected = self.place.as_ref().map_or(said.seq, |place| place.seq + 1);
        if said.seq < expected {
            // Read already: an answer to a message sent twice. Its echo counts, its text does not.
            return Changed { outbox, ..Changed::default() };
        }
        if said.seq > expected {
            self.timeline.gap();
        }
        if let Some(place) = &mut self.place {
            place.seq = said.seq;
        }
        let mine = self.is_mine(&said);
        self.heard.all += 1;
        self.heard.own += u32::from(mine);
        self.heard.seq = said.seq;
        let typing = self.typing.stop(&said.from);
        self.timeline.say(said, mine);
        Changed { timeline: true, outbox, typing, heard: u32::from(!mine), ..Changed::default() }
    }

    fn is_mine(&self, said: &Said) -> bool {
        self.me.as_ref().is_some_and(|me| me.id == said.from)
    }

    /// Whether a message of ours with this id is still under way.
    #[cfg(test)]
    pub(crate) fn is_pending(&self, id: &chat_protocol::SayId) -> bool {
        self.outbox.all().iter().any(|pending| pending.id == *id)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use chat_protocol::{ClientId, Presence, RoomId, SayId, Text};

    use super::*;
    use crate::state::timeline::EntryKind;

    pub(crate) fn id(raw: &str) -> ClientId {
        ClientId::parse(raw).unwrap()
    }

    pub(crate) fn name(raw: &str) -> Name {
        Name::parse(raw).unwrap()
    }

    pub(crate) fn member(raw_id: &str, raw_name: &str) -> Member {
        Member::new(id(raw_id), name(raw_name))
    }

    pub(crate) fn said(seq: Seq, from: &str, at: u64) -> Said {
        Said {
            seq,
            id: SayId::parse(&format!("{from}-{seq}")).unwrap(),
            from: id(from),
            name: name(from),
            text: Text::parse("سلام").unwrap(),
            at,
        }
    }

    fn welcome(epoch: &str, seq: Seq, recovered: bool) -> ServerMsg {
        ServerMsg::Welcome(Welcome {
            you: member("me", "من"),
            room: RoomId::parse("class").unwrap(),
            epoch: Epoch::parse(epoch).unwrap(),
            seq,
            token: ResumeToken::from_bytes([7; 32]),
            recovered,
            members: vec![member("me", "من")],
            member_count: 1,
            away_count: 0,
        })
    }

    fn gaps(room: &Room) -> usize {
        room.timeline.newest(usize::MAX).filter(|entry| entry.kind == EntryKind::Gap).count()
    }

    fn joined() -> Room {
        let mut room = Room::default();
        room.apply(welcome("e1", 4, false), 0);
        room
    }

    fn beginnings(room: &Room) -> usize {
        room.timeline.newest(usize::MAX).filter(|entry| entry.kind == EntryKind::Beginning).count()
    }

    fn reloaded(room: &Room) -> Room {
        let (said, marks) = room.timeline.kept(200);
        let snapshot = Snapshot {
            client_id: id("me"),
            resume: room.resume(),
            tab: None,
            said,
            marks,
            pending: room.outbox.all().to_vec(),
        };
        let mut room = Room::default();
        room.restore(snapshot);
        room
    }

    #[test]
    fn newcomer_sees_earlier_talk_notice_once() {
        let mut room = joined();
        assert_eq!(beginnings(&room), 1);
        assert!(!room.timeline.has_messages());
        // Once, however often one comes back.
        room.apply(welcome("e1", 4, true), 0);
        let mut room = reloaded(&room);
        room.apply(welcome("e1", 4, true), 0);
        room.apply(ServerMsg::Said(said(5, "ali", 0)), 0);
        assert_eq!((beginnings(&room), gaps(&room)), (1, 0));
    }

    #[test]
    fn first_member_sees_no_earlier_talk_notice() {
        let mut room = Room::default();
        room.apply(welcome("e1", 0, false), 0);
        assert_eq!(beginnings(&room), 0);
        let mut room = reloaded(&room);
        room.apply(welcome("e1", 0, true), 0);
        room.apply(ServerMsg::Said(said(1, "ali", 0)), 0);
        let mut room = reloaded(&room);
        room.apply(welcome("e1", 1, true), 0);
        assert_eq!((beginnings(&room), gaps(&room)), (0, 0));
    }

    #[test]
    fn gap_survives_reload_in_place() {
        let mut room = joined();
        room.apply(ServerMsg::Said(said(5, "ali", 0)), 0);
        room.apply(welcome("e1", 9, false), 0);
        room.apply(ServerMsg::Said(said(10, "ali", 0)), 0);
        let kinds =
            |room: &Room| room.timeline.newest(99).map(|entry| entry.kind.clone()).collect::<Vec<_>>();
        let before = kinds(&room);
        let mut room = reloaded(&room);
        room.apply(welcome("e1", 10, true), 0);
        assert_eq!(kinds(&room), before);
    }

    #[test]
    fn own_tabs_are_asked_for_once() {
        let mut room = joined();
        let now_in = |tabs| {
            let me = Member { tabs, ..member("me", "من") };
            ServerMsg::Presence(Presence { changed: vec![me], member_count: 1, ..Presence::default() })
        };
        let told = |count| {
            let tab = |n| OpenTab { since: n, http: false, elsewhere: false, this: n == 0 };
            ServerMsg::Tabs { tabs: (0..count).map(tab).collect(), token: None }
        };
        assert!(!room.apply(now_in(1), 0).tabs);
        assert!(room.apply(now_in(2), 0).tabs);
        // One more has come, and its presence is still to be told.
        assert!(!room.apply(told(3), 0).tabs, "an answer is no question");
        assert!(!room.apply(now_in(3), 0).tabs);
        assert!(room.apply(now_in(1), 0).tabs);
        room.apply(told(1), 0);
        assert!(!room.apply(now_in(1), 0).tabs);
    }

    #[test]
    fn a_first_welcome_is_no_gap() {
        let room = joined();
        assert_eq!(gaps(&room), 0);
        assert_eq!(room.resume().unwrap().seq, 4);
    }

    #[test]
    fn only_incomplete_resume_shows_gap() {
        let mut room = joined();
        room.apply(ServerMsg::Said(said(5, "ali", 0)), 0);
        room.apply(welcome("e1", 5, true), 0);
        room.apply(ServerMsg::Said(said(6, "ali", 0)), 0);
        assert_eq!(gaps(&room), 0);
        room.apply(welcome("e1", 9, false), 0);
        assert_eq!(gaps(&room), 1);
        room.apply(ServerMsg::Said(said(10, "ali", 0)), 0);
        room.apply(welcome("e2", 0, false), 0);
        assert_eq!(gaps(&room), 2);
    }

    #[test]
    fn refused_resume_without_loss_shows_no_gap() {
        let mut room = joined();
        room.apply(welcome("e1", 4, false), 0);
        assert_eq!(gaps(&room), 0);
    }

    #[test]
    fn unannounced_seq_hole_shows_gap() {
        let mut room = joined();
        room.apply(ServerMsg::Said(said(7, "ali", 0)), 0);
        assert_eq!(gaps(&room), 1);
    }

    #[test]
    fn repeated_message_changes_nothing() {
        let mut room = joined();
        assert!(room.outbox.say(SayId::parse("me-5").unwrap(), Text::parse("سلام").unwrap()));
        let own = said(5, "me", 0);
        let first = room.apply(ServerMsg::Said(own.clone()), 0);
        assert!(first.outbox && first.timeline && first.heard == 0);
        let again = room.apply(ServerMsg::Said(own), 0);
        assert_eq!(again, Changed::default());
        assert_eq!(room.timeline.kept(10).0.len(), 1);
    }

    #[test]
    fn repeated_message_still_acknowledges() {
        let mut room = joined();
        room.apply(ServerMsg::Said(said(5, "me", 0)), 0);
        assert!(room.outbox.say(SayId::parse("me-5").unwrap(), Text::parse("سلام").unwrap()));
        let again = room.apply(ServerMsg::Said(said(5, "me", 0)), 0);
        assert!(again.outbox && !again.timeline && again.heard == 0);
        assert!(!room.is_pending(&SayId::parse("me-5").unwrap()));
    }

    #[test]
    fn foreign_message_with_same_id_acknowledges_nothing() {
        let mut room = joined();
        let theirs = said(5, "ali", 0);
        assert!(room.outbox.say(theirs.id.clone(), Text::parse("سلام").unwrap()));
        let changed = room.apply(ServerMsg::Said(theirs.clone()), 0);
        assert!(!changed.outbox && changed.heard == 1);
        assert!(room.is_pending(&theirs.id));
    }

    #[test]
    fn unacknowledged_message_is_resent_after_welcome() {
        let mut room = joined();
        assert!(room.outbox.say(SayId::parse("m1").unwrap(), Text::parse("سلام").unwrap()));
        assert_eq!(room.outbox.take_unsent(0).len(), 1);
        room.apply(welcome("e1", 4, true), 0);
        assert_eq!(room.outbox.take_unsent(0).len(), 1);
    }

    #[test]
    fn speaking_and_leaving_end_typing() {
        let mut room = joined();
        room.apply(ServerMsg::Typing { from: id("ali") }, 0);
        room.apply(ServerMsg::Typing { from: id("sara") }, 0);
        assert!(room.apply(ServerMsg::Said(said(5, "ali", 0)), 0).typing);
        let left = Presence { left: vec![id("sara")], member_count: 1, ..Presence::default() };
        assert!(room.apply(ServerMsg::Presence(left), 0).typing);
        assert_eq!(room.typing.who().count(), 0);
    }

    #[test]
    fn typing_on_is_no_change() {
        let mut room = joined();
        assert!(room.apply(ServerMsg::Typing { from: id("ali") }, 0).typing);
        assert!(!room.apply(ServerMsg::Typing { from: id("ali") }, 2_500).typing);
        assert!(!room.apply(ServerMsg::Typing { from: id("me") }, 2_500).typing);
    }
}
