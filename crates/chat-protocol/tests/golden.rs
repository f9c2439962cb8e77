//! Every message, byte for byte, as it stands on the wire. The files in `golden/` are what clients
//! in other languages were written against: a field may be added, never renamed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod golden_file;

use std::{collections::BTreeSet, fs, path::Path};

use chat_protocol::{ClientMsg, CloseCode, ErrorCode, ServerMsg, json::Read, limits::TEXT_MAX_CHARS};
use serde_json::json;

const GOLDEN: &str = "crates/chat-protocol/golden";

#[test]
fn client_messages_match_golden_files() {
    for (shape, message) in cases::client() {
        let path = format!("{GOLDEN}/client/{shape}.json");
        golden_file::check(&path, &(message.to_json() + "\n"));
        let golden = golden_file::read(&path);
        assert_eq!(ClientMsg::parse(&golden, TEXT_MAX_CHARS).unwrap(), message, "{shape}");
    }
}

#[test]
fn server_messages_match_golden_files() {
    for (shape, message) in cases::server() {
        let path = format!("{GOLDEN}/server/{shape}.json");
        golden_file::check(&path, &(message.to_json() + "\n"));
        let golden = golden_file::read(&path);
        assert_eq!(serde_json::from_str::<ServerMsg>(&golden).unwrap(), message, "{shape}");
    }
}

/// With every field left out in turn, and every value in turn of a wrong kind.
#[test]
fn server_messages_read_equally_without_serde() {
    let mut refused = 0;
    for (_, message) in cases::server() {
        let whole = serde_json::to_value(&message).unwrap();
        assert_eq!(ServerMsg::read(&whole).unwrap(), message);
        for field in whole.as_object().unwrap().keys() {
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(field);
            let wrong = [json!(-1), json!(1.5), json!("\n"), json!([1]), json!({}), json!(true)];
            let wrong = wrong.map(|wrong| {
                let mut whole = whole.clone();
                whole[field] = wrong;
                whole
            });
            for value in [without].into_iter().chain(wrong) {
                let by_serde = serde_json::from_value::<ServerMsg>(value.clone());
                refused += usize::from(by_serde.is_err());
                assert_eq!(ServerMsg::read(&value).ok(), by_serde.ok(), "{value}");
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn every_golden_file_has_its_case() {
    for (folder, shapes) in [
        (
            "client",
            cases::client().into_iter().map(|(shape, _)| format!("{shape}.json")).collect::<BTreeSet<_>>(),
        ),
        ("server", cases::server().into_iter().map(|(shape, _)| format!("{shape}.json")).collect()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(folder);
        let files: BTreeSet<String> = fs::read_dir(path)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(files, shapes);
    }
}

#[test]
fn every_message_has_a_golden_file() {
    let client: BTreeSet<&str> =
        cases::client().iter().map(|(_, message)| cases::client_tag(message)).collect();
    let server: BTreeSet<&str> =
        cases::server().iter().map(|(_, message)| cases::server_tag(message)).collect();
    let tags = |variants: Vec<(String, serde_json::Value)>| -> BTreeSet<String> {
        variants.into_iter().map(|(tag, _)| tag).collect()
    };
    assert_eq!(client.into_iter().map(String::from).collect::<BTreeSet<_>>(), tags(cases::client_variants()));
    assert_eq!(server.into_iter().map(String::from).collect::<BTreeSet<_>>(), tags(cases::server_variants()));
}

#[test]
fn the_tokens_of_errors_stay() {
    let tokens: Vec<&str> = ErrorCode::ALL.into_iter().map(ErrorCode::as_str).collect();
    golden_file::check(&format!("{GOLDEN}/error_codes.json"), &lines(&tokens));
}

#[test]
fn the_close_codes_stay() {
    let codes: Vec<_> = CloseCode::ALL
        .into_iter()
        .map(|close| {
            let come_back = CloseCode::should_reconnect(close.code());
            json!({ "code": close.code(), "reason": close.reason(), "come_back": come_back })
        })
        .collect();
    golden_file::check(&format!("{GOLDEN}/close_codes.json"), &lines(&codes));
}

/// A JSON array, one element a line, so that a diff shows what changed.
fn lines<T: serde::Serialize>(elements: &[T]) -> String {
    let lines: Vec<String> = elements.iter().map(|element| serde_json::to_string(element).unwrap()).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
