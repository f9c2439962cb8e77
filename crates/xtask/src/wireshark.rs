//! The recording that people take home, read by Wireshark's own dissectors: `tshark`, which is installed
//! where it is not there and may be (20 MB).

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::{
    apt, command,
    metadata::Workspace,
    steps::{Outcome, Step},
    tests,
};

pub(crate) const STEP: Step = Step {
    name: "wireshark",
    why: "Wireshark reads a recording as HTTP and WebSocket",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        match tshark(workspace) {
            Ok(_) => {
                let only = ["--package", "chat-server", "--test", "wireshark"];
                tests::test_ignored(workspace, &only)
            }
            // What CI says it has tested, it has.
            Err(error) if std::env::var_os("CI").is_some() => Err(error),
            Err(error) => Ok(Outcome::skipped(format!("tshark is to read a recording: {error:#}"))),
        }
    },
};

fn tshark(workspace: &Workspace) -> Result<PathBuf> {
    const BY_HAND: &str =
        "Install Wireshark's tshark: `sudo apt-get install tshark`, or https://wireshark.org";
    if let Some(path) = command::find("tshark") {
        return Ok(path);
    }
    apt::install(workspace, &["tshark"], BY_HAND)?;
    command::find("tshark").context(BY_HAND)
}
