//! The binary: options in, a listening server out, and a stop that is announced.

use std::{convert::Infallible, process::ExitCode, time::Duration};

use chat_server::{Config, Server, raise_fd_limit};
use clap::Parser;
use tokio::runtime::{self, Runtime};

mod logs;

fn main() -> ExitCode {
    let config = Config::parse();
    match runtime() {
        Ok(runtime) => runtime.block_on(serve(config)),
        Err(error) => {
            eprintln!("otagh: cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A thread for each core; where there is one core, no worker but this thread: in a process of one
/// thread the kernel takes every write for a little less (docs/adr/0006).
fn runtime() -> std::io::Result<Runtime> {
    let mut runtime = match std::thread::available_parallelism() {
        Ok(cores) if cores.get() == 1 => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    runtime.enable_all().on_thread_park(chat_heap::trim).build()
}

/// Wakes the threads once a second, also where nobody does anything: they park again, and what was freed last
/// goes back to the system.
async fn wake_each_second() -> Infallible {
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    let workers = tokio::runtime::Handle::current().metrics().num_workers();
    loop {
        seconds.tick().await;
        // Whoever finds one wakes the next.
        for _ in 1..workers {
            tokio::spawn(tokio::task::yield_now());
        }
    }
}

async fn serve(config: Config) -> ExitCode {
    logs::init();
    if let Err(shortage) = raise_fd_limit(config.sockets()) {
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
    tokio::select! {
        () = server.run(stop) => ExitCode::SUCCESS,
        never = wake_each_second() => match never {},
    }
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
