//! The recording of one's own connection, beside what an independent witness on the wire recorded; who
//! may see it, how much of it there is; and what happens when one breaks the connection on purpose.
#![cfg(feature = "lab")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use common::{Client, Frame, Raw, TestServer, handshake, masked, soon};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_util::io::InspectReader;

/// Stands between a client and the server and writes down what passes, knowing nothing of it.
struct Witness {
    address: std::net::SocketAddr,
    incoming: Arc<Mutex<Vec<u8>>>,
    outgoing: Arc<Mutex<Vec<u8>>>,
}

impl Witness {
    /// For the next connection.
    async fn before(server: &TestServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let witness = Self {
            address: listener.local_addr().unwrap(),
            incoming: Arc::default(),
            outgoing: Arc::default(),
        };
        let (to, incoming, outgoing) = (server.address, witness.incoming.clone(), witness.outgoing.clone());
        tokio::spawn(async move {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(to).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let note = |log: Arc<Mutex<Vec<u8>>>| move |bytes: &[u8]| log.lock().unwrap().extend(bytes);
            let mut client = InspectReader::new(client, note(incoming));
            let mut server = InspectReader::new(server, note(outgoing));
            // A connection that is cut ends with an error.
            drop(copy_bidirectional(&mut client, &mut server).await);
        });
        witness
    }

    async fn open(&self, path: &str, early: &[u8]) -> Raw {
        Raw::on(TcpStream::connect(self.address).await.unwrap(), path, early).await
    }

    fn bytes(&self) -> [Vec<u8>; 2] {
        [self.incoming.lock().unwrap().clone(), self.outgoing.lock().unwrap().clone()]
    }
}

/// An event stream, as `curl` would have it.
struct Events {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
    status: String,
}

impl Events {
    async fn open(server: &TestServer, path: &str, more: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // HTTP/1.0, so that the body comes as it is.
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut lines = BufReader::new(stream).lines();
        let status = soon("an answer", lines.next_line()).await.unwrap().expect("a status line");
        while !soon("a head", lines.next_line()).await.unwrap().expect("a header").is_empty() {}
        Self { lines, status }
    }

    async fn of(server: &TestServer, token: &str) -> Self {
        let events = Self::open(server, &format!("/xray/{token}/events"), "").await;
        assert!(events.status.contains(" 200 "), "{}", events.status);
        events
    }

    /// The next event and its number; `None` at the end.
    async fn next(&mut self) -> Option<(usize, Value)> {
        let (mut number, mut data) = (None, None);
        while let Some(line) = soon("an event", self.lines.next_line()).await.unwrap() {
            match line.split_once(": ") {
                Some(("id", id)) => number = Some(id.parse().unwrap()),
                Some(("data", json)) => data = Some(serde_json::from_str(json).unwrap()),
                _ if line.is_empty() && data.is_some() => break,
                _ => {}
            }
        }
        Some((number?, data?))
    }

    async fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, event) = self.next().await.expect("the event before the end");
            if is_it(&event) {
                return event;
            }
        }
    }

    async fn all(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some((number, event)) = self.next().await {
            assert_eq!(number, all.len());
            all.push(event);
        }
        all
    }
}

/// What the recording has of both directions.
fn shown(events: &[Value]) -> [Vec<u8>; 2] {
    let mut ways = [Vec::new(), Vec::new()];
    for event in events.iter().filter(|event| event["event"] == "bytes") {
        let way = &mut ways[usize::from(event["direction"] == "out")];
        assert_eq!(event["offset"], way.len());
        way.extend(STANDARD.decode(event["data"].as_str().unwrap()).unwrap());
    }
    ways
}

/// Puts stars over `secret` wherever it stands, also where it is masked with the mask of the tests.
fn covered(mut bytes: Vec<u8>, secret: &str) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let keys = [[0; 4]].into_iter().chain((0..4).map(|from| std::array::from_fn(|i| MASK[(from + i) % 4])));
    for key in keys {
        let hide =
            |text: &[u8]| -> Vec<u8> { text.iter().enumerate().map(|(i, b)| b ^ key[i % 4]).collect() };
        let (needle, stars) = (hide(secret.as_bytes()), hide(&vec![b'*'; secret.len()]));
        while let Some(at) = bytes.windows(needle.len()).position(|window| window == needle) {
            bytes[at..at + needle.len()].copy_from_slice(&stars);
        }
    }
    bytes
}

