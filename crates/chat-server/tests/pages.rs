//! The pages as the browser gets them, before any script runs. Only with the `pages` feature.
#![cfg(feature = "pages")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::TestServer;

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap_or_default()
}

#[tokio::test]
async fn every_page_is_persian_with_its_status() {
    let server = TestServer::start().await;
    for (path, status, page) in [
        ("/", "200", "home"),
        ("/r/class", "200", "room"),
        ("/r/a%2Fb", "400", "bad-room"),
        ("/go?room=", "400", "home"),
        ("/nothing", "404", "not-found"),
        ("/pkg/nothing.js", "404", "not-found"),
    ] {
        let answer = server.get(path).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        assert!(answer.contains(r#"lang="fa""#) && answer.contains(r#"dir="rtl""#), "{path}");
        assert!(answer.contains(&format!(r#"data-page="{page}""#)), "{path}: {answer}");
        assert_eq!(header(&answer, "content-type"), "text/html; charset=utf-8", "{path}");
    }
}

#[tokio::test]
async fn room_page_shows_address_to_share() {
    let server = TestServer::with(&["--public-url", "https://chat.example.org"]).await;
    let answer = server.get("/r/%DA%A9%D9%84%D8%A7%D8%B3").await;
    assert!(answer.contains(r#"data-room="کلاس""#), "{answer}");
    assert!(answer.contains("https://chat.example.org/r/%DA%A9%D9%84%D8%A7%D8%B3"), "{answer}");
}

#[tokio::test]
async fn policy_runs_only_own_nonce_scripts() {
    let server = TestServer::start().await;
    let (one, other) = (server.get("/r/class").await, server.get("/r/class").await);
    let nonce = |answer: &str| {
        let policy = header(answer, "content-security-policy").to_owned();
        let (_, rest) = policy.split_once("'nonce-").expect(&policy);
        rest.split_once('\'').unwrap().0.to_owned()
    };
    assert_ne!(nonce(&one), nonce(&other));
    for answer in [&one, &other] {
        let own = format!(r#"nonce="{}""#, nonce(answer));
        assert!(answer.matches("<script").count() > 0);
        for script in answer.split("<script").skip(1) {
            assert!(script.split_once('>').unwrap().0.contains(&own), "a script without the nonce: {script}");
        }
        assert!(!answer.contains(" style=\""), "an inline style, which the policy forbids");
        for handler in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!answer.contains(handler), "{handler}");
        }
    }
}

#[tokio::test]
async fn chosen_theme_is_in_first_paint() {
    let server = TestServer::start().await;
    let request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: theme=dark\r\n\r\n";
    let answer = server.http(request).await;
    assert!(answer.contains(r#"data-theme="dark""#), "{answer}");
    assert!(!server.get("/").await.contains("data-theme="), "without a choice the device decides");
    assert_eq!(header(&answer, "vary"), "Cookie");
    assert_eq!(header(&answer, "cache-control"), "no-cache");
}
