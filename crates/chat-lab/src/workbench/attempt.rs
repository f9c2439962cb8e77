//! What is written by hand: a request as text, a frame bit by bit, and what came of them. Plain data: the
//! rules that predict an answer are those that the server's strict endpoint is held to. It knows no
//! browser, and does not hold anybody back from sending what may not be.

use chat_wire::{
    decoder::{Decoder, Frame, Item, Limits},
    frame::{Header, LengthForm, Opcode, unmask},
    head::Head,
    rules::{Heard, Receiver, Role},
};

use crate::workbench::words::Expected;

/// The longest message that the endpoint takes, in bytes.
const MESSAGE_MAX: usize = 128 * 1024;
/// Most entries of the log; the oldest go.
const LOG_MAX: usize = 200;

/// A request, as it is typed: line ends become CRLF, and the empty line at the end is there.
pub(crate) fn request(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    (lines.join("\r\n") + "\r\n\r\n").into_bytes()
}

/// A ready-made request; `key` is a fresh key.
pub(crate) fn preset(number: usize, key: &str) -> String {
    let method = if number == 4 { "POST" } else { "GET" };
    let path = if number == 5 { "/ws/class/ali" } else { "/ws/echo" };
    let version = if number == 2 { "8" } else { "13" };
    let key = if number == 3 { "short" } else { key };
    let upgrade = if number == 1 { "" } else { "Upgrade: websocket\n" };
    let host = if number == 6 { "" } else { "Host: localhost\n" };
    format!(
        "{method} {path} HTTP/1.1\n{host}Connection: Upgrade\n{upgrade}\
         Sec-WebSocket-Version: {version}\nSec-WebSocket-Key: {key}\n"
    )
}

/// Which ready-made request this is, whatever its key.
pub(crate) fn preset_of(text: &str, count: usize) -> Option<usize> {
    let head = Head::read(&request(text));
    let key = head.value("sec-websocket-key").unwrap_or_default();
    // The one whose key is bad looks like the first with a bad key.
    (0..count).rev().find(|number| preset(*number, &key) == text)
}

/// A frame that is being composed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Composed {
    /// Whether it is the last of its message.
    pub fin: bool,
    pub rsv: [bool; 3],
    pub opcode: Opcode,
    /// Whether it is masked.
    pub is_masked: bool,
    /// With which key.
    pub key: [u8; 4],
    /// How the length is written; none for the shortest form.
    pub form: Option<LengthForm>,
    /// The length that is claimed; none for the true one.
    pub length: Option<u64>,
    pub payload: Vec<u8>,
}

impl Composed {
    /// A legal frame with this opcode.
    pub(crate) fn new(opcode: Opcode, payload: &[u8], key: [u8; 4]) -> Self {
        Self {
            fin: true,
            rsv: [false; 3],
            opcode,
            is_masked: true,
            key,
            form: None,
            length: None,
            payload: payload.to_vec(),
        }
    }

    /// A ready-made one.
    pub(crate) fn preset(number: usize, key: [u8; 4]) -> Self {
        let text = |text: &str| Self::new(Opcode::TEXT, text.as_bytes(), key);
        let ping = |payload: &[u8]| Self::new(Opcode::PING, payload, key);
        match number {
            1 => Self { fin: false, ..text("سلام ") },
            2 => Self { opcode: Opcode::CONTINUATION, ..text("دنیا") },
            3 => Self { is_masked: false, ..text("سلام") },
            4 => Self { rsv: [true, false, false], ..text("سلام") },
            5 => Self { opcode: Opcode::new(3), ..text("سلام") },
            6 => Self::new(Opcode::TEXT, &[0xD8, 0xB3, 0xFF], key),
            7 => Self { length: Some(100), ..text("سلام") },
            8 => Self { form: Some(LengthForm::Bits16), ..text("سلام") },
            9 => ping("هستی؟".as_bytes()),
            10 => Self { fin: false, ..ping(b"?") },
            11 => ping(&[b'.'; 126]),
            12 => Self::new(Opcode::CLOSE, &[&1000_u16.to_be_bytes()[..], b"bye"].concat(), key),
            13 => Self::new(Opcode::CLOSE, &1005_u16.to_be_bytes(), key),
            14 => Self::new(Opcode::CLOSE, &[3], key),
            _ => text("سلام"),
        }
    }

