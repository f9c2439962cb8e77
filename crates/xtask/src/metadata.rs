//! Names and paths, read from where cargo-leptos reads them: `[[workspace.metadata.leptos]]` in
//! the root `Cargo.toml`, through `cargo metadata`. What cargo-leptos does not know, the modules of the lab and
//! what a download may weigh, stands beside it. So there is one place that says what things are called.
//! Touches no file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::command;

/// This workspace: what is in it, and where it is.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever the user has put it.
    pub(crate) target: PathBuf,
    pub(crate) leptos: Leptos,
    lab: Lab,
    budgets: BTreeMap<String, Budgets>,
}

/// A client: what becomes WebAssembly, the JavaScript that loads it and a style sheet, all three with one
/// name.
#[derive(Debug)]
pub(crate) struct Client<'a> {
    /// The name of its three files.
    pub(crate) name: &'a str,
    /// Its WebAssembly as cargo leaves it.
    pub(crate) wasm: PathBuf,
    /// The style sheet that its own is bundled from.
    pub(crate) style: PathBuf,
    /// What it may cost to download.
    pub(crate) budgets: Budgets,
}

/// `[workspace.metadata.lab]`: what shows the wire, a module for each kind of place.
#[derive(Deserialize, Debug)]
struct Lab {
    package: String,
    features: Vec<String>,
    modules: Vec<String>,
}

/// The keys of `[[workspace.metadata.leptos]]` that we share with cargo-leptos.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Leptos {
    pub(crate) bin_package: String,
    pub(crate) bin_target: String,
    pub(crate) bin_exe_name: String,
    pub(crate) bin_features: Vec<String>,
    lib_package: String,
    lib_features: Vec<String>,
    output_name: String,
    style_file: PathBuf,
    pub(crate) lib_profile_release: String,
    site_root: PathBuf,
    site_pkg_dir: PathBuf,
    assets_dir: PathBuf,
    end2end_dir: PathBuf,
    /// The oldest browsers that the style is for: `chrome 96, safari 15.4`.
    browserquery: String,
}

/// `[workspace.metadata.budget.NAME]`: of the client with this output name, one budget for each
/// encoding that we serve.
#[derive(Deserialize, Clone, Copy, Debug)]
pub(crate) struct Budgets {
    pub(crate) brotli: Budget,
    pub(crate) gzip: Budget,
}

