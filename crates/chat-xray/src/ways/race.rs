//! What the five ways have brought and cost, as plain data: each message once a way, how long it took
//! from when it was sent in this very page, and the bytes that the server counted. It knows no browser
//! and no clock; times are passed in, in milliseconds of one clock.

use chat_wire::Costs;
use serde::Deserialize;

/// Most messages a way shows; the oldest go.
pub const SHOWN_MAX: usize = 100;
/// Most sent messages whose arrival is waited for.
const SENT_MAX: usize = 200;

/// A way into the room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Way {
    /// A page that is loaded anew.
    Classic,
    /// Asking again and again.
    Poll,
    /// Asking, and being answered when there is something.
    LongPoll,
    /// One answer that does not end.
    Events,
    /// Both directions on one connection.
    Socket,
}

impl Way {
    /// All of them, in the order of their history.
    pub const ALL: [Self; 5] = [Self::Classic, Self::Poll, Self::LongPoll, Self::Events, Self::Socket];

    /// What stands in ids and attributes.
    pub fn token(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Poll => "poll",
            Self::LongPoll => "long-poll",
            Self::Events => "events",
            Self::Socket => "socket",
        }
    }
}

/// A message as it came.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// Its place in the room.
    pub seq: u64,
    /// Who said it.
    pub name: String,
    /// What.
    pub text: String,
    /// How long it took, in milliseconds, if it was said in this page.
    pub delay: Option<f64>,
}

/// One way's part.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Runner {
    /// What came, oldest first.
    pub heard: Vec<Heard>,
    /// The last message that came.
    pub seq: u64,
    /// What it has cost.
    pub costs: Costs,
    /// How long its messages took, in milliseconds.
    pub delays: Vec<f64>,
}

impl Runner {
    /// The middle one of its delays, in milliseconds.
    pub fn median(&self) -> Option<f64> {
        let mut delays = self.delays.clone();
        delays.sort_by(f64::total_cmp);
        delays.get(delays.len() / 2).copied()
    }
}

/// All of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Race {
    /// What was sent here, and when.
    sent: Vec<(String, f64)>,
    runners: [Runner; 5],
}

impl Race {
    /// A way's part.
    pub fn of(&self, way: Way) -> &Runner {
        &self.runners[way as usize]
    }

    /// What it has cost by now.
    pub fn cost(&mut self, way: Way, costs: Costs) {
        self.runners[way as usize].costs = costs;
    }

    /// A message with this id is sent at `now`.
    pub fn send(&mut self, id: String, now: f64) {
        if self.sent.len() == SENT_MAX {
            self.sent.remove(0);
        }
        self.sent.push((id, now));
    }

    /// A message came this way at `now`. What came before is not taken again.
    pub fn hear(&mut self, way: Way, said: &Said, now: f64) {
        let delay = self.sent.iter().find(|(id, _)| *id == said.id).map(|(_, sent)| now - sent);
        let runner = &mut self.runners[way as usize];
        if said.seq <= runner.seq {
            return;
        }
        runner.seq = said.seq;
        runner.delays.extend(delay);
        if runner.heard.len() == SHOWN_MAX {
            runner.heard.remove(0);
        }
        let (name, text) = (said.name.clone(), said.text.clone());
        runner.heard.push(Heard { seq: said.seq, name, text, delay });
    }

    /// The way begins after this message: a newcomer sees no history.
    pub fn begin(&mut self, way: Way, seq: u64) {
        let runner = &mut self.runners[way as usize];
        runner.seq = runner.seq.max(seq);
    }

    /// The most that a way has cost, in bytes; at least one.
    pub fn most(&self) -> u64 {
        self.runners.iter().map(|runner| runner.costs.all()).max().unwrap_or(0).max(1)
    }

    /// How many messages came by WebSocket, and how many times as many bytes polling took for its own;
    /// once both have something to compare.
    pub fn verdict(&self) -> Option<(u64, f64)> {
        let (poll, socket) = (self.of(Way::Poll), self.of(Way::Socket));
        let count = socket.heard.len() as u64;
        let all = socket.costs.all();
        (count > 0 && all > 0).then(|| (count, poll.costs.all() as f64 / all as f64))
    }
}

/// What of a `said` is needed here.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Said {
    /// Its place in the room.
    pub seq: u64,
    /// The id its sender gave it.
    pub id: String,
    /// Who said it.
    pub name: String,
    /// What.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seq: u64, id: &str) -> Said {
        Said { seq, id: id.into(), name: "سارا".into(), text: "سلام".into() }
    }

    #[test]
    fn each_way_hears_a_message_once_and_is_timed_from_when_it_was_sent_here() {
        let mut race = Race::default();
        race.send("a".into(), 100.0);
        race.hear(Way::Socket, &said(1, "a"), 103.0);
        race.hear(Way::Poll, &said(1, "a"), 1_100.0);
        race.hear(Way::Poll, &said(1, "a"), 2_100.0);
        race.hear(Way::Poll, &said(2, "of somebody else"), 2_100.0);
        assert_eq!(race.of(Way::Socket).median(), Some(3.0));
        assert_eq!(race.of(Way::Poll).delays, [1_000.0]);
        assert_eq!(race.of(Way::Poll).heard.len(), 2);
        assert_eq!(race.of(Way::Events).median(), None);
    }

    #[test]
    fn the_verdict_is_what_was_counted() {
        let mut race = Race::default();
        assert_eq!(race.verdict(), None);
        race.hear(Way::Socket, &said(1, "x"), 0.0);
        race.cost(Way::Socket, Costs { headers_in: 300, payload_out: 200, ..Costs::default() });
        race.cost(Way::Poll, Costs { headers_in: 4_000, headers_out: 1_000, ..Costs::default() });
        assert_eq!(race.verdict(), Some((1, 10.0)));
        assert_eq!(race.most(), 5_000);
    }

    #[test]
    fn a_way_that_begins_late_does_not_wait_for_what_was_before() {
        let mut race = Race::default();
        race.begin(Way::LongPoll, 41);
        race.hear(Way::LongPoll, &said(41, "old"), 0.0);
        race.hear(Way::LongPoll, &said(42, "new"), 0.0);
        assert_eq!(race.of(Way::LongPoll).heard.len(), 1);
    }
}
