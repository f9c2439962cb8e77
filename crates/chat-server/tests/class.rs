//! A class over real sockets: its key, its stage, its votes; and that whoever has no key harms nobody.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Client, TestServer};
use serde_json::{Value, json};

fn key(digit: char) -> Value {
    json!({"token": digit.to_string().repeat(64)})
}

async fn teach(server: &TestServer, room: &str) -> Client {
    server.join_with(room, "teacher", json!({"type": "join", "teacher": key('a')})).await
}

/// A teacher and a student who know where the class is.
async fn class(server: &TestServer) -> (Client, Client) {
    let mut teacher = teach(server, "class").await;
    let mut sara = server.join("class", "sara").await;
    teacher.expect("class").await;
    sara.expect("class").await;
    (teacher, sara)
}

#[tokio::test]
async fn pages_turn_for_members_and_latecomers() {
    let server = TestServer::start().await;
    let mut teacher = teach(&server, "class").await;
    assert_eq!(
        teacher.expect("class").await,
        json!({"type": "class", "stage": {"slide": 1, "step": 0}, "teacher": true})
    );
    let mut sara = server.join("class", "sara").await;
    sara.expect("class").await;
    teacher.send(json!({"type": "stage", "slide": 4, "step": 2})).await;
    assert_eq!(sara.expect("stage").await, json!({"type": "stage", "slide": 4, "step": 2}));
    teacher.send(json!({"type": "open_vote", "question": "چند درخواست؟", "answers": ["۳۰", "۳۰۰"]})).await;
    assert_eq!(sara.expect("vote").await["counts"], json!([0, 0]));
    sara.send(json!({"type": "vote", "answer": 1})).await;
    assert_eq!(sara.expect("vote").await["counts"], json!([0, 1]));
    let mut late = server.join("class", "late").await;
    let class = late.expect("class").await;
    assert_eq!((&class["stage"]["slide"], &class["vote"]["counts"]), (&json!(4), &json!([0, 1])));
    assert_eq!(class.get("answer"), None);
    teacher.send(json!({"type": "close_vote"})).await;
    assert_eq!(late.expect("vote").await["open"], json!(false));
}

#[tokio::test]
async fn without_the_key_no_page_turns() {
    let server = TestServer::start().await;
    let mut teacher = teach(&server, "class").await;
    teacher.expect("class").await;
    let _elsewhere = server.join_with("other", "teacher", json!({"type": "join", "teacher": key('b')})).await;
    let mut guest = server.open("/ws/class/guest").await;
    // A guess, and another room's key.
    for digit in ['c', 'b'] {
        guest.send(json!({"type": "join", "teacher": key(digit)})).await;
        let error = guest.expect_error("bad_key").await;
        assert!(!error.to_string().contains("cccc") && !error.to_string().contains("bbbb"), "{error}");
    }
    guest.send(json!({"type": "join"})).await;
    guest.expect("welcome").await;
    guest.expect("class").await;
    for command in [
        json!({"type": "stage", "slide": 9, "step": 0}),
        json!({"type": "open_vote", "question": "؟", "answers": ["a", "b"]}),
        json!({"type": "close_vote"}),
    ] {
        guest.send(command).await;
        guest.expect_error("not_teacher").await;
    }
    let mut late = server.join("class", "late").await;
    assert_eq!(late.expect("class").await["stage"]["slide"], 1);
    teacher.send(json!({"type": "stage", "slide": 2, "step": 0})).await;
    assert_eq!(guest.expect("stage").await["slide"], 2);
}

#[tokio::test]
async fn teacher_alone_hears_how_far_members_are() {
    let server = TestServer::start().await;
    let (mut teacher, mut sara) = class(&server).await;
    let mut ali = server.join("class", "ali").await;
    sara.send(json!({"type": "round_trip", "us": 870})).await;
    let told = teacher.expect("round_trips").await;
    assert_eq!(told, json!({"type": "round_trips", "of": [{"id": "sara", "us": 870}]}));
    sara.say("fine", "هنوز هستم").await;
    loop {
        let heard = ali.next().await;
        assert_ne!(heard["type"], "round_trips");
        if heard["type"] == "said" {
            break;
        }
    }
}

#[tokio::test]
async fn guessing_a_key_ends_in_abuse() {
    let server = TestServer::start().await;
    let _teacher = teach(&server, "class").await;
    let mut guest = server.open("/ws/class/guest").await;
    for n in 0..21 {
        guest.send(json!({"type": "join", "teacher": {"token": format!("{n:064x}")}})).await;
    }
    for _ in 0..20 {
        guest.expect_error("bad_key").await;
    }
    assert_eq!(guest.expect_close().await.0, 4502);
}

