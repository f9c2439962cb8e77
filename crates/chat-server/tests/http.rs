//! What the server answers over HTTP: the upgrade and its refusals, addresses, headers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{TestServer, handshake};

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{answer}"))
}

/// One header of an answer, by its lower-case name.
fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// The head of the answer to a request that upgrades, which does not end with the connection.
async fn upgraded(server: &TestServer, request: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(common::soon("the head", stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

#[tokio::test]
async fn rfc_handshake_gets_rfc_answer() {
    let server = TestServer::start().await;
    let head = upgraded(&server, &handshake("/ws/class/ali", "")).await;
    assert_eq!(status(&head), 101);
    assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert!(header(&head, "upgrade").unwrap().eq_ignore_ascii_case("websocket"));
    assert!(header(&head, "connection").unwrap().eq_ignore_ascii_case("upgrade"));
}

#[tokio::test]
async fn the_subprotocol_is_echoed_only_when_offered() {
    let server = TestServer::start().await;
    for (offer, echo) in [
        ("", None),
        ("Sec-WebSocket-Protocol: otagh.v1\r\n", Some("otagh.v1")),
        ("Sec-WebSocket-Protocol: chat, otagh.v1\r\n", Some("otagh.v1")),
        ("Sec-WebSocket-Protocol: otagh.v2\r\n", None),
    ] {
        let head = upgraded(&server, &handshake("/ws/class/ali", offer)).await;
        assert_eq!((status(&head), header(&head, "sec-websocket-protocol")), (101, echo), "{offer}");
    }
}

#[tokio::test]
async fn invalid_ids_are_refused_before_upgrade() {
    let server = TestServer::start().await;
    for (path, rule) in [
        ("/ws/a%20%2Fb/ali", "room id: has U+002F"),
        ("/ws/-a/ali", "room id: begins with U+002D"),
        ("/ws/class/a%E2%80%AEb", "client id: has U+202E"),
        ("/ws/class/%F0%9F%99%82", "client id: has U+1F642"),
    ] {
        let answer = server.http(&handshake(path, "Connection: close\r\n")).await;
        assert_eq!(status(&answer), 400, "{path}: {answer}");
        assert!(answer.contains(rule) && answer.contains("must be"), "{path}: {answer}");
    }
    for path in ["/ws/%FF/ali", "/ws/class/%ff"] {
        let answer = server.http(&handshake(path, "Connection: close\r\n")).await;
        assert_eq!(status(&answer), 400, "{path}: {answer}");
        assert!(answer.contains("must be percent-encoded UTF-8"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn failed_upgrade_says_what_is_missing() {
    let server = TestServer::start().await;
    let good = handshake("/ws/class/ali", "");
    for (from, to, code, rule) in [
        ("GET ", "POST ", 426, "GET"),
        ("Upgrade: WebSocket", "Upgrade: h2c", 426, "Upgrade: websocket"),
        ("Connection: keep-alive, Upgrade", "Connection: close", 426, "Connection: Upgrade"),
        ("Version: 13", "Version: 8", 426, "must be 13"),
        ("Host: localhost:3000\r\n", "", 400, "one 'Host'"),
        ("Host: ", "Host: other\r\nHost: ", 400, "one 'Host'"),
        ("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: short", 400, "Sec-WebSocket-Key"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400, "Sec-WebSocket-Key"),
    ] {
        let request = good.replace(from, to);
        assert_ne!(request, good);
        let request = request.replace("Host:", "Connection: close\r\nHost:");
        let answer = server.http(&request).await;
        assert_eq!(status(&answer), code, "{to}: {answer}");
        assert!(answer.contains(rule), "{to}: {answer}");
        if code == 426 {
            assert_eq!(header(&answer, "sec-websocket-version"), Some("13"));
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_may_not_connect() {
    let server = TestServer::with(&["--allow-origin", "https://friend.example,https://other.example"]).await;
    for (origin, expected) in [
        ("http://localhost:3000", 101),
        ("https://friend.example", 101),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let request = handshake("/ws/class/ali", &format!("Origin: {origin}\r\n"));
        assert_eq!(status(&upgraded(&server, &request).await), expected, "{origin}");
    }
    let two = "Origin: http://localhost:3000\r\nOrigin: https://friend.example\r\n";
    assert_eq!(status(&upgraded(&server, &handshake("/ws/class/ali", two)).await), 403, "no browser's");
}

#[tokio::test]
async fn full_server_sends_retry_after() {
    let server = TestServer::with(&["--max-connections", "1"]).await;
    let first = server.join("class", "ali").await;
    let answer = server.http(&handshake("/ws/class/sara", "Connection: close\r\n")).await;
    assert_eq!((status(&answer), header(&answer, "retry-after")), (503, Some("10")));
    first.close(1000).await;
    // The place is given up when the connection's task ends, a moment after its socket.
    common::soon("the place to be free", async {
        loop {
            let request = handshake("/ws/class/sara", "");
            if status(&upgraded(&server, &request).await) == 101 {
                break;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_room_has_one_address() {
    let server = TestServer::start().await;
    // What is not part of its name leads to it for good.
    for (spelling, canonical) in [
        ("/r/a%20b?x=1", "/r/a-b?x=1"),
        ("/r/a%20%C2%A0b", "/r/a-b"),
        ("/r/class/", "/r/class"),
        ("/r/Class/?x=1", "/r/Class?x=1"),
        ("/r/class.", "/r/class"),
        ("/r/class%D8%8C", "/r/class"),
        ("/r/class)", "/r/class"),
        ("/r/class%C2%BB", "/r/class"),
        ("/r/%F0%9F%8C%9Fclass", "/r/class"),
        ("/r/class%E2%80%8F", "/r/class"),
        ("/r/%D8%A7%D9%93%D8%A8", "/r/%D8%A2%D8%A8"),
    ] {
        let answer = server.get(spelling).await;
        assert_eq!((status(&answer), header(&answer, "location")), (308, Some(canonical)), "{spelling}");
    }
    for bad in ["/r/a%2Fb", "/r/a%2Fb/", "/r/%ff", "/r/-/"] {
        let answer = server.get(bad).await;
        assert_eq!(status(&answer), 400, "{bad}: {answer}");
        assert!(answer.contains("نشانی این اتاق درست نیست"), "{bad}: {answer}");
    }
}

#[tokio::test]
async fn request_lines_authority_counts_as_host() {
    // RFC 9112 §3.2.2: whoever asks for a whole URL means its host, whatever `Host` says.
    let server = TestServer::with(&["--public-url", "https://chat.example"]).await;
    let ask = async |target: &str, host: &str, origin: &str| {
        let head = common::handshake("/ws/class/ali", &format!("{origin}Connection: close\r\n"));
        let head = head.replacen("/ws/class/ali", &format!("{target}/ws/class/ali"), 1);
        let lines = head.split("\r\n").filter(|line| !line.to_lowercase().starts_with("host:"));
        let head = lines.collect::<Vec<_>>().join("\r\n").replacen("\r\n", &format!("\r\n{host}"), 1);
        let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[9..]).into_owned()
    };
    let own = "Host: chat.example\r\n";
    for (target, host, origin, status) in [
        ("", own, "", "101"),
        ("http://chat.example", own, "", "101"),
        ("http://evil.example", own, "", "403"),
        ("http://chat.example", "Host: evil.example\r\n", "", "101"),
        ("http://ali@chat.example:80", "Host: evil.example\r\n", "", "101"),
        ("http://chat.example", "", "", "101"),
        ("http://chat.example", "Host: chat.example\r\nHost: evil.example\r\n", "", "400"),
        ("http://127.0.0.1:7", own, "Origin: http://127.0.0.1:7\r\n", "101"),
        ("http://127.0.0.1:7", "Host: 127.0.0.1:8\r\n", "Origin: http://127.0.0.1:8\r\n", "403"),
    ] {
        assert_eq!(ask(target, host, origin).await, status, "{target} {host} {origin}");
    }
}

#[tokio::test]
async fn no_page_tells_whether_a_room_exists() {
    let server = TestServer::start().await;
    let undated = |answer: String| {
        answer.lines().filter(|line| !line.starts_with("date:")).collect::<Vec<_>>().join("\n")
    };
    let paths = [
        "/r/Math-Class",
        "/r/math_class?x=1",
        "/r/%EF%BD%8Dath-class",
        "/r/mathclass/",
        "/r/mathclass/qr.svg",
        "/ways/mathclass",
        "/classic/mathclass?client=ali",
        "/rooms/mathclass/costs?client=ali",
    ];
    let mut before = Vec::new();
    for path in paths {
        before.push(undated(server.get(path).await));
    }
    let _sara = server.join("Math-Class", "sara").await;
    for (path, before) in paths.iter().zip(before) {
        assert_eq!(undated(server.get(path).await), before, "{path}");
    }
    let answer = server.get("/classic/mathclass").await;
    assert!(header(&answer, "location").unwrap().starts_with("/classic/mathclass?client="), "{answer}");
    // Who is in is shown the name that it goes by.
    let answer = server.get("/classic/mathclass?client=ali&name=ali").await;
    assert!(answer.contains("Room Math-Class"), "{answer}");
}

#[cfg(feature = "lab")]
#[tokio::test]
async fn ways_without_a_room_are_ones_own() {
    let server = TestServer::start().await;
    let (mine, yours) = (server.get("/ways").await, server.get("/ways").await);
    assert_eq!((status(&mine), header(&mine, "cache-control")), (303, Some("no-store")));
    let mine = header(&mine, "location").unwrap();
    assert_ne!(Some(mine), header(&yours, "location"));
    assert_eq!(status(&server.get(mine).await), 200, "{mine}");
}

#[tokio::test]
async fn the_form_works_without_scripts() {
    let server = TestServer::start().await;
    let answer = server.get("/go?room=%DA%A9%D9%84%D8%A7%D8%B3+%DB%B1&name=%D8%B9%D9%84%DB%8C").await;
    assert_eq!(
        (status(&answer), header(&answer, "location")),
        (303, Some("/r/%DA%A9%D9%84%D8%A7%D8%B3-%DB%B1"))
    );
    for link in [
        "/r/class",
        "http%3A%2F%2Flocalhost%2Fr%2Fclass%3Fx",
        "%D8%A8%DB%8C%D8%A7%3A+https%3A%2F%2Flocalhost%3A3000%2Fr%2Fclass.+!",
    ] {
        let answer = server.get(&format!("/go?room={link}")).await;
        assert_eq!((status(&answer), header(&answer, "location")), (303, Some("/r/class")), "{link}");
    }
    assert_eq!(status(&server.get("/go?room=http%3A%2F%2Fexample.com%2Fr%2Fclass").await), 400);
    for bad in ["/go", "/go?room=", "/go?room=a%2Fb", "/go?room=%FF"] {
        assert_eq!(status(&server.get(bad).await), 400, "{bad}");
    }
}

#[tokio::test]
async fn unknown_paths_are_told_so_in_persian() {
    let server = TestServer::start().await;
    for path in ["/nothing", "/r", "/r/", "/ws", "/ws/class", "/ws/class/ali/x", "/../etc/passwd", "/r/a/b"] {
        let answer = server.get(path).await;
        assert_eq!(status(&answer), 404, "{path}");
        assert!(answer.contains("پیدا نشد"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn qr_code_shows_public_room_address() {
    let server = TestServer::with(&["--public-url", "https://chat.example.org"]).await;
    let answer = server.get("/r/class/qr.svg").await;
    assert_eq!((status(&answer), header(&answer, "content-type")), (200, Some("image/svg+xml")));
    let expected = chat_server::testing::qr_svg("https://chat.example.org/r/class").unwrap();
    assert!(answer.ends_with(&expected));
    assert_eq!(status(&server.get("/r/a%2Fb/qr.svg").await), 400);
}

#[tokio::test]
async fn public_url_refuses_foreign_host() {
    let options = ["--public-url", "https://chat.example.org", "--allow-origin", "https://friend.example"];
    let server = TestServer::with(&options).await;
    for (host, expected) in [
        ("chat.example.org", 101),
        ("friend.example:8080", 101),
        ("localhost:3000", 101),
        ("192.168.1.7:3000", 101),
        ("[::1]:3000", 101),
        ("rebound.example", 403),
        ("rebound.example:3000", 403),
    ] {
        // As a rebound page asks: its origin is where it was sent to.
        let request = handshake("/ws/class/ali", &format!("Origin: http://{host}\r\n"));
        let answer = upgraded(
            &server,
            &request.replace("localhost:3000\r\nConnection", &format!("{host}\r\nConnection")),
        )
        .await;
        assert_eq!(status(&answer), expected, "{host}: {answer}");
    }
    let close = "Connection: close\r\n";
    let answer =
        server.http(&handshake("/ws/class/ali", close).replace("localhost:3000", "rebound.example")).await;
    assert!(answer.contains("--public-url"), "{answer}");
    // A server that knows no name of its own answers to any.
    let nameless = TestServer::start().await;
    let request = handshake("/ws/class/ali", "").replace("localhost:3000", "mac.local:3000");
    assert_eq!(status(&upgraded(&nameless, &request).await), 101);
}

/// The security headers, on an answer of any kind.
fn check_headers(answer: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(header(answer, name), Some(value), "{answer}");
    }
    assert!(header(answer, "permissions-policy").unwrap().contains("camera=(), microphone=()"));
    let policy = header(answer, "content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'));
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = TestServer::start().await;
    for (path, expected) in [
        ("/", 200),
        ("/healthz", 200),
        ("/r/class", 200),
        ("/r/class/qr.svg", 200),
        ("/r/class.", 308),
        ("/go?room=class", 303),
        ("/go", 400),
        ("/r/-", 400),
        ("/r/-/qr.svg", 400),
        ("/ws/-/ali", 400),
        ("/nothing", 404),
        ("/ws/class/ali", 426),
    ] {
        let answer = server.get(path).await;
        assert_eq!(status(&answer), expected, "{path}");
        check_headers(&answer);
    }
    let close = "Connection: close\r\n";
    let stranger = format!("{close}Origin: https://evil.example\r\n");
    let answer = server.http(&handshake("/ws/class/ali", &stranger)).await;
    assert_eq!(status(&answer), 403);
    check_headers(&answer);
    let answer = server.http("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&answer), 405);
    check_headers(&answer);
    let full = TestServer::with(&["--max-connections", "1"]).await;
    let _first = full.join("class", "ali").await;
    let answer = full.http(&handshake("/ws/class/sara", close)).await;
    assert_eq!(status(&answer), 503);
    check_headers(&answer);
}

#[tokio::test]
async fn a_head_without_end_is_refused() {
    let server = TestServer::start().await;
    let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    // hyper's own answer, without a body, before any of ours has seen the request.
    let answer = server.http(&request).await;
    assert!(status(&answer) == 431 && header(&answer, "content-length").is_none_or(|length| length == "0"));
}

#[tokio::test]
async fn ready_server_says_so() {
    let server = TestServer::start().await;
    assert!(server.get("/readyz").await.starts_with("HTTP/1.1 200 "));
}
