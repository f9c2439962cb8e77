//! A strict receiver: RFC 6455 §5, §7 and §8 held to the letter, with no extension agreed upon. It
//! takes the bytes of one direction as they come and tells what they say, until they break a rule;
//! that one is named, and is the end. It says so as early as the bytes allow: a header that may not
//! be before its payload has come, text that is no UTF-8 at the very byte. It holds one message at
//! most. What to answer is the caller's.

use crate::{
    frame::{CONTROL_MAX, Header, LengthForm, Opcode, unmask},
    scanner::{Scanner, Step},
};

/// Which end receives: they have opposite rules about masking (§5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Hears a client, who must mask.
    Server,
    /// Hears a server, who must not.
    Client,
}

/// A rule that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Violation {
    /// A reserved bit is set, and no extension gave it a meaning.
    ReservedBits,
    /// An opcode that means nothing yet.
    ReservedOpcode,
    /// A client's frame is not masked.
    Unmasked,
    /// A server's frame is masked.
    Masked,
    /// A control frame is a fragment.
    FragmentedControl,
    /// A control frame has more than 125 bytes of payload.
    LongControl,
    /// A length is not written in its shortest form.
    LengthNotMinimal,
    /// The highest bit of a length of 64 bits is set.
    LengthHighBit,
    /// A continuation of nothing.
    UnexpectedContinuation,
    /// A new message before the one in fragments has ended.
    MessageInsideMessage,
    /// A text is no UTF-8.
    TextNotUtf8,
    /// The reason in a close frame is no UTF-8.
    ReasonNotUtf8,
    /// A close frame with one byte: half a code.
    HalfCloseCode,
    /// A close code that may not be sent.
    BadCloseCode,
    /// Something came after a close frame.
    AfterClose,
    /// A message is longer than the receiver takes.
    TooBig,
}

impl Violation {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::ReservedBits,
        Self::ReservedOpcode,
        Self::Unmasked,
        Self::Masked,
        Self::FragmentedControl,
        Self::LongControl,
        Self::LengthNotMinimal,
        Self::LengthHighBit,
        Self::UnexpectedContinuation,
        Self::MessageInsideMessage,
        Self::TextNotUtf8,
        Self::ReasonNotUtf8,
        Self::HalfCloseCode,
        Self::BadCloseCode,
        Self::AfterClose,
        Self::TooBig,
    ];

    /// A token for it, as the reason of a close frame has it: ASCII, and far below 123 bytes.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReservedBits => "reserved_bits",
            Self::ReservedOpcode => "reserved_opcode",
            Self::Unmasked => "unmasked",
            Self::Masked => "masked",
            Self::FragmentedControl => "fragmented_control",
            Self::LongControl => "long_control",
            Self::LengthNotMinimal => "length_not_minimal",
            Self::LengthHighBit => "length_high_bit",
            Self::UnexpectedContinuation => "unexpected_continuation",
            Self::MessageInsideMessage => "message_inside_message",
            Self::TextNotUtf8 => "text_not_utf8",
            Self::ReasonNotUtf8 => "reason_not_utf8",
            Self::HalfCloseCode => "half_close_code",
            Self::BadCloseCode => "bad_close_code",
            Self::AfterClose => "after_close",
            Self::TooBig => "too_big",
        }
    }

    /// The violation of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|violation| violation.name() == name)
    }

    /// The close code that answers it (§7.4.1).
    pub fn code(self) -> u16 {
        match self {
            Self::TextNotUtf8 | Self::ReasonNotUtf8 => 1007,
            Self::TooBig => 1009,
            _ => 1002,
        }
    }

    /// The section of RFC 6455 that has the rule.
    pub fn section(self) -> &'static str {
        match self {
            Self::Unmasked | Self::Masked => "5.1",
            Self::ReservedBits | Self::ReservedOpcode | Self::LengthNotMinimal | Self::LengthHighBit => "5.2",
            Self::UnexpectedContinuation | Self::MessageInsideMessage => "5.4",
            Self::FragmentedControl | Self::LongControl => "5.5",
            Self::HalfCloseCode | Self::ReasonNotUtf8 | Self::AfterClose => "5.5.1",
            Self::BadCloseCode => "7.4",
            Self::TextNotUtf8 => "8.1",
            Self::TooBig => "10.4",
        }
    }
}

