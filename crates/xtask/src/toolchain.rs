//! The standard library for WebAssembly, which rustup installs per toolchain and only when asked.
//! Asks rustc whether it is there, so that a Rust from a distribution is as good as rustup's.

use std::path::Path;

use anyhow::bail;

use crate::{
    command,
    metadata::Workspace,
    steps::{Outcome, Step},
};

/// Rust's name for WebAssembly in a browser.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

pub(crate) const STEP: Step = Step {
    name: "toolchain",
    why: "make sure that Rust can compile to WebAssembly",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        if has_wasm(workspace) {
            return Ok(Outcome::done(format!("{WASM} is there")));
        }
        if command::find("rustup").is_none() {
            bail!(
                "this Rust has no {WASM} standard library and there is no rustup to add it. Install \
                 Rust from https://rustup.rs, or your distribution's package (Debian: \
                 libstd-rust-dev-wasm32)"
            );
        }
        let mut add = command::program_in(&workspace.root, "rustup");
        command::run(
            add.args(["target", "add", WASM]),
            "Is the network up? rustup downloads from static.rust-lang.org.",
        )?;
        if !has_wasm(workspace) {
            bail!("rustup added {WASM}, but not to the toolchain in use: is `rustc` on PATH rustup's own?");
        }
        Ok(Outcome::done(format!("added {WASM}")))
    },
};

fn has_wasm(workspace: &Workspace) -> bool {
    let mut ask = command::program_in(&workspace.root, "rustc");
    command::output(ask.args(["--print", "target-libdir", "--target", WASM]))
        .is_ok_and(|folder| Path::new(&folder).is_dir())
}
