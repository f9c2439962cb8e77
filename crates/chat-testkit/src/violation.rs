//! A promise that was not kept: which one, and what was seen that it forbids. Knows the promises
//! of `docs/protocol.md` by name, and nothing of how a violation is found.

use std::fmt;

use chat_protocol::{ClientId, Epoch, RoomId, SayId, Seq};

/// Which client, numbered by whoever started them. Not its id in the room, which is the server's
/// to give.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientNo(pub usize);

impl fmt::Display for ClientNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {}", self.0)
    }
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Violation {
    /// Two clients heard different messages in one place, or the same one told differently.
    TwoMessages {
        /// The place.
        seq: Seq,
        /// Who heard the one.
        first: ClientNo,
        /// Who heard the other.
        second: ClientNo,
    },
    /// One message has two places in one life of a room.
    SaidTwice {
        /// Who said it, once.
        sender: ClientNo,
        /// Which one.
        id: SayId,
        /// Its place.
        first: Seq,
        /// Its other place.
        second: Seq,
    },
    /// Heard, but said by nobody.
    NeverSent {
        /// Who heard it.
        client: ClientNo,
        /// Where it was.
        seq: Seq,
        /// Who it claims to be from.
        from: ClientId,
        /// What it claims to be.
        id: SayId,
    },
    /// Heard with words that are not those of its sender.
    Altered {
        /// Who heard it.
        client: ClientNo,
        /// Where it was.
        seq: Seq,
        /// Who said it, otherwise.
        sender: ClientNo,
        /// Which one.
        id: SayId,
    },
    /// Messages that a client was not told it would miss.
    Gap {
        /// Who missed them.
        client: ClientNo,
        /// The first that is missing.
        from: Seq,
        /// The last that is missing.
        to: Seq,
    },
    /// A message came after a later one.
    OutOfOrder {
        /// To whom.
        client: ClientNo,
        /// The late one.
        seq: Seq,
        /// What had come before it.
        after: Seq,
    },
    /// A message came again, and not in answer to a `say` that was sent again.
    Repeated {
        /// To whom.
        client: ClientNo,
        /// Which one.
        seq: Seq,
        /// The last one heard by then.
        last: Seq,
    },
    /// A client got to know what was said before it came.
    BeforeJoin {
        /// Who.
        client: ClientNo,
        /// What it heard, or was about to.
        seq: Seq,
        /// The room's newest message when it came.
        joined: Seq,
    },
    /// A message came before the welcome.
    Unwelcomed {
        /// To whom.
        client: ClientNo,
        /// Which one.
        seq: Seq,
    },
    /// A welcome without a join, or the second one for a join.
    UnaskedWelcome {
        /// To whom.
        client: ClientNo,
    },
    /// A welcome to a room that nobody asked for.
    WrongRoom {
        /// Who was welcomed.
        client: ClientNo,
        /// Where it wanted to be.
        asked: RoomId,
        /// Where it is.
        got: RoomId,
    },
    /// Recovered, says the welcome, without a resume, or from another place than the one named.
    FalseRecovery {
        /// Who was welcomed.
        client: ClientNo,
        /// What it asked to resume from.
        asked: Option<(Epoch, Seq)>,
        /// Where the welcome put it.
        got: (Epoch, Seq),
    },
    /// In one life of a room, a welcome tells of fewer messages than were heard.
    WentBack {
        /// Who was welcomed.
        client: ClientNo,
        /// What it, or others before it joined, had heard.
        had: Seq,
        /// What the welcome says is the newest.
        got: Seq,
    },
    /// Two clients are one person.
    SharedId {
        /// The id they share.
        id: ClientId,
        /// Who had it.
        first: ClientNo,
        /// Who got it too.
        second: ClientNo,
    },
    /// A sender's messages changed their order.
    SenderOrder {
        /// Whose they are.
        sender: ClientNo,
        /// Sent first.
        first: (SayId, Seq),
        /// Sent second, with the lower place.
        second: (SayId, Seq),
    },
    /// A message was sent after another was acknowledged, and got the lower place.
    Overtaken {
        /// Whose message was acknowledged.
        acknowledged: (ClientNo, SayId, Seq),
        /// Whose message was sent after that.
        sent_later: (ClientNo, SayId, Seq),
    },
    /// At rest: a client is not in its room.
    Absent {
        /// Who.
        client: ClientNo,
    },
    /// At rest: two members of one room are in two lives of it.
    SplitRoom {
        /// The room.
        room: RoomId,
        /// In the one.
        first: ClientNo,
        /// In the other.
        second: ClientNo,
    },
    /// At rest: a client has not heard the last messages.
    Behind {
        /// Who.
        client: ClientNo,
        /// The last it heard.
        last: Seq,
        /// The last that anybody heard.
        newest: Seq,
    },
    /// At rest: a message was neither acknowledged nor refused.
    Unacknowledged {
        /// Whose it is.
        client: ClientNo,
        /// Which one.
        id: SayId,
    },
    /// At rest: a client's list of members is not who is here.
    Roster {
        /// Whose list.
        client: ClientNo,
        /// Those who are here and not on it, or otherwise than they are.
        missing: Vec<ClientId>,
        /// Those who are on it and not here.
        extra: Vec<ClientId>,
        /// The number it was told, where it is not the length of its list.
        count: Option<u32>,
    },
    /// The client's own fault: it asked to resume from where it never was.
    FalseClaim {
        /// Who.
        client: ClientNo,
        /// Where it says it was.
        claimed: Seq,
        /// Where it was, if anywhere.
        last: Option<Seq>,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoMessages { seq, first, second } => {
                write!(f, "two messages are number {seq}: {first} heard one, {second} another")
            }
            Self::SaidTwice { sender, id, first, second } => {
                write!(f, "{sender} said {} once, and it is both number {first} and {second}", id.as_str())
            }
            Self::NeverSent { client, seq, from, id } => {
                let (from, id) = (from.as_str(), id.as_str());
                write!(f, "{client} heard number {seq}, {id} from {from}, which nobody had sent")
            }
            Self::Altered { client, seq, sender, id } => {
                write!(f, "{client} heard number {seq} in other words than {sender} sent as {}", id.as_str())
            }
            Self::Gap { client, from, to } => {
                write!(f, "{client} never got numbers {from} to {to}, and was not told so")
            }
            Self::OutOfOrder { client, seq, after } => {
                write!(f, "{client} heard number {seq} after number {after}")
            }
            Self::Repeated { client, seq, last } => {
                write!(f, "{client} heard number {seq} again when it had everything up to {last}")
            }
            Self::BeforeJoin { client, seq, joined } => {
                write!(f, "{client} came after number {joined}, and was to hear number {seq}")
            }
            Self::Unwelcomed { client, seq } => write!(f, "{client} heard number {seq} before a welcome"),
            Self::UnaskedWelcome { client } => write!(f, "{client} was welcomed without asking"),
            Self::WrongRoom { client, asked, got } => {
                write!(f, "{client} asked for room {} and is in {}", asked.as_str(), got.as_str())
            }
            Self::FalseRecovery { client, asked, got: (epoch, seq) } => {
                write!(
                    f,
                    "{client} was told it recovered to number {seq} of {}, and had asked ",
                    epoch.as_str()
                )?;
                match asked {
                    Some((epoch, seq)) => write!(f, "for number {seq} of {}", epoch.as_str()),
                    None => write!(f, "for nothing"),
                }
            }
            Self::WentBack { client, had, got } => {
                write!(
                    f,
                    "{client} was told that number {got} is the newest, when number {had} had been heard"
                )
            }
            Self::SharedId { id, first, second } => {
                write!(f, "{first} and {second} are both {}", id.as_str())
            }
            Self::SenderOrder { sender, first, second } => write!(
                f,
                "{sender} sent {} before {}, which became numbers {} and {}",
                first.0.as_str(),
                second.0.as_str(),
                first.1,
                second.1
            ),
            Self::Overtaken { acknowledged, sent_later } => write!(
                f,
                "{} of {} was acknowledged as number {} before {} sent {}, which became number {}",
                acknowledged.1.as_str(),
                acknowledged.0,
                acknowledged.2,
                sent_later.0,
                sent_later.1.as_str(),
                sent_later.2
            ),
            Self::Absent { client } => write!(f, "{client} is not in its room at the end"),
            Self::SplitRoom { room, first, second } => {
                write!(f, "{first} and {second} are in two lives of room {}", room.as_str())
            }
            Self::Behind { client, last, newest } => {
                write!(f, "{client} heard up to number {last} of {newest}, and nothing more is coming")
            }
            Self::Unacknowledged { client, id } => {
                write!(f, "{client} was never answered about {}", id.as_str())
            }
            Self::Roster { client, missing, extra, count } => {
                let ids = |ids: &[ClientId]| ids.iter().map(ClientId::as_str).collect::<Vec<_>>().join(", ");
                write!(
                    f,
                    "the members that {client} sees: missing [{}], too many [{}]",
                    ids(missing),
                    ids(extra)
                )?;
                count.map_or(Ok(()), |count| write!(f, ", told that they are {count}"))
            }
            Self::FalseClaim { client, claimed, last } => {
                write!(f, "{client} itself claimed to have heard up to {claimed}, and had heard {last:?}")
            }
        }
    }
}
