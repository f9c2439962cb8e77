//! The machine-readable documents: `docs/protocol.schema.json` is generated here from the types,
//! and `docs/asyncapi.json`, written by hand on top of it, must fit both.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod golden_file;

use std::collections::BTreeSet;

use chat_protocol::{ClientMsg, CloseCode, ServerMsg};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

const SCHEMA: &str = "docs/protocol.schema.json";
const ASYNCAPI: &str = "docs/asyncapi.json";

#[test]
fn the_schema_says_what_the_types_say() {
    golden_file::check(SCHEMA, &(serde_json::to_string_pretty(&schema()).unwrap() + "\n"));
}

#[test]
fn the_schema_accepts_every_golden_message() {
    let (client, server) = (validator("ClientMsg"), validator("ServerMsg"));
    for (shape, message) in cases::client() {
        assert!(client.is_valid(&json!(message)), "{shape}");
    }
    for (shape, message) in cases::server() {
        assert!(server.is_valid(&json!(message)), "{shape}");
    }
}

#[test]
fn schema_accepts_optional_and_unknown_fields() {
    let client = validator("ClientMsg");
    for message in [
        json!({ "type": "join", "name": null, "resume": null }),
        json!({ "type": "typing", "since": 3 }),
        json!({ "type": "say", "id": "!~", "text": "می\u{200C}روم 👩\u{200D}💻" }),
        json!({ "type": "rename", "name": "👩\u{200D}💻 علی رضا" }),
    ] {
        assert!(client.is_valid(&message), "{message}");
    }
}

#[test]
fn the_schema_refuses_what_breaks_a_bound() {
    let (client, server) = (validator("ClientMsg"), validator("ServerMsg"));
    for message in [
        json!({}),
        json!({ "type": "shout" }),
        json!({ "type": "say", "id": "a" }),
        json!({ "type": "say", "id": "", "text": "x" }),
        json!({ "type": "say", "id": "a b", "text": "x" }),
        json!({ "type": "say", "id": "ی", "text": "x" }),
        json!({ "type": "say", "id": "a".repeat(65), "text": "x" }),
        json!({ "type": "say", "id": "a", "text": "" }),
        json!({ "type": "say", "id": "a", "text": " \n\t" }),
        json!({ "type": "say", "id": "a", "text": "x".repeat(4097) }),
        json!({ "type": "rename", "name": "ا".repeat(33) }),
        json!({ "type": "rename", "name": " علی" }),
        json!({ "type": "rename", "name": "علی\nرضا" }),
        json!({ "type": "ping", "n": -1 }),
        json!({ "type": "ping", "n": 1.5 }),
        json!({ "type": "ping", "n": 4_294_967_296_u64 }),
        json!({ "type": "join", "resume": { "token": "AB".repeat(32), "epoch": "e", "seq": 1 } }),
        json!({ "type": "join", "resume": { "token": "ab".repeat(32), "epoch": "e", "seq": 1_u64 << 53 } }),
    ] {
        assert!(!client.is_valid(&message), "{message}");
    }
    for from in ["", "a b", "a/b", "-a", "a%41", "_a", "a\u{3000}b"] {
        assert!(!server.is_valid(&json!({ "type": "typing", "from": from })), "{from:?}");
    }
    for from in ["a", "Ali-2", "کلاس_ی.1", "می\u{200C}روم", "教室"] {
        assert!(server.is_valid(&json!({ "type": "typing", "from": from })), "{from:?}");
    }
}

#[test]
fn asyncapi_refers_only_to_what_is_there() {
    let asyncapi = asyncapi();
    let schema = schema();
    let mut refs = Vec::new();
    collect_refs(&asyncapi, &mut refs);
    assert!(!refs.is_empty());
    for target in refs {
        let found = match target.split_once('#') {
            Some(("", pointer)) => asyncapi.pointer(pointer),
            Some(("protocol.schema.json", pointer)) => schema.pointer(pointer),
            _ => None,
        };
        assert!(found.is_some(), "{target}");
    }
}

