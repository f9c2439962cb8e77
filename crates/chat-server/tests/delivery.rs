//! What is promised about messages: nothing lost over a cut, nothing said twice, and a slow reader
//! who harms nobody but itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Raw, TestServer, soon};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpSocket};

#[tokio::test]
async fn resume_replays_missed_and_continues() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = server.join("class", "ali").await;
    sara.say("1", "یک").await;
    sara.say("2", "دو").await;
    ali.expect("said").await;
    let resume = ali.resume(1);
    ali.cut();
    for n in 3..=20 {
        sara.say(&n.to_string(), "بعدی").await;
    }
    while sara.expect("said").await["seq"] != 20 {}
    let mut ali = server.join_with("class", "ali", resume).await;
    assert_eq!((&ali.welcome["recovered"], &ali.welcome["seq"]), (&json!(true), &json!(1)));
    sara.say("21", "و ادامه").await;
    for seq in 2..=21 {
        assert_eq!(ali.expect("said").await["seq"], seq);
    }
}

#[tokio::test]
async fn a_gap_is_told() {
    let server = TestServer::with(&["--history-messages", "3"]).await;
    let mut sara = server.join("class", "sara").await;
    let ali = server.join("class", "ali").await;
    let resume = ali.resume(0);
    ali.cut();
    for n in 1..=4 {
        sara.say(&n.to_string(), "x").await;
        sara.expect("said").await;
    }
    let mut ali = server.join_with("class", "ali", resume).await;
    assert_eq!((&ali.welcome["recovered"], &ali.welcome["seq"]), (&json!(false), &json!(4)));
    sara.say("5", "x").await;
    assert_eq!(ali.expect("said").await["seq"], 5);
}

#[tokio::test]
async fn cleared_room_gets_new_epoch() {
    let server = TestServer::with(&["--resume-window", "0s"]).await;
    let ali = server.join("class", "ali").await;
    let (epoch, resume) = (ali.welcome["epoch"].clone(), ali.resume(0));
    ali.close(1000).await;
    let cleared = async {
        loop {
            let ali = server.join_with("class", "ali", resume.clone()).await;
            assert_eq!(ali.welcome["recovered"], false);
            if ali.welcome["epoch"] != epoch {
                break;
            }
            // Who comes in the instant in which the last one leaves finds the room still there.
            ali.close(1000).await;
        }
    };
    soon("the room to be cleared", cleared).await;
}

#[tokio::test]
async fn join_succeeds_while_room_is_cleared() {
    let server = TestServer::with(&["--resume-window", "0s", "--rooms-per-address", "0"]).await;
    let mut tasks = Vec::new();
    for n in 0..4 {
        let address = server.address;
        tasks.push(tokio::spawn(async move {
            for _ in 0..100 {
                let stream = tokio::net::TcpStream::connect(address).await.unwrap();
                let early = common::masked(0x81, br#"{"type":"join"}"#);
                let mut raw = Raw::on(stream, &format!("/ws/class/p{n}"), &early).await;
                raw.expect("welcome").await;
                raw.send(8, &1000_u16.to_be_bytes()).await;
                raw.ends().await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn last_words_are_heard_before_the_leaving() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    for n in 1..=50 {
        let mut ali = Raw::open(&server, "/ws/class/ali").await;
        let say = json!({"type": "say", "id": "bye", "text": "خداحافظ"}).to_string();
        let frames = [
            common::masked(0x81, br#"{"type":"join"}"#),
            common::masked(0x81, say.as_bytes()),
            common::masked(0x88, &1000_u16.to_be_bytes()),
        ];
        ali.stream.write_all(&frames.concat()).await.unwrap();
        let mut left = false;
        while !left {
            let message = sara.next().await;
            left = message["type"] == "presence" && message["left"] == json!(["ali"]);
            if message["type"] == "said" {
                assert_eq!(message["seq"], n);
            }
        }
        let probe = server.join("class", "probe").await;
        assert_eq!(probe.welcome["seq"], n, "the last words were dropped");
        probe.close(1000).await;
        sara.expect_presence(|presence| presence["left"] == json!(["probe"])).await;
    }
}

#[tokio::test]
async fn duplicate_say_is_acknowledged_not_repeated() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = server.join("class", "ali").await;
    ali.say("c-1", "یک بار").await;
    let said = ali.expect("said").await;
    let resume = ali.resume(1);
    ali.cut();
    let mut ali = server.join_with("class", "ali", resume).await;
    ali.say("c-1", "یک بار").await;
    assert_eq!(ali.expect("said").await, said);
    ali.say("c-2", "بعدی").await;
    assert_eq!(sara.expect("said").await["id"], "c-1");
    assert_eq!(sara.expect("said").await["id"], "c-2");
}

#[tokio::test]
async fn slow_reader_is_disconnected_and_may_resume() {
    let server = TestServer::with(&[
        "--outbox-bytes",
        "65536",
        "--history-bytes",
        "100000000",
        "--history-messages",
        "10000",
    ])
    .await;
    let mut sara = server.join("class", "sara").await;

    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(256 * 1024).unwrap();
    let stream = socket.connect(server.address).await.unwrap();
    let mut slow = Raw::on(stream, "/ws/class/slow", b"").await;
    slow.send_json(json!({"type": "join"})).await;
    let welcome = slow.expect("welcome").await.json();
    sara.expect_presence(|presence| presence["member_count"] == 2).await;

    // One after the other until the slow one is cut; that others hear each is part of the point.
    let text = "بلند ".repeat(800);
    let mut newest = 0;
    let mut away = false;
    while !away {
        newest += 1;
        sara.say(&newest.to_string(), &text).await;
        loop {
            let message = sara.next().await;
            away |= message["type"] == "presence" && message["changed"][0]["away"] == true;
            if message["type"] == "said" {
                assert_eq!(message["seq"], newest);
                break;
            }
        }
    }
    newest += 1;
    sara.say("last", "بی تو").await;
    assert_eq!(sara.expect("said").await["seq"], newest);

    let mut heard = Vec::new();
    let close = loop {
        let frame = slow.frame().await;
        match frame.opcode {
            1 if frame.json()["type"] == "said" => heard.push(frame.json()["seq"].as_u64().unwrap()),
            1 => {}
            _ => break frame,
        }
    };
    assert_eq!((close.close_code(), &close.payload[2..]), (4001, &b"slow_reader"[..]));
    assert!(heard.iter().copied().eq(1..=heard.len() as u64), "what came was whole and in order");
    assert!((heard.len() as u64) < newest);

    let seq = heard.len() as u64;
    let resume = json!({"token": welcome["token"], "epoch": welcome["epoch"], "seq": seq});
    let mut back = server.join_with("class", "slow", json!({"type": "join", "resume": resume})).await;
    assert_eq!(back.welcome["recovered"], true);
    for missed in seq + 1..=newest {
        assert_eq!(back.expect("said").await["seq"], missed);
    }
}
