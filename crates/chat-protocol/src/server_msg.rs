//! What the server sends. Broadcasts (`said`, `presence`, `typing`, `stage`, `vote`) are the same bytes to everyone
//! in the room; the rest answers one connection.

use serde::{Deserialize, Serialize};

use crate::{
    CaptureToken, ClientId, Epoch, ErrorCode, Invalid, Member, Name, Rejection, ResumeToken, RoomId, SayId,
    Seq, Text,
    json::{Json, Read, optional, required},
    read_fields,
};
#[cfg(feature = "class")]
use crate::{Class, RoundTrips, Stage, Vote};

/// A message to a client. There will be others: a client skips what it does not know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMsg {
    /// You are in. Answers `join`; a replay, if any, follows as ordinary `said`.
    Welcome(Welcome),
    /// Who came, went or changed since the last one.
    Presence(Presence),
    /// Somebody said something. To its sender it is also the acknowledgement.
    Said(Said),
    /// Somebody is typing, for the next [`TYPING_TTL_MS`](crate::limits::TYPING_TTL_MS).
    Typing {
        /// Who.
        from: ClientId,
    },
    /// Answers `tabs` and `end_tabs`: the open tabs of the person who asked, oldest first.
    Tabs {
        /// The one that asked among them.
        tabs: Vec<OpenTab>,
        /// With `end_tabs`: keep it, in the place of the one of `welcome`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<ResumeToken>,
    },
    /// Answers `ping`.
    Pong {
        /// The number of the ping.
        n: u32,
    },
    /// This connection is being recorded, because it asked for it (`?xray=1`). Its first message.
    Xray {
        /// What lets its holder see the recording.
        token: CaptureToken,
    },
    /// The class, to a connection that has just joined, right behind its `welcome`; where there is one.
    #[cfg(feature = "class")]
    Class(Class),
    /// The stage stands at another page.
    #[cfg(feature = "class")]
    Stage(Stage),
    /// A vote has begun, has other counts, or has ended.
    #[cfg(feature = "class")]
    Vote(Vote),
    /// How far members of the class are, to its teacher.
    #[cfg(feature = "class")]
    RoundTrips(RoundTrips),
    /// Something was not accepted; the session lives on.
    Error {
        /// For programs.
        code: ErrorCode,
        /// For the person writing the program; English.
        detail: String,
        /// The `say` this answers, if it answers one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<SayId>,
        /// A free name, with `name_taken`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggestion: Option<Name>,
        /// With `name_taken`, where the one who has the name has lost their connection: in how many seconds
        /// it is free, unless they come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        free_in: Option<u32>,
    },
}

/// The state of the room at the moment of joining.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Welcome {
    /// Who you are here; the id may differ from the one you asked for.
    pub you: Member,
    /// The room, in its canonical spelling.
    pub room: RoomId,
    /// The room's present life.
    pub epoch: Epoch,
    /// The last message you have now: after a complete resume the one you named, else the room's
    /// newest. The next `said` is `seq + 1`.
    #[cfg_attr(feature = "schema", schemars(range(max = crate::SEQ_MAX)))]
    pub seq: Seq,
    /// Keep it, and send it with the next join.
    pub token: ResumeToken,
    /// True only when a resume was asked for and everything missed follows.
    pub recovered: bool,
    /// Who is here, you included; at most [`ROSTER_MAX`](crate::limits::ROSTER_MAX).
    #[cfg_attr(feature = "schema", schemars(length(max = crate::limits::ROSTER_MAX)))]
    pub members: Vec<Member>,
    /// How many members there are, listed or not, here or away.
    pub member_count: u32,
    /// How many of them are away; left out when none is.
    #[serde(default, skip_serializing_if = "is_none")]
    pub away_count: u32,
}

/// A change in who is here. One frame may carry many changes: while the room is busy they are
/// gathered.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Presence {
    /// Came in.
    pub joined: Vec<Member>,
    /// Went out.
    pub left: Vec<ClientId>,
    /// Is still here, but with another name, another number of tabs, or away or back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<Member>,
    /// How many members there are now, here or away.
    pub member_count: u32,
    /// How many of them are away; left out when none is.
    #[serde(default, skip_serializing_if = "is_none")]
    pub away_count: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// One of a person's own open tabs, as much as it takes to tell a stranger's.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OpenTab {
    /// When it first joined, by the server's clock, in milliseconds since the Unix epoch.
    pub since: u64,
    /// Whether it comes by HTTP requests and not by WebSocket; left out when it does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub http: bool,
    /// Whether it comes from another address than the tab that asked; left out when it does not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// Whether it is the tab that asked; left out when it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub this: bool,
}

/// One message, as everyone in the room gets it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Said {
    /// Its place in the room's one order.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = crate::SEQ_MAX)))]
    pub seq: Seq,
    /// The sender's id for it.
    pub id: SayId,
    /// Who said it.
    pub from: ClientId,
    /// Their name at that moment.
    pub name: Name,
    /// What was said.
    pub text: Text,
    /// When, by the server's clock, in milliseconds since the Unix epoch.
    pub at: u64,
}

impl ServerMsg {
    /// An error that answers no particular `say`.
    pub fn error(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Error { code, detail: detail.into(), id: None, suggestion: None, free_in: None }
    }

    /// The error that answers this message: with its id, if it is a `say`.
    pub fn error_to(message: &crate::ClientMsg, code: ErrorCode, detail: impl Into<String>) -> Self {
        let id =
            if let crate::ClientMsg::Command(command) = message { command.say_id().cloned() } else { None };
        Self::Error { code, detail: detail.into(), id, suggestion: None, free_in: None }
    }

    /// The frame for this message.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

impl From<Rejection> for ServerMsg {
    fn from(Rejection { invalid, id }: Rejection) -> Self {
        Self::Error { code: invalid.code, detail: invalid.detail, id, suggestion: None, free_in: None }
    }
}

impl Read for ServerMsg {
    /// Reads the value of one text frame.
    ///
    /// # Errors
    /// When it is no message of this version. A client skips it: a later server may say things
    /// that it does not know.
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(match required::<String>(json, "type")?.as_str() {
            "welcome" => Self::Welcome(Welcome::read(json)?),
            "presence" => Self::Presence(Presence::read(json)?),
            "said" => Self::Said(Said::read(json)?),
            "typing" => Self::Typing { from: required(json, "from")? },
            "tabs" => Self::Tabs { tabs: required(json, "tabs")?, token: optional(json, "token")? },
            "pong" => Self::Pong { n: required(json, "n")? },
            "xray" => Self::Xray { token: required(json, "token")? },
            #[cfg(feature = "class")]
            "class" => Self::Class(Class::read(json)?),
            #[cfg(feature = "class")]
            "stage" => Self::Stage(Stage::read(json)?),
            #[cfg(feature = "class")]
            "vote" => Self::Vote(Vote::read(json)?),
            #[cfg(feature = "class")]
            "round_trips" => Self::RoundTrips(RoundTrips::read(json)?),
            "error" => Self::Error {
                code: required(json, "code")?,
                detail: required(json, "detail")?,
                id: optional(json, "id")?,
                suggestion: optional(json, "suggestion")?,
                free_in: optional(json, "free_in")?,
            },
            _ => return Err(Invalid::new(ErrorCode::UnknownType, "type: unknown".into())),
        })
    }
}

read_fields! {
    Welcome { you, room, epoch, seq, token, recovered, members, member_count, away_count or 0 }
    Presence { joined, left, changed or default, member_count, away_count or 0 }
    OpenTab { since, http or false, elsewhere or false, this or false }
    Said { seq, id, from, name, text, at }
}
