//! What the driver of a connection is asked to do, by people, by the clock and by the page's life.

use chat_protocol::{ClientMsg, Name};

/// What the driver is asked to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Wake {
    /// A second has passed.
    Tick,
    /// The time that was waited for has come.
    Due,
    /// The outbox has something to send.
    Outbox,
    /// Send this if connected; it is not worth keeping.
    Send(ClientMsg),
    /// Join under this name.
    Name(Name),
    /// Somebody asks: do not wait any longer before trying again, whatever ended the last one.
    Now,
    /// Somebody looks, or the device has a network again: what was true may not be true any more.
    Look,
    /// The connection may have to be opened anew, to be recorded or not to be.
    Reopen,
    /// The page is being left.
    Leave,
    /// What was asked at this time was answered by HTTP, or not.
    Answered(u64, bool),
    /// The other tabs of this browser have had time to answer.
    Called,
}
