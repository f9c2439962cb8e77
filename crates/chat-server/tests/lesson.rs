//! The lesson's five steps over real sockets: open, join, say, broadcast, close.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Raw, TestServer};
use serde_json::json;

#[tokio::test]
async fn open_join_say_broadcast_close() {
    let server = TestServer::start().await;
    let mut sara = server.open("/ws/class/sara").await;
    sara.send(json!({"type": "join", "name": "سارا"})).await;
    let welcome = sara.next().await;
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["you"], json!({"id": "sara", "name": "سارا"}));
    assert_eq!(welcome["room"], "class");
    assert_eq!((&welcome["seq"], &welcome["recovered"]), (&json!(0), &json!(false)));
    assert_eq!(welcome["members"], json!([{"id": "sara", "name": "سارا"}]));

    let mut ali = server.join_with("class", "ali", json!({"type": "join", "name": "علی"})).await;
    assert_eq!(ali.welcome["member_count"], 2);
    let told = sara.expect_presence(|presence| presence["member_count"] == 2).await;
    assert_eq!(told["joined"], json!([{"id": "ali", "name": "علی"}]));

    sara.say("s-1", "سلام").await;
    let (to_ali, to_sara) = (ali.expect("said").await, sara.expect("said").await);
    assert_eq!(to_ali, to_sara);
    assert_eq!(
        (&to_ali["seq"], &to_ali["id"], &to_ali["from"], &to_ali["name"], &to_ali["text"]),
        (&json!(1), &json!("s-1"), &json!("sara"), &json!("سارا"), &json!("سلام"))
    );
    assert!(to_ali["at"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds of this century");

    ali.close(1000).await;
    let told = sara.expect_presence(|presence| presence["left"] == json!(["ali"])).await;
    assert_eq!(told["member_count"], 1);
}

#[tokio::test]
async fn everybody_gets_the_very_same_bytes() {
    let server = TestServer::start().await;
    let mut members = Vec::new();
    for id in ["a", "b", "c", "d"] {
        let mut raw = Raw::open(&server, &format!("/ws/class/{id}")).await;
        raw.send_json(json!({"type": "join"})).await;
        raw.expect("welcome").await;
        members.push(raw);
    }
    let texts = ["کوتاه".to_owned(), "میانه ".repeat(20), "بلند ".repeat(700)];
    for (n, text) in texts.iter().enumerate() {
        members[n].send_json(json!({"type": "say", "id": format!("{n}"), "text": text})).await;
        let mut heard = Vec::new();
        for member in &mut members {
            heard.push(member.expect("said").await);
        }
        assert_eq!(heard[0].json()["text"], text.trim_end());
        assert!(heard.iter().all(|frame| frame.bytes == heard[0].bytes));
    }
}

#[tokio::test]
async fn concurrent_talkers_see_one_order() {
    const EACH: usize = 50;
    let server = TestServer::start().await;
    let mut talkers = Vec::new();
    for id in ["a", "b", "c", "d"] {
        talkers.push((id, server.join("class", id).await));
    }
    let mut tasks = Vec::new();
    for (id, mut client) in talkers {
        tasks.push(tokio::spawn(async move {
            for n in 0..EACH {
                client.say(&n.to_string(), &format!("{id} {n}")).await;
            }
            let mut heard = Vec::new();
            while heard.len() < 4 * EACH {
                let said = client.expect("said").await;
                heard.push((said["seq"].as_u64().unwrap(), said["text"].as_str().unwrap().to_owned()));
            }
            heard
        }));
    }
    let mut heard = Vec::new();
    for task in tasks {
        heard.push(task.await.unwrap());
    }
    assert!(heard[0].iter().map(|(seq, _)| *seq).eq(1..=4 * EACH as u64), "no gap, no repetition");
    assert!(heard.iter().all(|one| one == &heard[0]));
    for id in ["a", "b", "c", "d"] {
        let own: Vec<_> = heard[0].iter().filter(|(_, text)| text.starts_with(id)).collect();
        assert!(
            own.iter().enumerate().all(|(n, (_, text))| *text == format!("{id} {n}")),
            "{id}'s own order"
        );
    }
}

#[tokio::test]
async fn rooms_do_not_hear_each_other() {
    let server = TestServer::start().await;
    let mut here = server.join("here", "ali").await;
    let mut there = server.join("there", "ali").await;
    here.say("1", "این‌جا").await;
    there.say("1", "آن‌جا").await;
    assert_eq!(there.expect("said").await["text"], "آن‌جا");
    assert_eq!(here.expect("said").await["text"], "این‌جا");
}

#[tokio::test]
async fn one_persian_room_has_many_spellings() {
    let server = TestServer::start().await;
    let arabic = server.join("%D9%83%D9%84%D8%A7%D8%B3", "a").await;
    let persian = server.join("%DA%A9%D9%84%D8%A7%D8%B3", "b").await;
    assert_eq!(arabic.welcome["room"], "کلاس");
    assert_eq!(persian.welcome["member_count"], 2);
}

#[tokio::test]
async fn typing_renaming_and_pinging() {
    let server = TestServer::start().await;
    let mut ali = server.open("/ws/class/ali").await;
    ali.send(json!({"type": "ping", "n": 7})).await;
    assert_eq!(ali.next().await, json!({"type": "pong", "n": 7}), "a ping needs no join");
    ali.send(json!({"type": "join"})).await;
    ali.expect("welcome").await;
    let mut sara = server.join("class", "sara").await;
    ali.send(json!({"type": "typing"})).await;
    assert_eq!(sara.expect("typing").await["from"], "ali");
    ali.send(json!({"type": "rename", "name": "علی"})).await;
    let told = sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    assert_eq!(told["changed"], json!([{"id": "ali", "name": "علی"}]));
    ali.say("1", "من علی‌ام").await;
    assert_eq!(sara.expect("said").await["name"], "علی");
}

#[tokio::test]
async fn join_sent_with_handshake_is_kept() {
    let server = TestServer::start().await;
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let early = common::masked(0x81, br#"{"type":"join"}"#);
    let mut raw = Raw::on(stream, "/ws/class/hasty", &early).await;
    assert_eq!(raw.expect("welcome").await.json()["you"]["id"], "hasty");
}
