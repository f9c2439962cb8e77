//! What the page reads of the recording of its WebSocket: the bytes that passed, and when there are no more. To
//! read the rest of it, which the X-ray shows, would be a download for nothing.

use chat_wire::Chunk;
use serde::Deserialize;

/// An event of a recording (`chat_wire::Event`).
#[derive(PartialEq, Eq, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Recorded {
    Bytes(Chunk),
    Full {
        limit_bytes: u64,
    },
    Ended,
    #[serde(other)]
    Other,
}

#[cfg(test)]
mod tests {
    use chat_wire::{Direction, Ended, Event, Tcp};

    use super::*;

    fn read(event: Event) -> Recorded {
        serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap()
    }

    #[test]
    fn events_of_recordings_are_read() {
        let chunk =
            Chunk { at_us: 1, direction: Direction::In, offset: 2, data: b"abc".into(), hidden: vec![] };
        assert_eq!(read(Event::Bytes(chunk.clone())), Recorded::Bytes(chunk));
        assert_eq!(read(Event::Full { at_us: 1, limit_bytes: 2 }), Recorded::Full { limit_bytes: 2 });
        assert_eq!(read(Event::Ended(Ended { at_us: 1, code: None, by_server: true })), Recorded::Ended);
        assert_eq!(read(Event::Tcp(Tcp::default())), Recorded::Other);
    }
}
