//! What to measure, and how: the command line of the benchmark.

use std::{fmt, path::PathBuf, time::Duration};

use crate::peer::Programs;

/// The core of the servers, and that of the generator.
pub(crate) const SERVER_CORE: usize = 0;
/// See [`SERVER_CORE`].
pub(crate) const GENERATOR_CORE: usize = 1;

/// What to measure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub(crate) enum Workload {
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
    /// B on two cores, at the rates of one.
    G,
    /// Small rooms beside a huge one in full speech, on two cores.
    H,
    /// What an engine costs, on one node and on two, beside one process without.
    N,
    /// A with one of the thousand recorded, and looking.
    X,
}

impl Workload {
    /// What is measured where none is named: all but N, which needs an engine and has a table of its own.
    pub(crate) const ALL: [Self; 8] =
        [Self::A, Self::B, Self::C, Self::D, Self::E, Self::G, Self::H, Self::X];
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// How to measure it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Which; all but N, without.
    #[arg(ignore_case = true)]
    pub(crate) workloads: Vec<Workload>,
    /// Where the servers are.
    #[command(flatten)]
    pub(crate) programs: Programs,
    /// Longer and more often: about fourteen minutes, instead of four.
    #[arg(long)]
    pub(crate) full: bool,
    /// The page to write the figures into, between its two marks; a picture goes beside it.
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Fail when a figure is far from its goal: a regression, on whatever machine this is.
    #[arg(long)]
    pub(crate) guard: bool,
}

impl Options {
    /// How many rounds.
    pub(crate) fn rounds(&self) -> usize {
        if self.full { 9 } else { 3 }
    }

    /// How long a measure takes.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_millis(if self.full { 2_000 } else { 800 })
    }
}
