//! One WebSocket into a room. [`upgrade`] is step 1, **open**: `GET /ws/{room_id}/{client_id}` and its `101`;
//! [`connection`] tells the rest of the story: 2 **join**, 3 **say**, 5 **close** (4, **broadcast**, is
//! `rooms::fanout`). What a connection waits for is in [`io`], what comes from the client is read by
//! [`reader`], and how much it may ask is [`rate_limit`]'s.

use std::{sync::Arc, time::Duration};

use chat_protocol::{ClientId, RoomId};

use crate::rooms::{Rooms, homes::Home, recorder::Recorder};

mod connection;
mod io;
mod rate_limit;
mod reader;
pub(crate) mod upgrade;

/// What all connections share. Each holds it once.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) rooms: Arc<Rooms>,
    /// What records a connection that asks for it.
    pub(crate) recorder: Option<Arc<dyn Recorder>>,
    pub(crate) settings: Settings,
}

/// The options of a connection: see [`crate::config::Config`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// Longest text, in characters.
    pub(crate) text_max: usize,
    /// Frames one person may send in the long run, in frames per second; 0 sets no limit.
    pub(crate) messages_per_second: u32,
    /// Frames one person may send at once.
    pub(crate) messages_burst: u32,
    /// How long a connection may be open before its first join.
    pub(crate) join_deadline: Duration,
    /// Silence after which it is pinged.
    pub(crate) ping_interval: Duration,
    /// How long the answer may take.
    pub(crate) ping_deadline: Duration,
    /// How long the other end may take to finish a close.
    pub(crate) close_grace: Duration,
}

/// Who is at the other end, and where they want to go: the two ids of the URL, and where that room lives.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) room: RoomId,
    pub(crate) client_id: ClientId,
    pub(crate) home: Arc<Home>,
}
