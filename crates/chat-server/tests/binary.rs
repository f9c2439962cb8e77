//! The binary as its operator meets it: what it prints, how it ends, what it logs.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use chat_testkit::process::{Process, Program};
use common::{Raw, TestServer, soon};
use serde_json::json;

const OTAGH: &str = env!("CARGO_BIN_EXE_otagh");

#[tokio::test]
async fn binary_prints_address_and_exits_zero() {
    for signal in [Process::interrupt, Process::terminate] {
        let mut process = Program::new(OTAGH).start().await.unwrap();
        let answer = TestServer::at(process.address()).get("/healthz").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
        signal(&process).unwrap();
        let status = soon("the process to end", process.ended()).await.unwrap();
        assert_eq!(status.code(), Some(0), "{}", process.log());
    }
}

#[tokio::test]
async fn taken_port_error_says_what_to_do() {
    let server = TestServer::start().await;
    let port = server.address.port().to_string();
    let error = Program::new(OTAGH).options(&["--port", &port]).start().await.unwrap_err().to_string();
    assert!(error.contains("exit status: 1"), "{error}");
    assert!(error.contains(&format!("port {port} is already in use")) && error.contains("--port"), "{error}");
}

#[tokio::test]
async fn missing_thread_error_says_what_to_do() {
    let ended = tokio::process::Command::new(OTAGH)
        .args(["--host", "127.0.0.1", "--port", "0", "--cores", "2"])
        // A thread with as large a stack is none that the system has.
        .env("RUST_MIN_STACK", (1_usize << 50).to_string())
        .output();
    let ended = soon("the process to end", ended).await.unwrap();
    let error = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{error}");
    assert!(
        error.contains("cannot start a thread for each of 2 cores") && error.contains("--cores 1"),
        "{error}"
    );
}

#[tokio::test]
async fn killed_server_restarts_at_same_address() {
    let mut process = Program::new(OTAGH).start().await.unwrap();
    let ali = TestServer::at(process.address()).join("class", "ali").await;
    process.restart().await.unwrap();
    let back = TestServer::at(process.address()).join_with("class", "ali", ali.resume(0)).await;
    assert_eq!(back.welcome["recovered"], false, "it says that it remembers nothing");
    assert_ne!(back.welcome["epoch"], ali.welcome["epoch"]);
}

#[tokio::test]
async fn logs_hold_no_words_names_or_tokens() {
    // The last is what an operator might write who wants to see the library's frames.
    for filter in ["debug", "trace", "trace,tungstenite=trace,log=trace"] {
        let mut process =
            Program::new(OTAGH).log(filter).options(&["--close-grace", "100ms"]).start().await.unwrap();
        let server = TestServer::at(process.address());
        let key = "c1a5".repeat(16);
        let join = json!({"type": "join", "name": "SecretName", "teacher": {"token": key}});
        let mut ali = server.join_with("SecretRoom", "SecretId", join).await;
        let token = ali.token().to_owned();
        ali.expect("class").await;
        ali.say("1", "SecretWords").await;
        ali.expect("said").await;
        ali.send_text("{SecretNonsense").await;
        ali.expect_error("bad_json").await;
        ali.send_text("{\n\"type\":\"say\",\r\n2026-11-26T20:00:00Z  INFO SecretLine\n}").await;
        ali.expect_error("bad_json").await;
        let resume = json!({"type": "join", "resume": ali.resume(1)["resume"], "name": "SecretName"});
        ali.close(1000).await;
        let mut raw = Raw::open(&server, "/ws/SecretRoom/SecretId").await;
        raw.send_json(resume).await;
        raw.expect("welcome").await;
        raw.send(8, b"\x0f\xa0SecretReason\nSecretLine").await;
        raw.ends().await;
        let polled = server.get("/rooms/SecretRoom/messages?client=SecretPoller&name=SecretGuest").await;
        assert!(polled.contains("welcome"), "{polled}");
        process.terminate().unwrap();
        soon("the process to end", process.ended()).await.unwrap();
        let log = process.log();
        assert!(log.contains("closed by the client"), "the log was on: {log}");
        assert!(!log.contains("Secret") && !log.contains(&token) && !log.contains(&key), "{filter}: {log}");
        for line in log.lines() {
            assert!(line.starts_with("20") && !line.chars().any(char::is_control), "{filter}: {line:?}");
        }
    }
}
