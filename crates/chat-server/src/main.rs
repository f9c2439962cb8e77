//! The binary: options in, a listening server out, and a stop that is announced.

use std::process::ExitCode;

use chat_server::{Config, Server, raise_fd_limit, single_threaded};
use clap::Parser;

mod logs;

fn main() -> ExitCode {
    let config = Config::parse();
    match single_threaded() {
        Ok(runtime) => runtime.block_on(serve(config)),
        Err(error) => {
            eprintln!("otagh: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> ExitCode {
    logs::init();
    if let Err(shortage) = raise_fd_limit(config.files()) {
        tracing::warn!("{shortage}");
    }
    let server = match Server::bind(config).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("otagh: {error}");
            return ExitCode::FAILURE;
        }
    };
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(error) => {
            eprintln!("otagh: cannot listen for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = server.print_banner() {
        tracing::warn!(%error, "cannot print the addresses");
    }
    server.run(stop).await;
    ExitCode::SUCCESS
}

/// Ready at the first SIGINT or SIGTERM. Registered at once, so that a signal which comes before
/// anybody waits is not lost.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ready at the first Ctrl+C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot listen for Ctrl+C; stop the process instead");
            std::future::pending::<()>().await;
        }
    })
}
