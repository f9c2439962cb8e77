//! Why a connection ended, and whether to come back. The number decides: RFC 6455 §7.4.1 has the
//! 1000s; of ours, 4000–4499 mean "come back, with backoff", 4500–4999 mean "do not".

/// The close codes of this protocol. The reason in the close frame is the ASCII token of
/// [`CloseCode::reason`]; what people read is the client's business.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CloseCode {
    /// Either end is done.
    Normal,
    /// The peer is going away, as a browser tab does.
    GoingAway,
    /// A frame broke RFC 6455.
    ProtocolError,
    /// A text frame was not UTF-8.
    InvalidUtf8,
    /// A message was longer than [`crate::limits::FRAME_MAX_BYTES`].
    TooBig,
    /// The server failed; it is not the client's fault.
    InternalError,
    /// The server is full; later may be better.
    TryAgainLater,
    /// The server is stopping and will be back.
    ServerStopping,
    /// The reader was slower than the room, and its outbox is full. It may resume.
    SlowReader,
    /// No answer to a ping in time.
    PingTimeout,
    /// The room would be a new one, and from this address too many were created lately.
    TooManyRooms,
    /// A client opens its connection anew, as the page does when its X-ray is turned on or off, and is
    /// back at once.
    Reopening,
    /// The server lost the engine that it shares its rooms with, or what that kept of this one.
    EngineLost,
    /// The same tab of the same person joined from a newer connection.
    Replaced,
    /// No `join` within the first-frame deadline.
    JoinTimeout,
    /// Bad input again and again.
    Abuse,
    /// An older tab of the same person ended this one.
    Ended,
}

impl CloseCode {
    /// Every code, for tests and documents.
    pub const ALL: [Self; 17] = [
        Self::Normal,
        Self::GoingAway,
        Self::ProtocolError,
        Self::InvalidUtf8,
        Self::TooBig,
        Self::InternalError,
        Self::TryAgainLater,
        Self::ServerStopping,
        Self::SlowReader,
        Self::PingTimeout,
        Self::TooManyRooms,
        Self::Reopening,
        Self::EngineLost,
        Self::Replaced,
        Self::JoinTimeout,
        Self::Abuse,
        Self::Ended,
    ];

    /// The number in the close frame.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::ProtocolError => 1002,
            Self::InvalidUtf8 => 1007,
            Self::TooBig => 1009,
            Self::InternalError => 1011,
            Self::TryAgainLater => 1013,
            Self::ServerStopping => 4000,
            Self::SlowReader => 4001,
            Self::PingTimeout => 4002,
            Self::TooManyRooms => 4003,
            Self::Reopening => 4004,
            Self::EngineLost => 4005,
            Self::Replaced => 4500,
            Self::JoinTimeout => 4501,
            Self::Abuse => 4502,
            Self::Ended => 4503,
        }
    }

    /// The token in the close frame: ASCII, far below the 123 bytes a reason may have.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going_away",
            Self::ProtocolError => "protocol_error",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::TooBig => "too_big",
            Self::InternalError => "internal_error",
            Self::TryAgainLater => "try_again_later",
            Self::ServerStopping => "server_stopping",
            Self::SlowReader => "slow_reader",
            Self::PingTimeout => "ping_timeout",
            Self::TooManyRooms => "too_many_rooms",
            Self::Reopening => "reopening",
            Self::EngineLost => "engine_lost",
            Self::Replaced => "replaced",
            Self::JoinTimeout => "join_timeout",
            Self::Abuse => "abuse",
            Self::Ended => "ended",
        }
    }

    /// Whether a client that received this number should connect again. Works for numbers it has
    /// never heard of: the range decides, and 1006, which browsers report for a lost connection,
    /// means yes.
    pub fn should_reconnect(code: u16) -> bool {
        matches!(code, 1001 | 1005 | 1006 | 1011 | 1012 | 1013 | 1014 | 4000..=4499)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CLOSE_REASON_MAX_BYTES;

    #[test]
    fn close_reasons_are_short_ascii() {
        for close in CloseCode::ALL {
            assert!(close.reason().len() <= CLOSE_REASON_MAX_BYTES && close.reason().is_ascii());
        }
    }

    #[test]
    fn the_range_decides_whether_to_come_back() {
        for (code, back) in [(1000, false), (1001, true), (1006, true), (1009, false), (1013, true)] {
            assert_eq!(CloseCode::should_reconnect(code), back, "{code}");
        }
        assert!((4000..=4499).all(CloseCode::should_reconnect));
        assert!(!(4500..=4999).any(CloseCode::should_reconnect));
    }
}
