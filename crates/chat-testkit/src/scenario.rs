//! What a server must bear: a real one in a process of its own, clients in its rooms through a
//! network that breaks, and for each scenario a plan of what breaks and when. A
//! round ends at rest, everybody back and everything answered, and the checker has the last word; so
//! has the scenario itself, which must have happened as planned. The seed repeats the choices:
//! whom, what, when. It does not repeat the run: which bytes were on their way at a cut is decided by
//! the schedulers of two processes.

use std::{
    io,
    ops::Range,
    path::PathBuf,
    time::{Duration, Instant},
};

use chat_protocol::CloseCode;
use tokio::time::sleep;

use crate::{
    crowd::Crowd,
    journal::Tally,
    process::{Process, Program},
    proxy::{Cut, End, Fault, Link, Proxy, Way},
    session::Liveness,
    usage::Usage,
    violation::Violation,
};

/// How long everybody may take to come to rest, or to be in at the beginning. Twice the longest
/// backoff, and time for a machine that has more to do.
const SETTLE: Duration = Duration::from_secs(40);

/// How often somebody says something, and what is due is done.
const STEP: Duration = Duration::from_millis(20);

/// How the clients suspect a silent server: sooner than a page would, so that a round stays short.
const IMPATIENT: Liveness = Liveness { ping_after: 1_000, dead_after: 3_000 };

/// Where it is the server that shall give them up.
const PATIENT: Liveness = Liveness { ping_after: 1_000, dead_after: 30_000 };

/// The window in which returns are counted together, for the question of a stampede.
const WINDOW: Duration = Duration::from_millis(100);

/// What happens to the clients and their server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scenario {
    /// Connections are reset, closed, cut inside frames, left half open, stalled and delayed, one
    /// after the other, while everybody talks.
    Faults,
    /// The server is killed (SIGKILL) and started again at the same address.
    Crash,
    /// The server is asked to stop (SIGTERM), and started again at the same address.
    Stop,
    /// All connections are cut at once.
    Storm,
    /// Cuts where the room remembers so little that some resumes come too late.
    Rollover,
    /// Some stop reading while much is said, until the server gives them up.
    SlowReaders,
}

/// Where, with whom and for how long.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The server's binary.
    pub server: PathBuf,
    /// What the plan is drawn from.
    pub seed: u64,
    /// How many clients.
    pub clients: usize,
    /// In how many rooms, at most 200 clients in each.
    pub rooms: usize,
    /// How long they talk while things break. Coming to rest is on top of it.
    pub talk: Duration,
}

/// What became of a scenario.
#[derive(Clone, Debug)]
pub struct Round {
    /// Which one.
    pub scenario: Scenario,
    /// The seed that repeats its plan.
    pub seed: u64,
    /// What happened, in numbers.
    pub tally: Tally,
    /// The first promises that were found broken.
    pub violations: Vec<Violation>,
    /// How many were.
    pub found: usize,
    /// What should have happened for the round to mean anything, and did not.
    pub unmet: Vec<String>,
    /// For each time that all were cut at once: the most who came back in one tenth of a second, and
    /// how many came back.
    pub returns: Vec<(usize, usize)>,
}

