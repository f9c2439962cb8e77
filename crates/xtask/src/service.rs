//! A program that is to go on until we stop: started, waited for until it says that it is ready, and started
//! again when it ends. Each is a process group of its own, so that Ctrl-C comes to us alone, and programs
//! end in the order that we choose. Whatever becomes of us short of SIGKILL, none is left behind.

use std::{
    io,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    time::sleep,
};

/// How long after its end a program is started again: so that one that ends at once costs little.
const PAUSE: Duration = Duration::from_secs(1);

/// What to start, and how it says that it is ready.
#[derive(Debug)]
pub(crate) struct Service {
    /// What we call it: `node 1`.
    name: String,
    command: Command,
    /// Stands in the line of its standard output by which it says that it is ready.
    ready: &'static str,
}

/// A service that is ready. Dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pid: u32,
    /// The line by which it said so.
    said: String,
    /// What it says after that.
    more: Lines<BufReader<ChildStdout>>,
}

impl Service {
    pub(crate) fn new(name: impl Into<String>, mut command: Command, ready: &'static str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        Self { name: name.into(), command, ready }
    }

    /// Starts it, and waits until it is ready. What it writes to standard error is shown behind its name.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it is ready.
    pub(crate) async fn start(&mut self) -> Result<Running> {
        let mut child = self.command.spawn().with_context(|| format!("cannot start {}", self.name))?;
        let pid = child.id().unwrap_or_default();
        let errors = BufReader::new(child.stderr.take().context("no standard error")?).lines();
        tokio::spawn(show(errors, format!("{} | ", self.name), io::stderr()));
        let mut more = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        let mut before = String::new();
        while let Some(said) = more.next_line().await? {
            if said.contains(self.ready) {
                return Ok(Running { child, pid, said, more });
            }
            before += &format!("{said}\n");
        }
        let status = child.wait().await?;
        bail!("{} ended before it was ready ({status})\n{before}", self.name)
    }

    /// Starts it again whenever it ends, until `stop` is ready; then asks it to stop, and waits. True when it
    /// ended well.
    pub(crate) async fn keep(mut self, mut running: Running, stop: impl Future<Output = ()>) -> bool {
        let failed = tokio::select! {
            error = self.revive(&mut running) => Some(error),
            () = stop => None,
        };
        if let Some(error) = failed {
            eprintln!("{} is not started again: {error:#}", self.name);
            return false;
        }
        match running.stop().await {
            Ok(status) if status.success() => true,
            Ok(status) => {
                eprintln!("{} ended with {status}", self.name);
                false
            }
            Err(error) => {
                eprintln!("{} cannot be stopped: {error}", self.name);
                false
            }
        }
    }

    /// Ends when it could not be started again.
    async fn revive(&mut self, running: &mut Running) -> anyhow::Error {
        loop {
            let status = match running.ended().await {
                Ok(status) => status,
                Err(error) => return error.into(),
            };
            eprintln!("\n{} has ended ({status}). It is started again.", self.name);
            sleep(PAUSE).await;
            *running = match self.start().await {
                Ok(again) => again,
                Err(error) => return error,
            };
            eprintln!("{} is there again (process {}).", self.name, running.pid);
        }
    }
}

impl Running {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The line by which it said that it is ready.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    /// Shows what it says, until it has nothing to say for a moment.
    pub(crate) async fn show_more(&mut self, quiet: Duration) -> Result<()> {
        while let Ok(line) = tokio::time::timeout(quiet, self.more.next_line()).await {
            let Some(line) = line? else { break };
            println!("{line}");
        }
        Ok(())
    }

    /// Waits for its end; reads what it says meanwhile, or it would wait for us.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        while self.more.next_line().await?.is_some() {}
        self.child.wait().await
    }

    async fn stop(mut self) -> io::Result<ExitStatus> {
        self.ask_to_stop()?;
        self.ended().await
    }

    #[cfg(unix)]
    fn ask_to_stop(&mut self) -> io::Result<()> {
        use rustix::process::{Pid, Signal, kill_process};
        // None once it has ended, when its number may be another's.
        let pid = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        pid.map_or(Ok(()), |pid| kill_process(pid, Signal::TERM).map_err(Into::into))
    }

    #[cfg(not(unix))]
    fn ask_to_stop(&mut self) -> io::Result<()> {
        self.child.start_kill()
    }
}

/// Copies lines, each behind this name. What is no text ends it, and a program that writes on is not kept
/// waiting by that for long: its pipe is closed.
async fn show(mut lines: Lines<BufReader<impl AsyncRead + Unpin>>, name: String, mut to: impl io::Write) {
    while let Ok(Some(line)) = lines.next_line().await {
        if writeln!(to, "{name}{line}").is_err() {
            return;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Service {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Service::new("a shell", command, "ready")
    }

    fn run<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(work)
    }

    #[test]
    fn end_before_ready_tells_what_was_said() {
        let error = run(shell("echo no port is free; exit 3").start()).expect_err("it ends");
        let error = error.to_string();
        assert!(error.contains("a shell ended") && error.contains("no port is free"), "{error}");
    }

    #[test]
    fn stop_is_asked_for_and_waited_for() {
        let stopped = run(async {
            let mut service = shell("trap 'exit 0' TERM; echo ready; while :; do read x || sleep 0.01; done");
            let running = service.start().await.expect("it starts");
            service.keep(running, async {}).await
        });
        assert!(stopped, "it ended by its own will");
    }

    #[test]
    fn what_ends_is_started_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let [starts, again] = ["starts", "again"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&again).status().expect("it runs").success());
        // The first ends at once; the second says that it is there, and stays.
        let script = format!(
            "trap 'exit 0' TERM; echo ready; echo >> {0}; [ $(wc -l < {0}) = 1 ] && exit 1; \
             echo > {1}; while :; do read x || sleep 0.01; done",
            starts.display(),
            again.display()
        );
        let stopped = run(async {
            let mut service = shell(&script);
            let running = service.start().await.expect("it starts");
            let is_again = tokio::task::spawn_blocking(|| std::fs::read(again));
            service.keep(running, async { drop(is_again.await) }).await
        });
        assert!(stopped);
    }
}
