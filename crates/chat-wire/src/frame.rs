//! The header of one frame, bit by bit (RFC 6455 §5.2): read from bytes, written to bytes, and laid
//! out, so that each bit can be pointed at. It judges nothing: what may not be is read and written
//! like what may, because a workbench composes it and a strict receiver must be able to name it.

use std::ops::Range;

/// Longest header, in bytes: two, eight of length, four of masking key.
pub const HEADER_MAX: usize = 14;

/// Most bytes of payload that a control frame may have (§5.5).
pub(crate) const CONTROL_MAX: u64 = 125;

/// What kind of frame it is: four bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Opcode(u8);

impl Opcode {
    /// The next part of a message in fragments.
    pub const CONTINUATION: Self = Self(0x0);
    /// UTF-8 text, or its first fragment.
    pub const TEXT: Self = Self(0x1);
    /// Any bytes, or their first fragment.
    pub const BINARY: Self = Self(0x2);
    /// The end of the conversation.
    pub const CLOSE: Self = Self(0x8);
    /// Are you there?
    pub const PING: Self = Self(0x9);
    /// I am.
    pub const PONG: Self = Self(0xA);

    /// The opcode of these four bits; what is above them does not count.
    pub fn new(bits: u8) -> Self {
        Self(bits & 0xF)
    }

    /// Its four bits: 0 to 15.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether it is 8 to 15: the frame is about the connection and may come within a message (§5.5).
    pub fn is_control(self) -> bool {
        self.0 & 0x8 != 0
    }

    /// Whether it means nothing yet: 3 to 7, and 11 to 15.
    pub(crate) fn is_reserved(self) -> bool {
        matches!(self.0, 0x3..=0x7 | 0xB..=0xF)
    }

    /// What the RFC calls it.
    pub fn name(self) -> &'static str {
        match self.0 {
            0x0 => "continuation",
            0x1 => "text",
            0x2 => "binary",
            0x8 => "close",
            0x9 => "ping",
            0xA => "pong",
            _ => "reserved",
        }
    }
}

/// How the length of the payload is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LengthForm {
    /// In the seven bits of the second byte: up to 125.
    Bits7,
    /// 126 there, and two bytes more: up to 65,535.
    Bits16,
    /// 127 there, and eight bytes more.
    Bits64,
}

impl LengthForm {
    /// The shortest that can say this length, which is the one that must be used.
    pub fn minimal(length: u64) -> Self {
        match length {
            0..=125 => Self::Bits7,
            126..=0xFFFF => Self::Bits16,
            _ => Self::Bits64,
        }
    }

    /// How many bytes it adds to the header: 0, 2 or 8.
    pub fn extra(self) -> usize {
        match self {
            Self::Bits7 => 0,
            Self::Bits16 => 2,
            Self::Bits64 => 8,
        }
    }

    /// The most it can say.
    pub fn max(self) -> u64 {
        match self {
            Self::Bits7 => 125,
            Self::Bits16 => 0xFFFF,
            Self::Bits64 => u64::MAX,
        }
    }
}

/// The header of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Whether the message ends with this frame.
    pub fin: bool,
    /// The three reserved bits, RSV1 first.
    pub rsv: [bool; 3],
    /// What kind of frame it is.
    pub opcode: Opcode,
    /// The masking key; none when the MASK bit is not set.
    pub mask: Option<[u8; 4]>,
    /// How the length is written.
    pub form: LengthForm,
    /// How long the payload is said to be, in bytes.
    pub length: u64,
}

impl Header {
    /// A whole message in one frame, its length in the form it must have.
    pub fn new(opcode: Opcode, mask: Option<[u8; 4]>, length: u64) -> Self {
        Self { fin: true, rsv: [false; 3], opcode, mask, form: LengthForm::minimal(length), length }
    }

