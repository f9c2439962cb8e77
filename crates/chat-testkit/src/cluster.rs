//! What several servers that share their rooms over an engine must bear: three of them in processes of their
//! own, a network between each and the engine that breaks, and clients who come to any of them, as through a load
//! balancer. The checker has the last word, and the scenario, which must have happened as planned: also that
//! nobody was told of a loss where nothing may be lost.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use chat_protocol::CloseCode;
use tokio::time::sleep;

use crate::{
    crowd::Crowd,
    engine_process::EngineProcess,
    journal::Tally,
    process::{Process, Program},
    proxy::{Cut, Fault, Proxy, Way},
    scenario::Setup,
    session::Liveness,
    violation::Violation,
};

const NODES: usize = 3;

/// How often somebody says something.
const STEP: Duration = Duration::from_millis(20);

/// How long nodes wait for the engine. Others take a node for gone after two thirds of it.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the clients suspect a silent server: sooner than a page would, so that a round stays short.
const IMPATIENT: Liveness = Liveness { ping_after: 1_000, dead_after: 3_000 };

/// What happens to the nodes and their engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClusterScenario {
    /// One node after the other is killed, and started again.
    Kills,
    /// One node after the other is stopped, and started again, as for an upgrade.
    RollingRestart,
    /// A node does nothing for so long that the others give it up, and goes on.
    Pause,
    /// Between nodes and engine: resets, stalls, delays; subscriptions killed, scripts flushed, little room for
    /// what is told, writes held up.
    EngineFaults,
    /// A node is cut off from the engine for longer than it waits.
    CutOff,
    /// The engine is killed and starts empty.
    EngineCrash,
    /// The engine is emptied while it runs, and then has no memory for a while.
    EngineFull,
    /// The engine and a node are killed together.
    EngineAndNode,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct ClusterRound {
    /// What happened, in numbers.
    pub tally: Tally,
    violations: Vec<Violation>,
    found: usize,
    unmet: Vec<String>,
}

impl ClusterRound {
    /// Everything that is wrong with it, a line each; nothing when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let more = self.found.saturating_sub(self.violations.len());
        let more = (more > 0).then(|| format!("and {more} more"));
        self.violations
            .iter()
            .map(ToString::to_string)
            .chain(more)
            .chain(self.unmet.iter().cloned())
            .collect()
    }
}

struct Node {
    process: Process,
    /// Between it and the engine.
    proxy: Proxy,
}

struct Stage {
    crowd: Crowd,
    nodes: Vec<Node>,
    engine: EngineProcess,
    clients: u64,
}

