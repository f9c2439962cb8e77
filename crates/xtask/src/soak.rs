//! The scenarios of `chat-bench` for as long as one likes, against the server as it ships but for its
//! pages. Both programs are built with a profile of their own, so that the binary that `build` left
//! stays what it is; the benchmark uses them too.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Result;

use crate::{command, metadata::Workspace};

const PROFILE: &str = "soak";

/// Builds server and load, and plays; true when all was clean.
///
/// # Errors
/// When it cannot be built or started.
pub(crate) fn soak(workspace: &Workspace, options: &[OsString]) -> Result<bool> {
    let (chat_bench, server) = programs(workspace)?;
    let mut play = command::program_in(&workspace.root, chat_bench);
    play.args(["soak", "--server"]).arg(server).args(options);
    crate::run::become_program(&mut play)
}

/// Builds the load and the server without its pages, and says where they are.
///
/// # Errors
/// When they cannot be built.
pub(crate) fn programs(workspace: &Workspace) -> Result<(PathBuf, PathBuf)> {
    let mut build = workspace.cargo("build --bins --package chat-bench");
    build.args(["--package", &workspace.leptos.bin_package, "--profile", PROFILE]);
    command::run(&mut build, "The compiler's message above says where.")?;
    let program =
        |name: &str| workspace.target.join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok((program("chat-bench"), program(&workspace.leptos.bin_exe_name)))
}
