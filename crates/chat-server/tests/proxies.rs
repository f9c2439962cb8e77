//! The server behind a proxy or a tunnel: the links it gives, the codes it draws, the spellings it takes, what
//! it asks the proxy not to do, and what it tells its operator.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{TestServer, handshake, soon};

const OWN_PICTURE: &str = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: image\r\n";

/// A page or a picture, asked for at `host`, with `more` header lines.
async fn get(server: &TestServer, path: &str, host: &str, more: &str) -> String {
    server.http(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")).await
}

fn code(url: &str) -> String {
    chat_server::testing::qr_svg(url).unwrap()
}

#[tokio::test]
async fn behind_tls_links_and_codes_say_https() {
    let trusting = TestServer::with(&["--trusted-proxy", "127.0.0.1"]).await;
    let strange = TestServer::start().await;
    for (host, more) in [
        ("chat.example.org", "X-Forwarded-Proto: https\r\n"),
        ("chat.example.org", "Forwarded: for=192.0.2.1;proto=https\r\n"),
        ("backend:3000", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.example.org\r\n"),
        ("localhost:3000", "X-Forwarded-Proto: https\r\nX-Forwarded-Host: chat.example.org\r\n"),
    ] {
        let expected = "https://chat.example.org/r/class";
        let page = get(&trusting, "/r/class", host, more).await;
        assert!(page.contains(expected), "{more}: {page}");
        let picture = get(&trusting, "/r/class/qr.svg", host, more).await;
        assert!(picture.ends_with(&code(expected)), "{more}");
        // Anybody can write these headers.
        let page = get(&strange, "/r/class", host, more).await;
        assert!(!page.contains("https://chat.example.org"), "{more}: {page}");
    }
}

#[tokio::test]
async fn qr_code_follows_page_origin() {
    let server = TestServer::start().await;
    // A tunnel's end here: it says `localhost`, and only the page knows where it is.
    let path = "/r/class/qr.svg?origin=https%3A%2F%2Fx.tunnel.example";
    let answer = get(&server, path, "localhost:3000", OWN_PICTURE).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("cache-control: no-store"), "{answer}");
    assert!(answer.ends_with(&code("https://x.tunnel.example/r/class")));
    // Without Fetch Metadata, as on plain HTTP: where it was sent to.
    let answer = get(&server, "/r/class/qr.svg?origin=http://192.168.1.7:3000", "192.168.1.7:3000", "").await;
    assert!(answer.ends_with(&code("http://192.168.1.7:3000/r/class")), "{answer}");
}

#[tokio::test]
async fn foreign_origin_gets_no_qr_code() {
    let server = TestServer::start().await;
    let path = "/r/class/qr.svg?origin=https://evil.example";
    for more in [
        "",
        "Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n",
        // A link in a room, or in a frame.
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: document\r\n",
        "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: iframe\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image\r\n",
        "Sec-Fetch-Site: same-site\r\nSec-Fetch-Dest: image\r\n",
        "X-Forwarded-Host: evil.example\r\n",
        "Origin: https://evil.example\r\n",
        "Referer: https://evil.example/\r\n",
    ] {
        let answer = get(&server, path, "chat.example.org", more).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{more}: {answer}");
    }
    let long = format!("http://{}", "a".repeat(400));
    for bad in [
        "https://chat.example.org/path",
        "https://ali@chat.example.org",
        "javascript:alert(1)",
        "ftp://chat.example.org",
        "null",
        "",
        "https://a.example&origin=https://b.example",
        "%FF",
        "https://a%0Ab",
        &long,
    ] {
        let path = format!("/r/class/qr.svg?origin={bad}");
        let answer = get(&server, &path, "chat.example.org", OWN_PICTURE).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bad}: {answer}");
    }
}