/// Sizes in KiB of 1024 bytes.
#[derive(Deserialize, Clone, Copy, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Budget {
    /// Above this the build is refused.
    pub(crate) limit_kib: u32,
    /// What we would like.
    pub(crate) goal_kib: u32,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// When cargo cannot read the workspace, or a key is missing.
    pub(crate) fn read() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Self::parse(&command::output(&mut cargo_in(&root, "metadata --no-deps --format-version 1"))?)
    }

    /// The cargo that started us, with the arguments of one line: `workspace.cargo("fmt --check")`.
    pub(crate) fn cargo(&self, arguments: &str) -> Command {
        cargo_in(&self.root, arguments)
    }

    fn parse(json: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Answer {
            workspace_root: PathBuf,
            target_directory: PathBuf,
            metadata: Tables,
        }
        #[derive(Deserialize)]
        struct Tables {
            leptos: Vec<Leptos>,
            lab: Lab,
            budget: BTreeMap<String, Budgets>,
        }
        let Answer { workspace_root, target_directory, metadata } =
            serde_json::from_str(json).context("[workspace.metadata] in Cargo.toml")?;
        let mut projects = metadata.leptos.into_iter();
        let leptos = projects.next().context("Cargo.toml has no [[workspace.metadata.leptos]]")?;
        ensure!(projects.next().is_none(), "Cargo.toml has more than one [[workspace.metadata.leptos]]");
        let Tables { lab, budget: budgets, .. } = metadata;
        for name in lab.modules.iter().chain([&leptos.output_name]) {
            ensure!(budgets.contains_key(name), "Cargo.toml has no [workspace.metadata.budget.{name}]");
        }
        Ok(Self { root: workspace_root, target: target_directory, leptos, lab, budgets })
    }

    /// Every client, the room page first.
    pub(crate) fn clients(&self) -> Vec<Client<'_>> {
        let page = &self.leptos;
        let built = self.target.join("wasm32-unknown-unknown").join(&page.lib_profile_release);
        let client = |name, file: &str, style: PathBuf| Client {
            name,
            wasm: built.join(file).with_extension("wasm"),
            style: self.root.join(style),
            budgets: self.budgets[name],
        };
        let room = client(&*page.output_name, &page.lib_package.replace('-', "_"), page.style_file.clone());
        let style = |name| Path::new("style").join(name).with_extension("css");
        let modules = self.lab.modules.iter().map(|name| client(name, name, style(name)));
        std::iter::once(room).chain(modules).collect()
    }

    /// What cargo is told to compile all clients, the library of the one package and the modules of the
    /// other: together, because each ends in minutes of work for one core.
    pub(crate) fn client_selection(&self) -> Vec<String> {
        let features = |package: &str, features: &[String]| {
            features.iter().map(|feature| format!("{package}/{feature}")).collect::<Vec<_>>()
        };
        let (page, lab) = (&self.leptos, &self.lab);
        let features =
            [features(&page.lib_package, &page.lib_features), features(&lab.package, &lab.features)].concat();
        let words =
            ["--lib", "--bins", "--package", &page.lib_package, "--package", &lab.package, "--features"];
        words.into_iter().map(str::to_owned).chain([features.join(",")]).collect()
    }

    /// The client as the browser loads it, before it joins the site.
    pub(crate) fn bindings(&self, client: &Client<'_>) -> PathBuf {
        self.target.join("xtask/client").join(client.name)
    }

    /// What is embedded in the server: every file that is served as it is.
    pub(crate) fn site(&self) -> PathBuf {
        self.root.join(&self.leptos.site_root)
    }

    /// Where in the site the clients and their styles are.
    pub(crate) fn package(&self) -> &Path {
        &self.leptos.site_pkg_dir
    }

    /// The oldest browsers that the style is for, as cargo-leptos reads them.
    pub(crate) fn browsers(&self) -> &str {
        &self.leptos.browserquery
    }

    pub(crate) fn assets(&self) -> PathBuf {
        self.root.join(&self.leptos.assets_dir)
    }

    pub(crate) fn end2end(&self) -> PathBuf {
        self.root.join(&self.leptos.end2end_dir)
    }

    pub(crate) fn server_binary(&self) -> PathBuf {
        let file = format!("{}{}", self.leptos.bin_exe_name, std::env::consts::EXE_SUFFIX);
        self.target.join("release").join(file)
    }
}

fn cargo_in(root: &Path, arguments: &str) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command::program_in(root, program);
    command.args(arguments.split_whitespace());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_what_cargo_leptos_needs() {
        let workspace = Workspace::read().expect("cargo metadata");
        // Cargo names the file after the target; cargo-leptos must be told so.
        assert_eq!(workspace.leptos.bin_exe_name, workspace.leptos.bin_target);
        assert_eq!(workspace.leptos.bin_features, ["pages"]);
        let page = &workspace.leptos;
        assert_eq!(page.lib_features, ["mount"]);
        // Set in .cargo/config.toml, for us as for Leptos: it decides that the file which the
        // page asks for is called `otagh.wasm`.
        assert_eq!(option_env!("LEPTOS_OUTPUT_NAME"), Some(page.output_name.as_str()));
        assert!(workspace.clients()[0].wasm.ends_with("wasm-release/chat_client.wasm"));
        assert_eq!(workspace.site(), workspace.root.join("target/site"));
    }

    #[test]
    fn paths_named_in_metadata_exist() {
        let workspace = Workspace::read().expect("cargo metadata");
        let styles = workspace.clients().into_iter().map(|client| client.style);
        for path in styles.into_iter().chain([workspace.assets(), workspace.end2end()]) {
            assert!(path.exists(), "{} is named in Cargo.toml and missing", path.display());
        }
    }

    #[test]
    fn a_missing_key_is_named() {
        let json = r#"{"workspace_root":"/w","target_directory":"/w/target",
                       "metadata":{"leptos":[{"bin-package":"a"}]}}"#;
        let error = format!("{:#}", Workspace::parse(json).expect_err("incomplete"));
        assert!(error.contains("bin-target"), "{error}");
    }
}
