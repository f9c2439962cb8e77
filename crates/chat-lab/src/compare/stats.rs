//! What the five ways have brought and cost, as plain data: each message once a way, how long it took
//! from when it was sent in this very page, the bytes that the server counted, and what of them was paid
//! while nobody spoke. It knows no browser and no clock; times are passed in, in milliseconds of one clock.

use chat_protocol::CloseCode;
use chat_wire::Costs;
use serde_json::Value;

/// Most messages that are shown, and most delays of a way that count; the oldest go.
const SHOWN_MAX: usize = 100;
/// Most moments of which one knows what all ways had cost, a second apart; the oldest go.
const SAMPLES_MAX: usize = 180;
/// How long after something came a second is not yet silent, in milliseconds: what it cost is asked for once
/// a second.
const ECHO: f64 = 3_000.0;
/// Fewest messages of which a spread can be told.
const SPREAD_MIN: usize = 3;
/// What the page's clock cannot tell apart, in milliseconds: browsers round it.
const RESOLUTION: f64 = 0.1;
/// How long a stream may owe something before it is called silent, in milliseconds: what begins it is sent
/// at once, and so is what another way has brought already. A slow network is a second late, a proxy that
/// gathers an answer a minute.
const SILENCE_MAX: f64 = 5_000.0;
/// Most sent messages whose arrival is waited for.
const SENT_MAX: usize = 200;

/// A way into the room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Way {
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
    pub(crate) const ALL: [Self; 5] = [Self::Classic, Self::Poll, Self::LongPoll, Self::Events, Self::Socket];

    /// What stands in ids and attributes.
    pub(crate) fn token(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Poll => "poll",
            Self::LongPoll => "long-poll",
            Self::Events => "events",
            Self::Socket => "socket",
        }
    }

    /// Whether the page itself keeps what it shows to be who it was; of the others the browser does, in
    /// cookies.
    pub(crate) fn keeps_its_ticket(self) -> bool {
        matches!(self, Self::Poll | Self::LongPoll | Self::Socket)
    }
}

/// A message, and by which ways it came.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Heard {
    pub said: Said,
    pub came: [Option<Came>; 5],
}

/// That a message came by a way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Came {
    /// After so many milliseconds: it was said in this page.
    After(f64),
    /// Whenever that was.
    Sometime,
}

/// How long messages take by a way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Typical {
    /// The median, in milliseconds; of ways that cannot be told apart, that of all their messages.
    pub ms: f64,
    /// The middle half of its delays: from, and to.
    pub half: [f64; 2],
    /// Whether it cannot be told apart from another: their middle halves overlap.
    pub is_shared: bool,
}

/// What all ways had cost at one moment.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Sample {
    at: f64,
    bytes: [u64; 5],
}

/// Why a way brings nothing at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Trouble {
    /// Nobody answers, or the connection broke off.
    Lost,
    /// It was answered with this HTTP status.
    Refused(u16),
    /// The room ended it with this close code.
    Closed(u16),
    /// What came was not understood.
    Strange,
    /// It is open, or was at least asked for, and nothing comes out of it: what is in between holds it back.
    Silent,
}

impl Trouble {
    /// Of a close code, as browsers report it: 1006 was never on the wire.
    pub(crate) fn closed(code: u16) -> Self {
        if code == 1006 { Self::Lost } else { Self::Closed(code) }
    }

    /// Whether it may be over by itself, so that it makes sense to try again.
    pub(crate) fn passes(self) -> bool {
        match self {
            Self::Lost | Self::Strange | Self::Silent => true,
            // Taken names become free, and who was too fast has waited.
            Self::Refused(status) => status >= 500 || matches!(status, 409 | 429),
            Self::Closed(code) => CloseCode::should_reconnect(code),
        }
    }
}

/// Why the server's account of a way is not all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gap {
    /// The recording from which it is counted has as many bytes as it may.
    Full(u64),
    /// There is no such recording, or it cannot be seen any more.
    Unseen,
}

