//! An experiment with one's own connection: what was predicted, what the server was asked to break, and
//! what the recordings show of it since then. Only what was recorded is told, and what was not seen yet
//! is said to be missing. It knows no browser; a moment is passed in as a time of the recording.

use chat_wire::Direction;
use serde_json::{Value, json};

use super::recording::{Recording, Says, Shown, Stream};
use crate::xray::words::breaking as words;

/// How long the server is deaf, in milliseconds: longer than it takes to say something, shorter than
/// the page waits for a dead server.
const DEAF_MS: u64 = 10_000;
/// How late what is sent is, in milliseconds.
const LATE_MS: u64 = 1_000;
/// The shortest silence that is taken for deafness, in microseconds.
const SILENCE_US: u64 = DEAF_MS * 1_000 / 2;
/// What is read within this time of the first of it was read at once, in microseconds.
const AT_ONCE_US: u64 = 250_000;
/// How many of one's messages are told of: the newest.
const TOLD: usize = 4;

/// What can be broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Break {
    /// The socket is shut without a close frame.
    Cut,
    /// Nothing is read for a while.
    Deafness,
    /// What is sent is late for a while.
    Delay,
    /// The acknowledgement of the next message is lost, and the connection with it.
    LoseAck,
    /// The server closes, and forgets.
    Restart,
}

impl Break {
    /// All of them, in the order of their words.
    pub(crate) const ALL: [Self; 5] = [Self::Cut, Self::Deafness, Self::Delay, Self::LoseAck, Self::Restart];