    /// The header at the beginning of `bytes`; none as long as it is not complete.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let [first, second, rest @ ..] = bytes else { return None };
        let (form, length, rest) = match second & 0x7F {
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Bits64, u64::from_be_bytes(*length), rest)
            }
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Bits16, u16::from_be_bytes(*length).into(), rest)
            }
            length => (LengthForm::Bits7, length.into(), rest),
        };
        let mask = match second & 0x80 {
            0 => None,
            _ => Some(*rest.first_chunk()?),
        };
        let rsv = [first & 0x40 != 0, first & 0x20 != 0, first & 0x10 != 0];
        Some(Self { fin: first & 0x80 != 0, rsv, opcode: Opcode::new(*first), mask, form, length })
    }

    /// Its bytes. Any fields will do; a length that is over what its form can say is written as the
    /// most that it can.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_MAX);
        let bit = |is_set: bool, place: u32| u8::from(is_set) << place;
        let [rsv1, rsv2, rsv3] = self.rsv;
        bytes.push(bit(self.fin, 7) | bit(rsv1, 6) | bit(rsv2, 5) | bit(rsv3, 4) | self.opcode.bits());
        let length = self.length.min(self.form.max());
        let seven = match self.form {
            LengthForm::Bits7 => length as u8,
            LengthForm::Bits16 => 126,
            LengthForm::Bits64 => 127,
        };
        bytes.push(bit(self.mask.is_some(), 7) | seven);
        bytes.extend_from_slice(&length.to_be_bytes()[8 - self.form.extra()..]);
        bytes.extend_from_slice(self.mask.as_ref().map_or(&[][..], |key| key));
        bytes
    }

    /// How long it is itself: 2 to 14 bytes.
    pub fn size(&self) -> usize {
        2 + self.form.extra() + self.mask.map_or(0, |key| key.len())
    }

    /// Whether the length is written in the shortest form, as it must be.
    pub(crate) fn is_minimal(&self) -> bool {
        self.form == LengthForm::minimal(self.length)
    }
}

/// A part of a frame's header.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Part {
    /// The last frame of its message.
    Fin,
    /// Reserved for extensions.
    Rsv1,
    /// Reserved for extensions.
    Rsv2,
    /// Reserved for extensions.
    Rsv3,
    /// Four bits: what kind of frame it is.
    Opcode,
    /// Whether the payload is masked.
    Mask,
    /// Seven bits: the length, or 126 or 127.
    Length,
    /// Two or eight bytes: the length, when the seven bits say so.
    ExtendedLength,
    /// Four bytes, when the MASK bit is set.
    MaskingKey,
}

impl Part {
    /// Its name in the figure of §5.2.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fin => "FIN",
            Self::Rsv1 => "RSV1",
            Self::Rsv2 => "RSV2",
            Self::Rsv3 => "RSV3",
            Self::Opcode => "opcode",
            Self::Mask => "MASK",
            Self::Length => "Payload len",
            Self::ExtendedLength => "Extended payload length",
            Self::MaskingKey => "Masking-key",
        }
    }
}

/// Where in the header a part is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// Which part.
    pub part: Part,
    /// Its bits, counted from the first bit of the frame: bit 0 is FIN, bit 8 is MASK. A byte's first
    /// bit is its highest.
    pub bits: Range<usize>,
}

impl Field {
    /// Its bytes, counted from the first byte of the frame; a part of a byte counts as one.
    pub fn bytes(&self) -> Range<usize> {
        self.bits.start / 8..self.bits.end.div_ceil(8)
    }

    /// Its value in these bytes of a frame, the highest bit first; none when they do not reach as far.
    pub fn value(&self, frame: &[u8]) -> Option<u64> {
        self.bits.clone().try_fold(0, |value, bit| {
            let byte = frame.get(bit / 8)?;
            Some(value << 1 | u64::from(byte >> (7 - bit % 8) & 1))
        })
    }
}

/// The parts of the header at the beginning of `bytes`, in order. Two bytes are enough to know all of
/// them; of one byte the five parts in it are known, and of none nothing.
pub fn layout(bytes: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut at = 0;
    let mut add = |part, bits| {
        fields.push(Field { part, bits: at..at + bits });
        at += bits;
    };
    if bytes.is_empty() {
        return fields;
    }
    for part in [Part::Fin, Part::Rsv1, Part::Rsv2, Part::Rsv3] {
        add(part, 1);
    }
    add(Part::Opcode, 4);
    let Some(second) = bytes.get(1) else { return fields };
    add(Part::Mask, 1);
    add(Part::Length, 7);
    match second & 0x7F {
        127 => add(Part::ExtendedLength, 64),
        126 => add(Part::ExtendedLength, 16),
        _ => {}
    }
    if second & 0x80 != 0 {
        add(Part::MaskingKey, 32);
    }
    fields
}

