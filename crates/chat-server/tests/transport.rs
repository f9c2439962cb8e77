//! The same room by polling, long polling, server-sent events and forms, beside WebSocket: who comes so
//! is a member like everybody, misses nothing, and is counted for what passed the wire.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{TestServer, soon};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A browser, as far as these ways need one: it keeps its cookies.
struct Browser<'a> {
    server: &'a TestServer,
    room: &'static str,
    client: &'static str,
    cookie: String,
    after: u64,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
    /// What passed the wire, both ways, by the client's own count.
    sent: usize,
    received: usize,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl<'a> Browser<'a> {
    fn new(server: &'a TestServer, client: &'static str) -> Self {
        Self { server, room: "class", client, cookie: String::new(), after: 0 }
    }

    fn path(&self, query: &str) -> String {
        format!("/rooms/{}/messages?client={}{query}", self.room, self.client)
    }

    async fn ask(&mut self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let cookie = match self.cookie.as_str() {
            "" => String::new(),
            cookie => format!("Cookie: {cookie}\r\n"),
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{cookie}{more}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        soon("an answer", stream.read_to_end(&mut all)).await.unwrap();
        let text = String::from_utf8(all).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        if let Some((_, rest)) = head.split_once("set-cookie: ") {
            self.cookie = rest.split(';').next().unwrap().to_owned();
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.into(), body: body.into(), sent: request.len(), received: text.len() }
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    /// Polls, and says what came.
    async fn poll(&mut self, query: &str) -> Vec<Value> {
        let after = if self.after > 0 { format!("&after={}", self.after) } else { String::new() };
        let answer = self.get(&self.path(&format!("{after}{query}"))).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let messages = answer.json()["messages"].as_array().unwrap().clone();
        for message in &messages {
            if message["type"] == "said" {
                assert_eq!(message["seq"], self.after + 1, "in order, none lost and none twice");
            }
            if message["type"] == "said" || message["type"] == "welcome" {
                self.after = message["seq"].as_u64().unwrap();
            }
        }
        messages
    }

    /// The same guest, with a request of their own.
    fn again(&self) -> Self {
        Self { cookie: self.cookie.clone(), ..*self }
    }

    /// How many requests have been counted.
    async fn requests(&mut self) -> u64 {
        let costs = self.get(&format!("/rooms/{}/costs?client={}", self.room, self.client)).await;
        costs.json()["requests"].as_u64().unwrap()
    }

    async fn say(&mut self, id: &str, text: &str) -> Answer {
        let body = json!({"id": id, "text": text}).to_string();
        self.ask("POST", &self.path(""), "Content-Type: application/json\r\n", &body).await
    }
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .filter(|message| message["type"] == "said")
        .map(|said| said["text"].as_str().unwrap())
        .collect()
}

/// What a browser keeps of the head of an answer.
fn cookie(head: &str) -> String {
    head.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned()
}

/// A stream of events.
struct Stream(tokio::io::Lines<BufReader<TcpStream>>);

impl Stream {
    async fn open(server: &TestServer, client: &str, more: &str) -> (Self, String) {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request =
            format!("GET /rooms/class/events?client={client} HTTP/1.0\r\nHost: localhost\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut head = String::new();
        loop {
            let line = soon("a head", lines.next_line()).await.unwrap().unwrap();
            if line.is_empty() {
                break (Self(lines), head);
            }
            head += &(line + "\n");
        }
    }

    /// The next event: its id and its data; `None` at the end.
    async fn next(&mut self) -> Option<(Option<u64>, Value)> {
        let (mut id, mut data) = (None, None);
        while let Some(line) = soon("an event", self.0.next_line()).await.unwrap() {
            match line.split_once(": ") {
                Some(("id", value)) => id = Some(value.parse().unwrap()),
                Some(("data", json)) => data = Some(serde_json::from_str(json).unwrap()),
                _ if line.is_empty() && data.is_some() => break,
                _ => {}
            }
        }
        Some((id, data?))
    }

    async fn said(&mut self) -> (u64, Value) {
        loop {
            let (id, event) = self.next().await.expect("more events");
            if event["type"] == "said" {
                return (id.expect("a said has a number"), event);
            }
        }
    }
}

#[tokio::test]
async fn every_transport_finds_room_by_any_spelling() {
    const SPELLINGS: [&str; 4] = [
        "%D9%87%D9%85%DA%A9%D9%84%D8%A7%D8%B3%DB%8C",          // همکلاسی
        "%D9%87%D9%85-%DA%A9%D9%84%D8%A7%D8%B3%DB%8C",         // هم-کلاسی
        "%D9%87%D9%85%E2%80%8C%D9%83%D9%84%D8%A7%D8%B3%D9%8A", // هم‌كلاسي
        "%D9%87%D9%85%D9%80%DA%A9%D9%84%D8%A7%D8%B3%DB%8C",    // همـکلاسی
    ];
    let server = TestServer::start().await;
    let mut socket = server.join("%D9%87%D9%85%E2%80%8C%DA%A9%D9%84%D8%A7%D8%B3%DB%8C", "socket").await;
    let mut polls = Browser { room: SPELLINGS[0], ..Browser::new(&server, "polls") };
    let welcome = polls.poll("").await.remove(0);
    assert_eq!(welcome["room"], "هم‌کلاسی", "the first spelling is the room's name");
    let mut form = Browser { room: SPELLINGS[1], ..Browser::new(&server, "form") };
    let page = form.get(&format!("/classic/{}?client=form&name=form", SPELLINGS[1])).await;
    assert!(page.status == 200 && page.body.contains("هم‌کلاسی"), "{}", page.body);
    // Who polled by one spelling is the same guest by another.
    polls.room = SPELLINGS[2];
    assert_eq!(polls.say("1", "سلام").await.status, 200);
    assert_eq!(socket.expect("said").await["from"], "polls");
    form.room = SPELLINGS[3];
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    assert_eq!(form.ask("POST", &form.path(""), kind, "text=1").await.status, 303);
    assert_eq!(socket.expect("said").await["from"], "form");
    assert_eq!(texts(&polls.poll("").await), ["سلام", "1"]);
    let mut other = server.join(SPELLINGS[3], "other").await;
    other.say("2", "من هم").await;
    assert_eq!(socket.expect("said").await["from"], "other");
}

#[tokio::test]
async fn form_drops_untyped_marks_from_name() {
    let server = TestServer::start().await;
    let mut socket = server.join("class", "socket").await;
    let marked = "%E2%80%AA%D8%B3%D8%A7%D8%B1%D8%A7%E2%80%AC%E2%80%8F";
    let mut form = Browser::new(&server, "form");
    assert_eq!(form.get(&format!("/classic/class?client=form&name={marked}")).await.status, 200);
    let seen = socket.expect_presence(|presence| presence["joined"][0]["id"] == "form").await;
    assert_eq!(seen["joined"][0]["name"], "سارا");
    // A program is told that it sends them.
    let mut polls = Browser::new(&server, "polls");
    let refused = polls.get(&polls.path(&format!("&name={marked}"))).await;
    assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_name")));
    // What is left may still be no name; then the page says so, and nobody is in.
    for bad in ["", "%20", "%E2%80%8F", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let page = form.again().get(&format!("/classic/class?client=other&name={bad}")).await;
        assert_eq!(page.status, 200, "{bad}");
        assert!(!page.head.contains("set-cookie"), "{bad}: {}", page.head);
    }
}

#[tokio::test]
async fn all_transports_deliver_to_each_other() {
    let server = TestServer::start().await;
    let mut socket = server.join("class", "socket").await;
    let mut polls = Browser::new(&server, "polls");
    let mut waits = Browser::new(&server, "waits");
    let mut form = Browser::new(&server, "form");
    polls.poll("").await;
    waits.poll("").await;
    let (mut stream, _) = Stream::open(&server, "stream", "").await;
    assert_eq!(form.get("/classic/class?client=form&name=form").await.status, 200);

    socket.say("1", "از وب‌سوکت").await;
    socket.expect("said").await;
    assert_eq!(polls.say("2", "از سرکشی").await.json()["seq"], 2);
    assert_eq!(waits.say("3", "از انتظار").await.json()["seq"], 3);
    let body = "text=%D8%A7%D8%B2+%D9%81%D8%B1%D9%85";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = form.ask("POST", &form.path(""), kind, body).await;
    assert_eq!(answer.status, 303);
    assert!(answer.head.contains("location: /classic/class?client=form"), "{}", answer.head);

    let all = ["از وب‌سوکت", "از سرکشی", "از انتظار", "از فرم"];
    assert_eq!(texts(&polls.poll("").await), all);
    assert_eq!(texts(&waits.poll("&wait=5").await), all);
    for (n, text) in all.iter().enumerate() {
        let (id, said) = stream.said().await;
        assert_eq!((id, &said["text"]), (n as u64 + 1, &json!(text)));
    }
    for text in &all[1..] {
        assert_eq!(&socket.expect("said").await["text"], text);
    }
    let page = form.get("/classic/class?client=form").await.body;
    assert!(all.iter().all(|text| page.contains(text)), "{page}");
}

#[tokio::test]
async fn event_stream_member_is_away_then_left() {
    let server = TestServer::with(&["--resume-window", "200ms"]).await;
    let mut sara = server.join("class", "sara").await;
    let (mut stream, head) = Stream::open(&server, "ali", "").await;
    assert!(head.to_lowercase().contains("content-type: text/event-stream"));
    let joined = sara.expect_presence(|presence| presence["joined"][0]["id"] != "sara").await;
    assert_eq!(joined["joined"][0]["id"], "ali");
    assert_eq!(stream.next().await.unwrap().1["type"], "welcome");
    let cookie = cookie(&head);
    drop(stream);
    sara.expect_presence(|presence| presence["changed"][0]["away"] == true).await;
    let (mut back, _) =
        Stream::open(&server, "ali", &format!("Cookie: {cookie}\r\nLast-Event-ID: 0\r\n")).await;
    let welcome = back.next().await.unwrap().1;
    assert_eq!((&welcome["type"], &welcome["you"]["id"]), (&json!("welcome"), &json!("ali")));
    sara.expect_presence(|presence| {
        presence["changed"][0]["id"] == "ali" && presence["changed"][0]["away"].is_null()
    })
    .await;
    drop(back);
    sara.expect_presence(|presence| presence["left"][0] == "ali").await;
}

#[tokio::test]
async fn long_poll_answers_at_message_or_timeout() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    // Until nobody comes or goes any more.
    while !ali.poll("&wait=1").await.is_empty() {}
    let before = Instant::now();
    let mut other = ali.again();
    let waits = other.requests().await + 1;
    let waiting = ali.poll("&wait=20");
    let saying = async {
        while other.requests().await < waits {}
        sara.say("1", "حالا").await;
    };
    let (came, ()) = tokio::join!(waiting, saying);
    assert_eq!(texts(&came), ["حالا"]);
    assert!(before.elapsed() < Duration::from_secs(10));
    let before = Instant::now();
    assert!(ali.poll("&wait=1").await.is_empty());
    assert!(before.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn parallel_requests_do_not_steal_messages() {
    let server = TestServer::start().await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    while !ali.poll("&wait=1").await.is_empty() {}
    let mut says = ali.again();
    let waits = says.requests().await + 1;
    let (came, said) = tokio::join!(ali.poll("&wait=20"), async {
        while says.requests().await < waits {}
        says.say("1", "هر دو").await
    });
    assert_eq!((texts(&came), said.json()["text"].as_str()), (vec!["هر دو"], Some("هر دو")));
}

#[tokio::test]
async fn post_is_answered_with_own_echo() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut stream, head) = Stream::open(&server, "ali", "").await;
    let mut ali = Browser { cookie: cookie(&head), ..Browser::new(&server, "ali") };
    for n in 1..=10 {
        // Another's message may have the same id.
        let id = n.to_string();
        sara.say(&id, "از سارا").await;
        let said = ali.say(&id, "از علی").await.json();
        assert_eq!(
            (&said["id"], &said["from"], &said["text"]),
            (&json!(id), &json!("ali"), &json!("از علی"))
        );
        let mut heard = [stream.said().await.1, stream.said().await.1];
        heard.sort_by_key(|said| said["from"] == "sara");
        assert_eq!([&heard[0]["text"], &heard[1]["text"]], ["از علی", "از سارا"]);
    }
    // Once they have gone by, the stream has them, and the answer is the same.
    let again = ali.say("3", "از علی").await.json();
    assert_eq!((&again["id"], &again["from"]), (&json!("3"), &json!("ali")));
}

#[tokio::test]
async fn newest_listener_replaces_older_one() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut first, head) = Stream::open(&server, "ali", "").await;
    assert_eq!(first.next().await.unwrap().1["type"], "welcome");
    let more = format!("Cookie: {}\r\nLast-Event-ID: 0\r\n", cookie(&head));
    let (mut second, _) = Stream::open(&server, "ali", &more).await;
    let mut last = Value::Null;
    while let Some((_, event)) = first.next().await {
        last = event;
    }
    assert_eq!((&last["type"], &last["code"]), (&json!("closed"), &json!(4500)));
    sara.say("1", "یک").await;
    assert_eq!(second.said().await.0, 1);

    let mut polls = Browser::new(&server, "reza");
    polls.poll("").await;
    while !polls.poll("&wait=1").await.is_empty() {}
    let mut newer = polls.again();
    let older = polls.path("&after=1&wait=25");
    let waits = newer.requests().await + 1;
    let newest = async {
        while newer.requests().await < waits {}
        newer.get(&newer.path("&after=1")).await.status
    };
    let (answer, status) = tokio::join!(polls.get(&older), newest);
    assert_eq!((status, answer.status, &answer.json()["code"]), (200, 409, &json!(4500)));
}

