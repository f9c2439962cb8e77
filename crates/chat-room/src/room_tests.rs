//! The properties of a room, each by its name. A [`Stage`] plays the connections: it hands the
//! room what they ask, at a time of the test's choosing, and keeps what each of them was sent.

use std::collections::HashMap;

use chat_protocol::{Member, Presence, limits::TYPING_TTL_MS};

use super::*;
use crate::TokenHash;

pub(super) const WINDOW: Ms = 120_000;
const PREVIOUS_TOKEN: Ms = 60_000;
pub(super) const LIMITS: Limits = Limits {
    members: 50,
    members_per_address: 0,
    history: HistoryLimits { messages: 8, bytes: 1 << 16, age: 120_000 },
    resume_window: WINDOW,
    previous_token: PREVIOUS_TOKEN,
};

pub(super) fn opening(limits: Limits) -> Opening {
    Opening { room: RoomId::parse("class").unwrap(), limits, class: None }
}

pub(super) struct Stage {
    pub(super) room: Room,
    memory: usize,
    now: Ms,
    conns: u64,
    drawn: u64,
    inboxes: HashMap<ConnKey, Vec<ServerMsg>>,
    closed: Vec<(ConnKey, CloseCode)>,
}

impl Stage {
    pub(super) fn new(limits: Limits) -> Self {
        Self::with_memory(limits, usize::MAX)
    }

    /// Where there is room for so many bytes of what is kept.
    fn with_memory(limits: Limits, memory: usize) -> Self {
        let room = Room::new(opening(limits), Epoch::parse("e1").unwrap());
        Self { room, memory, now: 1_000, conns: 0, drawn: 0, inboxes: HashMap::new(), closed: Vec::new() }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Broadcast(msg) => self.inboxes.values_mut().for_each(|inbox| inbox.push(msg.clone())),
                Effect::Send(conn, msg) => self.inboxes.get_mut(&conn).unwrap().push(msg),
                Effect::Replay(conn, missed) => {
                    self.inboxes.get_mut(&conn).unwrap().extend(missed.into_iter().map(ServerMsg::Said));
                }
                Effect::Close(conn, code) => {
                    assert!(self.inboxes.remove(&conn).is_some(), "closed twice");
                    self.closed.push((conn, code));
                }
            }
        }
    }

    pub(super) fn tick(&mut self) {
        let mut effects = Vec::new();
        while self.room.kept_bytes() > self.memory {
            assert!(self.room.forget_oldest(self.now), "nothing is kept, and takes memory");
        }
        self.room.tick(self.now, &mut effects);
        self.perform(effects);
    }

    fn open(&mut self) -> ConnKey {
        self.conns += 1;
        ConnKey(self.conns)
    }

    pub(super) fn join_as(&mut self, ask: Ask) -> Result<(ConnKey, Welcome), Refusal> {
        let conn = self.open();
        self.join_on(conn, ask)
    }

    fn join_on(&mut self, conn: ConnKey, ask: Ask) -> Result<(ConnKey, Welcome), Refusal> {
        let mut random = [0; 32];
        random[..8].copy_from_slice(&conn.0.to_be_bytes());
        let mut effects = Vec::new();
        let join = Join {
            conn,
            client_id: ClientId::parse(ask.id).unwrap(),
            name: ask.name.map(|name| Name::parse(name).unwrap()),
            tab: ask.tab.map(|tab| TabId::parse(tab).unwrap()),
            address: ask.address,
            way: ask.way,
            claim: ask.claim,
            teacher: ask.teacher,
            token: FreshToken::new(random),
            rate_limit: Some(Arc::new(RateLimit::new(0.0, 0.0, std::time::Instant::now()))),
        };
        self.room.join(join, self.now, &mut effects)?;
        self.inboxes.insert(conn, Vec::new());
        self.perform(effects);
        let welcome = match &self.inboxes[&conn][0] {
            ServerMsg::Welcome(welcome) => welcome.clone(),
            other => panic!("expected a welcome first, got {other:?}"),
        };
        self.tick();
        Ok((conn, welcome))
    }

    pub(super) fn join(&mut self, id: &'static str) -> (ConnKey, Welcome) {
        self.join_as(Ask::new(id)).unwrap()
    }

    fn say(&mut self, conn: ConnKey, id: &str, text: &str) {
        let mut effects = Vec::new();
        let (id, text) = (SayId::parse(id).unwrap(), Text::parse(text).unwrap());
        self.room.say(conn, id, text, self.now, &mut effects);
        self.perform(effects);
        self.tick();
    }

    fn rename(&mut self, conn: ConnKey, name: &str) {
        let mut effects = Vec::new();
        self.room.rename(conn, Name::parse(name).unwrap(), self.now, &mut effects);
        self.perform(effects);
        self.tick();
    }

    fn tabs(&mut self, conn: ConnKey) -> Vec<OpenTab> {
        self.hears(conn);
        self.apply(conn, Command::Tabs);
        match &self.hears(conn)[..] {
            [ServerMsg::Tabs { tabs, token: None }] => tabs.clone(),
            other => panic!("expected one answer, got {other:?}"),
        }
    }

    pub(super) fn apply(&mut self, conn: ConnKey, command: Command) {
        let mut effects = Vec::new();
        self.drawn += 1;
        let mut random = [0; 32];
        random[24..].copy_from_slice(&self.drawn.to_be_bytes());
        let fresh = Box::new(FreshToken::new(random));
        self.room.apply(conn, command, Some(fresh), self.now, &mut effects);
        self.perform(effects);
        self.tick();
    }

    pub(super) fn leave(&mut self, conn: ConnKey, how: Departure) {
        self.inboxes.remove(&conn);
        self.room.leave(conn, how, self.now);
        self.tick();
    }

    pub(super) fn wait(&mut self, ms: Ms) {
        self.now += ms;
        self.tick();
    }

    /// What a connection got since it was last asked.
    pub(super) fn hears(&mut self, conn: ConnKey) -> Vec<ServerMsg> {
        std::mem::take(self.inboxes.get_mut(&conn).unwrap())
    }

    fn hears_said(&mut self, conn: ConnKey) -> Vec<(Seq, String)> {
        let said = |msg| match msg {
            ServerMsg::Said(said) => Some((said.seq, said.text.as_str().to_owned())),
            _ => None,
        };
        self.hears(conn).into_iter().filter_map(said).collect()
    }

    fn hears_presence(&mut self, conn: ConnKey) -> Vec<Presence> {
        let presence = |msg| if let ServerMsg::Presence(presence) = msg { Some(presence) } else { None };
        self.hears(conn).into_iter().filter_map(presence).collect()
    }
}