/// Masks, or unmasks, which is the same (§5.3): each byte with its byte of the key, exclusive or.
/// `at` is the place of the first of `bytes` in the payload.
pub fn unmask(bytes: &mut [u8], key: [u8; 4], at: u64) {
    for (byte, place) in bytes.iter_mut().zip((at % 4) as usize..) {
        *byte ^= key[place % 4];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header() -> impl Strategy<Value = Header> {
        let form = prop_oneof![Just(LengthForm::Bits7), Just(LengthForm::Bits16), Just(LengthForm::Bits64)];
        let parts = (any::<bool>(), any::<[bool; 3]>(), any::<u8>(), any::<Option<[u8; 4]>>(), form);
        (parts, any::<u64>()).prop_map(|((fin, rsv, opcode, mask, form), length)| {
            let length = if form.max() == u64::MAX { length } else { length % (form.max() + 1) };
            Header { fin, rsv, opcode: Opcode::new(opcode), mask, form, length }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_written_header_is_read_back(header in header()) {
            let bytes = header.write();
            prop_assert_eq!(bytes.len(), header.size());
            prop_assert_eq!(Header::read(&bytes), Some(header));
            for end in 0..bytes.len() {
                prop_assert_eq!(Header::read(&bytes[..end]), None, "of {} bytes", end);
            }
        }

        #[test]
        fn any_read_header_is_written_back(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Some(header) = Header::read(&bytes) {
                prop_assert_eq!(&header.write()[..], &bytes[..header.size()]);
            }
        }

        #[test]
        fn layout_covers_header_with_its_values(header in header()) {
            let bytes = header.write();
            let fields = layout(&bytes);
            let mut at = 0;
            for field in &fields {
                prop_assert_eq!(field.bits.start, at);
                at = field.bits.end;
            }
            prop_assert_eq!(at, 8 * header.size());
            let value = |part| fields.iter().find(|field| field.part == part)?.value(&bytes);
            prop_assert_eq!(value(Part::Fin), Some(header.fin.into()));
            prop_assert_eq!(value(Part::Rsv2), Some(header.rsv[1].into()));
            prop_assert_eq!(value(Part::Opcode), Some(header.opcode.bits().into()));
            prop_assert_eq!(value(Part::Mask), Some(header.mask.is_some().into()));
            let length = if header.form == LengthForm::Bits7 { Part::Length } else { Part::ExtendedLength };
            prop_assert_eq!(value(length), Some(header.length));
            let key = header.mask.map(|key| u32::from_be_bytes(key).into());
            prop_assert_eq!(value(Part::MaskingKey), key);
        }

        #[test]
        fn unmasking_twice_restores_at_any_cut(
            bytes: Vec<u8>, key: [u8; 4], cut: prop::sample::Index,
        ) {
            let mut whole = bytes.clone();
            unmask(&mut whole, key, 0);
            let mut halves = bytes.clone();
            let cut = cut.index(bytes.len() + 1);
            unmask(&mut halves[..cut], key, 0);
            unmask(&mut halves[cut..], key, cut as u64);
            prop_assert_eq!(&halves, &whole);
            unmask(&mut whole, key, 0);
            prop_assert_eq!(whole, bytes);
        }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        // RFC 6455 §5.7.
        let masked = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58];
        let header = Header::read(&masked).unwrap();
        assert_eq!(header, Header::new(Opcode::TEXT, Some([0x37, 0xFA, 0x21, 0x3D]), 5));
        let mut payload = masked[header.size()..].to_vec();
        unmask(&mut payload, header.mask.unwrap(), 0);
        assert_eq!(payload, b"Hello");
        assert_eq!(Header::new(Opcode::BINARY, None, 256).write(), [0x82, 0x7E, 0x01, 0x00]);
        assert_eq!(Header::new(Opcode::BINARY, None, 65_536).write(), [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn each_length_has_one_minimal_form() {
        for (length, minimal) in [
            (0, LengthForm::Bits7),
            (125, LengthForm::Bits7),
            (126, LengthForm::Bits16),
            (65_535, LengthForm::Bits16),
            (65_536, LengthForm::Bits64),
            (u64::MAX, LengthForm::Bits64),
        ] {
            for form in [LengthForm::Bits7, LengthForm::Bits16, LengthForm::Bits64] {
                let header = Header { form, ..Header::new(Opcode::TEXT, None, length) };
                assert_eq!(header.is_minimal(), form == minimal, "{length} in {form:?}");
            }
        }
        let too_long = Header { form: LengthForm::Bits16, ..Header::new(Opcode::TEXT, None, 70_000) };
        assert_eq!(too_long.write(), [0x81, 126, 0xFF, 0xFF]);
    }
}
