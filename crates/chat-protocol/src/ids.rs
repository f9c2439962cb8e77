//! The ids of the protocol: which room, which person, which message, which tab, which life of the
//! room, and the secrets. Ids may be Persian, because people type them into address bars and
//! read them aloud in class. None of them but the secrets proves anything.

use std::{fmt, sync::Arc};

use crate::{ErrorCode, Flaw, Invalid, chars, limits::ID_MAX_CHARS, wire_text::wire_text};

/// A room's id, as in `/r/{room_id}`: letters and digits of any script, `-`, `_`, `.` and ZWNJ,
/// beginning with a letter or digit, at most [`ID_MAX_CHARS`]. Outer space is trimmed and inner
/// space becomes one `-`, and Arabic letter forms (ي, ك) become the Persian letter that every reader
/// sees in them; else it is kept as it was written. Which ids are one room is for `RoomKey` to say.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RoomId(Arc<str>);

impl RoomId {
    const RULE: &str = "1 to 64 letters or digits of any script, '-', '_', '.' or ZWNJ; \
        the first a letter or digit";

    /// # Errors
    /// [`ErrorCode::BadRoomId`] when empty, too long, or holding any other character.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        Self::check(raw).map_err(|flaw| flaw.told(ErrorCode::BadRoomId, "room id", Self::RULE))
    }

    /// As [`RoomId::parse`], with an error that can be told in any language.
    pub(crate) fn check(raw: &str) -> Result<Self, Flaw> {
        let words: String = chars::nfc(raw).chars().map(chars::persian_letter).collect();
        let room = words.split_whitespace().collect::<Vec<_>>().join("-");
        check_slug(&room)?;
        Ok(Self(room.into()))
    }
}

wire_text!(RoomId, 1..=ID_MAX_CHARS, SLUG_PATTERN, RoomId::RULE);

/// A person's public id within a room, as in `/ws/{room_id}/{client_id}`. It names, and proves
/// nothing: whoever knows it can ask for it, and gets a different one when it is taken.
/// Same characters as a [`RoomId`], kept as written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// # Errors
    /// [`ErrorCode::BadClientId`] when empty, too long, or holding a character ids do not have.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let composed = chars::nfc(raw);
        check_slug(&composed).map_err(|flaw| flaw.told(ErrorCode::BadClientId, "client id", RoomId::RULE))?;
        Ok(Self(composed.as_ref().into()))
    }

    /// The `n`th id derived from this one, for a second person who asked for the same: `ali-2`.
    /// Stays within [`ID_MAX_CHARS`].
    #[must_use]
    pub fn numbered(&self, n: usize) -> Self {
        let suffix = format!("-{n}");
        let keep = ID_MAX_CHARS - suffix.len();
        let mut id: String = self.0.chars().take(keep).collect();
        id.push_str(&suffix);
        Self(id.into())
    }
}

wire_text!(ClientId, 1..=ID_MAX_CHARS, SLUG_PATTERN, RoomId::RULE);

/// A sender's own id for one message, unique within its session: what the echo acknowledges and
/// what makes a resent message one message. Opaque: 1 to [`ID_MAX_CHARS`] visible ASCII characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SayId(Arc<str>);

impl SayId {
    /// # Errors
    /// [`ErrorCode::BadSayId`] when empty, too long, or not visible ASCII.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_opaque(raw, "say id", ErrorCode::BadSayId)?;
        Ok(Self(raw.into()))
    }
}

wire_text!(SayId, 1..=ID_MAX_CHARS, "^[!-~]+$", OPAQUE_RULE);

/// Which of one person's tabs a connection is. A join with a tab id the session already has
/// replaces that tab's earlier connection; a new one adds a tab. Same form as a [`SayId`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TabId(Arc<str>);

impl TabId {
    /// # Errors
    /// [`ErrorCode::BadField`] when empty, too long, or not visible ASCII.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_opaque(raw, "tab id", ErrorCode::BadField)?;
        Ok(Self(raw.into()))
    }
}

