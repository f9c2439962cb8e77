//! A recording that was taken home, read by Wireshark's own dissectors. Needs `tshark`; `cargo xtask
//! test --only wireshark` installs it where it may, and runs this.
#![cfg(feature = "lab")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{net::SocketAddr, process::Command};

use common::{Raw, TestServer, masked};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// What tshark makes of a file: one line a packet.
fn dissected(file: &std::path::Path, fields: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(file).args(["-T", "fields", "-E", "separator=|"]);
    for field in fields {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().expect("tshark is installed: `cargo xtask test --only wireshark`");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
#[ignore = "needs tshark; `cargo xtask test --only wireshark` has it"]
async fn wireshark_reads_every_frame_unmasked() {
    let server = TestServer::start().await;
    let mut client = Raw::open(&server, "/ws/class/ali?xray=1").await;
    let token = client.expect("xray").await.json()["token"].as_str().unwrap().to_owned();
    client.send_json(json!({"type": "join", "name": "علی"})).await;
    client.expect("welcome").await;
    client.send_json(json!({"type": "say", "id": "1", "text": "سلام"})).await;
    client.expect("said").await;
    // Each length form that the server takes, and a message in two fragments.
    client.send_json(json!({"type": "say", "id": "2", "text": "ب".repeat(300)})).await;
    client.expect("said").await;
    let json = br#"{"type":"say","id":"3","text":"fragments"}"#;
    client.stream.write_all(&masked(0x01, &json[..20])).await.unwrap();
    client.stream.write_all(&masked(0x80, &json[20..])).await.unwrap();
    client.expect("said").await;
    client.stream.write_all(&masked(0x89, b"so?")).await.unwrap();
    client.send(8, &[&1000_u16.to_be_bytes()[..], b"bye"].concat()).await;
    client.ends().await;
    let (near, far) = (client.stream.local_addr().unwrap(), server.address);
    drop(client);

    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /xray/{token}/otagh.pcapng HTTP/1.0\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("otagh.pcapng");
    std::fs::write(&file, &answer[at..]).unwrap();

    let packets = dissected(
        &file,
        &["_ws.col.Protocol", "http.request.uri", "http.response.code", "websocket.opcode", "websocket.mask"],
    );
    let ends = ["ipv4_src", "src_port", "ipv4_dst", "dst_port"].map(|end| format!("exported_pdu.{end}"));
    let ends = dissected(&file, &ends.each_ref().map(String::as_str));
    let way =
        |from: SocketAddr, to: SocketAddr| format!("{}|{}|{}|{}", from.ip(), from.port(), to.ip(), to.port());
    assert_eq!((&ends[0], &ends[1]), (&way(near, far), &way(far, near)));
    assert_eq!(packets[0], "HTTP|/ws/class/ali?xray=1|||");
    assert_eq!(packets[1], "HTTP||101||");
    let frames = &packets[2..];
    assert!(frames.iter().all(|frame| frame.starts_with("WebSocket|")), "{frames:?}");
    for (opcode, is_masked) in [(1, 0), (1, 1), (0, 1), (9, 1), (10, 0), (8, 1), (8, 0)] {
        let frame = format!("WebSocket|||{opcode}|{is_masked}");
        assert!(frames.contains(&frame), "{frame} in {frames:?}");
    }
    let texts = dissected(&file, &["data-text-lines"]).join("\n") + &dissected(&file, &["text"]).join("\n");
    assert!(texts.contains(r#""type":"say""#) && texts.contains("سلام"), "unmasked: {texts}");
    assert!(texts.contains(&"*".repeat(64)) && !texts.contains(&token), "secrets are covered");
    let malformed = dissected(&file, &["_ws.malformed"]);
    assert!(malformed.iter().all(String::is_empty), "{malformed:?}");
}
