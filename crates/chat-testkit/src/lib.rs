//! What the reliability tests and the benchmarks of Otagh share: clients that follow the protocol
//! and write down what they saw, a proxy that breaks their connections, and a checker that decides
//! from all they wrote down whether the promises were kept. This crate knows the protocol and a
//! server's process from outside; it deliberately does not know the server's internals.

mod backoff;
pub mod checker;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
pub mod cluster;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
pub mod engine_process;
#[cfg(target_os = "linux")]
pub mod journal;
#[cfg(target_os = "linux")]
pub mod process;
pub mod proxy;
#[cfg(target_os = "linux")]
pub mod report;
#[cfg(target_os = "linux")]
pub mod scenario;
pub mod session;
#[cfg(target_os = "linux")]
pub mod usage;
pub mod violation;
