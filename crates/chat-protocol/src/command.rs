//! What a member asks of their room: to say something, to take another name, to turn the stage. Plain data, so that it can be queued, sent to another
//! process and applied there. A new one is a variant here, the way to read it, and its name in the list of
//! types; and what the room does about it (`chat_room::Room::apply`).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(feature = "class")]
use crate::class::{Ballot, RawBallot, RawRoundTrip, RawStage, RoundTrip, Stage};
use crate::{Invalid, Name, Rejection, SayId, Text, client_msg::read, limits::TEXT_MAX_CHARS};

/// One thing a member asks of the room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
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
    /// Ask which tabs of oneself are open; answered by `tabs`, to this connection only.
    Tabs,
    /// End those of one's own tabs that were opened after this one: their connections are closed, and their
    /// tokens bring nobody back. Answered by `tabs`, with another token for this one.
    EndTabs,
    /// Turn the stage to this page; for the teacher.
    #[cfg(feature = "class")]
    Stage(Stage),
    /// Open a vote; for the teacher, and one at a time.
    #[cfg(feature = "class")]
    OpenVote(Box<Ballot>),
    /// Take no more answers; for the teacher.
    #[cfg(feature = "class")]
    CloseVote,
    /// Answer the open vote, or answer it otherwise.
    #[cfg(feature = "class")]
    Vote {
        /// The place of the answer among its answers, from 0.
        answer: u32,
    },
    /// How long one's own `ping` took to its `pong`, for the picture that the teacher has of the class.
    #[cfg(feature = "class")]
    RoundTrip(RoundTrip),
}

impl Command {
    /// The types, as an error lists them.
    #[cfg(not(feature = "class"))]
    pub(crate) const TYPES: &str = "say, typing, rename, tabs, end_tabs";
    /// As there.
    #[cfg(feature = "class")]
    pub(crate) const TYPES: &str =
        "say, typing, rename, tabs, end_tabs, stage, open_vote, close_vote, vote, round_trip";

    /// Reads a frame of this type; `None` when no command has it. The values are read unchecked first, so
    /// that a broken one is answered with its own code, where serde could only say "invalid value".
    pub(crate) fn read(tag: &str, json: &str, text_max: usize) -> Option<Result<Self, Rejection>> {
        Some(match tag {
            "say" => match read::<RawSay<'_>>(json) {
                Ok(raw) => raw.check(text_max),
                Err(invalid) => Err(Rejection { invalid, id: readable_id(json) }),
            },
            "typing" => Ok(Self::Typing),
            "rename" => read::<RawRename>(json).and_then(RawRename::check).map_err(Rejection::from),
            "tabs" => Ok(Self::Tabs),
            "end_tabs" => Ok(Self::EndTabs),
            #[cfg(feature = "class")]
            "stage" => {
                read::<RawStage>(json).and_then(Stage::try_from).map(Self::Stage).map_err(Rejection::from)
            }
            #[cfg(feature = "class")]
            "open_vote" => {
                let ballot = read::<RawBallot>(json).and_then(Ballot::try_from);
                ballot.map(|ballot| Self::OpenVote(Box::new(ballot))).map_err(Rejection::from)
            }
            #[cfg(feature = "class")]
            "close_vote" => Ok(Self::CloseVote),
            #[cfg(feature = "class")]
            "vote" => {
                read::<RawVote>(json).map(|raw| Self::Vote { answer: raw.answer }).map_err(Rejection::from)
            }
            #[cfg(feature = "class")]
            "round_trip" => {
                let taken = read::<RawRoundTrip>(json).and_then(RoundTrip::try_from);
                taken.map(Self::RoundTrip).map_err(Rejection::from)
            }
            _ => return None,
        })
    }

    /// A `say` in one pass and without a copy, as nearly all frames are. Whatever is not exactly one is
    /// left to who can tell what is wrong with it.
    pub(crate) fn read_say(json: &str, text_max: usize) -> Option<Result<Self, Rejection>> {
        #[derive(Deserialize)]
        struct Say<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
            #[serde(borrow)]
            id: Cow<'a, str>,
            #[serde(borrow)]
            text: Cow<'a, str>,
        }

        let object = json.trim_ascii_start().starts_with('{');
        let say = object.then(|| serde_json::from_str::<Say<'_>>(json).ok()).flatten()?;
        (say.r#type == "say").then(|| RawSay { id: say.id, text: say.text }.check(text_max))
    }

    /// The id of a `say`, which an answer to it carries.
    pub fn say_id(&self) -> Option<&SayId> {
        match self {
            Self::Say { id, .. } => Some(id),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct RawSay<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    text: Cow<'a, str>,
}

impl RawSay<'_> {
    fn check(self, text_max: usize) -> Result<Command, Rejection> {
        let id = SayId::parse(&self.id)?;
        match Text::parse_within(&self.text, text_max.min(TEXT_MAX_CHARS)) {
            Ok(text) => Ok(Command::Say { id, text }),
            Err(invalid) => Err(Rejection { invalid, id: Some(id) }),
        }
    }
}

#[derive(Deserialize)]
struct RawRename {
    name: String,
}

impl RawRename {
    fn check(self) -> Result<Command, Invalid> {
        Ok(Command::Rename { name: Name::parse(&self.name)? })
    }
}

#[cfg(feature = "class")]
#[derive(Deserialize)]
struct RawVote {
    answer: u32,
}

/// The id of a `say` whose other fields could not be read.
fn readable_id(json: &str) -> Option<SayId> {
    #[derive(Deserialize)]
    struct Identified {
        id: String,
    }

    let identified = serde_json::from_str::<Identified>(json).ok()?;
    SayId::parse(&identified.id).ok()
}
