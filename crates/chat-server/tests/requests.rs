//! A conversation by requests is what one by WebSocket is: the same messages in the same order, whatever
//! the network does to a request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::TestServer;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Somebody without a WebSocket.
struct Page<'a> {
    server: &'a TestServer,
    path: String,
    secret: String,
    /// How many lines were heard.
    heard: usize,
}

struct Answer {
    status: u16,
    lines: Vec<Value>,
}

impl<'a> Page<'a> {
    fn new(server: &'a TestServer, client: &str) -> Self {
        Self { server, path: format!("/http/class/{client}"), secret: format!("{client:x<32}"), heard: 0 }
    }

    async fn joined(server: &'a TestServer, client: &str, join: Value) -> (Self, Value) {
        let mut page = Self::new(server, client);
        assert_eq!(page.post(&[join]).await.status, 204);
        let welcome = page.expect("welcome").await;
        (page, welcome)
    }

    async fn ask(&self, method: &str, query: &str, more: &str, body: &str) -> Answer {
        let Self { path, secret, .. } = self;
        let request = format!(
            "{method} {path}{query} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Otagh-Connection: {secret}\r\n{more}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.server.http(&request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            lines: body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect(),
        }
    }

    async fn post(&self, messages: &[Value]) -> Answer {
        let lines: Vec<String> = messages.iter().map(Value::to_string).collect();
        self.ask("POST", "", "", &lines.join("\n")).await
    }

    async fn say(&self, id: &str, text: &str) {
        assert_eq!(self.post(&[json!({"type": "say", "id": id, "text": text})]).await.status, 204);
    }

    /// What there is after so many lines.
    async fn hear_after(&self, heard: usize) -> Answer {
        self.ask("GET", &format!("?after={heard}"), "", "").await
    }

    async fn hear(&mut self) -> Vec<Value> {
        let answer = self.hear_after(self.heard).await;
        assert!(matches!(answer.status, 200 | 204), "{} {:?}", answer.status, answer.lines);
        self.heard += answer.lines.len();
        answer.lines
    }

    /// The next message of this type, and nothing else but `presence` before it.
    async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let answer = self.hear_after(self.heard).await;
            for line in answer.lines {
                self.heard += 1;
                if line["type"] == kind {
                    return line;
                }
                assert_eq!(line["type"], "presence", "{line} instead of a {kind}");
            }
        }
    }
}

#[tokio::test]
async fn polling_session_is_an_ordinary_member() {
    let server = TestServer::start().await;
    let mut ali = server.join("class", "ali").await;
    let (mut sara, welcome) = Page::joined(&server, "sara", json!({"type": "join", "name": "سارا"})).await;
    assert_eq!((&welcome["you"]["name"], &welcome["member_count"]), (&json!("سارا"), &json!(2)));
    ali.expect_presence(|presence| presence["joined"] == json!([{"id": "sara", "name": "سارا"}])).await;

    sara.say("s1", "سلام").await;
    ali.say("a1", "علیک").await;
    for (seq, from) in [(1, "sara"), (2, "ali")] {
        let (said, same) = (sara.expect("said").await, ali.expect("said").await);
        assert_eq!((&said["seq"], &said["from"]), (&json!(seq), &json!(from)));
        assert_eq!(said, same, "the same bytes to everybody");
    }
    sara.post(&[json!({"type": "typing"}), json!({"type": "rename", "name": "سارا رضایی"})]).await;
    assert_eq!(ali.expect("typing").await["from"], "sara");
    ali.expect_presence(|presence| presence["changed"][0]["name"] == "سارا رضایی").await;
    sara.expect("typing").await;
    assert_eq!(sara.expect("presence").await["changed"][0]["name"], "سارا رضایی");
    sara.post(&[json!({"type": "ping", "n": 7})]).await;
    assert_eq!(sara.expect("pong").await["n"], 7);

    assert_eq!(sara.ask("DELETE", "", "", "").await.status, 204);
    ali.expect_presence(|presence| presence["left"] == json!(["sara"])).await;
    let gone = sara.hear_after(sara.heard).await;
    assert_eq!((gone.status, &gone.lines[0]["type"]), (503, &json!("closed")));
}

#[tokio::test]
async fn tabs_by_requests_are_seen_and_ended() {
    let server = TestServer::start().await;
    let mut ali = server.join_with("class", "ali", json!({"type": "join", "tab": "t1"})).await;
    let mut stolen = ali.resume(0);
    stolen["tab"] = json!("thief");
    let (mut thief, _) = Page::joined(&server, "ali", stolen).await;
    ali.send(json!({"type": "tabs"})).await;
    assert_eq!(ali.expect("tabs").await["tabs"][1]["http"], true);
    thief.post(&[json!({"type": "end_tabs"}), json!({"type": "tabs"})]).await;
    let tabs = thief.expect("tabs").await["tabs"].take();
    assert_eq!((tabs.as_array().unwrap().len(), &tabs[1]["this"]), (2, &json!(true)));
    assert_eq!(thief.expect("tabs").await.get("token"), None);
    let end = async {
        // A request that came later is answered: the thief's is waiting by now.
        server.get("/healthz").await;
        ali.send(json!({"type": "end_tabs"})).await;
    };
    let (told, ()) = tokio::join!(thief.hear_after(thief.heard), end);
    assert_eq!(told.status, 409);
    assert_eq!((&told.lines[0]["code"], &told.lines[0]["reason"]), (&json!(4503), &json!("ended")));
}

