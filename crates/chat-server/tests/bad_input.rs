//! Whatever a client sends: an answer that names what was wrong, and nobody else notices.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Client, Raw, TestServer};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

/// A member who must hear exactly one message from ali after everything that went wrong.
async fn unharmed(server: &TestServer, ali: &mut Client, bystander: &mut Client) {
    ali.say("fine", "هنوز هستم").await;
    assert_eq!(ali.expect("said").await["id"], "fine");
    assert_eq!(bystander.expect("said").await["id"], "fine");
    assert_eq!(server.join("class", "late").await.welcome["seq"], 1, "nothing else was said");
}

#[tokio::test]
async fn each_mistake_is_named_without_disconnect() {
    let server = TestServer::start().await;
    let mut bystander = server.join("class", "bystander").await;
    let mut ali = server.open("/ws/class/ali").await;
    for before_join in [
        json!({"type": "say", "id": "1", "text": "x"}),
        json!({"type": "typing"}),
        json!({"type": "rename", "name": "x"}),
        json!({"type": "tabs"}),
        json!({"type": "end_tabs"}),
    ] {
        ali.send(before_join).await;
        ali.expect_error("not_joined").await;
    }
    ali.send(json!({"type": "join", "name": "ع".repeat(33)})).await;
    let error = ali.expect_error("bad_name").await;
    assert!(error["detail"].as_str().unwrap().contains("33 characters"), "{error}");
    ali.send(json!({"type": "join"})).await;
    ali.expect("welcome").await;
    for (bad, code) in [
        ("سلام".to_owned(), "bad_json"),
        ("{".to_owned(), "bad_json"),
        (String::new(), "bad_json"),
        ("[".repeat(20_000), "bad_json"),
        (json!({"type": "shout"}).to_string(), "unknown_type"),
        (json!({"text": "x"}).to_string(), "unknown_type"),
        (json!({"type": "say", "id": "1"}).to_string(), "bad_field"),
        (json!({"type": "ping", "n": 1e99}).to_string(), "bad_field"),
        (json!({"type": "say", "id": "با فاصله", "text": "x"}).to_string(), "bad_say_id"),
        (json!({"type": "join"}).to_string(), "already_joined"),
        (json!({"type": "rename", "name": "\u{202E}"}).to_string(), "bad_name"),
    ] {
        ali.send_text(&bad).await;
        ali.expect_error(code).await;
    }
    for (id, text, code) in
        [("empty", " \n ".to_owned(), "empty_text"), ("long", "س".repeat(4097), "text_too_long")]
    {
        ali.say(id, &text).await;
        assert_eq!(ali.expect_error(code).await["id"], id);
    }
    ali.ws.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    ali.expect_error("not_text").await;
    unharmed(&server, &mut ali, &mut bystander).await;
}