#[tokio::test]
async fn acknowledged_messages_are_replayed_on_request() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    for n in 1..=3 {
        sara.say(&n.to_string(), "دوباره").await;
    }
    while ali.after < 3 {
        ali.poll("&wait=5").await;
    }
    ali.poll("").await;
    let before = ali.requests().await;
    let messages = ali.get(&ali.path("&after=1")).await.json()["messages"].as_array().unwrap().clone();
    assert_eq!((&messages[0]["type"], &messages[0]["recovered"]), (&json!("welcome"), &json!(true)));
    assert_eq!(messages[0]["you"]["id"], "ali", "they are who they were");
    ali.after = 1;
    let mut told = messages.iter().filter(|message| message["type"] == "said").count();
    while told < 2 {
        told += texts(&ali.poll("&wait=5").await).len();
    }
    assert!(ali.requests().await > before, "and have cost what they cost");
    // What is not there yet cannot be acknowledged.
    let messages = ali.get(&ali.path("&after=99")).await.json()["messages"].clone();
    assert_eq!((&messages[0]["type"], &messages[0]["recovered"]), (&json!("welcome"), &json!(false)));
}

#[tokio::test]
async fn reopened_event_stream_resumes_at_last_event() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    sara.say("0", "پیش از همه").await;
    sara.expect("said").await;
    // One that nobody hears any more, and whose end has not been noticed.
    let (mut dead, head) = Stream::open(&server, "ali", "").await;
    let (id, welcome) = dead.next().await.unwrap();
    assert_eq!((&welcome["type"], id), (&json!("welcome"), Some(1)), "what they have by then");
    for n in 1..=3 {
        sara.say(&n.to_string(), "در راه گم شد").await;
        sara.expect("said").await;
        dead.said().await;
    }
    // They had no more than the welcome, or not even that.
    let mut cookie = cookie(&head);
    for more in ["Last-Event-ID: 1\r\n", ""] {
        let (mut back, head) = Stream::open(&server, "ali", &format!("Cookie: {cookie}\r\n{more}")).await;
        let (id, welcome) = back.next().await.unwrap();
        assert_eq!(
            (&welcome["type"], &welcome["you"]["id"], id),
            (&json!("welcome"), &json!("ali"), Some(1))
        );
        assert_eq!(welcome["recovered"], true);
        for n in 2..=4 {
            assert_eq!(back.said().await.0, n, "{more}");
        }
        cookie = self::cookie(&head);
        // Still open when the next one comes.
        std::mem::forget(back);
    }
}

