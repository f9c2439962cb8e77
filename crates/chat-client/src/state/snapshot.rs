//! What a tab keeps over a reload: who it is, how far it has read, what it read last, and what is
//! still under way. It lives in the tab's own session storage and goes when the tab goes. The tab
//! id is kept only from the moment the page is left to the moment it is back, so a *duplicated*
//! tab, which inherits the rest, is a second tab of the same person and not a rival for the first.

use chat_protocol::{
    ClientId, Invalid, Resume, Said, TabId,
    json::{Json, Read, optional, required},
};
use serde::Serialize;

use super::Pending;

/// Most messages a reload brings back.
pub const MESSAGES_MAX: usize = 200;

/// One tab in one room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Snapshot {
    /// The id asked for in the URL of the socket.
    pub client_id: ClientId,
    /// Present once the room welcomed us.
    pub resume: Option<Resume>,
    /// Present only while the page is away.
    pub tab: Option<TabId>,
    /// The newest messages, oldest first.
    pub said: Vec<Said>,
    /// Messages without an echo.
    pub pending: Vec<Pending>,
}

impl Read for Snapshot {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            client_id: required(json, "client_id")?,
            resume: optional(json, "resume")?,
            tab: optional(json, "tab")?,
            said: required(json, "said")?,
            pending: required(json, "pending")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::room::tests::{id, said};

    #[test]
    fn what_is_written_is_read_back() {
        let mut outbox = crate::state::Outbox::default();
        assert!(outbox.say("m1".parse().unwrap(), "سلام".parse().unwrap(), 0));
        let full = Snapshot {
            client_id: id("sara"),
            resume: Some(Resume {
                token: "0".repeat(64).parse().unwrap(),
                epoch: "e1".parse().unwrap(),
                seq: 7,
            }),
            tab: Some("t1".parse().unwrap()),
            said: vec![said(7, "ali", 1_795_465_740_000)],
            pending: outbox.all().to_vec(),
        };
        let bare = Snapshot { resume: None, tab: None, said: vec![], pending: vec![], ..full.clone() };
        for snapshot in [full, bare] {
            let written = serde_json::to_value(&snapshot).unwrap();
            assert_eq!(Snapshot::read(&written).unwrap(), snapshot);
        }
    }
}
