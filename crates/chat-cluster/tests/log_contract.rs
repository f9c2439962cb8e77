//! What a log must do, once, for all that are one: one list of properties, run on the log in memory and on
//! each engine there is.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{future::Future, time::Duration};

use chat_cluster::{
    Append, Appended, Entry, FollowerKey, Heard, KEPT_FOR, Loaded, MemoryLog, Place, READ_AT_ONCE, Read, Tag,
    engine::{Engine, EngineUnavailable, Follower, Settings, State},
};
use chat_protocol::Epoch;
use chat_room::Ms;
use chat_testkit::engine_process::{EngineKind, EngineProcess};
use parking_lot::Mutex;

const ROOM: &str = "class";
const MINUTE: Ms = 60 * 1000;

/// A log, as two nodes see it.
trait Log {
    type Follower;

    fn append(&self, node: u32, room: &str, append: Append<'_>) -> impl Future<Output = Appended>;
    fn load(&self, room: &str) -> impl Future<Output = Option<Loaded>>;
    fn read(&self, room: &str, life: &Epoch, after: u64) -> impl Future<Output = Read>;
    fn exists(&self, room: &str) -> impl Future<Output = bool>;
    fn snapshot(&self, room: &str, life: &Epoch, place: Place, state: &str) -> impl Future<Output = bool>;
    fn end(&self, room: &str, life: &Epoch, at: Option<Place>) -> impl Future<Output = bool>;
    fn follow(&self, node: u32, room: &str) -> impl Future<Output = Self::Follower>;
    /// The next that is heard; one that is there or on its way.
    fn hear(&self, follower: &mut Self::Follower) -> impl Future<Output = Heard>;

    /// Another era, with all that the one before has left.
    fn begin_era(&self) -> impl Future<Output = ()>;
    /// This time passes for the room, and nothing happens in it.
    fn idle(&self, room: &str, time: Ms) -> impl Future<Output = ()>;
    /// The clock is behind what it was at the last entry of the room: at which time that was.
    fn clock_goes_back(&self, room: &str) -> impl Future<Output = Ms>;
}

fn life(name: &str) -> Epoch {
    Epoch::parse(name).unwrap()
}

fn tag(node: u32, batch: u64) -> Tag {
    Tag { node, batch }
}

fn opens(life: &Epoch, tag: Tag) -> Append<'_> {
    Append { life, tag, batch: r#"[{"say":"سلام"}]"#, seen: 0, opening: Some(r#"{"rules":1}"#) }
}

fn only_appends(life: &Epoch, tag: Tag) -> Append<'_> {
    Append { opening: None, ..opens(life, tag) }
}

/// As many entries of node 1, from batch 1 on.
async fn fill(log: &impl Log, life: &Epoch, entries: u64) {
    for n in 1..=entries {
        assert_eq!(log.append(1, ROOM, opens(life, tag(1, n))).await, Appended::Taken { n });
    }
}

fn entries(read: Read) -> Vec<Entry> {
    match read {
        Read::Entries { entries, .. } => entries,
        other => panic!("no entries: {other:?}"),
    }
}

fn chained(entries: &[Entry]) -> bool {
    entries.windows(2).all(|two| two[1].n == two[0].n + 1 && two[1].prev == Some(two[0].tag))
}

async fn all_followers_hear_one_order<L: Log>(log: L) {
    let life = life("a");
    let mut one = log.follow(1, ROOM).await;
    let mut two = log.follow(2, ROOM).await;
    fill(&log, &life, 1).await;
    let from = async |node: u32| {
        for batch in 2..=20 {
            log.append(node, ROOM, only_appends(&life, tag(node, batch))).await;
        }
    };
    tokio::join!(from(1), from(2));
    let mut heard = Vec::new();
    for _ in 0..39 {
        let at_one = log.hear(&mut one).await;
        assert_eq!(at_one, log.hear(&mut two).await);
        match at_one {
            Heard::Entry(entry) => heard.push(entry),
            other => panic!("no entry: {other:?}"),
        }
    }
    assert!(chained(&heard) && heard[0].prev.is_none());
    assert_eq!(entries(log.read(ROOM, &life, 0).await), heard);
}