wire_text!(TabId, 1..=ID_MAX_CHARS, "^[!-~]+$", OPAQUE_RULE);

/// One life of a room. `seq` counts within it; a different epoch means that what was missed can no
/// longer be told. Opaque, same form as a [`SayId`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// # Errors
    /// [`ErrorCode::BadField`] when empty, too long, or not visible ASCII.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_opaque(raw, "epoch", ErrorCode::BadField)?;
        Ok(Self(raw.into()))
    }
}

wire_text!(Epoch, 1..=ID_MAX_CHARS, "^[!-~]+$", OPAQUE_RULE);

/// The secret that lets a browser be the same person again: 256 random bits as 64 lower-case hex
/// digits. Given in `welcome`, sent back only inside `join`, never in a URL; its `Debug` does not
/// show it, so it cannot reach a log by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeToken(Arc<str>);

impl ResumeToken {
    /// The token for these random bytes. The caller owns the randomness.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(hex(random).into())
    }

    /// # Errors
    /// [`ErrorCode::BadField`] when it is not 64 lower-case hex digits.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_secret(raw, "resume token")?;
        Ok(Self(raw.into()))
    }
}

impl fmt::Debug for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeToken(…)")
    }
}

wire_text!(ResumeToken, 64..=64, SECRET_PATTERN, SECRET_RULE);

/// What lets its holder see the recording of one connection, and nothing else: 256 random bits as
/// 64 hex digits. Told to that connection only, as its first message, and good for as long as the
/// recording is kept. Unlike a [`ResumeToken`] it stands in URLs, because a browser's event stream
/// has no other place for it; the server logs none.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CaptureToken(Arc<str>);

impl CaptureToken {
    /// The token for these random bytes. The caller owns the randomness.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(hex(random).into())
    }

    /// # Errors
    /// [`ErrorCode::BadField`] when it is not 64 lower-case hex digits.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_secret(raw, "capture token")?;
        Ok(Self(raw.into()))
    }
}

impl fmt::Debug for CaptureToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaptureToken(…)")
    }
}

wire_text!(CaptureToken, 64..=64, SECRET_PATTERN, SECRET_RULE);

/// What proves the teacher of a class: 256 random bits as 64 lower-case hex digits. It stands in the fragment of
/// the class's link, which no browser sends, and goes to the server only inside `join`; its `Debug` does not
/// show it, so it cannot reach a log by accident.
#[cfg(feature = "class")]
#[derive(Clone, PartialEq, Eq)]
pub struct ClassKey(Arc<str>);

#[cfg(feature = "class")]
impl ClassKey {
    /// The key for these random bytes. The caller owns the randomness.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        Self(hex(random).into())
    }

    /// # Errors
    /// [`ErrorCode::BadField`] when it is not 64 lower-case hex digits.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        check_secret(raw, "class key")?;
        Ok(Self(raw.into()))
    }
}

#[cfg(feature = "class")]
impl fmt::Debug for ClassKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClassKey(…)")
    }
}

#[cfg(feature = "class")]
wire_text!(ClassKey, 64..=64, SECRET_PATTERN, SECRET_RULE);

#[cfg(feature = "schema")]
const SECRET_PATTERN: &str = "^[0-9a-f]+$";

const SECRET_RULE: &str = "64 lower-case hexadecimal digits";

fn hex(bytes: [u8; 32]) -> String {
    use fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in bytes {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}

fn check_secret(raw: &str, what: &str) -> Result<(), Invalid> {
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if raw.len() == 64 && raw.bytes().all(hex) {
        Ok(())
    } else {
        Err(Invalid::new(ErrorCode::BadField, format!("{what}: must be {SECRET_RULE}")))
    }
}

const OPAQUE_RULE: &str = "1 to 64 visible ASCII characters";

fn check_opaque(raw: &str, what: &str, code: ErrorCode) -> Result<(), Invalid> {
    if (1..=ID_MAX_CHARS).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Invalid::new(code, format!("{what}: must be {OPAQUE_RULE}")))
    }
}