/// One way's part.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct WayStats {
    /// How many messages came.
    pub heard: u64,
    /// The last message that came, as far as one is known.
    pub seq: Option<u64>,
    /// What it has cost in this page, in all.
    pub costs: Costs,
    /// What the accounts that are closed counted, what the open one says, and what of them was paid
    /// before this page.
    closed: Costs,
    open: Costs,
    paid: Costs,
    /// How long its messages took, in milliseconds, oldest first.
    pub delays: Vec<f64>,
    /// The bytes of its silent seconds, and how long those were, in milliseconds.
    silence: (u64, f64),
    /// Why it has cost more than was counted, if it has. What was missed once stays missing.
    pub gap: Option<Gap>,
    /// What is wrong with it, if something is.
    pub trouble: Option<Trouble>,
    /// Of a stream that is open: whether it is.
    is_open: bool,
    /// Since when it owes something.
    owes_since: Option<f64>,
}

impl WayStats {
    /// Whether something should have come by this way, and has not yet.
    pub(crate) fn owes(&self) -> bool {
        self.owes_since.is_some()
    }

    /// Whether that should have been here long ago, at `now`.
    pub(crate) fn is_silent(&self, now: f64) -> bool {
        self.owes_since.is_some_and(|since| now - since > SILENCE_MAX)
    }

    /// What a second of silence costs, in bytes, once there was one.
    pub(crate) fn silent_second(&self) -> Option<f64> {
        let (bytes, ms) = self.silence;
        (ms > 0.0).then(|| bytes as f64 * 1_000.0 / ms)
    }
}

/// The three quartiles of these delays, if there are any; one between two is as far between them.
fn quartiles(mut sorted: Vec<f64>) -> Option<[f64; 3]> {
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    Some([1, 2, 3].map(|quarter| {
        let at = last * quarter;
        let (below, above) = (sorted[at / 4], sorted[at.div_ceil(4)]);
        below + (above - below) * (at % 4) as f64 / 4.0
    }))
}

#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Stats {
    /// What was sent here, and when.
    sent: Vec<(String, f64)>,
    /// What came by any way, oldest first.
    pub messages: Vec<Heard>,
    clients: [WayStats; 5],
    samples: Vec<Sample>,
    /// When something came last.
    heard_at: f64,
}

impl Stats {
    pub(crate) fn of(&self, way: Way) -> &WayStats {
        &self.clients[way as usize]
    }

    /// The page is loaded anew, and this is what was known of this way before: the last message, and what
    /// its account said.
    pub(crate) fn resume(&mut self, way: Way, seq: Option<u64>, account: Costs) {
        let way_stats = &mut self.clients[way as usize];
        (way_stats.seq, way_stats.open, way_stats.paid) = (seq, account, account);
    }

    /// What the server's account of this way says by now. Whoever was away for too long comes back as a
    /// new guest, with a new account: one that says less than before is another one, and what the one
    /// before it counted stays.
    pub(crate) fn cost(&mut self, way: Way, account: Costs) {
        let way_stats = &mut self.clients[way as usize];
        let WayStats { closed, open, .. } = way_stats;
        if account.requests < open.requests || account.all() < open.all() {
            *closed = each(*closed, *open, u64::saturating_add);
            *open = account;
        } else {
            // Of an answer that is on its way the body is counted before it has gone, and its bytes are
            // missing among the headers until then.
            *open = each(*open, account, u64::max);
        }
        let all = each(way_stats.closed, way_stats.open, u64::saturating_add);
        way_stats.costs = each(all, way_stats.paid, u64::saturating_sub);
    }

    /// What the open account of this way says.
    pub(crate) fn account(&self, way: Way) -> Costs {
        self.of(way).open
    }

    /// From here on not all is counted.
    pub(crate) fn miss(&mut self, way: Way, gap: Gap) {
        self.clients[way as usize].gap = Some(gap);
    }

    /// A message with this id is sent at `now`.
    pub(crate) fn send(&mut self, id: String, now: f64) {
        push(&mut self.sent, (id, now), SENT_MAX);
    }

    /// The network is another one from here on: nothing that took its time before is compared with what comes.
    pub(crate) fn time_anew(&mut self) {
        self.sent.clear();
        self.clients.iter_mut().for_each(|way_stats| way_stats.delays.clear());
    }

    /// Something of the room came by this way at `now`. A stream out of which something came owes nothing.
    pub(crate) fn stir(&mut self, way: Way, now: f64) {
        self.heard_at = now;
        if way == Way::Events {
            self.clients[way as usize].owes_since = None;
        }
    }

