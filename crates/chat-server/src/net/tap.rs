//! A hook that sees the bytes of one connection, such as a recording. The outbox and the reader call it after
//! bytes have passed; it cannot change them, but for the [`Impairment`] that its owner may ask for. Dropped,
//! it knows that the connection is over.

use std::{fmt::Debug, net::SocketAddr};

use super::impairment::Impairment;

pub(crate) trait Tap: Debug + Send + Sync {
    /// These bytes came from the socket.
    fn received(&self, bytes: &[u8]);

    /// The socket took these bytes.
    fn sent(&self, bytes: &[u8]);

    /// The connection is over, by a close frame with this code, or without one.
    fn end(&self, code: Option<u16>, by_server: bool);

    /// What is wrong on purpose, where that is allowed.
    fn impairment(&self) -> Option<&Impairment>;

    /// A frame is late on purpose, and is the only one.
    fn delayed(&self);
}

/// The two ends of a connection, as the kernel names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ends {
    pub(crate) local: SocketAddr,
    /// The client's, or its proxy's.
    pub(crate) peer: SocketAddr,
}
