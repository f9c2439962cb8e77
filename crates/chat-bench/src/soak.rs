//! Round after round of all scenarios until the time is over, a line for each, and a report at the
//! end. What a round remembers is dropped with it, so hours cost no more memory than minutes, but
//! for one entry a return.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use chat_testkit::{
    journal::Tally,
    report::Line,
    scenario::{Scenario, Setup},
};
use clap::Args;

/// How long the clients of a round talk. Coming to rest is on top of it. The same in every round, so
/// that a seed repeats its plan.
const TALK: Duration = Duration::from_secs(10);

/// What to play.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long)]
    server: PathBuf,
    /// How long, as 90s or 10m; the round that has begun is played to its end.
    #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    time: Duration,
    /// What the plan of the first round is drawn from; that of the next is one higher, and so on. One
    /// of its own for each run, without.
    #[arg(long)]
    seed: Option<u64>,
    /// Clients in each round.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    clients: u32,
    /// Rooms they are in; the checker needs no more than 200 clients in each.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rooms: u32,
    /// This scenario only, by its name in the reports; with the seed of a round it repeats its plan.
    #[arg(long, value_parser = scenario)]
    only: Option<Scenario>,
}

fn scenario(name: &str) -> Result<Scenario, String> {
    let found = Scenario::ALL.into_iter().find(|scenario| scenario.name() == name);
    let names = || Scenario::ALL.map(Scenario::name).join(", ");
    found.ok_or_else(|| format!("must be one of: {}", names()))
}

/// Plays. A failure when a promise was broken, a scenario did not happen as planned, or the server
/// could not be started.
#[tokio::main]
pub(crate) async fn run(options: &Options) -> ExitCode {
    let Options { server, clients, rooms, .. } = options;
    if clients.div_ceil(*rooms) > 200 {
        eprintln!("chat-bench: {clients} clients in {rooms} rooms are more than 200 in one");
        return ExitCode::FAILURE;
    }
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
    println!("{clients} clients in {rooms} rooms, from seed {seed}");
    let scenarios = options.only.map_or(Scenario::ALL.to_vec(), |only| vec![only]);
    let started = Instant::now();
    let mut total = Tally::default();
    let (mut rounds, mut bad) = (0, Vec::new());
    for (seed, scenario) in (seed..).zip(scenarios.iter().cycle()) {
        let setup = Setup {
            server: server.clone(),
            seed,
            clients: *clients as usize,
            rooms: *rooms as usize,
            talk: TALK,
        };
        let round = match scenario.run(&setup).await {
            Ok(round) => round,
            Err(error) => {
                eprintln!("chat-bench: {error}");
                return ExitCode::FAILURE;
            }
        };
        rounds += 1;
        let complaints = round.complaints();
        let verdict = if complaints.is_empty() { "clean" } else { "NOT CLEAN" };
        println!("{:>6.0} s  {}: {verdict}", started.elapsed().as_secs_f64(), Line(&round));
        for complaint in &complaints {
            println!("          {complaint}");
        }
        if !complaints.is_empty() {
            bad.push(format!(
                "--clients {clients} --rooms {rooms} --only '{}' --seed {seed}",
                scenario.name()
            ));
        }
        total += round.tally;
        if started.elapsed() >= options.time {
            break;
        }
    }
    println!("\n{rounds} rounds in {:.0} s\n{total}", started.elapsed().as_secs_f64());
    if bad.is_empty() {
        println!("violations   none");
        return ExitCode::SUCCESS;
    }
    println!("violations   in {} rounds; to repeat the plan (not the timing) of each:", bad.len());
    for repeat in bad {
        println!("             {repeat} --for 0s");
    }
    ExitCode::FAILURE
}
