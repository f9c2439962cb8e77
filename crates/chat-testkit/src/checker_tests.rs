//! Forged histories, each of which breaks one rule and is found to break that one and no other.

use chat_protocol::{Name, Resume, ResumeToken};

use super::*;

const ALI: ClientNo = ClientNo(1);
const SARA: ClientNo = ClientNo(2);
const REZA: ClientNo = ClientNo(3);

/// What happens to Ali, Sara and Reza in the one room of these stories.
#[derive(Default)]
struct Story {
    checker: Checker,
}

fn epoch(n: u32) -> Epoch {
    Epoch::parse(&format!("life-{n}")).unwrap()
}

fn id(no: ClientNo) -> ClientId {
    ClientId::parse(&format!("p{}", no.0)).unwrap()
}

fn member(no: ClientNo) -> Member {
    Member::new(id(no), Name::parse(&format!("name {}", no.0)).unwrap())
}

fn say_id(raw: &str) -> SayId {
    SayId::parse(raw).unwrap()
}

fn words(raw: &str) -> Text {
    Text::parse(&format!("the words of {raw}")).unwrap()
}

fn room() -> RoomId {
    RoomId::parse("class").unwrap()
}

fn message(seq: Seq, from: ClientNo, what: &str) -> Said {
    Said { seq, id: say_id(what), from: id(from), name: member(from).name, text: words(what), at: 7 }
}

impl Story {
    fn note(&mut self, no: ClientNo, event: Event) {
        self.checker.observe(no, &event);
    }

    fn ask(&mut self, no: ClientNo, resume: Option<(u32, Seq)>) {
        self.note(no, Event::Open(room()));
        let token = ResumeToken::from_bytes([7; 32]);
        let resume = resume.map(|(life, seq)| Resume { token, epoch: epoch(life), seq });
        self.note(no, Event::Sent(ClientMsg::join(None, resume, None)));
    }

    fn welcome(&mut self, no: ClientNo, life: u32, seq: Seq, recovered: bool, members: &[ClientNo]) {
        self.welcome_as(member(no), no, life, seq, recovered, members);
    }

    fn welcome_as(
        &mut self,
        you: Member,
        no: ClientNo,
        life: u32,
        seq: Seq,
        recovered: bool,
        members: &[ClientNo],
    ) {
        let welcome = Welcome {
            you,
            room: room(),
            epoch: epoch(life),
            seq,
            token: ResumeToken::from_bytes([7; 32]),
            recovered,
            members: members.iter().copied().map(member).collect(),
            member_count: members.len() as u32,
            away_count: 0,
        };
        self.note(no, Event::Heard(ServerMsg::Welcome(welcome)));
    }

    /// Comes in anew, in the first life.
    fn come(&mut self, no: ClientNo, seq: Seq) {
        self.ask(no, None);
        self.welcome(no, 1, seq, false, &[no]);
    }

    /// Comes back within the first life, recovered.
    fn come_back(&mut self, no: ClientNo, seq: Seq) {
        self.note(no, Event::Over);
        self.ask(no, Some((1, seq)));
        self.welcome(no, 1, seq, true, &[no]);
    }

    fn say(&mut self, no: ClientNo, what: &str) {
        self.note(no, Event::Sent(ClientMsg::Command(Command::Say { id: say_id(what), text: words(what) })));
    }

    fn hear(&mut self, no: ClientNo, seq: Seq, from: ClientNo, what: &str) {
        self.note(no, Event::Heard(ServerMsg::Said(message(seq, from, what))));
    }

    fn presence(&mut self, no: ClientNo, joined: &[ClientNo], left: &[ClientNo], member_count: u32) {
        let presence = Presence {
            joined: joined.iter().copied().map(member).collect(),
            left: left.iter().copied().map(id).collect(),
            changed: Vec::new(),
            member_count,
            away_count: 0,
        };
        self.note(no, Event::Heard(ServerMsg::Presence(presence)));
    }

    /// Ali and Sara are here, and Ali has said this, in order, which both have heard.
    fn ali_said(whats: &[&str]) -> Self {
        let mut story = Self::default();
        story.come(ALI, 0);
        story.come(SARA, 0);
        for (n, what) in whats.iter().enumerate() {
            story.say(ALI, what);
            story.hear(ALI, n as Seq + 1, ALI, what);
            story.hear(SARA, n as Seq + 1, ALI, what);
        }
        story
    }

    fn found(self) -> Vec<Violation> {
        self.found_with(&[])
    }

    fn found_with(self, here: &[ClientNo]) -> Vec<Violation> {
        self.checker.finish(here).0
    }
}

