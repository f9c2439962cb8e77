//! The properties of a class: who may turn its stage, and how a vote counts.

use chat_protocol::{Ballot, Class, MemberRoundTrip, RoundTrip, RoundTrips, Stage as Page, Vote};

use super::{
    tests::{Ask, LIMITS, Stage, WINDOW},
    *,
};

fn key(n: u8) -> TokenHash {
    TokenHash::of_key(&chat_protocol::ClassKey::from_bytes([n; 32]))
}

fn page(slide: u32, step: u32) -> Page {
    Page::new(slide, step).unwrap()
}

fn ballot() -> Command {
    Command::OpenVote(Box::new(Ballot::parse("پیام گم می‌شود؟", &["بله", "نه", "دو بار می‌آید"]).unwrap()))
}

/// A class, with its teacher and a student.
fn class() -> (Stage, ConnKey, ConnKey) {
    let mut stage = Stage::new(LIMITS);
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    let (sara, _) = stage.join("sara");
    stage.hears(teacher);
    stage.hears(sara);
    (stage, teacher, sara)
}

fn errors(heard: &[ServerMsg]) -> Vec<ErrorCode> {
    let code = |msg: &ServerMsg| if let ServerMsg::Error { code, .. } = msg { Some(*code) } else { None };
    heard.iter().filter_map(code).collect()
}

fn counts(heard: &[ServerMsg]) -> Vec<Vec<u32>> {
    let counts =
        |msg: &ServerMsg| if let ServerMsg::Vote(vote) = msg { Some(vote.counts.clone()) } else { None };
    heard.iter().filter_map(counts).collect()
}

/// What a connection that has just joined is told of the class.
fn told(stage: &mut Stage, conn: ConnKey) -> Option<Class> {
    let class = |msg| if let ServerMsg::Class(class) = msg { Some(class) } else { None };
    stage.hears(conn).into_iter().find_map(class)
}

#[test]
fn first_key_makes_an_empty_room_a_class() {
    let mut stage = Stage::new(LIMITS);
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    assert_eq!(
        told(&mut stage, teacher),
        Some(Class { stage: Page::FIRST, teacher: true, vote: None, answer: None })
    );
    for guess in [Ask::new("guest").showing(key(2)), Ask::new("teacher").named("t").showing(key(3))] {
        assert_eq!(stage.join_as(guess).unwrap_err().code, ErrorCode::BadKey);
    }
    let (second, _) = stage.join_as(Ask::new("second").showing(key(1))).unwrap();
    assert!(told(&mut stage, second).unwrap().teacher);
}

#[test]
fn class_may_return_before_its_teacher() {
    let mut stage = Stage::new(LIMITS);
    stage.join("sara");
    stage.wait(KEY_WINDOW - 1);
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    assert!(told(&mut stage, teacher).unwrap().teacher);
    assert_eq!(stage.join_as(Ask::new("t").showing(key(2))).unwrap_err().code, ErrorCode::BadKey);
}

#[test]
fn a_room_of_others_takes_no_key() {
    let mut stage = Stage::new(LIMITS);
    let (sara, _) = stage.join("sara");
    assert_eq!(told(&mut stage, sara), None);
    stage.wait(KEY_WINDOW);
    assert_eq!(stage.join_as(Ask::new("t").showing(key(1))).unwrap_err().code, ErrorCode::BadKey);
    stage.leave(sara, Departure::Clean);
    assert_eq!(stage.join_as(Ask::new("t").showing(key(1))).unwrap_err().code, ErrorCode::BadKey);
    stage.wait(WINDOW);
    assert!(stage.room.is_over());
}

#[test]
fn only_the_teacher_turns_the_stage() {
    let (mut stage, teacher, sara) = class();
    for command in [Command::Stage(page(2, 0)), ballot(), Command::CloseVote] {
        stage.apply(sara, command);
        assert_eq!(errors(&stage.hears(sara)), [ErrorCode::NotTeacher]);
        assert_eq!(stage.hears(teacher), []);
    }
    stage.apply(teacher, Command::Stage(page(4, 2)));
    stage.apply(teacher, Command::Stage(page(4, 2)));
    let turned = [ServerMsg::Stage(page(4, 2))];
    assert_eq!((stage.hears(teacher), stage.hears(sara)), (turned.to_vec(), turned.to_vec()));
    let (late, _) = stage.join("late");
    assert_eq!(told(&mut stage, late).map(|class| (class.stage, class.teacher)), Some((page(4, 2), false)));
}

#[test]
fn key_must_be_shown_by_each_connection() {
    let (mut stage, teacher, _) = class();
    stage.leave(teacher, Departure::Lost);
    let (again, _) = stage.join_as(Ask::new("teacher")).unwrap();
    stage.apply(again, Command::Stage(page(3, 0)));
    assert_eq!(errors(&stage.hears(again)), [ErrorCode::NotTeacher]);
    stage.apply(teacher, Command::Stage(page(3, 0)));
    let (late, _) = stage.join("late");
    assert_eq!(told(&mut stage, late).unwrap().stage, Page::FIRST, "a connection that is gone turns nothing");
}

