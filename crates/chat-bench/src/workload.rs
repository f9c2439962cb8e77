//! The workloads, each with its goals: who sits where, how they talk, and which figure is compared
//! with which. How servers are made to work is [`driver`](super::driver)'s.

use std::{
    io,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::{
    driver::{Latency, Pace, Rate, SERVER_BUSY, Seating, Station, WARM},
    hostile::{honest::Honest, source::Source},
    load_clients::{Crowd, Manner},
    nodes,
    options::{GENERATOR_CORE, Options, SERVER_CORE, Workload},
    peer::Kind,
    report::{Finding, Goal, RATE, Ratio, short},
};

/// All connections come from one address, so what an address may do is not limited. Nothing else is
/// switched off.
const CROWD: &[&str] = &[
    "--connections-per-address=100000",
    "--members-per-address=0",
    "--messages-per-address=0",
    "--requests-per-address=0",
];
/// The same, and two more: how fast one may speak is another test's business, and who waits while
/// another server is measured cannot answer pings.
pub(crate) const TALKING: &[&str] =
    &[CROWD[0], CROWD[1], CROWD[2], CROWD[3], "--messages-per-second=0", "--ping-interval=1h"];

/// What counts as no worse than an older binary: rounds scatter.
const UNCHANGED: f64 = 0.97;

const CLASS: Seating = Seating { rooms: 1, members: 1_000, deaf: 0, recorded: 0, all_speak: false };
const GROUPS: Seating = Seating { rooms: 100, members: 10, deaf: 0, recorded: 0, all_speak: true };

/// Measures one workload.
///
/// # Errors
/// When a server cannot be started or breaks a promise.
pub(crate) fn measure(workload: Workload, options: &Options) -> io::Result<Vec<Finding>> {
    match workload {
        Workload::A => class(options),
        Workload::B => groups(options),
        Workload::C => idle(options),
        Workload::D => crowding_in(options),
        Workload::E => by_the_clock(options),
        Workload::G => two_cores(options),
        Workload::H => beside_a_huge_room(options),
        Workload::N => nodes::measure(options),
        Workload::X => seen(options),
    }
}

fn open(options: &Options, kind: Kind, seating: Seating) -> io::Result<Station> {
    eprintln!("     {kind}: {} rooms of {} …", seating.rooms, seating.members);
    let ours = if kind.is_ours() { TALKING } else { &[] };
    Station::open(&options.programs, kind, &[SERVER_CORE], ours, seating)
}

fn open_all(options: &Options, kinds: &[Kind], seating: Seating) -> io::Result<Vec<Station>> {
    kinds
        .iter()
        .filter(|kind| options.programs.have(**kind))
        .map(|&kind| open(options, kind, seating))
        .collect()
}

/// Some servers at one thing, round by round.
struct Rounds(Vec<Vec<(Kind, Rate)>>);

impl Rounds {
    fn of(
        stations: &mut [Station],
        kinds: &[Kind],
        window: usize,
        rounds: usize,
        time: Duration,
    ) -> io::Result<Self> {
        let mut all = Vec::new();
        for _ in 0..rounds {
            let mut round = Vec::new();
            for driver in stations.iter_mut().filter(|driver| kinds.contains(&driver.kind())) {
                let kind = driver.kind();
                let rate = driver.closed(window, time);
                round.push((kind, rate.map_err(|error| io::Error::other(format!("{kind}: {error}")))?));
            }
            all.push(round);
        }
        Ok(Self(all))
    }

    fn each(&self, kind: Kind, figure: impl Fn(&Rate) -> f64) -> Vec<f64> {
        let rates = self.0.iter().flatten().filter(|(of, _)| *of == kind);
        rates.map(|(_, rate)| figure(rate)).collect()
    }

    fn figures(&self) -> Vec<(Kind, f64)> {
        let kinds = [Kind::Otagh, Kind::Before, Kind::Floor, Kind::Bun, Kind::FastApi];
        let figure = |kind| Some((kind, median(self.each(kind, |rate| rate.per_cpu_second))?));
        kinds.into_iter().filter_map(figure).collect()
    }

    /// The median of ours beside another's in the same round.
    fn ratio(&self, to: Kind) -> Option<f64> {
        let (ours, theirs) =
            (self.each(Kind::Otagh, |rate| rate.per_cpu_second), self.each(to, |rate| rate.per_cpu_second));
        median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
    }

    fn note(&self) -> String {
        let rates = || self.0.iter().flatten().map(|(_, rate)| rate);
        let busiest = rates().map(|rate| rate.generator_busy).fold(0.0, f64::max);
        let idlest = rates().map(|rate| rate.server_busy).fold(1.0, f64::min);
        let refused = if rates().all(Rate::counts) { "" } else { ": refused, for who waited for whom?" };
        let bound = match (idlest >= SERVER_BUSY, busiest >= SERVER_BUSY) {
            (true, _) => "the servers were the bound",
            (_, true) => "the generator was the bound",
            _ => "the bound was that each waits for the other",
        };
        let (idlest, busiest) = (idlest * 100.0, busiest * 100.0);
        format!("{bound}: servers at least {idlest:.0}% busy, generator at most {busiest:.0}%{refused}")
    }
}

pub(crate) fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(figures[middle]),
        _ => Some((figures[middle - 1] + figures[middle]) / 2.0),
    }
}

