//! The dead are noticed, the silent are asked, and nobody holds a place without a word.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::{Duration, Instant};

use common::{Raw, TestServer, assert_heeded, soon};
use serde_json::json;
use tokio::{io::AsyncReadExt, io::AsyncWriteExt, net::TcpStream};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[tokio::test]
async fn silent_peer_is_pinged_then_away() {
    let server = TestServer::with(&["--ping-interval", "50ms", "--ping-deadline", "100ms"]).await;
    let mut sara = server.join("class", "sara").await;
    let mut dead = Raw::open(&server, "/ws/class/dead").await;
    let start = Instant::now();
    dead.send_json(json!({"type": "join"})).await;
    dead.expect("welcome").await;
    // It never answers; sara's library does.
    let told = sara.expect_presence(|presence| presence.get("changed").is_some()).await;
    assert_eq!(told["changed"], json!([{"id": "dead", "name": "dead", "away": true}]));
    assert_heeded(start, &[("--ping-interval", ms(50)), ("--ping-deadline", ms(100))]);
    let ping = loop {
        let frame = dead.frame().await;
        if frame.opcode != 1 {
            break frame;
        }
    };
    assert_eq!(ping.bytes, [0x89, 0]);
    assert_eq!(dead.expect_close().await.close_code(), 4002);
    sara.say("1", "زنده").await;
    sara.expect("said").await;
}

#[tokio::test]
async fn any_sign_of_life_counts() {
    let server = TestServer::with(&["--ping-interval", "50ms", "--ping-deadline", "100ms"]).await;
    let mut raw = Raw::open(&server, "/ws/class/ali").await;
    raw.send_json(json!({"type": "join"})).await;
    let mut pings = 0;
    while pings < 5 {
        if raw.frame().await.opcode == 9 {
            pings += 1;
            // Not the pong that was asked for, but a message.
            raw.send_json(json!({"type": "ping", "n": pings})).await;
        }
    }
}

#[tokio::test]
async fn join_deadline_spares_refused_valid_join() {
    let server = TestServer::with(&["--join-deadline", "100ms"]).await;
    let start = Instant::now();
    let mut silent = server.open("/ws/class/silent").await;
    let mut trying = server.open("/ws/class/trying").await;
    trying.send(json!({"type": "join", "name": ""})).await;
    trying.expect_error("bad_name").await;
    let mut refused = server.open("/ws/class/refused").await;
    let _ali = server.join_with("class", "ali", json!({"type": "join", "name": "علی"})).await;
    refused.send(json!({"type": "join", "name": "علی"})).await;
    refused.expect_error("name_taken").await;
    assert_eq!(silent.expect_close().await, (4501, "join_timeout".into()));
    assert_heeded(start, &[("--join-deadline", ms(100))]);
    assert_eq!(trying.expect_close().await, (4501, "join_timeout".into()), "that was no join at all");
    refused.send(json!({"type": "join", "name": "علی دوم"})).await;
    refused.expect("welcome").await;
}

#[tokio::test]
async fn silent_sockets_and_partial_heads_are_closed() {
    let server = TestServer::with(&["--head-deadline", "100ms"]).await;
    let start = Instant::now();
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"GET /ws/class/ali HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut rest = Vec::new();
    soon("the silent one's end", silent.read_to_end(&mut rest)).await.unwrap();
    assert_heeded(start, &[("--head-deadline", ms(100))]);
    soon("the slow one's end", half.read_to_end(&mut rest)).await.unwrap();
    assert_heeded(start, &[("--head-deadline", ms(100))]);
}

#[tokio::test]
async fn unfinished_close_does_not_hold_server() {
    let mut server = TestServer::with(&["--close-grace", "100ms", "--drain-deadline", "1m"]).await;
    let mut raw = Raw::open(&server, "/ws/class/ali").await;
    raw.send_json(json!({"type": "join"})).await;
    raw.expect("welcome").await;
    let start = Instant::now();
    server.stop();
    assert_eq!(raw.expect_close().await.close_code(), 4000);
    // Neither a close frame nor the end of the connection comes from here.
    server.stopped().await;
    assert_heeded(start, &[("--close-grace", ms(100))]);
}

/// Fragments without end and without content are no message: they are not counted, and read as fast as
/// they come.
#[tokio::test]
async fn fragment_flood_is_closed_at_join_deadline() {
    use std::io::{Read, Write};

    let server = TestServer::with(&["--join-deadline", "200ms", "--close-grace", "100ms"]).await;
    let address = server.address;
    let start = Instant::now();
    let flood = move || {
        let mut flooder = std::net::TcpStream::connect(address).unwrap();
        let upgrade = "GET /ws/class/flood HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        flooder.write_all(upgrade.as_bytes()).unwrap();
        assert!(flooder.read(&mut [0; 1024]).unwrap() > 0);
        flooder.write_all(&[0x01, 0x80, 0, 0, 0, 0]).unwrap();
        let nothings = [0x00, 0x80, 0, 0, 0, 0].repeat(50_000);
        while flooder.write_all(&nothings).is_ok() {}
    };
    soon("the flooder to be let go", tokio::task::spawn_blocking(flood)).await.unwrap();
    assert_heeded(start, &[("--join-deadline", ms(200)), ("--close-grace", ms(100))]);
}
