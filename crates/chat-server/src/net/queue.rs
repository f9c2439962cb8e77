//! The queue of a polling session: the messages that the room sent and the client has not acknowledged.
//! The fan-out pushes each [`Message`], which all who get it share, with what is to be known of it, so that it
//! need not be parsed again; requests take it out through a [`Listener`]. Bounded in bytes, and with all
//! outboxes by an [`OutboxBudget`]: a slow reader is disconnected with 4001, and may resume from what it
//! acknowledged.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chat_protocol::{ClientId, CloseCode, Epoch, SayId, Seq, ServerMsg};
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{
    message::{Kind, Message},
    outbox_budget::{Charge, OutboxBudget},
};

/// About how many bytes of messages are handed out at a time: each answer that is under way costs as many.
pub const PORTION: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Queue {
    log: Mutex<Log>,
    /// Most bytes kept; what comes at once, as a replay does, is taken whole.
    bound: usize,
    budget: Arc<OutboxBudget>,
    changed: watch::Sender<()>,
    closed: CancellationToken,
}

#[derive(Debug)]
struct Log {
    entries: VecDeque<Entry>,
    /// The sum of the lengths of what they hold.
    bytes: usize,
    /// How much of it came one by one, or is no history's any more.
    behind: usize,
    /// What the entries themselves cost, whoever else holds their messages.
    charge: Charge,
    /// How many entries there have been.
    pushed: u64,
    /// Whether a `said` with an old seq is kept: where no echo is waited for, it is the acknowledgement.
    keeps_repeats: bool,
    welcome: Option<Welcome>,
    newest: Seq,
    /// The last message that the client is known to have.
    acknowledged: Seq,
    /// The echoes that are waited for: one for each request that says something, at most.
    awaited: Vec<(SayId, oneshot::Sender<Bytes>)>,
    /// The number of the latest listener.
    listener: u64,
    /// When something was handed out last.
    told_at: Option<Instant>,
    over: Option<CloseCode>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Welcome {
    me: ClientId,
    epoch: Epoch,
    seq: Seq,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The seq that a client has reached once it was handed this entry.
    pub(crate) at: Seq,
    message: Arc<Message>,
    /// Its number among all of this session, from 1.
    number: u64,
    is_said: bool,
}

impl Entry {
    pub(crate) fn json(&self) -> &[u8] {
        self.message.json()
    }
}

/// What there is for a session.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) messages: Vec<Entry>,
    /// Why nothing more will come.
    pub(crate) over: Option<CloseCode>,
}

/// Takes messages out. They go to one listener only: a new one replaces the old, which is told
/// [`CloseCode::Replaced`].
#[derive(Debug)]
pub(crate) struct Listener {
    queue: Arc<Queue>,
    number: u64,
    changed: watch::Receiver<()>,
}

impl Queue {
    /// An empty queue of at most `bound` bytes, and as much as `budget` allows. With `keeps_repeats` it has
    /// every message, also one that only repeats what was said.
    pub(crate) fn new(bound: usize, budget: Arc<OutboxBudget>, keeps_repeats: bool) -> Arc<Self> {
        let log = Log {
            entries: VecDeque::new(),
            bytes: 0,
            behind: 0,
            charge: budget.charge(0),
            pushed: 0,
            keeps_repeats,
            welcome: None,
            newest: 0,
            acknowledged: 0,
            awaited: Vec::new(),
            listener: 0,
            told_at: None,
            over: None,
        };
        Arc::new(Self {
            log: Mutex::new(log),
            bound,
            budget,
            changed: watch::Sender::new(()),
            closed: CancellationToken::new(),
        })
    }