#[cfg(feature = "lab")]
#[tokio::test]
async fn event_streams_ask_not_to_be_gathered() {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    let server = TestServer::start().await;
    let mut watched = common::Raw::open(&server, "/ws/class/ali?xray=1").await;
    let token = watched.expect("xray").await.json()["token"].as_str().unwrap().to_owned();
    for path in ["/rooms/class/events?client=sara".to_owned(), format!("/xray/{token}/events")] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("the head", stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.contains("content-type: text/event-stream"), "{path}: {head}");
        assert!(head.contains("\r\nx-accel-buffering: no\r\n"), "{path}: {head}");
        assert!(head.contains("\r\ncache-control: no-store, no-transform\r\n"), "{path}: {head}");
    }
}

#[cfg(target_os = "linux")]
mod told {
    use chat_testkit::process::Program;

    use super::*;

    const OTAGH: &str = env!("CARGO_BIN_EXE_otagh");

    /// What the operator reads when these requests have come.
    async fn log_of(options: &[&str], requests: &[String]) -> Vec<String> {
        let mut process = Program::new(OTAGH).options(options).start().await.unwrap();
        let server = TestServer::at(process.address());
        for request in requests {
            server.http(request).await;
        }
        process.terminate().unwrap();
        soon("the process to end", process.ended()).await.unwrap();
        process.log().lines().filter(|line| line.contains(" WARN ")).map(str::to_owned).collect()
    }

    fn opening(host: &str, origin: &str) -> String {
        let more = format!("Connection: close\r\nOrigin: {origin}\r\n");
        handshake("/ws/SecretRoom/SecretId", &more).replace("Host: localhost:3000", &format!("Host: {host}"))
    }

    #[tokio::test]
    async fn refused_origin_logs_one_helpful_warning() {
        let refused = opening("backend:3000", "https://chat.example.org");
        let poll = "GET /rooms/class/messages HTTP/1.1\r\nHost: backend:3000\r\nConnection: close\r\n\
                    Origin: https://chat.example.org\r\n\r\n";
        let other = opening("backend:3000", "https://other.example");
        let log = log_of(&[], &[refused.clone(), refused, poll.to_owned(), other]).await;
        let [first, second] = &log[..] else { panic!("{log:#?}") };
        for part in
            ["\"https://chat.example.org\"", "\"backend:3000\"", "--allow-origin", "--public-url", "Host"]
        {
            assert!(first.contains(part), "{part}: {first}");
        }
        assert!(second.contains("\"https://other.example\""), "{second}");
        assert!(!log.concat().contains("Secret"), "{log:#?}");
    }

    #[tokio::test]
    async fn refused_host_logs_one_helpful_warning() {
        let refused = opening("backend:3000", "https://chat.example.org");
        let options = ["--public-url", "https://chat.example.org"];
        let log = log_of(&options, &[refused.clone(), refused]).await;
        let [warning] = &log[..] else { panic!("{log:#?}") };
        for part in ["\"https://chat.example.org\"", "\"backend:3000\"", "--allow-origin", "--public-url"] {
            assert!(warning.contains(part), "{part}: {warning}");
        }
    }

    #[tokio::test]
    async fn a_proxy_without_upgrade_is_told_of() {
        // As nginx asks unless it is told otherwise.
        let stripped = "GET /ws/SecretRoom/SecretId HTTP/1.0\r\nHost: backend\r\nConnection: close\r\n\
                        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let newer = stripped.replace("HTTP/1.0", "HTTP/1.1");
        let log = log_of(&[], &[stripped.to_owned(), newer]).await;
        let [warning] = &log[..] else { panic!("{log:#?}") };
        assert!(warning.contains("proxy_set_header Upgrade") && !warning.contains("by hand"), "{warning}");
        assert!(!warning.contains("Secret"), "{warning}");

        let plain = "GET /ws/class/ali HTTP/1.1\r\nHost: backend\r\nConnection: close\r\n\r\n".to_owned();
        let log = log_of(&[], &[plain.clone(), plain]).await;
        let [warning] = &log[..] else { panic!("{log:#?}") };
        assert!(warning.contains("proxy_set_header Upgrade") && warning.contains("by hand"), "{warning}");
    }

