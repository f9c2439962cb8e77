//! Messages in JSON, as either end reads them.

use chat_protocol::{
    ClientMsg, Command, ServerMsg,
    json::Read,
    limits::{FRAME_MAX_BYTES, TEXT_MAX_CHARS},
};

/// Longest `detail` of an error, in characters. It goes back to the sender for every mistake, so it
/// must not grow with what was sent.
const DETAIL_MAX: usize = 512;

/// The first byte chooses the longest text; the rest is the frame.
pub(crate) fn from_a_client(bytes: &[u8]) {
    let Some((&choice, frame)) = bytes.split_first() else { return };
    let Ok(frame) = std::str::from_utf8(frame) else { return };
    let text_max = [1, 2, 280, TEXT_MAX_CHARS, usize::MAX][choice as usize % 5];
    match ClientMsg::parse(frame, text_max) {
        Ok(message) => {
            let json = message.to_json();
            // It may be longer than it came: composed forms can be longer in bytes. Not by much.
            assert!(json.len() <= 3 * frame.len() + FRAME_MAX_BYTES);
            assert_eq!(ClientMsg::parse(&json, text_max).as_ref(), Ok(&message));
            if let ClientMsg::Command(Command::Say { text, .. }) = message {
                assert!(text.as_str().chars().count() <= text_max.min(TEXT_MAX_CHARS));
            }
        }
        Err(rejection) => {
            let detail = &rejection.invalid.detail;
            assert!(!detail.is_empty() && detail.chars().count() <= DETAIL_MAX, "{detail}");
            let answer = ServerMsg::from(rejection);
            assert_eq!(serde_json::from_str::<ServerMsg>(&answer.to_json()).ok(), Some(answer));
        }
    }
}

/// What the page reads and what a program with serde reads are the same message.
pub(crate) fn from_a_server(bytes: &[u8]) {
    let by_serde = serde_json::from_slice::<ServerMsg>(bytes).ok();
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        assert_eq!(by_serde, None, "not JSON, yet a message");
        return;
    };
    let Ok(message) = ServerMsg::read(&value) else { return };
    if let Some(by_serde) = by_serde {
        assert_eq!(by_serde, message);
    }
    let json = message.to_json();
    assert_eq!(serde_json::from_str::<ServerMsg>(&json).ok().as_ref(), Some(&message));
    let value = serde_json::from_str::<serde_json::Value>(&json).expect("what was written is JSON");
    assert_eq!(ServerMsg::read(&value), Ok(message));
}
