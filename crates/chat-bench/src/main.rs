//! `chat-bench`: the scenarios from the command line for as long as one likes, and the benchmark.

#[cfg(target_os = "linux")]
mod bench;
#[cfg(target_os = "linux")]
mod driver;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod hostile;
#[cfg(target_os = "linux")]
mod kernel_baseline;
#[cfg(target_os = "linux")]
mod load_clients;
#[cfg(target_os = "linux")]
mod nodes;
#[cfg(target_os = "linux")]
mod options;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod soak;
#[cfg(target_os = "linux")]
mod workload;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    use clap::Parser;

    /// Clients, faults and a checker for Otagh.
    #[derive(Debug, Parser)]
    #[command(name = "chat-bench")]
    enum Command {
        /// Plays scenarios, round after round, and checks after each that nothing was lost.
        Soak(soak::Options),
        /// Measures the server beside others.
        Bench(options::Options),
        /// Measures what attacks cost those who only talk.
        Hostile(hostile::Options),
        /// Is the kernel's floor, for `bench`.
        #[command(hide = true)]
        Floor {
            #[arg(long)]
            port: u16,
        },
    }

    let run = match Command::parse() {
        Command::Soak(options) => return soak::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Hostile(options) => hostile::run(&options),
        Command::Floor { port } => kernel_baseline::serve(port).map(|()| true),
    };
    match run {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chat-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("chat-bench measures the server in /proc, so it runs on Linux only");
    ExitCode::FAILURE
}
