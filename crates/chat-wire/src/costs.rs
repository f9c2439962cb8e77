//! What a way into a room has cost on the wire, as the server's socket counted it and as the page shows
//! it. Only figures; who counts, and for whom, is not known here.

use serde::{Deserialize, Serialize};

/// Requests, and bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Costs {
    /// How many requests there were; a WebSocket has one.
    pub requests: u64,
    /// What came of headers: request lines too, and of a WebSocket the headers of its frames.
    pub headers_in: u64,
    /// What came of bodies.
    pub payload_in: u64,
    /// What went of headers: status lines and the framing of bodies too.
    pub headers_out: u64,
    /// What went of bodies.
    pub payload_out: u64,
}

impl Costs {
    /// All headers.
    pub fn headers(self) -> u64 {
        self.headers_in + self.headers_out
    }

    /// All bodies.
    pub fn payload(self) -> u64 {
        self.payload_in + self.payload_out
    }

    /// All of it.
    pub fn all(self) -> u64 {
        self.headers() + self.payload()
    }
}