#[derive(Default)]
pub(super) struct Ask {
    id: &'static str,
    name: Option<&'static str>,
    tab: Option<&'static str>,
    address: AddressKey,
    way: Way,
    claim: Option<Claim>,
    teacher: Option<TokenHash>,
}

impl Ask {
    pub(super) fn new(id: &'static str) -> Self {
        Self { id, ..Self::default() }
    }

    pub(super) fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    fn tab(self, tab: &'static str) -> Self {
        Self { tab: Some(tab), ..self }
    }

    fn from(self, address: u64) -> Self {
        Self { address: AddressKey(address), ..self }
    }

    fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    pub(super) fn showing(self, teacher: TokenHash) -> Self {
        Self { teacher: Some(teacher), ..self }
    }

    pub(super) fn resuming(self, welcome: &Welcome, seq: Seq) -> Self {
        let proof = TokenHash::of(&welcome.token);
        Self { claim: Some(Claim { proof, epoch: welcome.epoch.clone(), seq }), ..self }
    }
}

fn ids(members: &[Member]) -> Vec<&str> {
    members.iter().map(|member| member.id.as_str()).collect()
}

#[test]
fn members_and_sender_hear_same_order() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, _) = stage.join("ali");
    stage.hears(sara);
    stage.hears(ali);
    stage.say(sara, "a", "سلام");
    stage.say(ali, "a", "سلام سارا");
    let heard = stage.hears(sara);
    assert_eq!(heard, stage.hears(ali));
    assert!(matches!(&heard[..], [ServerMsg::Said(one), ServerMsg::Said(two)]
        if (one.seq, one.from.as_str(), two.seq, two.from.as_str()) == (1, "sara", 2, "ali")));
}

#[test]
fn a_newcomer_sees_nothing_from_before() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    stage.say(sara, "a", "پیش از علی");
    let (ali, welcome) = stage.join("ali");
    assert_eq!((welcome.seq, welcome.recovered), (1, false));
    assert_eq!(ids(&welcome.members), ["sara", "ali"]);
    assert_eq!(stage.hears_said(ali), []);
}

#[test]
fn taken_id_without_token_is_another_member() {
    let mut stage = Stage::new(LIMITS);
    let (first, _) = stage.join("ali");
    let (second, welcome) = stage.join("ali");
    assert_eq!((welcome.you.id.as_str(), welcome.you.name.as_str()), ("ali-2", "ali ۲"));
    assert_eq!(welcome.member_count, 2);
    stage.hears(first);
    stage.say(second, "x", "من علی دومم");
    assert_eq!(stage.hears_said(first).len(), 1, "the first ali is unharmed");
    let forged = Claim { proof: FreshToken::new([9; 32]).hash, epoch: welcome.epoch, seq: 0 };
    let (_, welcome) = stage.join_as(Ask { claim: Some(forged), ..Ask::new("ali") }).unwrap();
    assert_eq!((welcome.you.id.as_str(), welcome.recovered), ("ali-3", false));
}

#[test]
fn taken_name_is_refused_with_suggestion() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join_as(Ask::new("a").named("علی")).unwrap();
    stage.hears(sara);
    let refusal = stage.join_as(Ask::new("b").named("علي")).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::NameTaken);
    assert_eq!(refusal.suggestion.as_ref().unwrap().as_str(), "علي ۲");
    assert_eq!(refusal.free_in, None, "who has it is here");
    assert_eq!(stage.hears(sara), []);
    let again = stage.join_as(Ask { id: "b", name: Some("علي ۲"), ..Ask::default() });
    assert_eq!(again.unwrap().1.member_count, 2);
}