#[test]
fn an_honest_story_is_accepted() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    // Sara is cut, misses two, is back, and says again what may have been lost. It was not.
    story.say(SARA, "s1");
    story.hear(ALI, 3, SARA, "s1");
    story.say(ALI, "a3");
    story.hear(ALI, 4, ALI, "a3");
    story.come_back(SARA, 2);
    story.say(SARA, "s1");
    story.hear(SARA, 3, SARA, "s1");
    story.hear(SARA, 4, ALI, "a3");
    story.hear(SARA, 3, SARA, "s1");
    // Reza comes and hears nothing of that. Ali is told that he missed something.
    story.come(REZA, 4);
    story.note(ALI, Event::Over);
    story.say(REZA, "r1");
    story.hear(REZA, 5, REZA, "r1");
    story.hear(SARA, 5, REZA, "r1");
    story.ask(ALI, Some((1, 4)));
    story.welcome(ALI, 1, 5, false, &[ALI, SARA, REZA]);
    // The server starts anew: another life, counted from the beginning.
    for no in [ALI, SARA] {
        story.note(no, Event::Over);
        story.ask(no, Some((1, 5)));
        story.welcome(no, 2, 0, false, &[ALI, SARA]);
    }
    story.note(REZA, Event::Over);
    story.say(ALI, "a4");
    story.hear(ALI, 1, ALI, "a4");
    story.hear(SARA, 1, ALI, "a4");
    story.presence(SARA, &[], &[], 2);
    assert_eq!(story.found_with(&[ALI, SARA]), []);
}

#[test]
fn one_place_has_one_message() {
    let mut story = Story::ali_said(&[]);
    story.say(ALI, "a1");
    story.say(ALI, "a2");
    story.hear(ALI, 1, ALI, "a1");
    story.hear(SARA, 1, ALI, "a2");
    assert_eq!(story.found(), [Violation::TwoMessages { seq: 1, first: ALI, second: SARA }]);
}

#[test]
fn everybody_hears_the_same_name_and_time() {
    for change in [|said: &mut Said| said.at += 1, |said: &mut Said| said.name = member(REZA).name] {
        let mut story = Story::ali_said(&[]);
        story.say(ALI, "a1");
        story.hear(ALI, 1, ALI, "a1");
        let mut said = message(1, ALI, "a1");
        change(&mut said);
        story.note(SARA, Event::Heard(ServerMsg::Said(said)));
        assert_eq!(story.found(), [Violation::TwoMessages { seq: 1, first: ALI, second: SARA }]);
    }
}

#[test]
fn resent_message_keeps_one_place() {
    let mut story = Story::ali_said(&["a1"]);
    story.come_back(ALI, 1);
    story.say(ALI, "a1");
    story.hear(ALI, 2, ALI, "a1");
    let twice = Violation::SaidTwice { sender: ALI, id: say_id("a1"), first: 1, second: 2 };
    assert_eq!(story.found(), [twice]);
}

#[test]
fn unsent_message_is_a_forgery() {
    let mut story = Story::ali_said(&["a1"]);
    story.hear(SARA, 2, ALI, "a2");
    let forged = Violation::NeverSent { client: SARA, seq: 2, from: id(ALI), id: say_id("a2") };
    assert_eq!(story.found(), [forged]);
    // Nor does it become true when it is sent after it was heard, or by somebody else.
    let mut story = Story::ali_said(&["a1"]);
    story.say(SARA, "a2");
    story.hear(SARA, 2, ALI, "a2");
    story.say(ALI, "a2");
    assert_eq!(story.found().len(), 1);
}

#[test]
fn words_arrive_as_they_were_sent() {
    let mut story = Story::ali_said(&[]);
    story.say(ALI, "a1");
    let mut said = message(1, ALI, "a1");
    said.text = words("somebody else");
    story.note(SARA, Event::Heard(ServerMsg::Said(said)));
    story.hear(ALI, 1, ALI, "a1");
    let altered = Violation::Altered { client: SARA, seq: 1, sender: ALI, id: say_id("a1") };
    assert_eq!(story.found(), [altered]);
}

#[test]
fn silent_gap_is_found_live_and_recovered() {
    for cut in [false, true] {
        let mut story = Story::ali_said(&["a1"]);
        for (seq, what) in [(2, "a2"), (3, "a3"), (4, "a4")] {
            story.say(ALI, what);
            story.hear(ALI, seq, ALI, what);
        }
        if cut {
            story.come_back(SARA, 1);
        }
        story.hear(SARA, 4, ALI, "a4");
        assert_eq!(story.found(), [Violation::Gap { client: SARA, from: 2, to: 3 }]);
    }
}

#[test]
fn gap_remains_when_client_is_cut() {
    let mut story = Story::ali_said(&["a1"]);
    story.say(ALI, "a2");
    story.say(ALI, "a3");
    story.hear(SARA, 3, ALI, "a3");
    story.come_back(SARA, 3);
    assert_eq!(story.found(), [Violation::Gap { client: SARA, from: 2, to: 2 }]);
}