#[tokio::test]
async fn invalid_first_post_does_not_join() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let json = "Content-Type: application/json\r\n";
    for body in ["", "{\"text\":\"\"}"] {
        let mut ali = Browser::new(&server, "ali");
        let path = ali.path("&name=ali");
        assert_eq!(ali.ask("POST", &path, json, body).await.status, 400);
        assert_eq!(ali.cookie, "");
    }
    // Their name is free.
    let mut ali = Browser::new(&server, "ali");
    let path = ali.path("&name=ali");
    assert_eq!(ali.get(&path).await.json()["messages"][0]["you"]["name"], "ali");
    assert_eq!(
        sara.expect_presence(|presence| presence["joined"][0]["id"] != "sara").await["joined"][0]["id"],
        "ali"
    );
    let answer = ali.ask("HEAD", &path, "", "").await;
    assert_eq!(answer.status, 405, "an answer without its messages");
}

#[tokio::test]
async fn poll_answer_is_bounded_rest_follows() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    for n in 0..40 {
        sara.say(&n.to_string(), &"ب".repeat(2_000)).await;
        sara.expect("said").await;
    }
    let path = ali.path("&after=0");
    let answer = ali.get(&path).await;
    assert!(answer.body.len() < chat_server::testing::QUEUE_PORTION + 5_000, "{} bytes", answer.body.len());
    let mut told = 0;
    while told < 40 {
        told += texts(&ali.poll("&wait=5").await).len();
    }
}

