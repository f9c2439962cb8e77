//! What a client may send, and the one way to read it: what concerns its connection (join, ping) is here,
//! what it asks of its room a [`Command`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(feature = "class")]
use crate::class::{RawTeacher, Teacher};
use crate::{Command, Epoch, ErrorCode, Invalid, Name, ResumeToken, SayId, Seq, TabId, read_fields};

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
        /// Be the teacher of this room's class.
        #[cfg(feature = "class")]
        #[serde(skip_serializing_if = "Option::is_none")]
        teacher: Option<Teacher>,
    },
    /// Ask for a `pong` with the same number, to measure the round trip.
    Ping {
        /// Any number; it comes back.
        #[cfg_attr(feature = "schema", schemars(range(max = u32::MAX)))]
        n: u32,
    },
    /// What a member asks of the room: see [`Command`].
    #[serde(untagged)]
    Command(Command),
}

impl From<Command> for ClientMsg {
    fn from(command: Command) -> Self {
        Self::Command(command)
    }
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
    #[cfg_attr(feature = "schema", schemars(range(max = crate::SEQ_MAX)))]
    pub seq: Seq,
}

read_fields! { Resume { token, epoch, seq } }

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
    /// A `join` of somebody who comes to talk.
    pub fn join(name: Option<Name>, resume: Option<Resume>, tab: Option<TabId>) -> Self {
        Self::Join {
            name,
            resume,
            tab,
            #[cfg(feature = "class")]
            teacher: None,
        }
    }

    /// Reads one text frame. `text_max` is the longest text the operator allows, in characters;
    /// [`TEXT_MAX_CHARS`](crate::limits::TEXT_MAX_CHARS) binds in any case.
    ///
    /// # Errors
    /// A [`Rejection`] that names what was wrong: `bad_json`, `unknown_type`, `bad_field`, or the
    /// rule a value broke. Fields this version does not know are ignored.
    pub fn parse(json: &str, text_max: usize) -> Result<Self, Rejection> {
        if let Some(say) = Command::read_say(json, text_max) {
            return say.map(Self::Command);
        }
        let tag = read_tag(json)?;
        match &*tag {
            "join" => Ok(read::<RawJoin>(json)?.check()?),
            "ping" => Ok(Self::Ping { n: read::<RawPing>(json)?.n }),
            "" => Err(unknown_type("missing")),
            tag => match Command::read(tag, json, text_max) {
                Some(command) => command.map(Self::Command),
                None => Err(unknown_type("unknown")),
            },
        }
    }

    /// The frame for this message.
    pub fn to_json(&self) -> String {
        // Not `expect`, which would show the error, with all of `std::io`'s, on the page too.
        serde_json::to_string(self).unwrap_or_else(|_| unreachable!("strings and numbers always serialise"))
    }
}

// The frames as written, their values still unchecked. Kept apart from `ClientMsg` so that a broken
// value is answered with its own code, where serde could only say "invalid value".

