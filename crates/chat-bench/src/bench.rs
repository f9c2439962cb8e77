//! What Otagh costs, measured beside what it is compared with: the kernel alone, Bun and FastAPI.
//! Every server gets one core, the generator another; all are asked the same in turn, round after
//! round, and what counts is the median of the ratios of a round, so that a busy machine makes the
//! figures worse and the comparison no less true. `workload` says what is measured, `driver` how
//! a server is made to work, `load_clients` who hears it, `report` how it is told.

use std::{io, time::Instant};

use crate::{
    options::{GENERATOR_CORE, Options, Workload},
    peer::pin,
    report::{self, Finding},
    workload,
};

/// Measures, and tells. False when a guarded figure is too far from its goal.
///
/// # Errors
/// When a server cannot be started or breaks a promise, or the machine is too small.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    chat_testkit::process::raise_open_files()?;
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