    /// Puts messages behind what is there. Once closed, does nothing.
    pub(crate) fn push<'a>(&self, messages: impl ExactSizeIterator<Item = &'a Arc<Message>>) {
        self.add(messages, true);
    }

    /// The same, of what somebody missed who has just come back, and what a history keeps.
    pub(crate) fn push_replay(&self, missed: &[Arc<Message>]) {
        self.add(missed.iter(), false);
    }

    /// The same, of a message for this session alone.
    pub(crate) fn push_own(&self, message: &ServerMsg) {
        let message = Message::new(message, &mut Vec::new());
        message.count(&self.budget);
        self.add(std::iter::once(&message), true);
    }

    fn add<'a>(&self, messages: impl ExactSizeIterator<Item = &'a Arc<Message>>, is_behind: bool) {
        let mut log = self.log.lock();
        if log.over.is_some() {
            return;
        }
        if log.bytes > self.bound || !self.budget.allows(log.behind, log.bytes) {
            return self.end(&mut log, CloseCode::SlowReader);
        }
        let before = log.bytes;
        if !is_behind {
            log.entries.reserve_exact(messages.len());
        }
        messages.for_each(|message| log.push(message));
        if is_behind {
            log.behind += log.bytes - before;
        }
        log.charge_entries();
        drop(log);
        self.changed.send_replace(());
    }

    /// Nothing more comes, for this reason; what is there can still be taken out. The first reason counts.
    pub(crate) fn close(&self, code: CloseCode) {
        self.end(&mut self.log.lock(), code);
    }

    fn end(&self, log: &mut Log, code: CloseCode) {
        log.over.get_or_insert(code);
        log.awaited.clear();
        self.closed.cancel();
        self.changed.send_replace(());
    }

    /// Ends a session that has more waiting than it may: in a silent room nothing is pushed.
    fn check_budget(&self, log: &mut Log) {
        if log.over.is_none() && !self.budget.allows(log.behind, log.bytes) {
            self.end(log, CloseCode::SlowReader);
        }
    }

    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Why nothing more will come.
    pub(crate) fn over(&self) -> Option<CloseCode> {
        self.log.lock().over
    }

    /// Listens, in the place of any listener before.
    pub(crate) fn listen(self: &Arc<Self>) -> Listener {
        let mut log = self.log.lock();
        log.listener += 1;
        let number = log.listener;
        drop(log);
        self.changed.send_replace(());
        Listener { queue: self.clone(), number, changed: self.changed.subscribe() }
    }

    /// The last message that the session had when it joined.
    pub(crate) fn joined_after(&self) -> Seq {
        self.log.lock().welcome.as_ref().map_or(0, |welcome| welcome.seq)
    }

    /// Whether every message after `after` is still here. Not where a later one was acknowledged already, or
    /// where `after` itself never came.
    pub(crate) fn can_tell_after(&self, after: Seq) -> bool {
        let log = self.log.lock();
        (log.acknowledged..=log.newest).contains(&after)
    }

    /// What the session's own message with this id comes back as. To be asked for before it is said.
    pub(crate) fn echo(&self, id: SayId) -> oneshot::Receiver<Bytes> {
        let (echo, echoed) = oneshot::channel();
        let mut log = self.log.lock();
        log.awaited.retain(|(_, waiting)| !waiting.is_closed());
        // Dropped, where none can come any more.
        if log.over.is_none() {
            log.awaited.push((id, echo));
        }
        echoed
    }

    /// The life of the room that the session is in, once it was welcomed, or `None` if it never is.
    pub(crate) async fn welcomed(&self) -> Option<Epoch> {
        let mut changed = self.changed.subscribe();
        loop {
            {
                let log = self.log.lock();
                if let Some(welcome) = &log.welcome {
                    return Some(welcome.epoch.clone());
                }
                if log.over.is_some() {
                    return None;
                }
            }
            changed.changed().await.ok()?;
        }
    }

    /// The earliest time of the next answer, `apart` after the last.
    pub(crate) fn next_answer_at(&self, apart: Duration) -> Instant {
        self.log.lock().told_at.map_or_else(Instant::now, |at| at + apart)
    }
}