#[tokio::test]
async fn classic_page_keeps_name_and_latest_messages() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut form = Browser::new(&server, "form");
    form.get("/classic/class?client=form&name=%D8%B9%D9%84%DB%8C").await;
    for n in 0..300 {
        sara.say(&n.to_string(), &format!("{n}: {}", "ب".repeat(1_000))).await;
        sara.expect("said").await;
        if n % 50 == 49 {
            let page = form.get("/classic/class?client=form").await.body;
            assert!(page.contains(&format!("sara: {n}: ")) && page.contains(&format!("sara: {}: ", n - 49)));
        }
    }
    // Somebody whose ticket is good for nothing any more comes by the name that the form carries.
    form.cookie = String::new();
    let post = "/rooms/class/messages?client=form&name=%D8%B9%D9%84%DB%8C%20%DB%B2";
    let kind = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = form.ask("POST", post, kind, "text=x").await;
    assert!(
        answer.head.contains("location: /classic/class?client=form&name=%D8%B9%D9%84%DB%8C%20%DB%B2"),
        "{}",
        answer.head
    );
    assert_eq!(sara.expect("said").await["name"], "علی ۲");
}

#[tokio::test]
async fn rate_limited_newcomer_takes_no_slot() {
    let server = TestServer::with(&["--messages-per-address", "1", "--max-connections", "20"]).await;
    let mut came = 0;
    for n in 0..50 {
        let answer = server.get(&format!("/rooms/class/messages?client=c{n}")).await;
        came += usize::from(answer.starts_with("HTTP/1.1 200 "));
        assert!(!answer.starts_with("HTTP/1.1 503 "), "the places are taken after {came} of {n}");
    }
    assert!((5..20).contains(&came), "{came}");
}

