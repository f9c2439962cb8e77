//! One WebSocket into a room. [`upgrade`] is step 1, **open**: `GET /ws/{room_id}/{client_id}` and its `101`;
//! [`connection`] tells the rest of the story: 2 **join**, 3 **say**, 5 **close** (4, **broadcast**, is
//! [`crate::rooms::fanout`]). What a connection waits for is in [`io`], what comes from the client is read by
//! [`reader`], and how much it may ask is [`rate_limit`]'s.

use std::{sync::Arc, time::Duration};

use chat_protocol::{ClientId, RoomId};

use crate::rooms::{Rooms, recorder::Recorder};

pub mod connection;
pub mod io;
pub mod rate_limit;
pub mod reader;
pub mod upgrade;

/// What all connections share. Each holds it once.
#[derive(Debug)]
pub struct Context {
    /// The rooms.
    pub rooms: Arc<Rooms>,
    /// What records a connection that asks for it.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// The options.
    pub settings: Settings,
}

/// The options of a connection: see [`crate::config::Config`].
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Longest text, in characters.
    pub text_max: usize,
    /// Most bytes kept for a slow reader.
    pub outbox_bytes: usize,
    /// Frames one person may send in the long run, in frames per second; 0 sets no limit.
    pub messages_per_second: u32,
    /// Frames one person may send at once.
    pub messages_burst: u32,
    /// How long a connection may be open before its first join.
    pub join_deadline: Duration,
    /// Silence after which it is pinged.
    pub ping_interval: Duration,
    /// How long the answer may take.
    pub ping_deadline: Duration,
    /// How long the other end may take to finish a close.
    pub close_grace: Duration,
}

/// Who is at the other end, and where they want to go: the two ids of the URL.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The room.
    pub room: RoomId,
    /// The id asked for.
    pub client_id: ClientId,
}