impl Listener {
    /// What there is after the message `after`, which is acknowledged with all before it. Without
    /// `after` nothing is acknowledged, and the messages since the last acknowledged come again.
    /// Presence is handed out once. About a [`PORTION`] at a time; when that is not all, [`Told::over`] is
    /// kept for later.
    pub(crate) fn tell(&mut self, after: Option<Seq>) -> Told {
        self.changed.mark_unchanged();
        let mut log = self.queue.log.lock();
        if log.listener != self.number {
            return Told { messages: Vec::new(), over: Some(CloseCode::Replaced) };
        }
        if let Some(after) = after {
            log.acknowledge(after);
        }
        self.queue.check_budget(&mut log);
        let told = log.portion();
        let mut count = told.messages.len();
        log.entries.retain(|entry| {
            let is_told = count > 0;
            count = count.saturating_sub(1);
            !is_told || entry.is_said
        });
        log.recount();
        told
    }

    /// What there is after the entry with this number, which is acknowledged with all before it. Nothing is
    /// forgotten before it is: an answer that was lost can be asked for again, presence included. As much
    /// at a time as by [`Listener::tell`].
    pub(crate) fn tell_from(&mut self, after: u64) -> Told {
        self.changed.mark_unchanged();
        let mut log = self.queue.log.lock();
        if log.listener != self.number {
            return Told { messages: Vec::new(), over: Some(CloseCode::Replaced) };
        }
        log.entries.retain(|entry| entry.number > after);
        log.recount();
        self.queue.check_budget(&mut log);
        let told = log.portion();
        if !told.messages.is_empty() {
            log.told_at = Some(Instant::now());
        }
        told
    }

    /// The last messages, `most` of them at most, for a client that forgets between two requests what it was
    /// shown. All before these is acknowledged.
    pub(crate) fn show(&mut self, most: usize) -> Vec<Entry> {
        let mut log = self.queue.log.lock();
        log.entries.retain(|entry| entry.is_said);
        let before = log.entries.len().saturating_sub(most);
        if let Some(last) = before.checked_sub(1).map(|last| log.entries[last].at) {
            log.acknowledge(last);
        }
        log.recount();
        log.entries.iter().cloned().collect()
    }

    /// Waits until there may be something else to take out than the last time.
    pub(crate) async fn more(&mut self) {
        // Only without a queue could it fail.
        drop(self.changed.changed().await);
    }
}

impl Log {
    fn push(&mut self, message: &Arc<Message>) {
        let mut is_said = false;
        match message.kind() {
            Kind::Welcome { me, epoch, seq } => {
                (self.newest, self.acknowledged) = (*seq, *seq);
                self.welcome = Some(Welcome { me: me.clone(), epoch: epoch.clone(), seq: *seq });
            }
            Kind::Said { seq, id, from } => {
                let seq = *seq;
                if self.welcome.as_ref().is_some_and(|welcome| welcome.me == *from) {
                    for (_, echo) in self.awaited.extract_if(.., |(awaited, _)| awaited == id) {
                        // Nobody may be waiting for it any more.
                        drop(echo.send(message.json_bytes()));
                    }
                }
                if seq > self.newest {
                    self.newest = seq;
                    is_said = true;
                } else if !self.keeps_repeats {
                    // It acknowledges what was said twice, and is known.
                    return;
                }
            }
            Kind::Other => {}
        }
        self.bytes += message.json().len();
        self.pushed += 1;
        let (at, message, number) = (self.newest, message.clone(), self.pushed);
        self.entries.push_back(Entry { at, message, number, is_said });
    }

    /// The first entries, about a [`PORTION`].
    fn portion(&self) -> Told {
        let mut bytes = 0;
        let portion = self.entries.iter().take_while(|entry| {
            let is_within = bytes < PORTION;
            bytes += entry.json().len();
            is_within
        });
        let messages: Vec<Entry> = portion.cloned().collect();
        let over = self.over.filter(|_| messages.len() == self.entries.len());
        Told { messages, over }
    }

    /// The client has this message, and all before it.
    fn acknowledge(&mut self, seq: Seq) {
        self.acknowledged = self.acknowledged.max(seq);
        self.entries.retain(|entry| !(entry.is_said && entry.at <= seq));
        self.recount();
    }