    /// Which ready-made frame it is, whatever its key.
    pub(crate) fn preset_of(&self, count: usize) -> Option<usize> {
        (0..count).find(|number| Self::preset(*number, self.key) == *self)
    }

    /// The length that is to be said.
    fn wanted(&self) -> u64 {
        self.length.unwrap_or(self.payload.len() as u64)
    }

    /// What its form says instead of a length that it has no room for.
    pub(crate) fn cut(&self) -> Option<u64> {
        let said = self.header().length;
        (said != self.wanted()).then_some(said)
    }

    /// Its header, as it goes on the wire.
    pub(crate) fn header(&self) -> Header {
        let length = self.wanted();
        let form = self.form.unwrap_or(LengthForm::minimal(length));
        Header {
            fin: self.fin,
            rsv: self.rsv,
            opcode: self.opcode,
            mask: self.is_masked.then_some(self.key),
            form,
            length: length.min(form.max()),
        }
    }

    /// Its bytes, as they go on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut payload = self.payload.clone();
        if self.is_masked {
            unmask(&mut payload, self.key, 0);
        }
        [self.header().write(), payload].concat()
    }

    /// As a frame, to be drawn.
    pub(crate) fn frame(&self) -> Frame {
        let header = self.header();
        let payload = self.bytes().split_off(header.size());
        Frame { start: 0, header, came: payload.len() as u64, payload }
    }
}

/// Bytes in hex, as they are typed: with spaces or commas between them or without, and a digit alone is a
/// byte. What is no hex is left out.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '،');
    let words = text.split(between).map(|word| word.strip_prefix("0x").unwrap_or(word));
    let bytes = words.flat_map(|word| {
        let digits: Vec<u8> = word.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
        let pair = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
        digits.chunks(2).map(pair).collect::<Vec<_>>()
    });
    bytes.collect()
}

/// Bytes in hex, to be typed over.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Something that went or came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    Asked(Head),
    /// An answer, and the beginning of its body.
    Answered(Head, String),
    /// A frame that was sent.
    Sent(Frame),
    /// A frame that came.
    Came(Frame),
    /// The connection is over.
    Over,
}

/// One connection, from the first byte.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// What went and came.
    pub log: Vec<Entry>,
    /// How many entries before those were let go.
    gone: usize,
    answers: Decoder,
    strict: Receiver,
    is_open: bool,
}

impl Default for Attempt {
    fn default() -> Self {
        Self {
            log: Vec::new(),
            gone: 0,
            answers: Decoder::at_head(Limits::default()),
            strict: Receiver::new(Role::Server, MESSAGE_MAX),
            is_open: false,
        }
    }
}

impl Attempt {
    /// Whether frames may go: the answer was `101`, and it is not over.
    pub(crate) fn is_open(&self) -> bool {
        self.is_open && !self.is_over()
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.log.last() == Some(&Entry::Over)
    }

    /// The status and body of the last answer to a request.
    pub(crate) fn answer(&self) -> Option<(u16, &str)> {
        self.log.iter().rev().find_map(|entry| match entry {
            Entry::Answered(head, body) => Some((head.status()?, body.as_str())),
            _ => None,
        })
    }

    /// What came after the last frame that was sent.
    pub(crate) fn reaction(&self) -> Option<&Frame> {
        let sent = self.log.iter().rposition(|entry| matches!(entry, Entry::Sent(_)))?;
        self.log[sent..].iter().rev().find_map(|entry| match entry {
            Entry::Came(frame) => Some(frame),
            _ => None,
        })
    }

    /// The numbers of the entries. An entry keeps its own when others go.
    pub(crate) fn numbers(&self) -> std::ops::Range<usize> {
        self.gone..self.gone + self.log.len()
    }

    /// The entry with this number, if it was not let go.
    pub(crate) fn entry(&self, number: usize) -> Option<&Entry> {
        self.log.get(number.checked_sub(self.gone)?)
    }

