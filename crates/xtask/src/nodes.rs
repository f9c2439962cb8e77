//! Several servers that are one: an engine, as many servers, and their addresses. Ctrl-C stops the servers, each
//! in its own time, and the engine after them; a second one kills them all.

use std::{ffi::OsString, net::TcpListener, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use tokio::{process::Command, sync::watch, task::JoinSet};

use crate::{
    engine,
    metadata::Workspace,
    service::{Running, Service},
};

/// The server's own default.
const PORT: u16 = 3000;

/// A server prints all of its addresses at once.
const QUIET: Duration = Duration::from_millis(200);

/// Serves by so many nodes until they are stopped; true when all ended well.
///
/// # Errors
/// When there is no engine to be had, or one of them does not start.
pub(crate) fn serve(
    workspace: &Workspace,
    count: u16,
    engine: Option<String>,
    options: &[OsString],
) -> Result<bool> {
    let port = first_port(options, std::env::var("OTAGH_PORT").ok().as_deref())?;
    ensure!(port.checked_add(count - 1).is_some(), "there are no {count} ports from {port} on: lower --port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stops = Stops::listen()?;
        let all = async {
            let engine = match engine {
                Some(url) => Engine { url, started: None },
                None => Engine::start(workspace).await?,
            };
            let key = class_key()?;
            let mut nodes = Vec::new();
            for number in 0..count {
                let mut node = node(workspace, number, port + number, [&engine.url, &key], options);
                let mut running = node.start().await?;
                if number == 0 {
                    running.show_more(QUIET).await?;
                }
                nodes.push((node, running));
            }
            anyhow::Ok((engine, nodes))
        };
        let (engine, nodes) = tokio::select! {
            all = all => all?,
            // Dropped, they are killed.
            () = stops.next() => return Ok(false),
        };
        println!("{}", summary(&engine, &nodes));
        Ok(keep(engine, nodes, stops).await)
    })
}

async fn keep(engine: Engine, nodes: Vec<(Service, Running)>, mut stops: Stops) -> bool {
    let (stop_nodes, nodes_stop) = watch::channel(false);
    let (stop_engine, engine_stops) = watch::channel(false);
    let all = async {
        let mut kept = JoinSet::new();
        for (node, running) in nodes {
            kept.spawn(node.keep(running, told(nodes_stop.clone())));
        }
        let nodes = async {
            let ended = kept.join_all().await;
            stop_engine.send_replace(true);
            ended.into_iter().all(|well| well)
        };
        let engine = async {
            match engine.started {
                Some((engine, running)) => engine.keep(running, told(engine_stops)).await,
                None => true,
            }
        };
        let (nodes, engine) = tokio::join!(nodes, engine);
        nodes && engine
    };
    let mut all = std::pin::pin!(all);
    tokio::select! {
        well = &mut all => return well,
        () = stops.next() => {}
    }
    eprintln!("\nStopping all of them. Ctrl+C once more kills them.");
    stop_nodes.send_replace(true);
    tokio::select! {
        well = all => well,
        () = stops.next() => false,
    }
}

/// Ready when it is so.
async fn told(mut is_so: watch::Receiver<bool>) {
    // Who would say it no more, has ended.
    drop(is_so.wait_for(|is_so| *is_so).await);
}

/// Where the engine is, and its process, if we started it.
#[derive(Debug)]
struct Engine {
    url: String,
    started: Option<(Service, Running)>,
}

impl Engine {
    /// One of our own, on a free port, that keeps nothing.
    async fn start(workspace: &Workspace) -> Result<Self> {
        let program = engine::any(workspace)?;
        let folder = engine::folder(workspace);
        std::fs::create_dir_all(&folder)?;
        let port = TcpListener::bind("127.0.0.1:0").context("no port is free")?.local_addr()?.port();
        let mut command = Command::new(program);
        command.current_dir(folder).args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]);
        let mut engine = Service::new("the engine", command, "Ready to accept connections");
        let running = engine.start().await?;
        Ok(Self { url: format!("redis://127.0.0.1:{port}"), started: Some((engine, running)) })
    }
}

