//! What people write: names, ids and texts, as the server keeps them.

use chat_protocol::{
    ClientId, Epoch, Name, ResumeToken, RoomId, RoomKey, SayId, TabId, Text,
    limits::{ID_MAX_CHARS, NAME_MAX_CHARS, TEXT_MAX_CHARS},
    typed,
};

/// Whether it can reorder what stands around it (UAX #9 §2).
fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

/// A name, and an id in the path of a URL.
pub(crate) fn name(bytes: &[u8]) {
    let decoded = percent_encoding::percent_decode(bytes).decode_utf8();
    for raw in [std::str::from_utf8(bytes).ok(), decoded.as_deref().ok()].into_iter().flatten() {
        if let Ok(name) = Name::parse(raw) {
            check_name(&name);
        }
        if let Ok(room) = RoomId::parse(raw) {
            assert!((1..=ID_MAX_CHARS).contains(&characters(room.as_str())));
            assert!(!room.as_str().contains(|c: char| c.is_control() || c.is_whitespace() || c == '/'));
            assert_eq!(RoomId::parse(room.as_str()).as_ref(), Ok(&room));
            // A page finds the same room by it.
            let found = typed::room_name(room.as_str()).expect("what is an id can be typed");
            assert_eq!(RoomKey::of(&found), RoomKey::of(&room));
        }
        if let Ok(room) = typed::room(raw, &["localhost:3000"]) {
            assert_eq!(typed::room(room.as_str(), &[]).as_ref(), Ok(&room));
        }
        if let Ok(name) = typed::name(raw) {
            check_name(&name);
        }
        if let Ok(id) = ClientId::parse(raw) {
            assert_eq!(ClientId::parse(id.as_str()).as_ref(), Ok(&id));
            let second = id.numbered(2);
            assert_eq!(ClientId::parse(second.as_str()).as_ref(), Ok(&second));
            assert_ne!(second, id.numbered(3));
            check_name(&Name::from(&id));
        }
        for opaque in [
            SayId::parse(raw).map(|id| id.as_str().to_owned()),
            TabId::parse(raw).map(|id| id.as_str().to_owned()),
            Epoch::parse(raw).map(|id| id.as_str().to_owned()),
        ] {
            let visible =
                (1..=ID_MAX_CHARS).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic());
            assert_eq!(opaque.ok().as_deref(), visible.then_some(raw));
        }
        if let Ok(token) = ResumeToken::parse(raw) {
            assert!(token.as_str() == raw && raw.len() == 64 && !format!("{token:?}").contains(raw));
        }
    }
}

fn check_name(name: &Name) {
    let written = name.as_str();
    assert!((1..=NAME_MAX_CHARS).contains(&characters(written)));
    assert!(!written.contains(|c: char| c.is_control() || reorders(c)), "{written:?}");
    assert_eq!(Name::parse(written).as_ref(), Ok(name));
    let (second, third) = (name.numbered(2), name.numbered(3));
    assert_eq!(Name::parse(second.as_str()).as_ref(), Ok(&second));
    assert!(!second.is_like(&third), "a free name is found by counting");
    // Whoever capitalises a name does not get another one.
    if let Ok(upper) = Name::parse(&written.to_ascii_uppercase()) {
        assert!(upper.is_like(name), "{written:?}");
    }
}

/// A text.
pub(crate) fn text(bytes: &[u8]) {
    let Ok(raw) = std::str::from_utf8(bytes) else { return };
    let Ok(text) = Text::parse(raw) else { return };
    let kept = text.as_str();
    assert!((1..=TEXT_MAX_CHARS).contains(&characters(kept)));
    assert!(!kept.contains(|c: char| reorders(c) || (c.is_control() && c != '\n' && c != '\t')), "{kept:?}");
    assert_eq!(Text::parse(kept).as_ref(), Ok(&text));
    assert_eq!(Text::parse_within(raw, characters(kept)).as_ref(), Ok(&text));
    assert!(Text::parse_within(raw, characters(kept) - 1).is_err());
}
