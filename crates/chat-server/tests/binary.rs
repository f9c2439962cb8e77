//! The binary as its operator meets it: what it prints, how it ends, what it logs.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use chat_testkit::process::{Process, Program};
use common::{TestServer, soon};

const OTAGH: &str = env!("CARGO_BIN_EXE_otagh");

#[tokio::test]
async fn the_binary_prints_where_it_listens_and_ends_with_zero_on_either_signal() {
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
async fn a_taken_port_is_an_error_that_says_what_to_do() {
    let server = TestServer::start().await;
    let port = server.address.port().to_string();
    let error = Program::new(OTAGH).options(&["--port", &port]).start().await.unwrap_err().to_string();
    assert!(error.contains("exit status: 1"), "{error}");
    assert!(error.contains(&format!("port {port} is already in use")) && error.contains("--port"), "{error}");
}

#[tokio::test]
async fn a_killed_server_can_be_started_again_at_once_at_the_same_address() {
    let mut process = Program::new(OTAGH).start().await.unwrap();
    let ali = TestServer::at(process.address()).join("class", "ali").await;
    process.restart().await.unwrap();
    let back = TestServer::at(process.address()).join_with("class", "ali", ali.resume(0)).await;
    assert_eq!(back.welcome["recovered"], false, "it says that it remembers nothing");
    assert_ne!(back.welcome["epoch"], ali.welcome["epoch"]);
}

#[tokio::test]
async fn logs_hold_no_words_no_names_and_no_tokens() {
    let mut process = Program::new(OTAGH).log("chat_server=trace").start().await.unwrap();
    let server = TestServer::at(process.address());
    let mut ali =
        server.join_with("class", "ali", serde_json::json!({"type": "join", "name": "SecretName"})).await;
    let token = ali.token().to_owned();
    ali.say("1", "SecretWords").await;
    ali.expect("said").await;
    ali.send_text("{SecretNonsense").await;
    ali.expect_error("bad_json").await;
    ali.close(1000).await;
    process.terminate().unwrap();
    soon("the process to end", process.ended()).await.unwrap();
    let log = process.log();
    assert!(log.contains("closed by the client"), "the log was on: {log}");
    assert!(!log.contains("Secret") && !log.contains(&token), "{log}");
}
