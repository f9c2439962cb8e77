//! What one may ask, one person and one address: a clear answer to who asks more, and nobody else
//! notices. Somebody else is somebody at another address: on Linux every 127.x.y.z is this machine.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{Client, Raw, TestServer, handshake, masked, soon};
use futures_util::StreamExt;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::tungstenite::Message;

/// A socket from this address.
async fn connect(server: &TestServer, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(server.address).await.unwrap()
}

/// What is answered to this request, up to the end of the connection or of the head of a `101`. Who
/// is turned away unread may see a reset after the answer.
async fn ask(stream: &mut TcpStream, request: &str) -> String {
    drop(stream.write_all(request.as_bytes()).await);
    let mut answer = Vec::new();
    while !(answer.starts_with(b"HTTP/1.1 101") && answer.ends_with(b"\r\n\r\n")) {
        if !matches!(soon("an answer", stream.read_buf(&mut answer)).await, Ok(1..)) {
            break;
        }
    }
    String::from_utf8(answer).unwrap()
}

/// The answer to a handshake from this address with these header lines, and the socket.
async fn shake(server: &TestServer, from: &str, more: &str) -> (String, TcpStream) {
    let mut stream = connect(server, from).await;
    // So that a refusal ends the connection; of an upgrade it says nothing.
    let answer =
        ask(&mut stream, &handshake("/ws/class/somebody", &format!("Connection: close\r\n{more}"))).await;
    (answer, stream)
}

async fn get(server: &TestServer, from: &str, path: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\r\n");
    ask(&mut connect(server, from).await, &head).await
}

async fn open(server: &TestServer, from: &str, room: &str, id: &str) -> Client {
    let stream = connect(server, from).await;
    let url = format!("ws://{}/ws/{room}/{id}", server.address);
    let (ws, _) = soon("the handshake", tokio_tungstenite::client_async(url, stream)).await.unwrap();
    Client { ws, welcome: serde_json::Value::Null }
}

async fn join(server: &TestServer, from: &str, room: &str, id: &str) -> Client {
    let mut client = open(server, from, room, id).await;
    client.send(json!({"type": "join"})).await;
    client.welcome = client.expect("welcome").await;
    client
}

/// Says something, and is heard by all of these.
async fn talks(speaker: &mut Client, what: &str, listeners: &mut [Client]) {
    speaker.say(what, "هنوز هستم").await;
    for client in std::iter::once(speaker).chain(listeners) {
        while client.expect("said").await["id"] != what {}
    }
}

/// Says this many things, and counts how many were said and how many dropped as too fast, each by
/// its id.
async fn say_at_once(client: &mut Client, what: &str, many: usize) -> (usize, usize) {
    for n in 0..many {
        client.say(&format!("{what}-{n}"), "تند").await;
    }
    let (mut said, mut dropped) = (0, 0);
    while said + dropped < many {
        let answer = client.next().await;
        if answer["id"].as_str().is_some_and(|id| id.starts_with(what)) {
            match answer["type"].as_str().unwrap() {
                "said" => said += 1,
                _ => {
                    assert_eq!(answer["code"], "too_fast", "{answer}");
                    dropped += 1;
                }
            }
        }
    }
    (said, dropped)
}

/// The tabs' names make them tabs; without one they would replace each other.
fn in_tab(mut join: serde_json::Value, tab: &str) -> serde_json::Value {
    join["tab"] = tab.into();
    join
}

#[tokio::test]
async fn tabs_of_one_person_share_rate_limit() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "20"]).await;
    let start = Instant::now();
    let mut tabs = vec![server.join("class", "ali").await];
    for n in 1..4 {
        let join = in_tab(tabs[n - 1].resume(0), &format!("t{n}"));
        let tab = server.join_with("class", "ali", join).await;
        assert_eq!(tab.welcome["you"]["id"], "ali", "one more tab of the same person");
        tabs.push(tab);
    }
    let mut all = 0;
    for (n, tab) in tabs.iter_mut().enumerate() {
        all += say_at_once(tab, &format!("t{n}"), 20).await.0;
    }
    let regained = start.elapsed().as_secs() as usize + 1;
    let most = server.nodes() * (20 + regained);
    assert!((19..=most).contains(&all), "{all} said in four tabs, of 20 allowed on each node");
    // Somebody else has a pace of their own.
    let mut sara = server.join("class", "sara").await;
    assert_eq!(say_at_once(&mut sara, "s", 19).await, (19, 0));
}

