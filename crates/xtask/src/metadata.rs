//! Names and paths, read from where cargo-leptos reads them: `[[workspace.metadata.leptos]]` in
//! the root `Cargo.toml`, through `cargo metadata`. The client that cargo-leptos does not know, and
//! what each may cost, stand beside it. So there is one place that says what things are called.
//! Touches no file.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
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
    xray: Client,
    budgets: BTreeMap<String, Budgets>,
}

/// A client: a crate that becomes WebAssembly, the JavaScript that loads it and a style sheet, all
/// three with one name.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Client {
    pub(crate) lib_package: String,
    pub(crate) lib_features: Vec<String>,
    pub(crate) output_name: String,
    style_file: PathBuf,
}

/// The keys of `[[workspace.metadata.leptos]]` that we share with cargo-leptos.
#[derive(Deserialize, Debug)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Leptos {
    pub(crate) bin_package: String,
    pub(crate) bin_target: String,
    pub(crate) bin_exe_name: String,
    pub(crate) bin_features: Vec<String>,
    /// The room page, and every page drawn by the server.
    #[serde(flatten)]
    pub(crate) page: Client,
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
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut ask = command::program_in(&root, cargo);
        Self::parse(&command::output(ask.args(["metadata", "--no-deps", "--format-version", "1"]))?)
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
            xray: Client,
            budget: BTreeMap<String, Budgets>,
        }
        let Answer { workspace_root, target_directory, metadata } =
            serde_json::from_str(json).context("[workspace.metadata] in Cargo.toml")?;
        let mut projects = metadata.leptos.into_iter();
        let leptos = projects.next().context("Cargo.toml has no [[workspace.metadata.leptos]]")?;
        ensure!(projects.next().is_none(), "Cargo.toml has more than one [[workspace.metadata.leptos]]");
        let Tables { xray, budget: budgets, .. } = metadata;
        for client in [&leptos.page, &xray] {
            let name = &client.output_name;
            ensure!(budgets.contains_key(name), "Cargo.toml has no [workspace.metadata.budget.{name}]");
        }
        Ok(Self { root: workspace_root, target: target_directory, leptos, xray, budgets })
    }

    /// Every client, the room page first.
    pub(crate) fn clients(&self) -> [&Client; 2] {
        [&self.leptos.page, &self.xray]
    }

    /// What it may cost to download.
    pub(crate) fn budgets(&self, client: &Client) -> Budgets {
        self.budgets[&client.output_name]
    }

    /// The client as cargo leaves it.
    pub(crate) fn client_wasm(&self, client: &Client) -> PathBuf {
        let file = format!("{}.wasm", client.lib_package.replace('-', "_"));
        self.target.join("wasm32-unknown-unknown").join(&self.leptos.lib_profile_release).join(file)
    }

    /// The client as the browser loads it, before it joins the site.
    pub(crate) fn bindings(&self, client: &Client) -> PathBuf {
        self.target.join("xtask/client").join(&client.output_name)
    }

    /// What is embedded in the server: every file that is served as it is.
    pub(crate) fn site(&self) -> PathBuf {
        self.root.join(&self.leptos.site_root)
    }

    /// Where in the site the clients and their styles are.
    pub(crate) fn package(&self) -> &Path {
        &self.leptos.site_pkg_dir
    }

    pub(crate) fn style(&self, client: &Client) -> PathBuf {
        self.root.join(&client.style_file)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_has_what_cargo_leptos_needs() {
        let workspace = Workspace::read().expect("cargo metadata");
        // Cargo names the file after the target; cargo-leptos must be told so.
        assert_eq!(workspace.leptos.bin_exe_name, workspace.leptos.bin_target);
        assert_eq!(workspace.leptos.bin_features, ["pages"]);
        let page = &workspace.leptos.page;
        assert_eq!(page.lib_features, ["mount"]);
        // Set in .cargo/config.toml, for us as for Leptos: it decides that the file which the
        // page asks for is called `otagh.wasm`.
        assert_eq!(option_env!("LEPTOS_OUTPUT_NAME"), Some(page.output_name.as_str()));
        assert!(workspace.client_wasm(page).ends_with("wasm-release/chat_client.wasm"));
        assert_eq!(workspace.site(), workspace.root.join("target/site"));
    }

    #[test]
    fn paths_named_in_metadata_exist() {
        let workspace = Workspace::read().expect("cargo metadata");
        let styles = workspace.clients().map(|client| workspace.style(client));
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
