//! A stop is announced, takes what is on its way along, and ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::time::Instant;

use common::TestServer;
use tokio::{io::AsyncWriteExt, net::TcpStream};

#[tokio::test]
async fn stop_disconnects_everybody_and_ends_server() {
    let mut server = TestServer::start().await;
    let mut clients = Vec::new();
    for n in 0..20 {
        clients.push(server.join("class", &format!("p{n}")).await);
    }
    clients[0].say("1", "آخرین حرف").await;
    clients[0].expect("said").await;
    server.stop();
    for mut client in clients {
        if client.welcome["you"]["id"] != "p0" {
            assert_eq!(client.expect("said").await["text"], "آخرین حرف");
        }
        assert_eq!(client.expect_close().await, (4000, "server_stopping".into()));
    }
    let address = server.address;
    server.stopped().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn nobody_delays_stop_beyond_deadline() {
    let mut server = TestServer::with(&["--drain-deadline", "200ms", "--close-grace", "1h"]).await;
    let mut raw = common::Raw::open(&server, "/ws/class/ali").await;
    raw.send_json(serde_json::json!({"type": "join"})).await;
    raw.expect("welcome").await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    server.stop();
    let start = Instant::now();
    server.stopped().await;
    assert!(start.elapsed().as_secs() < 5);
}