#[tokio::test]
async fn reconnecting_brings_no_fresh_burst() {
    let server = TestServer::with(&["--messages-per-second", "1", "--messages-burst", "20"]).await;
    let start = Instant::now();
    let mut ali = server.join("class", "ali").await;
    let mut all = say_at_once(&mut ali, "first", 20).await.0;
    for round in 0..5 {
        // Once lost, once left properly.
        let resume = ali.resume(all as u64);
        if round % 2 == 0 {
            ali.cut()
        } else {
            ali.close(1000).await
        }
        ali = server.join_with("class", "ali", resume).await;
        all += say_at_once(&mut ali, &format!("r{round}"), 20).await.0;
    }
    let regained = start.elapsed().as_secs() as usize + 1;
    let most = server.nodes() * (20 + regained);
    assert!((19..=most).contains(&all), "{all} said over six connections, of 20 allowed on each node");
}

#[tokio::test]
async fn excess_connections_per_address_get_429() {
    let server = TestServer::with(&["--connections-per-address", "2"]).await;
    let mut ali = join(&server, "127.0.0.2", "class", "ali").await;
    let (_, held) = shake(&server, "127.0.0.2", "").await;
    let (answer, _) = shake(&server, "127.0.0.2", "").await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert!(
        answer.contains("retry-after: 10") && answer.contains("too many connections from your address"),
        "{answer}"
    );
    let sara = join(&server, "127.0.0.3", "class", "sara").await;
    talks(&mut ali, "1", &mut [sara]).await;
    // A connection that ends gives its place back.
    drop(held);
    let again = async { while !shake(&server, "127.0.0.2", "").await.0.starts_with("HTTP/1.1 101 ") {} };
    soon("the place to be free", again).await;
}

#[tokio::test]
async fn only_trusted_proxy_speaks_for_others() {
    let options = ["--connections-per-address", "1", "--trusted-proxy", "127.0.0.1,127.1.0.0/16"];
    let server = TestServer::with(&options).await;
    let mut kept = Vec::new();
    for (from, header, status) in [
        ("127.0.0.1", "X-Forwarded-For: 198.51.100.1", "101"),
        ("127.0.0.1", "X-Forwarded-For: 198.51.100.1", "429"),
        ("127.1.2.3", "X-Forwarded-For: 198.51.100.1", "429"),
        ("127.0.0.1", "X-Forwarded-For: 203.0.113.9, 198.51.100.1, 127.1.2.3", "429"),
        ("127.0.0.1", "X-Forwarded-For: 198.51.100.2", "101"),
        // One /64 of IPv6, and another.
        ("127.0.0.1", "X-Forwarded-For: 2001:db8:0:1::1", "101"),
        ("127.0.0.1", "X-Forwarded-For: 2001:db8:0:1:ffff::2", "429"),
        ("127.0.0.1", "X-Forwarded-For: 2001:db8:0:2::1", "101"),
        // A whole /48 may twice as much.
        ("127.0.0.1", "X-Forwarded-For: 2001:db8:0:3::1", "429"),
        ("127.0.0.1", "X-Forwarded-For: 2001:db8:1:3::1", "101"),
        // Who is no proxy may say what they like.
        ("127.0.0.2", "X-Forwarded-For: 198.51.100.3", "101"),
        ("127.0.0.2", "X-Forwarded-For: 198.51.100.4", "429"),
        ("127.0.0.1", "X-Forwarded-For: 198.51.100.4", "101"),
    ] {
        let (answer, stream) = shake(&server, from, &format!("{header}\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{from}, {header}: {answer}");
        kept.push(stream);
    }
}

#[tokio::test]
async fn idle_sockets_leave_room_for_other_addresses() {
    let options = ["--http-sockets-per-address", "4", "--max-http-sockets", "6", "--head-deadline", "1m"];
    let server = TestServer::with(&options).await;
    // A WebSocket does not count among them, nor can they take its place.
    let mut ali = join(&server, "127.0.0.2", "class", "ali").await;
    let mut silent = Vec::new();
    for n in 0..4 {
        let mut stream = connect(&server, "127.0.0.2").await;
        if n % 2 == 0 {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        }
        silent.push(stream);
    }
    let answer = ask(&mut connect(&server, "127.0.0.2").await, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 429 ") && answer.contains("too many sockets from your address"),
        "{answer}"
    );
    assert!(get(&server, "127.0.0.3", "/healthz").await.ends_with("ok\n"));
    let sara = join(&server, "127.0.0.3", "class", "sara").await;
    talks(&mut ali, "1", &mut [sara]).await;
    // At the bound of all, the address that has most gives way, until none has more than one.
    for n in 4..=9 {
        let from = format!("127.0.0.{n}");
        silent.push(connect(&server, &from).await);
    }
    let answer = ask(&mut connect(&server, "127.0.0.10").await, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("too many sockets on this server"),
        "{answer}"
    );
    talks(&mut ali, "2", &mut []).await;
    // They go, and their places are free.
    drop(silent);
    let again = async { while !get(&server, "127.0.0.2", "/healthz").await.ends_with("ok\n") {} };
    soon("the places to be free", again).await;
}

#[tokio::test]
async fn kept_alive_sockets_give_way_to_newcomers() {
    let server = TestServer::with(&["--http-sockets-per-address", "4"]).await;
    let busy = stream(&server, "127.0.0.2", "stream").await;
    // What browsers keep of what they loaded the page by.
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut socket = connect(&server, "127.0.0.2").await;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\n\r\n").await.unwrap();
        assert!(soon("an answer", socket.read(&mut [0; 4096])).await.unwrap() > 0);
        kept.push(socket);
    }
    let mut own = Vec::new();
    for n in 0..5 {
        own.push(join(&server, "127.0.0.2", "class", &format!("p{n}")).await);
    }
    let mut speaker = own.remove(0);
    talks(&mut speaker, "1", &mut own).await;
    // Three that have asked for nothing yet stay, and so does the stream: then there is no place.
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(connect(&server, "127.0.0.2").await);
    }
    let answer = ask(&mut connect(&server, "127.0.0.2").await, "").await;
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    assert_eq!((ended(&kept), ended(&[busy])), (vec![true; 3], vec![false]));
}

