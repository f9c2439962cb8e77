//! What can be said about the code without running it: its format, clippy's and rustdoc's
//! findings, all without warnings. Each set of features that ships is checked: the server alone,
//! server and page together, and the page as the browser gets it.

use crate::{
    command,
    steps::{Outcome, Step},
    toolchain::WASM,
};

pub(crate) const FORMAT: Step = Step {
    name: "format",
    why: "rustfmt has nothing to change",
    browser: false,
    run: |context| {
        let mut check = context.workspace.cargo("fmt --all --check");
        command::run(
            &mut check,
            "`cargo fmt` puts it right; if rustfmt is missing, `rustup component add rustfmt` first.",
        )?;
        Ok(Outcome::default())
    },
};

/// The features of everything at once, for the machine we are on.
const ALL_FEATURES: &str = "chat-protocol/normalize,chat-protocol/schema,chat-server/pages,chat-client/ssr";

const CLIPPY_FIX: &str =
    "The message above says where; if clippy is missing, `rustup component add clippy` first.";

pub(crate) const LINTS: Step = Step {
    name: "clippy",
    why: "clippy is content with every crate, the pages included",
    browser: false,
    run: |context| {
        let mut check = context.workspace.cargo("clippy --workspace --all-targets");
        check.args(["--features", ALL_FEATURES, "--", "-D", "warnings"]);
        command::run(&mut check, CLIPPY_FIX)?;
        Ok(Outcome::default())
    },
};

pub(crate) const SERVER_LINTS: Step = Step {
    name: "clippy-server",
    why: "clippy is content with the server as it is without pages",
    browser: false,
    run: |context| {
        // The default members, with default features.
        let mut check = context.workspace.cargo("clippy --all-targets -- -D warnings");
        command::run(&mut check, CLIPPY_FIX)?;
        Ok(Outcome::default())
    },
};

pub(crate) const PAGE_LINTS: Step = Step {
    name: "clippy-page",
    why: "clippy is content with the pages as the browser gets them",
    browser: false,
    run: |context| {
        let mut check = context.workspace.cargo("clippy");
        check.args(context.workspace.client_selection()).args(["--target", WASM, "--", "-D", "warnings"]);
        command::run(&mut check, CLIPPY_FIX)?;
        Ok(Outcome::default())
    },
};

pub(crate) const DOCS: Step = Step {
    name: "docs",
    why: "rustdoc finds no broken link",
    browser: false,
    run: |context| {
        let mut check = context.workspace.cargo("doc --workspace --no-deps --document-private-items");
        // The lab's modules are there only for a browser. Private items may be linked to: they are documented.
        check
            .args(["--features", &[ALL_FEATURES, "chat-lab/browser"].join(",")])
            .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links");
        command::run(&mut check, "The message above says where.")?;
        Ok(Outcome::default())
    },
};
