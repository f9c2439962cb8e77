//! Who is who: ids name and prove nothing, names are unique to the eye, the token brings back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::TestServer;
use serde_json::json;

#[tokio::test]
async fn taken_id_becomes_another_member() {
    let server = TestServer::start().await;
    let mut first = server.join("class", "ali").await;
    let mut second = server.join("class", "ali").await;
    assert_eq!(second.welcome["you"]["id"], "ali-2");
    second.say("1", "دومی").await;
    assert_eq!(first.expect("said").await["from"], "ali-2");
    first.say("1", "اولی").await;
    assert_eq!(second.expect("said").await["seq"], 1);
    assert_eq!(second.expect("said").await["from"], "ali");
}

#[tokio::test]
async fn taken_name_is_refused_with_free_suggestion() {
    let server = TestServer::start().await;
    let mut ali = server.join_with("class", "a", json!({"type": "join", "name": "علی"})).await;
    let mut other = server.open("/ws/class/b").await;
    other.send(json!({"type": "join", "name": "عـلي"})).await;
    let error = other.expect_error("name_taken").await;
    other.send(json!({"type": "say", "id": "1", "text": "x"})).await;
    other.expect_error("not_joined").await;
    other.send(json!({"type": "join", "name": error["suggestion"]})).await;
    let welcome = other.expect("welcome").await;
    assert_eq!((&welcome["member_count"], &welcome["you"]["name"]), (&json!(2), &error["suggestion"]));
    ali.send(json!({"type": "rename", "name": error["suggestion"]})).await;
    ali.expect_error("name_taken").await;
}

#[tokio::test]
async fn lost_connection_is_away_then_resumes() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let ali = server.join("class", "ali").await;
    sara.expect_presence(|presence| presence["member_count"] == 2).await;
    let resume = ali.resume(0);
    ali.cut();
    let told = sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    assert_eq!(told["changed"], json!([{"id": "ali", "name": "ali", "away": true}]));
    sara.say("1", "کجایی؟").await;
    sara.expect("said").await;
    let mut ali = server.join_with("class", "ali", resume).await;
    assert_eq!((&ali.welcome["recovered"], &ali.welcome["seq"]), (&json!(true), &json!(0)));
    assert_eq!(ali.expect("said").await["text"], "کجایی؟");
    let told = sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    assert_eq!(told["changed"], json!([{"id": "ali", "name": "ali"}]));
}

#[tokio::test]
async fn lost_member_leaves_when_window_ends() {
    let server = TestServer::with(&["--resume-window", "50ms"]).await;
    let mut sara = server.join("class", "sara").await;
    let ali = server.join("class", "ali").await;
    let resume = ali.resume(0);
    ali.cut();
    sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    sara.expect_presence(|presence| presence["left"] == json!(["ali"])).await;
    let ali = server.join_with("class", "ali", resume).await;
    assert_eq!(ali.welcome["recovered"], false);
}

#[tokio::test]
async fn reload_leaves_and_returns_as_same_member() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let ali = server.join_with("class", "ali", json!({"type": "join", "name": "علی", "tab": "t1"})).await;
    let mut resume = ali.resume(0);
    resume["tab"] = json!("t1");
    resume["name"] = json!("علی");
    ali.close(1001).await;
    sara.expect_presence(|presence| presence["left"] == json!(["ali"])).await;
    sara.say("1", "رفت").await;
    sara.expect("said").await;
    let mut ali = server.join_with("class", "ali", resume).await;
    assert_eq!(ali.welcome["you"], json!({"id": "ali", "name": "علی"}));
    assert_eq!(ali.welcome["recovered"], true);
    assert_eq!(ali.expect("said").await["text"], "رفت");
    let told = sara.expect_presence(|presence| presence["member_count"] == 2).await;
    assert_eq!(told["joined"], json!([{"id": "ali", "name": "علی"}]));
}

#[tokio::test]
async fn close_with_own_code_means_away() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    server.join("class", "ali").await.close(4999).await;
    let told = sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    assert_eq!(told["changed"][0]["away"], true);
}

#[tokio::test]
async fn the_same_tab_replaces_its_older_connection() {
    let server = TestServer::start().await;
    let mut old = server.join("class", "ali").await;
    let resume = old.resume(0);
    let mut new = server.join_with("class", "ali", resume).await;
    assert_eq!(old.expect_close().await, (4500, "replaced".into()));
    assert_eq!(new.welcome["member_count"], 1);
    new.say("1", "منم").await;
    new.expect("said").await;
}

#[tokio::test]
async fn two_tabs_are_one_person() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut one = server.join_with("class", "ali", json!({"type": "join", "tab": "t1"})).await;
    let mut join = one.resume(0);
    join["tab"] = json!("t2");
    let two = server.join_with("class", "ali", join).await;
    assert_eq!((&two.welcome["you"]["tabs"], &two.welcome["member_count"]), (&json!(2), &json!(2)));
    sara.expect_presence(|presence| presence["changed"][0]["tabs"] == 2).await;
    two.close(1000).await;
    sara.expect_presence(|presence| presence["changed"] == json!([{"id": "ali", "name": "ali"}])).await;
    one.say("1", "هنوز این‌جا").await;
    assert_eq!(sara.expect("said").await["from"], "ali");
}

