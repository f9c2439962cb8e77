//! What a crowd may make the server hold: replays that are not fetched, outboxes that are not read, the
//! kernel's send buffers. A real server in a process of its own, whose memory is looked at from outside.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::net::SocketAddr;

use chat_testkit::process::{self, Process, Program};
use common::{Raw, TestServer, soon};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

const MIB: u64 = 1024 * 1024;

/// How large the crowd is. The hostile review sent 2,200, which takes a minute: `OTAGH_TEST_GUESTS=2200`.
fn guests() -> usize {
    std::env::var("OTAGH_TEST_GUESTS").map_or(500, |guests| guests.parse().unwrap())
}

/// A server without a pace, which tests outrun, and with these options.
async fn otagh(options: &[&str]) -> (Process, TestServer) {
    process::raise_open_files().unwrap();
    let unpaced = ["--messages-per-second=0", "--messages-per-address=0", "--requests-per-address=0"];
    let program = Program::new(env!("CARGO_BIN_EXE_otagh")).options(options).options(&unpaced);
    let process = program.start().await.unwrap();
    let server = TestServer::at(process.address());
    (process, server)
}

fn memory(process: &Process) -> u64 {
    process.usage().unwrap().memory().unwrap()
}

/// HTTP requests, one after the other over one socket.
struct Http(TcpStream);

struct Answer {
    status: u16,
    cookie: Option<String>,
    body: Vec<u8>,
}

impl Http {
    async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    async fn ask(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        self.0.write_all(request.as_bytes()).await.unwrap();
        let mut read = Vec::new();
        let head = loop {
            if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
                break String::from_utf8(read.drain(..end + 4).collect()).unwrap();
            }
            assert!(soon("a head", self.0.read_buf(&mut read)).await.unwrap() > 0, "the socket ended");
        };
        let field = |name: &str| head.split(name).nth(1).and_then(|rest| rest.split("\r\n").next());
        let length = field("content-length: ").map_or(0, |length| length.parse().unwrap());
        while read.len() < length {
            assert!(soon("a body", self.0.read_buf(&mut read)).await.unwrap() > 0, "the socket ended");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let cookie = field("set-cookie: ").map(|cookie| cookie.split(';').next().unwrap().to_owned());
        Answer { status, cookie, body: read }
    }
}

/// Says as much as a history keeps: 48 messages.
async fn fill_history(speaker: &mut common::Client) {
    let text = "x".repeat(4_096);
    for n in 1..=48 {
        speaker.say(&n.to_string(), &text).await;
        while speaker.next().await["seq"] != n {}
    }
}

#[tokio::test]
async fn polling_sessions_share_one_history() {
    let (process, server) = otagh(&[]).await;
    let mut http = Http::to(server.address).await;
    let mut cookies = Vec::new();
    let path = |n: usize, after: &str| format!("/rooms/class/messages?client=g{n}{after}");
    for n in 0..guests() {
        let answer = http.ask("GET", &path(n, ""), "", "").await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        cookies.push(answer.cookie.unwrap());
        // Within its first lease.
        let header = format!("Cookie: {}\r\n", cookies[n]);
        assert_eq!(http.ask("GET", &path(n, "&after=0"), &header, "").await.status, 200);
    }
    let mut speaker = server.join("class", "sara").await;
    fill_history(&mut speaker).await;
    let before = memory(&process);
    for (n, cookie) in cookies.iter_mut().enumerate() {
        for after in ["&after=48", "&after=0", "&after=0"] {
            let header = format!("Cookie: {cookie}\r\n");
            let answer = http.ask("GET", &path(n, after), &header, "").await;
            assert_eq!(answer.status, 200, "{n}{after}: {}", String::from_utf8_lossy(&answer.body));
            if let Some(renewed) = answer.cookie {
                *cookie = renewed;
            }
        }
    }
    let grown = memory(&process).saturating_sub(before);
    println!("{} KiB, then {} KiB more for {} guests", before / 1024, grown / 1024, guests());
    assert!(grown < 16 * 1024 * guests() as u64, "{} KiB more", grown / 1024);
}

#[tokio::test]
async fn memory_of_gone_crowd_serves_next() {
    let (process, server) = otagh(&["--resume-window", "100ms"]).await;
    let mut http = Http::to(server.address).await;
    let mut speaker = server.join("class", "sara").await;
    let join = json!({"type": "join"}).to_string();
    let mut after = Vec::new();
    for crowd in 0..4 {
        let secret = |n: usize| format!("Otagh-Connection: {:032}\r\n", crowd * 10_000 + n);
        let path = |n: usize| format!("/http/class/g{n}");
        for n in 0..guests() {
            assert_eq!(http.ask("POST", &path(n), &secret(n), &join).await.status, 204);
        }
        for n in 1..=20 {
            speaker.say(&format!("{crowd}-{n}"), &"x".repeat(4_096)).await;
            while speaker.next().await["seq"] != crowd * 20 + n {}
        }
        for n in 0..guests() {
            assert_eq!(http.ask("DELETE", &path(n), &secret(n), "").await.status, 204);
        }
        soon("everybody to be gone", async {
            while speaker.expect("presence").await["member_count"] != 1 {}
        })
        .await;
        after.push(memory(&process) / 1024);
    }
    println!("after each crowd, in KiB: {after:?}");
    assert!(after[3] < after[0] + after[0] / 5, "{after:?}");
}

