//! The scenarios of `chat-load` for as long as one likes, against the server as it ships but for its
//! pages. Built with a profile of its own, so that the binary that `build` left stays what it is.

use std::ffi::OsString;

use anyhow::Result;

use crate::{command, metadata::Workspace};

const PROFILE: &str = "soak";

/// Builds server and load, and plays; true when all was clean.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn soak(workspace: &Workspace, options: &[OsString]) -> Result<bool> {
    let mut build = command::cargo(workspace, "build --bins --package chat-load");
    build.args(["--package", &workspace.leptos.bin_package, "--profile", PROFILE]);
    command::run(&mut build, "The compiler's message above says where.")?;
    let program =
        |name: &str| workspace.target.join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let mut play = command::program_in(&workspace.root, program("chat-load"));
    play.args(["soak", "--server"]).arg(program(&workspace.leptos.bin_exe_name)).args(options);
    crate::run::become_program(&mut play)
}
