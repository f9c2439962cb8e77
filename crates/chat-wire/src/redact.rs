//! Hides what is secret in a recording, byte for byte: the values of cookies and credentials in the
//! HTTP head, and the value of every `"token"` in the JSON of text messages. Each hidden byte reads
//! `*`, in a masked frame after unmasking, and all others are as they were. Whether a byte is secret
//! follows from the bytes before it alone, so nothing is ever held back, however a stream is cut. A
//! few dozen bytes of state for each direction; it does not know whose secrets they are.

use crate::{
    frame::{Header, Opcode},
    scanner::{Scanner, Step},
};

/// The headers whose values are secret, in lower case.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];

/// The key whose values are secret.
const SECRET_KEY: &[u8] = b"token";

/// What a hidden byte reads.
const HIDDEN: u8 = b'*';

/// The bytes that came, with the secret ones hidden.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Redacted {
    /// As many bytes as came.
    pub data: Vec<u8>,
    /// Which of them are hidden: start and end, in order, neither touching nor empty.
    pub hidden: Vec<(usize, usize)>,
}

impl Redacted {
    fn push(&mut self, byte: u8, is_secret: bool) {
        let at = self.data.len();
        self.data.push(byte);
        if is_secret {
            match self.hidden.last_mut() {
                Some((_, end)) if *end == at => *end = at + 1,
                _ => self.hidden.push((at, at + 1)),
            }
        }
    }
}

/// Redacts one direction of a connection.
#[derive(Clone, Debug)]
pub struct Redactor {
    scanner: Scanner,
    head: HeadSecrets,
    header: Option<Header>,
    /// Of the text message that has begun; none in a binary one.
    json: Option<JsonSecrets>,
}

impl Redactor {
    /// For a direction from its beginning: a head, then frames.
    pub fn at_head() -> Self {
        Self::new(Scanner::at_head())
    }

    /// For frames only.
    pub fn at_frame() -> Self {
        Self::new(Scanner::at_frame())
    }

    fn new(scanner: Scanner) -> Self {
        Self { scanner, head: HeadSecrets::default(), header: None, json: None }
    }

    /// These bytes, which come next, without their secrets.
    pub fn redact(&mut self, mut bytes: &[u8]) -> Redacted {
        let mut redacted = Redacted::default();
        redacted.data.reserve(bytes.len());
        while let Some(step) = self.scanner.step(&mut bytes) {
            match step {
                Step::Head(bytes) => {
                    for byte in bytes {
                        let is_secret = self.head.pass(*byte);
                        redacted.push(if is_secret { HIDDEN } else { *byte }, is_secret);
                    }
                }
                Step::HeaderBytes(bytes) | Step::Body(bytes) => redacted.data.extend_from_slice(bytes),
                Step::Header(header) => {
                    self.header = Some(header);
                    match header.opcode {
                        Opcode::TEXT => self.json = Some(JsonSecrets::default()),
                        Opcode::BINARY => self.json = None,
                        _ => {}
                    }
                }
                Step::Payload { bytes, at } => self.redact_payload(bytes, at, &mut redacted),
                Step::HeadEnd | Step::FrameEnd => {}
            }
        }
        redacted
    }

    fn redact_payload(&mut self, bytes: &[u8], at: u64, redacted: &mut Redacted) {
        let (Some(header), Some(json)) = (self.header, &mut self.json) else {
            return redacted.data.extend_from_slice(bytes);
        };
        if header.opcode.is_control() {
            return redacted.data.extend_from_slice(bytes);
        }
        let key = header.mask.unwrap_or_default();
        for (byte, place) in bytes.iter().zip((at % 4) as usize..) {
            let key = key[place % 4];
            let is_secret = json.pass(byte ^ key);
            redacted.push(if is_secret { HIDDEN ^ key } else { *byte }, is_secret);
        }
    }
}

/// Which bytes of a head are secret.
#[derive(Clone, Default, Debug)]
struct HeadSecrets {
    line: HeadLine,
}

#[derive(Clone, Debug)]
enum HeadLine {
    /// In the name: what has come of it, in lower case. It may belong to the value of the line before,
    /// if that was secret and this one begins with a blank (RFC 9112 §5.2).
    Name { name: Vec<u8>, folds_secret: bool },
    /// In a value that is no secret.
    Open,
    /// Before or in a value that is.
    Secret { has_begun: bool },
}