impl Round {
    /// Everything that is wrong with it, a line each; nothing when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let violations = self.violations.iter().map(ToString::to_string);
        let more = self.found.saturating_sub(self.violations.len());
        let more = (more > 0).then(|| format!("and {more} more"));
        violations.chain(more).chain(self.unmet.iter().cloned()).collect()
    }
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Faults, Self::Crash, Self::Stop, Self::Storm, Self::Rollover, Self::SlowReaders];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Faults => "faults",
            Self::Crash => "crash",
            Self::Stop => "stop",
            Self::Storm => "storm",
            Self::Rollover => "rollover",
            Self::SlowReaders => "slow readers",
        }
    }

    /// Runs it once.
    ///
    /// # Errors
    /// When the server cannot be started, or the machine has no sockets left. What the server does
    /// wrong is no error here but a [`Round::complaints`].
    pub async fn run(self, setup: &Setup) -> io::Result<Round> {
        let mut stage = Stage::open(setup, self.options(), self.liveness()).await?;
        match self {
            Self::Faults | Self::Rollover => stage.faults(self == Self::Rollover).await,
            Self::Crash => stage.restarts(false).await?,
            Self::Stop => stage.restarts(true).await?,
            Self::Storm => stage.storms().await?,
            Self::SlowReaders => stage.slow_readers().await,
        }
        Ok(stage.close(self).await)
    }

    fn liveness(self) -> Liveness {
        if self == Self::SlowReaders { PATIENT } else { IMPATIENT }
    }

    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Rollover => &["--history-messages", "5"],
            // A grace in which a close can be heard behind all that waits before it.
            Self::SlowReaders => &[
                "--close-grace",
                "30s",
                "--messages-per-second",
                "0",
                "--outbox-bytes",
                "32768",
                "--history-messages",
                "100000",
                "--history-bytes",
                "1000000000",
            ],
            // Sooner than by default, so that what is half open is found within a round.
            _ => &["--ping-interval", "2s", "--ping-deadline", "2s"],
        }
    }

    /// What must have happened, or the round has shown nothing.
    fn unmet(self, setup: &Setup, tally: &Tally, plan: &Plan) -> Vec<String> {
        let counts = tally.counts;
        let clients = setup.clients as u64;
        let closes = |code: CloseCode| tally.closes.get(&code.code()).copied().unwrap_or(0);
        let mut needs = vec![
            ("messages were sent", counts.sent, clients),
            ("messages were delivered", counts.delivered, counts.sent),
        ];
        match self {
            Self::Faults => needs.extend([
                ("faults were injected", tally.faults.values().sum(), setup.talk.as_millis() as u64 / 100),
                ("kinds of faults were injected", tally.faults.len() as u64, 8),
                ("resumes recovered", counts.recovered, setup.talk.as_millis() as u64 / 300),
                ("messages were replayed", tally.replayed, 10),
                ("messages were sent again", counts.resent, 3),
                ("messages were dropped for haste", counts.too_fast, 1),
            ]),
            Self::Rollover => needs.extend([
                ("resumes recovered", counts.recovered, 1),
                ("resumes were told of a gap", counts.gaps, 1),
                ("messages had arrived that were sent again", counts.known, 1),
            ]),
            Self::Crash => needs.extend([
                ("returns to a new life", counts.new_lives, clients * plan.all_cut.len() as u64),
                ("messages were sent again", counts.resent, 1),
            ]),
            Self::Stop => needs.extend([
                ("returns to a new life", counts.new_lives, clients * plan.all_cut.len() as u64),
                ("were told that the server stops", closes(CloseCode::ServerStopping), clients * 9 / 10),
            ]),
            Self::Storm => needs.extend([
                ("storms", plan.all_cut.len() as u64, 1),
                ("resumes recovered", counts.recovered, clients * plan.all_cut.len() as u64 * 9 / 10),
                ("messages were sent again", counts.resent, 1),
            ]),
            Self::SlowReaders => needs.extend([
                ("slow readers were closed", closes(CloseCode::SlowReader), 1),
                ("resumes recovered", counts.recovered, 1),
                ("messages were replayed", tally.replayed, 10),
            ]),
        }
        needs
            .into_iter()
            .filter(|(_, found, needed)| found < needed)
            .map(|(what, found, needed)| format!("{what}: {found}, where {needed} were planned at least"))
            .collect()
    }
}

/// What was done so far, of what concerns everybody.
#[derive(Debug, Default)]
struct Plan {
    /// The times at which all connections were cut, since the journal began.
    all_cut: Vec<Duration>,
}

/// A scenario that is being played.
struct Stage {
    setup: Setup,
    process: Process,
    proxy: Proxy,
    crowd: Crowd,
    /// What is done to a link, and when.
    due: Vec<(Instant, Link, Fault)>,
    plan: Plan,
}

impl Stage {
    /// The server is up and everybody is in.
    async fn open(setup: &Setup, options: &[&str], liveness: Liveness) -> io::Result<Self> {
        let process = Program::new(&setup.server).options(options).start().await?;
        let proxy = Proxy::to(process.address()).await?;
        let crowd = Crowd::start(setup, &[proxy.address()], liveness);
        let (due, plan) = (Vec::new(), Plan::default());
        let mut stage = Self { setup: setup.clone(), process, proxy, crowd, due, plan };
        stage.settle("to be in").await;
        Ok(stage)
    }