#[tokio::test]
async fn each_mistake_in_class_is_named() {
    let server = TestServer::start().await;
    let (mut teacher, mut sara) = class(&server).await;
    for (bad, code, named) in [
        (json!({"type": "stage", "slide": 99, "step": 0}), "bad_field", "slide: 99"),
        (json!({"type": "stage", "slide": 1, "step": -1}), "bad_field", "step"),
        (json!({"type": "open_vote", "question": "؟", "answers": ["a"]}), "bad_field", "answers: 1"),
        (json!({"type": "vote", "answer": 0}), "no_vote", "no vote"),
        (json!({"type": "close_vote"}), "no_vote", "no vote"),
        (json!({"type": "round_trip", "us": -1}), "bad_field", "us"),
        (json!({"type": "round_trip", "us": 60_000_001}), "bad_field", "us: 60000001"),
    ] {
        teacher.send(bad).await;
        let error = teacher.expect_error(code).await;
        assert!(error["detail"].as_str().unwrap().contains(named), "{error}");
    }
    let open = json!({"type": "open_vote", "question": "؟", "answers": ["a", "b"]});
    teacher.send(open.clone()).await;
    teacher.send(open).await;
    teacher.expect("vote").await;
    teacher.expect_error("vote_open").await;
    sara.expect("vote").await;
    sara.send(json!({"type": "vote", "answer": 2})).await;
    sara.expect_error("bad_field").await;
    sara.say("fine", "هنوز هستم").await;
    assert_eq!(teacher.expect("said").await["id"], "fine");
}

#[tokio::test]
async fn a_page_each_millisecond_is_too_fast() {
    let server = TestServer::with(&["--messages-per-second", "10", "--messages-burst", "50"]).await;
    let (mut teacher, mut sara) = class(&server).await;
    for n in 0..80 {
        teacher.send(json!({"type": "stage", "slide": 2 + n % 2, "step": n % 10})).await;
    }
    let mut answers = Vec::new();
    for _ in 0..80 {
        answers.push(teacher.next().await["type"].take());
    }
    assert!(answers.iter().filter(|kind| **kind == "error").count() >= 20, "{answers:?}");
    sara.say("fine", "هنوز هستم").await;
    while sara.next().await["type"] != "said" {}
}

#[tokio::test]
async fn requests_carry_the_key_as_sockets_do() {
    let server = TestServer::start().await;
    let mut sara = server.join_with("class", "sara", json!({"type": "join", "teacher": key('a')})).await;
    sara.expect("class").await;
    let post = |body: &str| {
        let secret = "Otagh-Connection: 0123456789abcdef0123456789\r\n";
        format!(
            "POST /http/class/teacher HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{secret}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let join = json!({"type": "join", "teacher": key('a')}).to_string();
    let turn = json!({"type": "stage", "slide": 3, "step": 1}).to_string();
    let answer = server.http(&post(&(join + "\n" + &turn))).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(sara.expect("stage").await["slide"], 3);
}

#[tokio::test]
async fn class_of_the_start_outlives_its_members() {
    let server = TestServer::with(&["--room", "کلاس", "--resume-window", "0s"]).await;
    let mut sara = server.join("%DA%A9%D9%84%D8%A7%D8%B3", "sara").await;
    assert_eq!(sara.expect("class").await.get("teacher"), None);
    let mut guest = server.open("/ws/%D9%83%D9%84%D8%A7%D8%B3/guest").await;
    guest.send(json!({"type": "join", "teacher": key('a')})).await;
    guest.expect_error("bad_key").await;
}

#[tokio::test]
async fn rehearsal_brings_members_by_the_protocol() {
    let server = TestServer::with(&["--room", "class", "--demo", "3"]).await;
    let mut sara = server.join("class", "sara").await;
    sara.expect("class").await;
    sara.expect_presence(|presence| presence["member_count"] == 4).await;
}

#[cfg(feature = "lab")]
#[tokio::test]
async fn new_class_has_name_nobody_guesses() {
    let server = TestServer::start().await;
    let open = async |body: &str| {
        let length = body.len();
        let head = "POST /class HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        let head = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        let answer = server.http(&head).await;
        let to = answer.lines().find_map(|line| line.strip_prefix("location: ")).map(str::to_owned);
        to.ok_or(answer)
    };
    // Where no script runs, sixteen digits: 53 bits.
    let drawn = [open("").await.unwrap(), open("room=%20").await.unwrap()];
    assert_ne!(drawn[0], drawn[1]);
    for place in &drawn {
        let (room, key) = place.split_once("#key=").unwrap();
        let groups: Vec<&str> = room.rsplit('-').take(4).collect();
        assert!(groups.iter().all(|group| group.len() == 4 && group.parse::<u16>().is_ok()), "{room}");
        assert_eq!(key.len(), 64);
    }
    let chosen = open("room=a-b-123").await.unwrap();
    assert!(chosen.starts_with("/class/a-b-123#key="), "{chosen}");
    let refused = open("room=a&room=b").await.unwrap_err();
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("room: "), "{refused}");
}