async fn resent_batch_is_taken_once<L: Log>(log: L) {
    let life = life("a");
    let mut follower = log.follow(1, ROOM).await;
    fill(&log, &life, 2).await;
    assert_eq!(log.append(1, ROOM, opens(&life, tag(1, 2))).await, Appended::Known { n: 2 });
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 1))).await, Appended::Known { n: 2 });
    assert_eq!(log.append(2, ROOM, only_appends(&life, tag(2, 1))).await, Appended::Taken { n: 3 });
    for (n, tag) in [(1, tag(1, 1)), (2, tag(1, 2)), (3, tag(2, 1))] {
        let heard = log.hear(&mut follower).await;
        assert!(matches!(&heard, Heard::Entry(entry) if entry.place() == Place { n, tag: Some(tag) }));
    }
}

async fn absent_room_needs_opening<L: Log>(log: L) {
    let life = life("a");
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 1))).await, Appended::Absent);
    assert_eq!(log.read(ROOM, &life, 0).await, Read::Absent);
    assert_eq!(log.load(ROOM).await, None);
    assert!(!log.exists(ROOM).await);
    fill(&log, &life, 1).await;
    assert!(log.exists(ROOM).await);
    assert_eq!(log.load(ROOM).await.unwrap().opening, r#"{"rules":1}"#);
}

async fn other_life_is_told_apart<L: Log>(log: L) {
    let (one, two) = (life("one"), life("two"));
    fill(&log, &one, 1).await;
    assert_eq!(log.append(2, ROOM, opens(&two, tag(2, 1))).await, Appended::OtherLife);
    assert_eq!(log.read(ROOM, &two, 0).await, Read::OtherLife);
    let place = Place { n: 1, tag: Some(tag(1, 1)) };
    assert!(!log.snapshot(ROOM, &two, place, "{}").await);
    assert!(!log.end(ROOM, &two, None).await);
    assert_eq!(log.load(ROOM).await.unwrap().life, one);
}

async fn load_is_snapshot_with_contiguous_tail<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 9).await;
    let loaded = log.load(ROOM).await.unwrap();
    assert_eq!((loaded.snapshot, loaded.tail.len()), (None, 9));
    assert!(log.snapshot(ROOM, &life, Place { n: 7, tag: Some(tag(1, 7)) }, "state").await);
    let loaded = log.load(ROOM).await.unwrap();
    assert_eq!(loaded.snapshot.as_deref(), Some("state"));
    assert_eq!(loaded.top, Place { n: 9, tag: Some(tag(1, 9)) });
    assert_eq!(loaded.tail.iter().map(|entry| entry.n).collect::<Vec<_>>(), [8, 9]);
    assert_eq!(loaded.tail[0].prev, Some(tag(1, 7)));
    assert!(chained(&loaded.tail));
}

async fn nothing_falls_between_follow_and_load<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 1).await;
    let writing = async {
        for batch in 2..=60 {
            log.append(1, ROOM, only_appends(&life, tag(1, batch))).await;
            tokio::task::yield_now().await;
        }
    };
    let reading = async {
        tokio::task::yield_now().await;
        let mut follower = log.follow(2, ROOM).await;
        let loaded = log.load(ROOM).await.unwrap();
        assert!(chained(&loaded.tail));
        let mut last = loaded.tail.last().unwrap().clone();
        while last.n < 60 {
            match log.hear(&mut follower).await {
                Heard::Entry(entry) if entry.n <= last.n => {}
                Heard::Entry(entry) => {
                    assert_eq!((entry.n, entry.prev), (last.n + 1, Some(last.tag)));
                    last = entry;
                }
                other => panic!("no entry: {other:?}"),
            }
        }
    };
    tokio::join!(writing, reading);
}

async fn snapshot_trims_only_what_it_covers<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 300).await;
    assert!(log.snapshot(ROOM, &life, Place { n: 280, tag: Some(tag(1, 280)) }, "state").await);
    let left = entries(log.read(ROOM, &life, 0).await);
    assert_eq!(left[0].n, 280 - READ_AT_ONCE + 1, "a reader who is a little behind finds what comes next");
    assert_eq!(log.load(ROOM).await.unwrap().tail.len(), 20);
}

async fn snapshot_refuses_fork_and_past<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 5).await;
    let snapshot =
        async |n, batch| log.snapshot(ROOM, &life, Place { n, tag: Some(tag(1, batch)) }, "state").await;
    assert!(!snapshot(4, 3).await, "another entry is there");
    assert!(!snapshot(6, 6).await, "the log does not go so far");
    assert!(!log.snapshot(ROOM, &life, Place::default(), "state").await, "nothing is covered");
    assert!(snapshot(4, 4).await);
    assert!(!snapshot(4, 4).await && !snapshot(3, 3).await, "a later one is there");
    assert!(snapshot(5, 5).await);
}