    /// What the server is asked for.
    pub(crate) fn asked(self) -> Value {
        match self {
            Self::Cut => json!({"break": "cut"}),
            Self::Deafness => json!({"break": "deafness", "ms": DEAF_MS}),
            Self::Delay => json!({"break": "delay", "ms": LATE_MS}),
            Self::LoseAck => json!({"break": "lose_ack"}),
            Self::Restart => json!({"break": "restart"}),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Experiment {
    /// Whether it is unfolded.
    pub is_open: bool,
    /// Which answer was chosen.
    pub predicted: Option<usize>,
    /// How far it has come.
    pub phase: Phase,
    /// By which the answers stand in another order.
    pub shift: u8,
}

impl Experiment {
    /// The answers, in the order in which they are offered.
    pub(crate) fn order(&self) -> [usize; 3] {
        let first = usize::from(self.shift);
        let order = [first, first + 1, first + 2].map(|at| at % 3);
        if self.shift & 128 == 0 { order } else { [order[2], order[1], order[0]] }
    }
}

/// How far an experiment has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Phase {
    #[default]
    Idle,
    /// Asked for, and not answered.
    Asked,
    Done(Broken),
    /// The connection was over already.
    Over,
    /// There is no lab.
    NoLab,
    Unreachable,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Broken {
    /// The number of the recording.
    pub number: usize,
    /// When it was asked for, in microseconds of the recording.
    pub since_us: u64,
}

/// What the recordings show.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    /// A sentence for each thing.
    pub told: Vec<String>,
    /// Whether it shows what was to be predicted. Until then nobody is told who was right.
    pub is_shown: bool,
    /// What has to happen before it is over; nothing when what it is about has been seen, or will never
    /// be.
    pub waits_for: Option<&'static str>,
}

impl Seen {
    /// Of a connection that was broken, and of the one after it.
    pub(crate) fn of(all: &[Recording], what: Break, broken: Broken) -> Self {
        let Some(recording) = all.get(broken.number) else { return Self::default() };
        let is_over =
            recording.ended.is_some() || recording.full.is_some() || recording.stream == Stream::Gone;
        let mut seen = match what {
            Break::Deafness => silence(recording, broken.since_us),
            Break::Delay => delay(recording, broken.since_us),
            Break::LoseAck => Self { waits_for: Some(words::SAY_SOMETHING), ..Self::default() },
            Break::Cut | Break::Restart => Self { waits_for: Some(words::NOT_SEEN_YET), ..Self::default() },
        };
        if recording.ended.is_some() {
            let next = all.get(broken.number + 1);
            seen.told.extend(ending(recording, next));
            seen.is_shown |= match what {
                Break::Cut | Break::Restart => next.is_some_and(|next| next.welcome().is_some()),
                Break::LoseAck => {
                    let lost = next.and_then(|next| lost_echo(recording, next, broken.since_us));
                    let is_back = lost.is_some();
                    seen.told.extend(lost);
                    is_back
                }
                Break::Deafness | Break::Delay => false,
            };
        }
        if is_over && seen.waits_for.take().is_some() && seen.told.is_empty() {
            seen.told.push(words::NOT_SEEN.to_owned());
        }
        seen
    }

    /// Whether what the experiment is about has been seen, or will never be.
    pub(crate) fn is_over(&self) -> bool {
        self.waits_for.is_none()
    }
}

/// How long nothing was read, and what was read at once then.
fn silence(recording: &Recording, since_us: u64) -> Seen {
    let reads = recording.passages.iter().filter(|passage| passage.direction == Direction::In);
    let mut from = since_us;
    let mut silence = None;
    for at in reads.map(|passage| passage.at_us).filter(|at| *at > since_us) {
        if at - from >= SILENCE_US {
            silence = Some(at);
            break;
        }
        from = at;
    }
    let until = silence.unwrap_or(u64::MAX);
    let sent = |shown: &&Shown| shown.direction == Direction::Out && (from + 1..until).contains(&shown.at_us);
    let sent = recording.frames.iter().filter(sent).count() as u64;
    let meanwhile = (sent > 0).then(|| words::meanwhile(sent));
    let Some(until) = silence else {
        let told = meanwhile.into_iter().collect();
        return Seen { told, waits_for: Some(words::SAY_AND_WAIT), ..Seen::default() };
    };
    let came = |shown: &&Shown| {
        shown.direction == Direction::In && (until..=until + AT_ONCE_US).contains(&shown.at_us)
    };
    let came: Vec<&Shown> = recording.frames.iter().filter(came).collect();
    let own = came.iter().filter(|shown| shown.says.kind() == Some("say")).count();
    let mut told = vec![words::silent(until - from)];
    told.extend(meanwhile);
    told.push(words::at_once(came.len() as u64, own as u64));
    // That one's own messages are late and not lost is seen only where there was one.
    Seen { told, is_shown: own > 0, waits_for: None }
}

/// How late the echoes of one's messages were, and whether the room's order was kept.
fn delay(recording: &Recording, since_us: u64) -> Seen {
    let own = recording.frames.iter().filter(|shown| shown.says.kind() == Some("say"));
    let (before, after): (Vec<_>, Vec<_>) = own.partition(|shown| shown.at_us <= since_us);
    let late = |say: &Shown| {
        let echo = recording.echo(say.says.field("id")?)?;
        Some(echo.at_us.saturating_sub(say.at_us))
    };
    let mut seen = Seen::default();
    seen.told.extend(before.into_iter().rev().find_map(late).map(words::echo_before));
    if !after.iter().any(|say| late(say).is_some()) {
        seen.waits_for = Some(if after.is_empty() { words::SAY_SOMETHING } else { words::NO_ECHO_YET });
    }
    for say in &after[after.len().saturating_sub(TOLD)..] {
        let late = late(say);
        seen.is_shown |= late.is_some();
        let text = say.says.field("text").unwrap_or_default();
        seen.told.extend(late.map(|late| words::echo(text, late)));
    }
    let came = recording.frames.iter().filter(|shown| shown.at_us > since_us).filter_map(said);
    let order: Vec<u64> = came.filter_map(|said| said["seq"].as_u64()).collect();
    if order.len() > 1 {
        seen.told.push(words::order(order.len() as u64, order.is_sorted()));
    }
    seen
}

/// How often the next connection told of a message that the broken one had heard and not echoed, and
/// whether it was one message each time: it is told again because of `resume`, and acknowledged because
/// the page says it again.
fn lost_echo(before: &Recording, next: &Recording, since_us: u64) -> Option<String> {
    let say = before.frames.iter().find(|shown| {
        let id = (shown.says.kind() == Some("say")).then(|| shown.says.field("id")).flatten();
        shown.at_us > since_us && id.is_some_and(|id| before.echo(id).is_none())
    })?;
    let id = say.says.field("id");
    let echoes = next.frames.iter().filter(|shown| shown.says.field("id") == id).filter_map(said);
    let seqs: Vec<u64> = echoes.filter_map(|said| said["seq"].as_u64()).collect();
    let first = seqs.first()?;
    let is_one = seqs.iter().all(|seq| seq == first);
    Some(words::echo_after_all(say.says.field("text").unwrap_or_default(), seqs.len() as u64, is_one))
}

/// How a connection ended, and what the next one said.
fn ending(before: &Recording, next: Option<&Recording>) -> Vec<String> {
    let mut told = Vec::new();
    let Some(ended) = &before.ended else { return told };
    told.push(words::ended(ended.code));
    let Some(next) = next else { return told };
    if let (Some(before), Some(after)) = (&before.opened, &next.opened) {
        let ended_at = before.at + ended.at_us / 1000;
        told.push(words::came_back(after.at.saturating_sub(ended_at)));
    }
    if let Some(shown) = next.welcome()
        && let Says::Message(welcome) = &shown.says
        && let Some(recovered) = welcome["recovered"].as_bool()
    {
        told.push(words::welcomed(recovered).to_owned());
        // What was said before the welcome went, and came after it, is told again. What is then said a
        // second time is acknowledged a second time, and counts no more.
        let welcomed = next.opened.as_ref().map_or(0, |opened| opened.at + shown.at_us / 1000);
        let is_old = |said: &&Value| said["at"].as_u64().is_some_and(|at| at < welcomed);
        let old = next.frames.iter().filter_map(said).filter(is_old);
        let mut replayed: Vec<u64> = old.filter_map(|said| said["seq"].as_u64()).collect();
        replayed.sort_unstable();
        replayed.dedup();
        if recovered && !replayed.is_empty() {
            told.push(words::replayed(replayed.len() as u64));
        }
    }
    told
}

/// A message that was broadcast.
fn said(shown: &Shown) -> Option<&Value> {
    match &shown.says {
        Says::Message(said) if said["type"] == "said" => Some(said),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use chat_wire::{
        Chunk, Ended, Event, Opened,
        frame::{Header, Opcode, unmask},
    };

    use super::*;

    #[test]
    fn every_order_of_answers_is_offered() {
        let order = |shift| Experiment { shift, ..Experiment::default() }.order();
        let mut orders: Vec<_> = (0..=255).map(order).collect();
        orders.sort_unstable();
        orders.dedup();
        assert_eq!(orders.len(), 6);
    }

    const BROKEN: Broken = Broken { number: 0, since_us: 1_000_000 };

    /// A recording whose frames are added one by one.
    struct Tape(Recording, [u64; 2]);

    impl Tape {
        fn new() -> Self {
            let mut tape = Self(Recording::new("t".into()), [0; 2]);
            tape.bytes(0, Direction::In, b"GET / HTTP/1.1\r\n\r\n");
            tape.bytes(0, Direction::Out, b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
            tape
        }

        fn bytes(&mut self, at_us: u64, direction: Direction, data: &[u8]) {
            let offset = self.1[usize::from(direction == Direction::Out)];
            self.1[usize::from(direction == Direction::Out)] += data.len() as u64;
            self.0.take(Event::Bytes(Chunk {
                at_us,
                direction,
                offset,
                data: data.to_vec(),
                hidden: vec![],
            }));
        }

        fn say(&mut self, at_ms: u64, id: &str) {
            let key = [1, 2, 3, 4];
            let mut payload = json!({"type": "say", "id": id, "text": id}).to_string().into_bytes();
            let header = Header::new(Opcode::TEXT, Some(key), payload.len() as u64).write();
            unmask(&mut payload, key, 0);
            self.bytes(at_ms * 1_000, Direction::In, &[header, payload].concat());
        }

        /// In this test the server's clock began with each recording.
        fn said(&mut self, at_ms: u64, id: &str, seq: u64) {
            self.write(at_ms, &json!({"type": "said", "id": id, "seq": seq, "text": id, "at": at_ms}));
        }

        fn write(&mut self, at_ms: u64, message: &Value) {
            let payload = message.to_string().into_bytes();
            let header = Header::new(Opcode::TEXT, None, payload.len() as u64).write();
            self.bytes(at_ms * 1_000, Direction::Out, &[header, payload].concat());
        }

        fn seen(&self, what: Break) -> Seen {
            Seen::of(std::slice::from_ref(&self.0), what, BROKEN)
        }
    }

    /// Over, and what was to be seen was not.
    fn in_vain(told: String) -> Seen {
        Seen { told: vec![told], is_shown: false, waits_for: None }
    }

    /// Seen, but not yet what was to be seen; or all of it.
    fn seen(told: impl IntoIterator<Item = String>, waits_for: Option<&'static str>) -> Seen {
        Seen { told: told.into_iter().collect(), is_shown: waits_for.is_none(), waits_for }
    }

    #[test]
    fn delay_is_reported_beside_earlier_echo() {
        let mut tape = Tape::new();
        tape.say(500, "a");
        tape.said(502, "a", 1);
        let before = || words::echo_before(2_000);
        assert_eq!(tape.seen(Break::Delay), seen([before()], Some(words::SAY_SOMETHING)));
        tape.say(2_000, "b");
        assert_eq!(tape.seen(Break::Delay), seen([before()], Some(words::NO_ECHO_YET)));
        tape.said(3_001, "b", 2);
        let b = || words::echo("b", 1_001_000);
        assert_eq!(tape.seen(Break::Delay), seen([before(), b()], None));
        tape.said(3_002, "of somebody else", 3);
        assert_eq!(tape.seen(Break::Delay), seen([before(), b(), words::order(2, true)], None));
        tape.said(3_003, "from before", 1);
        assert_eq!(tape.seen(Break::Delay), seen([before(), b(), words::order(3, false)], None));
    }

    #[test]
    fn paused_reads_show_silence_then_burst() {
        let mut tape = Tape::new();
        tape.say(900, "before");
        // On its way while it was asked for.
        tape.say(1_100, "still heard");
        assert_eq!(tape.seen(Break::Deafness), seen([], Some(words::SAY_AND_WAIT)));
        tape.said(4_000, "of somebody else", 7);
        let waiting = seen([words::meanwhile(1)], Some(words::SAY_AND_WAIT));
        assert_eq!(tape.seen(Break::Deafness), waiting);
        tape.say(11_100, "held");
        tape.say(11_101, "held, too");
        tape.say(14_000, "as always");
        let over = [words::silent(10_000_000), words::meanwhile(1), words::at_once(2, 2)];
        assert_eq!(tape.seen(Break::Deafness), seen(over, None));
    }

    #[test]
    fn connection_end_ends_every_experiment() {
        let mut tape = Tape::new();
        assert_eq!(tape.seen(Break::LoseAck), seen([], Some(words::SAY_SOMETHING)));
        assert_eq!(tape.seen(Break::Cut), seen([], Some(words::NOT_SEEN_YET)));
        tape.0.take(Event::Ended(Ended { at_us: 2_000_000, code: None, by_server: true }));
        for what in Break::ALL {
            assert_eq!(tape.seen(what), in_vain(words::ended(None)), "{what:?}");
        }
    }

    #[test]
    fn verdict_waits_for_recorded_evidence() {
        let broken = || {
            let mut tape = Tape::new();
            tape.say(1_500, "lost");
            tape.0.take(Event::Ended(Ended { at_us: 2_000_000, code: None, by_server: true }));
            tape.0
        };
        let next = |is_welcome: bool, seqs: &[u64]| {
            let mut tape = Tape::new();
            if is_welcome {
                tape.write(10, &json!({"type": "welcome", "recovered": true, "seq": 1}));
            }
            seqs.iter().for_each(|seq| tape.said(11, "lost", *seq));
            tape.0
        };
        let seen = |what, next| Seen::of(&[broken(), next], what, BROKEN);
        let shown = |is_welcome, seqs| Break::ALL.map(|what| seen(what, next(is_welcome, seqs)).is_shown);
        assert_eq!(shown(false, &[]), [false; 5]);
        assert_eq!(shown(true, &[]), [true, false, false, false, true]);
        assert_eq!(shown(true, &[1]), [true, false, false, true, true]);
        // Told again, and acknowledged when it was said again.
        for (seqs, is_one) in [(&[1, 1], true), (&[1, 2], false)] {
            let told = seen(Break::LoseAck, next(true, seqs)).told;
            assert_eq!(told.last(), Some(&words::echo_after_all("lost", 2, is_one)));
        }
    }

    #[test]
    fn replayed_messages_are_separate_from_new() {
        let opened = |at| Opened { at, limit_bytes: 1, ipv6: false, loopback: true, proxied: false };
        let mut before = Tape::new();
        before.0.take(Event::Opened(opened(0)));
        before.0.take(Event::Ended(Ended { at_us: 2_000_000, code: None, by_server: true }));
        let mut next = Tape::new();
        next.0.take(Event::Opened(opened(2_500)));
        next.write(10, &json!({"type": "welcome", "recovered": true, "seq": 4}));
        next.write(10, &json!({"type": "said", "id": "a", "seq": 5, "at": 1_990}));
        next.write(10, &json!({"type": "said", "id": "b", "seq": 6, "at": 2_400}));
        next.write(80, &json!({"type": "said", "id": "b", "seq": 6, "at": 2_400}));
        next.write(90, &json!({"type": "said", "id": "c", "seq": 7, "at": 2_590}));
        let seen = Seen::of(&[before.0, next.0], Break::LoseAck, BROKEN);
        let told =
            [words::ended(None), words::came_back(500), words::welcomed(true).into(), words::replayed(2)];
        assert_eq!(seen.told, told);
    }

    #[test]
    fn forgotten_recording_is_not_waited_for() {
        let mut tape = Tape::new();
        tape.0.stream = Stream::Gone;
        for what in Break::ALL {
            assert_eq!(tape.seen(what), in_vain(words::NOT_SEEN.into()), "{what:?}");
        }
    }
}