    /// A second is over at `now`. What a way cost in a silent one is counted, unless it `rests`.
    pub(crate) fn tick(&mut self, now: f64, rests: impl Fn(Way) -> bool) {
        let bytes = Way::ALL.map(|way| self.of(way).costs.all());
        if let Some(before) = self.samples.last()
            && self.heard_at + ECHO < before.at
        {
            for way in Way::ALL.into_iter().filter(|way| !rests(*way)) {
                let silence = &mut self.clients[way as usize].silence;
                silence.0 += bytes[way as usize].saturating_sub(before.bytes[way as usize]);
                silence.1 += now - before.at;
            }
        }
        push(&mut self.samples, Sample { at: now, bytes }, SAMPLES_MAX);
    }

    /// Of how many silent seconds one knows.
    pub(crate) fn silent_seconds(&self) -> u64 {
        let ms = self.clients.iter().map(|way_stats| way_stats.silence.1).fold(0.0, f64::max);
        (ms / 1_000.0) as u64
    }

    /// How long messages take by each way. Ways of which the middle halves overlap are not told apart: what
    /// they differ by is less than what each of them varies by.
    pub(crate) fn typical(&self) -> [Option<Typical>; 5] {
        let of = |at: usize| quartiles(self.clients[at].delays.clone());
        let mut typical: [Option<Typical>; 5] = std::array::from_fn(|at| {
            of(at).map(|[from, ms, to]| Typical { ms, half: [from, to], is_shared: false })
        });
        let mut rest: Vec<usize> = (0..5).filter(|at| self.clients[*at].delays.len() >= SPREAD_MIN).collect();
        while let Some([_, _, fastest]) =
            rest.iter().filter_map(|at| of(*at)).min_by(|a, b| a[1].total_cmp(&b[1]))
        {
            let is_like = |at: &usize| of(*at).is_some_and(|[from, ..]| from <= fastest + RESOLUTION);
            let (group, others): (Vec<usize>, Vec<usize>) = rest.into_iter().partition(is_like);
            let all = quartiles(group.iter().flat_map(|at| self.clients[*at].delays.clone()).collect());
            for at in group.iter().filter(|_| group.len() > 1) {
                typical[*at] =
                    typical[*at].zip(all).map(|(one, [_, ms, _])| Typical { ms, is_shared: true, ..one });
            }
            rest = others;
        }
        typical
    }

    /// The line of what a way has cost, second by second, as the path of a picture that is a thousand wide and
    /// a thousand high: time goes to the right, bytes go up.
    pub(crate) fn line(&self, way: Way) -> String {
        let Some([from, to]) = self.span() else { return String::new() };
        let most = self.most() as f64;
        // As whole numbers: a fraction would bring the code that writes one.
        let thousandths = |part: f64| (part * 1_000.0).round() as u32;
        let points = self.samples.iter().map(|sample| {
            let x = thousandths((sample.at - from) / (to - from).max(1.0));
            let y = thousandths(1.0 - sample.bytes[way as usize] as f64 / most);
            format!("{x} {y}")
        });
        ["M", &points.collect::<Vec<_>>().join("L")].concat()
    }

    /// From when to when those lines go.
    pub(crate) fn span(&self) -> Option<[f64; 2]> {
        Some([self.samples.first()?.at, self.samples.last()?.at])
    }

    /// A message came this way at `now`. What came before is not taken again.
    pub(crate) fn hear(&mut self, way: Way, said: &Said, now: f64) {
        let way_stats = &mut self.clients[way as usize];
        if way_stats.seq >= Some(said.seq) {
            return;
        }
        way_stats.seq = Some(said.seq);
        way_stats.heard += 1;
        let sent = self.sent.iter().find(|(id, _)| *id == said.id);
        let came = sent.map_or(Came::Sometime, |(_, sent)| Came::After(now - sent));
        if let Came::After(delay) = came {
            push(&mut way_stats.delays, delay, SHOWN_MAX);
        }
        // A room that began a new life counts anew, too.
        let at = self.messages.iter().rposition(|heard| heard.said == *said);
        let at = at.unwrap_or_else(|| {
            push(&mut self.messages, Heard { said: said.clone(), came: [None; 5] }, SHOWN_MAX);
            self.messages.len() - 1
        });
        self.messages[at].came[way as usize] = Some(came);
        let stream = &mut self.clients[Way::Events as usize];
        if way == Way::Socket && stream.is_open && stream.seq < Some(said.seq) {
            stream.owes_since.get_or_insert(now);
        }
    }