async fn snapshot_forgets_nodes_long_silent<L: Log>(log: L) {
    let life = life("a");
    log.append(2, ROOM, opens(&life, tag(2, 1))).await;
    for batch in 1..=READ_AT_ONCE {
        log.append(1, ROOM, only_appends(&life, tag(1, batch))).await;
    }
    let top = log.load(ROOM).await.unwrap().top;
    assert!(log.snapshot(ROOM, &life, top, "state").await);
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 256))).await, Appended::Known { n: 257 });
    let again = only_appends(&life, tag(2, 1));
    assert_eq!(log.append(2, ROOM, again).await, Appended::Behind, "its entry may be the one that is gone");
    let new = Append { seen: 1, ..only_appends(&life, tag(2, 2)) };
    assert_eq!(log.append(2, ROOM, new).await, Appended::Taken { n: 258 });
}

async fn life_ends_only_at_place<L: Log>(log: L) {
    let life = life("a");
    let mut follower = log.follow(2, ROOM).await;
    fill(&log, &life, 2).await;
    for stale in [Place { n: 1, tag: Some(tag(1, 1)) }, Place { n: 2, tag: Some(tag(2, 2)) }] {
        assert!(!log.end(ROOM, &life, Some(stale)).await);
    }
    assert!(log.end(ROOM, &life, Some(Place { n: 2, tag: Some(tag(1, 2)) })).await);
    assert!(!log.end(ROOM, &life, None).await, "once");
    assert!(!log.exists(ROOM).await);
    assert_eq!(log.read(ROOM, &life, 0).await, Read::Absent);
    for _ in 0..2 {
        assert!(matches!(log.hear(&mut follower).await, Heard::Entry(_)));
    }
    assert_eq!(log.hear(&mut follower).await, Heard::Ended(life));
}

async fn next_life_begins_empty<L: Log>(log: L) {
    let (one, two) = (life("one"), life("two"));
    fill(&log, &one, 3).await;
    assert!(log.snapshot(ROOM, &one, Place { n: 3, tag: Some(tag(1, 3)) }, "state").await);
    assert!(log.end(ROOM, &one, None).await);
    fill(&log, &two, 1).await;
    let loaded = log.load(ROOM).await.unwrap();
    assert_eq!((loaded.life, loaded.snapshot, loaded.top.n), (two, None, 1));
    assert_eq!(loaded.tail.len(), 1);
}

async fn leftover_of_another_era_is_absent<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 3).await;
    assert!(log.snapshot(ROOM, &life, Place { n: 3, tag: Some(tag(1, 3)) }, "state").await);
    log.begin_era().await;
    assert!(!log.exists(ROOM).await);
    assert_eq!(log.load(ROOM).await, None);
    assert_eq!(log.read(ROOM, &life, 0).await, Read::Absent);
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 4))).await, Appended::Absent);
    let place = Place { n: 3, tag: Some(tag(1, 3)) };
    assert!(!log.end(ROOM, &life, Some(place)).await);
    // Even of the same name: it is another life.
    fill(&log, &life, 1).await;
    let loaded = log.load(ROOM).await.unwrap();
    assert_eq!((loaded.snapshot, loaded.tail.len()), (None, 1));
}

async fn time_never_goes_back<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 1).await;
    let at = log.clock_goes_back(ROOM).await;
    log.append(1, ROOM, only_appends(&life, tag(1, 2))).await;
    let read = entries(log.read(ROOM, &life, 0).await);
    assert_eq!(read[1].at, at);
}

