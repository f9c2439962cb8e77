//! Why something a client sent was not accepted. An error answers and the session lives on; what
//! ends a session is a [`crate::CloseCode`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::{Json, Read};

/// The reason as a token a program can switch on. New ones may be added; a client that meets one
/// it does not know reads [`ErrorCode::Unknown`] and shows the detail.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ErrorCode {
    /// The frame is not one JSON object.
    BadJson,
    /// The frame is binary; this protocol speaks text frames.
    NotText,
    /// `type` names no message of this protocol.
    UnknownType,
    /// A field is missing, or not of its form.
    BadField,
    /// The room id breaks its rule.
    BadRoomId,
    /// The client id breaks its rule.
    BadClientId,
    /// The name breaks its rule.
    BadName,
    /// Somebody in the room already has this name, or one that looks the same. A free one comes
    /// along as `suggestion`.
    NameTaken,
    /// The say id breaks its rule.
    BadSayId,
    /// Nothing visible to say.
    EmptyText,
    /// The text is longer than allowed.
    TextTooLong,
    /// Something other than `join` or `ping` before `join`.
    NotJoined,
    /// A second `join` on one connection.
    AlreadyJoined,
    /// The room has as many members as it may.
    RoomFull,
    /// Too many messages in too short a time; this one was dropped.
    TooFast,
    /// As many connections are being recorded as may be, or none may be; this one is not.
    XrayUnavailable,
    /// The key in `join` is not this room's.
    BadKey,
    /// For who showed the room's key in `join` alone.
    NotTeacher,
    /// A vote is open already.
    VoteOpen,
    /// No vote is open.
    NoVote,
    /// A code from a newer server.
    Unknown,
}

impl ErrorCode {
    /// Every code, in the order of the declaration, for tests and documents.
    pub const ALL: [Self; 21] = [
        Self::BadJson,
        Self::NotText,
        Self::UnknownType,
        Self::BadField,
        Self::BadRoomId,
        Self::BadClientId,
        Self::BadName,
        Self::NameTaken,
        Self::BadSayId,
        Self::EmptyText,
        Self::TextTooLong,
        Self::NotJoined,
        Self::AlreadyJoined,
        Self::RoomFull,
        Self::TooFast,
        Self::XrayUnavailable,
        Self::BadKey,
        Self::NotTeacher,
        Self::VoteOpen,
        Self::NoVote,
        Self::Unknown,
    ];

    /// The token as it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::NotText => "not_text",
            Self::UnknownType => "unknown_type",
            Self::BadField => "bad_field",
            Self::BadRoomId => "bad_room_id",
            Self::BadClientId => "bad_client_id",
            Self::BadName => "bad_name",
            Self::NameTaken => "name_taken",
            Self::BadSayId => "bad_say_id",
            Self::EmptyText => "empty_text",
            Self::TextTooLong => "text_too_long",
            Self::NotJoined => "not_joined",
            Self::AlreadyJoined => "already_joined",
            Self::RoomFull => "room_full",
            Self::TooFast => "too_fast",
            Self::XrayUnavailable => "xray_unavailable",
            Self::BadKey => "bad_key",
            Self::NotTeacher => "not_teacher",
            Self::VoteOpen => "vote_open",
            Self::NoVote => "no_vote",
            Self::Unknown => "unknown",
        }
    }

    fn of_token(token: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.as_str() == token).unwrap_or(Self::Unknown)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// A code from a newer server is [`ErrorCode::Unknown`].
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        Ok(Self::of_token(&token))
    }
}

impl Read for ErrorCode {
    /// As `Deserialize`.
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self::of_token(&String::read(json)?))
    }
}

/// A value broke its rule: which rule, as a token, and what was wrong with it, in English for the
/// person writing a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invalid {
    /// Which rule.
    pub code: ErrorCode,
    /// What was wrong. Names characters by code point and never repeats the value.
    pub detail: String,
}

impl Invalid {
    pub(crate) fn new(code: ErrorCode, detail: String) -> Self {
        Self { code, detail }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_all() {
        // `Unknown` stays last, so a code that is missing above moves it.
        assert!(ErrorCode::ALL.iter().enumerate().all(|(at, &code)| code as usize == at));
        assert_eq!(ErrorCode::ALL.len(), ErrorCode::Unknown as usize + 1);
    }

    #[test]
    fn error_token_matches_serde() {
        for code in ErrorCode::ALL {
            let json = format!("\"{}\"", code.as_str());
            assert_eq!(serde_json::to_string(&code).unwrap(), json);
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), code);
        }
        assert_eq!(serde_json::from_str::<ErrorCode>(r#""from_2031""#).unwrap(), ErrorCode::Unknown);
    }
}