#[test]
fn away_members_name_says_when_free() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join_as(Ask::new("a").named("سارا")).unwrap();
    let (ali, _) = stage.join("ali");
    stage.leave(sara, Departure::Lost);
    stage.wait(WINDOW - 1_500);
    let refusal = stage.join_as(Ask::new("b").named("سارا")).unwrap_err();
    assert_eq!((refusal.code, refusal.free_in), (ErrorCode::NameTaken, Some(2)));
    stage.hears(ali);
    stage.rename(ali, "سارا");
    assert!(matches!(stage.hears(ali)[..], [ServerMsg::Error { free_in: Some(2), .. }]));
    stage.wait(1_500);
    assert!(stage.join_as(Ask::new("b").named("سارا")).is_ok());
}

#[test]
fn shared_lookalike_name_frees_when_both_leave() {
    let mut stage = Stage::new(LIMITS);
    // One is spelt like Ian, the other looks like it.
    let (one, _) = stage.join_as(Ask::new("a").named("ian")).unwrap();
    let (other, _) = stage.join_as(Ask::new("b").named("lan")).unwrap();
    let mut free_in = || stage.join_as(Ask::new("c").named("Ian")).unwrap_err().free_in;
    assert_eq!(free_in(), None);
    stage.leave(one, Departure::Lost);
    let mut free_in = || stage.join_as(Ask::new("c").named("Ian")).unwrap_err().free_in;
    assert_eq!(free_in(), None, "the other is here");
    stage.wait(10_000);
    stage.leave(other, Departure::Lost);
    let refusal = stage.join_as(Ask::new("c").named("Ian")).unwrap_err();
    assert_eq!(refusal.free_in, Some(120));
}

#[test]
fn rename_obeys_name_rules_and_is_announced() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, _) = stage.join("ali");
    stage.hears(sara);
    stage.hears(ali);
    stage.rename(ali, "SARA");
    assert_eq!(stage.hears(sara), []);
    assert!(matches!(&stage.hears(ali)[..],
        [ServerMsg::Error { code: ErrorCode::NameTaken, suggestion: Some(free), .. }] if free.as_str() == "SARA ۲"));
    stage.rename(ali, "Ali");
    let told = stage.hears_presence(sara);
    assert_eq!(told[0].changed[0].name.as_str(), "Ali", "another spelling of one's own name is free");
    let (_, welcome) = stage.join("x");
    assert_eq!(welcome.members[1].name.as_str(), "Ali");
}

#[test]
fn lost_connection_is_away_then_left() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, _) = stage.join("ali");
    stage.hears(sara);
    stage.leave(ali, Departure::Lost);
    let told = stage.hears_presence(sara);
    assert!(told[0].changed[0].away && told[0].left.is_empty());
    assert_eq!((told[0].member_count, told[0].away_count), (2, 1));
    let (_, welcome) = stage.join("reza");
    assert_eq!((welcome.member_count, welcome.away_count), (3, 1));
    stage.hears(sara);
    stage.wait(WINDOW - 1);
    assert_eq!(stage.hears(sara), []);
    assert_eq!(stage.room.next_deadline(), Some(stage.now + 1));
    stage.wait(1);
    let told = stage.hears_presence(sara);
    let counts = (told[0].member_count, told[0].away_count);
    assert_eq!((told[0].left[0].as_str(), counts), ("ali", (2, 0)));
}

#[test]
fn clean_close_leaves_but_allows_resume() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, welcome) = stage.join_as(Ask::new("ali").named("علی")).unwrap();
    stage.leave(ali, Departure::Clean);
    assert_eq!(stage.hears_presence(sara).last().unwrap().left[0].as_str(), "ali");
    stage.say(sara, "s", "کجا رفت؟");
    let (ali, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    assert_eq!((back.you.name.as_str(), back.recovered, back.seq), ("علی", true, 0));
    assert_eq!(stage.hears_said(ali), [(1, "کجا رفت؟".to_owned())]);
    assert_eq!(stage.hears_presence(sara).last().unwrap().joined[0].id.as_str(), "ali");
}

#[test]
fn resume_numbers_name_taken_after_leaving() {
    let mut stage = Stage::new(LIMITS);
    let (first, welcome) = stage.join_as(Ask::new("ali").named("علی")).unwrap();
    stage.leave(first, Departure::Clean);
    let (_, other) = stage.join_as(Ask::new("ali").named("علی")).unwrap();
    assert_eq!(other.you.id.as_str(), "ali", "who left holds no id either");
    let (_, back) = stage.join_as(Ask::new("ali").named("علی").resuming(&welcome, 0)).unwrap();
    assert_eq!((back.you.id.as_str(), back.you.name.as_str()), ("ali-2", "علی ۲"));
    assert!(back.recovered, "the same session under another name");
}

#[test]
fn away_member_keeps_id_and_name() {
    let mut stage = Stage::new(LIMITS);
    let (first, welcome) = stage.join_as(Ask::new("ali").named("علی")).unwrap();
    stage.leave(first, Departure::Lost);
    assert!(stage.join_as(Ask::new("x").named("علی")).is_err());
    assert_eq!(stage.join("ali").1.you.id.as_str(), "ali-2");
    let (_, back) = stage.join_as(Ask::new("ali").named("علی").resuming(&welcome, 0)).unwrap();
    assert_eq!((back.you.id.as_str(), back.you.away), ("ali", false));
}

