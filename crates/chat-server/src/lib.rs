//! The Otagh server. The folders are its layers, and each knows only those below it (`tests/layers.rs`):
//!
//! `main > server > router > app > websocket, polling, lab > pages > rooms > http > net > limits`, and below
//! them the crates `chat-room`, `chat-wire` and `chat-protocol`.
//!
//! The five steps: [`websocket::upgrade`] opens, [`websocket::connection`] joins, says and closes, and
//! [`rooms::fanout`] broadcasts. Nothing is stored: no accounts, no database, nothing on disk.

pub mod app;
pub mod banner;
pub mod config;
pub mod http;
#[cfg(feature = "lab")]
pub mod lab;
pub mod limits;
pub mod net;
pub mod pages;
pub mod polling;
pub mod rooms;
pub mod router;
pub mod server;
pub mod websocket;

pub use app::App;
pub use config::Config;
pub use server::Server;
