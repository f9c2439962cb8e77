//! The standard library for WebAssembly, which rustup installs per toolchain and only when asked:
//! compiled, without which nothing works, and its source, with which the clients are a tenth smaller
//! (client.rs). Asks rustc whether they are there, so that a Rust from a distribution is as good as
//! rustup's.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

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
        let compiled = ensure_wasm(workspace)?;
        let source = ensure_source(workspace);
        Ok(Outcome::done(format!("{compiled}; {source}")))
    },
};

fn ensure_wasm(workspace: &Workspace) -> Result<String> {
    if has_wasm(workspace) {
        return Ok(format!("{WASM} is there"));
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
    Ok(format!("added {WASM}"))
}

/// Adds the source of the standard library where that can be done. Where it cannot, the clients are
/// larger, and nothing else.
fn ensure_source(workspace: &Workspace) -> String {
    let source = "the source of the standard library";
    if std_source(workspace).is_some() {
        return format!("{source} is there");
    }
    let mut add = command::program_in(&workspace.root, "rustup");
    let added = command::find("rustup").is_some()
        && command::run(add.args(["component", "add", "rust-src"]), "").is_ok()
        && std_source(workspace).is_some();
    if added { format!("added {source}") } else { format!("{source} is not: the clients will be larger") }
}

/// Where the source of the standard library is, if it is there (rustup's component `rust-src`).
pub(crate) fn std_source(workspace: &Workspace) -> Option<PathBuf> {
    let mut ask = command::program_in(&workspace.root, "rustc");
    let sysroot = command::output(ask.args(["--print", "sysroot"])).ok()?;
    let source = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    source.join("Cargo.lock").is_file().then_some(source)
}

fn has_wasm(workspace: &Workspace) -> bool {
    let mut ask = command::program_in(&workspace.root, "rustc");
    command::output(ask.args(["--print", "target-libdir", "--target", WASM]))
        .is_ok_and(|folder| Path::new(&folder).is_dir())
}
