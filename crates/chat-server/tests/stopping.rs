//! A stop is announced, takes what is on its way along, and ends.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{process::Stdio, time::Instant};

use common::{TestServer, soon};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

#[tokio::test]
async fn everybody_is_told_to_come_back_and_the_server_ends() {
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
async fn nobody_can_hold_up_a_stop_beyond_its_deadline() {
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

async fn otagh(options: &[&str]) -> (Child, BufReader<tokio::process::ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_otagh"))
        .args(options)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    (child, stdout)
}

#[tokio::test]
async fn the_binary_prints_where_it_listens_and_ends_with_zero_on_either_signal() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, mut stdout) = otagh(&["--host", "127.0.0.1", "--port", "0"]).await;
        let mut line = String::new();
        soon("the first line", stdout.read_line(&mut line)).await.unwrap();
        let address = line.trim_end().strip_prefix("listening on http://").expect(&line);
        let mut http = TcpStream::connect(address).await.unwrap();
        http.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        soon("the answer", http.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
        let kill = Command::new("kill").args([signal, &child.id().unwrap().to_string()]).status();
        assert!(kill.await.unwrap().success());
        let status = soon("the process to end", child.wait()).await.unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_what_to_do() {
    let server = TestServer::start().await;
    let port = server.address.port().to_string();
    let (child, _stdout) = otagh(&["--host", "127.0.0.1", "--port", &port]).await;
    let output = soon("the process to end", child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains(&port) && error.contains("--port"), "{error}");
}

#[tokio::test]
async fn logs_hold_no_words_no_names_and_no_tokens() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_otagh"))
        .args(["--host", "127.0.0.1", "--port", "0"])
        .env("RUST_LOG", "chat_server=trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    soon("the first line", stdout.read_line(&mut line)).await.unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap();
    let server = TestServer::at(address.parse().unwrap());
    let mut ali =
        server.join_with("class", "ali", serde_json::json!({"type": "join", "name": "SecretName"})).await;
    let token = ali.token().to_owned();
    ali.say("1", "SecretWords").await;
    ali.expect("said").await;
    ali.send_text("{SecretNonsense").await;
    ali.expect_error("bad_json").await;
    ali.close(1000).await;
    let kill = Command::new("kill").args(["-TERM", &child.id().unwrap().to_string()]).status();
    assert!(kill.await.unwrap().success());
    let output = soon("the process to end", child.wait_with_output()).await.unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("closed by the client"), "the log was on: {log}");
    assert!(!log.contains("Secret") && !log.contains(&token), "{log}");
}