#[test]
fn rename_survives_reconnect_despite_join_name() {
    let mut stage = Stage::new(LIMITS);
    stage.join("sara");
    let (mut ali, welcome) = stage.join_as(Ask::new("ali").named("علی")).unwrap();
    stage.rename(ali, "علی رضایی");
    let (_, other) = stage.join_as(Ask::new("x").named("علی")).unwrap();
    assert_eq!(other.you.name.as_str(), "علی", "a name given up is free");
    for how in [Departure::Lost, Departure::Clean] {
        for asked in ["علی", "sara", "نامی آزاد"] {
            stage.leave(ali, how);
            let (conn, back) = stage.join_as(Ask::new("ali").named(asked).resuming(&welcome, 0)).unwrap();
            assert_eq!((back.you.name.as_str(), back.recovered), ("علی رضایی", true), "{asked}, {how:?}");
            ali = conn;
        }
    }
}

#[test]
fn same_tab_replaces_ghost_other_tab_adds() {
    let mut stage = Stage::new(LIMITS);
    let (ghost, welcome) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
    let (new, back) = stage.join_as(Ask::new("ali").tab("t1").resuming(&welcome, 0)).unwrap();
    assert_eq!(stage.closed, [(ghost, CloseCode::Replaced)]);
    assert_eq!((back.you.id.as_str(), back.you.tabs, back.member_count), ("ali", 1, 1));
    stage.room.leave(ghost, Departure::Lost, stage.now);
    let (_, second) = stage.join_as(Ask::new("ali").tab("t2").resuming(&back, 0)).unwrap();
    assert_eq!((second.you.tabs, second.member_count), (2, 1));
    stage.hears(new);
    stage.say(new, "s", "هر دو برگه");
    assert_eq!(stage.hears_said(new).len(), 1);
    assert_eq!(stage.closed.len(), 1);
}

#[test]
fn late_join_takes_nothing_from_newer_connection() {
    let mut stage = Stage::new(LIMITS);
    let (lost, welcome) = stage.join("ali");
    stage.leave(lost, Departure::Lost);
    let given_up = stage.open();
    let (ali, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    let refusal = stage.join_on(given_up, Ask::new("ali").resuming(&welcome, 0)).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::AlreadyJoined);
    assert!(stage.inboxes.contains_key(&ali) && stage.closed.is_empty());
    stage.leave(ali, Departure::Lost);
    assert!(stage.join_on(given_up, Ask::new("ali").resuming(&welcome, 0)).is_err(), "nor its way back");
    let (_, again) = stage.join_as(Ask::new("ali").resuming(&back, 0)).unwrap();
    assert_eq!((again.you.id.as_str(), again.recovered), ("ali", true));
}

const TABS: [&str; TABS_MAX] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];

#[test]
fn tabs_of_one_session_are_bounded() {
    let mut stage = Stage::new(LIMITS);
    let (first, mut welcome) = stage.join_as(Ask::new("ali").tab(TABS[0])).unwrap();
    for tab in &TABS[1..] {
        welcome = stage.join_as(Ask::new("ali").tab(tab).resuming(&welcome, 0)).unwrap().1;
    }
    assert_eq!(welcome.you.tabs as usize, TABS_MAX);
    let refusal = stage.join_as(Ask::new("ali").tab("17").resuming(&welcome, 0)).unwrap_err();
    assert_eq!(refusal.code, ErrorCode::RoomFull);
    stage.leave(first, Departure::Lost);
    assert!(stage.join_as(Ask::new("ali").tab("17").resuming(&welcome, 0)).is_ok());
}

#[test]
fn tab_replacing_forgotten_one_survives_lost_welcomes() {
    let mut stage = Stage::new(LIMITS);
    let (first, welcome) = stage.join_as(Ask::new("ali").tab(TABS[0])).unwrap();
    for tab in &TABS[1..] {
        stage.join_as(Ask::new("ali").tab(tab).resuming(&welcome, 0)).unwrap();
    }
    stage.leave(first, Departure::Lost);
    for _ in 0..3 {
        let (_, back) = stage.join_as(Ask::new("ali").tab("new").resuming(&welcome, 0)).unwrap();
        assert_eq!((back.you.id.as_str(), back.recovered), ("ali", true));
    }
}

#[test]
fn previous_token_lives_until_new_is_used() {
    let mut stage = Stage::new(LIMITS);
    let (_, t1) = stage.join("ali");
    let (_, t2) = stage.join_as(Ask::new("ali").resuming(&t1, 0)).unwrap();
    let (_, t3) = stage.join_as(Ask::new("ali").resuming(&t1, 0)).unwrap();
    assert_eq!(t3.you.id.as_str(), "ali", "the welcome with t2 may have been lost");
    let (_, stranger) = stage.join_as(Ask::new("ali").resuming(&t2, 0)).unwrap();
    assert_eq!(stranger.you.id.as_str(), "ali-2", "t2 was superseded unused");
    let (_, t4) = stage.join_as(Ask::new("ali").resuming(&t3, 0)).unwrap();
    assert_eq!(t4.you.id.as_str(), "ali");
    let (_, stranger) = stage.join_as(Ask::new("ali").resuming(&t1, 0)).unwrap();
    assert_eq!(stranger.you.id.as_str(), "ali-3", "t3 was used, so t1 is worth nothing");
}