    /// Waits until everybody is in and everything is answered, and nothing more can come.
    async fn settle(&mut self, what_for: &str) {
        self.due.clear();
        self.proxy.inject(Fault::Mend);
        self.crowd.settle(what_for).await;
    }

    /// As [`Stage::talk`], for a time in this range, in milliseconds.
    async fn talk_for(&mut self, how_long: Range<u64>) {
        let how_long = Duration::from_millis(self.crowd.random.u64(how_long));
        self.talk(how_long).await;
    }

    /// Everybody talks for so long, each about once a second, and what is due is done.
    async fn talk(&mut self, how_long: Duration) {
        let (began, mut said) = (Instant::now(), 0);
        while began.elapsed() < how_long {
            self.crowd.talk_until(began.elapsed() + STEP, &mut said);
            self.pass(STEP).await;
        }
    }

    /// Lets time pass.
    async fn pass(&mut self, time: Duration) {
        sleep(time).await;
        let now = Instant::now();
        for (_, link, fault) in self.due.extract_if(.., |(due, ..)| *due <= now) {
            link.inject(fault);
        }
        if let Ok(memory) = self.process.usage().and_then(Usage::memory) {
            self.crowd.journal.count(|tally| tally.memory = tally.memory.max(memory));
        }
    }

    /// Everybody says something that may have arrived, its echo perhaps not; and, with the server
    /// frozen from then on, something that it certainly does not get to.
    async fn all_talk_and_the_server_freezes(&mut self) -> io::Result<()> {
        for is_frozen in [false, true] {
            if is_frozen {
                self.process.pause()?;
            }
            (0..self.crowd.len()).for_each(|who| self.crowd.say(who, 0));
            let time = Duration::from_micros(self.crowd.random.u64(..5_000));
            self.pass(time).await;
        }
        Ok(())
    }

    fn link(&self, who: usize) -> Option<Link> {
        self.proxy.link(self.crowd.client(who).view().address?)
    }

    /// A fault after the other, fifty milliseconds apart at the middle.
    async fn faults(&mut self, short_history: bool) {
        for n in 1..=self.setup.talk.as_millis() / 50 {
            let who = self.crowd.random.usize(..self.crowd.len());
            let kind = self.crowd.random.u8(..if short_history { 3 } else { 11 });
            match self.link(who) {
                Some(link) if short_history && n % 2 == 0 => self.deafen(who, link),
                Some(link) => self.break_link(who, &link, kind),
                None => {}
            }
            if n % 10 == 0 && !short_history {
                // More than may be sent at once.
                (0..70).for_each(|_| self.crowd.say(who, 0));
            }
            self.talk_for(20..80).await;
        }
    }

    /// Says something that arrives, and hears neither the answer nor what follows until it is too much
    /// to be remembered: it will be told of a gap, and say again what it already said.
    fn deafen(&mut self, who: usize, link: Link) {
        self.crowd.count("deaf until cut");
        link.inject(Fault::Stall(Way::ToClient));
        self.crowd.say(who, 0);
        let at = Instant::now() + Duration::from_millis(self.crowd.random.u64(400..900));
        self.due.push((at, link, Fault::Cut(Cut::Reset)));
    }