#[tokio::test]
async fn longest_escaped_text_passes() {
    let server = TestServer::start().await;
    let mut ali = server.join("class", "ali").await;
    let escaped = "\\ud83d\\ude42".repeat(4096);
    ali.send_text(&format!(r#"{{"type":"say","id":"1","text":"{escaped}"}}"#)).await;
    assert_eq!(ali.expect("said").await["text"].as_str().unwrap().chars().count(), 4096);
}

#[tokio::test]
async fn broken_frame_closes_with_right_code() {
    let server = TestServer::start().await;
    let mut bystander = server.join("class", "bystander").await;
    let big = vec![b'x'; chat_protocol::limits::FRAME_MAX_BYTES + 1];
    for (case, bytes, code) in [
        ("longer than allowed", common::masked(0x81, &big), 1009),
        ("announced longer than allowed", vec![0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
        (
            "fragments longer than allowed together",
            [common::masked(0x01, &big[1..]), common::masked(0x80, b"xx")].concat(),
            1009,
        ),
        ("not UTF-8", common::masked(0x81, &[0xFF, 0xFE]), 1007),
        ("not masked", vec![0x81, 1, b'x'], 1002),
        ("a reserved opcode", common::masked(0x83, b"x"), 1002),
        ("a reserved bit", common::masked(0xC1, b"x"), 1002),
        ("a continuation of nothing", common::masked(0x80, b"x"), 1002),
        ("a fragmented ping", common::masked(0x09, b"x"), 1002),
        ("a long ping", common::masked(0x89, &[0; 126]), 1002),
    ] {
        let mut raw = Raw::open(&server, "/ws/class/broken").await;
        raw.send_json(json!({"type": "join"})).await;
        raw.expect("welcome").await;
        raw.stream.write_all(&bytes).await.unwrap();
        assert_eq!(raw.expect_close().await.close_code(), code, "{case}");
        assert!(raw.ends().await.is_empty(), "{case}: something after the close frame");
    }
    let mut ali = server.join("class", "ali").await;
    unharmed(&server, &mut ali, &mut bystander).await;
}

#[tokio::test]
async fn close_frame_reaches_still_sending_client() {
    let server = TestServer::start().await;
    let mut raw = Raw::open(&server, "/ws/class/flood").await;
    raw.stream.write_all(&[0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]).await.unwrap();
    // A server that just let go of its socket would answer this with a reset.
    for _ in 0..200 {
        raw.stream.write_all(&[b'x'; 32 * 1024]).await.unwrap();
    }
    assert_eq!(raw.expect_close().await.close_code(), 1009);
}

#[tokio::test]
async fn fragments_around_ping_form_one_message() {
    let server = TestServer::start().await;
    let mut raw = Raw::open(&server, "/ws/class/ali").await;
    raw.send_json(json!({"type": "join"})).await;
    raw.expect("welcome").await;
    let json = r#"{"type":"say","id":"1","text":"سلام"}"#.as_bytes();
    let (one, two) = json.split_at(33);
    let frames = [common::masked(0x01, one), common::masked(0x89, b"hi"), common::masked(0x80, two)].concat();
    for byte in frames {
        raw.stream.write_all(&[byte]).await.unwrap();
    }
    let pong = loop {
        let frame = raw.frame().await;
        if frame.opcode != 1 {
            break frame;
        }
    };
    assert_eq!((pong.opcode, &pong.payload[..]), (0xA, &b"hi"[..]));
    assert_eq!(raw.expect("said").await.json()["text"], "سلام");
}

#[tokio::test]
async fn rate_limit_drops_then_closes_as_abuse() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "5"]).await;
    let mut bystander = server.join("class", "bystander").await;
    let mut ali = server.join("class", "ali").await;
    for n in 0..300 {
        ali.say(&n.to_string(), "تند").await;
    }
    let mut refused = 0;
    let close = loop {
        match common::soon("an answer", ali.ws.next()).await.unwrap().unwrap() {
            Message::Text(text) if text.contains(r#""too_fast""#) => refused += 1,
            Message::Close(frame) => break frame.unwrap(),
            _ => {}
        }
    };
    assert_eq!((u16::from(close.code), close.reason.as_str()), (4502, "abuse"));
    // 200 drops and 20 offences, and what was regained in the meantime.
    assert!((220..=230).contains(&refused), "{refused} refused");
    // What was within the pace was said: five frames, of which one was the join.
    for seq in 1..=4 {
        assert_eq!(bystander.expect("said").await["seq"], seq);
    }
    // On a busy machine the pace may have let another one through.
    while bystander.next().await["left"] != json!(["ali"]) {}
}

#[tokio::test]
async fn every_burst_say_is_answered_by_id() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "50"]).await;
    let mut ali = server.join("class", "ali").await;
    for n in 0..100 {
        ali.say(&n.to_string(), "در انتظار").await;
    }
    let (mut said, mut dropped) = (0, 0);
    for n in 0..100 {
        let answer = loop {
            let message = ali.next().await;
            if message["type"] != "presence" {
                break message;
            }
        };
        match answer["type"].as_str().unwrap() {
            "said" => said += 1,
            _ => dropped += usize::from(answer["code"] == "too_fast"),
        }
        assert!(answer["id"].is_string(), "answer {n} names its say: {answer}");
    }
    assert!(said >= 49 && dropped >= 40 && said + dropped == 100, "{said} said, {dropped} dropped");
    ali.say("still open", "").await;
    ali.expect_error("bad_say_id").await;
}

#[tokio::test]
async fn say_before_join_is_refused_by_id() {
    let server = TestServer::start().await;
    let mut ali = server.open("/ws/class/ali").await;
    ali.say("c-1", "زود").await;
    assert_eq!(ali.expect_error("not_joined").await["id"], "c-1");
}

#[tokio::test]
async fn bad_frames_again_and_again_are_abuse() {
    let server = TestServer::start().await;
    let mut ali = server.join("class", "ali").await;
    for _ in 0..30 {
        if ali.ws.send(Message::text("{")).await.is_err() {
            break;
        }
    }
    assert_eq!(ali.expect_close().await, (4502, "abuse".into()));
}

#[tokio::test]
async fn forbidden_close_code_is_protocol_error() {
    let server = TestServer::start().await;
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 2999, 5000] {
        let mut raw = Raw::open(&server, "/ws/class/ali").await;
        raw.send(8, &[&code.to_be_bytes()[..], b"bye"].concat()).await;
        let close = raw.expect_close().await;
        assert_eq!((close.close_code(), &close.payload[2..]), (1002, &b"protocol_error"[..]), "{code}");
    }
    for code in [1000_u16, 1001, 3000, 4999] {
        let mut raw = Raw::open(&server, "/ws/class/ali").await;
        raw.send(8, &[&code.to_be_bytes()[..], b"bye"].concat()).await;
        let close = raw.expect_close().await;
        assert_eq!((close.close_code(), &close.payload[2..]), (code, &b"bye"[..]));
    }
}
