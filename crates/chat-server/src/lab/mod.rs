//! What shows the wire, for a class; without it (`--no-default-features`) the chat is the same. [`xray`] records
//! a connection and can break it on purpose, [`echo`] is WebSocket without a room, to be spoken to by hand.

pub(crate) mod echo;
pub(crate) mod xray;
