//! `cargo xtask`: how Otagh is built, run, tested and measured. A task is a list of steps; a step
//! is a name, a reason and a function, and lives in the file named after what it makes. This is
//! the only crate that starts other programs, and it knows nothing of rooms or messages.

mod apt;
mod bench;
mod browser;
mod budget;
mod checks;
mod client;
mod command;
mod engine;
mod fuzz;
mod metadata;
mod nodes;
mod npm;
mod order;
mod run;
mod server;
mod service;
mod shrink_wasm;
mod site;
mod soak;
mod steps;
mod style;
mod test_counts;
mod tests;
mod toolchain;
mod watch;
mod wireshark;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{
    metadata::Workspace,
    steps::{Context, Plan, Step},
};

/// Builds, runs, tests and measures Otagh.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand, Debug)]
enum Task {
    /// Build one self-contained binary, target/release/otagh, with the page inside it.
    Build,
    /// Build, then serve. Every option after `run` goes to the server: `cargo xtask run --port 80`.
    ///
    /// `cargo xtask run -- --help` lists the server's own options. Two of our own come before those:
    Run {
        /// Run so many servers as one, with an engine: Redis or Valkey, which is installed where there is none.
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=64))]
        nodes: Option<u16>,
        /// The engine to use, as redis://127.0.0.1:6379, in the place of one that is started.
        #[arg(long, env = "OTAGH_ENGINE", value_name = "URL", hide_env_values = true)]
        engine: Option<String>,
        /// Options of the server, passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SERVER OPTIONS")]
        options: Vec<OsString>,
    },
    /// Everything CI runs: formatting, clippy, docs, tests, the build, its size, the browser tests.
    Test {
        /// Leave out what needs a browser.
        #[arg(long)]
        quick: bool,
        /// Run this step only; may be given more than once.
        #[arg(long, value_name = "STEP", value_parser = step_names())]
        only: Vec<String>,
        /// After a failed step go on with the next one instead of stopping.
        #[arg(long)]
        keep_going: bool,
        /// Passed on to Playwright: `cargo xtask test --only e2e -- --grep demo`.
        #[arg(last = true, value_name = "PLAYWRIGHT OPTIONS")]
        playwright: Vec<OsString>,
    },
    /// Measure what the built room page costs to download, against the recorded budget.
    Budget,
    /// Break connections and servers for as long as you like, and check that nothing is lost.
    ///
    /// `cargo xtask soak --for 10m --clients 100 --rooms 5 --seed 1`; `cargo xtask soak -- --help`
    /// lists all options.
    Soak {
        /// Options of `chat-bench soak`, passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "OPTIONS")]
        options: Vec<OsString>,
    },
    /// Measure the server beside Bun, FastAPI and the kernel alone, and write docs/benchmarks.md.
    ///
    /// `cargo xtask bench` takes under three minutes, `cargo xtask bench --full` about eight;
    /// `cargo xtask bench a c` measures two workloads and writes nothing. `cargo xtask bench page` is
    /// the page's own: ten thousand messages in a real browser. `cargo xtask bench hostile` attacks the
    /// server while others talk, in under six minutes; `cargo xtask bench hostile pages four` does less.
    /// `cargo xtask bench n` is what several nodes cost, and needs a Redis; `--before PATH` puts an older
    /// binary of ours beside it in A, B and C.
    Bench {
        /// Workloads and options of `chat-bench bench`, passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "WORKLOADS AND OPTIONS")]
        options: Vec<OsString>,
    },
    /// Give random input to everything that reads what comes from outside, for a while.
    Fuzz {
        /// For each target, in seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Rebuild and reload on every change, with `cargo leptos watch`.
    Watch {
        /// Options of `cargo leptos watch`, passed on as they are.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CARGO LEPTOS OPTIONS")]
        options: Vec<OsString>,
    },
}

/// `cargo xtask build`, in order.
const BUILD: &[Step] = &[toolchain::STEP, client::COMPILE, client::BIND, site::STEP, server::STEP];

