//! Programs that Debian and its relatives have, installed where we may: as root, or by a `sudo` that asks
//! for nothing. It does not know what they are for.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{command, metadata::Workspace};

/// Installs these packages.
///
/// # Errors
/// When there is no `apt-get`, or we may not use it, or it fails; `by_hand` says what to do then.
pub(crate) fn install(workspace: &Workspace, packages: &[&str], by_hand: &str) -> Result<()> {
    let prefix: &[&str] = match command::find("apt-get") {
        Some(_) if is_root() => &[],
        Some(_) if command::succeeds(Command::new("sudo").args(["-n", "true"])) => &["sudo", "-n"],
        _ => bail!("{by_hand}"),
    };
    // env, because sudo clears what we would set on the child.
    let start = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]].concat();
    let apt = |arguments: &[&str]| {
        let mut apt = command::program_in(&workspace.root, start[0]);
        command::run(apt.args(&start[1..]).args(arguments), by_hand)
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// Asks `id`, because the answer otherwise needs an unsafe call.
fn is_root() -> bool {
    command::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}