/// Who comes with this token: the one who was given it, or somebody new.
fn returns(stage: &mut Stage, ask: Ask) -> bool {
    stage.join_as(ask).unwrap().1.you.id.as_str() == "ali"
}

#[test]
fn previous_token_ends_after_a_minute() {
    for (waited, is_good) in [(PREVIOUS_TOKEN - 1, true), (PREVIOUS_TOKEN, false)] {
        let mut stage = Stage::new(LIMITS);
        let (_, t1) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
        stage.wait(10 * PREVIOUS_TOKEN);
        let (_, t2) = stage.join_as(Ask::new("ali").tab("t1").resuming(&t1, 0)).unwrap();
        stage.wait(waited);
        let thief = Ask::new("ali").tab("thief").resuming(&t1, 0);
        assert!(!returns(&mut stage, thief), "it begins no other tab");
        assert_eq!(returns(&mut stage, Ask::new("ali").tab("t1").resuming(&t1, 0)), is_good, "{waited}");
        assert_eq!(returns(&mut stage, Ask::new("ali").tab("t1").resuming(&t2, 0)), !is_good, "{waited}");
    }
}

#[test]
fn lost_welcome_leaves_previous_token_good() {
    let mut stage = Stage::new(LIMITS);
    let (_, t1) = stage.join("ali");
    let (unheard, _) = stage.join_as(Ask::new("ali").resuming(&t1, 0)).unwrap();
    stage.wait(PREVIOUS_TOKEN - 1);
    stage.leave(unheard, Departure::Lost);
    stage.wait(WINDOW - 1);
    assert!(returns(&mut stage, Ask::new("ali").resuming(&t1, 0)), "as long as the person may come back");
    let mut stage = Stage::new(LIMITS);
    let (_, t1) = stage.join("ali");
    let (heard, _) = stage.join_as(Ask::new("ali").resuming(&t1, 0)).unwrap();
    stage.wait(PREVIOUS_TOKEN);
    stage.leave(heard, Departure::Lost);
    assert!(!returns(&mut stage, Ask::new("ali").resuming(&t1, 0)), "t2 was read");
}

#[test]
fn closed_tabs_token_ends_with_window() {
    for (waited, is_good) in [(WINDOW - 1, true), (WINDOW, false)] {
        let mut stage = Stage::new(LIMITS);
        let (first, t1) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
        stage.join_as(Ask::new("ali").tab("t2").resuming(&t1, 0)).unwrap();
        stage.leave(first, Departure::Clean);
        stage.wait(waited);
        assert_eq!(returns(&mut stage, Ask::new("ali").tab("t1").resuming(&t1, 0)), is_good, "{waited}");
    }
}

#[test]
fn own_tabs_are_told_to_their_person() {
    let mut stage = Stage::new(LIMITS);
    let (ali, t1) = stage.join_as(Ask::new("ali").tab("t1").from(1)).unwrap();
    let (sara, _) = stage.join("sara");
    let began = stage.now;
    stage.wait(5_000);
    let thief = Ask::new("ali").tab("thief").from(2).by(Way::Http).resuming(&t1, 0);
    let (thief, stolen) = stage.join_as(thief).unwrap();
    let own = OpenTab { since: began, http: false, elsewhere: false, this: true };
    let other = OpenTab { since: began + 5_000, http: true, elsewhere: true, this: false };
    assert_eq!(stage.tabs(ali), [own.clone(), other.clone()]);
    let of_thief = [
        OpenTab { elsewhere: true, this: false, ..own.clone() },
        OpenTab { elsewhere: false, this: true, ..other.clone() },
    ];
    assert_eq!(stage.tabs(thief), of_thief);
    assert_eq!(stage.tabs(sara).len(), 1, "nobody sees the tabs of others");
    // Coming back makes a tab no younger.
    stage.wait(5_000);
    stage.join_as(Ask::new("ali").tab("thief").from(1).resuming(&stolen, 0)).unwrap();
    assert_eq!(stage.tabs(ali), [own, OpenTab { http: false, elsewhere: false, ..other }]);
}

#[test]
fn older_tab_ends_younger_and_their_tokens() {
    let mut stage = Stage::new(LIMITS);
    let (ali, t1) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
    let (sara, _) = stage.join("sara");
    let (thief, stolen) = stage.join_as(Ask::new("ali").tab("thief").resuming(&t1, 0)).unwrap();
    let (closed, left) = stage.join_as(Ask::new("ali").tab("gone").resuming(&stolen, 0)).unwrap();
    stage.leave(closed, Departure::Lost);
    stage.hears(sara);
    stage.apply(ali, Command::EndTabs);
    assert_eq!(stage.closed, [(thief, CloseCode::Ended)]);
    let told = stage.hears_presence(sara);
    assert!(matches!(&told[..], [presence] if presence.changed[0].tabs == 1 && presence.left.is_empty()));
    stage.room.leave(thief, Departure::Lost, stage.now);
    assert_eq!(stage.tabs(ali).len(), 1, "the end of an ended connection changes nothing");
    for token in [&stolen, &left, &t1] {
        assert!(!returns(&mut stage, Ask::new("ali").tab("thief").resuming(token, 0)));
    }
}

