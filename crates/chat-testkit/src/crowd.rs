//! The clients of a scenario, who talk, and what they say; the seed repeats the choices. It does not know what
//! happens to them.

use std::{net::SocketAddr, time::Duration};

use chat_protocol::{ClientId, Name, RoomId, Text};
use fastrand::Rng;
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use crate::{
    client::{Client, Profile},
    journal::Journal,
    scenario::Setup,
    session::Liveness,
    violation::{ClientNo, Violation},
};

/// How long everybody may take to come to rest, or to be in at the beginning. Twice the longest
/// backoff, and time for a machine that has more to do.
const SETTLE: Duration = Duration::from_secs(40);

/// How often it is asked whether they have.
const STEP: Duration = Duration::from_millis(20);

/// Most of a client's says that may wait for their answer, as in the page.
const PENDING_MAX: usize = 100;

pub(crate) struct Crowd {
    clients: Vec<Client>,
    pub(crate) random: Rng,
    pub(crate) journal: Journal,
    /// What should have happened, and did not.
    pub(crate) unmet: Vec<String>,
    said: u64,
}

impl Crowd {
    /// Each comes by one of these addresses, and again by any.
    pub(crate) fn start(setup: &Setup, addresses: &[SocketAddr], liveness: Liveness) -> Self {
        let (journal, mut random) = (Journal::new(), Rng::with_seed(setup.seed));
        let clients = (0..setup.clients)
            .map(|n| {
                let seed = random.u64(..);
                Client::start(profile(n, setup.rooms, addresses, liveness, seed), journal.clone())
            })
            .collect();
        Self { clients, random, journal, unmet: Vec::new(), said: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn client(&self, who: usize) -> &Client {
        &self.clients[who]
    }

    /// How much was said.
    pub(crate) fn said(&self) -> u64 {
        self.said
    }

    pub(crate) fn count(&self, fault: &'static str) {
        self.journal.count(|tally| *tally.faults.entry(fault).or_default() += 1);
    }

    fn everybody(&self) -> Vec<ClientNo> {
        self.clients.iter().map(Client::no).collect()
    }

    /// Waits until everybody is in and everything is answered, and nothing more can come.
    pub(crate) async fn settle(&mut self, what_for: &str) {
        let here = self.everybody();
        let settled = async {
            loop {
                if self.journal.is_at_rest(&here)
                    && join_all(self.clients.iter().map(Client::fence)).await.into_iter().all(|passed| passed)
                    && self.journal.is_at_rest(&here)
                {
                    return;
                }
                sleep(STEP).await;
            }
        };
        if timeout(SETTLE, settled).await.is_err() {
            self.unmet.push(format!("not everybody came {what_for} within {} s", SETTLE.as_secs()));
        }
    }

    /// Has as much been said as if each talked once a second, for so long; `said` is how much that was.
    pub(crate) fn talk_until(&mut self, so_long: Duration, said: &mut usize) {
        let due = so_long.as_millis() as usize * self.clients.len() / 1_000;
        for _ in *said..due {
            let who = self.random.usize(..self.clients.len());
            self.say(who, 0);
        }
        *said = due;
    }

    /// Says something that was not said before, with so many long characters after it.
    pub(crate) fn say(&mut self, who: usize, padding: usize) {
        /// Texts that are easily broken: letters that join, characters without ink, several planes.
        const WORDS: [&str; 4] = ["سلام به همه", "می‌روم و برمی‌گردم", "خط اول\nخط دوم", "👩‍💻 é 𝄞 <b>\"&\\"];
        let client = &self.clients[who];
        if client.view().pending >= PENDING_MAX {
            return;
        }
        self.said += 1;
        let word = WORDS[self.random.usize(..WORDS.len())];
        let padding = "𝄞".repeat(padding);
        if let Ok(text) = Text::parse(&format!("{word} {} {padding}", self.said)) {
            client.say(text);
        }
    }

    /// The first promises that were found broken, and how many were.
    pub(crate) fn finish(&self) -> (Vec<Violation>, usize) {
        self.journal.finish(&self.everybody())
    }
}

fn profile(n: usize, rooms: usize, addresses: &[SocketAddr], liveness: Liveness, seed: u64) -> Profile {
    const VALID: &str = "short and of letters and digits";
    Profile {
        no: ClientNo(n),
        addresses: addresses.to_vec(),
        room: RoomId::parse(&format!("room{}", n % rooms.max(1))).expect(VALID),
        id: ClientId::parse(&format!("c{n}")).expect(VALID),
        name: Name::parse(&format!("نفر {n}")).expect(VALID),
        liveness,
        seed,
    }
}
