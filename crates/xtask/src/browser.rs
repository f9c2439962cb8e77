//! The browser tests and what they need: npm packages, a Chromium, and the release binary, which
//! every test starts for itself. Chromium is the system's own, installed through its package
//! manager when we may; a Chromium that Playwright downloaded earlier is as good. What cannot be
//! installed is named together with the one command to type.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::{
    apt, command, engine,
    metadata::Workspace,
    npm,
    steps::{Context, Outcome, Step},
    test_counts::TestCounts,
};

pub(crate) const PACKAGES: Step = Step {
    name: "npm",
    why: "install the packages that the browser tests use",
    browser: true,
    run: |context| packages(&context.workspace),
};

pub(crate) const CHROMIUM: Step = Step {
    name: "chromium",
    why: "find a Chromium, or install one",
    browser: true,
    run: |context| match find_chromium()? {
        Some(path) => Ok(Outcome::done(path.display().to_string())),
        None => install_chromium(&context.workspace).map(|path| Outcome::done(path.display().to_string())),
    },
};

pub(crate) const TYPES: Step = Step {
    name: "types",
    why: "TypeScript finds no mistake in the browser tests",
    browser: true,
    run: |context| {
        let mut check = npm::npm(&context.workspace.end2end(), "exec --offline -- tsc --noEmit");
        command::run(&mut check, "The message above says where.")?;
        Ok(Outcome::default())
    },
};

pub(crate) const END_TO_END: Step = Step {
    name: "e2e",
    why: "the browser tests: real Chromium against the real server",
    browser: true,
    run: end_to_end,
};

/// Playwright 1.65 says so in its package.json.
const NODE_MAJOR: u32 = 20;

const NODE_FIX: &str = "The browser tests need Node.js 20 or newer with npm: https://nodejs.org. \
                        `cargo xtask test --quick` goes without.";

fn packages(workspace: &Workspace) -> Result<Outcome> {
    let node = command::output(Command::new("node").arg("--version")).context(NODE_FIX)?;
    ensure!(major(&node).is_some_and(|major| major >= NODE_MAJOR), "node is {node}. {NODE_FIX}");
    ensure!(command::find("npm").is_some(), "there is no npm. {NODE_FIX}");

    let how = if npm::install(&workspace.end2end())? { "installed" } else { "unchanged" };
    Ok(Outcome::done(format!("{how} (node {node})")))
}

/// `v20.20.2` is 20.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Says which Chromium the tests use, before any other.
const CHROMIUM_VARIABLE: &str = "CHROMIUM";

fn find_chromium() -> Result<Option<PathBuf>> {
    if let Some(path) = std::env::var_os(CHROMIUM_VARIABLE).map(PathBuf::from) {
        ensure!(path.is_file(), "{CHROMIUM_VARIABLE} says {}, and there is no such file", path.display());
        return Ok(Some(path));
    }
    let installed = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
        .into_iter()
        .find_map(command::find);
    let application = Path::new("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    Ok(installed
        .or_else(|| application.is_file().then(|| application.to_owned()))
        .or_else(|| newest_of_playwright(&playwright_cache()?)))
}