#[test]
fn each_member_has_one_changeable_vote() {
    let (mut stage, teacher, sara) = class();
    stage.apply(sara, Command::Vote { answer: 0 });
    assert_eq!(errors(&stage.hears(sara)), [ErrorCode::NoVote]);
    stage.apply(teacher, ballot());
    stage.apply(teacher, ballot());
    assert_eq!(errors(&stage.hears(teacher)), [ErrorCode::VoteOpen]);
    stage.hears(sara);
    stage.apply(sara, Command::Vote { answer: 3 });
    assert_eq!(errors(&stage.hears(sara)), [ErrorCode::BadField]);
    for answer in [0, 2, 2] {
        stage.apply(sara, Command::Vote { answer });
    }
    stage.apply(teacher, Command::Vote { answer: 2 });
    assert_eq!(counts(&stage.hears(sara)), [[1, 0, 0], [0, 0, 1], [0, 0, 2]]);
    stage.apply(teacher, Command::CloseVote);
    stage.apply(sara, Command::Vote { answer: 1 });
    stage.apply(teacher, Command::CloseVote);
    assert_eq!(errors(&stage.hears(teacher)), [ErrorCode::NoVote]);
    let heard = stage.hears(sara);
    assert!(matches!(&heard[..], [ServerMsg::Vote(Vote { open: false, .. }), ServerMsg::Error { .. }]));
}

#[test]
fn who_returns_finds_their_own_vote() {
    let (mut stage, teacher, _) = class();
    let (ali, welcome) = stage.join("ali");
    stage.apply(teacher, ballot());
    stage.apply(ali, Command::Vote { answer: 1 });
    stage.leave(ali, Departure::Clean);
    let (ali, _) = stage.join_as(Ask::new("ali").resuming(&welcome, 0)).unwrap();
    let class = told(&mut stage, ali).unwrap();
    assert_eq!((class.answer, class.vote.unwrap().counts), (Some(1), vec![0, 1, 0]));
    stage.leave(ali, Departure::Clean);
    stage.hears(teacher);
    stage.wait(WINDOW);
    assert_eq!(counts(&stage.hears(teacher)), [[0, 0, 0]], "who is forgotten has no vote");
}

fn far(us: u32) -> Command {
    Command::RoundTrip(RoundTrip::new(us).unwrap())
}

/// How far members are, as a connection heard it.
fn distances(heard: &[ServerMsg]) -> Vec<Vec<(String, u32)>> {
    let of = |member: &MemberRoundTrip| (member.id.as_str().to_owned(), member.us);
    let told = |msg: &ServerMsg| match msg {
        ServerMsg::RoundTrips(RoundTrips { of: members }) => Some(members.iter().map(of).collect()),
        _ => None,
    };
    heard.iter().filter_map(told).collect()
}

#[test]
fn only_teachers_hear_of_round_trips() {
    let (mut stage, teacher, sara) = class();
    let (second, _) = stage.join_as(Ask::new("second").showing(key(1))).unwrap();
    stage.hears(second);
    stage.apply(sara, far(900));
    for heard in [stage.hears(teacher), stage.hears(second)] {
        assert_eq!(distances(&heard), [[("sara".to_owned(), 900)]]);
    }
    assert_eq!(distances(&stage.hears(sara)), [[]; 0]);
    stage.apply(second, far(70));
    assert_eq!(distances(&stage.hears(teacher)), [[("second".to_owned(), 70)]], "what was told is told once");
}

#[test]
fn round_trips_without_a_teacher_are_dropped() {
    let mut stage = Stage::new(Limits { members: 500, ..LIMITS });
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    let students: Vec<ConnKey> = (0..200).map(|_| stage.join("s").0).collect();
    stage.leave(teacher, Departure::Clean);
    stage.apply(students[0], far(900));
    let (again, _) = stage.join_as(Ask::new("again").showing(key(1))).unwrap();
    stage.wait(5_000);
    assert_eq!(distances(&stage.hears(again)), [[]; 0]);
    let mut chat = Stage::new(LIMITS);
    let (ali, _) = chat.join("ali");
    chat.hears(ali);
    chat.apply(ali, far(900));
    assert_eq!(chat.hears(ali), []);
}

#[test]
fn round_trips_of_a_crowd_are_gathered() {
    let mut stage = Stage::new(Limits { members: 500, ..LIMITS });
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    let students: Vec<ConnKey> = (0..200).map(|_| stage.join("s").0).collect();
    stage.wait(2_000);
    stage.hears(teacher);
    for us in [5, 7] {
        for student in &students {
            stage.apply(*student, far(us));
        }
    }
    stage.leave(students[0], Departure::Forgotten);
    assert_eq!(distances(&stage.hears(teacher)), [[]; 0]);
    stage.wait(2_000);
    let told = distances(&stage.hears(teacher));
    assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [199], "one message, without who is forgotten");
    assert!(told[0].iter().all(|(_, us)| *us == 7), "the latest of each");
}

#[test]
fn counts_of_a_crowd_are_gathered() {
    let mut stage = Stage::new(Limits { members: 500, ..LIMITS });
    let (teacher, _) = stage.join_as(Ask::new("teacher").showing(key(1))).unwrap();
    let students: Vec<ConnKey> = (0..200).map(|_| stage.join("s").0).collect();
    stage.wait(2_000);
    stage.apply(teacher, ballot());
    stage.hears(teacher);
    for student in students {
        stage.apply(student, Command::Vote { answer: 1 });
    }
    assert_eq!(counts(&stage.hears(teacher)), [[0; 0]; 0]);
    stage.wait(2_000);
    assert_eq!(counts(&stage.hears(teacher)), [[0, 200, 0]]);
}
