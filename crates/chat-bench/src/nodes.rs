//! What it costs that rooms outlive their node: the same rooms in one process without an engine, on one node with
//! one and on two, talked in by the clock, round by round; then ever faster, until messages are late. The nodes
//! share one core, and the engine has that of the generator, which has rest at these rates. Without an engine on
//! this machine nothing is measured, and that is said.

use std::{io, time::Duration};

use chat_testkit::{
    engine_process::{EngineKind, EngineProcess},
    usage::Usage,
};
use tokio::runtime::Runtime;

use crate::{
    driver::{Pace, Seating, Station},
    options::{Options, SERVER_CORE},
    peer::Kind,
    report::{Finding, short},
    workload::{TALKING, median},
};

const CLASS: Seating = Seating { rooms: 1, members: 60, deaf: 0, recorded: 0, all_speak: true };
const GROUPS: Seating = Seating { rooms: 20, members: 30, deaf: 0, recorded: 0, all_speak: true };
/// So many rooms that hardly two messages meet in an entry, which is the most that an engine can be asked.
const PAIRS: Seating = Seating { rooms: 1_000, members: 2, deaf: 0, recorded: 0, all_speak: true };

/// From here on the rate rises.
const RISES_FROM: f64 = 1_000.0;
const RISES_BY: f64 = 1.4;
/// When a message is late, at the 99th percentile.
const LATE: Duration = Duration::from_millis(100);

const UNIT: &str = "ms from when it was due until all have heard it, p99";

/// By whom rooms are served.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Setup {
    Alone,
    OneNode,
    TwoNodes,
}

impl Setup {
    const ALL: [Self; 3] = [Self::Alone, Self::OneNode, Self::TwoNodes];

    fn name(self) -> &'static str {
        match self {
            Self::Alone => "one process without an engine",
            Self::OneNode => "one node with an engine",
            Self::TwoNodes => "two nodes with an engine",
        }
    }
}

/// Measures, where there is an engine.
///
/// # Errors
/// When a server cannot be started or breaks a promise, or the engine cannot be asked.
pub(crate) fn measure(options: &Options) -> io::Result<Vec<Finding>> {
    // Which has said so.
    if EngineKind::Redis.binary().is_none() {
        return Ok(Vec::new());
    }
    let mut findings = by_the_clock(options, "N60", CLASS, 100.0)?;
    findings.extend(by_the_clock(options, "N20", GROUPS, 500.0)?);
    findings.extend(ever_faster(options, GROUPS)?);
    findings.extend(ever_faster(options, PAIRS)?);
    Ok(findings)
}

fn by_the_clock(
    options: &Options,
    name: &'static str,
    seating: Seating,
    rate: f64,
) -> io::Result<Vec<Finding>> {
    let mut sites = Vec::new();
    for setup in Setup::ALL {
        sites.push(Site::open(options, setup, seating)?);
    }
    let mut rounds: Vec<Vec<Measured>> = Vec::new();
    for round in 0..options.rounds() {
        let mut measured = Vec::new();
        // Whoever is second finds the machine as the first has left it.
        for place in 0..sites.len() {
            let turn = (place + round) % sites.len();
            measured.push((turn, sites[turn].talk(rate, options.time() * 2)?));
        }
        measured.sort_by_key(|(turn, _)| *turn);
        rounds.push(measured.into_iter().map(|(_, measured)| measured).collect());
    }
    let mut findings = Vec::new();
    for (turn, site) in sites.iter().enumerate() {
        let each = |figure: &dyn Fn(&[Measured]) -> f64| {
            median(rounds.iter().map(|round| figure(round)).collect()).unwrap_or(f64::NAN)
        };
        let [half, late] = [|pace: &Pace| ms(pace.half), |pace: &Pace| ms(pace.late)];
        let per_cpu_second = each(&|round| round[turn].pace.rate.per_cpu_second);
        let mut note = format!(
            "p50 {}; {} deliveries a CPU-second of the nodes",
            short(each(&|round| half(&round[turn].pace))),
            short(per_cpu_second),
        );
        if let Some(engine) = &site.engine {
            note += &format!(
                ", {:.2} of those without; the engine adds {} to p50 and {} to p99, and has {:.0} µs and {:.2} entries a message, {} entries a second; {} bytes above idle, {} of them one room's",
                each(&|round| round[turn].pace.rate.per_cpu_second / round[0].pace.rate.per_cpu_second),
                short(each(&|round| half(&round[turn].pace) - half(&round[0].pace))),
                short(each(&|round| late(&round[turn].pace) - late(&round[0].pace))),
                each(&|round| round[turn].engine_time * 1e6),
                each(&|round| round[turn].entries),
                short(each(&|round| round[turn].entries) * rate),
                short(engine.above_idle()? as f64),
                short(engine.bytes_of_a_room()? as f64),
            );
        }
        findings.push(finding(name, site.setup, seating, rate, each(&|round| late(&round[turn].pace)), note));
    }
    for site in sites {
        site.close()?;
    }
    Ok(findings)
}