#[tokio::test]
async fn missing_body_times_out_with_408() {
    let server = TestServer::with(&["--head-deadline", "300ms"]).await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nContent-Length: 100\r\n\r\n{{\"text\":",
        ali.path(""),
        ali.cookie
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn unacknowledged_messages_repeat_but_posts_deduplicate() {
    let server = TestServer::start().await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    for _ in 0..2 {
        assert_eq!(ali.say("c1", "یک بار").await.json()["seq"], 1);
    }
    let after = ali.path("&after=0");
    for _ in 0..2 {
        let messages = ali.get(&after).await.json()["messages"].as_array().unwrap().clone();
        let said: Vec<_> = messages.iter().filter(|message| message["type"] == "said").collect();
        assert!(!said.is_empty() && said.iter().all(|said| said["seq"] == 1), "{messages:?}");
    }
    assert!(texts(&ali.poll("").await).len() <= 1);
    assert!(ali.poll("").await.is_empty());
}

#[tokio::test]
async fn session_without_cookie_is_somebody_else() {
    let server = TestServer::start().await;
    let mut ali = Browser::new(&server, "ali");
    let welcome = &ali.poll("").await[0];
    assert_eq!(welcome["you"]["id"], "ali");
    ali.say("1", "راز").await;
    let mut thief = Browser::new(&server, "ali");
    let messages = thief.poll("").await;
    assert_ne!(messages[0]["you"]["id"], "ali");
    assert_eq!(texts(&messages), [""; 0], "a newcomer sees no history");
    let cookie = ali.cookie.clone();
    let (of_ali, ticket) = cookie.split_once('.').unwrap();
    let forged = format!("{of_ali}.{}.{}", "0".repeat(64), welcome["epoch"].as_str().unwrap());
    let mut forger = Browser { cookie: forged, ..Browser::new(&server, "ali") };
    assert_ne!(forger.poll("").await[0]["you"]["id"], "ali");
    assert!(ali.poll("").await.iter().all(|message| message["type"] != "welcome"), "unharmed");
    // A program without cookies shows the same by Authorization.
    let bearer = format!("Authorization: Bearer {ticket}\r\n");
    let mut program = Browser::new(&server, "x");
    let path = format!("/rooms/class/messages?client=x&after={}", ali.after);
    assert_eq!(program.ask("GET", &path, &bearer, "").await.json()["messages"], json!([]));
}

#[tokio::test]
async fn mistakes_are_named_as_in_protocol() {
    let server = TestServer::start().await;
    let _sara = server.join_with("class", "sara", json!({"type": "join", "name": "سارا"})).await;
    let mut ali = Browser::new(&server, "ali");
    let cases = [
        ("/rooms/%20/messages", 400, "bad_room_id"),
        ("/rooms/class/messages?client=%20", 400, "bad_client_id"),
        ("/rooms/class/messages?after=x", 400, "bad_field"),
        ("/rooms/class/messages?name=%D8%B3%D8%A7%D8%B1%D8%A7", 409, "name_taken"),
        ("/rooms/class/costs?client=nobody", 400, "not_joined"),
    ];
    for (path, status, code) in cases {
        let answer = ali.get(path).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{path}: {}",
            answer.body
        );
    }
    ali.poll("").await;
    for (text, code) in [("", "empty_text"), (&"ا".repeat(5_000), "text_too_long")] {
        let answer = ali.say("1", text).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)));
    }
    let json = "Content-Type: application/json\r\n";
    for body in ["", "{}", "[]", "{\"text\":7}", "null"] {
        let answer = ali.ask("POST", &ali.path(""), json, body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_field")), "{body}");
    }
    assert_eq!(ali.ask("POST", &ali.path(""), json, &" ".repeat(60_000)).await.status, 413);
    let evil = "Origin: http://evil.example\r\nContent-Type: application/json\r\n";
    assert_eq!(ali.ask("POST", &ali.path(""), evil, "{\"text\":\"x\"}").await.status, 403);
    assert_eq!(ali.say("2", "هنوز هستم").await.status, 200);
}

