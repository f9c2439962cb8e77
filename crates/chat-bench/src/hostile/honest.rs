//! Those who shall notice nothing: five pairs, each in a room of its own, all from one address, who talk by the
//! clock. What is measured is how long a message takes from one of a pair to the other. It counts from when the
//! message was *due*, so that a server which keeps the pairs waiting is not forgiven.

use std::{
    io,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::runtime::Runtime;

use super::source::{Socket, Source, say};

/// Of one message, whoever says it: a person's is a hundred later than their last.
const EVERY: Duration = Duration::from_millis(10);
const PAIRS: usize = 5;

/// When a message counts as never heard.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Honest {
    runtime: Runtime,
    pairs: Vec<[Socket; 2]>,
    said: u64,
}

impl Honest {
    /// Joins. Before, somebody comes by each of the other ways and goes again, so that the code for it is in
    /// memory whoever attacks.
    ///
    /// # Errors
    /// When the server does not let them in.
    pub(crate) fn join(from: &Source) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let pairs = runtime.block_on(async {
            for path in ["/r/before", "/rooms/before/messages?client=ali"] {
                from.connect().await?.get(path, "").await?;
            }
            from.connect().await?.get_head("/rooms/before/events?client=sara").await?;
            let mut pairs = Vec::new();
            for pair in 0..PAIRS {
                let room = format!("honest{pair}");
                pairs.push([from.join(&room, "ali").await?, from.join(&room, "sara").await?]);
            }
            io::Result::Ok(pairs)
        })?;
        Ok(Self { runtime, pairs, said: 0 })
    }

    /// Talks for so long: the latencies, in microseconds.
    ///
    /// # Errors
    /// When somebody is disconnected, or a message is never heard.
    pub(crate) fn talk(&mut self, time: Duration) -> io::Result<Histogram<u64>> {
        let mut latencies = Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
        let start = Instant::now();
        for turn in 0..(time.as_micros() / EVERY.as_micros()) as u32 {
            let due = start + EVERY * turn;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            self.said += 1;
            let exchange = exchange(&mut self.pairs, self.said);
            let heard = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, exchange).await })??;
            latencies.saturating_record((heard - due).as_micros() as u64);
        }
        Ok(latencies)
    }

    /// Comes and goes again, by the clock and for so long: how long a join takes, from when it was due to its
    /// welcome, in microseconds.
    ///
    /// # Errors
    /// When somebody is not let in.
    pub(crate) fn come_and_go(&self, from: &Source, time: Duration) -> io::Result<Histogram<u64>> {
        let mut latencies = Histogram::new_with_bounds(1, 60_000_000, 3).map_err(io::Error::other)?;
        let start = Instant::now();
        for turn in 0..(time.as_micros() / EVERY.as_micros()) as u32 {
            let due = start + EVERY * turn;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let room = format!("honest{}", turn as usize % PAIRS);
            let join = from.join(&room, "guest");
            drop(self.runtime.block_on(async { tokio::time::timeout(PATIENCE, join).await })??);
            latencies.saturating_record(due.elapsed().as_micros() as u64);
        }
        Ok(latencies)
    }
}

/// One says something, and the other hears it: when.
async fn exchange(pairs: &mut [[Socket; 2]], number: u64) -> io::Result<Instant> {
    let [one, other] = &mut pairs[number as usize % PAIRS];
    let (speaker, listener) =
        if (number / PAIRS as u64).is_multiple_of(2) { (one, other) } else { (other, one) };
    speaker.send(&say(number, "سلام")).await?;
    hear(listener, number).await?;
    let heard = Instant::now();
    hear(speaker, number).await?;
    Ok(heard)
}

async fn hear(listener: &mut Socket, number: u64) -> io::Result<()> {
    let id = format!(r#""id":"{number}""#);
    while !String::from_utf8_lossy(&listener.hear().await?).contains(&id) {}
    Ok(())
}