#[tokio::test]
async fn owner_sees_and_ends_a_thiefs_tab() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = server.join_with("class", "ali", json!({"type": "join", "tab": "t1"})).await;
    let mut stolen = ali.resume(0);
    stolen["tab"] = json!("thief");
    let mut thief = server.join_with("class", "ali", stolen).await;
    sara.expect_presence(|presence| presence["changed"][0]["tabs"] == 2).await;

    ali.send(json!({"type": "tabs"})).await;
    let tabs = ali.expect("tabs").await["tabs"].take();
    assert_eq!((tabs.as_array().unwrap().len(), &tabs[0]["this"]), (2, &json!(true)));
    assert!(tabs[0]["since"].as_u64() <= tabs[1]["since"].as_u64());
    assert_eq!(tabs[1].as_object().unwrap().len(), 1, "by WebSocket, from this address: {tabs}");

    // A thief who is first ends nothing of the owner's.
    thief.send(json!({"type": "end_tabs"})).await;
    assert_eq!(thief.expect("tabs").await["tabs"].as_array().unwrap().len(), 2);
    ali.send(json!({"type": "end_tabs"})).await;
    let left = ali.expect("tabs").await;
    assert_eq!(left["tabs"].as_array().unwrap().len(), 1);
    assert_eq!(thief.expect_close().await, (4503, "ended".into()));
    sara.expect_presence(|presence| presence["changed"] == json!([{"id": "ali", "name": "ali"}])).await;

    let mut join = ali.resume(0);
    join["tab"] = json!("thief");
    for token in [thief.token(), ali.token()] {
        join["resume"]["token"] = json!(token);
        assert_ne!(server.join_with("class", "ali", join.clone()).await.welcome["you"]["id"], "ali");
    }
    (join["tab"], join["resume"]["token"]) = (json!("t1"), left["token"].clone());
    ali.cut();
    assert_eq!(server.join_with("class", "ali", join).await.welcome["you"]["id"], "ali");
}

#[tokio::test]
async fn a_full_room_says_so() {
    let server = TestServer::with(&["--members-per-room", "1"]).await;
    let _ali = server.join("class", "ali").await;
    let mut sara = server.open("/ws/class/sara").await;
    sara.send(json!({"type": "join"})).await;
    sara.expect_error("room_full").await;
    assert_eq!(server.join("other", "sara").await.welcome["member_count"], 1);
}

#[tokio::test]
async fn a_full_server_says_so() {
    let server = TestServer::with(&["--max-rooms", "1"]).await;
    // One on each node: what a node may have is its own.
    let mut members = Vec::new();
    for n in 0..server.nodes() {
        members.push(server.join("class", &format!("ali{n}")).await);
    }
    let mut sara = server.open("/ws/other/sara").await;
    sara.send(json!({"type": "join"})).await;
    assert_eq!(sara.expect_close().await, (1013, "try_again_later".into()));
}

#[tokio::test]
async fn rename_survives_reconnect_despite_join_name() {
    let server = TestServer::start().await;
    let mut ali = server.join_with("class", "ali", json!({"type": "join", "name": "علی"})).await;
    ali.send(json!({"type": "rename", "name": "رضا"})).await;
    ali.expect_presence(|presence| presence["changed"][0]["name"] == "رضا").await;
    let _other = server.join_with("class", "x", json!({"type": "join", "name": "علی"})).await;
    let mut resume = ali.resume(0);
    resume["name"] = json!("علی");
    ali.cut();
    let ali = server.join_with("class", "ali", resume).await;
    assert_eq!(ali.welcome["you"], json!({"id": "ali", "name": "رضا"}));
}

#[tokio::test]
async fn lookalike_letters_cannot_impersonate() {
    let server = TestServer::start().await;
    let _sara = server.join_with("class", "s", json!({"type": "join", "name": "Sara"})).await;
    let mut other = server.open("/ws/class/o").await;
    for posing in ["S\u{430}ra", "sara", "\u{FF33}ara", "S a r a"] {
        other.send(json!({"type": "join", "name": posing})).await;
        let error = other.expect_error("name_taken").await;
        assert_eq!(error["suggestion"], format!("{posing} ۲"), "{error}");
    }
    other.send(json!({"type": "join", "name": "Ali"})).await;
    other.expect("welcome").await;
    other.send(json!({"type": "rename", "name": "S\u{430}ra"})).await;
    other.expect_error("name_taken").await;
    // Nor by an id, which is a name for who gives none.
    let third = server.join("class", "s%D0%B0ra").await;
    assert_eq!(third.welcome["you"]["name"], "s\u{430}ra ۲");
}
