//! A tally in words: a line for a round, and a table for a run. Prints what was measured and nothing
//! else; does not judge.

use std::{
    fmt::{self, Write},
    time::Duration,
};

use crate::{journal::Tally, scenario::Round};

/// A round in one line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a>(pub &'a Round);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Round { scenario, seed, tally, .. } = self.0;
        let counts = tally.counts;
        write!(
            f,
            "{:<12} seed {seed}: {} sent, {} acknowledged, {} delivered; {} faults, {} resumes recovered, \
             {} told of a gap, {} of a new life",
            scenario.name(),
            counts.sent,
            counts.acknowledged,
            counts.delivered,
            tally.faults.values().sum::<u64>(),
            counts.recovered,
            counts.gaps,
            counts.new_lives,
        )
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts;
        let list = |entries: Vec<String>| if entries.is_empty() { "none".into() } else { entries.join(", ") };
        let faults = list(self.faults.iter().map(|(fault, times)| format!("{times} {fault}")).collect());
        let closes = list(self.closes.iter().map(|(code, times)| format!("{times} with {code}")).collect());
        let returned = self.returns_in_words();
        writeln!(f, "messages     {} sent, {} acknowledged", counts.sent, counts.acknowledged)?;
        writeln!(
            f,
            "             {} sent again, of which {} had arrived; {} dropped for haste",
            counts.resent, counts.known, counts.too_fast
        )?;
        writeln!(f, "deliveries   {}, {} of them replayed", counts.delivered, self.replayed)?;
        writeln!(f, "faults       {faults}")?;
        writeln!(f, "closes       {closes}")?;
        writeln!(
            f,
            "resumes      {} recovered, {} told of a gap, {} of a new life; {} newcomers",
            counts.recovered, counts.gaps, counts.new_lives, counts.newcomers
        )?;
        writeln!(f, "returns      {returned}")?;
        write!(f, "server       {:.1} MiB at most (RSS)", self.memory as f64 / f64::from(1 << 20))
    }
}

impl Tally {
    fn returns_in_words(&self) -> String {
        let mut words = self.returns.len().to_string();
        for (name, share) in [("half", 0.5), ("99 of 100", 0.99), ("all", 1.0)] {
            if let Some(time) = self.return_within(share) {
                // Writing to a String cannot fail.
                write!(words, ", {name} within {}", milliseconds(time)).unwrap_or_default();
            }
        }
        words
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Return;

    #[test]
    fn tally_shows_numbers_or_none() {
        let mut tally = Tally::default();
        assert!(tally.to_string().contains("closes       none"));
        tally.closes.insert(4001, 3);
        tally.faults.insert("reset", 2);
        tally.memory = 3 << 19;
        let took = Duration::from_millis(250);
        tally.returns.push(Return { joined: Duration::ZERO, took });
        let words = tally.to_string();
        for said in ["3 with 4001", "2 reset", "1, half within 250 ms", "1.5 MiB"] {
            assert!(words.contains(said), "{said} in {words}");
        }
    }
}