#[test]
fn messages_come_in_order() {
    let mut story = Story::ali_said(&["a1"]);
    story.say(ALI, "a2");
    story.say(ALI, "a3");
    story.hear(SARA, 3, ALI, "a3");
    story.hear(SARA, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::OutOfOrder { client: SARA, seq: 2, after: 3 }]);
}

#[test]
fn repetition_is_found_live_and_replayed() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.hear(SARA, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::Repeated { client: SARA, seq: 2, last: 2 }]);
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.come_back(SARA, 2);
    story.hear(SARA, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::Repeated { client: SARA, seq: 2, last: 2 }]);
    // Neither to its sender, who did not ask again.
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.hear(ALI, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::Repeated { client: ALI, seq: 2, last: 2 }]);
}

#[test]
fn one_question_has_one_answer() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.come_back(ALI, 2);
    story.say(ALI, "a2");
    story.hear(ALI, 2, ALI, "a2");
    story.hear(ALI, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::Repeated { client: ALI, seq: 2, last: 2 }]);
}

#[test]
fn a_newcomer_sees_nothing_from_before() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.come(REZA, 2);
    story.hear(REZA, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::BeforeJoin { client: REZA, seq: 2, joined: 2 }]);
    // Nor is the way there opened by counting from an earlier place.
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.come(REZA, 1);
    assert_eq!(story.found(), [Violation::WentBack { client: REZA, had: 2, got: 1 }]);
}

#[test]
fn resume_never_reaches_before_first_join() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.come(REZA, 2);
    story.come_back(REZA, 2);
    story.hear(REZA, 1, ALI, "a1");
    assert_eq!(story.found(), [Violation::BeforeJoin { client: REZA, seq: 1, joined: 2 }]);
}

#[test]
fn nobody_hears_anything_before_the_welcome() {
    let mut story = Story::ali_said(&["a1"]);
    story.say(ALI, "a2");
    story.hear(ALI, 2, ALI, "a2");
    story.note(SARA, Event::Over);
    story.ask(SARA, Some((1, 1)));
    story.hear(SARA, 2, ALI, "a2");
    assert_eq!(story.found(), [Violation::Unwelcomed { client: SARA, seq: 2 }]);
}

#[test]
fn false_recovery_is_found() {
    for (asked, life, seq) in [(None, 1, 1), (Some((1, 1)), 2, 1), (Some((1, 1)), 1, 2)] {
        let mut story = Story::ali_said(&["a1"]);
        story.say(ALI, "a2");
        story.hear(ALI, 2, ALI, "a2");
        story.note(SARA, Event::Over);
        story.ask(SARA, asked);
        story.welcome(SARA, life, seq, true, &[SARA]);
        let asked = asked.map(|(life, seq)| (epoch(life), seq));
        let got = (epoch(life), seq);
        assert_eq!(story.found(), [Violation::FalseRecovery { client: SARA, asked, got }]);
    }
}

#[test]
fn a_new_beginning_is_a_new_life() {
    let mut story = Story::ali_said(&["a1", "a2"]);
    story.note(ALI, Event::Over);
    story.ask(ALI, Some((1, 2)));
    story.welcome(ALI, 1, 0, false, &[ALI]);
    assert_eq!(story.found(), [Violation::WentBack { client: ALI, had: 2, got: 0 }]);
}

#[test]
fn unasked_or_wrong_welcome_is_found() {
    let mut story = Story::ali_said(&[]);
    story.welcome(SARA, 1, 0, false, &[SARA]);
    assert_eq!(story.found(), [Violation::UnaskedWelcome { client: SARA }]);
    let mut story = Story::default();
    let other = RoomId::parse("kitchen").unwrap();
    story.ask(ALI, None);
    story.note(ALI, Event::Open(other.clone()));
    story.note(ALI, Event::Sent(ClientMsg::join(None, None, None)));
    story.welcome(ALI, 1, 0, false, &[ALI]);
    assert_eq!(story.found(), [Violation::WrongRoom { client: ALI, asked: other, got: room() }]);
}

#[test]
fn two_people_have_two_ids() {
    let mut story = Story::ali_said(&[]);
    story.ask(REZA, None);
    story.welcome_as(member(ALI), REZA, 1, 0, false, &[ALI]);
    assert_eq!(story.found(), [Violation::SharedId { id: id(ALI), first: ALI, second: REZA }]);
}

#[test]
fn a_senders_messages_keep_their_order() {
    let mut story = Story::ali_said(&[]);
    story.say(ALI, "a1");
    story.say(ALI, "a2");
    story.hear(ALI, 1, ALI, "a2");
    story.hear(ALI, 2, ALI, "a1");
    let order = Violation::SenderOrder { sender: ALI, first: (say_id("a1"), 2), second: (say_id("a2"), 1) };
    assert_eq!(story.found(), [order]);
}