#[tokio::test]
async fn lost_answer_is_repeated_whole() {
    let server = TestServer::start().await;
    let (mut sara, _) = Page::joined(&server, "sara", json!({"type": "join"})).await;
    let heard = sara.heard;
    let ali = server.join("class", "ali").await;
    sara.say("s1", "یک").await;
    let mut lines = Vec::new();
    while lines.len() < 2 {
        lines = sara.hear_after(heard).await.lines;
    }
    for _ in 0..3 {
        assert_eq!(sara.hear_after(heard).await.lines, lines, "who came is told again, too");
    }
    ali.close(1000).await;
    sara.heard = heard + lines.len();
    assert_eq!(sara.expect("presence").await["left"], json!(["ali"]));
}

#[tokio::test]
async fn a_request_that_comes_twice_is_one() {
    let server = TestServer::start().await;
    let sara = Page::new(&server, "sara");
    for _ in 0..2 {
        assert_eq!(sara.post(&[json!({"type": "join", "name": "سارا"})]).await.status, 204);
        sara.say("s1", "یک بار").await;
    }
    let mut lines = Vec::new();
    while lines.len() < 4 {
        lines = sara.hear_after(0).await.lines;
    }
    let seqs: Vec<&Value> =
        lines.iter().filter(|line| line["type"] == "said").map(|said| &said["seq"]).collect();
    assert_eq!(seqs, [1, 1], "the second is the acknowledgement of the second");
    let ali = server.join("class", "ali").await;
    assert_eq!((&ali.welcome["member_count"], &ali.welcome["seq"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn join_delivered_twice_at_once_is_one() {
    let server = TestServer::start().await;
    for round in 0..20 {
        let first = server.join_with("class", "sara", json!({"type": "join", "tab": "t1"})).await;
        let mut resume = first.resume(round);
        resume["tab"] = json!("t1");
        let mut sara = Page::new(&server, "sara");
        let twice = [(); 4].map(|()| sara.post(std::slice::from_ref(&resume)));
        for answer in futures_util::future::join_all(twice).await {
            assert_eq!(answer.status, 204);
        }
        let welcome = sara.expect("welcome").await;
        assert_eq!((&welcome["you"]["id"], &welcome["recovered"]), (&json!("sara"), &json!(true)));
        sara.say("s1", "هنوز").await;
        assert_eq!(sara.expect("said").await["seq"], round + 1);
        assert_eq!(sara.ask("DELETE", "", "", "").await.status, 204);
    }
}

#[tokio::test]
async fn tab_switches_transport_both_ways_without_gap() {
    let server = TestServer::start().await;
    let mut ali = server.join("class", "ali").await;
    let join = json!({"type": "join", "name": "سارا", "tab": "t1"});
    let first = server.join_with("class", "sara", join).await;
    let mut resume = first.resume(0);
    resume["tab"] = json!("t1");
    ali.say("a1", "در راه").await;
    ali.expect("said").await;
    // It did not notice yet that the other way is dead.
    let (mut sara, welcome) = Page::joined(&server, "sara", resume).await;
    assert_eq!((&welcome["recovered"], &welcome["you"]["id"]), (&json!(true), &json!("sara")));
    assert!(welcome["you"].get("tabs").is_none(), "one tab");
    assert_eq!(sara.expect("said").await["text"], "در راه");
    sara.say("s1", "از راهی دیگر").await;
    assert_eq!(sara.expect("said").await["seq"], 2);

    let back = json!({"type": "join", "tab": "t1",
        "resume": {"token": welcome["token"], "epoch": welcome["epoch"], "seq": 2}});
    let back = server.join_with("class", "sara", back).await;
    assert_eq!((&back.welcome["recovered"], &back.welcome["seq"]), (&json!(true), &json!(2)));
    assert_eq!(back.welcome["member_count"], 2);
    drop(first);
}

#[tokio::test]
async fn unjoined_session_is_answered_directly() {
    let server = TestServer::start().await;
    let _ali = server.join_with("class", "ali", json!({"type": "join", "name": "علی"})).await;
    let mut sara = Page::new(&server, "sara");
    let answer = sara.post(&[json!({"type": "ping", "n": 3})]).await;
    assert_eq!(answer.lines, [json!({"type": "pong", "n": 3})]);
    let answer = sara.post(&[json!({"type": "join", "name": "علی"})]).await;
    assert_eq!((answer.status, &answer.lines[0]["code"]), (200, &json!("name_taken")));
    let free = &answer.lines[0]["suggestion"];
    assert_eq!(sara.post(&[json!({"type": "join", "name": free})]).await.status, 204);
    assert_eq!(&sara.expect("welcome").await["you"]["name"], free);
    // From now on in its place among the messages of the room.
    let answer = sara.post(&[json!({"type": "say", "id": "s1", "text": " "}), json!({"type": "what"})]).await;
    assert_eq!(answer.status, 204);
    assert_eq!(sara.expect("error").await["id"], "s1");
    assert_eq!(sara.expect("error").await["code"], "unknown_type");
}

#[tokio::test]
async fn unknown_session_gets_503_with_4002() {
    let server = TestServer::start().await;
    let sara = Page::new(&server, "sara");
    for answer in [sara.hear_after(0).await, sara.post(&[json!({"type": "typing"})]).await] {
        assert_eq!((answer.status, &answer.lines[0]["code"]), (503, &json!(4002)));
    }
}

#[tokio::test]
async fn replaced_tab_gets_409() {
    let server = TestServer::start().await;
    let (sara, welcome) = Page::joined(&server, "sara", json!({"type": "join", "tab": "t1"})).await;
    let heard = async {
        loop {
            let answer = sara.hear_after(2).await;
            if answer.status != 204 {
                break answer;
            }
        }
    };
    let again = json!({"type": "join", "tab": "t1",
        "resume": {"token": welcome["token"], "epoch": welcome["epoch"], "seq": 0}});
    let (answer, _again) = tokio::join!(heard, server.join_with("class", "sara", again));
    assert_eq!((answer.status, &answer.lines[0]["code"]), (409, &json!(4500)));
}

#[tokio::test]
async fn forbidden_page_is_refused_by_code() {
    let server = TestServer::with(&["--public-url", "https://chat.example"]).await;
    let mut sara = Page::new(&server, "sara");
    let join = json!({"type": "join"}).to_string();
    for more in [
        "Origin: https://evil.example\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n",
    ] {
        let answer = sara.ask("POST", "", more, &join).await;
        assert_eq!((answer.status, &answer.lines[0]["code"]), (403, &json!(1008)), "{more}");
    }
    assert_eq!(sara.ask("HEAD", "", "", "").await.status, 405);
    for bad in ["?after=x", "?after=-1"] {
        assert_eq!(sara.ask("GET", bad, "", "").await.status, 400, "{bad}");
    }
    for secret in ["", "short", "رمز"] {
        sara.secret = secret.to_owned();
        assert_eq!(sara.ask("POST", "", "", &join).await.status, 400, "{secret:?}");
    }
}

#[tokio::test]
async fn full_server_asks_to_try_later() {
    let server = TestServer::with(&["--max-connections", "1"]).await;
    let _ali = server.join("class", "ali").await;
    let answer = Page::new(&server, "sara").post(&[json!({"type": "join"})]).await;
    assert_eq!((answer.status, &answer.lines[0]["code"]), (503, &json!(1013)));
}

#[tokio::test]
async fn rate_limited_say_is_refused_by_id() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "5"]).await;
    let (mut sara, _) = Page::joined(&server, "sara", json!({"type": "join"})).await;
    let says: Vec<Value> =
        (0..8).map(|n| json!({"type": "say", "id": format!("s{n}"), "text": "تند"})).collect();
    assert_eq!(sara.post(&says).await.status, 204);
    let mut dropped = Vec::new();
    while dropped.len() < 3 {
        dropped.extend(sara.hear().await.into_iter().filter(|line| line["type"] == "error"));
    }
    assert!(
        dropped.iter().all(|error| error["code"] == "too_fast" && error["id"].is_string()),
        "{dropped:?}"
    );
}

#[tokio::test]
async fn a_busy_room_costs_few_requests() {
    let server = TestServer::start().await;
    let (mut sara, _) = Page::joined(&server, "sara", json!({"type": "join"})).await;
    let mut ali = server.join("class", "ali").await;
    let (mut requests, mut said) = (0, 0);
    for n in 0..200 {
        ali.say(&format!("a{n}"), "سیل").await;
    }
    while said < 200 {
        said += sara.hear().await.iter().filter(|line| line["type"] == "said").count();
        requests += 1;
    }
    assert!(requests < 50, "{requests} requests for 200 messages");
}

#[tokio::test]
async fn a_stop_is_told_to_who_listens() {
    let mut server = TestServer::start().await;
    let sara = Page::joined(&server, "sara", json!({"type": "join"})).await.0;
    let Page { path, secret, .. } = sara;
    let request = format!(
        "GET {path}?after=2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nOtagh-Connection: {secret}\r\n\r\n"
    );
    let ask = async || {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    };
    let (mut first, second) = (ask().await, ask().await);
    let mut answer = String::new();
    // The one that is answered at once is the first to have come; then both are there.
    common::soon("the one replaced", async {
        tokio::select! {
            read = first.read_to_string(&mut answer) => read.unwrap(),
            readable = second.readable() => { readable.unwrap(); 0 }
        }
    })
    .await;
    let mut other = if answer.is_empty() { first } else { second };
    server.stop();
    answer.clear();
    common::soon("the end", other.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.contains("\"code\":4000"), "{answer}");
    server.stopped().await;
}