    /// The stream is asked for, or is open, at `now`: it owes its beginning.
    pub(crate) fn open(&mut self, now: f64) {
        let stream = &mut self.clients[Way::Events as usize];
        (stream.is_open, stream.owes_since) = (true, Some(now));
    }

    /// The stream is closed here, and owes nothing.
    pub(crate) fn shut(&mut self) {
        let stream = &mut self.clients[Way::Events as usize];
        (stream.is_open, stream.owes_since) = (false, None);
        stream.trouble = stream.trouble.filter(|trouble| *trouble != Trouble::Silent);
    }

    /// The room welcomes this way, which goes on after this message: a newcomer sees no history, who comes
    /// back is told what they missed, and where the room began a new life its numbers did, too.
    pub(crate) fn begin(&mut self, way: Way, seq: u64) {
        self.clients[way as usize].seq = Some(seq);
    }

    /// Something is wrong with this way, or nothing any more.
    pub(crate) fn trouble(&mut self, way: Way, trouble: Option<Trouble>) {
        self.clients[way as usize].trouble = trouble;
    }

    /// The most that a way has cost, in bytes; at least one.
    pub(crate) fn most(&self) -> u64 {
        self.clients.iter().map(|way_stats| way_stats.costs.all()).max().unwrap_or(0).max(1)
    }

    /// How many messages came by WebSocket, and how many times as many bytes polling took for its own;
    /// once both have something to compare.
    pub(crate) fn verdict(&self) -> Option<(u64, f64)> {
        let (poll, socket) = (self.of(Way::Poll), self.of(Way::Socket));
        let count = socket.heard;
        let (polled, all) = (poll.costs.all(), socket.costs.all());
        (count > 0 && all > 0 && polled > 0).then(|| (count, polled as f64 / all as f64))
    }
}

/// Where a delay stands on the scale that all ways share, in thousandths of it: a logarithmic one from a
/// millisecond to ten seconds, because a WebSocket takes the one and who asks seldom takes the other. What
/// is beyond an end stands at it.
pub(crate) fn place(ms: f64) -> u32 {
    const DECADES: f64 = 4.0;
    (ms.max(1.0).log10() / DECADES * 1_000.0).round().min(1_000.0) as u32
}

/// A mark in a picture 120 high: a point in its middle.
pub(crate) const POINT: &str = " 60h0";
/// A mark that goes from its top to its bottom.
pub(crate) const BAR: &str = " 14v92";

/// Where that is in a picture that is a thousand wide, with room for half a mark at both ends: time goes to the
/// right, as on every clock of a network.
fn x(ms: f64) -> u32 {
    30 + place(ms) * 94 / 100
}

/// The marks of delays on that scale, as a path.
pub(crate) fn marks(delays: &[f64], mark: &str) -> String {
    delays.iter().map(|ms| format!("M{}{mark}", x(*ms))).collect()
}

/// From one delay to another on that scale, as a path.
pub(crate) fn stretch([from, to]: [f64; 2]) -> String {
    format!("M{} 60H{}", x(from), x(to))
}

/// One more at the end, where there are at most so many: the oldest goes.
fn push<T>(all: &mut Vec<T>, one: T, most: usize) {
    if all.len() == most {
        all.remove(0);
    }
    all.push(one);
}

/// Two accounts made one, figure by figure.
fn each(a: Costs, b: Costs, one: impl Fn(u64, u64) -> u64) -> Costs {
    Costs {
        requests: one(a.requests, b.requests),
        headers_in: one(a.headers_in, b.headers_in),
        payload_in: one(a.payload_in, b.payload_in),
        headers_out: one(a.headers_out, b.headers_out),
        payload_out: one(a.payload_out, b.payload_out),
    }
}

/// What of a `said` is needed here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Said {
    /// Its place in the room.
    pub seq: u64,
    /// The id its sender gave it.
    pub id: String,
    pub name: String,
    pub text: String,
}

impl Said {
    /// Of a message as JSON, if it is one.
    pub(crate) fn read(message: &Value) -> Option<Self> {
        let text = |name: &str| message[name].as_str().map(str::to_owned);
        Some(Self {
            seq: message["seq"].as_u64()?,
            id: text("id")?,
            name: text("name")?,
            text: text("text")?,
        })
    }
}