/// Whether a code may stand in a close frame. By §7.4.2 and the registry of IANA ("WebSocket Close
/// Code Number Registry"): of the codes below 3000 those registered as 1000 to 1003 and 1007 to 1014.
/// 1012, 1013 and 1014 are younger than the RFC and registered for use on the wire, so they are good;
/// 1004 is reserved, and 1005, 1006 and 1015 are registered only to be reported, never sent. From 3000
/// to 4999 any: the RFC leaves them to libraries and applications, registered or not.
pub fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What was heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A whole message, put together of its fragments. A text's bytes are UTF-8.
    Message {
        /// [`Opcode::TEXT`] or [`Opcode::BINARY`].
        opcode: Opcode,
        /// What it says.
        payload: Vec<u8>,
    },
    /// A ping, with what a pong must repeat.
    Ping(Vec<u8>),
    /// A pong.
    Pong(Vec<u8>),
    /// A close frame; with nothing when it says nothing. Nothing may follow it.
    Close(Option<(u16, String)>),
    /// A rule was broken. Nothing is heard any more.
    Violation(Violation),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Receiver {
    role: Role,
    message_max: usize,
    scanner: Scanner,
    /// The message in fragments, which control frames may come between.
    message: Option<Message>,
    frame: Option<Frame>,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    Closed,
    Failed,
}

#[derive(Clone, Debug)]
struct Message {
    opcode: Opcode,
    payload: Vec<u8>,
    utf8: Utf8,
}

/// The frame whose payload is coming.
#[derive(Clone, Debug)]
struct Frame {
    header: Header,
    /// Of a control frame.
    payload: Vec<u8>,
}

impl Receiver {
    /// Hears frames, from the first byte after the handshake on. A message may have `message_max` bytes.
    pub fn new(role: Role, message_max: usize) -> Self {
        let scanner = Scanner::at_frame();
        Self { role, message_max, scanner, message: None, frame: None, phase: Phase::Open }
    }

    /// What is heard next in these bytes, which are taken off as far as they were needed for it; none
    /// when they are used up. To be called until then.
    pub fn hear(&mut self, bytes: &mut &[u8]) -> Option<Heard> {
        if self.phase != Phase::Open {
            let is_late = self.phase == Phase::Closed && !bytes.is_empty();
            *bytes = &[];
            return is_late.then(|| self.fail(Violation::AfterClose));
        }
        while let Some(step) = self.scanner.step(bytes) {
            let heard = match step {
                Step::Header(header) => self.check(header).err().map(|violation| self.fail(violation)),
                Step::Payload { bytes, at } => {
                    self.take(bytes, at).err().map(|violation| self.fail(violation))
                }
                Step::FrameEnd => self.end_of_frame(),
                Step::HeaderBytes(_) | Step::Head(_) | Step::HeadEnd | Step::Body(_) => None,
            };
            if heard.is_some() {
                return heard;
            }
        }
        None
    }

    fn fail(&mut self, violation: Violation) -> Heard {
        self.phase = Phase::Failed;
        (self.message, self.frame) = (None, None);
        Heard::Violation(violation)
    }

    fn check(&mut self, header: Header) -> Result<(), Violation> {
        let Header { opcode, length, .. } = header;
        let broken = |is_broken: bool, violation| if is_broken { Err(violation) } else { Ok(()) };
        check_header(header, self.role)?;
        if !opcode.is_control() {
            let begins = opcode != Opcode::CONTINUATION;
            broken(!begins && self.message.is_none(), Violation::UnexpectedContinuation)?;
            broken(begins && self.message.is_some(), Violation::MessageInsideMessage)?;
            let before = self.message.as_ref().map_or(0, |message| message.payload.len());
            let room = (self.message_max - before.min(self.message_max)) as u64;
            broken(length > room, Violation::TooBig)?;
            self.message.get_or_insert_with(|| Message {
                opcode,
                payload: Vec::new(),
                utf8: Utf8::default(),
            });
        }
        self.frame = Some(Frame { header, payload: Vec::new() });
        Ok(())
    }

