//! The servers that are measured, each a process of its own on the cores it is given: ours, the two
//! peers, and the kernel's floor. All are asked the same and answer the same JSON. This module knows
//! how each is started; it does not know what they are measured at.

use std::{
    ffi::OsString,
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::thread::{CpuSet, sched_setaffinity};

use chat_testkit::{process::free_port, usage::Usage};

/// How long a start may take.
const START: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// Ours, with all features on.
    Otagh,
    /// Ours as it was before.
    Before,
    /// `Bun.serve` with `publish`, which is uWebSockets.
    Bun,
    /// FastAPI on uvicorn: the room server of the lesson.
    FastApi,
    /// A loop of `write`: what the kernel alone costs. [`crate::kernel_baseline`].
    Floor,
}

impl Kind {
    /// As in a table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Otagh => "Otagh",
            Self::Before => "Otagh before",
            Self::Bun => "Bun",
            Self::FastApi => "FastAPI",
            Self::Floor => "kernel floor",
        }
    }

    /// Whether it knows our options, and tells the checker the whole truth.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Otagh | Self::Before)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Programs {
    /// Our binary.
    #[arg(long, value_name = "PATH")]
    pub(crate) server: PathBuf,
    /// An older binary of ours, to compare with; without it, it is left out.
    #[arg(long, value_name = "PATH")]
    pub(crate) before: Option<PathBuf>,
    /// Bun's binary; without it, Bun is left out.
    #[arg(long, value_name = "PATH")]
    pub(crate) bun: Option<PathBuf>,
    /// The Python in whose environment FastAPI and uvicorn are; without it, FastAPI is left out.
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Where the peers' sources are.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/peers"))]
    pub(crate) peers: PathBuf,
}

impl Programs {
    /// Ours alone.
    pub(crate) fn of(server: PathBuf) -> Self {
        Self { server, before: None, bun: None, python: None, peers: PathBuf::new() }
    }

    /// Whether this one was given.
    pub(crate) fn have(&self, kind: Kind) -> bool {
        match kind {
            Kind::Otagh | Kind::Floor => true,
            Kind::Before => self.before.is_some(),
            Kind::Bun => self.bun.is_some(),
            Kind::FastApi => self.python.is_some(),
        }
    }

    fn command(&self, kind: Kind, port: u16, options: &[&str]) -> io::Result<Command> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, format!("{kind}: not given"));
        let port = port.to_string();
        let args = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>();
        let (program, args) = match kind {
            Kind::Otagh | Kind::Before => {
                let older = || self.before.clone().ok_or_else(missing);
                let binary = if kind == Kind::Otagh { self.server.clone() } else { older()? };
                let quiet = args(&["--host", "127.0.0.1", "--port", &port]);
                (binary.into_os_string(), [quiet, args(options)].concat())
            }
            Kind::Floor => (std::env::current_exe()?.into_os_string(), args(&["floor", "--port", &port])),
            Kind::Bun => {
                let script = self.peers.join("bun/server.ts").into_os_string();
                let bun = self.bun.clone().ok_or_else(missing)?;
                (bun.into_os_string(), [vec!["run".into(), script], args(&[&port])].concat())
            }
            Kind::FastApi => {
                let folder = self.peers.join("fastapi").into_os_string();
                let uvicorn = args(&["-m", "uvicorn", "server:app", "--host", "127.0.0.1", "--port", &port]);
                let quiet =
                    args(&["--log-level", "warning", "--no-access-log", "--ws-ping-interval", "86400"]);
                let python = self.python.clone().ok_or_else(missing)?;
                let folder = vec!["--app-dir".into(), folder];
                (python.into_os_string(), [uvicorn, quiet, folder].concat())
            }
        };
        let mut command = Command::new(program);
        command.args(args).env("RUST_LOG", "error").stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    /// Starts a server on these cores, and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started, or ends instead.
    pub(crate) fn start(&self, kind: Kind, cores: &[usize], options: &[&str]) -> io::Result<Peer> {
        let port = free_port()?;
        let mut command = self.command(kind, port, options)?;
        // A process inherits the cores of the thread that starts it.
        let mine = rustix::thread::sched_getaffinity(None)?;
        pin(cores)?;
        let child = command.spawn();
        sched_setaffinity(None, &mine)?;
        let child = child.map_err(|error| io::Error::new(error.kind(), format!("{kind}: {error}")))?;
        let mut peer = Peer { kind, child, address: (Ipv4Addr::LOCALHOST, port).into() };
        let deadline = Instant::now() + START;
        while TcpStream::connect(peer.address).is_err() {
            if let Some(status) = peer.child.try_wait()? {
                return Err(io::Error::other(format!("{kind} did not start: {status}")));
            }
            if Instant::now() > deadline {
                return Err(io::Error::other(format!("{kind} does not listen after {START:?}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(peer)
    }
}

/// Lets this thread, and what it starts from now on, run on these cores only.
///
/// # Errors
/// When there are no such cores.
pub(crate) fn pin(cores: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    cores.iter().for_each(|&core| set.set(core));
    Ok(sched_setaffinity(None, &set)?)
}

/// A server that runs. Ended when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    kind: Kind,
    child: Child,
    address: SocketAddr,
}

impl Peer {
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id().cast_signed())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Should it have ended by itself, there is nothing to end.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}