#[test]
fn asyncapi_has_every_message_in_its_direction() {
    let asyncapi = asyncapi();
    for (operation, side, variants) in [
        ("fromClient", "client", cases::client_variants()),
        ("fromServer", "server", cases::server_variants()),
    ] {
        let listed: BTreeSet<String> = asyncapi["operations"][operation]["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["$ref"].as_str().unwrap().to_owned())
            .collect();
        let expected: BTreeSet<String> =
            variants.iter().map(|(tag, _)| format!("#/channels/room/messages/{side}.{tag}")).collect();
        assert_eq!(listed, expected);
        for (tag, _) in variants {
            let key = format!("{side}.{tag}");
            let channel = &asyncapi["channels"]["room"]["messages"][&key]["$ref"];
            assert_eq!(channel, &format!("#/components/messages/{key}"));
            let payload = &asyncapi["components"]["messages"][&key]["payload"]["$ref"];
            assert_eq!(payload, &format!("protocol.schema.json#/$defs/{key}"));
        }
    }
}

#[test]
fn asyncapi_has_every_close_code() {
    let codes: Vec<Value> = CloseCode::ALL
        .into_iter()
        .map(|close| {
            let come_back = CloseCode::should_reconnect(close.code());
            json!({ "code": close.code(), "reason": close.reason(), "comeBack": come_back })
        })
        .collect();
    assert_eq!(asyncapi()["channels"]["room"]["x-close-codes"], Value::from(codes));
}

/// One document for both directions. Every message has its own definition, `client.say` or
/// `server.said`, so that another document can refer to it.
fn schema() -> Value {
    let (mut reader, mut writer) = (cases::reader(), cases::writer());
    let mut defs = Map::new();
    for (side, name, variants) in [
        ("client", "ClientMsg", cases::variants::<ClientMsg>(&mut reader)),
        ("server", "ServerMsg", cases::variants::<ServerMsg>(&mut writer)),
    ] {
        let refs: Vec<Value> =
            variants.iter().map(|(tag, _)| json!({ "$ref": format!("#/$defs/{side}.{tag}") })).collect();
        defs.insert(name.to_owned(), json!({ "oneOf": refs }));
        defs.extend(variants.into_iter().map(|(tag, variant)| (format!("{side}.{tag}"), variant)));
    }
    let definitions = reader.take_definitions(true).into_iter().chain(writer.take_definitions(true));
    // What a member asks of the room stands among the client's messages.
    for (name, definition) in definitions.filter(|(name, _)| name != "Command") {
        if let Some(other) = defs.get(&name) {
            assert_eq!(other, &definition, "{name} differs between what is read and what is written");
        }
        defs.insert(name, definition);
    }
    let mut defs = Value::Object(defs);
    strip_rustdoc(&mut defs);
    never_null(&mut defs["server.error"]);
    never_null(&mut defs["server.tabs"]);
    never_null(&mut defs["server.class"]);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Otagh chatroom protocol, otagh.v1",
        "description": "One JSON object per WebSocket text frame. Lengths count Unicode code points. \
            Fields and types that are not here are ignored by both ends. Generated from the Rust types; \
            protocol.md explains it.",
        "anyOf": [{ "$ref": "#/$defs/ClientMsg" }, { "$ref": "#/$defs/ServerMsg" }],
        "$defs": defs,
    })
}

/// What the server leaves out it never writes as null, which schemars cannot know: an optional
/// property is then just its type.
fn never_null(message: &mut Value) {
    for property in message["properties"].as_object_mut().expect("a message has properties").values_mut() {
        if let Some(either) = property.as_object_mut().and_then(|property| property.remove("anyOf")) {
            property["$ref"] = either[0]["$ref"].clone();
        }
    }
}

/// Descriptions come from doc comments: ``[`NAME`](path)`` becomes `NAME`, line breaks spaces.
fn strip_rustdoc(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "description" => *text = plain(text),
                    value => strip_rustdoc(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(strip_rustdoc),
        _ => {}
    }
}

fn plain(description: &str) -> String {
    let mut rest = description;
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once("[`") {
        let (name, after) = link.split_once("`]").expect("a rustdoc link ends");
        plain += before;
        plain += name;
        rest = match after.strip_prefix('(').and_then(|path| path.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    (plain + rest).replace('\n', " ")
}

fn validator(name: &str) -> Validator {
    let mut schema = schema();
    schema["anyOf"] = json!([{ "$ref": format!("#/$defs/{name}") }]);
    jsonschema::validator_for(&schema).unwrap()
}

fn asyncapi() -> Value {
    serde_json::from_str(&golden_file::read(ASYNCAPI)).unwrap()
}

fn collect_refs(value: &Value, refs: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            refs.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| collect_refs(value, refs));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_refs(value, refs)),
        _ => {}
    }
}
