//! Starting other programs: from the root of the workspace, with nothing to read on standard
//! input, and with an error that names the command and the fix. Does not know which programs.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, bail};

use crate::test_counts::{Runner, TestCounts};

/// A program that runs in `folder` and has no standard input.
pub(crate) fn program_in(folder: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it with its output shown as it comes.
///
/// # Errors
/// When it cannot start or does not succeed; `fix` says what to do then.
pub(crate) fn run(command: &mut Command, fix: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`. {fix}", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}. {fix}", line(command));
    }
    Ok(())
}

/// Runs it unseen and returns its standard output, trimmed.
///
/// # Errors
/// When it cannot start or does not succeed; its standard error is then part of the message.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", line(command), output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// True when it can be started and succeeds.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Runs tests with their output shown as it comes, and counts them.
///
/// # Errors
/// When it cannot start, or does not succeed although no test failed (it did not compile).
pub(crate) fn count_tests(runner: Runner, command: &mut Command, fix: &str) -> Result<TestCounts> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`. {fix}", line(command)))?;
    let stdout = child.stdout.take().context("no standard output")?;
    let stderr = child.stderr.take().context("no standard error")?;
    let errors = thread::spawn(move || count_lines(runner, stderr, std::io::stderr()));
    let mut counts = count_lines(runner, stdout, std::io::stdout())?;
    counts += errors.join().unwrap_or_else(|_| bail!("the reader of standard error panicked"))?;
    let status = child.wait()?;
    if !status.success() && counts.failed == 0 {
        bail!("`{}` ended with {status}. {fix}", line(command));
    }
    Ok(counts)
}

/// Copies every line on and adds up the summaries. Bytes, because a test may print anything.
fn count_lines(runner: Runner, from: impl std::io::Read, mut to: impl Write) -> Result<TestCounts> {
    let mut counts = TestCounts::default();
    for bytes in BufReader::new(from).split(b'\n') {
        let bytes = bytes?;
        counts += TestCounts::of_line(runner, &String::from_utf8_lossy(&bytes));
        to.write_all(&bytes)?;
        to.write_all(b"\n")?;
    }
    Ok(counts)
}

/// Where a program is, searching `PATH` as a shell would.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path).map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}

/// What one would type.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or(command.get_program()).to_string_lossy();
    let arguments = command.get_args().map(|argument| format!(" {}", argument.to_string_lossy()));
    format!("{program}{}", arguments.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_names_command_and_fix() {
        let mut command = Command::new("no-such-program-anywhere");
        command.arg("--loud");
        let error = run(&mut command, "Install it.").expect_err("it does not exist").to_string();
        assert_eq!(error, "cannot start `no-such-program-anywhere --loud`. Install it.");
    }

    #[test]
    fn summaries_are_counted_and_output_passed_on() {
        let said = b"\xffnoise\ntest result: ok. 2 passed; 0 failed\n";
        let mut passed_on = Vec::new();
        let counts = count_lines(Runner::Libtest, &said[..], &mut passed_on).expect("reads");
        assert_eq!((counts.passed, counts.failed), (2, 0));
        assert_eq!(passed_on, said);
    }
}
