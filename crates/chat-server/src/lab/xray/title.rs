//! What a recording is called when it is taken home: the room, whose connection it was, when it began, and
//! between which addresses. Read from what was recorded: the server's `welcome` says which room and name it
//! was, the request line which were asked for, where nobody was welcomed.

use std::time::{Duration, UNIX_EPOCH};

use chat_wire::{
    Direction, Event, Opened,
    decoder::{Decoder, Item, Limits},
    head::Head,
    pcapng::Ends,
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::pages::TakenHome;

/// Longest part of a file's name, in characters: two of them in Persian, with a date and an extension, are
/// within the 255 bytes that file systems take.
const PART_MAX: usize = 40;

/// What else than letters and digits may stand in a file's name: what joins them within a word, in Persian too.
const JOINERS: [char; 3] = ['-', '_', '\u{200C}'];

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Title {
    pub(crate) room: String,
    pub(crate) name: String,
    /// When it began, as RFC 3339 has it.
    at: String,
    /// What the request was sent to, as its `Host` says.
    host: String,
    pub(crate) ends: Ends,
}

impl Title {
    pub(crate) fn of(events: &[Event], ends: Ends) -> Self {
        let mut title =
            Self { room: String::new(), name: String::new(), at: at(0), host: String::new(), ends };
        let limits = Limits::default();
        let mut ways = [Decoder::at_head(limits), Decoder::at_head(limits)];
        for event in events {
            let chunk = match event {
                Event::Opened(Opened { at: began, .. }) => {
                    title.at = at(*began);
                    continue;
                }
                Event::Bytes(chunk) => chunk,
                _ => continue,
            };
            let is_in = chunk.direction == Direction::In;
            for item in ways[usize::from(is_in)].push(&chunk.data) {
                match item {
                    Item::Head { head, .. } if is_in => title.ask(&head),
                    // The server's own messages are a frame each, without a mask.
                    Item::Frame(frame) if !is_in => {
                        let message = serde_json::from_slice(&frame.payload);
                        if message.is_ok_and(|message| title.welcome(&message)) {
                            return title;
                        }
                    }
                    _ => {}
                }
            }
        }
        title
    }

    /// What the request asked for: `/ws/{room}/{client}`.
    fn ask(&mut self, head: &Head) {
        let line = head.text(&head.start);
        let path = line.split(' ').nth(1).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let mut parts =
            path.split('/').skip(2).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned());
        self.room = parts.next().unwrap_or_default();
        self.name = parts.next().unwrap_or_default();
        self.host = head.value("host").unwrap_or_default().into_owned();
    }

    /// Whether this message is the welcome, which knows better.
    fn welcome(&mut self, message: &Value) -> bool {
        let is_it = message["type"] == "welcome";
        if let (true, Some(room), Some(name)) =
            (is_it, message["room"].as_str(), message["you"]["name"].as_str())
        {
            (self.room, self.name) = (room.to_owned(), name.to_owned());
        }
        is_it
    }

    /// The name of a file with it, without an extension: of letters, digits and hyphens, so that every system
    /// takes it.
    pub(crate) fn file_stem(&self) -> String {
        let day = self.at.split('T').next().unwrap_or_default();
        let parts = ["otagh", &self.room, &self.name, day].map(file_part);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
    }

    /// The same for the page that is taken home.
    pub(crate) fn block(&self) -> TakenHome {
        let Self { room, name, at, host, ends } = self.clone();
        let ends = [ends.client, ends.server].map(|end| end.to_string());
        TakenHome { room, name, at, host, ends }
    }
}

/// A time as RFC 3339 has it, of Unix milliseconds.
fn at(ms: u64) -> String {
    let at = UNIX_EPOCH.checked_add(Duration::from_millis(ms)).unwrap_or(UNIX_EPOCH);
    humantime::format_rfc3339_seconds(at).to_string()
}

/// Whatever is no letter and no digit is one hyphen.
fn file_part(text: &str) -> String {
    let is_kept = |c: char| c.is_alphanumeric() || JOINERS.contains(&c);
    let words = text.split(|c| !is_kept(c)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    words.chars().take(PART_MAX).collect::<String>().trim_matches(JOINERS).to_owned()
}

#[cfg(test)]
mod tests {
    use chat_wire::{
        Chunk,
        frame::{Header, Opcode},
    };

    use super::*;

    fn ends() -> Ends {
        Ends { client: "10.0.0.7:50123".parse().unwrap(), server: "10.0.0.1:3000".parse().unwrap() }
    }

    fn chunk(direction: Direction, offset: usize, data: &[u8]) -> Event {
        Event::Bytes(Chunk {
            at_us: 0,
            direction,
            offset: offset as u64,
            data: data.to_vec(),
            hidden: vec![],
        })
    }

    fn recorded(welcome: Option<&str>) -> Title {
        let request =
            b"GET /ws/%DA%A9%D9%84%D8%A7%D8%B3/ali-2?xray=1 HTTP/1.1\r\nHost: otagh.local:3000\r\n\r\n";
        let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
        let opened =
            Opened { at: 1_795_776_480_000, limit_bytes: 1, ipv6: false, loopback: true, proxied: false };
        let mut events =
            vec![Event::Opened(opened), chunk(Direction::In, 0, request), chunk(Direction::Out, 0, answer)];
        if let Some(welcome) = welcome {
            let header = Header::new(Opcode::TEXT, None, welcome.len() as u64).write();
            events.push(chunk(Direction::Out, answer.len(), &[&header, welcome.as_bytes()].concat()));
        }
        Title::of(&events, ends())
    }

    #[test]
    fn welcome_knows_room_and_name_best() {
        let title = recorded(Some(r#"{"type":"welcome","you":{"id":"ali","name":"علی ۲"},"room":"کلاس-ب"}"#));
        assert_eq!(title.file_stem(), "otagh-کلاس-ب-علی-۲-2026-11-27");
        let block = title.block();
        assert_eq!((block.room.as_str(), block.name.as_str()), ("کلاس-ب", "علی ۲"));
        assert_eq!((block.at.as_str(), block.host.as_str()), ("2026-11-27T10:48:00Z", "otagh.local:3000"));
        assert_eq!(block.ends, ["10.0.0.7:50123", "10.0.0.1:3000"]);
    }

    #[test]
    fn without_welcome_the_request_tells() {
        assert_eq!(recorded(None).file_stem(), "otagh-کلاس-ali-2-2026-11-27");
        assert_eq!(Title::of(&[], ends()).file_stem(), "otagh-1970-01-01");
    }

    #[test]
    fn file_names_are_safe_everywhere() {
        for (text, part) in [
            ("می\u{200C}رود", "می\u{200C}رود"),
            ("../../etc/passwd", "etc-passwd"),
            ("a:b*c?\"<>|\\d", "a-b-c-d"),
            ("\u{202E}evil\u{0}.", "evil"),
            ("-- ", ""),
            ("🙂", ""),
        ] {
            assert_eq!(file_part(text), part, "{text:?}");
        }
        assert_eq!(file_part(&"ب".repeat(100)).chars().count(), PART_MAX);
    }
}