    #[tokio::test]
    async fn untrusted_proxy_logs_a_hint() {
        let asks = |header: &str| {
            format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n\r\n")
        };
        let requests = ["X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https", "Forwarded: for=192.0.2.7"];
        let requests = requests.map(asks);
        let log = log_of(&[], &requests).await;
        let [hint] = &log[..] else { panic!("{log:#?}") };
        assert!(hint.contains("--trusted-proxy") && hint.contains("127.0.0.1"), "{hint}");
        assert!(!hint.contains("192.0.2.7"), "whose it is, is nobody's business: {hint}");
        assert!(log_of(&["--trusted-proxy", "127.0.0.1"], &requests).await.is_empty());
    }

    #[tokio::test]
    async fn ordinary_requests_log_no_hint() {
        let more = "Connection: close\r\nOrigin: http://localhost:3000\r\n";
        let requests = [
            handshake("/ws/class/ali", more).replace("Version: 13", "Version: 8"),
            "POST /ws/class/ali HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                .to_owned(),
            "HEAD /r/class HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned(),
            // Another site's picture: nothing that an option mends.
            "GET /rooms/class/messages HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: image\r\n\r\n"
                .to_owned(),
        ];
        let log = log_of(&[], &requests).await;
        assert!(log.is_empty(), "{log:#?}");
    }

    #[tokio::test]
    async fn a_flood_of_strangers_is_few_lines() {
        let flood: Vec<String> =
            (0..200).map(|n| opening("localhost:3000", &format!("https://evil{n}.example"))).collect();
        let log = log_of(&[], &flood).await;
        assert_eq!(log.len(), 16, "{log:#?}");
        let hostile = opening("localhost:3000", "https://\tevil\\\"");
        let log = log_of(&[], &[hostile]).await;
        let [warning] = &log[..] else { panic!("{log:#?}") };
        assert!(warning.is_ascii() && !warning.contains('\t'), "{warning}");
    }
}

#[tokio::test]
async fn canonical_room_has_one_address() {
    let server = TestServer::with(&["--canonical-rooms"]).await;
    for (spelling, right) in [
        ("Class", "class"),
        ("cl%61ss", "class"),
        ("math-class", "mathclass"),
        ("%D9%83%D9%84%D8%A7%D8%B3", "%DA%A9%D9%84%D8%A7%D8%B3"),
    ] {
        let refused = server.get(&format!("/ws/{spelling}/ali")).await;
        assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
        assert!(refused.ends_with(&format!("/ws/{right}/ali\n")), "{refused}");
        for path in ["/rooms/{}/messages?client=ali", "/rooms/{}/events", "/rooms/{}/costs", "/http/{}/ali"] {
            let refused = server.get(&path.replace("{}", spelling)).await;
            assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
            assert!(refused.contains(r#""code":"bad_room_id""#), "{refused}");
            assert!(
                refused.contains(path.split('?').next().unwrap().replace("{}", right).as_str()),
                "{refused}"
            );
        }
        for path in [
            "/r/{}",
            "/r/{}/",
            "/r/{}/qr.svg",
            "/r/{}?class",
            "/classic/{}?name=ali",
            "/ways/{}",
            "/class/{}",
        ] {
            let led = server.get(&path.replace("{}", spelling)).await;
            assert!(led.starts_with("HTTP/1.1 307 "), "{led}");
            assert!(led.contains(&format!("location: {}\r\n", path.replace("{}", right))), "{led}");
        }
        server.join(right, "ali").await;
        assert!(server.get(&format!("/rooms/{right}/messages")).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn any_spelling_is_taken_otherwise() {
    let server = TestServer::start().await;
    let _sara = server.join("Math-Class", "sara").await;
    assert!(server.get("/rooms/mathclass/messages").await.contains(r#""room":"Math-Class""#));
}
