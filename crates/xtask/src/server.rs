//! The server: one release binary with the whole site inside, so that it runs from an empty
//! folder. Comes after the site, because it embeds it.

use crate::{
    command,
    steps::{Outcome, Step},
};

pub(crate) const STEP: Step = Step {
    name: "server",
    why: "compile the server with the site inside it",
    browser: false,
    run: |context| {
        let workspace = &context.workspace;
        let leptos = &workspace.leptos;
        let mut build = workspace.cargo("build --release");
        build
            .args(["--package", &leptos.bin_package, "--bin", &leptos.bin_target])
            .args(["--features", &leptos.bin_features.join(",")]);
        command::run(&mut build, "The compiler's message above says where.")?;
        let bytes = std::fs::metadata(workspace.server_binary())?.len();
        Ok(Outcome::done(format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0))))
    },
};
