//! What one recording shows, put together from its events as they come: the two heads of the
//! handshake, the frames of both directions in the order in which they were complete, what each says,
//! and what is known beside the bytes. Everything here was decoded from recorded bytes; nothing is
//! made up. It is as long as the recording, which the server bounds. It knows no browser.

use std::ops::Range;

use chat_wire::{
    Chunk, Direction, Ended, Event, Journey, Opened, Tcp,
    decoder::{Assembler, Decoder, Frame, Item, Limits, Message},
    frame::Opcode,
    head::Head,
    rules::{Role, Violation, check_header},
};
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Recording {
    /// What shows it.
    pub token: String,
    /// What is recorded; none before the first event.
    pub opened: Option<Opened>,
    /// The request, as it came.
    pub request: Option<Head>,
    /// The answer, as it went.
    pub answer: Option<Head>,
    /// The frames of both directions, in the order in which they were complete.
    pub frames: Vec<Shown>,
    /// What one read gave or one write took, without the bytes.
    pub passages: Vec<Passage>,
    /// The ways of one's own messages.
    pub journeys: Vec<Journey>,
    /// What the kernel said last.
    pub tcp: Option<Tcp>,
    /// The round trip that it knew first, in microseconds: TCP's own handshake. Later ones are smoothed, and
    /// delayed acknowledgements are part of them.
    pub first_rtt_us: Option<u32>,
    /// When the recording was full, in microseconds; none while it is not.
    pub full: Option<u64>,
    /// How the connection ended; none while it has not.
    pub ended: Option<Ended>,
    /// Everything, as it was told: to be taken home.
    pub events: Vec<Event>,
    /// Whether more may come.
    pub stream: Stream,
    /// When it began by the clock of whoever reads it, in microseconds; never earlier than it did.
    began: Option<u64>,
    ways: [Way; 2],
}

/// What becomes of what the server still has to tell of a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Stream {
    #[default]
    Open,
    /// It is open, and not even its beginning has come: something in between holds it back.
    Held,
    /// It broke off, and is being opened anew.
    Lost,
    /// There is none any more: the server does not know the recording, or nobody asks it.
    Gone,
}

/// How a recording stands, in short.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// The connection lives, as far as anybody knows.
    Live,
    /// What becomes of it will be known when the stream is let through.
    Held,
    /// What becomes of it will be known when the stream is back.
    Unknown,
    /// What became of it will not be known.
    Unseen,
    /// It is over, with this code if there was one.
    Ended(Option<u16>),
}

#[derive(Debug)]
struct Way {
    decoder: Decoder,
    assembler: Assembler,
    hidden: Vec<Range<u64>>,
    /// Which passages belong to it.
    passages: Vec<usize>,
}

/// What one read gave or one write took.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Passage {
    /// When, in microseconds from the beginning.
    pub at_us: u64,
    pub direction: Direction,
    /// Its place in the stream.
    pub place: Range<u64>,
}

/// A frame, and what is to be said of it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// When its last byte passed, in microseconds from the beginning.
    pub at_us: u64,
    /// Which way it went.
    pub direction: Direction,
    pub frame: Frame,
    pub says: Says,
    /// In how many reads or writes it passed.
    pub pieces: usize,
    /// How many frames began in the read or write that completed it.
    pub neighbours: usize,
    /// Which bytes of the payload are covered.
    pub hidden: Vec<Range<usize>>,
    /// The rule it breaks, if it breaks one.
    pub violation: Option<Violation>,
}

/// What a frame says.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Says {
    /// A message of the protocol, whole: its `type`, and all of it.
    Message(Box<Value>),
    /// A text that is no JSON with a `type`.
    Text(String),
    Binary,
    /// More of the message is to come.
    Fragment,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// The end: code and reason, if it has them.
    Close(Option<(u16, String)>),
    /// An opcode that means nothing.
    Nothing,
}

impl Recording {
    /// One of which nothing is known yet.
    pub(crate) fn new(token: String) -> Self {
        Self {
            token,
            opened: None,
            request: None,
            answer: None,
            frames: Vec::new(),
            passages: Vec::new(),
            journeys: Vec::new(),
            tcp: None,
            first_rtt_us: None,
            full: None,
            ended: None,
            events: Vec::new(),
            stream: Stream::Open,
            began: None,
            ways: [Way::new(), Way::new()],
        }
    }