/// What a browser says of where a request is from, and for what.
fn sent_by(site: &str, mode: &str, dest: &str) -> String {
    format!("Sec-Fetch-Site: {site}\r\nSec-Fetch-Mode: {mode}\r\nSec-Fetch-Dest: {dest}\r\n")
}

#[tokio::test]
async fn other_sites_make_nobody_a_member() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut reader = Browser::new(&server, "reader");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for site in ["cross-site", "same-site"] {
        let link = sent_by(site, "navigate", "document");
        let picture = sent_by(site, "no-cors", "image");
        let frame = sent_by(site, "navigate", "iframe");
        for (method, how, path, body) in [
            ("GET", &picture, "/rooms/class/messages?client=reader", ""),
            ("GET", &picture, "/rooms/class/events?client=reader", ""),
            ("GET", &picture, "/classic/class?client=reader&name=reader", ""),
            ("GET", &frame, "/classic/class?client=reader&name=reader", ""),
            ("GET", &link, "/rooms/class/messages?client=reader", ""),
            ("GET", &link, "/rooms/class/events?client=reader", ""),
            ("POST", &link, "/rooms/class/messages?client=reader", "text=x"),
        ] {
            let answer = reader.ask(method, path, &format!("{how}{form}"), body).await;
            assert_eq!(answer.status, 403, "{method} {path} {how}: {}", answer.body);
        }
        // A link leads to the page, which asks for a name, whatever name the link has.
        let answer = reader.ask("GET", "/classic/class?client=reader&name=Fool", &link, "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.head.contains("set-cookie"), "{}", answer.head);
    }
    // What is fetched beforehand was not asked for by anybody.
    for purpose in ["Sec-Purpose: prefetch;prerender", "Purpose: prefetch", "X-Moz: prefetch"] {
        for site in ["none", "same-origin", "cross-site"] {
            let how = format!("{}{purpose}\r\n", sent_by(site, "navigate", "document"));
            let answer = reader.ask("GET", "/classic/class?client=reader&name=Fool", &how, "").await;
            assert_eq!((answer.status, answer.head.contains("set-cookie")), (403, false), "{how}");
        }
    }
    // The next who comes is the first whom the room sees, by a page of its own.
    let own = sent_by("same-origin", "navigate", "document");
    assert_eq!(reader.ask("GET", "/classic/class?client=reader&name=reader", &own, "").await.status, 200);
    let seen = sara.expect_presence(|presence| presence["joined"][0]["id"] != "sara").await;
    assert_eq!(seen["joined"], json!([{"id": "reader", "name": "reader"}]));
    assert_eq!(seen["member_count"], 2);
}

#[tokio::test]
async fn neighbour_site_acknowledges_nothing() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    sara.say("1", "یک").await;
    sara.expect("said").await;
    for mode in ["cors", "no-cors", "navigate"] {
        let how = sent_by("same-site", mode, "empty");
        let answer = ali.again().ask("GET", &ali.path("&after=1"), &how, "").await;
        assert_eq!(answer.status, 403, "{}", answer.body);
    }
    // Nor does a link from there show what is the reader's.
    let mut form = Browser::new(&server, "form");
    form.get("/classic/class?client=form&name=form").await;
    sara.say("2", "دو").await;
    sara.expect("said").await;
    let link = sent_by("same-site", "navigate", "document");
    let page = form.again().ask("GET", "/classic/class?client=form&name=form", &link, "").await;
    assert!(page.status == 200 && !page.body.contains("دو"), "{}", page.body);
    assert!(form.get("/classic/class?client=form&name=form").await.body.contains("دو"));
    assert_eq!(texts(&ali.poll("").await), ["یک", "دو"]);
}