    fn break_link(&mut self, who: usize, link: &Link, kind: u8) {
        let cut = if self.crowd.random.bool() { Cut::Reset } else { Cut::Close };
        let silence = Duration::from_millis(self.crowd.random.u64(100..800));
        let (name, fault) = match kind {
            0 => ("reset", Fault::Cut(Cut::Reset)),
            1 => ("close", Fault::Cut(Cut::Close)),
            2 => (
                "cut inside a frame to the client",
                Fault::CutAfter(Way::ToClient, self.crowd.random.u64(1..400), cut),
            ),
            3 => (
                "cut inside a frame to the server",
                Fault::CutAfter(Way::ToServer, self.crowd.random.u64(1..100), cut),
            ),
            4 => ("half open at the server", Fault::Cut(Cut::HalfOpen(End::Client))),
            5 => ("half open at the client", Fault::Cut(Cut::HalfOpen(End::Server))),
            6 => ("stall to the client", Fault::Stall(Way::ToClient)),
            7 => ("stall to the server", Fault::Stall(Way::ToServer)),
            8 => ("delay", Fault::Delay(Duration::from_millis(self.crowd.random.u64(5..100)))),
            9 if self.crowd.client(who).cut() => return self.crowd.count("reset by the client"),
            10 if self.crowd.client(who).pause(silence) => {
                return self.crowd.count("client does not read");
            }
            _ => return,
        };
        link.inject(fault);
        if matches!(fault, Fault::Stall(_) | Fault::Delay(_)) {
            let at = Instant::now() + Duration::from_millis(self.crowd.random.u64(100..2_000));
            self.due.push((at, link.clone(), Fault::Mend));
        }
        self.crowd.count(name);
    }

    async fn restarts(&mut self, in_order: bool) -> io::Result<()> {
        let until = Instant::now() + self.setup.talk;
        loop {
            self.talk_for(500..1_000).await;
            self.all_talk_and_the_server_freezes().await?;
            self.plan.all_cut.push(self.crowd.journal.elapsed());
            if in_order {
                self.crowd.count("stop");
                self.process.terminate()?;
                self.process.go_on()?;
                self.process.ended().await?;
            } else {
                self.crowd.count("kill");
                self.process.kill().await?;
            }
            self.talk_for(100..700).await;
            self.process.restart().await?;
            self.settle("back after a restart").await;
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    async fn storms(&mut self) -> io::Result<()> {
        let until = Instant::now() + self.setup.talk;
        loop {
            self.talk_for(300..800).await;
            self.all_talk_and_the_server_freezes().await?;
            self.plan.all_cut.push(self.crowd.journal.elapsed());
            self.crowd.count("all at once");
            self.proxy.inject(Fault::Cut(Cut::Reset));
            self.process.go_on()?;
            self.talk_for(600..1_000).await;
            self.settle("back after a storm").await;
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    async fn slow_readers(&mut self) {
        /// More than what the proxy holds and the buffers of its sockets and the server's take, in bytes.
        const ENOUGH: usize = 5 << 19;
        /// Four bytes each in UTF-8.
        const CHARACTERS: usize = 4_000;
        let until = Instant::now() + self.setup.talk;
        loop {
            let slow = self.crowd.random.usize(..self.crowd.len());
            let stalled = self.link(slow);
            if let Some(link) = &stalled {
                self.crowd.count("stall to the client");
                link.inject(Fault::Stall(Way::ToClient));
            }
            let room = slow % self.setup.rooms.max(1);
            let others: Vec<usize> = (room..self.crowd.len())
                .step_by(self.setup.rooms.max(1))
                .filter(|who| *who != slow)
                .collect();
            let (before, patience) = (self.crowd.said(), Instant::now() + SETTLE / 4);
            while ((self.crowd.said() - before) as usize) < ENOUGH / (4 * CHARACTERS)
                && Instant::now() < patience
            {
                for who in &others {
                    self.crowd.say(*who, CHARACTERS);
                }
                self.pass(STEP).await;
            }
            if let Some(link) = stalled {
                link.inject(Fault::Mend);
            }
            self.settle("back after reading slowly").await;
            if Instant::now() >= until {
                return;
            }
        }
    }

    async fn close(mut self, scenario: Scenario) -> Round {
        self.settle("to rest").await;
        let tally = self.crowd.journal.tally();
        let (violations, found) = self.crowd.finish();
        let mut unmet = std::mem::take(&mut self.crowd.unmet);
        unmet.extend(scenario.unmet(&self.setup, &tally, &self.plan));
        if tally.unreadable > 0 {
            unmet.push(format!("{} frames of the server were no messages", tally.unreadable));
        }
        let ends = self.plan.all_cut.iter().skip(1).copied().chain([Duration::MAX]);
        let returns = self
            .plan
            .all_cut
            .iter()
            .zip(ends)
            .map(|(from, to)| tally.densest(&Range { start: *from, end: to }, WINDOW))
            .collect();
        Round { scenario, seed: self.setup.seed, tally, violations, found, unmet, returns }
    }
}