/// An account as JSON, if it is one. By hand, as [`Said::read`], because serde would bring code for each
/// type, and a [`Value`] is read here anyway.
pub(crate) fn account(told: &Value) -> Option<Costs> {
    let figure = |name: &str| told[name].as_u64();
    Some(Costs {
        requests: figure("requests")?,
        headers_in: figure("headers_in")?,
        payload_in: figure("payload_in")?,
        headers_out: figure("headers_out")?,
        payload_out: figure("payload_out")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(seq: u64, id: &str) -> Said {
        Said { seq, id: id.into(), name: "سارا".into(), text: "سلام".into() }
    }

    #[test]
    fn each_way_is_timed_once_per_message() {
        let mut stats = Stats::default();
        stats.send("a".into(), 100.0);
        stats.hear(Way::Socket, &said(1, "a"), 103.0);
        stats.hear(Way::Poll, &said(1, "a"), 1_100.0);
        stats.hear(Way::Poll, &said(1, "a"), 2_100.0);
        stats.hear(Way::Poll, &said(2, "of somebody else"), 2_100.0);
        assert_eq!(stats.of(Way::Poll).delays, [1_000.0]);
        assert_eq!(stats.of(Way::Poll).heard, 2);
        let came = stats.messages.iter().map(|heard| (heard.said.seq, heard.came)).collect::<Vec<_>>();
        let (after, sometime) = (|ms| Some(Came::After(ms)), Some(Came::Sometime));
        assert_eq!(
            came,
            [(1, [None, after(1_000.0), None, None, after(3.0)]), (2, [None, sometime, None, None, None])]
        );
        stats.time_anew();
        stats.hear(Way::LongPoll, &said(1, "a"), 5_000.0);
        assert_eq!(stats.messages[0].came[Way::LongPoll as usize], sometime, "of another network");
        assert!(stats.of(Way::Poll).delays.is_empty());
    }

    #[test]
    fn server_costs_and_messages_are_read() {
        let costs = Costs { requests: 1, headers_in: 2, payload_in: 3, headers_out: 4, payload_out: 5 };
        let written = serde_json::to_value(costs).expect("numbers");
        assert_eq!(account(&written), Some(costs));
        assert_eq!(account(&serde_json::json!({"requests": 1})), None);
        let message = serde_json::json!({"type": "said", "seq": 7, "id": "a", "name": "سارا", "text": "سلام"});
        assert_eq!(Said::read(&message), Some(said(7, "a")));
        assert_eq!(Said::read(&serde_json::json!({"type": "said", "seq": "7"})), None);
    }

    #[test]
    fn the_verdict_is_what_was_counted() {
        let mut stats = Stats::default();
        assert_eq!(stats.verdict(), None);
        stats.hear(Way::Socket, &said(1, "x"), 0.0);
        stats.cost(Way::Socket, Costs { headers_in: 300, payload_out: 200, ..Costs::default() });
        assert_eq!(stats.verdict(), None);
        stats.cost(Way::Poll, Costs { headers_in: 4_000, headers_out: 1_000, ..Costs::default() });
        assert_eq!(stats.verdict(), Some((1, 10.0)));
        assert_eq!(stats.most(), 5_000);
    }

    #[test]
    fn delay_scale_is_logarithmic_and_bounded() {
        assert_eq!([1.0, 10.0, 100.0, 1_000.0, 10_000.0].map(place), [0, 250, 500, 750, 1_000]);
        assert_eq!([-1.0, 0.0, 0.4, 90_000.0].map(place), [0, 0, 0, 1_000]);
        assert_eq!(marks(&[1.0, 100.0, 90_000.0], POINT), "M30 60h0M500 60h0M970 60h0");
        assert_eq!(stretch([1.0, 100.0]), "M30 60H500");
        assert!(place(3.0) < place(4.0) && place(2_000.0) < place(2_500.0));
    }

    #[test]
    fn costs_never_decrease_across_accounts() {
        let mut stats = Stats::default();
        let account = |requests, bytes| Costs { requests, headers_in: bytes, ..Costs::default() };
        let mut seen = Vec::new();
        // Two accounts that are closed, one of them with less requests and more bytes than the next, and
        // the one that goes on.
        for told in [account(3, 900), account(1, 300), account(9, 800), account(10, 100), account(12, 500)] {
            stats.cost(Way::Poll, told);
            seen.push((stats.of(Way::Poll).costs.requests, stats.of(Way::Poll).costs.all()));
        }
        assert_eq!(seen, [(3, 900), (4, 1_200), (12, 1_700), (22, 1_800), (24, 2_200)]);
    }

    #[test]
    fn costs_before_reload_are_excluded() {
        let account = |requests, bytes| Costs { requests, headers_in: bytes, ..Costs::default() };
        let costs = |accounts: &[Costs]| {
            let mut stats = Stats::default();
            stats.resume(Way::Poll, Some(7), account(9, 800));
            accounts.iter().for_each(|told| stats.cost(Way::Poll, *told));
            (stats.of(Way::Poll).costs, stats.account(Way::Poll))
        };
        assert_eq!(costs(&[account(10, 900)]), (account(1, 100), account(10, 900)));
        // Away for too long, and a new guest.
        assert_eq!(costs(&[account(2, 300)]), (account(2, 300), account(2, 300)));
    }

    #[test]
    fn last_seq_is_unknown_until_begun() {
        let mut stats = Stats::default();
        assert_eq!(stats.of(Way::Poll).seq, None);
        stats.begin(Way::Poll, 0);
        assert_eq!(stats.of(Way::Poll).seq, Some(0));
        stats.resume(Way::Events, Some(7), Costs::default());
        stats.hear(Way::Events, &said(7, "shown before"), 0.0);
        stats.hear(Way::Events, &said(8, "missed"), 0.0);
        assert_eq!(stats.of(Way::Events).heard, 1);
    }

    #[test]
    fn partial_count_takes_no_cost_back() {
        let mut stats = Stats::default();
        let account = |headers_out, payload_out| Costs { headers_out, payload_out, ..Costs::default() };
        for told in [account(800, 200), account(700, 300), account(950, 300)] {
            stats.cost(Way::Poll, told);
            assert!(stats.of(Way::Poll).costs.headers_out >= 800);
        }
        assert_eq!(stats.of(Way::Poll).costs, account(950, 300));
    }

    #[test]
    fn rejoining_way_counts_missed_and_new_messages() {
        let mut stats = Stats::default();
        stats.begin(Way::Poll, 40);
        stats.hear(Way::Poll, &said(41, "before"), 0.0);
        stats.begin(Way::Poll, 41);
        stats.hear(Way::Poll, &said(42, "missed"), 0.0);
        stats.begin(Way::Poll, 0);
        stats.hear(Way::Poll, &said(1, "in the new room"), 0.0);
        assert_eq!(stats.of(Way::Poll).heard, 3);
    }

    #[test]
    fn open_stream_without_events_is_silent() {
        let mut stats = Stats::default();
        let silent = |stats: &Stats, now| stats.of(Way::Events).is_silent(now);
        assert!(!silent(&stats, 90_000.0), "nobody asked for it");
        stats.open(1_000.0);
        assert!(stats.of(Way::Events).owes() && !silent(&stats, 6_000.0) && silent(&stats, 6_001.0));
        stats.begin(Way::Events, 0);
        stats.stir(Way::Events, 0.0);
        assert!(!silent(&stats, 90_000.0), "nobody says anything");
        // What came by the socket is on its way by the stream, too.
        stats.hear(Way::Socket, &said(1, "a"), 100_000.0);
        stats.hear(Way::Socket, &said(2, "b"), 104_000.0);
        assert!(!silent(&stats, 105_000.0) && silent(&stats, 105_001.0), "since the first");
        stats.hear(Way::Events, &said(1, "a"), 106_000.0);
        stats.stir(Way::Events, 0.0);
        assert!(!silent(&stats, 190_000.0));
        stats.hear(Way::Events, &said(2, "b"), 190_000.0);
        stats.stir(Way::Events, 0.0);
        stats.hear(Way::Poll, &said(3, "c"), 200_000.0);
        assert!(!stats.of(Way::Events).owes(), "a poll may have been answered first");
        stats.hear(Way::Socket, &said(3, "c"), 200_000.0);
        stats.trouble(Way::Events, Some(Trouble::Silent));
        stats.shut();
        assert!(!silent(&stats, 300_000.0) && stats.of(Way::Events).trouble.is_none(), "it rests");
        stats.hear(Way::Socket, &said(4, "d"), 300_000.0);
        assert!(!stats.of(Way::Events).owes());
    }

    #[test]
    fn transient_troubles_are_retried_others_not() {
        let passes = [Trouble::Lost, Trouble::Strange, Trouble::closed(1006), Trouble::Closed(4004)];
        assert!(passes.into_iter().all(Trouble::passes));
        assert!([409, 429, 500, 503].map(Trouble::Refused).into_iter().all(Trouble::passes));
        assert!(![400, 403, 404].map(Trouble::Refused).into_iter().any(Trouble::passes));
        assert!(![1000, 4500, 4502].map(Trouble::closed).into_iter().any(Trouble::passes));
    }

    /// One that took so long by these ways.
    fn timed(delays: [&[f64]; 5]) -> Stats {
        let mut stats = Stats::default();
        for (way, delays) in Way::ALL.into_iter().zip(delays) {
            for (seq, delay) in (1..).zip(delays) {
                let id = format!("{way:?}{seq}");
                stats.send(id.clone(), 0.0);
                stats.hear(way, &said(seq, &id), *delay);
            }
        }
        stats
    }

    #[test]
    fn ways_within_the_spread_are_equal() {
        let stats = timed([&[], &[900.0, 20.0, 1_800.0], &[3.0, 2.0, 9.0], &[2.5], &[2.2, 2.0, 4.0]]);
        let typical = stats.typical().map(|typical| typical.map(|one| (one.ms, one.is_shared)));
        assert_eq!(typical[0], None);
        assert_eq!(typical[1], Some((900.0, false)), "its half begins where the others' are over");
        assert_eq!((typical[2], typical[4]), (Some((2.6, true)), Some((2.6, true))));
        assert_eq!(typical[3], Some((2.5, false)), "of one message there is no spread");
        assert_eq!(stats.typical()[2].map(|one| one.half), Some([2.5, 6.0]));
    }

    #[test]
    fn ways_apart_are_told_apart() {
        let typical = timed([&[], &[], &[250.0, 251.0, 255.0], &[], &[200.1, 200.0, 201.0]]).typical();
        let typical = typical.map(|typical| typical.map(|one| (one.ms, one.is_shared)));
        assert_eq!((typical[2], typical[4]), (Some((251.0, false)), Some((200.1, false))));
    }

    #[test]
    fn only_silent_seconds_count_as_silence() {
        let mut stats = Stats::default();
        let mut paid = 0;
        for second in 0..20 {
            paid += 100;
            if second == 10 {
                stats.stir(Way::Poll, 10_000.0);
                paid += 100_000;
            }
            stats.cost(Way::Poll, Costs { headers_in: paid, ..Costs::default() });
            stats.tick(f64::from(second) * 1_000.0, |way| way == Way::Socket);
        }
        assert_eq!(stats.silent_seconds(), 10, "from the fifth to the ninth, and from the fifteenth on");
        assert_eq!(stats.of(Way::Poll).silent_second(), Some(100.0));
        assert_eq!(stats.of(Way::Socket).silent_second(), None, "it rests");
        assert_eq!(stats.of(Way::Events).silent_second(), Some(0.0));
    }

    #[test]
    fn cost_lines_go_right_and_up() {
        let mut stats = Stats::default();
        assert_eq!((stats.line(Way::Poll), stats.span()), (String::new(), None));
        for (second, bytes) in [(2.0, 0), (3.0, 500), (4.0, 1_000)] {
            stats.cost(Way::Poll, Costs { headers_in: bytes, ..Costs::default() });
            stats.tick(second * 1_000.0, |_| false);
        }
        assert_eq!(stats.line(Way::Poll), "M0 1000L500 500L1000 0");
        assert_eq!(stats.line(Way::Socket), "M0 1000L500 1000L1000 1000");
        assert_eq!(stats.span(), Some([2_000.0, 4_000.0]));
        (0..500).for_each(|second| stats.tick(4_000.0 + f64::from(second), |_| false));
        assert_eq!(stats.line(Way::Poll).split('L').count(), SAMPLES_MAX);
    }

    #[test]
    fn late_way_ignores_earlier_messages() {
        let mut stats = Stats::default();
        stats.begin(Way::LongPoll, 41);
        stats.hear(Way::LongPoll, &said(41, "old"), 0.0);
        stats.hear(Way::LongPoll, &said(42, "new"), 0.0);
        assert_eq!(stats.of(Way::LongPoll).heard, 1);
    }
}
