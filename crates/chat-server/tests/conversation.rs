//! Plays the sample conversation of docs/protocol.md against a real server, line by line. In what
//! the server must send, the string "…" stands for any string and `"at":0` for any number.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::HashMap;

use common::{Client, TestServer};
use serde_json::Value;

/// The fenced block with the conversation.
fn conversation(document: &str) -> &str {
    let begin = document.find("```conversation\n").expect("a conversation") + "```conversation\n".len();
    let length = document[begin..].find("```").expect("its end");
    &document[begin..begin + length]
}

fn matches(expected: &Value, got: &Value) -> bool {
    match (expected, got) {
        (Value::String(any), Value::String(_)) if any == "…" => true,
        (Value::Array(expected), Value::Array(got)) => {
            expected.len() == got.len()
                && expected.iter().zip(got).all(|(expected, got)| matches(expected, got))
        }
        (Value::Object(expected), Value::Object(got)) => {
            expected.len() == got.len()
                && expected.iter().all(|(key, expected)| {
                    got.get(key).is_some_and(|got| {
                        let any_time = key == "at" && expected == 0 && got.is_u64();
                        any_time || matches(expected, got)
                    })
                })
        }
        _ => expected == got,
    }
}

#[tokio::test]
async fn the_sample_conversation_is_true() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md");
    let document = std::fs::read_to_string(document).unwrap();
    let server = TestServer::start().await;
    let mut people: HashMap<&str, Client> = HashMap::new();
    let mut said = 0;
    for line in conversation(&document).lines().filter(|line| !line.trim().is_empty()) {
        let (who, what) = line.split_once(' ').expect(line);
        let (verb, what) = what.split_once(' ').expect(line);
        match verb {
            "opens" => {
                let opened = people.insert(who, server.open(what).await);
                assert!(opened.is_none(), "{who} is there already: {line}");
            }
            "→" => people.get_mut(who).expect(line).send_text(what).await,
            "←" => {
                let expected: Value = serde_json::from_str(what).expect(line);
                let got = people.get_mut(who).expect(line).next().await;
                assert!(matches(&expected, &got), "expected {line}\n     got {who} ← {got}");
                said += 1;
            }
            "closes" => people.remove(who).expect(line).close(what.parse().expect(line)).await,
            _ => panic!("neither opens, →, ← nor closes: {line}"),
        }
    }
    assert!(said > 10, "a conversation of {said} messages is not one");
}

#[test]
fn the_comparison_can_fail() {
    let value = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    let expected = value(r#"{"type":"said","at":0,"token":"…","list":[1]}"#);
    assert!(matches(&expected, &value(r#"{"list":[1],"type":"said","at":17,"token":"x"}"#)));
    for wrong in [
        r#"{"type":"said","at":17,"token":"x","list":[1],"more":1}"#,
        r#"{"type":"said","at":17,"token":"x"}"#,
        r#"{"type":"said","at":"x","token":"x","list":[1]}"#,
        r#"{"type":"said","at":17,"token":7,"list":[1]}"#,
        r#"{"type":"said","at":17,"token":"x","list":[1,2]}"#,
    ] {
        assert!(!matches(&expected, &value(wrong)), "{wrong}");
    }
}