#[test]
fn younger_tab_ends_no_older_one() {
    let mut stage = Stage::new(LIMITS);
    let (ali, t1) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
    let (thief, _) = stage.join_as(Ask::new("ali").tab("thief").resuming(&t1, 0)).unwrap();
    stage.apply(thief, Command::EndTabs);
    assert_eq!((stage.closed.len(), stage.tabs(ali).len()), (0, 2));
    stage.leave(ali, Departure::Lost);
    stage.apply(thief, Command::EndTabs);
    assert!(returns(&mut stage, Ask::new("ali").tab("t1").resuming(&t1, 0)), "nor one that is away");
}

#[test]
fn ending_tabs_renews_own_token() {
    let mut stage = Stage::new(LIMITS);
    let (ali, t1) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
    stage.wait(10 * PREVIOUS_TOKEN);
    stage.hears(ali);
    stage.apply(ali, Command::EndTabs);
    let heard = stage.hears(ali);
    let [ServerMsg::Tabs { tabs, token: Some(token) }] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(tabs.len(), 1);
    let t2 = Welcome { token: token.clone(), ..t1.clone() };
    for (is_read, good, bad) in [(true, &t2, &t1), (false, &t1, &t2)] {
        let mut stage = Stage::new(LIMITS);
        let (ali, _) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
        stage.apply(ali, Command::EndTabs);
        if is_read {
            stage.wait(PREVIOUS_TOKEN);
            assert!(!returns(&mut stage, Ask::new("ali").tab("t1").resuming(bad, 0)), "a minute has passed");
        }
        stage.leave(ali, Departure::Lost);
        assert!(returns(&mut stage, Ask::new("ali").tab("t1").resuming(good, 0)), "{is_read}");
    }
}

#[test]
fn a_resume_brings_exactly_what_was_missed() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, welcome) = stage.join("ali");
    for (id, text) in [("1", "یک"), ("2", "دو")] {
        stage.say(sara, id, text);
    }
    stage.leave(ali, Departure::Lost);
    for (id, text) in [("3", "سه"), ("4", "چهار")] {
        stage.say(sara, id, text);
    }
    let (ali, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 2)).unwrap();
    assert_eq!((back.recovered, back.seq), (true, 2));
    assert_eq!(stage.hears_said(ali), [(3, "سه".to_owned()), (4, "چهار".to_owned())]);
    stage.say(sara, "5", "پنج");
    assert_eq!(stage.hears_said(ali), [(5, "پنج".to_owned())]);
}

#[test]
fn incomplete_resume_says_so() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (_, welcome) = stage.join("ali");
    for n in 0..LIMITS.history.messages + 1 {
        stage.say(sara, &n.to_string(), "پر");
    }
    let newest = stage.room.history.newest();
    for (case, claim) in [
        ("rolled over", Ask::new("ali").resuming(&welcome, 0)),
        ("from the future", Ask::new("ali").resuming(&welcome, newest + 1)),
    ] {
        let (ali, back) = stage.join_as(claim).unwrap();
        assert_eq!((back.recovered, back.seq), (false, newest), "{case}");
        assert_eq!(stage.hears_said(ali), [], "{case}");
        stage.inboxes.clear();
        stage.room.leave(ali, Departure::Lost, stage.now);
        // The token of `welcome` stays valid, because the newer ones were never used.
    }
    let mut claim = Ask::new("ali").resuming(&welcome, newest);
    claim.claim.as_mut().unwrap().epoch = Epoch::parse("another").unwrap();
    assert!(!stage.join_as(claim).unwrap().1.recovered, "another life of the room");
}

#[test]
fn resume_never_reaches_before_first_join() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    stage.say(sara, "1", "راز");
    let (_, welcome) = stage.join("ali");
    let (ali, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    assert!(!back.recovered);
    assert_eq!(stage.hears_said(ali), []);
}

#[test]
fn duplicate_say_is_acknowledged_not_repeated() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, welcome) = stage.join("ali");
    stage.say(ali, "c-1", "یک بار");
    stage.leave(ali, Departure::Lost);
    let (ali, _) = stage.join_as(Ask::new("ali").resuming(&welcome, 1)).unwrap();
    stage.hears(sara);
    stage.hears(ali);
    stage.say(ali, "c-1", "یک بار");
    assert_eq!(stage.hears(sara), []);
    assert_eq!(stage.hears_said(ali), [(1, "یک بار".to_owned())]);
    for n in 0..LIMITS.history.messages {
        stage.say(sara, &n.to_string(), "پر");
    }
    stage.hears(ali);
    stage.say(ali, "c-1", "یک بار");
    assert_eq!(stage.hears_said(ali), [(1, "یک بار".to_owned())], "also when history has forgotten it");
    stage.say(sara, "c-1", "شناسه‌ی همان، از کس دیگر");
    assert_eq!(stage.hears_said(ali).len(), 1, "say ids belong to their session");
}