    pub(crate) fn ask(&mut self, bytes: &[u8]) {
        // An answer that was no `101` is over, and the next one is read anew.
        self.answers = Decoder::at_head(Limits::default());
        self.note(Entry::Asked(Head::read(bytes)));
    }

    pub(crate) fn send(&mut self, composed: &Composed) {
        let bytes = composed.bytes();
        let mut rest = &bytes[..];
        while let Some(heard) = self.strict.hear(&mut rest) {
            if matches!(heard, Heard::Violation(_)) {
                // The connection ends with it: what is predicted next is predicted for another one.
                self.strict = Receiver::new(Role::Server, MESSAGE_MAX);
                break;
            }
        }
        self.note(Entry::Sent(composed.frame()));
    }

    /// What the rules say of this frame, after those that went.
    pub(crate) fn expect(&self, composed: &Composed) -> Expected {
        let mut strict = self.strict.clone();
        let bytes = composed.bytes();
        let mut rest = &bytes[..];
        match strict.hear(&mut rest) {
            None => Expected::More,
            Some(Heard::Message { .. }) => Expected::Echo,
            Some(Heard::Ping(_)) => Expected::Pong,
            Some(Heard::Pong(_)) => Expected::Nothing,
            Some(Heard::Close(_)) => Expected::Close,
            Some(Heard::Violation(broken)) => {
                Expected::Violation(broken.name(), broken.code(), broken.section())
            }
        }
    }