/// No space, and no ASCII but letters, digits, `-`, `_` and `.`; first a letter or digit.
#[cfg(feature = "schema")]
const SLUG_PATTERN: &str = r"^[^\x00-/:-@\[-`{-\x7f\s][^\x00-,/:-@\[-^`{-\x7f\s]*$";

fn check_slug(slug: &str) -> Result<(), Flaw> {
    let length = slug.chars().count();
    let first = slug.chars().next().ok_or(Flaw::Empty)?;
    if length > ID_MAX_CHARS {
        return Err(Flaw::TooLong { length, max: ID_MAX_CHARS });
    }
    // Unicode counts a few blanks as letters (the Hangul fillers), so being a letter is not enough.
    let allowed = |c: char| {
        (c.is_alphanumeric() || chars::is_combining(c) || matches!(c, '-' | '_' | '.' | chars::ZWNJ))
            && !chars::is_invisible(c)
    };
    if let Some(bad) = slug.chars().find(|&c| !allowed(c)) {
        return Err(Flaw::Char(bad));
    }
    if !first.is_alphanumeric() || chars::is_skipped_by_eye(first) {
        return Err(Flaw::Start(first));
    }
    if chars::has_tower(slug) { Err(Flaw::Marks) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_kept_nearly_as_written() {
        for (raw, kept) in [
            (" کلاس  ۴۰ ", "کلاس-۴۰"),
            ("کلاس\u{A0}۴۰", "کلاس-۴۰"),
            ("Room A", "Room-A"),
            ("كلاس-ي١", "کلاس-ی١"),
            ("\u{627}\u{653}بی", "آبی"),
        ] {
            assert_eq!(RoomId::parse(raw).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn path_like_or_hidden_ids_are_refused() {
        for bad in
            ["", " ", ".", "..", "-a", "a/b", "a?b", "a#b", "a%2f", "a\u{202E}b", "a\u{200B}b", "a\0b", "🙂"]
        {
            assert_eq!(RoomId::parse(bad).unwrap_err().code, ErrorCode::BadRoomId, "{bad:?}");
            assert_eq!(ClientId::parse(bad).unwrap_err().code, ErrorCode::BadClientId, "{bad:?}");
        }
        assert!(RoomId::parse(&"ا".repeat(64)).is_ok());
        assert!(RoomId::parse(&"ا".repeat(65)).unwrap_err().detail.contains("65 characters"));
    }

    #[test]
    fn id_that_cannot_be_name_is_refused() {
        for bad in [
            "\u{3164}",
            "ali\u{115F}",
            "ali\u{34F}",
            "\u{64E}",
            "ـ",
            "q\u{301}\u{302}\u{303}",
            "م\u{8F0}\u{8F1}\u{8F2}",
        ] {
            assert!(ClientId::parse(bad).is_err(), "{bad:?}");
            assert!(RoomId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_zwnj_inside_an_id_is_kept() {
        assert_eq!(ClientId::parse("می‌روم").unwrap().as_str(), "می\u{200C}روم");
    }

    #[test]
    fn numbered_id_stays_valid() {
        let long = ClientId::parse(&"ا".repeat(64)).unwrap().numbered(12);
        assert_eq!(long.as_str().chars().count(), 64);
        assert!(ClientId::parse(long.as_str()).is_ok());
        assert_eq!(ClientId::parse("ali").unwrap().numbered(2).as_str(), "ali-2");
    }

    #[test]
    fn resume_token_round_trips_but_debug_hides() {
        let token = ResumeToken::from_bytes([0xAB; 32]);
        assert_eq!(ResumeToken::parse(token.as_str()).unwrap(), token);
        assert!(!format!("{token:?}").contains("ab"));
        for bad in ["", "ab", &"AB".repeat(32), &"zz".repeat(32)] {
            assert!(ResumeToken::parse(bad).is_err());
        }
    }
}
