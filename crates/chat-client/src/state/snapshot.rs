//! What a tab keeps over a reload: who it is, how far it has read, what it read last, and what is
//! still under way. It lives in the tab's own session storage and goes when the tab goes. The tab
//! id is kept only from the moment the page is left to the moment it is back, so a *duplicated*
//! tab, which inherits the rest, is a second tab of the same person and not a rival for the first.

use chat_protocol::{
    ClientId, Invalid, Resume, Said, TabId,
    json::{Json, Read, optional, required},
};
use serde::Serialize;

use super::{Pending, timeline::Mark};

/// Most messages a reload brings back.
pub(crate) const MESSAGES_MAX: usize = 200;

/// One tab in one room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Snapshot {
    /// The id asked for in the URL of the socket.
    pub client_id: ClientId,
    /// Present once the room welcomed us.
    pub resume: Option<Resume>,
    /// Present only while the page is away.
    pub tab: Option<TabId>,
    /// The newest messages, oldest first.
    pub said: Vec<Said>,
    /// What stands between them; none in what earlier pages kept.
    pub marks: Vec<Mark>,
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
            marks: optional(json, "marks")?.unwrap_or_default(),
            pending: required(json, "pending")?,
        })
    }
}

impl Read for Mark {
    fn read(json: &impl Json) -> Result<Self, Invalid> {
        Ok(Self {
            at: required(json, "at")?,
            comings: optional(json, "comings")?,
            is_gap: required(json, "is_gap")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{
        comings::tests::coming,
        room::tests::{id, said},
    };

    #[test]
    fn snapshot_round_trips_through_json() {
        let mut outbox = crate::state::Outbox::default();
        assert!(outbox.say("m1".parse().unwrap(), "سلام".parse().unwrap()));
        let mut comings = crate::state::Comings::default();
        comings.absorb(coming("ali", "علی", "رضا"));
        comings.absorb(coming("sara", "", "سارا"));
        let mark = |at, comings| Mark { at, comings, is_gap: at == 1 };
        let full = Snapshot {
            client_id: id("sara"),
            resume: Some(Resume {
                token: "0".repeat(64).parse().unwrap(),
                epoch: "e1".parse().unwrap(),
                seq: 7,
            }),
            tab: Some("t1".parse().unwrap()),
            said: vec![said(7, "ali", 1_795_465_740_000)],
            marks: vec![mark(0, None), mark(1, None), mark(2, Some(comings))],
            pending: outbox.all().to_vec(),
        };
        let bare = Snapshot {
            resume: None,
            tab: None,
            said: vec![],
            marks: vec![],
            pending: vec![],
            ..full.clone()
        };
        for snapshot in [full, bare] {
            let written = serde_json::to_value(&snapshot).unwrap();
            assert_eq!(Snapshot::read(&written).unwrap(), snapshot);
        }
    }

    #[test]
    fn snapshot_of_earlier_version_is_read() {
        let kept = r#"{"client_id":"sara","resume":{"token":"TOKEN","epoch":"e1","seq":7},"tab":"t1",
            "said":[{"seq":7,"id":"a-7","from":"ali","name":"علی","text":"سلام","at":1795465740000}],
            "pending":[{"id":"m1","text":"سلام"}]}"#;
        let kept: serde_json::Value = serde_json::from_str(&kept.replace("TOKEN", &"0".repeat(64))).unwrap();
        let snapshot = Snapshot::read(&kept).unwrap();
        assert_eq!((snapshot.said.len(), snapshot.pending.len(), snapshot.marks.len()), (1, 1, 0));
    }
}