/// `cargo xtask test`, in order: what is quick and fails often first, [`BUILD`] before what needs
/// a binary, the browser last.
fn test_steps() -> Vec<Step> {
    let before: &[Step] = &[
        checks::FORMAT,
        engine::STEP,
        tests::ROOMS,
        tests::NO_LAB,
        tests::ENGINE,
        tests::EXAMPLES,
        fuzz::STEP,
        toolchain::STEP,
        checks::LINTS,
        checks::SERVER_LINTS,
        checks::PAGE_LINTS,
        checks::DOCS,
        tests::PAGES,
        tests::TOOLS,
        wireshark::STEP,
        bench::STEP,
    ];
    let after: &[Step] = &[
        budget::STEP,
        browser::PACKAGES,
        browser::CHROMIUM,
        browser::TYPES,
        browser::END_TO_END,
        watch::CHECK,
    ];
    let build = BUILD.iter().filter(|step| step.name != toolchain::STEP.name);
    before.iter().chain(build).chain(after).copied().collect()
}

fn step_names() -> Vec<&'static str> {
    test_steps().iter().map(|step| step.name).collect()
}

fn main() -> ExitCode {
    match work(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// False when a step failed, which has then been told already.
fn work(task: Task) -> Result<bool> {
    let mut context = Context { workspace: Workspace::read()?, playwright: Vec::new() };
    match task {
        Task::Build => {
            let report = Plan::new(BUILD.to_vec()).run(&context);
            if report.passed() {
                eprintln!("\nBuilt {}", context.workspace.server_binary().display());
            }
            Ok(report.passed())
        }
        Task::Run { nodes, engine, options } => {
            if !Plan::new(BUILD.to_vec()).run(&context).passed() {
                return Ok(false);
            }
            match nodes {
                Some(count) => nodes::serve(&context.workspace, count, engine, &options),
                None => run::serve(&context.workspace, engine, &options),
            }
        }
        Task::Test { quick, only, keep_going, playwright } => {
            context.playwright = playwright;
            let mut steps = test_steps();
            if quick {
                steps.retain(|step| !step.browser);
            }
            if !only.is_empty() {
                steps.retain(|step| only.iter().any(|name| name == step.name));
            }
            let report = Plan::new(steps).keep_going(keep_going).run(&context);
            println!("{report}");
            Ok(report.passed())
        }
        Task::Budget => {
            println!("{}", (budget::STEP.run)(&context)?);
            Ok(true)
        }
        Task::Soak { options } => soak::soak(&context.workspace, &options),
        Task::Bench { options } if options == ["page"] => {
            let steps = [BUILD, &[browser::PACKAGES, browser::CHROMIUM]].concat();
            if !Plan::new(steps).run(&context).passed() {
                return Ok(false);
            }
            bench::page(&context.workspace)?;
            Ok(true)
        }
        Task::Bench { options } if options.first().is_some_and(|first| first == "hostile") => {
            if !Plan::new(BUILD.to_vec()).run(&context).passed() {
                return Ok(false);
            }
            bench::hostile(&context.workspace, &options[1..])
        }
        Task::Bench { options } => bench::bench(&context.workspace, &options),
        Task::Fuzz { seconds } => {
            println!("{}", fuzz::fuzz(&context.workspace, seconds)?);
            Ok(true)
        }
        Task::Watch { options } => watch::watch(&context.workspace, &options),
    }
}

#[cfg(test)]
mod cli_tests {
    use super::*;

    fn options_of(arguments: &[&str]) -> Vec<OsString> {
        let line = ["cargo xtask", "run"].iter().chain(arguments);
        match Cli::try_parse_from(line).expect("parses").task {
            Task::Run { options, .. } => options,
            other => panic!("not run: {other:?}"),
        }
    }

    #[test]
    fn server_options_pass_with_or_without_dashes() {
        let wanted = ["--host", "0.0.0.0", "--port=80", "-v"].map(OsString::from);
        assert_eq!(options_of(&["--host", "0.0.0.0", "--port=80", "-v"]), wanted);
        assert_eq!(options_of(&["--", "--host", "0.0.0.0", "--port=80", "-v"]), wanted);
        assert_eq!(options_of(&["--", "--help"]), ["--help"].map(OsString::from));
        assert_eq!(options_of(&[]), Vec::<OsString>::new());
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn step_names_are_unique_and_cover_build() {
        let names = step_names();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name} twice");
        }
        for step in BUILD {
            assert!(names.contains(&step.name), "{} is built but not tested", step.name);
        }
    }

    #[test]
    fn an_unknown_step_is_refused() {
        assert!(Cli::try_parse_from(["cargo xtask", "test", "--only", "nothing"]).is_err());
    }
}