#[derive(Deserialize)]
struct RawJoin {
    name: Option<String>,
    resume: Option<RawResume>,
    tab: Option<String>,
    #[cfg(feature = "class")]
    teacher: Option<RawTeacher>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with token, epoch and seq")]
struct RawResume {
    token: String,
    epoch: String,
    seq: Seq,
}

#[derive(Deserialize)]
struct RawPing {
    n: u32,
}

impl RawJoin {
    fn check(self) -> Result<ClientMsg, Invalid> {
        Ok(ClientMsg::Join {
            name: self.name.map(|raw| Name::parse(&raw)).transpose()?,
            resume: self.resume.map(RawResume::check).transpose()?,
            tab: self.tab.map(|raw| TabId::parse(&raw)).transpose()?,
            #[cfg(feature = "class")]
            teacher: self.teacher.map(RawTeacher::check).transpose()?,
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

/// The `type` of a frame, empty where it has none. Passes over the whole frame, so behind this the
/// JSON is well-formed and nothing follows it.
fn read_tag(json: &str) -> Result<Cow<'_, str>, Rejection> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(borrow, default)]
        r#type: Cow<'a, str>,
    }

    // serde would also read a struct from an array.
    let object = json.trim_ascii_start().starts_with('{');
    match serde_json::from_str::<Tagged<'_>>(json) {
        Ok(tagged) if object => Ok(tagged.r#type),
        Err(error) if object && error.is_data() => Err(unknown_type(&without_value(&error))),
        Err(error) if !error.is_data() => {
            Err(Invalid::new(ErrorCode::BadJson, format!("not JSON: {error}")).into())
        }
        _ => Err(Invalid::new(ErrorCode::BadJson, "not a JSON object".into()).into()),
    }
}

fn unknown_type(why: &str) -> Rejection {
    Invalid::new(ErrorCode::UnknownType, format!("type: {why}; must be join, {} or ping", Command::TYPES))
        .into()
}

/// The fields of a frame. When they are not as they should be, reads them again to find out which
/// one it was; only frames that already failed pay for it.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Invalid> {
    serde_json::from_str(json).or_else(|_| {
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json)).map_err(|error| {
            let why = without_value(error.inner());
            // A field that is missing has no path; serde's own words name it.
            let field = error.path().iter().next().map(|_| format!("{}: ", error.path()));
            Invalid::new(ErrorCode::BadField, field.unwrap_or_default() + &why)
        })
    })
}

