//! What a member asks of their room, apart from what concerns only their connection (`join` and `ping`).
//! Plain data, so that it can be queued, sent to another process and applied there.

use serde::{Deserialize, Serialize};

use crate::{ClientMsg, Name, SayId, Text};

/// One thing a member asks of the room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// Say something to everyone.
    Say {
        /// Unique within the session; the same id again is the same message.
        id: SayId,
        /// What is said.
        text: Text,
    },
    /// The person is typing.
    Typing,
    /// Take another name.
    Rename {
        /// The new one.
        name: Name,
    },
}

impl TryFrom<ClientMsg> for Command {
    /// The message itself: it concerns the connection, not the room.
    type Error = ClientMsg;

    fn try_from(message: ClientMsg) -> Result<Self, ClientMsg> {
        match message {
            ClientMsg::Say { id, text } => Ok(Self::Say { id, text }),
            ClientMsg::Typing => Ok(Self::Typing),
            ClientMsg::Rename { name } => Ok(Self::Rename { name }),
            connection @ (ClientMsg::Join { .. } | ClientMsg::Ping { .. }) => Err(connection),
        }
    }
}

impl From<Command> for ClientMsg {
    fn from(command: Command) -> Self {
        match command {
            Command::Say { id, text } => Self::Say { id, text },
            Command::Typing => Self::Typing,
            Command::Rename { name } => Self::Rename { name },
        }
    }
}
