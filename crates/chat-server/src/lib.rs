//! The Otagh server. The folders are its layers, and each knows only those below it (`tests/layers.rs`):
//!
//! `main > server > router > app > websocket, polling, lab > pages > rooms > http > net > limits, cores`, and below
//! them the crates `chat-room`, `chat-wire` and `chat-protocol`.
//!
//! The five steps: `websocket::upgrade` opens, `websocket::connection` joins, says and closes, and
//! `rooms::fanout` broadcasts. Nothing is stored: no accounts, no database, nothing on disk.
//!
//! The binary needs what is public here; tests and `chat-fuzz` also need what is in [`testing`].
#![cfg_attr(not(feature = "lab"), allow(dead_code, reason = "the lab's hooks are compiled without it, too"))]

mod app;
mod banner;
mod config;
mod cores;
mod demo;
mod http;
#[cfg(feature = "lab")]
mod lab;
mod limits;
mod net;
mod pages;
mod polling;
mod ready;
mod rooms;
mod router;
mod server;
mod websocket;

use app::App;
pub use config::Config;
pub use cores::single_threaded;
pub use limits::fd_limit::{FdLimitError, raise as raise_fd_limit};
pub use server::{BindError, Server};

/// Parts to be tested alone, and bounds that no option sets.
pub mod testing {
    #[cfg(feature = "lab")]
    pub use crate::lab::{
        echo::MESSAGE_MAX as ECHO_MESSAGE_MAX,
        xray::{recordings::RECORDINGS_PER_ADDRESS, stream::STREAMS_MAX},
    };
    pub use crate::{
        http::qr::svg as qr_svg,
        limits::client_ip::{ClientIp, Peer, TrustedProxies},
        net::{queue::PORTION as QUEUE_PORTION, traffic::SocketTraffic},
    };
}