fn ratios(rounds: &Rounds, goals: &[(Kind, f64, bool)]) -> Vec<Ratio> {
    let ratio = |&(kind, goal, is_guarded): &(Kind, f64, bool)| {
        let value = rounds.ratio(kind)?;
        Some(Ratio { is_guarded, ..Ratio::new(format!("of {kind}"), value, Goal::AtLeast(goal)) })
    };
    goals.iter().filter_map(ratio).collect()
}

fn done(stations: Vec<Station>) -> io::Result<()> {
    for driver in stations {
        let kind = driver.kind();
        let violations = driver.verdict();
        if !violations.is_empty() {
            return Err(io::Error::other(format!("{kind} broke promises:\n{}", violations.join("\n"))));
        }
    }
    Ok(())
}

fn class(options: &Options) -> io::Result<Vec<Finding>> {
    use Kind::{Before, Bun, FastApi, Floor, Otagh};
    let mut stations = open_all(options, &[Otagh, Before, Floor, Bun, FastApi], CLASS)?;
    let mut findings = Vec::new();
    let windows: [(_, _, &[Kind], &[_]); 3] = [
        (
            "A1",
            1,
            &[Otagh, Before, Floor, Bun, FastApi],
            &[(Before, UNCHANGED, false), (Floor, 0.90, false), (Bun, 1.1, false)],
        ),
        ("A16", 16, &[Otagh, Before, Bun, FastApi], &[(Before, UNCHANGED, false), (Bun, 1.2, true)]),
        ("A64", 64, &[Otagh, Before, Bun], &[(Before, UNCHANGED, false), (Bun, 1.8, false)]),
    ];
    for (name, window, kinds, goals) in windows {
        let rounds = Rounds::of(&mut stations, kinds, window, options.rounds(), options.time())?;
        findings.push(Finding {
            name,
            what: format!("one room of 1,000, {window} in flight"),
            unit: RATE,
            figures: rounds.figures(),
            ratios: ratios(&rounds, goals),
            note: rounds.note(),
        });
    }
    done(stations)?;
    Ok(findings)
}

fn groups(options: &Options) -> io::Result<Vec<Finding>> {
    let kinds = [Kind::Otagh, Kind::Before, Kind::Bun, Kind::FastApi];
    let mut stations = open_all(options, &kinds, GROUPS)?;
    let rounds = Rounds::of(&mut stations, &kinds, GROUPS.members, options.rounds(), options.time())?;
    done(stations)?;
    Ok(vec![Finding {
        name: "B",
        what: "100 rooms of 10, one message in flight for each member".into(),
        unit: RATE,
        figures: rounds.figures(),
        ratios: ratios(&rounds, &[(Kind::Before, UNCHANGED, false), (Kind::Bun, 1.1, false)]),
        note: rounds.note(),
    }])
}

