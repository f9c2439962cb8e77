//! Becomes the server. On Unix by `exec`: the server then has our terminal, our signals and our
//! process id, and Ctrl-C needs no care of ours.

use std::{ffi::OsString, process::Command};

use anyhow::{Context as _, Result};

use crate::metadata::Workspace;

/// Runs the built server with these options, and with this engine, until it ends; true when it ended well.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn serve(workspace: &Workspace, engine: Option<String>, options: &[OsString]) -> Result<bool> {
    let mut server = Command::new(workspace.server_binary());
    become_program(server.args(options).envs(engine.map(|url| ("OTAGH_ENGINE", url))))
}

/// Replaces this process where the system can; else waits for the other to end.
///
/// # Errors
/// When the program cannot be started.
pub(crate) fn become_program(command: &mut Command) -> Result<bool> {
    let name = command.get_program().to_string_lossy().into_owned();
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        Err(command.exec()).with_context(|| format!("cannot start {name}"))
    }
    #[cfg(not(unix))]
    {
        Ok(command.status().with_context(|| format!("cannot start {name}"))?.success())
    }
}
