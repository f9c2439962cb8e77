//! What somebody who means harm costs those who do not: for each of the [`attacks`] a server of its own, at its
//! default options, and [`honest`] pairs who talk before and meanwhile. The server has one core; the generator
//! has the other, of which the honest take what they need and the attacks what is left. Memory comes back late
//! (who was cut may resume for two minutes, and who polled is missed 75 seconds later), so each server is looked at again when that time is over.

use std::{
    fmt::Write as _,
    io,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::task::LocalSet;

use self::{
    attacks::{ATTACKS, Attack, TOGETHER},
    honest::Honest,
    source::Source,
};
use crate::{
    options::{GENERATOR_CORE, SERVER_CORE},
    peer::{Kind, Peer, Programs, pin},
    report,
};

mod attacks;
mod crowd;
pub(crate) mod honest;
mod joins;
pub(crate) mod source;

/// How long the pairs talk undisturbed.
const BEFORE: Duration = Duration::from_secs(2);
/// How long an attack goes on: what may be asked at once is spent by then.
const ATTACK: Duration = Duration::from_secs(8);
/// How long after its end a server's memory is looked at: a polling session's lease, then the resume window, and
/// what tidies up.
const AFTER: Duration = Duration::from_secs(205);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// How much later than undisturbed the slowest hundredth may be heard.
const LATER_MAX: Duration = Duration::from_millis(25);
/// How much more memory than before a server may have that was attacked.
const MEMORY_MAX: f64 = 1.2;

const BEGIN: &str = "<!-- measured: written by `cargo xtask bench hostile` -->";
const END: &str = "<!-- end of what was measured under attack -->";

/// What to measure.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Which attacks, by their names in the table; `four` for some four together, `cost` for what a join costs,
    /// `crowd` for a crowd that is none. All, without.
    #[arg(value_parser = part)]
    parts: Vec<String>,
    /// The release server, with its pages.
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// The page to write the tables into, between its two marks, if all is measured.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Leave out to wait until what was kept for those who may come back is given up.
    #[arg(long)]
    hasty: bool,
}

/// What can be measured besides single attacks.
const OTHERS: [&str; 3] = ["four", "cost", "crowd"];

fn part(name: &str) -> Result<String, String> {
    let names: Vec<&str> = ATTACKS.iter().map(|attack| attack.name).chain(OTHERS).collect();
    if names.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(format!("must be one of: {}", names.join(", ")))
    }
}

