//! Unit and integration tests, with cargo-nextest where it is installed and `cargo test` where
//! not. Three groups, because each is a set of features: the rooms and the protocol, which need
//! no Leptos and so answer first; the page and the server that renders it; this tool.

use anyhow::Result;

use crate::{
    command, engine,
    metadata::Workspace,
    steps::{Outcome, Step},
    test_counts::{Runner, TestCounts},
};

/// With normalisation, because the server has the last word on names; and with the engine.
const ROOMS_FEATURES: &str = "chat-protocol/normalize,chat-protocol/schema,chat-cluster/engine";

pub(crate) const ROOMS: Step = Step {
    name: "test",
    why: "unit and integration tests of protocol and server",
    browser: false,
    // The default members; the server as it is without pages.
    run: |context| test(&context.workspace, &["--lib", "--bins", "--tests", "--features", ROOMS_FEATURES]),
};

pub(crate) const NO_LAB: Step = Step {
    name: "test-no-lab",
    why: "the server is the same without what shows the wire, and on one thread",
    browser: false,
    run: |context| {
        let server = &*context.workspace.leptos.bin_package;
        let (runner, mut run) = runner(&context.workspace);
        run.args(["--package", server, "--lib", "--tests", "--no-default-features", "--no-fail-fast"]);
        // Everywhere else the tests have two.
        run.env("OTAGH_CORES", "1");
        command::count_tests(runner, &mut run, FIX).map(Outcome::tests)
    },
};

/// What the server promises whatever serves it.
const PROMISES: [&str; 7] =
    ["lesson", "conversation", "delivery", "identity", "limits", "transport", "reliability"];

pub(crate) const ENGINE: Step = Step {
    name: "test-engine",
    why: "the server's promises, with an engine: one node, and two with clients dealt in turn",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        if engine::variables(workspace).next().is_none() {
            return Ok(Outcome::skipped(
                "there is no engine: `cargo xtask test --only engine` says what to do",
            ));
        }
        let mut counts = TestCounts::default();
        for nodes in ["1", "2"] {
            let (runner, mut run) = runner(workspace);
            run.args(["--package", &workspace.leptos.bin_package, "--no-fail-fast"]);
            run.args(PROMISES.iter().flat_map(|suite| ["--test", suite]));
            counts += command::count_tests(runner, run.env("OTAGH_TEST_ENGINE", nodes), FIX)?;
        }
        Ok(Outcome::tests(counts))
    },
};

pub(crate) const EXAMPLES: Step = Step {
    name: "test-docs",
    why: "the examples in the documentation of protocol and server are true",
    browser: false,
    run: |context| {
        // The same crates and features as above, so nothing is compiled again.
        let mut run = context.workspace.cargo("test --doc --no-fail-fast");
        run.args(["--features", ROOMS_FEATURES]);
        command::count_tests(Runner::Libtest, &mut run, FIX).map(Outcome::tests)
    },
};

pub(crate) const PAGES: Step = Step {
    name: "test-pages",
    why: "tests of the pages, and of the server that renders it",
    browser: false,
    run: |context| {
        let packages = [&context.workspace.leptos.bin_package, "chat-client", "chat-lab", "chat-ui"];
        let mut selection: Vec<&str> =
            packages.into_iter().flat_map(|package| ["--package", package]).collect();
        // Of the server's integration tests those of its pages; the others have been run.
        selection.extend(["--lib", "--test", "pages", "--features", "chat-client/ssr,chat-server/pages"]);
        test(&context.workspace, &selection)
    },
};

pub(crate) const TOOLS: Step = Step {
    name: "test-xtask",
    why: "tests of this tool and of the benchmark",
    browser: false,
    run: |context| {
        test(&context.workspace, &["--package", env!("CARGO_PKG_NAME"), "--package", "chat-bench", "--bins"])
    },
};

const FIX: &str = "The message above says where.";

fn test(workspace: &Workspace, selection: &[&str]) -> Result<Outcome> {
    let (runner, mut run) = runner(workspace);
    run.args(selection).arg("--no-fail-fast");
    command::count_tests(runner, &mut run, FIX).map(Outcome::tests)
}

/// Runs the tests of a selection that are ignored otherwise, because they need something installed.
pub(crate) fn test_ignored(workspace: &Workspace, selection: &[&str]) -> Result<Outcome> {
    let (runner, mut run) = runner(workspace);
    run.args(selection).args(match runner {
        Runner::Nextest => ["--run-ignored", "only"],
        Runner::Libtest => ["--", "--ignored"],
    });
    command::count_tests(runner, &mut run, FIX).map(Outcome::tests)
}

fn runner(workspace: &Workspace) -> (Runner, std::process::Command) {
    let (runner, mut run) = if command::succeeds(&mut workspace.cargo("nextest --version")) {
        (Runner::Nextest, workspace.cargo("nextest run --no-tests pass"))
    } else {
        (Runner::Libtest, workspace.cargo("test"))
    };
    run.envs(engine::variables(workspace));
    (runner, run)
}
