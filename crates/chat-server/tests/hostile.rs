//! Those who harm: half-sent, silent, stopped, flooding and lying clients, against a real server in
//! a process of its own, whose memory, processor time and file descriptors are looked at from
//! outside. What is promised is that the others do not notice.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use chat_testkit::{
    process::{self, Process, Program},
    proxy::{Cut, End, Fault, Proxy},
};
use common::{Raw, TestServer, soon};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    process::Command,
    sync::watch,
};

const MIB: u64 = 1024 * 1024;

/// A server without a pace, which tests outrun, and with these options.
async fn otagh(options: &[&str]) -> (Process, TestServer) {
    start(Program::new(env!("CARGO_BIN_EXE_otagh")).options(options)).await
}

async fn start(program: Program) -> (Process, TestServer) {
    // Both ends of a thousand connections are files of one machine.
    process::raise_open_files().unwrap();
    let unpaced = ["--messages-per-second=0", "--messages-per-address=0", "--requests-per-address=0"];
    let process = program.options(&unpaced).start().await.unwrap();
    let server = TestServer::at(process.address());
    (process, server)
}

/// Waits until it is so, looking again and again, as there is no event for what `/proc` shows.
async fn until(what: &str, so: impl Fn() -> bool) {
    soon(what, async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// A connection whose reader takes little and from which the kernel keeps little, as from a phone:
/// with the segments of a real network, not the 64 KiB of the loopback.
async fn small_socket(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket2::SockRef::from(&socket).set_tcp_mss(1460).unwrap();
    socket.connect(address).await.unwrap()
}

/// Joins by this socket, and reads no further than the welcome.
async fn join_by(stream: TcpStream, path: &str) -> (Raw, Value) {
    let mut raw = Raw::on(stream, path, &common::masked(0x81, br#"{"type":"join"}"#)).await;
    let welcome = raw.expect("welcome").await.json();
    (raw, welcome)
}

/// A member who listens and counts, and reads no more of what it hears than it must: a test with
/// two hundred of them shares its processors with the server.
struct Listener {
    /// The last message of the room that it heard, all before it heard too.
    heard: watch::Receiver<u64>,
    /// The code with which it was closed, if it was, and when.
    closed: tokio::task::JoinHandle<(Option<u16>, Instant)>,
}

impl Listener {
    async fn join(server: &TestServer, path: &str) -> Self {
        Self::who_speaks(server, path, None).await
    }

    async fn who_speaks(server: &TestServer, path: &str, every: Option<Duration>) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (raw, welcome) = join_by(stream, path).await;
        let (newest, heard) = watch::channel(welcome["seq"].as_u64().unwrap());
        Self { heard, closed: tokio::spawn(listen(raw, newest, every)) }
    }

    async fn hears(&mut self, seq: u64) {
        soon("a message to reach everybody", self.heard.wait_for(|heard| *heard >= seq)).await.unwrap();
    }
}

/// Hears everything, in the one order and without gaps; says something itself `every` so often.
async fn listen(mut raw: Raw, newest: watch::Sender<u64>, every: Option<Duration>) -> (Option<u16>, Instant) {
    let mut turn = tokio::time::interval(every.unwrap_or(Duration::from_secs(3600)));
    turn.tick().await;
    loop {
        let frame = tokio::select! {
            frame = raw.next_frame() => frame,
            _ = turn.tick() => {
                let id = newest.borrow().to_string();
                raw.send_json(json!({"type": "say", "id": id, "text": "من هم"})).await;
                continue;
            }
        };
        let Some(frame) = frame else { return (None, Instant::now()) };
        match (frame.opcode, seq_of(&frame.payload)) {
            (8, _) => return (Some(frame.close_code()), Instant::now()),
            (1, Some(seq)) => assert_eq!(seq, newest.send_replace(seq) + 1, "the one order, without gaps"),
            _ => {}
        }
    }
}

/// The `seq` of a `said`, read as the digits they are.
fn seq_of(payload: &[u8]) -> Option<u64> {
    let digits = payload.strip_prefix(br#"{"type":"said","seq":"#)?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
}

#[tokio::test]
async fn unfinished_requests_delay_nobody_and_time_out() {
    let (process, server) = otagh(&["--head-deadline", "2s"]).await;
    let before = process.usage().unwrap().open_files().unwrap();
    // Busy elsewhere for a moment: so many the kernel must keep for it, or a second is lost already.
    process.pause().unwrap();
    let mut crowd = Vec::new();
    for n in 0..1_000 {
        let mut stream = soon("a place in the queue", TcpStream::connect(server.address)).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(b"GET /ws/class/ali HTTP/1.1\r\nHost: x\r\n").await.unwrap();
        }
        crowd.push(stream);
    }
    process.go_on().unwrap();
    let start = Instant::now();
    let mut ali = server.join("class", "ali").await;
    assert!(start.elapsed() < Duration::from_secs(1), "joined after {:?}", start.elapsed());
    assert!(process.usage().unwrap().open_files().unwrap() >= 1_000, "all of them were still there");
    for stream in &mut crowd {
        soon("the end of one who never finishes", stream.read_to_end(&mut Vec::new())).await.unwrap();
    }
    until("their file descriptors to be free", || {
        process.usage().unwrap().open_files().unwrap() <= before + 1
    })
    .await;
    ali.say("1", "هنوز اینجا").await;
    ali.expect("said").await;
}

/// Texts of 8 KiB in UTF-8, the longest there are in Persian.
fn long_text() -> String {
    "بلند ".repeat(1_000).chars().take(4096).collect()
}

#[tokio::test]
async fn stopped_reader_resumes_and_delays_nobody() {
    let (process, server) =
        otagh(&["--outbox-bytes", "65536", "--history-bytes", "100000000", "--history-messages", "10000"])
            .await;
    let mut sara = server.join("class", "sara").await;
    let mut others = Vec::new();
    for n in 0..198 {
        others.push(Listener::join(&server, &format!("/ws/class/p{n}")).await);
    }
    let mut reader = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_reader_that_is_stopped", "--nocapture"])
        .env("OTAGH_TEST_READER", process.address().to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let reader_pid = rustix::process::Pid::from_raw(reader.id().unwrap().cast_signed()).unwrap();
    let mut told = BufReader::new(reader.stdout.take().unwrap()).lines();
    let mut next = async || loop {
        let line =
            soon("a line of the reader", told.next_line()).await.unwrap().expect("the reader to go on");
        if let Some(words) = line.strip_prefix("reader: ") {
            return words.to_owned();
        }
    };
    assert_eq!(next().await, "joined");

    // Each round: sara speaks, and all of them have heard it.
    let text = long_text();
    let mut seq = 0;
    let mut round = async |sara: &mut common::Client, others: &mut Vec<Listener>| {
        let start = Instant::now();
        seq += 1;
        sara.say(&seq.to_string(), &text).await;
        for other in others {
            other.hears(seq).await;
        }
        (seq, start.elapsed())
    };
    let mut before = Vec::new();
    for _ in 0..20 {
        before.push(round(&mut sara, &mut others).await.1);
    }
    let memory = process.usage().unwrap().memory().unwrap();
    rustix::process::kill_process(reader_pid, rustix::process::Signal::STOP).unwrap();
    let (mut while_stopped, mut away) = (Vec::new(), false);
    while !away {
        let (newest, took) = round(&mut sara, &mut others).await;
        while_stopped.push(took);
        assert!(while_stopped.len() < 300, "the stopped one was not cut");
        loop {
            let message = sara.next().await;
            away |= message["type"] == "presence" && message["changed"][0]["away"] == true;
            if message["seq"] == newest {
                break;
            }
        }
    }
    for _ in 0..20 {
        while_stopped.push(round(&mut sara, &mut others).await.1);
    }
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    assert!(grown < 200 * 65_536 + 8 * MIB, "{} KiB more", grown / 1024);
    let [before, while_stopped] = [before, while_stopped].map(|mut rounds| {
        rounds.sort();
        rounds[rounds.len() / 2]
    });
    println!("median round: {before:?} before, {while_stopped:?} while one is stopped");
    assert!(while_stopped < before * 2 + Duration::from_millis(20), "{before:?}, then {while_stopped:?}");

    rustix::process::kill_process(reader_pid, rustix::process::Signal::CONT).unwrap();
    assert_eq!(next().await, "closed with 4001");
    assert_eq!(next().await, "recovered");
    sara.say("last", "همه؟").await;
    assert_eq!(next().await, "heard all");
}

/// No test by itself: the process that the test above stops. What it sees, it prints.
#[tokio::test]
async fn the_reader_that_is_stopped() {
    let Ok(address) = std::env::var("OTAGH_TEST_READER") else { return };
    let server = TestServer::at(address.parse().unwrap());
    let (mut raw, welcome) = join_by(small_socket(server.address).await, "/ws/class/stopped").await;
    println!("\nreader: joined");
    let mut seq = 0;
    let close = loop {
        let frame = raw.frame().await;
        match (frame.opcode, seq_of(&frame.payload)) {
            (8, _) => break frame,
            (1, Some(next)) => {
                assert_eq!(next, seq + 1);
                seq = next;
            }
            _ => {}
        }
    };
    println!("reader: closed with {}", close.close_code());
    let resume = json!({"token": welcome["token"], "epoch": welcome["epoch"], "seq": seq});
    let mut back = server.join_with("class", "stopped", json!({"type": "join", "resume": resume})).await;
    println!("reader: {}", if back.welcome["recovered"] == true { "recovered" } else { "lost something" });
    loop {
        let said = back.expect("said").await;
        seq += 1;
        assert_eq!(said["seq"], seq);
        if said["id"] == "last" {
            break println!("reader: heard all");
        }
    }
}

#[tokio::test]
async fn slow_readers_cost_only_their_outbox() {
    // They read at last, and then see how they were closed.
    let (process, server) = otagh(&["--close-grace", "1m"]).await;
    let mut sara = server.join("class", "sara").await;
    let mut healthy = Vec::new();
    for n in 0..3 {
        healthy.push(Listener::join(&server, &format!("/ws/class/p{n}")).await);
    }
    let mut deaf = Vec::new();
    for n in 0..20 {
        deaf.push(join_by(small_socket(server.address).await, &format!("/ws/class/deaf{n}")).await);
    }
    let text = long_text();
    let mut memory = 0;
    for seq in 1..=1_200_u64 {
        sara.say(&seq.to_string(), &text).await;
        if seq % 10 == 0 {
            while sara.expect("said").await["seq"] != seq {}
        }
        // By now the history is full, and so are the buffers of the healthy.
        if seq == 40 {
            memory = process.usage().unwrap().memory().unwrap();
        }
    }
    for listener in &mut healthy {
        listener.hears(1_200).await;
    }
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    println!("{} KiB more after {} MiB said", grown / 1024, 1_200 * text.len() / 1024 / 1024);
    // Their outboxes share most of what they keep, so this is more than they may cost together.
    assert!(grown < 20 * 256 * 1024, "{} KiB more", grown / 1024);
    for (mut raw, _) in deaf {
        assert_eq!(raw.expect_close().await.close_code(), 4001);
    }
}

#[tokio::test]
async fn vanished_member_is_away_then_left() {
    let (_process, server) =
        otagh(&["--ping-interval", "300ms", "--ping-deadline", "300ms", "--resume-window", "600ms"]).await;
    let mut sara = server.join("class", "sara").await;
    let proxy = Proxy::to(server.address).await.unwrap();
    let (_dead, _) = join_by(TcpStream::connect(proxy.address()).await.unwrap(), "/ws/class/dead").await;
    sara.expect_presence(|presence| presence["member_count"] == 2).await;
    proxy.inject(Fault::Cut(Cut::HalfOpen(End::Client)));
    let start = Instant::now();
    // Each of them ends: the pings that sara hears meanwhile are no end of waiting.
    let shown = sara.expect_presence(|presence| presence.get("changed").is_some());
    let away = soon("the dead to be shown away", shown).await;
    assert_eq!(away["changed"], json!([{"id": "dead", "name": "dead", "away": true}]));
    let noticed = start.elapsed();
    let left = sara.expect_presence(|presence| presence["left"] == json!(["dead"]));
    soon("the dead to leave", left).await;
    println!("away after {noticed:?}, left after {:?}", start.elapsed());
    assert!(noticed >= Duration::from_millis(300), "nobody is declared dead before the deadline");
    assert!(noticed < Duration::from_secs(2));
    assert!(
        start.elapsed() - noticed >= Duration::from_millis(550) && start.elapsed() < Duration::from_secs(4)
    );
}

#[tokio::test]
async fn exhausted_file_descriptors_spare_present_members() {
    let (process, server) = otagh(&["--head-deadline", "1m"]).await;
    let mut sara = server.join("class", "sara").await;
    let open = process.usage().unwrap().open_files().unwrap();
    process.limit_open_files(open as u64 + 10).unwrap();
    let mut crowd = Vec::new();
    for _ in 0..50 {
        crowd.push(TcpStream::connect(server.address).await.unwrap());
    }
    until("the last file descriptor to be taken", || process.log().contains("cannot accept")).await;
    let (used, start) = (process.usage().unwrap().processor_time().unwrap(), Instant::now());
    let mut said = 0;
    while start.elapsed() < Duration::from_secs(1) {
        said += 1;
        sara.say(&said.to_string(), "هنوز").await;
        assert_eq!(sara.expect("said").await["seq"], said);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let used = process.usage().unwrap().processor_time().unwrap() - used;
    println!("{used:?} of processor time in {:?}", start.elapsed());
    assert!(used < start.elapsed() / 10, "{used:?} of processor time in {:?}", start.elapsed());
    let told = process.log().matches("cannot accept connections").count();
    assert_eq!(told, 1, "said once, not with every try:\n{}", process.log());
    drop(crowd);
    let start = Instant::now();
    server.join("class", "ali").await;
    assert!(start.elapsed() < Duration::from_secs(1), "served again after {:?}", start.elapsed());
}

/// How many names the flood invents: enough to reach the bound many times over within a second or
/// two. The million of the promise takes minutes: `OTAGH_TEST_FLOOD=1000000`.
fn flood() -> usize {
    std::env::var("OTAGH_TEST_FLOOD").map_or(2_000, |names| names.parse().unwrap())
}

/// Joins a room of this name: the connection and 0, or the code with which it was closed.
async fn try_room(address: SocketAddr, room: &str) -> (Raw, u16) {
    let stream = TcpStream::connect(address).await.unwrap();
    let join = common::masked(0x81, br#"{"type":"join"}"#);
    let mut raw = Raw::on(stream, &format!("/ws/{room}/ali"), &join).await;
    let frame = raw.frame().await;
    let code = if frame.opcode == 8 { frame.close_code() } else { 0 };
    (raw, code)
}

#[tokio::test]
async fn room_name_flood_is_bounded() {
    const ROOMS: usize = 300;
    let rooms = ROOMS.to_string();
    // From many addresses, as far as the server is concerned.
    let options = ["--max-rooms", &rooms, "--rooms-per-address", "0", "--resume-window", "500ms"];
    let (process, server) = otagh(&options).await;
    let mut sara = server.join("class", "sara").await;
    let mut held = Vec::new();
    for n in 1..ROOMS {
        let (raw, code) = try_room(server.address, &format!("room{n}")).await;
        assert_eq!(code, 0, "room {n} is within the bound");
        held.push(raw);
    }
    let memory = process.usage().unwrap().memory().unwrap();
    let start = Instant::now();
    for n in 0..flood() {
        let (raw, code) = try_room(server.address, &format!("flood{n}")).await;
        assert_eq!(code, 1013, "room {n} is over the bound");
        // Vanishes, so that no port of this machine is kept for it.
        raw.stream.set_zero_linger().unwrap();
    }
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    println!("{} names in {:?}, {} KiB more", flood(), start.elapsed(), grown / 1024);
    assert!(grown < 4 * MIB, "{} KiB more", grown / 1024);
    sara.say("1", "ما هستیم").await;
    sara.expect("said").await;
    server.join("class", "reza").await;

    for raw in held {
        raw.stream.set_zero_linger().unwrap();
    }
    // As many rooms as before, and no room more, once those of the flood are gone.
    soon("the rooms of the flood to go", async {
        while try_room(server.address, "new0").await.1 != 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn excess_connections_are_refused_with_503() {
    let (_process, server) = otagh(&["--max-connections", "3"]).await;
    let mut sara = server.join("class", "sara").await;
    let ali = server.join("class", "ali").await;
    let _unjoined = server.open("/ws/class/reza").await;
    let ask = async || {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(common::handshake("/ws/class/mina", "").as_bytes()).await.unwrap();
        let mut answer = vec![0; 1024];
        let read = soon("the answer", stream.read(&mut answer)).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).to_lowercase()
    };
    for _ in 0..20 {
        let answer = ask().await;
        assert!(answer.starts_with("http/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
        assert!(answer.contains("too many connections on this server"), "{answer}");
    }
    sara.say("1", "ما هستیم").await;
    sara.expect("said").await;
    ali.close(1000).await;
    // The place is free once the server has seen the end of the socket, which it tells nobody.
    soon("a free place", async { while !ask().await.starts_with("http/1.1 101 ") {} }).await;
}

#[tokio::test]
async fn announced_unsent_lengths_cost_little() {
    let (process, server) = otagh(&[]).await;
    let mut honest = Vec::new();
    for n in 0..1_000 {
        honest.push(Raw::open(&server, &format!("/ws/class/p{n}")).await);
    }
    let memory = process.usage().unwrap().memory().unwrap();
    for raw in &mut honest {
        // A masked text frame of 51,200 bytes, and one of them.
        raw.stream.write_all(&[0x81, 0xFE, 0xC8, 0x00, 1, 2, 3, 4, b'{']).await.unwrap();
    }
    // All of it has been read once this connection, which comes after, is answered.
    server.join("class", "sara").await;
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    println!("{} KiB more for 1,000 times 51,200 bytes announced", grown / 1024);
    assert!(grown < 24 * MIB, "{} KiB more", grown / 1024);

    let memory = process.usage().unwrap().memory().unwrap();
    for length in [51_201, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let mut raw = Raw::open(&server, "/ws/class/liar").await;
        let mut head = vec![0x81, 0xFF];
        head.extend(u64::to_be_bytes(length));
        head.extend([1, 2, 3, 4]);
        raw.stream.write_all(&head).await.unwrap();
        assert_eq!(raw.expect_close().await.close_code(), 1009, "{length}");
    }
    let mut body = TcpStream::connect(server.address).await.unwrap();
    body.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 12];
    soon("the answer", body.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 405");
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    assert!(grown < 2 * MIB, "{} KiB more", grown / 1024);
}

#[cfg(feature = "lab")]
#[tokio::test]
async fn recording_viewers_are_bounded() {
    let (process, server) = otagh(&["--http-sockets-per-address", "100"]).await;
    let mut tokens = Vec::new();
    let mut members = Vec::new();
    for id in ["ali", "reza"] {
        let mut member = server.open(&format!("/ws/class/{id}?xray=1")).await;
        tokens.push(member.expect("xray").await["token"].as_str().unwrap().to_owned());
        member.send(json!({"type": "join"})).await;
        member.expect("welcome").await;
        members.push(member);
    }
    let memory = process.usage().unwrap().memory().unwrap();
    let mut open = Vec::new();
    for n in 0..2_000 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head = format!("GET /xray/{}/events HTTP/1.1\r\nHost: x\r\n\r\n", tokens[n % 2]);
        // Who is turned away may find the socket closed already.
        let mut status = [0; 12];
        if stream.write_all(head.as_bytes()).await.is_ok()
            && soon("an answer", stream.read_exact(&mut status)).await.is_ok()
        {
            assert!(matches!(&status[9..], b"200" | b"429"), "{}", String::from_utf8_lossy(&status));
            open.extend((&status[9..] == b"200").then_some(stream));
        }
    }
    assert_eq!(open.len(), 2 * chat_server::testing::STREAMS_MAX);
    let [ali, reza] = &mut members[..] else { panic!("there are two") };
    ali.say("c1", "هنوز می‌شنوی؟").await;
    assert_eq!(reza.expect("said").await["id"], "c1");
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    assert!(grown < 8 * MIB, "{} KiB more", grown / 1024);
}

#[tokio::test]
async fn bytewise_body_costs_only_its_bytes() {
    let (process, server) = otagh(&["--head-deadline", "60s"]).await;
    let memory = process.usage().unwrap().memory().unwrap();
    let mut crowd = Vec::new();
    for n in 0..40 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "POST /rooms/class/messages?client=c{n} HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        crowd.push(stream);
    }
    for _ in 0..2_000 {
        for stream in &mut crowd {
            stream.write_all(b" ").await.unwrap();
        }
        tokio::task::yield_now().await;
    }
    let grown = process.usage().unwrap().memory().unwrap().saturating_sub(memory);
    assert!(grown < 16 * MIB, "{} KiB more", grown / 1024);
}

#[tokio::test]
async fn stalled_stream_ends_and_frees_its_place() {
    // One place among the sockets that are no WebSockets; what is sent waits in the kernel.
    let options = ["--ping-interval", "1s", "--ping-deadline", "1s", "--max-http-sockets", "1"];
    let (_process, server) = otagh(&[&options[..], &["--outbox-bytes", "100000000"]].concat()).await;
    let mut sara = server.join("class", "sara").await;
    let mut stalled = small_socket(server.address).await;
    stalled.write_all(b"GET /rooms/class/events?client=ali HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    soon("ali", sara.expect_presence(|presence| presence.to_string().contains("ali"))).await;
    let text = long_text();
    for seq in 1..=40 {
        sara.say(&seq.to_string(), &text).await;
        while sara.expect("said").await["seq"] != seq {}
    }
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 503 "), "there is one place");
    soon("the place", async {
        while !server.get("/healthz").await.starts_with("HTTP/1.1 200 ") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn stop_under_load_spreads_closes() {
    let (mut process, server) = otagh(&["--close-grace", "1s"]).await;
    let mut sara = server.join("class", "sara").await;
    let mut deaf = Vec::new();
    for n in 0..5 {
        deaf.push(join_by(small_socket(server.address).await, &format!("/ws/class/deaf{n}")).await);
    }
    // More than their kernel takes and less than their outbox: they are stuck, and not cut.
    let text = long_text();
    for seq in 1..=30 {
        sara.say(&seq.to_string(), &text).await;
        while sara.expect("said").await["seq"] != seq {}
    }
    let mut talkers = Vec::new();
    for n in 0..100 {
        let every = Some(Duration::from_millis(500));
        talkers.push(Listener::who_speaks(&server, &format!("/ws/class/p{n}"), every).await);
    }
    // They have begun: that is more than sara said.
    for talker in &mut talkers {
        talker.hears(60).await;
    }
    let start = Instant::now();
    process.terminate().unwrap();
    let mut ends = Vec::new();
    for talker in talkers {
        let (code, at) = soon("a goodbye", talker.closed).await.unwrap();
        assert_eq!(code, Some(4000));
        ends.push(at - start);
    }
    let status = soon("the process to end", process.ended()).await.unwrap();
    println!(
        "goodbyes from {:?} to {:?}, ended after {:?}",
        ends.iter().min(),
        ends.iter().max(),
        start.elapsed()
    );
    assert_eq!(status.code(), Some(0), "{}", process.log());
    assert!(start.elapsed() < Duration::from_secs(8), "the drain deadline is 5 s: {:?}", start.elapsed());
    ends.sort();
    assert!(ends[90] - ends[10] >= Duration::from_millis(200), "all at once: {ends:?}");
}

#[tokio::test]
async fn outside_input_cannot_forge_log_lines() {
    let program = Program::new(env!("CARGO_BIN_EXE_otagh")).log("debug").options(&["--close-grace", "100ms"]);
    let (mut process, server) = start(program).await;
    const EVIL: &str = "%0aFORGED%0d%0a%1b[31mFORGED%1b]0;x%07%e2%80%ae%c2%85";
    let paths = [
        format!("/ws/{EVIL}/{EVIL}"),
        format!("/ws/class/{EVIL}"),
        format!("/{EVIL}"),
        format!("/r/{EVIL}?name={EVIL}"),
        format!("/ws/class/ali?{EVIL}"),
    ];
    for path in &paths {
        for value in ["x", "\u{9b}31mFORGED\u{85}FORGED", "FORGED\tFORGED"] {
            let headers = format!(
                "Origin: http://{value}\r\nX-Forwarded-For: {value}\r\nForwarded: for={value}\r\n\
                 User-Agent: {value}\r\nCookie: {value}\r\n"
            );
            server.http(&common::handshake(path, &(headers + "Connection: close\r\n"))).await;
        }
    }
    for raw in
        ["Origin: \u{1b}[31mFORGED", "X-Forwarded-For: a\nFORGED", "Host: \u{1b}FORGED", "\u{1b}: FORGED"]
    {
        server.http(&format!("GET /ws/class/ali HTTP/1.1\r\n{raw}\r\n\r\n")).await;
    }
    server.http("\u{1b}[31mFORGED\n\n\r\n\r\n").await;
    let mut ali = server.open("/ws/class/ali").await;
    ali.send(json!({"type": "join", "name": "\u{1b}[31mFORGED\nFORGED"})).await;
    ali.expect_error("bad_name").await;
    ali.send(json!({"type": "\u{1b}[31mFORGED\nFORGED"})).await;
    ali.expect_error("unknown_type").await;
    let mut raw = Raw::open(&server, "/ws/class/reza").await;
    raw.send(8, b"\x0f\xa0\x1b[31mFORGED\nFORGED").await;
    raw.ends().await;
    process.terminate().unwrap();
    soon("the process to end", process.ended()).await.unwrap();
    let log = process.log();
    assert!(log.contains("an HTTP connection failed") && log.contains("closed by the client"), "{log}");
    for line in log.lines() {
        assert!(line.starts_with("20") && !line.chars().any(char::is_control), "{line:?}");
    }
}