/// What serde has to say, without the value that it quotes: that could be a whole text, or a token
/// on its way into a log.
fn without_value(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rsplit_once(", expected ") {
        Some((_, expected)) if error.is_data() => format!("expected {expected}"),
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::TEXT_MAX_CHARS;

    fn code(json: &str) -> ErrorCode {
        ClientMsg::parse(json, TEXT_MAX_CHARS).unwrap_err().invalid.code
    }

    #[test]
    fn each_invalid_message_has_its_code() {
        for (json, expected) in [
            ("", ErrorCode::BadJson),
            ("{", ErrorCode::BadJson),
            ("[]", ErrorCode::BadJson),
            ("7", ErrorCode::BadJson),
            (r#"["typing"]"#, ErrorCode::BadJson),
            (r#"["say","a","x"]"#, ErrorCode::BadJson),
            ("\u{FEFF}{}", ErrorCode::BadJson),
            (r#"{"type":7}"#, ErrorCode::UnknownType),
            (r#"{"type":"ping","type":"ping","n":1}"#, ErrorCode::UnknownType),
            (r#"{"type":"typing"} {"type":"typing"}"#, ErrorCode::BadJson),
            ("{}", ErrorCode::UnknownType),
            (r#"{"type":"shout","text":"x"}"#, ErrorCode::UnknownType),
            (r#"{"type":"say","text":"x"}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":1,"text":"x"}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":"a","text":"\ud800"}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":"a","text":"x","text":"y"}"#, ErrorCode::BadField),
            (r#"{"type":"ping","n":-1}"#, ErrorCode::BadField),
            (r#"{"type":"ping","n":1e999}"#, ErrorCode::BadField),
            (r#"{"type":"ping","n":4294967296}"#, ErrorCode::BadField),
            (r#"{"type":"say","id":"","text":"x"}"#, ErrorCode::BadSayId),
            (r#"{"type":"say","id":"a","text":" "}"#, ErrorCode::EmptyText),
            (r#"{"type":"join","name":""}"#, ErrorCode::BadName),
            (r#"{"type":"join","resume":{"token":"x","epoch":"e","seq":1}}"#, ErrorCode::BadField),
            (r#"{"type":"join","teacher":{"token":"x"}}"#, ErrorCode::BadField),
            (r#"{"type":"stage","slide":99,"step":0}"#, ErrorCode::BadField),
            (r#"{"type":"stage","slide":1,"step":-1}"#, ErrorCode::BadField),
            (r#"{"type":"vote"}"#, ErrorCode::BadField),
            (r#"{"type":"vote","answer":-1}"#, ErrorCode::BadField),
            (r#"{"type":"round_trip","us":60000001}"#, ErrorCode::BadField),
            (r#"{"type":"open_vote","question":"?","answers":["a"]}"#, ErrorCode::BadField),
            (r#"{"type":"open_vote","question":"?","answers":["a"," "]}"#, ErrorCode::EmptyText),
        ] {
            assert_eq!(code(json), expected, "{json}");
        }
    }

    #[test]
    fn bad_field_is_named_without_its_value() {
        for (json, named) in [
            (r#"{"type":"say","id":"a"}"#, "missing field `text`"),
            (r#"{"type":"say","id":"a","text":["secret"]}"#, "text: expected a string"),
            (r#"{"type":"ping","n":"secret, expected secret"}"#, "n: expected u32"),
            (r#"{"type":"join","resume":"secret"}"#, "resume: expected an object with token"),
            (r#"{"type":"join","teacher":"secret"}"#, "teacher: expected an object with token"),
            (r#"{"type":"join","teacher":{"token":"secret"}}"#, "class key"),
            (r#"{"type":"join","resume":{"token":"secret","epoch":"e","seq":1}}"#, "resume token"),
            (
                r#"{"type":"join","resume":{"token":"","epoch":"e","seq":"secret"}}"#,
                "resume.seq: expected u64",
            ),
            (r#"{"type":{"secret":1}}"#, "type: expected a string"),
            (r#"{"type":"secret"}"#, "type: unknown"),
            (r#""secret""#, "not a JSON object"),
        ] {
            let detail = ClientMsg::parse(json, TEXT_MAX_CHARS).unwrap_err().invalid.detail;
            assert!(detail.contains(named), "{json}: {detail}");
            assert!(!detail.contains("secret"), "{json}: {detail}");
        }
    }

    #[test]
    fn error_about_say_carries_its_id() {
        for json in [
            r#"{"type":"say","id":"a-1","text":""}"#,
            r#"{"type":"say","id":"a-1","text":7}"#,
            r#"{"type":"say","id":"a-1","text":"\udc00"}"#,
            r#"{"type":"say","id":"a-1"}"#,
        ] {
            let rejection = ClientMsg::parse(json, TEXT_MAX_CHARS).unwrap_err();
            assert_eq!(rejection.id.unwrap().as_str(), "a-1", "{json}");
        }
    }

    #[test]
    fn fields_of_a_later_version_are_ignored() {
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for since in ["3", "null", "1e999", r#""\ud800""#, &deep] {
            let typing = format!(r#"{{"type":"typing","since":{since}}}"#);
            assert_eq!(ClientMsg::parse(&typing, TEXT_MAX_CHARS), Ok(ClientMsg::Command(Command::Typing)));
        }
    }

    #[test]
    fn escapes_mean_what_they_stand_for() {
        let typing = ClientMsg::parse(r#"{"ty\u0070e":"\u0074yping"}"#, TEXT_MAX_CHARS);
        assert_eq!(typing, Ok(ClientMsg::Command(Command::Typing)));
    }

    #[test]
    fn longest_escaped_text_fits_a_frame() {
        let escaped = r"\ud83d\ude42".repeat(TEXT_MAX_CHARS);
        let json = format!(r#"{{"type":"say","id":"{}","text":"{escaped}"}}"#, "a".repeat(64));
        assert!(ClientMsg::parse(&json, TEXT_MAX_CHARS).is_ok());
        assert!(json.len() <= crate::limits::FRAME_MAX_BYTES);
    }

    #[test]
    fn the_operators_bound_binds() {
        assert_eq!(
            ClientMsg::parse(r#"{"type":"say","id":"a","text":"سلام"}"#, 3).unwrap_err().invalid.code,
            ErrorCode::TextTooLong
        );
    }
}