    /// An event came at `now`, by the reader's clock in microseconds. What it says happened before that,
    /// and what came fastest says best how long before.
    pub(crate) fn came(&mut self, event: &Event, now: u64) {
        let began = now.saturating_sub(event.at_us());
        self.began = Some(self.began.map_or(began, |before| before.min(began)));
        if self.stream == Stream::Held {
            self.stream = Stream::Open;
        }
    }

    /// Whether its stream is open, as far as one knows, and nothing came out of it.
    pub(crate) fn is_silent(&self) -> bool {
        self.began.is_none() && self.stream == Stream::Open
    }

    /// The moment `now` of the reader's clock as a time of the recording; not later than it is.
    pub(crate) fn us(&self, now: u64) -> u64 {
        self.began.map_or(0, |began| now.saturating_sub(began))
    }

    /// Takes in what was told next.
    pub(crate) fn take(&mut self, event: Event) {
        match &event {
            Event::Opened(opened) => self.opened = Some(opened.clone()),
            Event::Bytes(chunk) => self.pass(chunk),
            Event::Tcp(tcp) => {
                self.first_rtt_us.get_or_insert(tcp.rtt_us);
                self.tcp = Some(tcp.clone());
            }
            Event::Journey(journey) => self.journeys.push(journey.clone()),
            Event::Full { at_us, .. } => self.full = Some(*at_us),
            Event::Ended(ended) => self.ended = Some(ended.clone()),
        }
        self.events.push(event);
    }

    fn pass(&mut self, chunk: &Chunk) {
        let way = &mut self.ways[usize::from(chunk.direction == Direction::Out)];
        let place = chunk.offset..chunk.offset + chunk.data.len() as u64;
        way.hidden.extend(
            chunk.hidden.iter().map(|(start, end)| chunk.offset + *start as u64..chunk.offset + *end as u64),
        );
        way.passages.push(self.passages.len());
        self.passages.push(Passage { at_us: chunk.at_us, direction: chunk.direction, place: place.clone() });
        for item in way.decoder.push(&chunk.data) {
            match item {
                Item::Head { head, .. } if chunk.direction == Direction::In => self.request = Some(head),
                Item::Head { head, .. } => self.answer = Some(head),
                Item::Frame(frame) => {
                    let message = way.assembler.add(&frame);
                    let payload = frame.payload_place();
                    let within = |hidden: &Range<u64>| {
                        let (start, end) = (hidden.start.max(payload.start), hidden.end.min(payload.end));
                        (start < end)
                            .then(|| (start - payload.start) as usize..(end - payload.start) as usize)
                    };
                    let pieces = way.passages.iter().map(|passage| &self.passages[*passage].place);
                    let whole = frame.start..payload.end;
                    self.frames.push(Shown {
                        at_us: chunk.at_us,
                        direction: chunk.direction,
                        says: says(&frame, message),
                        pieces: pieces
                            .filter(|piece| piece.start < whole.end && whole.start < piece.end)
                            .count(),
                        neighbours: 0,
                        hidden: way.hidden.iter().filter_map(within).collect(),
                        violation: violation(&frame, chunk.direction),
                        frame,
                    });
                }
            }
        }
        let began =
            |shown: &&mut Shown| shown.direction == chunk.direction && place.contains(&shown.frame.start);
        let together = self.frames.iter_mut().rev().take_while(|shown| shown.at_us == chunk.at_us);
        let mut together: Vec<_> = together.filter(began).collect();
        let count = together.len();
        together.iter_mut().for_each(|shown| shown.neighbours = count.saturating_sub(1));
    }

    pub(crate) fn standing(&self) -> Standing {
        match (&self.ended, self.stream) {
            (Some(ended), _) => Standing::Ended(ended.code),
            (None, Stream::Open) => Standing::Live,
            (None, Stream::Held) => Standing::Held,
            (None, Stream::Lost) => Standing::Unknown,
            (None, Stream::Gone) => Standing::Unseen,
        }
    }

