//! Unit and integration tests, with cargo-nextest where it is installed and `cargo test` where
//! not. Three groups, because each is a set of features: the rooms and the protocol, which need
//! no Leptos and so answer first; the page and the server that renders it; this tool.

use anyhow::Result;

use crate::{
    checks::ALL_FEATURES,
    command,
    metadata::Workspace,
    steps::{Outcome, Step},
    tally::Runner,
};

pub(crate) const ROOMS: Step = Step {
    name: "test",
    why: "unit and integration tests of protocol and server",
    browser: false,
    run: |context| {
        // The default members; the server as it is without pages.
        test(&context.workspace, &["--features", "chat-protocol/normalize,chat-protocol/schema"])
    },
};

pub(crate) const PAGES: Step = Step {
    name: "test-pages",
    why: "tests of the page, and of the server that renders it",
    browser: false,
    run: |context| {
        let leptos = &context.workspace.leptos;
        // The server does not compile without a folder to embed; its tests need no more than that.
        std::fs::create_dir_all(context.workspace.site())?;
        let (page, server) = (leptos.lib_package.as_str(), leptos.bin_package.as_str());
        test(
            &context.workspace,
            &[
                "--package",
                page,
                "--package",
                server,
                "--lib",
                "--tests",
                "--features",
                "chat-client/ssr,chat-server/pages",
            ],
        )
    },
};

pub(crate) const TOOLS: Step = Step {
    name: "test-xtask",
    why: "tests of this tool",
    browser: false,
    run: |context| test(&context.workspace, &["--package", env!("CARGO_PKG_NAME")]),
};

pub(crate) const EXAMPLES: Step = Step {
    name: "test-docs",
    why: "the examples in the documentation are true",
    browser: false,
    run: |context| {
        let mut run = command::cargo(&context.workspace, "test --doc --workspace --no-fail-fast");
        run.args(["--exclude", env!("CARGO_PKG_NAME"), "--features", ALL_FEATURES]);
        command::count_tests(Runner::Libtest, &mut run, FIX).map(Outcome::tests)
    },
};

const FIX: &str = "The message above says where.";

fn test(workspace: &Workspace, selection: &[&str]) -> Result<Outcome> {
    let (runner, mut run) = if command::succeeds(&mut command::cargo(workspace, "nextest --version")) {
        (Runner::Nextest, command::cargo(workspace, "nextest run --no-tests pass"))
    } else {
        // Examples in documentation are a step of their own.
        (Runner::Libtest, command::cargo(workspace, "test --lib --bins --tests"))
    };
    run.args(selection).arg("--no-fail-fast");
    command::count_tests(runner, &mut run, FIX).map(Outcome::tests)
}