#[test]
fn resume_under_new_id_keeps_acknowledgements() {
    let mut stage = Stage::new(LIMITS);
    let (ali, welcome) = stage.join("ali");
    stage.say(ali, "c-1", "یک بار");
    stage.leave(ali, Departure::Clean);
    stage.join("ali");
    let (ali, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    assert_eq!(back.you.id.as_str(), "ali-2");
    stage.hears(ali);
    stage.say(ali, "c-1", "یک بار");
    assert!(matches!(&stage.hears(ali)[..],
        [ServerMsg::Said(said)] if said.from == back.you.id && said.seq == 1 && said.id.as_str() == "c-1"));
}

#[test]
fn presence_precedes_first_message_of_newcomer() {
    let mut stage = Stage::new(LIMITS);
    let (watcher, _) = stage.join("watcher");
    const CROWD: [&str; 40] = [
        "p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15",
        "p16", "p17", "p18", "p19", "p20", "p21", "p22", "p23", "p24", "p25", "p26", "p27", "p28", "p29",
        "p30", "p31", "p32", "p33", "p34", "p35", "p36", "p37", "p38", "p39",
    ];
    let mut last = watcher;
    for id in CROWD {
        last = stage.join(id).0;
    }
    assert!(stage.room.presence.concerns(&ClientId::parse("p39").unwrap()), "in a crowd, presence waits");
    stage.hears(watcher);
    stage.say(last, "1", "من آمدم");
    let heard = stage.hears(watcher);
    assert!(matches!(&heard[..], [ServerMsg::Presence(told), ServerMsg::Said(_)]
        if told.joined.iter().any(|member| member.id.as_str() == "p39") && told.member_count == 41));
    stage.wait(10_000);
    assert_eq!(stage.hears(watcher), [], "told once");
}

#[test]
fn full_room_refuses_newcomers_admits_away_member() {
    let mut stage = Stage::new(Limits { members: 2, ..LIMITS });
    let (ali, welcome) = stage.join_as(Ask::new("ali").from(1)).unwrap();
    stage.join_as(Ask::new("sara").from(2)).unwrap();
    assert_eq!(stage.join_as(Ask::new("x").from(3)).unwrap_err().code, ErrorCode::RoomFull, "both are here");
    stage.leave(ali, Departure::Lost);
    let refused = stage.join_as(Ask::new("x").from(2)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoomFull, "an address with as many members as theirs");
    assert!(stage.join_as(Ask::new("ali").from(9).resuming(&welcome, 0)).unwrap().1.recovered);
}

#[test]
fn newcomer_displaces_longest_away_of_largest_address() {
    let mut stage = Stage::new(Limits { members: 4, ..LIMITS });
    let (sara, _) = stage.join_as(Ask::new("sara").from(2)).unwrap();
    let (one, _) = stage.join_as(Ask::new("one").from(1)).unwrap();
    let (two, first) = stage.join_as(Ask::new("two").from(1)).unwrap();
    stage.join_as(Ask::new("three").from(1)).unwrap();
    for conn in [sara, two, one] {
        stage.leave(conn, Departure::Lost);
        stage.wait(1);
    }
    let ids = |welcome: &Welcome| {
        welcome.members.iter().map(|member| member.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let (ali, welcome) = stage.join_as(Ask::new("ali").from(3)).unwrap();
    assert_eq!(ids(&welcome), ["sara", "one", "three", "ali"]);
    assert_eq!(stage.hears_presence(ali).last().unwrap().left, std::slice::from_ref(&first.you.id));
    let (_, welcome) = stage.join_as(Ask::new("four").from(1)).unwrap();
    assert_eq!(ids(&welcome), ["sara", "three", "ali", "four"], "an address may take its own place");
    let (_, back) = stage.join_as(Ask::new("two").from(4).resuming(&first, 0)).unwrap();
    assert!(!back.recovered, "who was displaced is a newcomer, and takes the place of sara");
}

#[test]
fn members_of_one_address_are_bounded() {
    let mut stage = Stage::new(Limits { members_per_address: 2, ..LIMITS });
    let (ali, welcome) = stage.join_as(Ask::new("ali").from(1)).unwrap();
    stage.join_as(Ask::new("sara").from(1)).unwrap();
    let refused = stage.join_as(Ask::new("x").from(1)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoomFull);
    assert!(refused.detail.contains("your address has its 2 members"), "{}", refused.detail);
    stage.join_as(Ask::new("y").from(2)).unwrap();
    stage.leave(ali, Departure::Lost);
    assert!(stage.join_as(Ask::new("x").from(1)).is_ok(), "instead of who is away");
    let refused = stage.join_as(Ask::new("ali").from(1).resuming(&welcome, 0)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::RoomFull);
    assert!(stage.join_as(Ask::new("ali").from(3).resuming(&welcome, 0)).is_ok());
}

#[test]
fn remembered_departures_are_bounded() {
    let mut stage = Stage::new(Limits { members: 2, ..LIMITS });
    let welcomes: Vec<Welcome> = ["a", "b", "c"]
        .map(|id| {
            let (conn, welcome) = stage.join(id);
            stage.leave(conn, Departure::Clean);
            stage.wait(1);
            welcome
        })
        .into();
    assert_eq!(stage.room.roster.left_count(), 2);
    let (conn, a) = stage.join_as(Ask::new("x").resuming(&welcomes[0], 0)).unwrap();
    assert_eq!(a.you.id.as_str(), "x", "the first to leave is forgotten");
    stage.leave(conn, Departure::Lost);
    let (_, c) = stage.join_as(Ask::new("x").resuming(&welcomes[2], 0)).unwrap();
    assert_eq!(c.you.id.as_str(), "c");
}

#[test]
fn memory_pressure_evicts_messages_left_then_away() {
    let mut stage = Stage::with_memory(LIMITS, 0);
    let (ali, first) = stage.join("ali");
    let (sara, _) = stage.join("sara");
    stage.say(sara, "1", "سلام");
    assert_eq!(stage.room.history.bytes(), 0);
    stage.leave(ali, Departure::Lost);
    let told = stage.hears_presence(sara);
    assert_eq!(told.last().unwrap().left, std::slice::from_ref(&first.you.id));
    let (ali, again) = stage.join_as(Ask::new("ali").resuming(&first, 1)).unwrap();
    assert_eq!((again.you.id.as_str(), again.recovered, again.member_count), ("ali", false, 2));
    stage.leave(ali, Departure::Clean);
    assert!(!stage.join_as(Ask::new("ali").resuming(&again, 1)).unwrap().1.recovered);

    // With place for two sessions and some words, words go first.
    let mut stage = Stage::with_memory(LIMITS, 3_000);
    let (sara, _) = stage.join("sara");
    let (left, _) = stage.join("left");
    let (away, _) = stage.join("away");
    let (last, _) = stage.join("last");
    stage.leave(away, Departure::Lost);
    stage.leave(left, Departure::Clean);
    for n in 0..8 {
        stage.say(sara, &n.to_string(), "پر");
    }
    assert!((100..500).contains(&stage.room.history.bytes()), "{}", stage.room.history.bytes());
    assert_eq!((stage.room.roster.left_count(), stage.room.roster.count()), (1, 3));
    stage.leave(last, Departure::Lost);
    assert_eq!(stage.room.history.bytes(), 0);
    assert_eq!((stage.room.roster.left_count(), stage.room.roster.count()), (0, 3));
}

#[test]
fn typing_is_relayed_once_per_half_lifetime() {
    let mut stage = Stage::new(LIMITS);
    let (ali, _) = stage.join("ali");
    let typed = |stage: &mut Stage| {
        let mut effects = Vec::new();
        stage.room.typing(ali, stage.now, &mut effects);
        effects.len()
    };
    assert_eq!((typed(&mut stage), typed(&mut stage)), (1, 0));
    stage.now += TYPING_TTL_MS / 2;
    assert_eq!((typed(&mut stage), typed(&mut stage)), (1, 0));
    stage.say(ali, "s-1", "سلام");
    assert_eq!(typed(&mut stage), 1, "who spoke was done typing");
}

#[test]
fn crowded_welcome_lists_some_and_oneself() {
    let mut stage = Stage::new(Limits { members: 1_000, ..LIMITS });
    for _ in 0..chat_protocol::limits::ROSTER_MAX + 5 {
        stage.join("namesake");
    }
    let (_, welcome) = stage.join("ali");
    assert_eq!(welcome.members.len(), chat_protocol::limits::ROSTER_MAX);
    assert_eq!(welcome.members.last().unwrap().id.as_str(), "ali");
    assert_eq!(welcome.member_count as usize, chat_protocol::limits::ROSTER_MAX + 6);
}

#[test]
fn room_ends_when_nobody_can_return() {
    let mut stage = Stage::new(LIMITS);
    assert!(stage.room.is_over());
    let (ali, _) = stage.join("ali");
    let (sara, _) = stage.join("sara");
    stage.leave(ali, Departure::Clean);
    stage.leave(sara, Departure::Lost);
    assert!(!stage.room.is_over());
    stage.wait(WINDOW);
    assert!(stage.room.is_over());
    let roster = format!("{:?}", stage.room.roster);
    assert!(!roster.contains("ali") && !roster.contains("TokenHash"), "nothing stays behind: {roster}");
}

#[test]
fn forgotten_member_returns_as_newcomer() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    let (ali, welcome) = stage.join_as(Ask::new("ali").tab("t1")).unwrap();
    let (other, _) = stage.join_as(Ask::new("ali").tab("t2").resuming(&welcome, 0)).unwrap();
    stage.say(ali, "1", "مرا به یاد داری؟");
    stage.hears(sara);
    stage.leave(ali, Departure::Forgotten);
    let presence = stage.hears_presence(sara);
    assert_eq!((presence[0].changed[0].tabs, presence[0].left.len()), (1, 0), "another tab is open");
    stage.leave(other, Departure::Forgotten);
    assert_eq!(stage.hears_presence(sara)[0].left, [ClientId::parse("ali").unwrap()]);
    let (_, back) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    assert!(!back.recovered);
    assert_eq!((back.seq, back.member_count), (1, 2));
}