impl Default for HeadLine {
    fn default() -> Self {
        Self::Name { name: Vec::new(), folds_secret: false }
    }
}

/// Longest name that is remembered, in bytes; none of the secret ones is longer, blanks behind it
/// included within reason.
const NAME_MAX: usize = 64;

impl HeadSecrets {
    fn pass(&mut self, byte: u8) -> bool {
        if byte == b'\n' {
            let folds_secret = match &self.line {
                HeadLine::Secret { .. } => true,
                HeadLine::Name { .. } | HeadLine::Open => false,
            };
            self.line = HeadLine::Name { name: Vec::new(), folds_secret };
            return false;
        }
        let is_blank = matches!(byte, b' ' | b'\t');
        match &mut self.line {
            HeadLine::Name { name, folds_secret } => {
                if name.is_empty() && is_blank && *folds_secret {
                    self.line = HeadLine::Secret { has_begun: false };
                } else if byte == b':' {
                    let name = name.trim_ascii();
                    let is_secret = SECRET_HEADERS.iter().any(|secret| secret.as_bytes() == name);
                    self.line =
                        if is_secret { HeadLine::Secret { has_begun: false } } else { HeadLine::Open };
                } else if name.len() < NAME_MAX {
                    name.push(byte.to_ascii_lowercase());
                } else {
                    self.line = HeadLine::Open;
                }
                false
            }
            HeadLine::Open => false,
            HeadLine::Secret { has_begun } => {
                *has_begun |= !is_blank && byte != b'\r';
                *has_begun && byte != b'\r'
            }
        }
    }
}

/// Which bytes of a JSON text are secret: what stands between the quotes after `"token":`, also where
/// the key is written with escapes. It looks for that sequence only, so it needs no valid JSON around
/// it.
#[derive(Clone, Copy, Default, Debug)]
struct JsonSecrets {
    place: JsonPlace,
    /// Whether the byte before is a backslash that escapes the next.
    is_escaped: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
enum JsonPlace {
    #[default]
    Elsewhere,
    /// In a string that so far is the beginning of the key: this many bytes of it.
    Key(usize),
    /// In it, in an escape of four digits: the number so far, and how many digits have come.
    Escape { matched: usize, unit: u32, digits: u32 },
    /// After the key.
    AfterKey,
    /// After its colon.
    AfterColon,
    /// In its value.
    Secret,
}

impl JsonSecrets {
    fn pass(&mut self, byte: u8) -> bool {
        use JsonPlace::*;
        let is_escaped = std::mem::replace(&mut self.is_escaped, false);
        if byte == b'\\' && !is_escaped {
            self.is_escaped = true;
            if self.place == Secret {
                return true;
            }
            if !matches!(self.place, Key(_)) {
                self.place = Elsewhere;
            }
            return false;
        }
        let is_quote = byte == b'"' && !is_escaped;
        let is_blank = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let is_secret = self.place == Secret && !is_quote;
        self.place = match self.place {
            Secret if is_quote => Elsewhere,
            Secret => Secret,
            Key(matched) if is_escaped => match byte {
                b'u' => Escape { matched, unit: 0, digits: 0 },
                _ => Elsewhere,
            },
            Key(matched) if is_quote && matched == SECRET_KEY.len() => AfterKey,
            Key(matched) if SECRET_KEY.get(matched) == Some(&byte) => Key(matched + 1),
            Escape { matched, unit, digits } => match (byte as char).to_digit(16) {
                Some(digit) if digits < 3 => Escape { matched, unit: unit << 4 | digit, digits: digits + 1 },
                Some(digit)
                    if SECRET_KEY.get(matched).is_some_and(|key| u32::from(*key) == unit << 4 | digit) =>
                {
                    Key(matched + 1)
                }
                _ if is_quote => Key(0),
                _ => Elsewhere,
            },
            AfterKey if byte == b':' => AfterColon,
            AfterKey if is_blank => AfterKey,
            AfterColon if is_quote => Secret,
            AfterColon if is_blank => AfterColon,
            // Any quote may be the first of the key's.
            _ if is_quote => Key(0),
            _ => Elsewhere,
        };
        is_secret
    }
}