    fn take(&mut self, bytes: &[u8], at: u64) -> Result<(), Violation> {
        let Some(frame) = &mut self.frame else { return Ok(()) };
        let into = match &mut self.message {
            Some(message) if !frame.header.opcode.is_control() => &mut message.payload,
            _ => &mut frame.payload,
        };
        let before = into.len();
        into.extend_from_slice(bytes);
        if let Some(key) = frame.header.mask {
            unmask(&mut into[before..], key, at);
        }
        match &mut self.message {
            Some(message) if !frame.header.opcode.is_control() && message.opcode == Opcode::TEXT => {
                let is_good = message.utf8.pass(&message.payload[before..]);
                if is_good { Ok(()) } else { Err(Violation::TextNotUtf8) }
            }
            _ => Ok(()),
        }
    }

    fn end_of_frame(&mut self) -> Option<Heard> {
        let Frame { header, payload } = self.frame.take()?;
        match header.opcode {
            Opcode::PING => Some(Heard::Ping(payload)),
            Opcode::PONG => Some(Heard::Pong(payload)),
            Opcode::CLOSE => Some(match read_close(payload) {
                Ok(close) => {
                    self.phase = Phase::Closed;
                    Heard::Close(close)
                }
                Err(violation) => self.fail(violation),
            }),
            _ if !header.fin => None,
            _ => {
                let Message { opcode, payload, utf8 } = self.message.take()?;
                if opcode == Opcode::TEXT && !utf8.is_complete() {
                    return Some(self.fail(Violation::TextNotUtf8));
                }
                Some(Heard::Message { opcode, payload })
            }
        }
    }
}

/// Whether a header may come to this role, whatever came before it.
///
/// # Errors
/// The first rule that it breaks by itself.
pub fn check_header(header: Header, role: Role) -> Result<(), Violation> {
    let Header { opcode, length, .. } = header;
    let broken = |is_broken: bool, violation| if is_broken { Err(violation) } else { Ok(()) };
    broken(header.rsv != [false; 3], Violation::ReservedBits)?;
    broken(opcode.is_reserved(), Violation::ReservedOpcode)?;
    broken(role == Role::Server && header.mask.is_none(), Violation::Unmasked)?;
    broken(role == Role::Client && header.mask.is_some(), Violation::Masked)?;
    broken(opcode.is_control() && !header.fin, Violation::FragmentedControl)?;
    broken(opcode.is_control() && length > CONTROL_MAX, Violation::LongControl)?;
    broken(header.form == LengthForm::Bits64 && length >> 63 != 0, Violation::LengthHighBit)?;
    broken(!header.is_minimal(), Violation::LengthNotMinimal)?;
    broken(opcode == Opcode::CLOSE && length == 1, Violation::HalfCloseCode)
}

/// What a close frame says (§5.5.1).
fn read_close(mut payload: Vec<u8>) -> Result<Option<(u16, String)>, Violation> {
    let Some((code, _)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::HalfCloseCode) };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(Violation::BadCloseCode);
    }
    let reason = String::from_utf8(payload.split_off(2)).map_err(|_| Violation::ReasonNotUtf8)?;
    Ok(Some((code, reason)))
}

/// Whether a text that comes in pieces is UTF-8, known at the first byte that cannot be (§8.1).
#[derive(Clone, Copy, Default, Debug)]
pub struct Utf8 {
    /// The beginning of a character whose rest has not come.
    begun: [u8; 4],
    count: usize,
}

impl Utf8 {
    /// Whether the text may still be UTF-8 with these bytes, which come next. After `false` it is not to
    /// be asked again.
    pub fn pass(&mut self, mut bytes: &[u8]) -> bool {
        while self.count > 0 {
            let Some((byte, rest)) = bytes.split_first() else { return true };
            bytes = rest;
            self.begun[self.count] = *byte;
            self.count += 1;
            match std::str::from_utf8(&self.begun[..self.count]) {
                Ok(_) => self.count = 0,
                Err(error) if error.error_len().is_some() => return false,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(_) => true,
            Err(error) if error.error_len().is_some() => false,
            Err(error) => {
                let begun = &bytes[error.valid_up_to()..];
                self.begun[..begun.len()].copy_from_slice(begun);
                self.count = begun.len();
                true
            }
        }
    }

    /// Whether it ends with a whole character.
    pub fn is_complete(&self) -> bool {
        self.count == 0
    }
}