/// A server, which says on its first line where it listens.
fn node(
    workspace: &Workspace,
    number: u16,
    port: u16,
    [engine, key]: [&str; 2],
    options: &[OsString],
) -> Service {
    let mut command = Command::new(workspace.server_binary());
    // The last of two counts. The engine's URL may have a password, which is nobody's to see in a list of processes.
    command.args(options).args(["--port", &port.to_string()]).env("OTAGH_ENGINE", engine);
    command.env("OTAGH_CLASS_KEY", key);
    Service::new(format!("node {}", number + 1), command, LISTENING)
}

/// A teacher's key, so that the link of the first node is that of all.
fn class_key() -> Result<String> {
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| anyhow!("no random bytes for a key: {error}"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

const LISTENING: &str = "listening on ";

/// The first node's port: what the options say, else the variable.
fn first_port(options: &[OsString], variable: Option<&str>) -> Result<u16> {
    let words: Vec<_> = options.iter().map(|option| option.to_string_lossy()).collect();
    let named = words.iter().enumerate().rev().find_map(|(at, word)| match word.strip_prefix("--port")? {
        "" => words.get(at + 1).map(AsRef::as_ref),
        value => value.strip_prefix('='),
    });
    let Some(raw) = named.or(variable) else { return Ok(PORT) };
    let port = raw.parse().with_context(|| format!("--port {raw}: must be a number below 65536"))?;
    ensure!(port > 0, "--port 0: several nodes need a first port, such as --port {PORT}");
    Ok(port)
}

/// Which is where, and what to try.
fn summary(engine: &Engine, nodes: &[(Service, Running)]) -> String {
    let mut lines: Vec<String> = nodes
        .iter()
        .zip(1..)
        .map(|((_, running), number)| {
            let address = running.said().replace(LISTENING, "");
            format!("  node {number:<11}{address}   process {}", running.pid())
        })
        .collect();
    match &engine.started {
        Some((_, running)) => {
            lines.push(format!("  engine          {}   process {}", engine.url, running.pid()))
        }
        None => lines.push("  engine          the one that you named".to_owned()),
    }
    let victim = nodes.last().map_or(0, |(_, running)| running.pid());
    format!(
        "\n  One room on {} nodes\n\n{}\n\n  Open the same room on each, such as /r/class: what is said on one is heard on all.\n  \
         kill -9 {victim} ends a node: it is started again, and nobody there has missed anything.\n  Ctrl+C stops them all.\n",
        nodes.len(),
        lines.join("\n"),
    )
}

/// What says that we are to stop, each time.
struct Stops {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Stops {
    /// Listens from now on.
    #[cfg(unix)]
    fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        // The last is a terminal that was closed.
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [a, b, c] = kinds.map(signal);
        Ok(Self { signals: [a?, b?, c?] })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [a, b, c] = &mut self.signals;
        tokio::select! {
            _ = a.recv() => {}
            _ = b.recv() => {}
            _ = c.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(options: &[&str], variable: Option<&str>) -> Result<u16> {
        let options: Vec<OsString> = options.iter().map(OsString::from).collect();
        first_port(&options, variable)
    }

    #[test]
    fn first_port_is_the_last_named() {
        assert_eq!(port(&[], None).ok(), Some(3000));
        assert_eq!(port(&[], Some("80")).ok(), Some(80));
        assert_eq!(port(&["--port", "8080", "--cores", "1"], Some("80")).ok(), Some(8080));
        assert_eq!(port(&["--port=1", "--port=8081"], None).ok(), Some(8081));
        for bad in [&["--port", "0"][..], &["--port=x"], &["--port", "70000"]] {
            assert!(port(bad, None).is_err(), "{bad:?}");
        }
    }
}
