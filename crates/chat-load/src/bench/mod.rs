//! What Otagh costs, measured beside what it is compared with: the kernel alone, Bun and FastAPI.
//! Every server gets one core, the generator another; all are asked the same in turn, round after
//! round, and what counts is the median of the ratios of a round, so that a busy machine makes the
//! figures worse and the comparison no less true. [`workload`] says what is measured, [`station`] how
//! a server is made to work, [`crowd`] who hears it, [`report`] how it is told.

use std::{
    fmt, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use self::{
    peer::{Programs, pin},
    report::Finding,
};

pub mod crowd;
pub mod floor;
pub mod frames;
pub mod peer;
pub mod report;
pub mod station;
pub mod workload;

/// The core of the servers, and that of the generator.
pub const SERVER_CORE: usize = 0;
/// See [`SERVER_CORE`].
pub const GENERATOR_CORE: usize = 1;

/// What to measure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub enum Workload {
    /// One room of 1,000, with 1, 16 and 64 messages in flight.
    A,
    /// 100 rooms of 10 in which everybody talks.
    B,
    /// 10,000 who sit in 100 rooms and say nothing.
    C,
    /// 10,000 who enter one room as fast as they can.
    D,
    /// Messages by the clock; then the same with one in a hundred not reading (F).
    E,
    /// B on two cores.
    G,
    /// A with one of the thousand recorded, and looking.
    X,
}

impl Workload {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::A, Self::B, Self::C, Self::D, Self::E, Self::G, Self::X];
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How to measure it.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Which; all, without.
    #[arg(ignore_case = true)]
    pub workloads: Vec<Workload>,
    /// Where the servers are.
    #[command(flatten)]
    pub programs: Programs,
    /// Longer and more often: about eight minutes, instead of under three.
    #[arg(long)]
    pub full: bool,
    /// The page to write the figures into, between its two marks; a picture goes beside it.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Fail when a figure is far from its goal: a regression, on whatever machine this is.
    #[arg(long)]
    pub guard: bool,
}

impl Options {
    /// How many rounds.
    pub fn rounds(&self) -> usize {
        if self.full { 9 } else { 3 }
    }

    /// How long a measure takes.
    pub fn time(&self) -> Duration {
        Duration::from_millis(if self.full { 2_000 } else { 800 })
    }
}

/// Measures, and tells. False when a guarded figure is too far from its goal.
///
/// # Errors
/// When a server cannot be started or breaks a promise, or the machine is too small.
pub fn run(options: &Options) -> io::Result<bool> {
    crate::process::raise_open_files()?;
    pin(&[GENERATOR_CORE]).map_err(|error| {
        io::Error::other(format!(
            "two cores are needed, one for the server and one for the generator: {error}"
        ))
    })?;
    let started = Instant::now();
    let wanted = if options.workloads.is_empty() { &Workload::ALL[..] } else { &options.workloads };
    let mut findings: Vec<Finding> = Vec::new();
    for workload in wanted {
        for finding in workload::measure(*workload, options)? {
            println!("{finding}");
            findings.push(finding);
        }
    }
    println!("\nin {:.0} s", started.elapsed().as_secs_f64());
    if let Some(page) = &options.write {
        report::write(page, &findings, options)?;
    }
    Ok(!options.guard || findings.iter().all(Finding::is_within_guard))
}
