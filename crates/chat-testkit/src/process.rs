//! A real `otagh` in a process of its own: started, signalled, measured from outside as the
//! operator would, and killed when dropped, so that no test leaves one behind. It knows the
//! program's options and the first line it prints; it deliberately knows nothing of rooms.
//! Linux only, because the measures are those of `/proc`.

use std::{
    collections::VecDeque,
    io::{self, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, setrlimit};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdout, Command},
    time::timeout,
};

use crate::usage::Usage;

/// How long a start may take, on however busy a machine.
const START: Duration = Duration::from_secs(30);

/// How much of the log is kept, in bytes: its end. What is older is dropped, so that a process that
/// logs without end can neither fill the memory nor block on its own log.
const LOG_KEPT: usize = 4 * 1024 * 1024;

/// What to start, and how.
#[derive(Clone, Debug)]
pub struct Program {
    binary: PathBuf,
    options: Vec<String>,
    log: String,
}

impl Program {
    /// The server at this path: `env!("CARGO_BIN_EXE_otagh")` in its own tests.
    pub fn new(binary: impl AsRef<Path>) -> Self {
        Self { binary: binary.as_ref().into(), options: Vec::new(), log: "info".into() }
    }

    /// With these options, after `--host 127.0.0.1` and a free port, both of which they may change.
    #[must_use]
    pub fn options(mut self, options: &[&str]) -> Self {
        self.options.extend(options.iter().copied().map(Into::into));
        self
    }

    /// With this filter for its log, as in `RUST_LOG`; `info` without.
    #[must_use]
    pub fn log(mut self, filter: &str) -> Self {
        self.log = filter.into();
        self
    }

    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it cannot be started, or ends or stays silent instead of listening: with its log.
    pub async fn start(&self) -> io::Result<Process> {
        self.start_at(free_port()?).await
    }

    async fn start_at(&self, port: u16) -> io::Result<Process> {
        let (log, stderr) = io::pipe()?;
        let mut child = Command::new(&self.binary)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(&self.options)
            .env("RUST_LOG", &self.log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or_else(gone)?;
        let log = Log::of(log);
        let mut stdout = BufReader::new(child.stdout.take().ok_or_else(gone)?);
        let mut line = String::new();
        let first = timeout(START, stdout.read_line(&mut line)).await;
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            child.start_kill()?;
            let status = child.wait().await?;
            let (binary, log) = (self.binary.display(), log.text_to_the_end());
            let error = format!("{binary} did not start: {status}, {first:?}, {line:?}, its log:\n{log}");
            return Err(io::Error::other(error));
        };
        Ok(Process { program: self.clone(), child, pid, address, log, _stdout: stdout })
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the process has ended")
}

/// A free port below those that the system gives to clients (32768 and up on Linux), so that while
/// a server is down no client's socket can take its port, or connect to itself there.
pub fn free_port() -> io::Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Tests run in several processes at once: a range of its own for each, mostly.
    let first = std::process::id().wrapping_mul(16);
    for _ in 0..1_000 {
        let port = 10_000 + first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let port = u16::try_from(port).map_err(io::Error::other)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no free port between 10000 and 30000"))
}

/// Lets this process, and those that it starts from now on, open as many files as the system allows
/// them: each connection is one at either end.
///
/// # Errors
/// When the system does not say yes.
pub fn raise_open_files() -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

/// A running server, or one that was.
#[derive(Debug)]
pub struct Process {
    program: Program,
    child: Child,
    pid: Pid,
    address: SocketAddr,
    log: Log,
    /// Kept open. Less than a pipe holds is written to it after the first line.
    _stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Where it listens. The same after a [`Process::restart`].
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it without a word (SIGKILL), and waits until it has.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Asks it to stop (SIGTERM), as a container manager does. [`Process::ended`] waits for that.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Asks it to stop (SIGINT), as Ctrl+C does.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn interrupt(&self) -> io::Result<()> {
        self.signal(Signal::INT)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When the system cannot tell.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Freezes it (SIGSTOP): its sockets stay open, and nobody is there.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn pause(&self) -> io::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When it has ended already.
    pub fn go_on(&self) -> io::Result<()> {
        self.signal(Signal::CONT)
    }

    /// Kills it if it runs, and starts another one, with the same options, at the same address.
    ///
    /// # Errors
    /// As [`Program::start`].
    pub async fn restart(&mut self) -> io::Result<()> {
        self.kill().await?;
        *self = self.program.clone().start_at(self.address.port()).await?;
        Ok(())
    }

    /// What it uses.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn usage(&self) -> io::Result<Usage> {
        Ok(Usage::of(self.running()?.as_raw_pid()))
    }

    /// Allows it this many file descriptors from now on (RLIMIT_NOFILE). Those above stay open.
    ///
    /// # Errors
    /// When it has ended already.
    pub fn limit_open_files(&self, most: u64) -> io::Result<()> {
        // The hard limit is inherited from us, and only root may raise it.
        let limit = Rlimit { current: Some(most), maximum: getrlimit(Resource::Nofile).maximum };
        prlimit(Some(self.running()?), Resource::Nofile, limit)?;
        Ok(())
    }

    /// The end of what it has written to standard error; of a process that has ended, of all.
    pub fn log(&self) -> String {
        match self.child.id() {
            Some(_) => self.log.text(),
            None => self.log.text_to_the_end(),
        }
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.running()?, signal)?)
    }

    /// The process id, as long as it is ours: once waited for, it may be another's.
    fn running(&self) -> io::Result<Pid> {
        self.child.id().map(|_| self.pid).ok_or_else(gone)
    }
}

/// The end of a log, gathered by a thread of its own: not even a runtime that is busy or gone keeps
/// the process from writing.
#[derive(Debug)]
struct Log {
    kept: Arc<Mutex<VecDeque<u8>>>,
    gathering: JoinHandle<()>,
}

impl Log {
    fn of(mut source: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let log = kept.clone();
        let gathering = std::thread::spawn(move || {
            let mut buffer = [0; 8 * 1024];
            // Until the process ends, or cannot be read from, which is the same to us.
            while let Ok(read @ 1..) = source.read(&mut buffer) {
                let mut log = lock(&log);
                log.extend(&buffer[..read]);
                let over = log.len().saturating_sub(LOG_KEPT);
                log.drain(..over);
            }
        });
        Self { kept, gathering }
    }

    fn text(&self) -> String {
        let bytes: Vec<u8> = lock(&self.kept).iter().copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Of a process that has ended: also what was still in the pipe.
    fn text_to_the_end(&self) -> String {
        while !self.gathering.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.text()
    }
}

fn lock(kept: &Mutex<VecDeque<u8>>) -> MutexGuard<'_, VecDeque<u8>> {
    // No code that can panic runs while the lock is held.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}
