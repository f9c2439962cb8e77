//! `chat-load`: the scenarios from the command line, for as long as one likes.

#[cfg(target_os = "linux")]
mod soak;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> ExitCode {
    use clap::Parser;

    /// Clients, faults and a checker for Otagh.
    #[derive(Debug, Parser)]
    #[command(name = "chat-load")]
    enum Command {
        /// Plays scenarios, round after round, and checks after each that nothing was lost.
        Soak(soak::Options),
    }

    let Command::Soak(options) = Command::parse();
    soak::run(&options).await
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("chat-load measures the server in /proc, so it runs on Linux only");
    ExitCode::FAILURE
}