async fn idle_room_is_forgotten<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, 2).await;
    assert!(log.snapshot(ROOM, &life, Place { n: 1, tag: Some(tag(1, 1)) }, "state").await);
    log.idle(ROOM, KEPT_FOR - MINUTE).await;
    assert!(matches!(log.read(ROOM, &life, 0).await, Read::Entries { top: 2, .. }), "renews it");
    log.idle(ROOM, KEPT_FOR - MINUTE).await;
    assert!(log.load(ROOM).await.is_some(), "renews it");
    log.idle(ROOM, KEPT_FOR - MINUTE).await;
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 3))).await, Appended::Taken { n: 3 });
    log.idle(ROOM, KEPT_FOR - MINUTE).await;
    let loaded = log.load(ROOM).await.unwrap();
    assert_eq!((loaded.snapshot.as_deref(), loaded.tail.len()), (Some("state"), 2));
    log.idle(ROOM, KEPT_FOR + MINUTE).await;
    assert_eq!(log.load(ROOM).await, None);
    assert_eq!(log.append(1, ROOM, only_appends(&life, tag(1, 4))).await, Appended::Absent);
}

async fn rooms_are_kept_apart<L: Log>(log: L) {
    let (one, two) = (life("one"), life("two"));
    let rooms = ["کلاس\u{200c}ها", "node"];
    let mut follower = log.follow(1, rooms[0]).await;
    log.append(1, rooms[1], opens(&two, tag(1, 1))).await;
    log.append(1, rooms[0], opens(&one, tag(1, 1))).await;
    assert!(matches!(log.hear(&mut follower).await, Heard::Entry(entry) if entry.life == one));
    assert_eq!(log.load(rooms[0]).await.unwrap().life, one);
    assert!(log.end(rooms[1], &two, None).await);
    let entry = &entries(log.read(rooms[0], &one, 0).await)[0];
    assert_eq!(entry.batch, r#"[{"say":"سلام"}]"#);
}

async fn read_gives_at_most_256<L: Log>(log: L) {
    let life = life("a");
    fill(&log, &life, READ_AT_ONCE + 5).await;
    let Read::Entries { top, entries: first } = log.read(ROOM, &life, 0).await else { panic!("no entries") };
    assert_eq!((top, first.len() as u64, first[0].n), (READ_AT_ONCE + 5, READ_AT_ONCE, 1));
    let rest = entries(log.read(ROOM, &life, READ_AT_ONCE).await);
    assert_eq!((rest.len(), rest[0].prev), (5, Some(first[first.len() - 1].tag)));
    assert_eq!(entries(log.read(ROOM, &life, top).await), []);
}

/// Each property as a test of each log.
macro_rules! contract {
    ($($property:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test]
            async fn $property() {
                super::$property(super::Memory::default()).await;
            })*
        }

        mod redis {
            $(#[tokio::test]
            async fn $property() {
                if let Some(log) = super::OnEngine::start(super::EngineKind::Redis).await {
                    super::$property(log).await;
                }
            })*
        }

        mod valkey {
            $(#[tokio::test]
            async fn $property() {
                if let Some(log) = super::OnEngine::start(super::EngineKind::Valkey).await {
                    super::$property(log).await;
                }
            })*
        }
    };
}

contract!(
    all_followers_hear_one_order,
    resent_batch_is_taken_once,
    absent_room_needs_opening,
    other_life_is_told_apart,
    load_is_snapshot_with_contiguous_tail,
    nothing_falls_between_follow_and_load,
    snapshot_trims_only_what_it_covers,
    snapshot_refuses_fork_and_past,
    snapshot_forgets_nodes_long_silent,
    life_ends_only_at_place,
    next_life_begins_empty,
    leftover_of_another_era_is_absent,
    time_never_goes_back,
    idle_room_is_forgotten,
    rooms_are_kept_apart,
    read_gives_at_most_256,
);

/// The log in memory, and its time.
struct Memory(Mutex<(MemoryLog, Ms)>);

impl Default for Memory {
    fn default() -> Self {
        Self(Mutex::new((MemoryLog::new(), 1_000_000)))
    }
}

impl Log for Memory {
    type Follower = FollowerKey;

    async fn append(&self, _: u32, room: &str, append: Append<'_>) -> Appended {
        let (log, now) = &mut *self.0.lock();
        log.append(room, append, *now)
    }

    async fn load(&self, room: &str) -> Option<Loaded> {
        let (log, now) = &mut *self.0.lock();
        log.load(room, *now)
    }

    async fn read(&self, room: &str, life: &Epoch, after: u64) -> Read {
        let (log, now) = &mut *self.0.lock();
        log.read(room, life, after, *now)
    }

    async fn exists(&self, room: &str) -> bool {
        let (log, now) = &mut *self.0.lock();
        log.exists(room, *now)
    }

