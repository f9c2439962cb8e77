//! Why a connection ends: the close frame of one of the two sides, or none.

use std::borrow::Cow;

use bytes::Bytes;
use chat_protocol::CloseCode;

use super::frame;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Disconnect {
    /// The client sent a close frame, with this in it or with nothing; it is answered with the same.
    ByClient(Option<Box<Close>>),
    ByServer(Box<Close>),
    /// The socket failed or ended without a close frame.
    Lost,
}

/// What a close frame says (RFC 6455 §7.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Close {
    pub(crate) code: u16,
    /// The reason. A client's own words stay out of logs.
    pub(crate) reason: Cow<'static, str>,
}

impl Disconnect {
    /// By the server, for this reason.
    pub(crate) fn by_server(code: u16, reason: &'static str) -> Self {
        Self::ByServer(Box::new(Close { code, reason: reason.into() }))
    }

    /// The code that ended it; `None` without one.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::ByClient(close) => close.as_ref().map(|close| close.code),
            Self::ByServer(close) => Some(close.code),
            Self::Lost => None,
        }
    }

    /// What to call it in a log: nothing that a client wrote.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::ByClient(_) => "closed by the client",
            Self::ByServer(close) => &close.reason,
            Self::Lost => "lost",
        }
    }

    /// The server's close frame, in answer to the client's or of its own accord; `None` where it would not
    /// arrive.
    pub(crate) fn frame(&self) -> Option<Bytes> {
        match self {
            Self::ByClient(None) => Some(frame::CLOSE_EMPTY),
            Self::ByClient(Some(close)) | Self::ByServer(close) => {
                Some(frame::close_with(close.code, &close.reason))
            }
            Self::Lost => None,
        }
    }
}

impl From<CloseCode> for Disconnect {
    fn from(code: CloseCode) -> Self {
        Self::by_server(code.code(), code.reason())
    }
}