#[tokio::test]
async fn cookies_stay_few_and_short_lived() {
    let server = TestServer::with(&["--messages-per-address", "0"]).await;
    let mut jar = std::collections::BTreeMap::new();
    let mut browser = Browser::new(&server, "any");
    for n in 0..200 {
        let path = format!("/rooms/class/messages?client=member-{n}");
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, 200, "{n}: {}", answer.body);
        let line = answer.head.lines().find(|line| line.starts_with("set-cookie: ")).unwrap();
        let (key, value) =
            cookie(&answer.head).split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        jar.insert(key, value);
        let age = line.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap();
        assert!(age.parse::<u64>().unwrap() <= 300, "{line}");
        browser.cookie =
            jar.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("; ");
        assert!(jar.len() <= 32 && browser.cookie.len() < 4096, "{}", browser.cookie.len());
        // Whoever came last is still who they are.
        let answer = browser.get(&path).await;
        assert!(answer.status == 200 && !answer.head.contains("set-cookie"), "{}", answer.head);
    }
    // And so are those who came first, as long as there is room for them.
    browser.cookie = String::new();
    let mut few = std::collections::BTreeMap::new();
    for n in 0..32 {
        let answer = browser.get(&format!("/rooms/other/messages?client=member-{n}")).await;
        let (key, value) =
            cookie(&answer.head).split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned())).unwrap();
        assert_eq!(few.insert(key, value), None, "nobody's place is taken");
        browser.cookie =
            few.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("; ");
    }
    for n in 0..32 {
        let answer = browser.get(&format!("/rooms/other/costs?client=member-{n}")).await;
        assert_eq!(answer.status, 200, "{n}: {}", answer.body);
    }
}

#[tokio::test]
async fn polling_session_has_a_persons_rate_limit() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "5"]).await;
    let mut ali = Browser::new(&server, "ali");
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(ali.get(&ali.path("")).await.status);
    }
    assert_eq!(statuses[..5], [200; 5]);
    assert!(statuses[5..].iter().filter(|status| **status == 429).count() >= 5, "{statuses:?}");
}

#[tokio::test]
async fn guests_have_no_more_places_than_connections() {
    let server = TestServer::with(&["--max-connections", "3"]).await;
    for client in ["a", "b", "c"] {
        assert_eq!(
            Browser::new(&server, client).get(&format!("/rooms/class/messages?client={client}")).await.status,
            200
        );
    }
    assert_eq!(Browser::new(&server, "d").get("/rooms/class/messages?client=d").await.status, 503);
}

#[tokio::test]
async fn unfetched_session_ends_and_reports_gap() {
    let server = TestServer::with(&["--outbox-bytes", "4000", "--history-bytes", "4000"]).await;
    let mut sara = server.join("class", "sara").await;
    let mut ali = Browser::new(&server, "ali");
    ali.poll("").await;
    for n in 0..40 {
        sara.say(&n.to_string(), &"ا".repeat(100)).await;
        sara.expect("said").await;
    }
    let welcome = loop {
        let answer = ali.get(&ali.path("&after=0")).await;
        match answer.status {
            503 => assert_eq!(answer.json()["code"], 4001),
            _ => break answer.json()["messages"][0].clone(),
        }
    };
    assert_eq!((&welcome["type"], &welcome["you"]["id"]), (&json!("welcome"), &json!("ali")));
    assert_eq!((&welcome["recovered"], &welcome["seq"]), (&json!(false), &json!(40)));
    ali.after = 40;
    sara.say("last", "و حالا").await;
    while sara.expect("said").await["id"] != "last" {}
    assert_eq!(texts(&ali.poll("&wait=5").await), ["و حالا"]);
}

#[tokio::test]
async fn returning_stream_gets_whole_replay() {
    let server = TestServer::with(&["--outbox-bytes", "1000"]).await;
    let mut sara = server.join("class", "sara").await;
    let (mut stream, head) = Stream::open(&server, "ali", "").await;
    stream.next().await.unwrap();
    let cookie = cookie(&head);
    drop(stream);
    sara.expect_presence(|presence| presence["changed"][0]["away"] == true).await;
    for n in 0..40 {
        sara.say(&n.to_string(), &"ا".repeat(100)).await;
        sara.expect("said").await;
    }
    let (mut back, _) =
        Stream::open(&server, "ali", &format!("Cookie: {cookie}\r\nLast-Event-ID: 0\r\n")).await;
    for seq in 1..=40 {
        assert_eq!(back.said().await.0, seq);
    }
}