/// The last rate that was not late, and what was busy then.
fn ever_faster(options: &Options, seating: Seating) -> io::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for setup in Setup::ALL {
        let mut site = Site::open(options, setup, seating)?;
        let (mut rate, mut kept) = (RISES_FROM, None);
        while let Some(measured) = site.talk_in_time(rate, options.time())? {
            kept = Some((rate, measured));
            rate *= RISES_BY;
        }
        site.close()?;
        let Some((rate, Measured { pace, engine_time, entries })) = kept else { continue };
        let mut note = format!(
            "the most before p99 is above {LATE:?}; p50 {}; the nodes had {:.0}% of their core, the generator {:.0}% of its",
            short(ms(pace.half)),
            pace.rate.server_busy * 100.0,
            pace.rate.generator_busy * 100.0,
        );
        if setup != Setup::Alone {
            note += &format!(
                ", the engine {:.0}% of that: {:.0} µs and {entries:.2} entries a message, {} entries a second",
                engine_time * rate * 100.0,
                engine_time * 1e6,
                short(entries * rate),
            );
        }
        findings.push(finding("Nmax", setup, seating, rate, ms(pace.late), note));
    }
    Ok(findings)
}

fn finding(
    name: &'static str,
    setup: Setup,
    Seating { rooms, members, .. }: Seating,
    rate: f64,
    late: f64,
    note: String,
) -> Finding {
    let seated =
        if rooms == 1 { format!("one room of {members}") } else { format!("{rooms} rooms of {members}") };
    Finding {
        name,
        what: format!("{seated}, {} messages a second, {}", short(rate), setup.name()),
        unit: UNIT,
        figures: vec![(Kind::Otagh, late)],
        ratios: Vec::new(),
        note,
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// What one round was like.
struct Measured {
    pace: Pace,
    /// The engine's processor time for a message, in seconds.
    engine_time: f64,
    /// What the engine logged for a message.
    entries: f64,
}

/// Nodes with everybody in their rooms, and their engine.
struct Site {
    setup: Setup,
    station: Station,
    /// Dropped after the nodes.
    engine: Option<Engine>,
}

impl Site {
    fn open(options: &Options, setup: Setup, seating: Seating) -> io::Result<Self> {
        eprintln!("     {}: {} rooms of {} …", setup.name(), seating.rooms, seating.members);
        let engine = if setup == Setup::Alone { None } else { Some(Engine::start()?) };
        let engine_option = engine.as_ref().map(|engine| format!("--engine={}", engine.process.url()));
        // Nor is how many rooms one address may open.
        let ours = TALKING.iter().copied().chain(["--rooms-per-address=0"]);
        let node_options: Vec<&str> = ours.chain(engine_option.as_deref()).collect();
        let nodes = if setup == Setup::TwoNodes { 2 } else { 1 };
        let start = |_| options.programs.start(Kind::Otagh, &[SERVER_CORE], &node_options);
        let nodes = (0..nodes).map(start).collect::<io::Result<_>>()?;
        Ok(Self { setup, station: Station::among(nodes, seating)?, engine })
    }

    fn talk(&mut self, rate: f64, time: Duration) -> io::Result<Measured> {
        let spent = |engine: &Option<Engine>| engine.as_ref().map_or(Ok(Spent::default()), Engine::spent);
        let (said, before) = (self.station.said(), spent(&self.engine)?);
        let pace = self.station.paced(rate, time)?;
        let (said, after) = ((self.station.said() - said) as f64, spent(&self.engine)?);
        Ok(Measured {
            pace,
            engine_time: (after.time - before.time).as_secs_f64() / said,
            entries: (after.entries - before.entries) as f64 / said,
        })
    }

    /// As [`Site::talk`], if that is not late, or was so only once: another process may have been in the way.
    fn talk_in_time(&mut self, rate: f64, time: Duration) -> io::Result<Option<Measured>> {
        for _ in 0..2 {
            let measured = self.talk(rate, time)?;
            if measured.pace.late <= LATE {
                return Ok(Some(measured));
            }
        }
        Ok(None)
    }

    fn close(self) -> io::Result<()> {
        let violations = self.station.verdict();
        if violations.is_empty() {
            return Ok(());
        }
        Err(io::Error::other(format!("{} broke promises:\n{}", self.setup.name(), violations.join("\n"))))
    }
}

/// An engine that only this is measured with.
struct Engine {
    runtime: Runtime,
    process: EngineProcess,
    usage: Usage,
    /// Bytes it had before anybody came.
    idle: u64,
}

/// What an engine has done so far.
#[derive(Default)]
struct Spent {
    time: Duration,
    entries: u64,
}

impl Engine {
    fn start() -> io::Result<Self> {
        let binary = EngineKind::Redis.binary().ok_or_else(|| io::Error::other("no engine"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let process = runtime.block_on(EngineProcess::start(binary, &[]))?;
        let mut engine = Self { runtime, process, usage: Usage::of(0), idle: 0 };
        let pid = engine.figure("server", "process_id:")?;
        engine.usage = Usage::of(i32::try_from(pid).map_err(io::Error::other)?);
        engine.idle = engine.bytes()?;
        Ok(engine)
    }

    fn ask(&self, command: &[&str]) -> io::Result<String> {
        self.runtime.block_on(self.process.ask(command))
    }

    /// The number after these words in what the engine says of itself.
    fn figure(&self, section: &str, words: &str) -> io::Result<u64> {
        let info = self.ask(&["INFO", section])?;
        let rest = info.split_once(words).map_or("", |(_, rest)| rest);
        let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
        digits.parse().map_err(|_| io::Error::other(format!("the engine does not say its {words}")))
    }

    fn bytes(&self) -> io::Result<u64> {
        self.figure("memory", "used_memory:")
    }

    fn spent(&self) -> io::Result<Spent> {
        Ok(Spent {
            time: self.usage.threads_time()?,
            entries: self.figure("commandstats", "cmdstat_xadd:calls=")?,
        })
    }

    fn above_idle(&self) -> io::Result<u64> {
        Ok(self.bytes()?.saturating_sub(self.idle))
    }

    /// Of all keys of the first room.
    fn bytes_of_a_room(&self) -> io::Result<u64> {
        let mut bytes = 0;
        for key in self.ask(&["KEYS", "*:room0:*"])?.lines() {
            let said = self.ask(&["MEMORY", "USAGE", key, "SAMPLES", "0"])?;
            bytes += said.parse::<u64>().map_err(io::Error::other)?;
        }
        Ok(bytes)
    }
}
