//! The fuzz targets, run by libFuzzer: built with the compiler of everything else, whose LLVM has
//! the instruments, so neither nightly nor cargo-fuzz is needed, only a C++ compiler for libFuzzer
//! itself. What a target promises is `chat-fuzz`'s business; its tests replay the seeds without this.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{
    command,
    metadata::Workspace,
    steps::{Outcome, Step},
};

/// How long each target runs in `cargo xtask test`, in seconds.
const SHORT: u32 = 2;

pub(crate) const STEP: Step = Step {
    name: "fuzz",
    why: "no input found by libFuzzer in a moment breaks a promise",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        // Its first build takes minutes: its dependencies are built anew, with the instruments. CI has
        // the time, and who waits for the first run of their tests had better not.
        if !folder(workspace).is_dir() && std::env::var_os("CI").is_none() {
            return Ok(Outcome::skipped("not built yet; `cargo xtask fuzz` does. The seeds were replayed"));
        }
        fuzz(workspace, SHORT)
    },
};

/// Builds all targets and runs each for so many seconds, on its seeds and what earlier runs found.
///
/// # Errors
/// When they do not build, or a promise is broken; then the input is kept, and named.
pub(crate) fn fuzz(workspace: &Workspace, seconds: u32) -> Result<Outcome> {
    if command::find("c++").is_none() {
        return Ok(Outcome::skipped("no C++ compiler (c++), which libFuzzer is built with"));
    }
    let mut ask = command::program_in(&workspace.root, "rustc");
    let about = command::output(ask.arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc has no host")?;

    let folder = folder(workspace);
    let mut build = workspace.cargo("build --release --manifest-path fuzz/Cargo.toml");
    // A target, so that build scripts and macros have no instruments.
    build.args(["--target", host, "--target-dir"]).arg(&folder).env("RUSTFLAGS", INSTRUMENTS.join(" "));
    command::run(&mut build, "The message above says where.")?;

    let seeds = workspace.root.join("fuzz/seeds");
    let mut targets: Vec<_> =
        fs::read_dir(&seeds)?.map(|entry| Ok(entry?.file_name())).collect::<Result<_>>()?;
    targets.sort();
    for target in &targets {
        let (corpus, kept) = (folder.join("corpus").join(target), folder.join("artifacts").join(target));
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&kept)?;
        let mut run = command::program_in(&workspace.root, folder.join(host).join("release").join(target));
        run.arg(corpus).arg(seeds.join(target)).arg("-dict=fuzz/otagh.dict").args([
            format!("-max_total_time={seconds}"),
            format!("-artifact_prefix={}/", kept.display()),
            "-max_len=4096".into(),
            "-timeout=5".into(),
            "-verbosity=0".into(),
        ]);
        if let Err(error) = command::run(&mut run, "") {
            bail!(
                "{error}The input is in {}; put it in fuzz/seeds/{} when it is mended",
                kept.display(),
                target.display()
            );
        }
    }
    Ok(Outcome::done(format!("{} targets, {seconds} s each", targets.len())))
}

/// What cargo-fuzz passes, without the sanitizers: there is no `unsafe` here for them to watch.
const INSTRUMENTS: [&str; 7] = [
    "--cfg fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}