/// Where Playwright keeps the browsers it has downloaded.
fn playwright_cache() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("PLAYWRIGHT_BROWSERS_PATH") {
        return Some(path.into());
    }
    let home = PathBuf::from(std::env::var_os("HOME")?);
    Some(home.join(if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" }).join("ms-playwright"))
}

/// The Chromium of the highest revision in a folder of `chromium-1234` folders.
fn newest_of_playwright(cache: &Path) -> Option<PathBuf> {
    const INSIDE: &[&str] = &[
        "chrome-linux64/chrome",
        "chrome-linux/chrome",
        "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
        "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
    ];
    let revision = |folder: &Path| -> Option<u32> {
        folder.file_name()?.to_str()?.strip_prefix("chromium-")?.parse().ok()
    };
    let folders = fs::read_dir(cache).ok()?.flatten().map(|entry| entry.path());
    folders
        .filter_map(|folder| Some((revision(&folder)?, folder)))
        .filter_map(|(revision, folder)| {
            let file = INSIDE.iter().map(|inside| folder.join(inside)).find(|file| file.is_file())?;
            Some((revision, file))
        })
        .max()
        .map(|(_, file)| file)
}

fn install_chromium(workspace: &Workspace) -> Result<PathBuf> {
    let by_hand = if cfg!(target_os = "linux") && command::find("apt-get").is_some() {
        "sudo apt-get update && sudo apt-get install -y chromium fonts-noto-color-emoji"
    } else {
        "npm --prefix end2end exec -- playwright install chromium"
    };
    let by_hand = format!(
        "There is no Chromium. Type `{by_hand}`, or point {CHROMIUM_VARIABLE} at one; \
         `cargo xtask test --quick` goes without"
    );
    apt::install(workspace, &["chromium", "fonts-noto-color-emoji"], &by_hand)?;
    find_chromium()?.context(by_hand)
}

/// Playwright, told which server and which Chromium to use.
fn playwright(workspace: &Workspace, arguments: &str) -> Result<Command> {
    let binary = workspace.server_binary();
    ensure!(binary.is_file(), "{} is not built yet: run `cargo xtask build`", binary.display());
    let chromium = find_chromium()?.context("no Chromium: run `cargo xtask test --only chromium`")?;
    let mut playwright = npm::npm(&workspace.end2end(), "exec --offline -- playwright");
    playwright.args(arguments.split_whitespace()).env("OTAGH_BIN", binary).env(CHROMIUM_VARIABLE, chromium);
    Ok(playwright)
}

/// How smooth the page is with ten thousand messages: a table in Markdown.
///
/// # Errors
/// When something it needs is not there yet, or the page does not get through it.
pub(crate) fn smoothness(workspace: &Workspace) -> Result<String> {
    let said = command::output(&mut playwright(workspace, "test --config bench.config.ts page.bench.ts")?)?;
    // The dots of Playwright's reporter stand between the rows.
    let rows: Vec<&str> = said.lines().filter_map(|line| line.find('|').map(|at| &line[at..])).collect();
    ensure!(!rows.is_empty(), "no table in what the benchmark said:\n{said}");
    Ok(rows.join("\n"))
}

fn end_to_end(context: &Context) -> Result<Outcome> {
    let workspace = &context.workspace;
    let report = workspace.target.join("xtask/playwright.json");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut test = playwright(workspace, "test")?;
    test.args(&context.playwright)
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &report)
        .envs(engine::variables(workspace));
    let result = command::run(
        &mut test,
        "The trace of a failed test: `npm --prefix end2end exec -- playwright show-trace <trace.zip>`.",
    );
    // A failed test is counted; a run that could not even say so is an error.
    let counts = fs::read_to_string(&report).map(|json| count(&json));
    match (result, counts) {
        (Ok(()), counts) => Ok(Outcome::tests(counts??)),
        (Err(_), Ok(Ok(counts))) if counts.failed > 0 => Ok(Outcome::tests(counts)),
        (Err(error), _) => Err(error),
    }
}

/// Reads the statistics of Playwright's JSON report. A flaky test has failed once: it counts as
/// failed.
fn count(report: &str) -> Result<TestCounts> {
    #[derive(Deserialize)]
    struct Report {
        stats: Stats,
    }
    #[derive(Deserialize)]
    struct Stats {
        expected: u32,
        unexpected: u32,
        flaky: u32,
        skipped: u32,
    }
    let Report { stats } = serde_json::from_str(report).context("Playwright's JSON report")?;
    Ok(TestCounts { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flaky_browser_test_counts_as_failed() {
        let json =
            r#"{"stats":{"startTime":"","duration":1.5,"expected":4,"unexpected":1,"flaky":2,"skipped":3}}"#;
        assert_eq!(count(json).expect("parses"), TestCounts { passed: 4, failed: 3, skipped: 3 });
    }

    #[test]
    fn the_newest_downloaded_chromium_is_taken() {
        let cache = tempfile::tempdir().expect("a folder");
        for revision in ["chromium-999", "chromium-1208", "chromium_headless_shell-2000", "firefox-3000"] {
            let folder = cache.path().join(revision).join("chrome-linux64");
            fs::create_dir_all(&folder).expect("made");
            fs::write(folder.join("chrome"), "").expect("written");
        }
        let found = newest_of_playwright(cache.path()).expect("one of them");
        assert!(found.starts_with(cache.path().join("chromium-1208")), "{}", found.display());
    }

    #[test]
    fn node_major_is_first_number() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("nonsense"), None);
    }
}