#[test]
fn rate_limited_message_may_come_later() {
    let mut story = Story::ali_said(&[]);
    story.say(ALI, "a1");
    story.say(ALI, "a2");
    let too_fast = ServerMsg::Error {
        code: ErrorCode::TooFast,
        detail: "wait".into(),
        id: Some(say_id("a1")),
        suggestion: None,
        free_in: None,
    };
    story.note(ALI, Event::Heard(too_fast));
    story.hear(ALI, 1, ALI, "a2");
    story.say(ALI, "a1");
    story.hear(ALI, 2, ALI, "a1");
    assert_eq!(story.found(), []);
}

#[test]
fn overtaken_acknowledgement_is_found() {
    // Ali is told that he missed something, and then that his message was number 2.
    let mut story = Story::ali_said(&[]);
    story.say(ALI, "a1");
    story.note(ALI, Event::Over);
    story.ask(ALI, Some((1, 0)));
    story.welcome(ALI, 1, 2, false, &[ALI]);
    story.say(ALI, "a1");
    story.hear(ALI, 2, ALI, "a1");
    // What Sara only then says, he cannot have missed.
    story.say(SARA, "s1");
    story.hear(SARA, 1, SARA, "s1");
    story.hear(SARA, 2, ALI, "a1");
    let overtaken =
        Violation::Overtaken { acknowledged: (ALI, say_id("a1"), 2), sent_later: (SARA, say_id("s1"), 1) };
    assert_eq!(story.found(), [overtaken]);
}

#[test]
fn invented_claim_is_found() {
    let mut story = Story::ali_said(&["a1"]);
    story.note(SARA, Event::Over);
    story.ask(SARA, Some((1, 9)));
    assert_eq!(story.found(), [Violation::FalseClaim { client: SARA, claimed: 9, last: Some(1) }]);
}

/// Ali and Sara at rest, each knowing of both.
fn at_rest() -> Story {
    let mut story = Story::ali_said(&["a1", "a2"]);
    for no in [ALI, SARA] {
        story.come_back(no, 2);
        story.presence(no, &[ALI, SARA], &[], 2);
    }
    story
}

#[test]
fn at_rest_all_are_present_and_current() {
    assert_eq!(at_rest().found_with(&[ALI, SARA]), []);

    let mut story = at_rest();
    story.note(SARA, Event::Over);
    assert!(story.found_with(&[ALI, SARA]).contains(&Violation::Absent { client: SARA }));

    let mut story = at_rest();
    story.say(ALI, "a3");
    story.hear(ALI, 3, ALI, "a3");
    let behind = Violation::Behind { client: SARA, last: 2, newest: 3 };
    assert_eq!(story.found_with(&[ALI, SARA]), [behind]);

    let mut story = at_rest();
    story.say(ALI, "a3");
    let unanswered = Violation::Unacknowledged { client: ALI, id: say_id("a3") };
    assert_eq!(story.found_with(&[ALI, SARA]), [unanswered]);

    let mut story = at_rest();
    story.note(SARA, Event::Over);
    story.ask(SARA, Some((1, 2)));
    story.welcome(SARA, 2, 0, false, &[ALI, SARA]);
    let split = Violation::SplitRoom { room: room(), first: ALI, second: SARA };
    assert_eq!(story.found_with(&[ALI, SARA]), [split]);
}

#[test]
fn at_rest_everybody_sees_who_is_here() {
    let roster = |missing: &[ClientNo], extra: &[ClientNo], count| Violation::Roster {
        client: ALI,
        missing: missing.iter().copied().map(id).collect(),
        extra: extra.iter().copied().map(id).collect(),
        count,
    };
    let mut story = at_rest();
    story.presence(ALI, &[], &[SARA], 1);
    assert_eq!(story.found_with(&[ALI, SARA]), [roster(&[SARA], &[], None)]);

    let mut story = at_rest();
    story.presence(ALI, &[REZA], &[], 3);
    assert_eq!(story.found_with(&[ALI, SARA]), [roster(&[], &[REZA], None)]);

    let mut story = at_rest();
    story.presence(ALI, &[], &[], 3);
    assert_eq!(story.found_with(&[ALI, SARA]), [roster(&[], &[], Some(3))]);

    let mut story = at_rest();
    let renamed = Member { name: member(REZA).name, ..member(SARA) };
    let presence = Presence { changed: vec![renamed], member_count: 2, ..Presence::default() };
    story.note(ALI, Event::Heard(ServerMsg::Presence(presence)));
    assert_eq!(story.found_with(&[ALI, SARA]), [roster(&[SARA], &[], None)]);
}
