//! A task is a list of steps, run in order, each announced with its reason before it starts and
//! timed when it ends. The first failure ends the task unless told otherwise, so the order of a
//! list is the order in which a mistake is found. Knows nothing of what a step does.

use std::{
    ffi::OsString,
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;

use crate::{metadata::Workspace, test_counts::TestCounts};

/// What a step may look at.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) workspace: Workspace,
    /// Further arguments for Playwright.
    pub(crate) playwright: Vec<OsString>,
}

/// One piece of work with a name that `--only` can pick.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Shown before it starts: what is done, and what for.
    pub(crate) why: &'static str,
    /// Left out by `--quick`.
    pub(crate) browser: bool,
    /// An error names what failed and the fix.
    pub(crate) run: fn(&Context) -> Result<Outcome>,
}

/// What a step that succeeded, or whose tests failed, has to tell.
#[derive(Default, Debug)]
pub(crate) struct Outcome {
    /// Shown when it ends; may have several lines.
    pub(crate) note: String,
    /// For a step that runs tests. A step without is one check by itself.
    pub(crate) counts: Option<TestCounts>,
    /// Why there was nothing to do, when that is so: not counted as passed.
    pub(crate) skipped: bool,
}

impl Outcome {
    pub(crate) fn done(note: impl Into<String>) -> Self {
        Self { note: note.into(), ..Self::default() }
    }

    pub(crate) fn skipped(why: impl Into<String>) -> Self {
        Self { note: why.into(), skipped: true, ..Self::default() }
    }

    pub(crate) fn tests(counts: TestCounts) -> Self {
        Self { note: counts.to_string(), counts: Some(counts), skipped: false }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.note)
    }
}

/// Steps to run, and what to do when one fails.
pub(crate) struct Plan {
    steps: Vec<Step>,
    keep_going: bool,
}

impl Plan {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self { steps, keep_going: false }
    }

    pub(crate) fn keep_going(self, keep_going: bool) -> Self {
        Self { keep_going, ..self }
    }

    pub(crate) fn run(&self, context: &Context) -> Report {
        let started = Instant::now();
        let mut report = Report::default();
        let count = self.steps.len();
        for (i, step) in self.steps.iter().enumerate() {
            if !report.failed_steps.is_empty() && !self.keep_going {
                report.not_run.push(step.name);
                continue;
            }
            eprintln!("[{}/{count}] {}: {}", i + 1, step.name, step.why);
            let step_started = Instant::now();
            let result = (step.run)(context);
            let took = seconds(step_started.elapsed());
            match &result {
                Ok(outcome) if outcome.note.is_empty() => eprintln!("      done in {took}"),
                Ok(outcome) => {
                    eprintln!("      {} ({took})", outcome.note.replace('\n', "\n      "));
                }
                Err(error) => eprintln!("\nerror: {} failed after {took}: {error:#}\n", step.name),
            }
            report.add(step.name, result);
        }
        report.took = started.elapsed();
        report
    }
}

/// What became of a plan. Its last line is `N passed, N failed`: every test, and every step that
/// is not made of tests as one check.
#[derive(Default, Debug)]
pub(crate) struct Report {
    checks: TestCounts,
    tests: TestCounts,
    failed_steps: Vec<&'static str>,
    not_run: Vec<&'static str>,
    took: Duration,
}

impl Report {
    pub(crate) fn passed(&self) -> bool {
        self.failed_steps.is_empty()
    }

    fn add(&mut self, name: &'static str, result: Result<Outcome>) {
        match result {
            Ok(Outcome { counts: Some(counts), .. }) => {
                self.tests += counts;
                if counts.failed > 0 {
                    self.failed_steps.push(name);
                }
            }
            Ok(Outcome { skipped: true, .. }) => self.checks.skipped += 1,
            Ok(_) => self.checks.passed += 1,
            Err(_) => {
                self.checks.failed += 1;
                self.failed_steps.push(name);
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nchecks: {}", self.checks)?;
        writeln!(f, "tests:  {}", self.tests)?;
        if !self.failed_steps.is_empty() {
            writeln!(f, "failed: {}", self.failed_steps.join(", "))?;
        }
        if !self.not_run.is_empty() {
            writeln!(f, "not run, because of that: {}", self.not_run.join(", "))?;
        }
        writeln!(f, "in {}", seconds(self.took))?;
        let all = self.checks + self.tests;
        write!(f, "{} passed, {} failed", all.passed, all.failed)
    }
}

/// A duration as a person says it: `0.4 s`, `3 min 20 s`.
fn seconds(took: Duration) -> String {
    let whole = took.as_secs();
    if whole < 60 {
        format!("{:.1} s", took.as_secs_f64())
    } else {
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tests(passed: u32, failed: u32) -> Result<Outcome> {
        Ok(Outcome::tests(TestCounts { passed, failed, skipped: 0 }))
    }

    fn last_line(report: &Report) -> String {
        report.to_string().lines().last().unwrap_or_default().to_owned()
    }

    #[test]
    fn last_line_counts_all_but_skipped() {
        let mut report = Report::default();
        report.add("a", Ok(Outcome::done("")));
        report.add("b", tests(40, 0));
        report.add("c", Ok(Outcome::skipped("no cargo-leptos")));
        assert_eq!(last_line(&report), "41 passed, 0 failed");
        assert!(report.passed());
    }

    #[test]
    fn one_failed_test_fails_the_whole() {
        let mut report = Report::default();
        report.add("a", tests(40, 1));
        assert_eq!(last_line(&report), "40 passed, 1 failed");
        assert!(!report.passed());
    }

    #[test]
    fn a_step_that_breaks_fails_the_whole() {
        let mut report = Report::default();
        report.add("a", Err(anyhow::anyhow!("no rustfmt")));
        assert_eq!(last_line(&report), "0 passed, 1 failed");
        assert!(!report.passed());
    }

    #[test]
    fn failure_stops_unless_keep_going() {
        const BAD: Step = Step { name: "bad", why: "", browser: false, run: |_| anyhow::bail!("as meant") };
        const GOOD: Step = Step { name: "good", why: "", browser: false, run: |_| Ok(Outcome::default()) };
        let context =
            Context { workspace: Workspace::read().expect("this workspace"), playwright: Vec::new() };
        let report = Plan::new(vec![BAD, GOOD]).run(&context);
        assert_eq!((report.not_run.len(), report.checks.passed), (1, 0));
        let report = Plan::new(vec![BAD, GOOD]).keep_going(true).run(&context);
        assert_eq!((report.not_run.len(), report.checks.passed), (0, 1));
        assert!(!report.passed());
    }

    #[test]
    fn durations_read_like_speech() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(200)), "3 min 20 s");
    }
}