/// How much of what was sent from this port the other ends have not taken, socket by socket, in bytes.
fn unsent(port: u16) -> Vec<u64> {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!(":{port:04X}");
    let sockets = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = sockets.filter(|fields| fields[1].ends_with(&local) && fields[3] == "01");
    ours.map(|fields| u64::from_str_radix(fields[4].split(':').next().unwrap(), 16).unwrap()).collect()
}

/// A connection whose reader takes little, as a phone's.
async fn small_socket(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(16 * 1024).unwrap();
    socket2::SockRef::from(&socket).set_tcp_mss(1460).unwrap();
    socket.connect(address).await.unwrap()
}

async fn join_by(stream: TcpStream, path: &str, join: Value) -> (Raw, Value) {
    let mut raw = Raw::on(stream, path, &common::masked(0x81, join.to_string().as_bytes())).await;
    let welcome = raw.expect("welcome").await.json();
    (raw, welcome)
}

#[tokio::test]
async fn unread_sockets_cost_kernel_little() {
    const UNREAD: usize = 600;
    let (process, server) = otagh(&["--outbox-bytes", "10000000"]).await;
    let mut speaker = server.join("class", "sara").await;
    let mut unread = Vec::new();
    for n in 0..UNREAD {
        let path = format!("/ws/class/p{n}");
        unread.push(join_by(small_socket(server.address).await, &path, json!({"type": "join"})).await.0);
    }
    let before = memory(&process);
    let text = "x".repeat(4_096);
    for n in 1..=400_u64 {
        speaker.say(&n.to_string(), &text).await;
        while speaker.next().await["seq"] != n {}
    }
    let unsent = unsent(server.address.port());
    assert!(unsent.len() > UNREAD);
    let (most, all) = (*unsent.iter().max().unwrap(), unsent.iter().sum::<u64>());
    let grown = memory(&process).saturating_sub(before);
    println!("in the kernel at most {} KiB, {} in all; outboxes {}", most / 1024, all / 1024, grown / 1024);
    assert!(most <= 192 * 1024, "{most}");
    assert!(grown < 64 * MIB, "what they share is there once: {} KiB more", grown / 1024);
    // They were slow and no more than that.
    let mut seq = 0;
    while seq < 400 {
        seq = unread[0].expect("said").await.json()["seq"].as_u64().unwrap();
    }
}

#[tokio::test]
async fn message_after_long_replay_cuts_nobody() {
    let history = ["--history-bytes", "10000000", "--outbox-bytes", "20000"];
    let (_process, server) = otagh(&history).await;
    let mut speaker = server.join("class", "sara").await;
    let path = "/ws/class/reza";
    let (reader, welcome) = join_by(small_socket(server.address).await, path, json!({"type": "join"})).await;
    drop(reader);
    let text = "x".repeat(4_096);
    for n in 1..=400 {
        speaker.say(&n.to_string(), &text).await;
        while speaker.next().await["seq"] != n {}
    }
    let resume = json!({"token": welcome["token"], "epoch": welcome["epoch"], "seq": welcome["seq"]});
    let join = json!({"type": "join", "resume": resume});
    let (mut back, _) = join_by(small_socket(server.address).await, path, join).await;
    for n in 401..=402 {
        speaker.say(&n.to_string(), "سلام").await;
        while speaker.next().await["seq"] != n {}
    }
    for seq in 1..=402 {
        assert_eq!(back.expect("said").await.json()["seq"], seq);
    }
}

#[tokio::test]
async fn total_of_what_waits_is_bounded() {
    const ROOMS: usize = 30;
    // Short histories, so that what waits is nobody else's.
    let options = ["--outbox-total-bytes", "3000000", "--history-bytes", "10000"];
    let (process, server) = otagh(&options).await;
    let mut http = Http::to(server.address).await;
    let before = memory(&process);
    let mut ended = 0;
    for room in 0..ROOMS {
        let path = format!("/rooms/r{room}/messages?client=g");
        let cookie = http.ask("GET", &path, "", "").await.cookie.unwrap();
        let headers = format!("Cookie: {cookie}\r\nContent-Type: application/json\r\n");
        for n in 0..50 {
            let body = json!({"id": n.to_string(), "text": "x".repeat(4_096)}).to_string();
            let answer = http.ask("POST", &path, &headers, &body).await;
            if answer.status == 503 {
                assert!(String::from_utf8_lossy(&answer.body).contains("slow_reader"));
                ended += 1;
                break;
            }
        }
    }
    let grown = memory(&process).saturating_sub(before);
    println!("{ended} of {ROOMS} ended, {} KiB more", grown / 1024);
    assert!(ended > ROOMS / 2);
    assert!(grown < 6 * MIB, "{} KiB more", grown / 1024);
    let mut late = server.join("late", "sara").await;
    late.say("1", "سلام").await;
    late.expect("said").await;
}