#[tokio::test]
async fn costs_match_bytes_on_wire() {
    let server = TestServer::start().await;
    let mut ali = Browser::new(&server, "ali");
    let (mut sent, mut received, mut payload_in, mut payload_out) = (0, 0, 0, 0);
    let path = ali.path("");
    let mut answers = vec![ali.get(&path).await];
    for n in 0..3 {
        payload_in += json!({"id": n.to_string(), "text": "سلام"}).to_string().len();
        answers.push(ali.say(&n.to_string(), "سلام").await);
        answers.push(ali.get(&path).await);
    }
    for answer in &answers {
        sent += answer.sent;
        received += answer.received;
        payload_out += answer.body.len();
    }
    let costs = ali.get("/rooms/class/costs?client=ali").await.json();
    assert_eq!(costs["requests"], 7);
    assert_eq!((&costs["payload_in"], &costs["headers_in"]), (&json!(payload_in), &json!(sent - payload_in)));
    assert_eq!(
        (&costs["payload_out"], &costs["headers_out"]),
        (&json!(payload_out), &json!(received - payload_out))
    );
}

#[tokio::test]
async fn expect_continue_body_is_counted() {
    let server = TestServer::start().await;
    let mut ali = Browser::new(&server, "ali");
    let came = ali.get(&ali.path("")).await;
    let body = json!({"id": "1", "text": "سلام"}).to_string();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n\
         Cookie: {}\r\nContent-Length: {}\r\n\r\n",
        ali.path(""),
        ali.cookie,
        body.len()
    );
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    soon("to be asked", stream.read_exact(&mut go_on)).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    soon("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let said = answer.split_once("\r\n\r\n").unwrap().1;
    let costs = ali.get("/rooms/class/costs?client=ali").await.json();
    let sent = came.sent + head.len();
    let received = came.received + go_on.len() + answer.len();
    let payload_out = came.body.len() + said.len();
    let expected = json!({
        "requests": 2,
        "headers_in": sent,
        "payload_in": body.len(),
        "headers_out": received - payload_out,
        "payload_out": payload_out,
    });
    assert_eq!(costs, expected);
}

#[tokio::test]
async fn browser_keeps_one_cookie_per_room() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server, "ali");
    let page = browser.get("/classic/class?client=ali&name=ali").await;
    let cookies: Vec<&str> =
        page.head.split("set-cookie: ").skip(1).map(|line| line.lines().next().unwrap()).collect();
    let paths: Vec<&str> = cookies.iter().map(|cookie| cookie.split("; ").nth(1).unwrap()).collect();
    assert_eq!(paths, ["Path=/rooms", "Path=/classic"]);
    let in_class = browser.cookie.clone();
    browser.cookie = String::new();
    browser.get("/rooms/other/messages?client=ali").await;
    assert_ne!(in_class.split_once('=').unwrap().0, browser.cookie.split_once('=').unwrap().0);
    browser.cookie = in_class + "; " + &browser.cookie;
    for room in ["class", "other"] {
        let answer = browser.get(&format!("/rooms/{room}/costs?client=ali")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[tokio::test]
async fn stop_ends_polls_and_streams_promptly() {
    let mut server = TestServer::start().await;
    let (mut stream, _) = Stream::open(&server, "stream", "").await;
    assert_eq!(stream.next().await.unwrap().1["type"], "welcome");
    // In a room of their own, where nothing else happens.
    let far = TestServer::at(server.address);
    let mut ali = Browser { room: "alone", ..Browser::new(&far, "ali") };
    ali.poll("").await;
    while !ali.poll("&wait=1").await.is_empty() {}
    let mut waits = ali.again();
    let path = waits.path(&format!("&after={}&wait=25", ali.after));
    let waiting = ali.requests().await + 1;
    let stopping = async {
        while ali.requests().await < waiting {}
        let before = Instant::now();
        server.stop();
        let mut last = Value::Null;
        while let Some((_, event)) = stream.next().await {
            last = event;
        }
        assert_eq!((&last["type"], &last["code"]), (&json!("closed"), &json!(4000)));
        soon("the server to stop", server.stopped()).await;
        assert!(before.elapsed() < Duration::from_secs(4), "the drain deadline was waited for");
    };
    let (answer, ()) = tokio::join!(waits.get(&path), stopping);
    assert_eq!((answer.status, &answer.json()["code"]), (503, &json!(4000)));
}
