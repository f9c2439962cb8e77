//! Packages of npm, installed in the folder whose lock file names them. What they are for is the
//! caller's.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::command;

/// npm, in this folder, with the arguments of one line.
pub(crate) fn npm(folder: &Path, arguments: &str) -> Command {
    let mut npm = command::program_in(folder, if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.args(arguments.split_whitespace());
    npm
}

/// Installs what the folder's `package-lock.json` names; false when that is there already. `npm ci`
/// deletes and installs everything anew, so it runs only when the lock file has changed.
///
/// # Errors
/// When there is no npm, or its registry is out of reach.
pub(crate) fn install(folder: &Path) -> Result<bool> {
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("no lock file in {}", folder.display()))?;
    let installed = folder.join("node_modules/.installed-from.json");
    if fs::read(&installed).is_ok_and(|kept| kept == lock) {
        return Ok(false);
    }
    let mut install = npm(folder, "ci --no-audit --no-fund");
    command::run(install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"), "Is the npm registry reachable?")?;
    fs::write(installed, lock)?;
    Ok(true)
}