    /// Counts again what is left, and gives up the space of what is not.
    fn recount(&mut self) {
        let sum = |is_counted: fn(&Entry) -> bool| {
            self.entries.iter().filter(|entry| is_counted(entry)).map(|entry| entry.json().len()).sum()
        };
        self.bytes = sum(|_| true);
        self.behind = sum(|entry| entry.message.is_counted());
        if self.entries.len() < self.entries.capacity() / 4 {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        self.charge_entries();
    }

    fn charge_entries(&mut self) {
        self.charge.set(self.entries.capacity() * size_of::<Entry>());
    }
}

#[cfg(test)]
mod tests {
    use chat_protocol::{Name, Said, Text};

    use super::*;

    /// About 1,000 bytes.
    fn said(seq: Seq) -> Arc<Message> {
        let said = Said {
            seq,
            id: SayId::parse("m").unwrap(),
            from: ClientId::parse("ali").unwrap(),
            name: Name::parse("ali").unwrap(),
            text: Text::parse(&"x".repeat(910)).unwrap(),
            at: 0,
        };
        Message::new(&ServerMsg::Said(said), &mut Vec::new())
    }

    fn queue(bound: usize) -> Arc<Queue> {
        Queue::new(bound, OutboxBudget::new(bound, 1 << 30, 1), false)
    }

    #[test]
    fn a_session_that_fetches_nothing_is_ended() {
        let queue = queue(10_000);
        for seq in 1..100 {
            queue.push([said(seq)].iter());
        }
        assert_eq!(queue.over(), Some(CloseCode::SlowReader));
        let told = queue.listen().tell(None);
        assert_eq!((told.messages.len(), told.over), (11, Some(CloseCode::SlowReader)));
    }

    #[test]
    fn one_large_push_is_taken_whole() {
        let queue = queue(10_000);
        queue.push_replay(&(1..100).map(said).collect::<Vec<_>>());
        assert_eq!(queue.over(), None);
        let mut listener = queue.listen();
        assert!(listener.tell(None).messages.len() < 99, "a portion");
        assert_eq!(listener.tell(Some(90)).messages.len(), 9);
    }

    #[tokio::test]
    async fn closing_ends_whoever_waits() {
        let queue = queue(10_000);
        let mut listener = queue.listen();
        assert!(listener.tell(None).messages.is_empty());
        let echo = queue.echo(SayId::parse("m").unwrap());
        let close = async { queue.close(CloseCode::ServerStopping) };
        tokio::join!(listener.more(), queue.closed(), close);
        assert!(echo.await.is_err());
        assert_eq!(queue.welcomed().await, None);
        queue.close(CloseCode::Normal);
        queue.push([said(1)].iter());
        let told = listener.tell(None);
        assert!(told.messages.is_empty(), "nothing follows it");
        assert_eq!(told.over, Some(CloseCode::ServerStopping), "the first close counts");
    }

    #[test]
    fn replay_costs_history_not_its_readers() {
        let budget = OutboxBudget::new(1_000, 1 << 20, 100);
        let missed: Vec<Arc<Message>> = (1..100).map(said).collect();
        let queues: Vec<Arc<Queue>> = (0..100)
            .map(|_| {
                let queue = Queue::new(10_000, budget.clone(), false);
                queue.push_replay(&missed);
                queue
            })
            .collect();
        assert_eq!(budget.waiting(), 100 * 99 * size_of::<Entry>());
        missed.into_iter().for_each(|message| message.forgotten(&budget));
        let waiting = budget.waiting() - 100 * 99 * size_of::<Entry>();
        assert!(
            (99_000..150_000).contains(&waiting),
            "forgotten, but still held, and counted once: {waiting}"
        );
        queues.iter().for_each(|queue| drop(queue.listen().tell(Some(99))));
        assert_eq!(budget.waiting(), 0);
    }

    #[test]
    fn idle_queue_over_its_share_ends() {
        let budget = OutboxBudget::new(1_000, 200_000, 100);
        let queue = Queue::new(1 << 20, budget.clone(), false);
        queue.push_replay(&(1..80).map(said).collect::<Vec<_>>());
        let mut listener = queue.listen();
        listener.tell(None);
        assert_eq!(queue.over(), None);
        let _others = budget.charge(150_000);
        listener.tell(None);
        assert_eq!(queue.over(), Some(CloseCode::SlowReader));
    }
}
