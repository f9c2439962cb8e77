//! What a tab keeps over a reload: who it is, how far it has read, what it read last, and what is
//! still under way. It lives in the tab's own session storage and goes when the tab goes. The tab
//! id is kept only from the moment the page is left to the moment it is back, so a *duplicated*
//! tab, which inherits the rest, is a second tab of the same person and not a rival for the first.

use chat_protocol::{ClientId, Resume, Said, TabId};
use serde::{Deserialize, Serialize};

use super::Pending;

/// Most messages a reload brings back.
pub const MESSAGES_MAX: usize = 200;

/// One tab in one room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    /// The id asked for in the URL of the socket.
    pub client_id: ClientId,
    /// Present once the room welcomed us.
    pub resume: Option<Resume>,
    /// Present only while the page is away.
    pub tab: Option<TabId>,
    /// The newest messages, oldest first.
    #[serde(default)]
    pub said: Vec<Said>,
    /// Messages without an echo.
    #[serde(default)]
    pub pending: Vec<Pending>,
}