impl ClusterScenario {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Kills,
        Self::RollingRestart,
        Self::Pause,
        Self::EngineFaults,
        Self::CutOff,
        Self::EngineCrash,
        Self::EngineFull,
        Self::EngineAndNode,
    ];

    /// Runs it once, with this engine.
    ///
    /// # Errors
    /// When a process cannot be started. What a server does wrong is a [`ClusterRound::complaints`].
    pub async fn run(self, setup: &Setup, engine: PathBuf) -> io::Result<ClusterRound> {
        let mut stage = Stage::open(setup, engine).await?;
        match self {
            Self::Kills => stage.kills().await?,
            Self::RollingRestart => stage.rolling_restart().await?,
            Self::Pause => stage.pause().await?,
            Self::EngineFaults => stage.engine_faults().await?,
            Self::CutOff => stage.cut_off().await,
            Self::EngineCrash => stage.engine_crash(false).await?,
            Self::EngineFull => stage.engine_full().await?,
            Self::EngineAndNode => stage.engine_crash(true).await?,
        }
        Ok(stage.close(self).await)
    }

    /// Whether the engine loses what it kept, so that rooms begin a new life.
    fn loses_rooms(self) -> bool {
        matches!(self, Self::EngineCrash | Self::EngineFull | Self::EngineAndNode)
    }

    fn unmet(self, clients: u64, tally: &Tally) -> Vec<String> {
        let counts = tally.counts;
        let lost = tally.closes.get(&CloseCode::EngineLost.code()).copied().unwrap_or(0);
        let mut needs = vec![
            ("messages were sent", counts.sent, clients),
            ("messages were delivered", counts.delivered, counts.sent),
        ];
        if self.loses_rooms() {
            needs.push(("returns to a new life", counts.new_lives, clients));
            needs.push(("were told that the engine is lost", lost, 1));
        }
        match self {
            Self::Kills | Self::RollingRestart => needs.extend([
                ("resumes recovered", counts.recovered, clients),
                ("messages were sent again", counts.resent, u64::from(self == Self::Kills)),
            ]),
            Self::Pause => needs.push(("resumes recovered", counts.recovered, clients / 6)),
            Self::CutOff => needs.push(("were told that the engine is lost", lost, clients / 6)),
            Self::EngineFaults => {
                needs.push(("faults were injected", tally.faults.values().sum(), 10));
            }
            Self::EngineCrash | Self::EngineFull | Self::EngineAndNode => {}
        }
        let unmet = needs.into_iter().filter(|(_, found, needed)| found < needed);
        let unmet = unmet
            .map(|(what, found, needed)| format!("{what}: {found}, where {needed} were planned at least"));
        let told = counts.gaps + counts.new_lives;
        let needless = (!self.loses_rooms() && told > 0)
            .then(|| format!("told of a loss: {told} times, where nothing may be lost"));
        unmet.chain(needless).collect()
    }
}

impl Stage {
    async fn open(setup: &Setup, engine: PathBuf) -> io::Result<Self> {
        let engine = EngineProcess::start(engine, &[]).await?;
        let mut nodes = Vec::new();
        for _ in 0..NODES {
            let proxy = Proxy::to(engine.address()).await?;
            let url = format!("redis://{}", proxy.address());
            let patience = format!("{}s", PATIENCE.as_secs());
            let options = [
                "--ping-interval=2s",
                "--ping-deadline=2s",
                "--engine",
                &url,
                "--engine-patience",
                &patience,
            ];
            nodes.push(Node { process: Program::new(&setup.server).options(&options).start().await?, proxy });
        }
        let addresses: Vec<_> = nodes.iter().map(|node| node.process.address()).collect();
        let crowd = Crowd::start(setup, &addresses, IMPATIENT);
        let mut stage = Self { crowd, nodes, engine, clients: setup.clients as u64 };
        stage.settle("to be in").await;
        Ok(stage)
    }

    async fn settle(&mut self, what_for: &str) {
        self.nodes.iter().for_each(|node| node.proxy.inject(Fault::Mend));
        self.crowd.settle(what_for).await;
    }

    /// Everybody talks for so long, each about once a second.
    async fn talk(&mut self, ms: u64) {
        let (began, mut said) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_millis(ms) {
            self.crowd.talk_until(began.elapsed() + STEP, &mut said);
            sleep(STEP).await;
        }
    }

    async fn kills(&mut self) -> io::Result<()> {
        for node in 0..NODES {
            self.talk(500).await;
            (0..self.crowd.len()).for_each(|who| self.crowd.say(who, 0));
            self.crowd.count("node killed");
            self.nodes[node].process.kill().await?;
            self.talk(800).await;
            self.nodes[node].process.restart().await?;
            self.settle("back after a kill").await;
        }
        Ok(())
    }

    async fn rolling_restart(&mut self) -> io::Result<()> {
        for node in 0..NODES {
            self.talk(500).await;
            self.crowd.count("node stopped");
            self.nodes[node].process.terminate()?;
            self.talk(300).await;
            self.nodes[node].process.ended().await?;
            self.nodes[node].process.restart().await?;
            self.talk(300).await;
        }
        self.settle("back after the upgrade").await;
        Ok(())
    }

