//! What the tap tells: the connection opened, bytes passed, the kernel was asked, a message went
//! its way, the recording is full, the connection is over. In JSON, one object an event, in the
//! order in which it happened. Times are microseconds since the recording began, by a clock that
//! only goes forward.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing that was seen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first: what is recorded.
    Opened(Opened),
    /// Bytes passed the socket.
    Bytes(Chunk),
    /// What the kernel says of the TCP connection.
    Tcp(Tcp),
    /// A message of this connection's went its way through the room.
    Journey(Journey),
    /// The recording is as long as it may be. What the connection does from here on is not seen.
    Full {
        /// When the first byte was not recorded.
        at_us: u64,
        /// The bound, in bytes of both directions together.
        limit_bytes: u64,
    },
    /// The last: the connection is over.
    Ended(Ended),
}

impl Event {
    /// When it was told, in microseconds from the beginning.
    pub fn at_us(&self) -> u64 {
        match self {
            Self::Opened(_) => 0,
            Self::Bytes(chunk) => chunk.at_us,
            Self::Tcp(tcp) => tcp.at_us,
            Self::Journey(journey) => journey.sent_us,
            Self::Full { at_us, .. } => *at_us,
            Self::Ended(ended) => ended.at_us,
        }
    }
}

/// What is recorded.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Opened {
    /// When the recording began: Unix time in milliseconds, by the server's clock.
    pub at: u64,
    /// The bound of the recording, in bytes of both directions together.
    pub limit_bytes: u64,
    /// Whether it is IP version 6.
    pub ipv6: bool,
    /// Whether both ends are on one machine, and so no packet ever leaves it.
    pub loopback: bool,
    /// Whether the server takes a reverse proxy's word here: then this is the leg behind it, and what
    /// the browser sent may look different.
    pub proxied: bool,
}

/// Which way bytes went, as the server sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server.
    In,
    /// From the server to the client.
    Out,
}

/// What one read from the socket gave, or one write to it took.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Chunk {
    /// When.
    pub at_us: u64,
    /// Which way.
    pub direction: Direction,
    /// The bytes that went this way before these: the first byte's place in the stream.
    pub offset: u64,
    /// The bytes, in base64. A hidden byte's place is kept, its value is not: see `hidden`.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub data: Vec<u8>,
    /// Parts of `data` that are secret (cookies, tokens): start and end. Each byte there reads `*`, in
    /// a masked frame after unmasking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<(usize, usize)>,
}

/// What the kernel says of the TCP connection (`TCP_INFO` of Linux), from the server's side.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Tcp {
    /// When it was asked.
    pub at_us: u64,
    /// Smoothed round trip, in microseconds.
    pub rtt_us: u32,
    /// How much it varies, in microseconds.
    pub rtt_var_us: u32,
    /// The longest segment that may be sent, in bytes of payload.
    pub mss: u32,
    /// The congestion window, in segments.
    pub congestion_window: u32,
    /// Segments sent, those without payload included.
    pub segments_out: u32,
    /// Segments received, those without payload included.
    pub segments_in: u32,
    /// Segments sent again, in all.
    pub retransmitted: u32,
    /// Whether each segment carries timestamps (RFC 7323): 12 bytes more of header.
    pub timestamps: bool,
}

/// The way of one message of this connection's through its room.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Journey {
    /// The id its sender gave it.
    pub id: String,
    /// Its place in the room's order.
    pub seq: u64,
    /// When the server had read the frame that carries it.
    pub heard_us: u64,
    /// When it had come back from the room's log, where several servers share the room over an engine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logged_us: Option<u64>,
    /// When the room gave it its place.
    pub ordered_us: u64,
    /// When the frame had been handed to every member's connections.
    pub sent_us: u64,
    /// To how many connections it was handed, the sender's included.
    pub reached: u32,
    /// How many members those are: one may have several tabs, each with its own connection.
    pub members: u32,
}

/// How a connection ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub at_us: u64,
    /// The code of the close frame that ended it; none when it ended without one.
    pub code: Option<u16>,
    /// Whether the server was the first to close.
    pub by_server: bool,
}

fn to_base64<S: Serializer>(data: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&STANDARD.encode(data))
}

fn from_base64<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(from)?).map_err(serde::de::Error::custom)
}
