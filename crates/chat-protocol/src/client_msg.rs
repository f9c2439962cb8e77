//! What a client may send, and the one way to read it. Three of the lesson's five steps are here
//! by name: join, say, and (as [`crate::server_msg::Said`]) its broadcast.

use serde::{Deserialize, Serialize};

use crate::{Epoch, ErrorCode, Invalid, Name, ResumeToken, SayId, Seq, TabId, Text, limits::TEXT_MAX_CHARS};

/// A message from a client, already checked: nothing in it can break a rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMsg {
    /// Enter the room of the URL. Once per connection; answered by `welcome`.
    Join {
        /// Without one, the client id is the name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Name>,
        /// Be the same person again after a lost connection.
        #[serde(skip_serializing_if = "Option::is_none")]
        resume: Option<Resume>,
        /// Which of this person's tabs this is; without one, the only one.
        #[serde(skip_serializing_if = "Option::is_none")]
        tab: Option<TabId>,
    },
    /// Say something to everyone. Its `said`, echoed to the sender too, is the acknowledgement.
    Say {
        /// Unique within the session; the same id again is the same message.
        id: SayId,
        /// What is said.
        text: Text,
    },
    /// The person is typing. Worth sending at most every
    /// [`TYPING_TTL_MS`](crate::limits::TYPING_TTL_MS) / 2.
    Typing,
    /// Take another name.
    Rename {
        /// The new one.
        name: Name,
    },
    /// Ask for a `pong` with the same number, to measure the round trip.
    Ping {
        /// Any number; it comes back.
        n: u32,
    },
}

/// Proof of having been here, and how far one had read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resume {
    /// The token of the last `welcome`.
    pub token: ResumeToken,
    /// The epoch of the last `welcome`.
    pub epoch: Epoch,
    /// The last `seq` received.
    pub seq: Seq,
}

/// Why a frame was not a [`ClientMsg`]: the error to answer with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejection {
    /// What was wrong.
    pub invalid: Invalid,
    /// The id of the `say` this answers, where it could be read.
    pub id: Option<SayId>,
}

impl From<Invalid> for Rejection {
    fn from(invalid: Invalid) -> Self {
        Self { invalid, id: None }
    }
}

impl ClientMsg {
    /// Reads one text frame. `text_max` is the longest text the operator allows, in characters;
    /// [`TEXT_MAX_CHARS`] binds in any case.
    ///
    /// # Errors
    /// A [`Rejection`] that names what was wrong: `bad_json`, `unknown_type`, `bad_field`, or the
    /// rule a value broke. Fields this version does not know are ignored.
    pub fn parse(json: &str, text_max: usize) -> Result<Self, Rejection> {
        match serde_json::from_str::<Raw>(json) {
            Ok(raw) => raw.check(text_max),
            Err(error) => Err(explain(json, &error)),
        }
    }

