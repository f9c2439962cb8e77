//! Development: `cargo leptos watch` rebuilds and reloads on every change, from the same metadata
//! as we read. It is a convenience that takes long to install, so nothing else needs it.

use std::{ffi::OsString, fs, process::Command};

use anyhow::{Result, bail};

use crate::{
    command,
    metadata::Workspace,
    run,
    steps::{Outcome, Step},
};

/// The last version whose lock file builds with the pinned Rust.
const INSTALL: &str = "cargo install cargo-leptos --version 0.3.10 --locked";

/// Where cargo-leptos is installed, the workspace is built by it too, into a site of its own.
pub(crate) const CHECK: Step = Step {
    name: "leptos",
    why: "cargo-leptos, where installed, can build the workspace too",
    browser: true,
    run: |context| {
        let workspace = &context.workspace;
        if !is_installed(workspace) {
            return Ok(Outcome::skipped(format!("not installed (`{INSTALL}`)")));
        }
        // Without it cargo-leptos downloads one, which a test should not.
        if command::output(Command::new("wasm-bindgen").arg("--version")).is_err() {
            return Ok(Outcome::skipped("there is no wasm-bindgen on PATH for it to use"));
        }
        let mut build = workspace.cargo("leptos build");
        build.env("LEPTOS_SITE_ROOT", workspace.target.join("leptos-site"));
        command::run(&mut build, "[[workspace.metadata.leptos]] in Cargo.toml is what it reads.")?;
        Ok(Outcome::default())
    },
};

/// Becomes `cargo leptos watch` with these options.
///
/// # Errors
/// When cargo-leptos is not installed.
pub(crate) fn watch(workspace: &Workspace, options: &[OsString]) -> Result<bool> {
    if !is_installed(workspace) {
        bail!("cargo-leptos is not installed. Install it once, which takes about 20 minutes: `{INSTALL}`");
    }
    // It compresses nothing and leaves what it does not make: a compressed file of a former
    // `cargo xtask build` would be served in place of the one just changed.
    let site = workspace.site();
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    run::become_program(workspace.cargo("leptos watch").args(options))
}

fn is_installed(workspace: &Workspace) -> bool {
    command::succeeds(&mut workspace.cargo("leptos --version"))
}