    /// Whether the connection lives, as far as anybody knows.
    pub(crate) fn is_live(&self) -> bool {
        self.standing() == Standing::Live
    }

    /// The frames that carry a whole `say` or `said`, newest last: their numbers.
    pub(crate) fn sayings(&self) -> Vec<usize> {
        let is_saying = |shown: &Shown| matches!(shown.says.kind(), Some("say" | "said"));
        (0..self.frames.len()).filter(|at| is_saying(&self.frames[*at])).collect()
    }

    /// The frame that brought the echo of one's own message with this id.
    pub(crate) fn echo(&self, id: &str) -> Option<&Shown> {
        self.frames
            .iter()
            .find(|shown| shown.says.kind() == Some("said") && shown.says.field("id") == Some(id))
    }

    /// The `welcome`, once there is one.
    pub(crate) fn welcome(&self) -> Option<&Shown> {
        self.frames.iter().find(|shown| shown.says.kind() == Some("welcome"))
    }

    /// How many bytes passed: of heads, of frame headers, and of payload, in this direction.
    pub(crate) fn weight(&self, direction: Direction) -> (u64, u64, u64) {
        let head = match direction {
            Direction::In => &self.request,
            Direction::Out => &self.answer,
        };
        let frames = || self.frames.iter().filter(|shown| shown.direction == direction);
        let headers = frames().map(|shown| shown.frame.header.size() as u64).sum();
        let payload = frames().map(|shown| shown.frame.came).sum();
        (head.as_ref().map_or(0, |head| head.bytes.len() as u64), headers, payload)
    }
}

impl Way {
    fn new() -> Self {
        let limits = Limits::default();
        Self {
            decoder: Decoder::at_head(limits),
            assembler: Assembler::new(limits),
            hidden: Vec::new(),
            passages: Vec::new(),
        }
    }
}

impl Says {
    /// The `type` of a message of the protocol.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.field("type")
    }

    /// A text field of a message of the protocol.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Message(message) => message.get(name)?.as_str(),
            _ => None,
        }
    }
}

fn says(frame: &Frame, message: Option<Message>) -> Says {
    let Some(message) = message else { return Says::Fragment };
    match message.opcode {
        Opcode::PING => Says::Ping,
        Opcode::PONG => Says::Pong,
        Opcode::CLOSE => Says::Close(frame.close()),
        Opcode::BINARY => Says::Binary,
        Opcode::TEXT => match serde_json::from_slice::<Value>(&message.payload) {
            Ok(value) if value.get("type").is_some_and(Value::is_string) => Says::Message(Box::new(value)),
            _ => Says::Text(String::from_utf8_lossy(&message.payload).into_owned()),
        },
        _ => Says::Nothing,
    }
}

/// What is wrong with a frame by itself; what is wrong with it among others is not looked for.
fn violation(frame: &Frame, direction: Direction) -> Option<Violation> {
    let role = match direction {
        Direction::In => Role::Server,
        Direction::Out => Role::Client,
    };
    check_header(frame.header, role).err()
}

#[cfg(test)]
mod tests {
    use chat_wire::frame::{Header, unmask};

    use super::*;

    const KEY: [u8; 4] = [1, 2, 3, 4];

    fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Header::new(opcode, Some(KEY), payload.len() as u64).write();
        let mut payload = payload.to_vec();
        unmask(&mut payload, KEY, 0);
        bytes.extend(payload);
        bytes
    }

    fn chunk(at_us: u64, offset: u64, data: &[u8]) -> Event {
        let data = data.to_vec();
        Event::Bytes(Chunk { at_us, direction: Direction::In, offset, data, hidden: vec![] })
    }

    #[test]
    fn pieces_and_neighbours_of_frames_are_shown() {
        let mut recording = Recording::new("t".into());
        let head = b"GET / HTTP/1.1\r\n\r\n";
        recording.take(chunk(0, 0, head));
        let at = head.len() as u64;
        let one = masked(Opcode::TEXT, br#"{"type":"say","id":"1","text":"x"}"#);
        recording.take(chunk(1, at, &one[..5]));
        assert!(recording.frames.is_empty());
        let two = [&one[5..], &masked(Opcode::PING, b""), &masked(Opcode::CLOSE, &[3, 232])].concat();
        recording.take(chunk(2, at + 5, &two));
        let frames: Vec<_> =
            recording.frames.iter().map(|shown| (shown.at_us, shown.pieces, shown.neighbours)).collect();
        assert_eq!(frames, [(2, 2, 0), (2, 1, 1), (2, 1, 1)]);
        assert_eq!(recording.frames[0].says.field("text"), Some("x"));
        assert_eq!(recording.frames[1].says, Says::Ping);
        assert_eq!(recording.frames[2].says, Says::Close(Some((1000, String::new()))));
        assert_eq!(recording.sayings(), [0]);
        let (heads, headers, payload) = recording.weight(Direction::In);
        assert_eq!(heads + headers + payload, at + 5 + two.len() as u64);
    }

    #[test]
    fn readers_clock_follows_fastest_event() {
        let mut recording = Recording::new("t".into());
        let at = |at_us| chunk(at_us, 0, b"");
        assert_eq!(recording.us(9_000), 0);
        // What was before the page looked comes late.
        recording.came(&at(100), 5_000);
        recording.came(&at(2_000), 5_010);
        recording.came(&at(6_000), 6_900);
        recording.came(&at(7_000), 9_000);
        assert_eq!(recording.us(10_000), 9_100);
    }

    #[test]
    fn recording_is_live_while_stream_is_open() {
        let mut recording = Recording::new("t".into());
        let mut standing = |stream| {
            recording.stream = stream;
            recording.standing()
        };
        assert_eq!(standing(Stream::Open), Standing::Live);
        assert_eq!(standing(Stream::Held), Standing::Held);
        assert_eq!(standing(Stream::Lost), Standing::Unknown);
        assert_eq!(standing(Stream::Gone), Standing::Unseen);
        assert_eq!(standing(Stream::Open), Standing::Live);
        assert!(recording.is_silent());
        recording.stream = Stream::Held;
        assert!(!recording.is_silent(), "it was told already");
        recording.came(&Event::Ended(Ended { at_us: 1, code: None, by_server: true }), 2);
        assert_eq!(recording.standing(), Standing::Live);
        recording.take(Event::Ended(Ended { at_us: 1, code: Some(4000), by_server: true }));
        assert_eq!(recording.standing(), Standing::Ended(Some(4000)));
    }

    #[test]
    fn fragments_form_one_message_at_end() {
        let mut recording = Recording::new("t".into());
        recording.take(chunk(0, 0, b"GET / HTTP/1.1\r\n\r\n"));
        let mut first = masked(Opcode::TEXT, br#"{"type":"#);
        first[0] &= 0x7F;
        let all = [first, masked(Opcode::PING, b"?"), masked(Opcode::CONTINUATION, br#""typing"}"#)].concat();
        recording.take(chunk(1, 18, &all));
        let says: Vec<_> = recording.frames.iter().map(|shown| shown.says.clone()).collect();
        assert_eq!(says[..2], [Says::Fragment, Says::Ping]);
        assert_eq!(says[2].kind(), Some("typing"));
    }

    #[test]
    fn hidden_bytes_are_located_within_frame() {
        let mut recording = Recording::new("t".into());
        recording.take(chunk(0, 0, b"GET / HTTP/1.1\r\n\r\n"));
        let frame = masked(Opcode::TEXT, br#"{"type":"join","token":"****"}"#);
        let data = frame.clone();
        let hidden = vec![(6 + 24, 6 + 28)];
        recording.take(Event::Bytes(Chunk { at_us: 1, direction: Direction::In, offset: 18, data, hidden }));
        assert_eq!(recording.frames[0].hidden, std::iter::once(24..28).collect::<Vec<_>>());
        assert_eq!(recording.frames[0].violation, None);
    }

    #[test]
    fn frame_breaking_a_rule_is_named() {
        let mut recording = Recording::new("t".into());
        recording.take(chunk(0, 0, b"GET / HTTP/1.1\r\n\r\n"));
        recording.take(chunk(1, 18, &[0x81, 0x01, b'x']));
        assert_eq!(recording.frames[0].violation, Some(Violation::Unmasked));
    }
}