    /// The frame for this message.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

/// The frame as written, its values still unchecked. Kept apart so that a broken value is answered
/// with its own code, where serde could only say "invalid value".
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Raw {
    Join { name: Option<String>, resume: Option<RawResume>, tab: Option<String> },
    Say { id: String, text: String },
    Typing {},
    Rename { name: String },
    Ping { n: u32 },
}

#[derive(Deserialize)]
struct RawResume {
    token: String,
    epoch: String,
    seq: Seq,
}

impl Raw {
    fn check(self, text_max: usize) -> Result<ClientMsg, Rejection> {
        Ok(match self {
            Self::Join { name, resume, tab } => ClientMsg::Join {
                name: name.map(|raw| Name::parse(&raw)).transpose()?,
                resume: resume.map(RawResume::check).transpose()?,
                tab: tab.map(|raw| TabId::parse(&raw)).transpose()?,
            },
            Self::Say { id, text } => {
                let id = SayId::parse(&id)?;
                match Text::parse_within(&text, text_max.min(TEXT_MAX_CHARS)) {
                    Ok(text) => ClientMsg::Say { id, text },
                    Err(invalid) => return Err(Rejection { invalid, id: Some(id) }),
                }
            }
            Self::Typing {} => ClientMsg::Typing,
            Self::Rename { name } => ClientMsg::Rename { name: Name::parse(&name)? },
            Self::Ping { n } => ClientMsg::Ping { n },
        })
    }
}

impl RawResume {
    fn check(self) -> Result<Resume, Invalid> {
        Ok(Resume {
            token: ResumeToken::parse(&self.token)?,
            epoch: Epoch::parse(&self.epoch)?,
            seq: self.seq,
        })
    }
}

/// Finds out what kind of wrong a frame is. Only frames that already failed come here, so reading
/// them a second time costs nobody else.
fn explain(json: &str, error: &serde_json::Error) -> Rejection {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(borrow)]
        r#type: Option<std::borrow::Cow<'a, str>>,
    }

    const TYPES: &str = "join, say, typing, rename or ping";
    let tagged = serde_json::from_str::<Tagged<'_>>(json);
    let (code, detail) = match tagged.map(|tagged| tagged.r#type) {
        Ok(Some(tag)) if matches!(&*tag, "join" | "say" | "typing" | "rename" | "ping") => {
            (ErrorCode::BadField, format!("{tag}: {error}"))
        }
        Ok(Some(_)) => (ErrorCode::UnknownType, format!("type: must be {TYPES}")),
        Ok(None) => (ErrorCode::UnknownType, format!("type: missing; must be {TYPES}")),
        Err(syntax) => (ErrorCode::BadJson, format!("not a JSON object with a type: {syntax}")),
    };
    Invalid::new(code, detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str) -> ErrorCode {
        ClientMsg::parse(json, TEXT_MAX_CHARS).unwrap_err().invalid.code
    }

    #[test]
    fn each_kind_of_wrong_has_its_own_code() {
        for (json, expected) in [
            ("", ErrorCode::BadJson),
            ("{", ErrorCode::BadJson),
            ("[]", ErrorCode::BadJson),
            ("7", ErrorCode::BadJson),
            (r#"{"type":7}"#, ErrorCode::BadJson),
            (r#"{"type":"typing"} {"type":"typing"}"#, ErrorCode::BadJson),
            ("{}", ErrorCode::UnknownType),
            (r#"{"type":"shout","text":"x"}"#, ErrorCode::UnknownType),
            (r#"{"type":"say","text":"x"}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":1,"text":"x"}"#, ErrorCode::BadField),
            (r#"{"type":"ping","n":-1}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":"","text":"x"}"#, ErrorCode::BadSayId),
            (r#"{"type":"say","id":"a","text":" "}"#, ErrorCode::EmptyText),
            (r#"{"type":"join","name":""}"#, ErrorCode::BadName),
            (r#"{"type":"join","resume":{"token":"x","epoch":"e","seq":1}}"#, ErrorCode::BadField),
        ] {
            assert_eq!(code(json), expected, "{json}");
        }
    }

    #[test]
    fn a_missing_field_is_named() {
        let rejection = ClientMsg::parse(r#"{"type":"say","id":"a"}"#, TEXT_MAX_CHARS).unwrap_err();
        assert!(rejection.invalid.detail.contains("`text`"), "{}", rejection.invalid.detail);
    }

    #[test]
    fn an_error_about_a_say_carries_its_id() {
        let rejection =
            ClientMsg::parse(r#"{"type":"say","id":"a-1","text":""}"#, TEXT_MAX_CHARS).unwrap_err();
        assert_eq!(rejection.id.unwrap().as_str(), "a-1");
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        let typing = ClientMsg::parse(r#"{"type":"typing","since":3}"#, TEXT_MAX_CHARS).unwrap();
        assert_eq!(typing, ClientMsg::Typing);
    }

    #[test]
    fn the_operators_bound_binds() {
        assert_eq!(
            ClientMsg::parse(r#"{"type":"say","id":"a","text":"سلام"}"#, 3).unwrap_err().invalid.code,
            ErrorCode::TextTooLong
        );
    }
}