    pub(crate) fn hear(&mut self, bytes: &[u8]) {
        let before = self.answers.offset();
        let mut head_size = 0;
        for item in self.answers.push(bytes) {
            match item {
                Item::Head { head, place } => {
                    self.is_open = head.status() == Some(101);
                    head_size = place.end.saturating_sub(before) as usize;
                    let body =
                        if self.is_open { &[][..] } else { bytes.get(head_size..).unwrap_or_default() };
                    self.note(Entry::Answered(head, String::from_utf8_lossy(body).into_owned()));
                }
                Item::Frame(frame) => self.note(Entry::Came(frame)),
            }
        }
        // A body that comes behind its head.
        if let Some(Entry::Answered(_, body)) = self.log.last_mut()
            && !self.is_open
            && head_size == 0
        {
            body.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    pub(crate) fn end(&mut self) {
        if !self.is_over() {
            self.note(Entry::Over);
            // What is predicted from here on is predicted for another one.
            self.strict = Receiver::new(Role::Server, MESSAGE_MAX);
        }
    }

    fn note(&mut self, entry: Entry) {
        if self.log.len() == LOG_MAX {
            self.log.remove(0);
            self.gone += 1;
        }
        self.log.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    #[test]
    fn request_gets_http_line_ends() {
        assert_eq!(request("GET / HTTP/1.1\nHost: x\n\n\n"), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(!preset(6, "k").contains("Host") && preset(0, "k").contains("\nHost: localhost\n"));
        assert!(preset(1, "k").find("Upgrade: ").is_none() && preset(0, "k").contains("Upgrade: websocket"));
    }

    #[test]
    fn presets_are_known_until_they_are_changed() {
        for number in 0..7 {
            assert_eq!(preset_of(&preset(number, "a2V5"), 7), Some(number));
        }
        assert_eq!(preset_of(&preset(0, "a2V5").replace("13", "12"), 7), None);
        for number in 0..15 {
            assert_eq!(Composed::preset(number, KEY).preset_of(15), Some(number));
        }
        assert_eq!(Composed { fin: false, ..Composed::preset(6, KEY) }.preset_of(15), None);
    }

    #[test]
    fn reaction_is_what_follows_the_last_frame() {
        let mut attempt = Attempt::default();
        attempt.ask(&request(&preset(0, "")));
        attempt.hear(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi");
        assert_eq!((attempt.answer(), attempt.reaction()), (Some((101, "")), None));
        attempt.send(&Composed::preset(0, KEY));
        assert_eq!(attempt.reaction(), None, "it came before");
        attempt.hear(b"\x81\x02ho");
        assert!(attempt.reaction().is_some_and(|frame| frame.unmasked() == b"ho"));
    }

    #[test]
    fn each_preset_frame_matches_its_name() {
        let attempt = Attempt::default();
        let expect = |number| attempt.expect(&Composed::preset(number, KEY));
        let broken = |number| match expect(number) {
            Expected::Violation(name, code, _) => (name, code),
            other => panic!("{number}: {other:?}"),
        };
        assert_eq!(
            (expect(0), expect(1), expect(9), expect(12)),
            (Expected::Echo, Expected::More, Expected::Pong, Expected::Close)
        );
        assert_eq!(broken(2), ("unexpected_continuation", 1002));
        assert_eq!(broken(3), ("unmasked", 1002));
        assert_eq!(broken(4), ("reserved_bits", 1002));
        assert_eq!(broken(5), ("reserved_opcode", 1002));
        assert_eq!(broken(6), ("text_not_utf8", 1007));
        assert_eq!(expect(7), Expected::More);
        assert_eq!(broken(8), ("length_not_minimal", 1002));
        assert_eq!(broken(10), ("fragmented_control", 1002));
        assert_eq!(broken(11), ("long_control", 1002));
        assert_eq!(broken(13), ("bad_close_code", 1002));
        assert_eq!(broken(14), ("half_close_code", 1002));
    }

    #[test]
    fn oversized_length_shows_as_truncated() {
        for (form, length, said) in [
            (Some(LengthForm::Bits7), 300, 125),
            (Some(LengthForm::Bits16), 70_000, 0xFFFF),
            (Some(LengthForm::Bits16), 300, 300),
            (None, 300, 300),
        ] {
            let composed = Composed { form, length: Some(length), ..Composed::preset(0, KEY) };
            assert_eq!((composed.header().length, composed.frame().header.length), (said, said));
            assert_eq!(Header::read(&composed.bytes()), Some(composed.header()));
            assert_eq!(composed.cut(), (said != length).then_some(said));
        }
    }

    #[test]
    fn earlier_frames_count_for_expectation() {
        let mut attempt = Attempt::default();
        attempt.send(&Composed::preset(1, KEY));
        assert_eq!(attempt.expect(&Composed::preset(2, KEY)), Expected::Echo);
        assert!(matches!(
            attempt.expect(&Composed::preset(0, KEY)),
            Expected::Violation("message_inside_message", ..)
        ));
    }

    #[test]
    fn answer_is_whole_and_frames_follow_101() {
        let mut attempt = Attempt::default();
        attempt.ask(&request(&preset(3, "")));
        attempt.hear(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\nno");
        attempt.hear(b"t!");
        assert!(
            matches!(&attempt.log[1], Entry::Answered(head, body) if head.status() == Some(400) && body == "not!")
        );
        assert!(!attempt.is_open());
        attempt.ask(&request(&preset(0, "")));
        attempt.hear(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x02hi");
        assert!(attempt.is_open());
        assert!(matches!(&attempt.log[4], Entry::Came(frame) if frame.unmasked() == b"hi"));
        attempt.end();
        assert!(!attempt.is_open() && attempt.is_over());
        assert_eq!(attempt.expect(&Composed::preset(0, KEY)), Expected::Echo);
    }

    #[test]
    fn entries_keep_numbers_when_oldest_go() {
        let mut attempt = Attempt::default();
        let frame = |number: usize| Composed::new(Opcode::TEXT, number.to_string().as_bytes(), KEY);
        (0..LOG_MAX + 3).for_each(|number| attempt.send(&frame(number)));
        assert_eq!(attempt.numbers(), 3..LOG_MAX + 3);
        assert_eq!(attempt.entry(2), None);
        for number in attempt.numbers() {
            assert_eq!(attempt.entry(number), Some(&Entry::Sent(frame(number).frame())));
        }
    }

    #[test]
    fn hex_is_read_as_it_is_written() {
        assert_eq!(from_hex("d8 B3, 7"), [0xD8, 0xB3, 7]);
        assert_eq!(from_hex("7 d8"), [7, 0xD8]);
        assert_eq!(from_hex("0x7,0xd8 d8b3f"), [7, 0xD8, 0xD8, 0xB3, 0xF]);
        assert!(from_hex("گ ").is_empty());
        assert_eq!(to_hex(&[0, 255]), "00 ff");
    }
}
