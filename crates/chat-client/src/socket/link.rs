//! The state of the connection, as people should see it.

/// Where the connection stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Link {
    /// Nothing was tried yet: the page has just arrived, or waits for a name.
    #[default]
    Idle,
    /// Step one: the socket is opening.
    Opening,
    /// Step two: open, and asking to join.
    Joining,
    /// In the room.
    Open {
        /// Last measured round trip, in milliseconds.
        rtt_ms: Option<u32>,
    },
    /// Lost; it will be tried again.
    Waiting {
        /// When, in milliseconds since the page was opened.
        until_ms: u64,
        /// The close code it was lost with (RFC 6455 §7.4).
        code: u16,
        /// Whether the device says it has no network. It is tried all the same: a room on this
        /// very device or network needs no internet.
        offline: bool,
    },
    /// Not in: no name was given yet, or it was not accepted. The door asks for one.
    Refused,
    /// Ended for good, with this close code (RFC 6455 §7.4).
    Closed(u16),
}

impl Link {
    /// Whether messages go out right now.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open { .. })
    }
}
