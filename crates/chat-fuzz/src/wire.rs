//! The bytes of one direction of a connection, as the X-ray shows them and the echo hears them.

use chat_wire::{
    decoder::{Assembler, Decoder, Item, Limits},
    frame::Opcode,
    redact::Redactor,
    rules::{Heard, Receiver, Role},
};

/// Longest message, in bytes: small, so that it is reached.
const MESSAGE_MAX: usize = 256;

/// The first byte chooses whether it begins with a head, and into which pieces the rest is cut: that
/// must make no difference.
pub(crate) fn run(bytes: &[u8]) {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let has_head = choice & 1 == 1;
    let piece = usize::from(choice >> 1).max(1);
    assert_eq!(decode(bytes, has_head, piece), decode(bytes, has_head, bytes.len().max(1)));
    assert_eq!(redact(bytes, has_head, piece), redact(bytes, has_head, bytes.len().max(1)));
    for role in [Role::Server, Role::Client] {
        assert_eq!(hear(bytes, role, piece), hear(bytes, role, bytes.len().max(1)));
    }
}

fn decode(bytes: &[u8], has_head: bool, piece: usize) -> Vec<Item> {
    let limits = Limits { head: 64, payload: 64, message: MESSAGE_MAX };
    let mut decoder = if has_head { Decoder::at_head(limits) } else { Decoder::at_frame(limits) };
    let mut assembler = Assembler::new(limits);
    let items: Vec<Item> = bytes.chunks(piece).flat_map(|piece| decoder.push(piece)).collect();
    assert_eq!(decoder.offset(), bytes.len() as u64, "every byte is somewhere");
    for item in &items {
        if let Item::Frame(frame) = item {
            let place = frame.header_place();
            assert_eq!(bytes[place.start as usize..place.end as usize], frame.header.write());
            assert!(frame.is_whole() && frame.payload.len() <= limits.payload);
            if let Some(message) = assembler.add(frame) {
                assert!(message.payload.len() <= limits.message);
            }
        }
    }
    items
}

fn redact(bytes: &[u8], has_head: bool, piece: usize) -> (Vec<u8>, Vec<bool>) {
    let mut redactor = if has_head { Redactor::at_head() } else { Redactor::at_frame() };
    let (mut data, mut hidden) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        let redacted = redactor.redact(piece);
        assert_eq!(redacted.data.len(), piece.len());
        let is_hidden = |at: usize| redacted.hidden.iter().any(|&(start, end)| (start..end).contains(&at));
        for (at, (shown, was)) in redacted.data.iter().zip(piece).enumerate() {
            assert!(shown == was || is_hidden(at), "a byte that is not hidden is another");
            hidden.push(is_hidden(at));
        }
        data.extend(redacted.data);
    }
    (data, hidden)
}

fn hear(bytes: &[u8], role: Role, piece: usize) -> Vec<Heard> {
    let mut receiver = Receiver::new(role, MESSAGE_MAX);
    let mut all = Vec::new();
    for mut piece in bytes.chunks(piece) {
        while let Some(heard) = receiver.hear(&mut piece) {
            assert!(!matches!(all.last(), Some(Heard::Violation(_))), "something was heard after the end");
            if let Heard::Message { opcode, payload } = &heard {
                assert!(payload.len() <= MESSAGE_MAX);
                assert!(*opcode != Opcode::TEXT || std::str::from_utf8(payload).is_ok());
            }
            all.push(heard);
        }
        assert!(piece.is_empty());
    }
    all
}