impl Options {
    fn want(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

/// What one attack, or four, did.
struct Row {
    name: String,
    what: &'static str,
    server: Peer,
    ended: Instant,
    /// Bytes a second.
    sent: f64,
    /// Of a core.
    busy: f64,
    memory_before: u64,
    memory_most: u64,
    undisturbed: Histogram<u64>,
    attacked: Histogram<u64>,
}

/// Measures, and tells. False when a goal is missed.
///
/// # Errors
/// When a server cannot be started, or the honest are disconnected.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    chat_testkit::process::raise_open_files()?;
    pin(&[GENERATOR_CORE])?;
    let programs = Programs::of(options.server.clone());
    let mut cases: Vec<Vec<&Attack>> =
        ATTACKS.iter().filter(|attack| options.want(attack.name)).map(|attack| vec![attack]).collect();
    if options.want("four") {
        let named = |names: [&str; 4]| ATTACKS.iter().filter(|attack| names.contains(&attack.name)).collect();
        cases.extend(TOGETHER.map(named));
    }
    let mut rows = Vec::new();
    for attacks in cases {
        let row = measure(&programs, &attacks)?;
        eprintln!("{}", row.line(None));
        rows.push(row);
    }
    let mut table = format!("{}\n\n", report::about(&programs));
    let mut is_good = true;
    let others: [(&str, Measure); 2] = [("cost", joins::measure), ("crowd", crowd::measure)];
    for (_, measure) in others.iter().filter(|(part, _)| options.want(part)) {
        let (part, is_part_good) = measure(&programs)?;
        table += &(part + "\n");
        is_good &= is_part_good;
    }
    table += Row::HEAD;
    for row in &rows {
        if !options.hasty {
            thread::sleep((row.ended + AFTER).saturating_duration_since(Instant::now()));
        }
        let after = row.server.usage().memory()?;
        is_good &= row.is_timely() && (options.hasty || row.is_light(after));
        writeln!(table, "{}", row.line(Some(after))).map_err(io::Error::other)?;
    }
    println!("{table}");
    if let Some(page) = options.write.as_ref().filter(|_| options.parts.is_empty()) {
        report::put(page, BEGIN, END, &table)?;
    }
    Ok(is_good)
}

/// A table, and whether its goals are reached.
type Measure = fn(&Programs) -> io::Result<(String, bool)>;

fn measure(programs: &Programs, attacks: &[&Attack]) -> io::Result<Row> {
    let server = programs.start(Kind::Otagh, &[SERVER_CORE], &[])?;
    let mut honest = Honest::join(&Source::new(server.address(), [127, 0, 0, 1]))?;
    let undisturbed = honest.talk(BEFORE)?;
    let usage = server.usage();
    let (memory_before, most) = (usage.memory()?, AtomicU64::new(0));
    let mut sources = (1..).map(|n| Source::new(server.address(), [127, 0, 1, n]));
    let attackers: Vec<(&Attack, Vec<Source>)> =
        attacks.iter().map(|attack| (*attack, sources.by_ref().take(attack.addresses).collect())).collect();
    let (time, start) = (usage.processor_time()?, Instant::now());
    let attacked = thread::scope(|scope| {
        let attack =
            scope.spawn(|| rage(&attackers, || most.fetch_max(usage.memory().unwrap_or(0), Relaxed)));
        let attacked = honest.talk(ATTACK);
        attack.join().map_err(|_| io::Error::other("an attack failed"))??;
        attacked
    })?;
    let took = start.elapsed().as_secs_f64();
    let sent: u64 = attackers.iter().flat_map(|(_, from)| from).map(Source::sent).sum();
    let names: Vec<&str> = attacks.iter().map(|attack| attack.name).collect();
    Ok(Row {
        name: names.join(", "),
        what: if let [attack] = attacks { attack.what } else { "together, each from its own address" },
        sent: sent as f64 / took,
        busy: (usage.processor_time()? - time).as_secs_f64() / took,
        server,
        ended: Instant::now(),
        memory_before,
        memory_most: most.into_inner(),
        undisturbed,
        attacked,
    })
}

/// All of these at once for as long as an attack goes on, on a thread that everybody else's is before;
/// `look` now and then.
fn rage(attackers: &[(&Attack, Vec<Source>)], look: impl Fn() -> u64) -> io::Result<()> {
    rustix::process::nice(10)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        for (attack, from) in attackers {
            tokio::task::spawn_local(attack.run(from.clone()));
        }
        let start = Instant::now();
        while start.elapsed() < ATTACK {
            look();
            tokio::time::sleep(LOOK).await;
        }
    });
    Ok(())
}

impl Row {
    const HEAD: &str = "| attack | from one address, but for the streams | sent, KB/s | server, % of a core | \
        memory before, at most, after, MB | undisturbed p50, p99, ms | meanwhile p50, p99, ms | |\n\
        |---|---|--:|--:|--:|--:|--:|---|\n";

    fn later(&self) -> Duration {
        let p99 = |latencies: &Histogram<u64>| Duration::from_micros(latencies.value_at_quantile(0.99));
        p99(&self.attacked).saturating_sub(p99(&self.undisturbed))
    }

    fn is_timely(&self) -> bool {
        self.later() <= LATER_MAX
    }

    fn is_light(&self, after: u64) -> bool {
        after as f64 <= self.memory_before as f64 * MEMORY_MAX
    }

    /// As a line of the table.
    fn line(&self, after: Option<u64>) -> String {
        let megabytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
        let ms = |latencies: &Histogram<u64>| {
            let at = |quantile| latencies.value_at_quantile(quantile) as f64 / 1e3;
            format!("{:.2}, {:.1}", at(0.5), at(0.99))
        };
        let Self { name, what, sent, busy, memory_before, memory_most, undisturbed, attacked, .. } = self;
        let late = if self.is_timely() { "" } else { "LATE " };
        let heavy = if after.is_none_or(|after| self.is_light(after)) { "" } else { "HEAVY" };
        format!(
            "| {name} | {what} | {:.0} | {:.0} | {}, {}, {} | {} | {} | {late}{heavy} |",
            sent / 1e3,
            busy * 100.0,
            megabytes(*memory_before),
            megabytes(*memory_most),
            after.map_or_else(|| "–".into(), megabytes),
            ms(undisturbed),
            ms(attacked),
        )
    }
}