    async fn snapshot(&self, room: &str, life: &Epoch, place: Place, state: &str) -> bool {
        let (log, now) = &mut *self.0.lock();
        log.snapshot(room, life, place, state, *now)
    }

    async fn end(&self, room: &str, life: &Epoch, at: Option<Place>) -> bool {
        let (log, now) = &mut *self.0.lock();
        log.end(room, life, at, *now)
    }

    async fn follow(&self, _: u32, room: &str) -> FollowerKey {
        self.0.lock().0.follow(room)
    }

    async fn hear(&self, follower: &mut FollowerKey) -> Heard {
        loop {
            if let Some(heard) = self.0.lock().0.hear(*follower) {
                return heard;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn begin_era(&self) {
        self.0.lock().0.begin_era();
    }

    async fn idle(&self, _: &str, time: Ms) {
        self.0.lock().1 += time;
    }

    async fn clock_goes_back(&self, _: &str) -> Ms {
        let now = &mut self.0.lock().1;
        *now -= 1_000;
        *now + 1_000
    }
}

/// The log on an engine, and two nodes.
struct OnEngine {
    nodes: [Engine; 2],
    process: EngineProcess,
}

impl OnEngine {
    /// `None` without such an engine on this machine.
    async fn start(kind: EngineKind) -> Option<Self> {
        let process = EngineProcess::start(kind.binary()?, &[]).await.unwrap();
        let settings = || Settings {
            url: process.url(),
            prefix: "otagh".into(),
            patience: Duration::from_secs(15),
            part: (0, 1),
        };
        let nodes =
            [Engine::connect(settings(), 1).await.unwrap(), Engine::connect(settings(), 2).await.unwrap()];
        Some(Self { nodes, process })
    }

    fn node(&self, number: u32) -> &Engine {
        &self.nodes[number as usize - 1]
    }

    async fn ask(&self, command: &[&str]) -> String {
        self.process.ask(command).await.unwrap()
    }
}

/// Asks until there is an answer, as a node does.
async fn answer<T>(engine: &Engine, ask: impl AsyncFn() -> Result<T, EngineUnavailable>) -> T {
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(EngineUnavailable) => {
                engine.state().wait_for(|state| matches!(state, State::Up { .. })).await.unwrap();
            }
        }
    }
}

impl Log for OnEngine {
    type Follower = Follower;

    async fn append(&self, node: u32, room: &str, append: Append<'_>) -> Appended {
        answer(self.node(node), async || self.node(node).append(room, append).await).await
    }

    async fn load(&self, room: &str) -> Option<Loaded> {
        answer(&self.nodes[0], async || self.nodes[0].load(room).await).await
    }

    async fn read(&self, room: &str, life: &Epoch, after: u64) -> Read {
        answer(&self.nodes[1], async || self.nodes[1].read(room, life, after).await).await
    }

    async fn exists(&self, room: &str) -> bool {
        answer(&self.nodes[0], async || self.nodes[0].exists(room).await).await
    }

    async fn snapshot(&self, room: &str, life: &Epoch, place: Place, state: &str) -> bool {
        answer(&self.nodes[0], async || self.nodes[0].snapshot(room, life, place, state).await).await
    }

    async fn end(&self, room: &str, life: &Epoch, at: Option<Place>) -> bool {
        answer(&self.nodes[1], async || self.nodes[1].end(room, life, at).await).await
    }

    async fn follow(&self, node: u32, room: &str) -> Follower {
        answer(self.node(node), async || self.node(node).follow(room).await).await
    }

    async fn hear(&self, follower: &mut Follower) -> Heard {
        follower.next().await
    }

    async fn begin_era(&self) {
        self.ask(&["HSET", "otagh:era", "e", "another"]).await;
    }

    async fn idle(&self, room: &str, time: Ms) {
        for part in ["meta", "log", "snap"] {
            let key = format!("otagh:{room}:{part}");
            let left: i64 = self.ask(&["PTTL", &key]).await.parse().unwrap();
            assert_ne!(left, -1, "{key} is kept for ever");
            self.ask(&["PEXPIRE", &key, &(left - time.cast_signed()).to_string()]).await;
        }
    }

    async fn clock_goes_back(&self, room: &str) -> Ms {
        let at = self.nodes[0].now() + 3_600_000;
        self.ask(&["HSET", &format!("otagh:{room}:meta"), "a", &at.to_string()]).await;
        at
    }
}
