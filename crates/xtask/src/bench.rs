//! The benchmark: our server beside Bun and FastAPI, each of which is installed where it is measured
//! and nowhere else. A peer that cannot be installed is left out, and its fix named. What is measured,
//! and how, is `chat-bench`'s business.

use std::{ffi::OsString, fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{
    browser, command,
    metadata::Workspace,
    npm, soak,
    steps::{Outcome, Step},
};

/// A regression is seen in CI too, where Bun is enough to compare with.
pub(crate) const STEP: Step = Step {
    name: "bench",
    why: "neither the speed of a broadcast nor the memory of a connection has got much worse",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        if cfg!(not(target_os = "linux")) {
            return Ok(Outcome::skipped("the benchmark runs on Linux only"));
        }
        let bun = match bun(workspace) {
            Ok(bun) => bun,
            Err(error) => return Ok(Outcome::skipped(format!("Bun is to be compared with: {error:#}"))),
        };
        let mut bench = chat_bench(workspace)?;
        bench.args(["--guard", "a", "c", "--bun"]).arg(bun);
        command::run(&mut bench, "The figures above say what got worse, and by how much.")?;
        Ok(Outcome::default())
    },
};

/// Where the page's figures are in `docs/benchmarks.md`.
const PAGE_BEGIN: &str = "<!-- measured: written by `cargo xtask bench page` -->";
const PAGE_END: &str = "<!-- end of what was measured of the page -->";

/// Measures the page, which is built already, and writes the figures into `docs/benchmarks.md`.
///
/// # Errors
/// When the page does not get through it, or its figures have no place.
pub(crate) fn page(workspace: &Workspace) -> Result<()> {
    eprintln!("ten thousand messages in one page, about two minutes …");
    let table = browser::smoothness(workspace)?;
    println!("{table}");
    let docs = docs(workspace);
    let text = fs::read_to_string(&docs)?;
    let parts =
        text.split_once(PAGE_BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(PAGE_END)?.1)));
    let (before, after) = parts.with_context(|| format!("no place for the figures in {}", docs.display()))?;
    fs::write(&docs, format!("{before}{PAGE_BEGIN}\n\n{table}\n\n{PAGE_END}{after}"))?;
    Ok(())
}

/// Attacks the server as it ships, which is built already, and writes the tables into `docs/benchmarks.md` if all
/// is measured; false when a goal is missed.
///
/// # Errors
/// When the attackers cannot be built.
pub(crate) fn hostile(workspace: &Workspace, options: &[OsString]) -> Result<bool> {
    let (chat_bench, _) = soak::programs(workspace)?;
    let mut bench = command::program_in(&workspace.root, chat_bench);
    bench.args(["hostile", "--server"]).arg(workspace.server_binary()).arg("--write").arg(docs(workspace));
    crate::run::become_program(bench.args(options))
}

fn docs(workspace: &Workspace) -> PathBuf {
    workspace.root.join("docs/benchmarks.md")
}

/// Measures the servers, and writes `docs/benchmarks.md` if all is measured; false when it could not be.
///
/// # Errors
/// When our own part cannot be built.
pub(crate) fn bench(workspace: &Workspace, options: &[OsString]) -> Result<bool> {
    let mut bench = chat_bench(workspace)?;
    let mut are_all_there = true;
    for (option, peer, needs) in [
        ("--bun", bun(workspace), "Node.js with npm: https://nodejs.org"),
        ("--python", python(workspace), "Python 3 with venv, on Debian the package python3-venv"),
    ] {
        match peer {
            Ok(program) => drop(bench.arg(option).arg(program)),
            Err(error) => {
                are_all_there = false;
                eprintln!("left out: {error:#}. It needs {needs}.");
            }
        }
    }
    // Half of the figures would leave half of the page untrue.
    if are_all_there && options.iter().all(|option| option.to_string_lossy().starts_with('-')) {
        bench.arg("--write").arg(docs(workspace));
    }
    crate::run::become_program(bench.args(options))
}

fn chat_bench(workspace: &Workspace) -> Result<Command> {
    let (chat_bench, server) = soak::programs(workspace)?;
    let mut bench = command::program_in(&workspace.root, chat_bench);
    bench.args(["bench", "--server"]).arg(server).arg("--peers").arg(peers(workspace));
    Ok(bench)
}

fn peers(workspace: &Workspace) -> PathBuf {
    workspace.root.join("crates/chat-bench/peers")
}

fn bun(workspace: &Workspace) -> Result<PathBuf> {
    let folder = peers(workspace).join("bun");
    npm::install(&folder)?;
    let bun = folder.join("node_modules/.bin/bun");
    command::output(Command::new(&bun).arg("--version"))?;
    Ok(bun)
}

fn python(workspace: &Workspace) -> Result<PathBuf> {
    let wanted = peers(workspace).join("fastapi/requirements.txt");
    let folder = workspace.target.join("bench/python");
    let (python, installed) = (folder.join("bin/python"), folder.join("installed-from.txt"));
    let requirements = fs::read(&wanted)?;
    if fs::read(&installed).is_ok_and(|kept| kept == requirements) {
        return Ok(python);
    }
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), "")?;
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    command::run(install.arg(&wanted), "Is PyPI reachable?")?;
    fs::write(installed, requirements)?;
    Ok(python)
}