/// Waits until the server does nothing any more, and meanwhile reads what it still sends.
fn rest(load_clients: &mut Crowd, mut used: impl FnMut() -> io::Result<Duration>) -> io::Result<()> {
    let (mut last, mut since) = (used()?, Instant::now());
    while since.elapsed() < Duration::from_millis(2_500) {
        load_clients.turn(Duration::from_millis(100), &mut ())?;
        let now = used()?;
        if now > last + Duration::from_millis(20) {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(())
}

fn idle(options: &Options) -> io::Result<Vec<Finding>> {
    const MEMBERS: usize = 10_000;
    let mut figures = Vec::new();
    for kind in [Kind::Otagh, Kind::Before, Kind::Bun, Kind::FastApi] {
        if !options.programs.have(kind) || (kind == Kind::FastApi && !options.full) {
            continue;
        }
        eprintln!("     {kind}: {MEMBERS} come …");
        let ours: &[&str] = if kind.is_ours() { CROWD } else { &[] };
        let peer = options.programs.start(kind, &[SERVER_CORE], ours)?;
        let usage = peer.usage();
        let mut load_clients = Crowd::at(vec![peer.address()])?;
        let mut fill = |rooms: usize, members: usize| {
            for room in (0..rooms).map(|_| load_clients.room()).collect::<Vec<_>>() {
                for _ in 0..members {
                    load_clients.enter(room, Manner::default())?;
                }
            }
            load_clients.settle()?;
            rest(&mut load_clients, || usage.processor_time())?;
            usage.memory()
        };
        // So that what is loaded once, code above all, is not counted as theirs.
        let before = fill(1, 100)?;
        let after = fill(100, MEMBERS / 100)?;
        figures.push((kind, after.saturating_sub(before) as f64 / MEMBERS as f64));
    }
    let figure = |kind| figures.iter().find(|(of, _)| *of == kind).map(|(_, figure)| *figure);
    let ours = figure(Kind::Otagh).unwrap_or(f64::NAN);
    let mut ratios = vec![Ratio::new("bytes", ours, Goal::AtMost(2_048.0))];
    if let Some(before) = figure(Kind::Before) {
        ratios.push(Ratio::new(format!("of {}", Kind::Before), ours / before, Goal::AtMost(1.0 / UNCHANGED)));
    }
    if let Some(bun) = figure(Kind::Bun) {
        ratios.push(Ratio { is_guarded: true, ..Ratio::new("of Bun", ours / bun, Goal::AtMost(1.0)) });
    }
    Ok(vec![Finding {
        name: "C",
        what: "10,000 idle members of 100 rooms".into(),
        unit: "bytes a connection",
        figures,
        ratios,
        note: "resident memory, compared with that for the first hundred".into(),
    }])
}

fn crowding_in(options: &Options) -> io::Result<Vec<Finding>> {
    let mut costs = Vec::new();
    let mut told = Vec::new();
    for members in [2_500, 5_000, 10_000] {
        eprintln!("     {}: {members} come …", Kind::Otagh);
        let peer = options.programs.start(Kind::Otagh, &[SERVER_CORE], CROWD)?;
        let usage = peer.usage();
        let mut load_clients = Crowd::at(vec![peer.address()])?;
        let room = load_clients.room();
        let (before, start) = (usage.processor_time()?, Instant::now());
        for _ in 0..members {
            load_clients.enter(room, Manner::default())?;
        }
        load_clients.settle()?;
        let took = start.elapsed();
        rest(&mut load_clients, || usage.processor_time())?;
        let cost = (usage.processor_time()? - before).as_secs_f64() / members as f64 * 1e6;
        costs.push((members, cost, took));
        told.push(format!(
            "{members}: {} frames and {} bytes for each",
            short(load_clients.other_frames as f64 / members as f64),
            short(load_clients.other_bytes as f64 / members as f64),
        ));
    }
    let (members, cost, took) = *costs.last().expect("three sizes");
    Ok(vec![Finding {
        name: "D",
        what: format!("{members} enter one room as fast as they can, in {:.1} s", took.as_secs_f64()),
        unit: "µs of server CPU a join",
        figures: vec![(Kind::Otagh, cost)],
        ratios: vec![Ratio::new("µs", cost, Goal::AtMost(100.0))],
        note: format!("welcome and presence: {}", told.join("; ")),
    }])
}

fn percentile(latency: &Latency, of: f64) -> f64 {
    latency.nanoseconds.value_at_quantile(of) as f64 / 1e6
}

fn percentiles(latency: &Latency) -> String {
    let [half, most, nearly] = [0.5, 0.99, 0.999].map(|of| short(percentile(latency, of)));
    format!(
        "{} messages a second: p50 {half}, p99 {most}, p99.9 {nearly} ms (server {:.0}%, generator {:.0}% busy)",
        short(latency.rate),
        latency.server_busy * 100.0,
        latency.generator_busy * 100.0,
    )
}

fn by_the_clock(options: &Options) -> io::Result<Vec<Finding>> {
    let deaf = Seating { deaf: 10, ..CLASS };
    let mut ours = open(options, Kind::Otagh, CLASS)?;
    let most = ours.closed(64, options.time())?.per_second / CLASS.members as f64;
    let rate = most / 2.0;
    let mut theirs =
        if options.programs.have(Kind::Bun) { Some(open(options, Kind::Bun, CLASS)?) } else { None };
    let time = options.time() * 2;
    let (mut healthy, mut beside, mut with_deaf, mut cut) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds() {
        healthy.push(ours.open_loop(rate, time)?);
        if let Some(bun) = &mut theirs {
            beside.push(bun.open_loop(rate, time)?);
        }
        // Who does not read is cut once, so each round has its own.
        let mut driver = open(options, Kind::Otagh, deaf)?;
        with_deaf.push(driver.open_loop(rate, time)?);
        cut.push(driver.cut()?);
        done(vec![driver])?;
    }
    done(vec![ours])?;
    let p99 =
        |latencies: &[Latency]| latencies.iter().map(|latency| percentile(latency, 0.99)).collect::<Vec<_>>();
    let ratio = |ours: &[Latency], theirs: &[Latency]| {
        median(p99(ours).iter().zip(p99(theirs)).map(|(ours, theirs)| ours / theirs).collect())
    };
    let middle = |latencies: &[Latency]| {
        let mut sorted: Vec<&Latency> = latencies.iter().collect();
        sorted.sort_by(|a, b| percentile(a, 0.99).total_cmp(&percentile(b, 0.99)));
        sorted[sorted.len() / 2].clone()
    };
    let mut figures = vec![(Kind::Otagh, median(p99(&healthy)).unwrap_or(f64::NAN))];
    let mut note = format!("Otagh, {}", percentiles(&middle(&healthy)));
    let mut ratios = Vec::new();
    if let Some(ratio) = ratio(&healthy, &beside) {
        figures.extend(median(p99(&beside)).map(|p99| (Kind::Bun, p99)));
        ratios.push(Ratio::new("of Bun at the same rate", ratio, Goal::AtMost(1.0)));
        note += &format!("; Bun, {}", percentiles(&middle(&beside)));
    }
    let what = format!("one room of 1,000, {} messages a second: half of our own most", short(rate));
    let unit = "ms from when it was due, p99";
    let e = Finding { name: "E", what, unit, figures, ratios, note };
    let worst = with_deaf.iter().map(|latency| latency.memory).max().unwrap_or(0);
    let usual = healthy.iter().map(|latency| latency.memory).max().unwrap_or(0);
    let f = Finding {
        name: "F",
        what: "E, with ten of the thousand not reading".into(),
        unit,
        figures: vec![(Kind::Otagh, median(p99(&with_deaf)).unwrap_or(f64::NAN))],
        ratios: ratio(&with_deaf, &healthy)
            .map(|ratio| Ratio::new("of E", ratio, Goal::AtMost(1.2)))
            .into_iter()
            .collect(),
        note: format!(
            "{}; of the ten {} to {} were cut; memory at most {} MB, {} without them",
            percentiles(&middle(&with_deaf)),
            cut.iter().min().unwrap_or(&0),
            cut.iter().max().unwrap_or(&0),
            short(worst as f64 / 1e6),
            short(usual as f64 / 1e6)
        ),
    };
    Ok(vec![e, f])
}

/// What a delivery costs on one core and on two, at the same rates. In an open loop, because the generator
/// needs some of the second core: in a closed one it becomes the bound, and a server that waits for it sends less
/// at once. The clock says nothing here.
fn two_cores(options: &Options) -> io::Result<Vec<Finding>> {
    const ROUNDS: usize = 9;
    let mut one = open(options, Kind::Otagh, GROUPS)?;
    let both = [SERVER_CORE, GENERATOR_CORE];
    let mut two = Station::open(&options.programs, Kind::Otagh, &both, TALKING, GROUPS)?;
    let mut findings = Vec::new();
    for (name, rate) in [("G5", 5_000.0), ("G15", 15_000.0), ("G30", 30_000.0)] {
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            // Whoever is second finds the machine as the first has left it.
            let (alone, shared) = if round % 2 == 0 {
                let alone = one.paced(rate, options.time())?;
                (alone, two.paced(rate, options.time())?)
            } else {
                let shared = two.paced(rate, options.time())?;
                (one.paced(rate, options.time())?, shared)
            };
            rounds.push((alone, shared));
        }
        let each = |figure: fn(&(Pace, Pace)) -> f64| {
            median(rounds.iter().map(figure).collect()).unwrap_or(f64::NAN)
        };
        let ratio = each(|(one, two)| two.rate.per_cpu_second / one.rate.per_cpu_second);
        findings.push(Finding {
            name,
            what: format!("rooms as in B, {} messages a second, on two cores", short(rate)),
            unit: RATE,
            figures: vec![(Kind::Otagh, each(|(_, two)| two.rate.per_cpu_second))],
            ratios: vec![Ratio::new("of one core at the same rate", ratio, Goal::AtLeast(0.97))],
            note: format!(
                "on one core {}; the server had {:.0}% of one core and {:.0}% of two, the generator {:.0}% of one beside it; heard by all {} and {} ms after it was due, p99",
                short(each(|(one, _)| one.rate.per_cpu_second)),
                each(|(one, _)| one.rate.server_busy) * 100.0,
                each(|(_, two)| two.rate.server_busy) * 100.0,
                each(|(_, two)| two.rate.generator_busy) * 100.0,
                short(each(|(one, _)| one.late.as_secs_f64() * 1e3)),
                short(each(|(_, two)| two.late.as_secs_f64() * 1e3)),
            ),
        });
    }
    done(vec![one, two])?;
    Ok(findings)
}

/// How small rooms fare while a huge one on another core is in full speech. For comparison a huge room of
/// another server talks as much, so that the machine is as busy: what differs is what the server makes of it.
fn beside_a_huge_room(options: &Options) -> io::Result<Vec<Finding>> {
    const HUGE: Seating = Seating { rooms: 1, members: 10_000, deaf: 0, recorded: 0, all_speak: false };
    const WINDOW: usize = 4;
    let both = [SERVER_CORE, GENERATOR_CORE];
    let time = options.time() * 2;
    let beside = |is_same_server: bool| {
        let mut huge = Station::open(&options.programs, Kind::Otagh, &both, TALKING, HUGE)?;
        let other = options.programs.start(Kind::Otagh, &both, TALKING)?;
        let server = if is_same_server { huge.address() } else { other.address() };
        let source = Source::new(server, [127, 0, 0, 1]);
        let mut honest = Honest::join(&source)?;
        let measured = std::thread::scope(|scope| {
            let speech = scope.spawn(|| huge.closed(WINDOW, time * 2));
            std::thread::sleep(WARM);
            let told = honest.talk(time)?;
            let came = honest.come_and_go(&source, time)?;
            let rate = speech.join().map_err(|_| io::Error::other("the huge room fell silent"))??;
            Ok::<_, io::Error>((told, came, rate))
        })?;
        done(vec![huge])?;
        Ok::<_, io::Error>(measured)
    };
    let p99 = |latencies: &Histogram<u64>| latencies.value_at_quantile(0.99) as f64 / 1e3;
    let (mut told, mut came, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds() {
        let (without, with) = (beside(false)?, beside(true)?);
        told.push((p99(&with.0), p99(&without.0)));
        came.push((p99(&with.1), p99(&without.1)));
        notes.push((with.2.per_second, with.2.server_busy));
    }
    let middle = |figures: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        median(figures.iter().map(of).collect()).unwrap_or(f64::NAN)
    };
    let ratio = |figures: &[(f64, f64)], name: &str| {
        let ratio = middle(figures, |(with, without)| with / without);
        Ratio::new(format!("of theirs beside another server's ({name})"), ratio, Goal::AtMost(1.2))
    };
    Ok(vec![Finding {
        name: "H",
        what: "small rooms beside one of 10,000 in full speech on another core".into(),
        unit: "ms from when it was due, p99",
        figures: vec![(Kind::Otagh, middle(&told, |(with, _)| *with))],
        ratios: vec![ratio(&told, "messages"), ratio(&came, "joins")],
        note: format!(
            "messages {} and {} ms, joins {} and {}; the huge room had {} deliveries a second, its server {:.0}% of a core",
            short(middle(&told, |(with, _)| *with)),
            short(middle(&told, |(_, without)| *without)),
            short(middle(&came, |(with, _)| *with)),
            short(middle(&came, |(_, without)| *without)),
            short(middle(&notes, |(rate, _)| *rate)),
            middle(&notes, |(_, busy)| *busy) * 100.0,
        ),
    }])
}

/// What it costs a room that one of its members is recorded and looks: two servers, round by round.
fn seen(options: &Options) -> io::Result<Vec<Finding>> {
    // A recording that is full costs nothing any more.
    let endless = ["--xray-bytes=1000000000", "--xray-total-bytes=1000000000"];
    let endless: Vec<&str> = TALKING.iter().chain(&endless).copied().collect();
    let mut unseen = open(options, Kind::Otagh, CLASS)?;
    let one = Seating { recorded: 1, ..CLASS };
    let mut seen = Station::open(&options.programs, Kind::Otagh, &[SERVER_CORE], &endless, one)?;
    let mut findings = Vec::new();
    for (name, window) in [("X1", 1), ("X16", 16)] {
        let (mut ratios, mut rates) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds() * 3 {
            let without = unseen.closed(window, options.time())?.per_cpu_second;
            let with = seen.closed(window, options.time())?.per_cpu_second;
            ratios.push(with / without);
            rates.push(with);
        }
        let [least, most] =
            [f64::min, f64::max].map(|of| ratios.iter().copied().reduce(of).unwrap_or(f64::NAN));
        findings.push(Finding {
            name,
            what: format!("A{window}, with one of the thousand recorded and looking"),
            unit: RATE,
            figures: vec![(Kind::Otagh, median(rates).unwrap_or(f64::NAN))],
            note: format!("over {} rounds {least:.3} to {most:.3} of A{window} beside it", ratios.len()),
            ratios: vec![Ratio::new(
                format!("of A{window} beside it"),
                median(ratios).unwrap_or(f64::NAN),
                Goal::AtLeast(0.98),
            )],
        });
    }
    done(vec![unseen, seen])?;
    Ok(findings)
}
