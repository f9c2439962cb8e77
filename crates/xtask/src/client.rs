//! The clients: each compiled to WebAssembly by cargo, then given its JavaScript by wasm-bindgen,
//! which is linked here as a library so that its version can never differ from the one the client
//! was compiled with. wasm-opt makes the result 1.5% smaller where it is installed. Bound again only
//! when what cargo made, or a tool, has changed.
//!
//! Where the source of the standard library is there, it is compiled with the client: for size, with
//! panics that end the program at once instead of writing a message first that no reader of the page
//! would see, and without what writes values for debugging. That saves a tenth of the download. It is not stable yet, so cargo is told that it
//! may (`RUSTC_BOOTSTRAP`): the toolchain is pinned, and without the source all works as well, larger
//! (docs/adr/0002-lean-client.md).

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context as _, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    command,
    metadata::{Client, Workspace},
    order, shrink_wasm, site,
    steps::{Outcome, Step},
    toolchain::{WASM, std_source},
};

/// Compiles the standard library too. The flags are added to those of `.cargo/config.toml`.
const WITH_STD: &[&str] = &[
    "-Zbuild-std=std,panic_abort",
    "-Zbuild-std-features=optimize_for_size",
    "--config",
    "target.wasm32-unknown-unknown.rustflags=['-Zunstable-options', '-Cpanic=immediate-abort', \
     '-Zfmt-debug=none', '-Zlocation-detail=none']",
];

pub(crate) const COMPILE: Step = Step {
    name: "client",
    why: "compile the pages to WebAssembly, small before fast",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        let mut build = workspace.cargo("build");
        build.args(workspace.client_selection()).args([
            "--target",
            WASM,
            "--profile",
            &workspace.leptos.lib_profile_release,
        ]);
        if std_source(workspace).is_some() {
            build.args(WITH_STD).env("RUSTC_BOOTSTRAP", "1");
        }
        command::run(&mut build, "The compiler's message above says where.")?;
        Ok(Outcome::default())
    },
};

pub(crate) const BIND: Step = Step {
    name: "bindings",
    why: "give the WebAssembly the JavaScript that loads it (wasm-bindgen, wasm-opt if installed)",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        let bound = |client: &Client<'_>| Ok(format!("{}: {}", client.name, bind(workspace, client)?));
        let notes = workspace.clients().iter().map(bound).collect::<Result<Vec<_>>>()?;
        Ok(Outcome::done(notes.join("\n")))
    },
};

/// Light passes. `-Oz` makes the module smaller still and the download larger: it folds away the
/// repetitions that brotli and gzip live on.
const PASSES: &[&str] = &["-O1", "--shrink-level=1"];

/// What Rust 1.95 turns on by itself for this target; wasm-opt must be told.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Returns what was done, and by what.
fn bind(workspace: &Workspace, client: &Client<'_>) -> Result<String> {
    let from = &client.wasm;
    let wasm = fs::read(from).with_context(|| format!("{} (run `cargo xtask build`)", from.display()))?;
    let optimizer = wasm_opt(workspace);
    let by = made_by(optimizer.as_deref());

    // What was bound, and by what, is kept beside the result: equal bytes need no work, unless we
    // have learnt to do it otherwise since.
    let folder = workspace.bindings(client);
    let (kept_from, kept_by) = (folder.join("made-from.wasm"), folder.join("made-by.txt"));
    if fs::read(&kept_from).is_ok_and(|kept| kept == wasm)
        && fs::read_to_string(&kept_by).is_ok_and(|kept| kept == by)
        && changed(&kept_by)? > changed(&std::env::current_exe()?)?
    {
        return Ok(format!("unchanged ({by})"));
    }

    let out = folder.join("pkg");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let name = client.name;
    let mut output = Bindgen::new()
        .input_bytes(name, wasm.clone())
        .web(true)?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate_output()
        .context("wasm-bindgen")?;
    let names = shrink_wasm::with_short_names(output.wasm_mut(), &format!("./{name}_bg.js"));
    output.emit(&out).context("wasm-bindgen")?;
    let js = out.join(name).with_extension("js");
    fs::write(&js, shrink_wasm::javascript(&fs::read_to_string(&js)?, &names)?)?;
    // With LEPTOS_OUTPUT_NAME set (.cargo/config.toml) Leptos asks for the name without `_bg`, and so
    // do we.
    let served = out.join(name).with_extension("wasm");
    fs::rename(out.join(format!("{name}_bg.wasm")), &served)?;

    let mut note = by.clone();
    if let Some(optimizer) = optimizer {
        match optimize(&optimizer, &served) {
            Ok(true) => {}
            Ok(false) => note = format!("{by}; left as it was, because it compresses better so"),
            // An old wasm-opt that cannot read today's WebAssembly stops nobody.
            Err(error) => note = format!("{by}; left as it was, because {error:#}"),
        }
    }
    fs::write(&served, order::by_likeness(&fs::read(&served)?)?)?;
    fs::write(kept_from, wasm)?;
    fs::write(kept_by, by)?;
    Ok(note)
}

fn changed(file: &Path) -> Result<SystemTime> {
    Ok(fs::metadata(file)?.modified()?)
}

/// On `PATH`, or installed by hand with `npm install --no-save binaryen` in end2end.
fn wasm_opt(workspace: &Workspace) -> Option<PathBuf> {
    let local = workspace.end2end().join("node_modules/.bin/wasm-opt");
    command::find("wasm-opt").or_else(|| local.is_file().then_some(local))
}

fn made_by(optimizer: Option<&Path>) -> String {
    let bindgen = format!("wasm-bindgen {}", bindgen_version());
    match optimizer {
        None => format!("{bindgen}, no wasm-opt on PATH"),
        Some(path) => {
            let version = command::output(std::process::Command::new(path).arg("--version"))
                .unwrap_or_else(|_| "wasm-opt of unknown version".into());
            format!("{bindgen}, {version}")
        }
    }
}

/// The version that `Cargo.toml` pins. The library does not tell its own.
fn bindgen_version() -> &'static str {
    include_str!("../../../Cargo.toml")
        .lines()
        .find_map(|line| line.strip_prefix("wasm-bindgen-cli-support = \"="))
        .map_or("of unknown version", |rest| rest.trim_end_matches('"'))
}

/// Whether the optimised file was kept. What counts is the download, not the file.
fn optimize(wasm_opt: &Path, wasm: &Path) -> Result<bool> {
    let optimized = wasm.with_extension("opt");
    let mut run = std::process::Command::new(wasm_opt);
    command::output(run.args(PASSES).args(WASM_FEATURES).arg(wasm).arg("-o").arg(&optimized))?;
    let download = |path: &Path| -> Result<usize> { Ok((site::BROTLI.compress)(&fs::read(path)?)?.len()) };
    let smaller = download(&optimized)? < download(wasm)?;
    if smaller {
        fs::rename(optimized, wasm)?;
    } else {
        fs::remove_file(optimized)?;
    }
    Ok(smaller)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wasm_bindgen_versions_match() {
        let manifest = include_str!("../../../Cargo.toml");
        let client = manifest.lines().find_map(|line| line.strip_prefix("wasm-bindgen = \"="));
        assert_eq!(client.map(|rest| rest.trim_end_matches('"')), Some(bindgen_version()));
    }
}
