//! Bytes on their way, and nothing of what they mean. [`outbox`] is the one way out of a WebSocket,
//! [`queue`] that of a polling session; the fan-out hands either its [`sink`]. [`frame`] writes frames,
//! [`heartbeat`] notices silence, [`connections`] counts and stops them all; a [`disconnect`] says why one ends. [`http_stream`] is a socket while
//! it speaks HTTP, [`traffic`] counts its bytes. A [`tap`] sees what passes, [`impairment`] spoils it on
//! purpose. [`clock`], [`random`] and [`tasks`] are the process's.

pub mod clock;
pub mod connections;
pub mod disconnect;
pub mod frame;
pub mod heartbeat;
pub mod http_stream;
pub mod impairment;
pub mod outbox;
pub mod queue;
pub mod random;
pub mod sink;
pub mod tap;
pub mod tasks;
pub mod traffic;