    async fn pause(&mut self) -> io::Result<()> {
        self.talk(500).await;
        (0..self.crowd.len()).for_each(|who| self.crowd.say(who, 0));
        self.crowd.count("node paused");
        self.nodes[0].process.pause()?;
        self.talk(2 * PATIENCE.as_millis() as u64 + 1_500).await;
        self.nodes[0].process.go_on()?;
        self.talk(1_000).await;
        Ok(())
    }

    async fn engine_faults(&mut self) -> io::Result<()> {
        self.talk(300).await;
        for turn in 0..NODES * 4 {
            let proxy = &self.nodes[turn % NODES].proxy;
            let (name, fault) = match self.crowd.random.u8(..5) {
                0 => ("reset", Fault::Cut(Cut::Reset)),
                1 => ("close", Fault::Cut(Cut::Close)),
                2 => ("stall to the node", Fault::Stall(Way::ToClient)),
                3 => ("stall to the engine", Fault::Stall(Way::ToServer)),
                _ => ("delay", Fault::Delay(Duration::from_millis(80))),
            };
            proxy.inject(fault);
            self.crowd.count(name);
            self.talk(400).await;
            self.nodes[turn % NODES].proxy.inject(Fault::Mend);
            let (name, command): (_, &[&str]) = match turn % 4 {
                0 => ("subscriptions killed", &["CLIENT", "KILL", "TYPE", "pubsub"]),
                1 => ("scripts flushed", &["SCRIPT", "FLUSH"]),
                2 => ("writes held up", &["CLIENT", "PAUSE", "300", "WRITE"]),
                _ => (
                    "little room for what is told",
                    &["CONFIG", "SET", "client-output-buffer-limit", "pubsub 16kb 8kb 1"],
                ),
            };
            self.engine.ask(command).await?;
            self.crowd.count(name);
            self.talk(250).await;
        }
        Ok(())
    }

    async fn cut_off(&mut self) {
        self.talk(500).await;
        self.crowd.count("node cut off");
        self.nodes[0].proxy.refuse(true);
        self.nodes[0].proxy.inject(Fault::Cut(Cut::Reset));
        self.talk(2 * PATIENCE.as_millis() as u64 + 2_500).await;
        self.nodes[0].proxy.refuse(false);
        self.talk(500).await;
    }

    async fn engine_crash(&mut self, with_a_node: bool) -> io::Result<()> {
        self.talk(500).await;
        (0..self.crowd.len()).for_each(|who| self.crowd.say(who, 0));
        self.crowd.count("engine killed");
        if with_a_node {
            self.nodes[0].process.kill().await?;
        }
        self.engine.kill().await?;
        self.talk(300).await;
        self.engine.restart().await?;
        if with_a_node {
            self.nodes[0].process.restart().await?;
        }
        self.talk(1_000).await;
        Ok(())
    }

    async fn engine_full(&mut self) -> io::Result<()> {
        self.talk(500).await;
        self.crowd.count("engine emptied");
        self.engine.ask(&["FLUSHALL"]).await?;
        self.talk(1_000).await;
        self.settle("back to an empty engine").await;
        self.crowd.count("engine full");
        self.engine.ask(&["CONFIG", "SET", "maxmemory", "1mb"]).await?;
        self.talk(1_000).await;
        self.engine.ask(&["CONFIG", "SET", "maxmemory", "0"]).await?;
        self.talk(500).await;
        Ok(())
    }

    async fn close(mut self, scenario: ClusterScenario) -> ClusterRound {
        self.settle("to rest").await;
        let tally = self.crowd.journal.tally();
        let (violations, found) = self.crowd.finish();
        let mut unmet = std::mem::take(&mut self.crowd.unmet);
        unmet.extend(scenario.unmet(self.clients, &tally));
        if tally.unreadable > 0 {
            unmet.push(format!("{} frames of the servers were no messages", tally.unreadable));
        }
        ClusterRound { tally, violations, found, unmet }
    }
}
