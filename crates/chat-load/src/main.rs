//! `chat-load`: the scenarios from the command line for as long as one likes, and the benchmark.

#[cfg(target_os = "linux")]
mod soak;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
#[tokio::main]
async fn main() -> ExitCode {
    use chat_load::bench;
    use clap::Parser;

    /// Clients, faults and a checker for Otagh.
    #[derive(Debug, Parser)]
    #[command(name = "chat-load")]
    enum Command {
        /// Plays scenarios, round after round, and checks after each that nothing was lost.
        Soak(soak::Options),
        /// Measures the server beside others.
        Bench(bench::Options),
        /// Is the kernel's floor, for `bench`.
        #[command(hide = true)]
        Floor {
            #[arg(long)]
            port: u16,
        },
    }

    let run = match Command::parse() {
        Command::Soak(options) => return soak::run(&options).await,
        Command::Bench(options) => bench::run(&options),
        Command::Floor { port } => bench::floor::serve(port).map(|()| true),
    };
    match run {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chat-load: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("chat-load measures the server in /proc, so it runs on Linux only");
    ExitCode::FAILURE
}