fn token(xray: &Frame) -> String {
    xray.json()["token"].as_str().unwrap().to_owned()
}

async fn recorded(server: &TestServer, room: &str, id: &str) -> (Client, String) {
    let mut client = server.open(&format!("/ws/{room}/{id}?xray=1")).await;
    let xray = client.expect("xray").await;
    client.send(json!({"type": "join"})).await;
    client.welcome = client.expect("welcome").await;
    (client, xray["token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn recording_matches_wire_byte_for_byte() {
    let server = TestServer::start().await;
    let witness = Witness::before(&server).await;
    let early = masked(0x81, br#"{"type":"ping","n":1}"#);
    let mut client = witness.open("/ws/class/ali?xray=1", &early).await;
    let capture = token(&client.expect("xray").await);
    client.expect("pong").await;
    client.send_json(json!({"type": "join", "name": "علی"})).await;
    let welcome = client.expect("welcome").await.json();
    let resume = welcome["token"].as_str().unwrap();

    // Each length form that the server takes.
    client.send_json(json!({"type": "say", "id": "7", "text": "سلام"})).await;
    client.send_json(json!({"type": "say", "id": "16", "text": "ب".repeat(300)})).await;
    client.expect("said").await;
    client.expect("said").await;
    // Two frames in one write, and one frame in as many writes as it has bytes.
    let ping = masked(0x81, br#"{"type":"ping","n":2}"#);
    client.stream.write_all(&[&ping[..], &masked(0x89, b"so?")].concat()).await.unwrap();
    client.expect("pong").await;
    for byte in masked(0x81, br#"{"type":"ping","n":3}"#) {
        client.stream.write_all(&[byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    client.expect("pong").await;
    // A message in three fragments, with a ping in between, and the secret in two of them.
    let join =
        json!({"type": "join", "resume": {"token": resume, "epoch": welcome["epoch"], "seq": 0}}).to_string();
    let cut = join.find(resume).unwrap() + 20;
    client.stream.write_all(&masked(0x01, &join.as_bytes()[..cut])).await.unwrap();
    client.send(9, b"between").await;
    client.stream.write_all(&masked(0x00, &join.as_bytes()[cut..cut + 7])).await.unwrap();
    client.stream.write_all(&masked(0x80, &join.as_bytes()[cut + 7..])).await.unwrap();
    client.expect("error").await;
    // The long form, of a message that is too long: the server closes, and the client answers.
    client.send(1, &vec![b' '; 70_000]).await;
    let close = client.expect_close().await;
    assert_eq!(close.close_code(), 1009);
    client.send(8, &close.payload).await;
    client.ends().await;
    drop(client);

    let events = Events::of(&server, &capture).await.all().await;
    assert_eq!(events[0]["event"], "opened");
    assert_eq!(events[0]["loopback"], true);
    let last = events.last().unwrap();
    assert_eq!(
        (&last["event"], &last["code"], &last["by_server"]),
        (&json!("ended"), &json!(1009), &json!(true))
    );
    let times: Vec<u64> = events.iter().filter_map(|event| event["at_us"].as_u64()).collect();
    assert!(times.is_sorted(), "{times:?}");

    let cut_in_two = [&resume[..20], &resume[20..27], &resume[27..]];
    let expected = witness.bytes().map(|bytes| {
        let bytes = covered(covered(bytes, &capture), resume);
        cut_in_two.iter().fold(bytes, |bytes, part| covered(bytes, part))
    });
    let [incoming, outgoing] = shown(&events);
    assert!(expected[0].len() > 70_000 && expected[1].len() > 1_000);
    assert!(incoming == expected[0], "what came from the client differs");
    assert!(outgoing == expected[1], "what went to the client differs");
}

#[tokio::test]
async fn recording_starts_at_own_request() {
    let server = TestServer::start().await;
    let witness = Witness::before(&server).await;
    let mut stream = TcpStream::connect(witness.address).await.unwrap();
    let mut before = [0, 0];
    for path in ["/healthz", "/nothing-here"] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = [0; 4096];
        assert!(soon("an answer", stream.read(&mut answer)).await.unwrap() > 0);
        before = witness.bytes().map(|bytes| bytes.len());
    }
    let mut client = Raw::on(stream, "/ws/class/ali?xray=1", b"").await;
    let capture = token(&client.expect("xray").await);
    drop(client);
    let events = Events::of(&server, &capture).await.all().await;
    let [incoming, outgoing] = witness.bytes();
    let expected = [incoming[before[0]..].to_vec(), covered(outgoing[before[1]..].to_vec(), &capture)];
    assert!(expected[0].starts_with(b"GET /ws/class/ali"));
    assert!(shown(&events) == expected);
}

#[tokio::test]
async fn cookies_and_tokens_are_hidden_and_marked() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = handshake("/ws/class/ali?xray=1", "Cookie: theme=dark; session=geheim\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the head", stream.read_u8()).await.unwrap());
    }
    let mut frame = vec![0; 2];
    stream.read_exact(&mut frame).await.unwrap();
    let mut json = vec![0; usize::from(frame[1])];
    stream.read_exact(&mut json).await.unwrap();
    let xray: Value = serde_json::from_slice(&json).unwrap();
    let token = xray["token"].as_str().unwrap();
    let join = json!({"type": "join", "teacher": {"token": "c1a5".repeat(16)}}).to_string();
    stream.write_all(&masked(0x81, join.as_bytes())).await.unwrap();
    soon("the welcome", stream.read_u8()).await.unwrap();
    drop(stream);

    let events = Events::of(&server, token).await.all().await;
    let text = shown(&events).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(text[0].contains(&format!("Cookie: {}\r\n", "*".repeat(26))), "{}", text[0]);
    assert!(text[1].contains(&format!(r#""token":"{}""#, "*".repeat(64))), "{}", text[1]);
    assert!(events.iter().all(|event| !event.to_string().contains("geheim")));
    let hidden = |way: &str| {
        let of = |event: &&Value| event["direction"] == way && event.get("hidden").is_some();
        events.iter().filter(of).map(|event| event["hidden"].as_array().unwrap().len()).sum::<usize>()
    };
    assert_eq!(hidden("in"), 2, "the cookie, and the key of a class");
    assert_eq!(hidden("out"), 2, "the recording's token, and the welcome's");
}

#[tokio::test]
async fn events_stream_live_until_connection_ends() {
    let server = TestServer::start().await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    let sara = server.join("class", "sara").await;
    // In two tabs.
    let resume = json!({"type": "join", "resume": sara.resume(0)["resume"], "tab": "second"});
    let second = server.join_with("class", "sara", resume).await;
    assert_eq!(second.welcome["you"]["id"], "sara");
    let mut events = Events::of(&server, &token).await;
    events.until(|event| event["event"] == "tcp").await;
    ali.say("c1", "می‌بینی؟").await;
    let journey = events.until(|event| event["event"] == "journey").await;
    assert_eq!((&journey["id"], &journey["seq"]), (&json!("c1"), &json!(1)));
    assert_eq!((&journey["reached"], &journey["members"]), (&json!(3), &json!(2)), "connections, members");
    let times = ["heard_us", "ordered_us", "sent_us"].map(|time| journey[time].as_u64().unwrap());
    assert!(times.is_sorted() && times[0] > 0, "{times:?}");
    assert_eq!(journey.get("logged_us").is_some(), server.has_engine(), "{journey}");
    ali.close(1000).await;
    let ended = events.until(|event| event["event"] == "ended").await;
    assert_eq!((&ended["code"], &ended["by_server"]), (&json!(1000), &json!(false)));
    assert_eq!(events.next().await, None);
    drop((sara, second));
}

#[tokio::test]
async fn journey_notes_the_log_of_shared_rooms() {
    let Some(server) = TestServer::over_engine(2, &[]).await else { return };
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    let mut sara = server.join("class", "sara").await;
    ali.say("c1", "از راه لاگ").await;
    assert_eq!(sara.expect("said").await["text"], "از راه لاگ", "on the other node");
    ali.close(1000).await;
    let events = Events::of(&server, &token).await.all().await;
    let journey = events.iter().find(|event| event["event"] == "journey").unwrap();
    let times =
        ["heard_us", "logged_us", "ordered_us", "sent_us"].map(|time| journey[time].as_u64().unwrap());
    assert!(times.is_sorted() && times[0] < times[1], "{times:?}");
    assert_eq!((&journey["reached"], &journey["members"]), (&json!(1), &json!(2)), "here, and in the room");
}

#[tokio::test]
async fn a_repeated_say_has_no_second_journey() {
    let server = TestServer::start().await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    for _ in 0..2 {
        ali.say("c1", "یک بار").await;
        ali.expect("said").await;
    }
    ali.say("c2", "دو بار").await;
    ali.expect("said").await;
    ali.close(1000).await;
    let events = Events::of(&server, &token).await.all().await;
    let ids: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "journey").map(|event| &event["id"]).collect();
    assert_eq!(ids, ["c1", "c2"]);
}

#[tokio::test]
async fn event_stream_resumes_then_answers_204() {
    let server = TestServer::start().await;
    let (ali, token) = recorded(&server, "class", "ali").await;
    ali.close(1000).await;
    let all = Events::of(&server, &token).await.all().await;
    let path = format!("/xray/{token}/events");
    let mut rest = Events::open(&server, &path, "Last-Event-ID: 1\r\n").await;
    assert_eq!(rest.next().await, Some((2, all[2].clone())));
    let last = format!("Last-Event-ID: {}\r\n", all.len() - 1);
    assert!(Events::open(&server, &path, &last).await.status.contains(" 204 "));
    // Who asks for what is not there yet is not kept waiting for what never comes.
    let (ali, token) = recorded(&server, "class", "ali").await;
    let path = format!("/xray/{token}/events");
    let mut early = Events::open(&server, &path, "Last-Event-ID: 999999\r\n").await;
    ali.close(1000).await;
    assert_eq!(early.next().await, None);
    for bad in ["-1", "x", "1e3", ""] {
        let answer = Events::open(&server, &path, &format!("Last-Event-ID: {bad}\r\n")).await;
        assert!(answer.status.contains(" 400 "), "{bad}: {}", answer.status);
    }
}

#[tokio::test]
async fn proxys_room_in_query_changes_nothing() {
    let server = TestServer::start().await;
    let (ali, token) = recorded(&server, "class", "ali").await;
    ali.close(1000).await;
    let all = Events::of(&server, &token).await.all().await;
    let hinted = Events::open(&server, &format!("/xray/{token}/events?room=class"), "").await.all().await;
    assert_eq!(hinted, all);
    for path in ["title", "otagh.pcapng"] {
        let head = format!("HEAD /xray/{token}/{path}?room=class HTTP/1.1");
        let answer = server.http(&(head + "\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn recording_needs_request_and_own_token() {
    let server = TestServer::start().await;
    for query in ["", "?xray=0", "?xray", "?xray=10", "?nox&ray=1"] {
        let mut client = server.open(&format!("/ws/class/ali{query}")).await;
        client.send(json!({"type": "ping", "n": 1})).await;
        assert_eq!(client.next().await["type"], "pong", "{query}");
    }
    let (_ali, token) = recorded(&server, "class", "ali").await;
    let other = if token.starts_with('a') { "b" } else { "a" }.to_owned() + &token[1..];
    let upper = token.to_uppercase();
    for wrong in [other.as_str(), &upper, &token[..63], "x", "..%2f..", "%FF"] {
        for path in ["events", "otagh.pcapng", "title"] {
            let answer = server.get(&format!("/xray/{wrong}/{path}")).await;
            let status = answer.lines().next().unwrap().to_owned();
            let is_no_text = wrong == "%FF" && status.contains(" 400 ");
            assert!(status.contains(" 404 ") || is_no_text, "{wrong}: {status}");
        }
    }
}

#[tokio::test]
async fn full_recording_reports_itself_chat_continues() {
    let server = TestServer::with(&["--xray-bytes", "2000"]).await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    for n in 0..20 {
        ali.say(&n.to_string(), &"ا".repeat(100)).await;
        assert_eq!(ali.expect("said").await["seq"], n + 1);
    }
    ali.close(1000).await;
    let events = Events::of(&server, &token).await.all().await;
    let kept: usize = shown(&events).iter().map(Vec::len).sum();
    assert!((1_000..=2_000).contains(&kept), "{kept} bytes kept");
    let [.., full, ended] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&full["event"], &full["limit_bytes"]), (&json!("full"), &json!(2_000)));
    assert_eq!(ended["event"], "ended");
}

#[tokio::test]
async fn many_small_pieces_fill_it_too() {
    let server = TestServer::start().await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    for n in 0..5_000 {
        ali.send(json!({"type": "ping", "n": n})).await;
        ali.expect("pong").await;
    }
    ali.close(1000).await;
    let events = Events::of(&server, &token).await.all().await;
    assert!(events.len() <= 8 * 1024 + 2, "{} events", events.len());
    assert!(events.iter().any(|event| event["event"] == "full"));
}

#[tokio::test]
async fn chat_continues_where_recording_is_unavailable() {
    let server = TestServer::with(&["--xray-total-bytes", "0"]).await;
    let mut ali = server.open("/ws/class/ali?xray=1").await;
    ali.expect_error("xray_unavailable").await;
    ali.send(json!({"type": "join"})).await;
    ali.expect("welcome").await;
    ali.say("c1", "با این همه").await;
    ali.expect("said").await;
}

#[tokio::test]
async fn recordings_are_bounded_ended_ones_evicted() {
    let server = TestServer::start().await;
    let (ali, first) = recorded(&server, "class", "ali").await;
    ali.close(1000).await;
    let mut open = Vec::new();
    for n in 0..chat_server::testing::RECORDINGS_PER_ADDRESS {
        open.push(recorded(&server, "class", &format!("c{n}")).await.0);
    }
    let mut one_more = server.open("/ws/class/late?xray=1").await;
    one_more.expect_error("xray_unavailable").await;
    let answer = server.get(&format!("/xray/{first}/events")).await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "the one that had ended: {answer}");
}

#[tokio::test]
async fn ended_recordings_return_their_bytes() {
    let server = TestServer::with(&["--xray-bytes", "20000", "--xray-total-bytes", "50000"]).await;
    let mut tokens = Vec::new();
    for n in 0..10 {
        let (mut ali, token) = recorded(&server, "class", &format!("c{n}")).await;
        // Until it is full.
        for m in 0..20 {
            let id = m.to_string();
            ali.say(&id, &"ا".repeat(500)).await;
            while ali.expect("said").await["id"] != id {}
        }
        ali.close(1000).await;
        tokens.push(token);
    }
    let newest = Events::of(&server, &tokens[9]).await.all().await;
    let kept: usize = shown(&newest).iter().map(Vec::len).sum();
    assert!(kept > 15_000, "{kept} bytes kept: it had to share with those that ended");
    let oldest = server.get(&format!("/xray/{}/events", tokens[0])).await;
    assert!(oldest.starts_with("HTTP/1.1 404 "), "{oldest}");
}

#[tokio::test]
async fn pipelined_handshake_is_not_recorded() {
    let server = TestServer::start().await;
    let upgrade = handshake("/ws/class/ali?xray=1", "Cookie: session=geheim\r\n");
    // The other request ends before, or in the middle of what is read with it.
    for cut in [upgrade.len(), 20] {
        let (with, rest) = upgrade.split_at(cut);
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let both = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n{with}");
        stream.write_all(both.as_bytes()).await.unwrap();
        let mut came = Vec::new();
        while !came.ends_with(b"ok\n") {
            came.push(soon("the other answer", stream.read_u8()).await.unwrap());
        }
        stream.write_all(rest.as_bytes()).await.unwrap();
        let is_refused = |came: &[u8]| String::from_utf8_lossy(came).contains("xray_unavailable");
        while !is_refused(&came) {
            came.push(soon("a refusal", stream.read_u8()).await.unwrap());
            assert!(!String::from_utf8_lossy(&came).contains("\"token\""), "it is recorded, {cut}");
        }
    }
}

#[tokio::test]
async fn recording_streams_are_bounded_and_stop_promptly() {
    let mut server = TestServer::start().await;
    let (_ali, token) = recorded(&server, "class", "ali").await;
    let mut streams = Vec::new();
    for _ in 0..chat_server::testing::STREAMS_MAX {
        let mut stream = Events::of(&server, &token).await;
        stream.next().await;
        streams.push(stream);
    }
    let path = format!("/xray/{token}/events");
    assert!(Events::open(&server, &path, "").await.status.contains(" 429 "));
    let before = Instant::now();
    server.stop();
    soon("the server to stop", server.stopped()).await;
    assert!(before.elapsed() < Duration::from_secs(4), "the drain deadline was waited for");
}

#[tokio::test]
async fn it_can_be_taken_home() {
    let server = TestServer::start().await;
    let (ali, token) = recorded(&server, "class", "ali").await;
    ali.close(1000).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /xray/{token}/otagh.pcapng HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("the file", stream.read_to_end(&mut answer)).await.unwrap();
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    // A section header block (pcapng §4.1).
    assert_eq!(&answer[at + 4..at + 8], [0x0A, 0x0D, 0x0D, 0x0A]);
    let title = server.get(&format!("/xray/{token}/title")).await;
    let name = title.split_once("\r\n\r\n").unwrap().1.lines().next().unwrap();
    assert!(name.starts_with("otagh-class-ali-20"), "{title}");
    let head = String::from_utf8_lossy(&answer[..at]).to_lowercase();
    assert!(
        head.contains(&format!("attachment; filename=\"{name}.pcapng\"; filename*=utf-8''{name}.pcapng")),
        "{head}"
    );
}

async fn break_it(server: &TestServer, token: &str, body: Value, more: &str) -> String {
    let body = body.to_string();
    let head = format!(
        "POST /xray/{token}/break HTTP/1.1\r\nHost: localhost:3000\r\nContent-Length: {}\r\n\
         Connection: close\r\n{more}\r\n{body}",
        body.len()
    );
    let answer = server.http(&head).await;
    answer.split(' ').nth(1).unwrap().to_owned()
}

async fn inflict(server: &TestServer, token: &str, fault: Value) {
    assert_eq!(break_it(server, token, fault, "").await, "204");
}

#[tokio::test]
async fn cut_connection_has_no_close_and_resumes() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    inflict(&server, &token, json!({"break": "cut"})).await;
    while let Some(Ok(message)) = soon("the end", ali.ws.next()).await {
        assert!(!message.is_close(), "a goodbye: {message:?}");
    }
    sara.expect_presence(|presence| presence["changed"][0]["away"] == true).await;
    let events = Events::of(&server, &token).await.all().await;
    let ended = events.last().unwrap();
    assert_eq!((&ended["event"], &ended["code"]), (&json!("ended"), &Value::Null));
    let back = server.join_with("class", "ali", ali.resume(0)).await;
    assert_eq!(back.welcome["recovered"], true);
    assert_eq!(break_it(&server, &token, json!({"break": "cut"}), "").await, "410", "it is over");
}

#[tokio::test]
async fn paused_reads_delay_only_own_messages() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    let before = Instant::now();
    inflict(&server, &token, json!({"break": "deafness", "ms": 600})).await;
    ali.say("c1", "کسی هست؟").await;
    sara.say("s1", "هستم").await;
    assert_eq!(sara.expect("said").await["id"], "s1", "others are heard meanwhile");
    assert_eq!(ali.expect("said").await["id"], "s1", "and it is told what they say");
    assert_eq!(ali.expect("said").await["id"], "c1");
    assert!(before.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn delayed_frames_arrive_whole_and_ordered() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    inflict(&server, &token, json!({"break": "delay", "ms": 300})).await;
    let before = Instant::now();
    for n in 0..50 {
        sara.say(&n.to_string(), "پشت سر هم").await;
    }
    for n in 0..50 {
        assert_eq!(ali.expect("said").await["id"], n.to_string());
    }
    assert!(before.elapsed() >= Duration::from_millis(300));
    // What is still late when the connection is closed comes before the close.
    sara.say("last", "پیش از پایان").await;
    sara.expect("said").await;
    while sara.expect("said").await["id"] != "last" {}
    inflict(&server, &token, json!({"break": "restart"})).await;
    assert_eq!(ali.expect("said").await["id"], "last");
    assert_eq!(ali.expect_close().await.0, 4000);
}

#[tokio::test]
async fn ping_is_sent_when_asked_for() {
    let server = TestServer::start().await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    inflict(&server, &token, json!({"break": "ping"})).await;
    loop {
        match soon("a ping", ali.ws.next()).await {
            Some(Ok(tokio_tungstenite::tungstenite::Message::Ping(payload))) => {
                break assert!(payload.is_empty());
            }
            Some(Ok(_)) => {}
            other => panic!("no ping, but {other:?}"),
        }
    }
}

#[tokio::test]
async fn lost_acknowledgement_is_replayed_without_duplicate() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    inflict(&server, &token, json!({"break": "lose_ack"})).await;
    ali.say("c1", "رسید؟").await;
    assert_eq!(sara.expect("said").await["id"], "c1", "it arrived");
    while let Some(Ok(message)) = soon("the end", ali.ws.next()).await {
        assert!(!message.to_string().contains("c1"), "the acknowledgement came");
    }
    let mut back = server.join_with("class", "ali", ali.resume(0)).await;
    assert_eq!(back.expect("said").await["id"], "c1", "the replay acknowledges it");
    back.say("c1", "رسید؟").await;
    assert_eq!(back.expect("said").await["seq"], 1, "and a repetition is recognised");
    back.say("c2", "رسید.").await;
    assert_eq!(back.expect("said").await["seq"], 2);
}

#[tokio::test]
async fn simulated_restart_forgets_only_one_member() {
    let server = TestServer::start().await;
    let mut sara = server.join("class", "sara").await;
    let (mut ali, token) = recorded(&server, "class", "ali").await;
    ali.say("c1", "پیش از آن").await;
    ali.expect("said").await;
    sara.expect("said").await;
    inflict(&server, &token, json!({"break": "restart"})).await;
    assert_eq!(ali.expect_close().await.0, 4000);
    let resume = ali.resume(0);
    drop(ali);
    sara.expect_presence(|presence| presence["left"][0] == "ali").await;
    let back = server.join_with("class", "ali", resume).await;
    assert_eq!(back.welcome["recovered"], false);
    sara.say("s1", "من که همین جا بودم").await;
    while sara.expect("said").await["id"] != "s1" {}
}

#[tokio::test]
async fn faults_need_own_token_and_lab() {
    let server = TestServer::start().await;
    let (_ali, token) = recorded(&server, "class", "ali").await;
    let cut = json!({"break": "cut"});
    assert_eq!(break_it(&server, &"0".repeat(64), cut.clone(), "").await, "404");
    assert_eq!(break_it(&server, &token, cut.clone(), "Origin: http://evil.example\r\n").await, "403");
    for bad in [json!({"break": "everything"}), json!({}), json!([]), json!({"break": "delay", "ms": -1})] {
        assert_eq!(break_it(&server, &token, bad, "").await, "400");
    }
    assert_eq!(break_it(&server, &token, json!({"break": "x".repeat(2_000)}), "").await, "413");

    for options in
        [["--lab", "off"], ["--public-url", "https://chat.example.org"], ["--trusted-proxy", "10.0.0.1"]]
    {
        let server = TestServer::with(&options).await;
        let (mut ali, token) = recorded(&server, "class", "ali").await;
        assert_eq!(break_it(&server, &token, cut.clone(), "").await, "403", "{options:?}");
        ali.say("c1", "هنوز هستم").await;
        ali.expect("said").await;
    }
}
