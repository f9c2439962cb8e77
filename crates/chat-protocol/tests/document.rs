//! `docs/protocol.md` against the types: every message it shows is one, every number and token in
//! its tables is the one in the code.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden_file;

use chat_protocol::{
    ClientMsg, CloseCode, ErrorCode, ServerMsg,
    limits::{
        ANSWER_MAX_CHARS, ANSWERS_MAX, ANSWERS_MIN, CLOSE_REASON_MAX_BYTES, FRAME_MAX_BYTES, ID_MAX_CHARS,
        NAME_MAX_CHARS, QUESTION_MAX_CHARS, ROSTER_MAX, ROUND_TRIP_MAX_US, SLIDES, STEP_MAX, TEXT_MAX_CHARS,
        TYPING_TTL_MS,
    },
};

const DOCUMENT: &str = "docs/protocol.md";

/// A token-shaped stand-in for `"token":"…"`; any other `"…"` may be any word.
fn filled(frame: &str) -> String {
    frame.replace(r#""token":"…""#, &format!(r#""token":"{}""#, "0".repeat(64))).replace(r#""…""#, r#""any""#)
}

fn assert_from_client(frame: &str) {
    let frame = filled(frame);
    let message =
        ClientMsg::parse(&frame, TEXT_MAX_CHARS).unwrap_or_else(|error| panic!("{frame}: {error:?}"));
    assert_eq!(message.to_json(), frame);
}

fn assert_from_server(frame: &str) {
    let frame = filled(frame);
    let message: ServerMsg = serde_json::from_str(&frame).unwrap_or_else(|error| panic!("{frame}: {error}"));
    assert_eq!(message.to_json(), frame);
}

/// The lines of the fenced blocks with this tag.
fn fenced(document: &str, tag: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    for line in document.lines() {
        match line.strip_prefix("```") {
            Some(opening) => inside = !inside && opening == tag,
            None if inside && !line.is_empty() => lines.push(line.to_owned()),
            None => {}
        }
    }
    lines
}

fn section<'a>(document: &'a str, heading: &str) -> &'a str {
    let (_, rest) =
        document.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    rest.split_once("\n## ").map_or(rest, |(section, _)| section)
}

#[test]
fn the_conversation_is_made_of_messages() {
    let document = golden_file::read(DOCUMENT);
    let lines = fenced(&document, "conversation");
    let (mut sent, mut refused, mut received) = (0, 0, 0);
    for (at, line) in lines.iter().enumerate() {
        let mut words = line.splitn(3, ' ');
        match (words.next().unwrap(), words.next().unwrap(), words.next().unwrap()) {
            (_, "opens", path) => assert!(path.starts_with("/ws/class/"), "{line}"),
            (_, "closes", code) => assert_eq!(code, "1000"),
            (who, "→", frame) => match refusal(lines.get(at + 1), who) {
                Some(code) => {
                    let rejection = ClientMsg::parse(&filled(frame), TEXT_MAX_CHARS).unwrap_err();
                    assert_eq!(rejection.invalid.code, code, "{line}");
                    refused += 1;
                }
                None => {
                    assert_from_client(frame);
                    sent += 1;
                }
            },
            (_, "←", frame) => {
                assert_from_server(frame);
                received += 1;
            }
            _ => panic!("not a line of a conversation: {line}"),
        }
    }
    assert!(
        sent >= 7 && refused >= 1 && received >= 15,
        "{sent} sent, {refused} refused, {received} received"
    );
}

/// The code of the error with which the next line answers `who`, if that is what it is.
fn refusal(next: Option<&String>, who: &str) -> Option<ErrorCode> {
    let frame = next?.strip_prefix(&format!("{who} ← "))?;
    match serde_json::from_str(&filled(frame)).ok()? {
        ServerMsg::Error { code, .. } => Some(code),
        _ => None,
    }
}

#[test]
fn every_example_is_a_message() {
    let document = golden_file::read(DOCUMENT);
    for frame in fenced(section(&document, "What you may send"), "json") {
        assert_from_client(&frame);
    }
    for frame in fenced(section(&document, "Coming back"), "json") {
        assert_from_client(&frame);
    }
    for frame in fenced(section(&document, "What you will hear"), "json") {
        assert_from_server(&frame);
    }
    let examples = fenced(&document, "json");
    assert_eq!(examples.len(), 12 + 12 + 1, "each message once, and resuming");
}

#[test]
fn the_tables_have_every_code() {
    let document = golden_file::read(DOCUMENT);
    let rows = |heading| -> Vec<String> {
        let rows = section(&document, heading).lines().filter(|line| line.starts_with("| "));
        rows.skip(1).map(str::to_owned).collect()
    };
    let errors = rows("Errors");
    assert_eq!(errors.len(), ErrorCode::ALL.len());
    for (row, code) in errors.iter().zip(ErrorCode::ALL) {
        assert!(row.starts_with(&format!("| `{}` |", code.as_str())), "{row}");
    }
    let closes = rows("Closing");
    assert_eq!(closes.len(), CloseCode::ALL.len());
    for (row, close) in closes.iter().zip(CloseCode::ALL) {
        assert!(row.starts_with(&format!("| {} | `{}` |", close.code(), close.reason())), "{row}");
        let back = if CloseCode::should_reconnect(close.code()) { "| yes |" } else { "| no |" };
        assert!(row.ends_with(back), "{row}");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    let document = golden_file::read(DOCUMENT);
    let limits = section(&document, "Limits");
    for row in [
        format!("| room id, client id, say id, tab id | {ID_MAX_CHARS} characters |"),
        format!("| name | {NAME_MAX_CHARS} characters |"),
        format!("| text | {TEXT_MAX_CHARS} characters |"),
        format!("| one WebSocket message from a client | {FRAME_MAX_BYTES} bytes"),
        format!("| members listed in `welcome` | {ROSTER_MAX} |"),
        format!("| reason in a close frame | {CLOSE_REASON_MAX_BYTES} bytes |"),
        format!("| slides of a class, and the last step of each | {SLIDES}, and {STEP_MAX} |"),
        format!(
            "| question of a vote, and each answer | {QUESTION_MAX_CHARS} and {ANSWER_MAX_CHARS} characters |"
        ),
        format!("| answers of a vote | {ANSWERS_MIN} to {ANSWERS_MAX} |"),
        format!("| a round trip that is told | {} seconds |", ROUND_TRIP_MAX_US / 1_000_000),
        format!("| `typing` is good for | {} seconds", TYPING_TTL_MS / 1000),
    ] {
        assert!(limits.contains(&row), "{row}");
    }
}