/// An event stream from this address, once it has begun.
async fn stream(server: &TestServer, from: &str, id: &str) -> TcpStream {
    let mut stream = connect(server, from).await;
    let head = format!("GET /rooms/streams/events?client={id} HTTP/1.1\r\nHost: localhost:3000\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut begun = Vec::new();
    while !begun.windows(7).any(|seven| seven == b"welcome") {
        assert!(soon("the stream", stream.read_buf(&mut begun)).await.unwrap() > 0);
    }
    stream
}

/// Which of these have ended; those that have something to read go on.
fn ended(streams: &[TcpStream]) -> Vec<bool> {
    let has_ended = |stream: &TcpStream| loop {
        match stream.try_read(&mut [0; 4096]) {
            Ok(1..) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break false,
            Ok(0) | Err(_) => break true,
        }
    };
    streams.iter().map(has_ended).collect()
}

#[tokio::test]
async fn event_streams_lock_no_address_out() {
    // In the proportion of the defaults: two addresses have all sockets.
    let server = TestServer::with(&["--http-sockets-per-address=15", "--max-http-sockets=30"]).await;
    let mut streams = Vec::new();
    // But for the one in sixteen that is kept for who has none.
    for (from, most) in [("127.0.0.2", 15), ("127.0.0.3", 14)] {
        for n in 0..most {
            let id = format!("{}{n}", from.replace('.', "-"));
            streams.push(stream(&server, from, &id).await);
        }
    }
    let page = get(&server, "127.0.0.4", "/r/class").await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let mut sara = join(&server, "127.0.0.4", "class", "sara").await;
    talks(&mut sara, "1", &mut []).await;
    // As many as a browser opens, and more: for each but the first, which was kept, another gives way.
    let mut own = Vec::new();
    for n in 0..8 {
        own.push(stream(&server, "127.0.0.4", &format!("own{n}")).await);
    }
    let gone = || ended(&streams).into_iter().filter(|ended| *ended).count();
    let seven = async {
        while gone() < 7 {
            tokio::task::yield_now().await;
        }
    };
    soon("seven to have given way", seven).await;
    assert_eq!((gone(), ended(&own)), (7, vec![false; 8]));
}

#[tokio::test]
async fn idle_sockets_give_way_before_streams() {
    let server = TestServer::with(&["--http-sockets-per-address=6", "--max-http-sockets=6"]).await;
    let mut streams = Vec::new();
    for n in 0..4 {
        streams.push(stream(&server, "127.0.0.2", &format!("s{n}")).await);
    }
    let mut idle = [connect(&server, "127.0.0.2").await, connect(&server, "127.0.0.2").await];
    for n in 3..5 {
        let page = get(&server, &format!("127.0.0.{n}"), "/r/class").await;
        assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
        streams.push(stream(&server, &format!("127.0.0.{n}"), "other").await);
    }
    for idle in &mut idle {
        // Unread, and so perhaps by a reset.
        drop(soon("the idle to be closed", idle.read(&mut [0])).await);
    }
    assert_eq!(ended(&streams), [false; 6]);
}

#[tokio::test]
async fn crowded_server_makes_room_for_others() {
    let server = TestServer::with(&["--connections-per-address=4", "--max-connections=8"]).await;
    let mut members = Vec::new();
    for from in ["127.0.0.2", "127.0.0.3"] {
        for n in 0..4 {
            members.push(join(&server, from, "class", &format!("{}{n}", from.replace('.', "-"))).await);
        }
    }
    let mut sara = join(&server, "127.0.0.4", "other", "sara").await;
    talks(&mut sara, "1", &mut []).await;
    // The newest of one of the two: those who have been here longer talk on.
    let newest = async |member: &mut Client| member.expect_close().await;
    let mut candidates = [members.remove(7), members.remove(3)];
    let [one, other] = &mut candidates;
    let close = tokio::select! {
        close = newest(one) => close,
        close = newest(other) => close,
    };
    assert_eq!(close.0, 1013);
    let mut first = members.remove(0);
    talks(&mut first, "2", &mut members).await;
}

#[tokio::test]
async fn too_many_rooms_per_address_are_refused() {
    let server = TestServer::with(&["--rooms-per-address", "3"]).await;
    let mut clients = Vec::new();
    for n in 0..3 {
        clients.push(join(&server, "127.0.0.2", &format!("room-{n}"), "ali").await);
    }
    let mut refused = open(&server, "127.0.0.2", "room-3", "ali").await;
    refused.send(json!({"type": "join"})).await;
    assert_eq!(refused.expect_close().await, (4003, "too_many_rooms".into()));
    // Rooms that are there are open to everybody, and others create theirs.
    let mut again = join(&server, "127.0.0.2", "room-0", "sara").await;
    talks(&mut again, "1", &mut clients[..1]).await;
    let mut other = join(&server, "127.0.0.3", "room-3", "reza").await;
    talks(&mut other, "1", &mut []).await;
}

/// A way into a room: what is answered to a newcomer.
async fn asks(server: &TestServer, from: &str, way: &str, room: &str) -> String {
    match way {
        "websocket" => {
            let mut client = open(server, from, room, "guesser").await;
            client.send(json!({"type": "join"})).await;
            match soon("an answer", client.ws.next()).await.unwrap().unwrap() {
                Message::Text(text) => text.to_string(),
                Message::Close(close) => format!("{close:?}"),
                other => panic!("{other:?}"),
            }
        }
        "claimed" => {
            let mut client = open(server, from, room, "guesser").await;
            let resume = json!({"token": "0".repeat(64), "epoch": "x", "seq": 0});
            client.send(json!({"type": "join", "resume": resume})).await;
            match soon("an answer", client.ws.next()).await.unwrap().unwrap() {
                Message::Text(text) => text.to_string(),
                Message::Close(close) => format!("{close:?}"),
                other => panic!("{other:?}"),
            }
        }
        "requests" => {
            let body = "{\"type\":\"join\"}\n";
            let head = format!(
                "POST /http/{room}/guesser HTTP/1.1\r\nHost: localhost:3000\r\nConnection: close\r\n\
                 Otagh-Connection: 012345678901234567890123{room}\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            undated(&ask(&mut connect(server, from).await, &head).await)
        }
        path => undated(&get(server, from, &path.replace("{room}", room)).await),
    }
}

/// An answer without the time of day.
fn undated(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn refused_creations_hide_existing_rooms() {
    let server = TestServer::with(&["--rooms-per-address", "2"]).await;
    let mut sara = join(&server, "127.0.0.3", "real", "sara").await;
    let mut reza = join(&server, "127.0.0.2", "real", "reza").await;
    let _second = join(&server, "127.0.0.2", "second", "ali").await;
    let _third = join(&server, "127.0.0.2", "third", "ali").await;
    let ways = [
        "websocket",
        "claimed",
        "requests",
        "/rooms/{room}/messages?client=guesser",
        "/rooms/{room}/events?client=guesser",
        "/classic/{room}?client=guesser&name=guesser",
    ];
    for n in 0..2 {
        let answer = asks(&server, "127.0.0.2", "websocket", &format!("guess-{n}")).await;
        assert!(answer.contains("4003"), "{answer}");
    }
    for way in ways {
        let [absent, present] =
            [asks(&server, "127.0.0.2", way, "guess").await, asks(&server, "127.0.0.2", way, "real").await];
        assert!(absent.contains("4003"), "{way}: {absent}");
        assert_eq!(absent, present, "{way}");
    }
    // Who is in stays in, and comes back; other addresses notice nothing.
    talks(&mut reza, "1", std::slice::from_mut(&mut sara)).await;
    let resume = reza.resume(1);
    reza.cut();
    let mut reza = open(&server, "127.0.0.2", "real", "reza").await;
    reza.send(resume).await;
    assert_eq!(reza.expect("welcome").await["recovered"], true);
    let mut mina = join(&server, "127.0.0.4", "real", "mina").await;
    talks(&mut mina, "2", std::slice::from_mut(&mut sara)).await;
}

#[tokio::test]
async fn full_server_hides_existing_rooms_too() {
    let server = TestServer::with(&["--rooms-per-address", "2", "--max-rooms", "1"]).await;
    let _sara = join(&server, "127.0.0.3", "real", "sara").await;
    for n in 0..2 {
        let answer = asks(&server, "127.0.0.2", "websocket", &format!("guess-{n}")).await;
        assert!(answer.contains("try_again_later"), "{answer}");
    }
    let absent = asks(&server, "127.0.0.2", "websocket", "guess").await;
    assert!(absent.contains("try_again_later"), "{absent}");
    assert_eq!(absent, asks(&server, "127.0.0.2", "websocket", "real").await);
}

#[tokio::test]
async fn crowd_joins_existing_room_unhindered() {
    let server = TestServer::with(&["--rooms-per-address", "2"]).await;
    let _teacher = join(&server, "127.0.0.3", "class", "teacher").await;
    let mut crowd = Vec::new();
    for n in 0..2 {
        crowd.push(join(&server, "127.0.0.2", &format!("own-{n}"), "ali").await);
    }
    // One refusal is a class that practises, and harms nobody.
    let answer = asks(&server, "127.0.0.2", "websocket", "one-more").await;
    assert!(answer.contains("4003"), "{answer}");
    for n in 0..100 {
        crowd.push(join(&server, "127.0.0.2", "class", &format!("pupil-{n}")).await);
    }
}

#[tokio::test]
async fn crowd_of_joins_lets_others_go_on() {
    let server = TestServer::start().await;
    let mut crowd = Vec::new();
    for n in 0..200 {
        let path = format!("/ws/class/{n:0>64}");
        crowd.push(Raw::on(connect(&server, "127.0.0.2").await, &path, b"").await);
    }
    // All at once: the server, which is on this thread, does not get to read in between.
    let join = masked(0x81, br#"{"type":"join"}"#);
    for raw in &crowd {
        raw.stream.try_write(&join).unwrap();
    }
    // Of the thread's own time, so that no other process counts.
    let clock =
        || Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).unwrap();
    let observer = async {
        let mut last = clock();
        loop {
            tokio::task::yield_now().await;
            let waited = clock() - std::mem::replace(&mut last, clock());
            if waited > Duration::from_millis(100) {
                break waited;
            }
        }
    };
    let all = async {
        for raw in &mut crowd {
            raw.expect("welcome").await;
        }
    };
    tokio::select! {
        waited = observer => panic!("others waited {waited:?} for one room"),
        () = all => {}
    }
}

#[tokio::test]
async fn people_of_one_address_share_rate_limit() {
    let server = TestServer::with(&["--messages-per-address", "10"]).await;
    let start = Instant::now();
    let mut people = Vec::new();
    for n in 0..5 {
        people.push(join(&server, "127.0.0.2", "class", &format!("p{n}")).await);
    }
    let mut said = 0;
    for (n, person) in people.iter_mut().enumerate() {
        said += say_at_once(person, &format!("p{n}"), 30).await.0;
    }
    let regained = start.elapsed().as_secs() as usize * 10 + 10;
    assert!((45..=50 + regained).contains(&said), "{said} said by five people, of 50 allowed");
    let mut sara = join(&server, "127.0.0.3", "class", "sara").await;
    assert_eq!(say_at_once(&mut sara, "s", 40).await, (40, 0));
}

#[tokio::test]
async fn person_over_rate_limit_spares_neighbours() {
    let options = ["--messages-per-second", "1", "--messages-burst", "20", "--messages-per-address", "10"];
    let server = TestServer::with(&options).await;
    let mut hasty = join(&server, "127.0.0.2", "class", "hasty").await;
    let mut neighbour = join(&server, "127.0.0.2", "class", "neighbour").await;
    let (_, dropped) = say_at_once(&mut hasty, "h", 150).await;
    assert!(dropped >= 100, "{dropped} dropped");
    assert_eq!(say_at_once(&mut neighbour, "n", 19).await, (19, 0));
}

#[tokio::test]
async fn persistent_excess_over_address_limit_closes() {
    let server = TestServer::with(&["--messages-per-address", "5"]).await;
    let mut neighbour = join(&server, "127.0.0.2", "class", "neighbour").await;
    let mut ali = join(&server, "127.0.0.2", "class", "ali").await;
    for n in 0..400 {
        ali.say(&n.to_string(), "تند").await;
    }
    let mut refused = 0;
    let close = loop {
        match soon("an answer", ali.ws.next()).await.unwrap().unwrap() {
            Message::Text(text) if text.contains(r#""too_fast""#) => refused += 1,
            Message::Close(frame) => break frame.unwrap(),
            _ => {}
        }
    };
    assert_eq!((u16::from(close.code), refused >= 220), (4502, true), "{refused} refused");
    // Whoever shares the address is still here, and is heard again as soon as it has rested.
    while neighbour.next().await["left"] != json!(["ali"]) {}
    let heard = async {
        for n in 0.. {
            if say_at_once(&mut neighbour, &format!("n{n}"), 1).await == (1, 0) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    soon("the address to have rested", heard).await;
}

/// The rate limits that a server has by default.
const DEFAULTS: [&str; 3] =
    ["--messages-per-second=10", "--messages-per-address=1000", "--requests-per-address=4000"];

/// Hears one thing of each of so many, once.
async fn hear_all(client: &mut Client, many: usize) {
    let mut heard = std::collections::HashSet::new();
    while heard.len() < many {
        let said = client.expect("said").await;
        assert!(heard.insert(said["from"].to_string()), "twice: {said}");
    }
}

#[tokio::test]
async fn three_hundred_behind_one_address_are_served() {
    use futures_util::future::join_all;

    const PEOPLE: usize = 300;
    let from = "127.0.0.2";
    chat_testkit::process::raise_open_files().unwrap();
    let server = TestServer::with(&DEFAULTS).await;
    // What their browsers keep of loading the page.
    let mut idle = Vec::new();
    for _ in 0..6 * PEOPLE {
        let mut socket = connect(&server, from).await;
        socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost:3000\r\n\r\n").await.unwrap();
        assert!(soon("an answer", socket.read(&mut [0; 4096])).await.unwrap() > 0);
        idle.push(socket);
    }
    let ids: Vec<String> = (0..PEOPLE).map(|n| format!("p{n}")).collect();
    let mut crowd = join_all(ids.iter().map(|id| join(&server, from, "class", id))).await;
    join_all(crowd.iter_mut().map(|client| client.say("1", "بله"))).await;
    join_all(crowd.iter_mut().map(|client| hear_all(client, PEOPLE))).await;
    let resumes: Vec<_> = crowd.iter().map(|client| client.resume(PEOPLE as u64)).collect();
    crowd.drain(..).for_each(Client::cut);
    crowd = join_all(ids.iter().zip(resumes).map(async |(id, resume)| {
        let mut client = open(&server, from, "class", id).await;
        client.send(resume).await;
        client.welcome = client.expect("welcome").await;
        assert_eq!(client.welcome["recovered"], true);
        client
    }))
    .await;
    join_all(crowd.iter_mut().map(|client| client.say("2", "بله"))).await;
    join_all(crowd.iter_mut().map(|client| hear_all(client, PEOPLE))).await;
}

#[tokio::test]
async fn requests_over_limit_wait_then_429() {
    let server = TestServer::with(&["--requests-per-address", "20"]).await;
    let start = Instant::now();
    let crowd = (0..300).map(|_| get(&server, "127.0.0.2", "/healthz"));
    let crowd = futures_util::future::join_all(crowd);
    let other = async {
        let sara = join(&server, "127.0.0.3", "class", "sara").await;
        (sara, get(&server, "127.0.0.3", "/r/class").await, start.elapsed())
    };
    let (answers, (mut sara, page, others_time)) = tokio::join!(crowd, other);
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    assert!(others_time < Duration::from_secs(2), "another address waited {others_time:?}");
    talks(&mut sara, "1", &mut []).await;
    let answered = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 200 ")).count();
    let regained = 20 * (start.elapsed().as_secs() as usize + 1);
    assert!(
        (140..=140 + regained).contains(&answered),
        "{answered}: a hundred at once, forty two seconds on"
    );
    for refused in answers.iter().filter(|answer| !answer.starts_with("HTTP/1.1 200 ")) {
        assert!(refused.starts_with("HTTP/1.1 429 ") && refused.contains("retry-after: "), "{refused}");
        assert!(refused.contains("more requests than it may"), "{refused}");
    }
}

#[tokio::test]
async fn drawn_pages_count_as_ten_requests() {
    let server = TestServer::with(&["--requests-per-address", "100"]).await;
    let time = async |from, path| {
        let start = Instant::now();
        for _ in 0..60 {
            get(&server, from, path).await;
        }
        start.elapsed()
    };
    let (page, nothing, code) = tokio::join!(
        time("127.0.0.2", "/r/class"),
        time("127.0.0.3", "/nothing"),
        time("127.0.0.4", "/r/class/qr.svg"),
    );
    for time in [page, nothing, code] {
        assert!(
            time > Duration::from_millis(800),
            "sixty cost six hundred, of five hundred at once: {time:?}"
        );
    }
}

#[tokio::test]
async fn pongs_and_fragments_count_as_frames() {
    let server = TestServer::with(&DEFAULTS).await;
    let mut sara = join(&server, "127.0.0.3", "class", "sara").await;
    let pongs = masked(0x8A, b"").repeat(1_000);
    let fragments = [masked(0x01, b"{"), masked(0x00, b"").repeat(1_000)].concat();
    for (what, frames) in [("pongs", pongs), ("empty fragments", fragments)] {
        let mut raw = Raw::on(connect(&server, "127.0.0.2").await, "/ws/other/ali", b"").await;
        raw.send_json(json!({"type": "join"})).await;
        raw.expect("welcome").await;
        raw.stream.write_all(&frames).await.unwrap();
        assert_eq!(raw.expect_close().await.close_code(), 4502, "{what}");
    }
    // What a proxy may do to a long message is no offence, and what browsers send is none.
    let mut raw = Raw::on(connect(&server, "127.0.0.2").await, "/ws/class/reza", b"").await;
    raw.send_json(json!({"type": "join"})).await;
    raw.expect("welcome").await;
    let say = json!({"type": "say", "id": "1", "text": "x".repeat(1_000)}).to_string().into_bytes();
    let pieces = say.chunks(50).enumerate().map(|(n, piece)| masked(u8::from(n == 0), piece));
    let pieces = [pieces.collect::<Vec<_>>().concat(), masked(0x80, b"")].concat();
    raw.stream.write_all(&pieces).await.unwrap();
    raw.send(0xA, b"").await;
    while sara.expect("said").await["from"] != "reza" {}
}

#[cfg(feature = "lab")]
#[tokio::test]
async fn echo_is_read_at_rate_limit() {
    let server = TestServer::with(&DEFAULTS).await;
    let mut neighbour = join(&server, "127.0.0.2", "class", "neighbour").await;
    for path in ["/ws/echo", "/workbench/pipe"] {
        let start = Instant::now();
        // Of what is echoed, and of what is piped to a connection that does not answer it.
        let frames = [masked(0x82, b"x"), masked(0x89, b"x")].concat().repeat(1_000);
        let mut raw = Raw::on(connect(&server, "127.0.0.2").await, path, &frames).await;
        let mut pongs = 0;
        while pongs < 35 {
            pongs += usize::from(raw.frame().await.opcode == 0xA);
        }
        let least = Duration::from_millis(1_500);
        assert!(start.elapsed() > least, "{path}: seventy in {:?}, of fifty at once", start.elapsed());
    }
    assert_eq!(say_at_once(&mut neighbour, "n", 30).await, (30, 0), "the address's own limit is whole");
}

#[tokio::test]
async fn overlong_head_is_refused_with_431() {
    let server = TestServer::with(&["--head-max", "2000"]).await;
    let mut ali = join(&server, "127.0.0.3", "class", "ali").await;
    for (what, more, status) in [
        ("fits", format!("Cookie: {}\r\n", "x".repeat(1_700)), "200"),
        ("too long", format!("Cookie: {}\r\n", "x".repeat(2_000)), "431"),
        ("too many lines", "A: b\r\n".repeat(101), "431"),
    ] {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
        let answer = ask(&mut connect(&server, "127.0.0.2").await, &head).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
    }
    // A URL is part of the head.
    let answer = get(&server, "127.0.0.2", &format!("/{}", "x".repeat(2_000))).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    talks(&mut ali, "1", &mut []).await;
}

/// The server in a process that may open so many files (`ulimit` options), and what it says at its
/// start before the line that says where it listens.
async fn otagh_under(ulimit: &str, connections: &str) -> (tokio::process::Child, String) {
    let command = format!("ulimit {ulimit}; exec \"$0\" \"$@\" 2>&1");
    let mut child = tokio::process::Command::new("sh")
        .args(["-c", &command, env!("CARGO_BIN_EXE_otagh"), "--host", "127.0.0.1", "--port", "0"])
        .args(["--max-connections", connections, "--max-http-sockets", "100", "--cores", "64"])
        .env("NO_COLOR", "1")
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = String::new();
    loop {
        let line = soon("a line", lines.next_line()).await.unwrap().expect("it starts");
        if line.starts_with("listening on ") {
            return (child, said);
        }
        said += &line;
    }
}

#[tokio::test]
async fn open_file_limit_raises_or_warns() {
    let (child, said) = otagh_under("-Sn 128", "300").await;
    assert_eq!(said, "");
    let process = format!("/proc/{}", child.id().unwrap());
    let limits = std::fs::read_to_string(format!("{process}/limits")).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(line.split_whitespace().nth(3), Some("720"), "300 + 100 + 4 a core + 64 others: {line}");
    let open = std::fs::read_dir(format!("{process}/fd")).unwrap().count();
    assert!(open + 300 + 100 <= 720, "{open} are open without any socket");

    let (_child, said) = otagh_under("-n 512", "300").await;
    assert!(said.contains("may open 512 files") && said.contains("need up to 720"), "{said}");
    assert!(said.contains("--max-connections"), "what to do: {said}");
}

#[tokio::test]
async fn one_address_cannot_fill_a_room() {
    let server = TestServer::with(&["--members-per-room", "8", "--members-per-address", "5"]).await;
    let _ali = join(&server, "127.0.0.4", "class", "ali").await;
    // Polling sessions, all over one socket: the last request ends it.
    let requests: String = (1..=20)
        .map(|n| {
            let end = if n == 20 { "Connection: close\r\n" } else { "" };
            format!("GET /rooms/class/messages?client=g{n} HTTP/1.1\r\nHost: localhost:3000\r\n{end}\r\n")
        })
        .collect();
    let answers = ask(&mut connect(&server, "127.0.0.2").await, &requests).await;
    let count = |what: &str| answers.matches(what).count();
    assert_eq!((count("HTTP/1.1 200 "), count("room_full")), (5, 15), "{answers}");
    assert!(answers.contains("your address has its 5 members"), "{answers}");
    let mut sara = join(&server, "127.0.0.3", "class", "sara").await;
    assert_eq!(sara.welcome["member_count"], 7);
    // Their clients never came a second time: after the first lease of ten seconds they have left, and are
    // not away.
    let mut count = 7;
    while count > 2 {
        let next = tokio::time::timeout(Duration::from_secs(30), sara.ws.next());
        let Message::Text(json) = next.await.expect("they leave").unwrap().unwrap() else { continue };
        let presence: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert!(presence.get("changed").is_none(), "{presence}");
        count = presence["member_count"].as_u64().unwrap();
    }
}
