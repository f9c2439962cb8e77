//! How many tests passed, read from the summary lines that test runners print: libtest's
//! `test result: ok. 3 passed; 0 failed; 1 ignored`, nextest's `Summary [0.1s] 3 tests run: 2
//! passed, 1 failed, 0 skipped`.

use std::{
    fmt,
    ops::{Add, AddAssign},
};

/// Who prints the summary. nextest shows what libtest says of each failed test: to read both
/// would count it twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Runner {
    Libtest,
    Nextest,
}

/// Counts of tests, or of checks.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct TestCounts {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl TestCounts {
    /// What a line of output adds: nothing, unless it is a summary.
    pub(crate) fn of_line(runner: Runner, line: &str) -> Self {
        let summary = match runner {
            Runner::Libtest => line.starts_with("test result: "),
            Runner::Nextest => line.trim_start().starts_with("Summary ["),
        };
        if !summary {
            return Self::default();
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut counts = Self::default();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].trim_start_matches('(').parse::<u32>() else { continue };
            match pair[1].trim_end_matches([',', ';', '.', ')']) {
                "passed" => counts.passed += count,
                "failed" | "timed" | "exec" => counts.failed += count,
                "skipped" | "ignored" => counts.skipped += count,
                _ => {}
            }
        }
        counts
    }
}

impl Add for TestCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl AddAssign for TestCounts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for TestCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: u32, failed: u32, skipped: u32) -> TestCounts {
        TestCounts { passed, failed, skipped }
    }

    #[test]
    fn reads_libtest() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; \
                    finished in 0.02s";
        assert_eq!(TestCounts::of_line(Runner::Libtest, line), counts(12, 2, 1));
    }

    #[test]
    fn reads_nextest() {
        let line =
            "     Summary [   0.030s] 21 tests run: 19 passed (1 slow), 1 failed, 1 timed out, 4 skipped";
        assert_eq!(TestCounts::of_line(Runner::Nextest, line), counts(19, 2, 4));
        let line = "     Summary [   0.010s] 1 test run: 1 passed, 0 skipped";
        assert_eq!(TestCounts::of_line(Runner::Nextest, line), counts(1, 0, 0));
    }

    #[test]
    fn numbers_printed_by_test_are_ignored() {
        assert_eq!(TestCounts::of_line(Runner::Libtest, "test limits::says_3 failed"), TestCounts::default());
        assert_eq!(TestCounts::of_line(Runner::Nextest, "I saw 5 passed, 5 failed"), TestCounts::default());
    }

    #[test]
    fn libtest_summary_quoted_by_nextest_is_ignored() {
        let quoted = "    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 30 filtered out";
        assert_eq!(TestCounts::of_line(Runner::Nextest, quoted), TestCounts::default());
        assert_eq!(TestCounts::of_line(Runner::Libtest, quoted), TestCounts::default());
    }
}
