//! Bytes on their way, and nothing of what they mean. [`outbox`] is the one way out of a WebSocket,
//! [`queue`] that of a polling session; the fan-out hands either its [`sink`] each [`message`], and what waits in
//! them all is held to an [`outbox_budget`]; what a socket has not taken is its [`backlog`]. [`frame`] writes frames, [`heartbeat`] notices silence,
//! [`connections`] counts and stops them all; a [`disconnect`] says why one ends. [`http_stream`] is a socket
//! while it speaks HTTP, [`traffic`] counts its bytes, [`turns`] says when it goes on. A [`tap`] sees them pass,
//! [`impairment`] delays or loses them on purpose. [`clock`], [`random`] and [`tasks`] are the process's.

mod backlog;
pub(crate) mod clock;
pub(crate) mod conn_keys;
pub(crate) mod connections;
pub(crate) mod disconnect;
pub(crate) mod frame;
pub(crate) mod heartbeat;
pub(crate) mod http_stream;
pub(crate) mod impairment;
pub(crate) mod message;
pub(crate) mod outbox;
pub(crate) mod outbox_budget;
pub(crate) mod queue;
pub(crate) mod random;
pub(crate) mod sink;
pub(crate) mod tap;
pub(crate) mod tasks;
pub(crate) mod traffic;
pub(crate) mod turns;
