//! What befalls engines and the way to them, done to real ones: whatever happens, a batch is taken once, a
//! follower who reads its log where it is told to misses nothing, and a life that may have lost something is
//! over. Each is run on Redis and on Valkey.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use chat_cluster::{
    Append, Appended, Entry, HEARD_AT_MOST, Heard, Read, Tag,
    engine::{ConnectError, Engine, EngineUnavailable, Engines, Follower, Settings, State},
};
use chat_protocol::Epoch;
use chat_room::Ms;
use chat_testkit::{
    engine_process::{EngineKind, EngineProcess},
    process::free_port,
    proxy::{Cut, Fault, Proxy, Way},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, task::yield_now, time::timeout};

const ROOM: &str = "class";

/// Longer than any of these faults lasts.
const PATIENT: Duration = Duration::from_secs(60);

/// Over while a test waits for it.
const IMPATIENT: Duration = Duration::from_millis(1_500);

/// Over while a test waits for what follows from it, and long enough that no beat comes too late on a busy
/// machine.
const MODERATE: Duration = Duration::from_secs(4);

async fn process(kind: EngineKind) -> Option<EngineProcess> {
    Some(EngineProcess::start(kind.binary()?, &[]).await.unwrap())
}

async fn node(url: String, number: u32, patience: Duration) -> Engine {
    Engine::connect(Settings { url, prefix: "otagh".into(), patience, part: (0, 1) }, number).await.unwrap()
}

/// A node that comes through a proxy, and the proxy.
async fn node_behind_proxy(process: &EngineProcess, patience: Duration) -> (Engine, Proxy) {
    let proxy = Proxy::to(process.address()).await.unwrap();
    let url = format!("redis://{}", proxy.address());
    (node(url, 1, patience).await, proxy)
}

fn life() -> Epoch {
    Epoch::parse("life").unwrap()
}

async fn append(engine: &Engine, batch: u64) -> Result<Appended, EngineUnavailable> {
    append_as(engine, engine.number(), batch, "[]").await
}

async fn append_as(
    engine: &Engine,
    node: u32,
    batch: u64,
    text: &str,
) -> Result<Appended, EngineUnavailable> {
    let tag = Tag { node, batch };
    engine.append(ROOM, Append { life: &life(), tag, batch: text, seen: 0, opening: Some("{}") }).await
}

/// Since when this node is in its term, when it is up.
async fn up(engine: &Engine) -> Ms {
    match *engine.state().wait_for(|state| matches!(state, State::Up { .. })).await.unwrap() {
        State::Up { since } => since,
        other => panic!("not up: {other:?}"),
    }
}

async fn up_in_another_term(engine: &Engine, than: Ms) -> Ms {
    let other = |state: &State| matches!(state, State::Up { since } if *since != than);
    engine.state().wait_for(other).await.unwrap();
    up(engine).await
}

async fn is_held(engine: &Engine) {
    engine.state().wait_for(|state| matches!(state, State::Held { .. })).await.unwrap();
}

async fn is_lost(engine: &Engine) {
    engine.state().wait_for(|state| *state == State::Lost).await.unwrap();
}

/// Appends until there is an answer, as a node does.
async fn append_when_up(engine: &Engine, batch: u64) -> Appended {
    loop {
        match append(engine, batch).await {
            Ok(appended) => return appended,
            Err(EngineUnavailable) => up(engine).await,
        };
    }
}

/// Waits for the engine to say something of which this holds.
async fn until(process: &EngineProcess, command: &[&str], holds: impl Fn(&str) -> bool) {
    while !holds(&process.ask(command).await.unwrap()) {
        yield_now().await;
    }
}

async fn is_missed(follower: &mut Follower) {
    loop {
        if follower.next().await == Heard::Missed {
            return;
        }
    }
}

async fn hears(follower: &mut Follower, n: u64) {
    loop {
        match follower.next().await {
            Heard::Entry(entry) if entry.n == n => return,
            Heard::Ended(life) => panic!("{life:?} was ended"),
            Heard::Entry(_) | Heard::Missed => {}
        }
    }
}

/// Follows the log from its beginning as a replica does, to this entry.
async fn follow_to(engine: &Engine, follower: &mut Follower, n: u64) -> Vec<Entry> {
    let mut log: Vec<Entry> = Vec::new();
    while log.len() < n as usize {
        let heard = follower.next().await;
        let last = log.len() as u64;
        match heard {
            Heard::Entry(entry) if entry.n == last + 1 => log.push(entry),
            Heard::Entry(entry) if entry.n <= last => {}
            _ => match engine.read(ROOM, &life(), last).await {
                Ok(Read::Entries { entries, .. }) => log.extend(entries),
                Ok(other) => panic!("the log is gone: {other:?}"),
                Err(EngineUnavailable) => drop(up(engine).await),
            },
        }
    }
    assert!(log.windows(2).all(|two| two[1].n == two[0].n + 1 && two[1].prev == Some(two[0].tag)));
    log
}

async fn batch_with_lost_answer_is_taken_once(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, PATIENT).await;
    proxy.inject(Fault::Stall(Way::ToClient));
    let cut_when_taken = async {
        until(&process, &["XLEN", "otagh:class:log"], |length| length == "1").await;
        proxy.inject(Fault::Cut(Cut::Reset));
    };
    let (answer, ()) = tokio::join!(append(&engine, 1), cut_when_taken);
    assert_eq!(answer, Err(EngineUnavailable));
    assert_eq!(append_when_up(&engine, 1).await, Appended::Known { n: 1 });
    assert_eq!(append_when_up(&engine, 2).await, Appended::Taken { n: 2 });
}

async fn cut_within_patience_keeps_term(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, PATIENT).await;
    let since = up(&engine).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
    proxy.refuse(true);
    proxy.inject(Fault::Cut(Cut::Reset));
    is_held(&engine).await;
    assert_eq!(append(&engine, 2).await, Err(EngineUnavailable));
    assert!(engine.follow("other").await.is_err());
    proxy.refuse(false);
    assert_eq!(up(&engine).await, since);
    assert_eq!(follower.next().await, Heard::Missed);
    append(&engine, 2).await.unwrap();
    hears(&mut follower, 2).await;
}

async fn cut_beyond_patience_ends_term(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, IMPATIENT).await;
    let since = up(&engine).await;
    proxy.refuse(true);
    proxy.inject(Fault::Cut(Cut::Reset));
    is_lost(&engine).await;
    proxy.refuse(false);
    assert!(up_in_another_term(&engine, since).await > since);
}

async fn swallowing_network_ends_term_and_questions(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, IMPATIENT).await;
    let since = up(&engine).await;
    proxy.inject(Fault::Stall(Way::ToServer));
    proxy.inject(Fault::Stall(Way::ToClient));
    assert_eq!(append(&engine, 1).await, Err(EngineUnavailable), "and not for ever");
    assert!(up_in_another_term(&engine, since).await > since);
}

async fn lost_link_ends_all_questions_on_it(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, PATIENT).await;
    let [scripts, messages] = &proxy.links()[..] else { panic!("two connections are two") };
    scripts.inject(Fault::Stall(Way::ToServer));
    let cut = async { messages.inject(Fault::Cut(Cut::Reset)) };
    let (answer, ()) = tokio::join!(timeout(PATIENT / 3, append(&engine, 1)), cut);
    assert_eq!(answer, Ok(Err(EngineUnavailable)), "long before it would time out by itself");
    assert_eq!(append_when_up(&engine, 1).await, Appended::Taken { n: 1 });
}

async fn engine_started_empty_ends_lives(mut process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    append(&engine, 1).await.unwrap();
    process.kill().await.unwrap();
    is_held(&engine).await;
    process.restart().await.unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
    is_missed(&mut follower).await;
    assert_eq!(engine.load(ROOM).await, Ok(None));
}

async fn restored_engine_is_another_era(mut process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    append(&engine, 1).await.unwrap();
    // Of what was on its disk nobody knows whether it was all.
    process.ask(&["SAVE"]).await.unwrap();
    process.restart().await.unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
    assert!(process.ask(&["KEYS", "*"]).await.unwrap().contains("otagh:class:log"));
    assert_eq!(engine.load(ROOM).await, Ok(None));
}

async fn frozen_engine_is_waited_for(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    process.pause().unwrap();
    let mut asked = Box::pin(append(&engine, 1));
    tokio::select! {
        biased;
        answer = &mut asked => panic!("answered: {answer:?}"),
        () = yield_now() => {}
    }
    process.go_on().unwrap();
    assert_eq!(asked.await, Ok(Appended::Taken { n: 1 }));
    assert_eq!(up(&engine).await, since);
}

async fn engine_frozen_beyond_patience_is_lost(process: EngineProcess) {
    let engine = node(process.url(), 1, IMPATIENT).await;
    let since = up(&engine).await;
    process.pause().unwrap();
    is_lost(&engine).await;
    process.go_on().unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
}

async fn slow_engine_is_not_lost(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    process.ask(&["CLIENT", "PAUSE", "500", "WRITE"]).await.unwrap();
    assert_eq!(append(&engine, 1).await, Ok(Appended::Taken { n: 1 }));
    let (slept, appended) = tokio::join!(process.ask(&["DEBUG", "SLEEP", "0.5"]), append(&engine, 2));
    assert_eq!((slept.unwrap().as_str(), appended), ("OK", Ok(Appended::Taken { n: 2 })));
    assert_eq!(up(&engine).await, since);
}

async fn killed_subscriptions_are_made_again(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    // More than are asked for at once.
    let mut followers = Vec::new();
    for room in 0..600 {
        followers.push(engine.follow(&format!("room-{room}")).await.unwrap());
    }
    let mut follower = engine.follow(ROOM).await.unwrap();
    process.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
    for follower in &mut followers {
        assert_eq!(follower.next().await, Heard::Missed);
    }
    is_missed(&mut follower).await;
    assert_eq!(up(&engine).await, since);
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
}

async fn deaf_subscription_is_made_again(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, MODERATE).await;
    let since = up(&engine).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    // The one for scripts is made first.
    proxy.links()[1].inject(Fault::Stall(Way::ToClient));
    is_missed(&mut follower).await;
    assert_eq!(up(&engine).await, since);
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
}

async fn dropped_subscriber_reads_what_it_missed(process: EngineProcess) {
    let (engine, proxy) = node_behind_proxy(&process, PATIENT).await;
    let other = node(process.url(), 2, PATIENT).await;
    process.ask(&["CONFIG", "SET", "client-output-buffer-limit", "pubsub 64kb 64kb 1"]).await.unwrap();
    let mut follower = engine.follow(ROOM).await.unwrap();
    proxy.links()[1].inject(Fault::Stall(Way::ToClient));
    let text = "x".repeat(64 * 1024);
    let mut entries = 0;
    // Until what the engine cannot send is more than it is willing to hold.
    let subscribed = async || process.ask(&["PUBSUB", "NUMSUB", "otagh:class"]).await.unwrap();
    while subscribed().await.ends_with('1') {
        entries += 1;
        append_as(&other, 2, entries, &text).await.unwrap();
    }
    append_as(&other, 2, entries + 1, &text).await.unwrap();
    proxy.links()[1].inject(Fault::Mend);
    let log = follow_to(&engine, &mut follower, entries + 1).await;
    assert_eq!(log.len() as u64, entries + 1);
}

async fn slow_follower_is_told_it_missed(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let mut slow = engine.follow(ROOM).await.unwrap();
    let mut other = engine.follow("other").await.unwrap();
    let entries = HEARD_AT_MOST as u64 + 10;
    for batch in 1..=entries {
        append(&engine, batch).await.unwrap();
    }
    let tag = Tag { node: 1, batch: 1 };
    engine
        .append("other", Append { life: &life(), tag, batch: "[]", seen: 0, opening: Some("{}") })
        .await
        .unwrap();
    hears(&mut other, 1).await;
    for n in 1..=HEARD_AT_MOST as u64 {
        assert!(matches!(slow.next().await, Heard::Entry(entry) if entry.n == n));
    }
    assert_eq!(slow.next().await, Heard::Missed);
}

async fn follower_that_goes_is_unsubscribed(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let follower = engine.follow(ROOM).await.unwrap();
    drop(follower);
    until(&process, &["PUBSUB", "NUMSUB", "otagh:class"], |subscribers| subscribers.ends_with('0')).await;
    // Gone and come again at once, in every order of the two.
    let first = engine.follow(ROOM).await.unwrap();
    let mut second = engine.follow(ROOM).await.unwrap();
    drop(first);
    append(&engine, 1).await.unwrap();
    hears(&mut second, 1).await;
    drop(second);
    let mut third = engine.follow(ROOM).await.unwrap();
    append(&engine, 2).await.unwrap();
    hears(&mut third, 2).await;
}

async fn foreign_message_is_missed_not_fatal(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    process.ask(&["PUBLISH", "otagh:class", "hello"]).await.unwrap();
    assert_eq!(follower.next().await, Heard::Missed);
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
}

async fn foreign_keys_hurt_one_room_only(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    process.ask(&["SET", "otagh:class:meta", "mine"]).await.unwrap();
    assert_eq!(append(&engine, 1).await, Err(EngineUnavailable));
    assert!(!engine.exists("other").await.unwrap());
    assert_eq!(up(&engine).await, since);
}

async fn foreign_keys_end_life(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    let foreign: [&[&str]; 6] = [
        &["SET", "otagh:class:meta", "mine"],
        &["HSET", "otagh:class:meta", "n", "mine"],
        &["HSET", "otagh:class:meta", "n", "0"],
        &["SET", "otagh:class:log", "mine"],
        &["XADD", "otagh:class:log", "*", "of", "mine"],
        &["LPUSH", "otagh:class:snap", "mine"],
    ];
    for command in foreign {
        append(&engine, 1).await.unwrap();
        append(&engine, 2).await.unwrap();
        hears(&mut follower, 2).await;
        if command[1].ends_with("snap") {
            process.ask(&["HSET", "otagh:class:meta", "s", "1"]).await.unwrap();
        }
        process.ask(command).await.unwrap();
        if command[1].ends_with("snap") {
            assert_eq!(engine.load(ROOM).await, Err(EngineUnavailable), "{command:?}");
        } else {
            assert_eq!(append(&engine, 3).await, Err(EngineUnavailable), "{command:?}");
        }
        assert_eq!(engine.load(ROOM).await, Ok(None), "{command:?}");
        assert_eq!(engine.read(ROOM, &life(), 2).await, Ok(Read::Absent), "{command:?}");
        is_missed(&mut follower).await;
    }
}

async fn evicted_part_ends_life(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let mut follower = engine.follow(ROOM).await.unwrap();
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
    process.ask(&["DEL", "otagh:class:log"]).await.unwrap();
    assert_eq!(engine.load(ROOM).await, Ok(None));
    assert_eq!(follower.next().await, Heard::Ended(life()));
    assert_eq!(append(&engine, 2).await, Ok(Appended::Taken { n: 1 }));
}

async fn flushed_scripts_are_loaded_again(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    append(&engine, 1).await.unwrap();
    process.ask(&["SCRIPT", "FLUSH"]).await.unwrap();
    assert_eq!(append(&engine, 2).await, Ok(Appended::Taken { n: 2 }));
}

async fn emptied_engine_ends_lives(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    append(&engine, 1).await.unwrap();
    process.ask(&["FLUSHALL"]).await.unwrap();
    assert_eq!(append(&engine, 2).await, Err(EngineUnavailable));
    assert!(up_in_another_term(&engine, since).await > since);
    assert_eq!(append(&engine, 2).await, Ok(Appended::Taken { n: 1 }));
}

async fn full_engine_holds_until_it_has_room(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    append(&engine, 1).await.unwrap();
    process.ask(&["CONFIG", "SET", "maxmemory", "1mb"]).await.unwrap();
    assert_eq!(append(&engine, 2).await, Err(EngineUnavailable));
    is_held(&engine).await;
    process.ask(&["CONFIG", "SET", "maxmemory", "0"]).await.unwrap();
    assert_eq!(append_when_up(&engine, 2).await, Appended::Taken { n: 2 });
    assert_eq!(up(&engine).await, since);
}

async fn full_engine_is_lost_after_patience(process: EngineProcess) {
    let engine = node(process.url(), 1, IMPATIENT).await;
    let since = up(&engine).await;
    process.ask(&["CONFIG", "SET", "maxmemory", "1mb"]).await.unwrap();
    assert_eq!(append(&engine, 1).await, Err(EngineUnavailable));
    is_lost(&engine).await;
    process.ask(&["CONFIG", "SET", "maxmemory", "0"]).await.unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
}

async fn master_that_was_replica_is_distrusted(process: EngineProcess, other: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let since = up(&engine).await;
    append(&engine, 1).await.unwrap();
    let port = |process: &EngineProcess| process.address().port().to_string();
    let replicates = |info: &str| info.contains("master_link_status:up");
    other.ask(&["REPLICAOF", "127.0.0.1", &port(&process)]).await.unwrap();
    until(&other, &["INFO", "replication"], replicates).await;
    other.ask(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    process.ask(&["REPLICAOF", "127.0.0.1", &port(&other)]).await.unwrap();
    until(&process, &["INFO", "replication"], replicates).await;
    assert_eq!(append(&engine, 2).await, Err(EngineUnavailable));
    is_lost(&engine).await;
    // Master again, the same process with the same keys: what it lost between nobody knows.
    process.ask(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
    assert_eq!(engine.load(ROOM).await, Ok(None));
}

async fn promoted_replica_is_another_era(process: EngineProcess, other: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    append(&engine, 1).await.unwrap();
    other.ask(&["REPLICAOF", "127.0.0.1", &process.address().port().to_string()]).await.unwrap();
    until(&other, &["INFO", "replication"], |info| info.contains("master_link_status:up")).await;
    let settings = Settings { url: other.url(), prefix: "otagh".into(), patience: IMPATIENT, part: (0, 1) };
    let refused = Engine::connect(settings, 2).await.unwrap_err();
    assert_eq!(refused, ConnectError::Replica { at: other.address().to_string() });
    other.ask(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    let promoted = node(other.url(), 2, PATIENT).await;
    assert_eq!(promoted.load(ROOM).await, Ok(None));
    assert!(other.ask(&["KEYS", "*"]).await.unwrap().contains("otagh:class:log"));
}

async fn nodes_that_go_are_missed(process: EngineProcess) {
    let engine = node(process.url(), 1, MODERATE).await;
    let mut leaving = node(process.url(), 2, MODERATE).await;
    let killed = node(process.url(), 3, MODERATE).await;
    assert_eq!(engine.since_of(&[1, 2, 3]).await, Ok(None), "too early to say");
    let [own, left, dead] = [up(&engine).await, up(&leaving).await, up(&killed).await];
    let since_of = async || loop {
        if let Some(since) = engine.since_of(&[1, 2, 3, 4]).await.unwrap() {
            return since;
        }
        yield_now().await;
    };
    assert_eq!(since_of().await, [Some(own), Some(left), Some(dead), None]);
    leaving.leave().await;
    assert_eq!(*leaving.state().borrow(), State::Lost);
    assert_eq!(append(&leaving, 1).await, Err(EngineUnavailable));
    assert_eq!(since_of().await[1], None);
    drop(killed);
    while since_of().await[2].is_some() {
        yield_now().await;
    }
    leaving = node(process.url(), 2, MODERATE).await;
    assert_eq!(since_of().await[1], Some(up(&leaving).await));
}

async fn lapsed_node_goes_on(process: EngineProcess) {
    let engine = node(process.url(), 1, IMPATIENT).await;
    let since = up(&engine).await;
    process.ask(&["DEL", "otagh:node:1"]).await.unwrap();
    // By a beat, or, where the link is lost, by entering again.
    while process.ask(&["EXISTS", "otagh:node:1"]).await.unwrap() != "1" {}
    process.ask(&["DEL", "otagh:node:1"]).await.unwrap();
    process.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]).await.unwrap();
    while process.ask(&["EXISTS", "otagh:node:1"]).await.unwrap() != "1" {}
    assert_eq!(up(&engine).await, since, "what it knows of rooms is as good as before");
}

async fn node_whose_number_is_taken_begins_again(process: EngineProcess) {
    let engine = node(process.url(), 1, IMPATIENT).await;
    let since = up(&engine).await;
    process.ask(&["SET", "otagh:node:1", "7 another", "PX", "500"]).await.unwrap();
    assert!(up_in_another_term(&engine, since).await > since);
}

async fn other_engines_are_refused(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let settings =
        || Settings { url: process.url(), prefix: "otagh".into(), patience: PATIENT, part: (1, 2) };
    let (at, part, other) = (process.address().to_string(), "1/2".into(), "0/1".into());
    let refused = ConnectError::OtherEngines { at, part, other };
    assert_eq!(Engine::connect(settings(), 2).await.unwrap_err(), refused);
    engine.leave().await;
    // As it does by itself when no node is there any more.
    process.ask(&["DEL", "otagh:engines"]).await.unwrap();
    Engine::connect(settings(), 2).await.unwrap();
}

async fn number_is_one_nodes_only(process: EngineProcess) {
    let engine = node(process.url(), 7, PATIENT).await;
    let settings = Settings { url: process.url(), prefix: "otagh".into(), patience: PATIENT, part: (0, 1) };
    let taken = ConnectError::NumberTaken { at: process.address().to_string(), number: 7 };
    assert_eq!(Engine::connect(settings, 7).await.unwrap_err(), taken);
    engine.leave().await;
    node(process.url(), 7, PATIENT).await;
}

async fn prefix_keeps_clusters_apart(process: EngineProcess) {
    let engine = node(process.url(), 1, PATIENT).await;
    let settings = Settings { url: process.url(), prefix: "school".into(), patience: PATIENT, part: (0, 1) };
    let school = Engine::connect(settings, 1).await.unwrap();
    let mut follower = school.follow(ROOM).await.unwrap();
    append(&engine, 1).await.unwrap();
    assert!(!school.exists(ROOM).await.unwrap());
    append_as(&school, 1, 1, r#"["of the school"]"#).await.unwrap();
    assert!(matches!(follower.next().await, Heard::Entry(entry) if entry.batch == r#"["of the school"]"#));
    assert_eq!(engine.load(ROOM).await.unwrap().unwrap().top.n, 1);
}

async fn rooms_are_dealt_over_engines(process: EngineProcess, other: EngineProcess) {
    let urls = [process.url(), other.url()];
    let engines = Engines::connect(&urls, "otagh", PATIENT).await.unwrap();
    let again = Engines::connect(&urls, "otagh", PATIENT).await.unwrap();
    assert_ne!(engines.number(), again.number());
    let rooms: Vec<_> = (0..40).map(|room| format!("room-{room}")).collect();
    for room in &rooms {
        assert_eq!(engines.at(engines.place_of(room)).at(), again.at(again.place_of(room)).at());
        let tag = Tag { node: engines.number(), batch: 1 };
        let append = Append { life: &life(), tag, batch: "[]", seen: 0, opening: Some("{}") };
        engines.at(engines.place_of(room)).append(room, append).await.unwrap();
    }
    for process in [&process, &other] {
        let keys = process.ask(&["KEYS", "otagh:room-*:meta"]).await.unwrap();
        assert!((8..32).contains(&keys.lines().count()), "{keys}");
    }
    engines.leave().await;
    assert!(!process.ask(&["KEYS", "otagh:node:*"]).await.unwrap().contains(&engines.number().to_string()));
}

async fn password_is_needed_and_never_shown(kind: EngineKind) {
    let Some(binary) = kind.binary() else { return };
    let process = EngineProcess::start(binary, &["--requirepass", "s3cret"]).await.unwrap();
    let at = process.address();
    let connect = async |user: &str| {
        let settings = Settings {
            url: format!("redis://{user}{at}"),
            prefix: "otagh".into(),
            patience: PATIENT,
            part: (0, 1),
        };
        let shown = format!("{settings:?}");
        (shown, Engine::connect(settings, 1).await)
    };
    for user in ["", ":wrong@", "sara:s3cret@"] {
        let (_, refused) = connect(user).await;
        assert_eq!(refused.unwrap_err(), ConnectError::Auth { at: at.to_string() }, "{user:?}");
    }
    let (shown, engine) = connect(":s3cret@").await;
    let shown = format!("{shown} {:?}", engine.unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");
}

async fn missing_permission_is_named(process: EngineProcess) {
    let connect = async |rights: &[&str]| {
        process.ask(&[&["ACL", "SETUSER", "sara", "reset", "on", ">s3cret"], rights].concat()).await.unwrap();
        let url = format!("redis://sara:s3cret@{}", process.address());
        Engine::connect(Settings { url, prefix: "otagh".into(), patience: PATIENT, part: (0, 1) }, 1).await
    };
    let lacking: [&[&str]; 3] = [
        &["~otagh:*", "&otagh:*", "+@all", "-@dangerous"],
        &["~otagh:*", "+@all"],
        &["~other:*", "&otagh:*", "+@all"],
    ];
    for rights in lacking {
        let refused = connect(rights).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Denied { .. }), "{rights:?}: {refused}");
        assert!(!refused.to_string().contains("s3cret"));
    }
    let engine = connect(&["~otagh:*", "&otagh:*", "+@all", "-@dangerous", "+info"]).await.unwrap();
    let mut follower = engine.follow(ROOM).await.unwrap();
    append(&engine, 1).await.unwrap();
    hears(&mut follower, 1).await;
    assert!(engine.end(ROOM, &life(), None).await.unwrap());
}

async fn cluster_mode_is_refused(kind: EngineKind) {
    let Some(binary) = kind.binary() else { return };
    let bus = free_port().unwrap().to_string();
    let options = ["--cluster-enabled", "yes", "--cluster-port", &bus];
    let process = EngineProcess::start(binary, &options).await.unwrap();
    let settings = Settings { url: process.url(), prefix: "otagh".into(), patience: PATIENT, part: (0, 1) };
    let refused = Engine::connect(settings, 1).await.unwrap_err();
    assert_eq!(refused, ConnectError::Mode { at: process.address().to_string(), mode: "cluster".into() });
}

#[tokio::test]
async fn other_server_is_no_engine() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let settings = Settings {
        url: format!("redis://:s3cret@{at}"),
        prefix: "otagh".into(),
        patience: PATIENT,
        part: (0, 1),
    };
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let (refused, _stream) = tokio::join!(Engine::connect(settings, 1), answer);
    assert_eq!(refused.unwrap_err(), ConnectError::NoEngine { at });
}

#[tokio::test]
async fn absent_and_silent_engines_are_unreachable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let absent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = [silent.local_addr().unwrap(), absent.local_addr().unwrap()];
    drop(absent);
    for at in addresses {
        let url = format!("redis://:s3cret@{at}");
        let settings =
            Settings { url, prefix: "otagh".into(), patience: Duration::from_millis(300), part: (0, 1) };
        let refused = Engine::connect(settings, 1).await.unwrap_err();
        assert!(matches!(&refused, ConnectError::Unreachable { .. }), "{refused:?}");
        assert!(!refused.to_string().contains("s3cret"));
    }
}

#[tokio::test]
async fn unusable_settings_are_refused_at_once() {
    let connect = async |url: &str, prefix: &str| {
        let settings = Settings { url: url.into(), prefix: prefix.into(), patience: PATIENT, part: (0, 1) };
        Engine::connect(settings, 1).await.unwrap_err()
    };
    assert_eq!(connect("s3cret", "otagh").await, ConnectError::Url);
    assert_eq!(connect("http://a", "otagh").await, ConnectError::Url);
    assert_eq!(connect("rediss://a", "otagh").await, ConnectError::Tls);
    assert_eq!(connect("redis://a/3", "otagh").await, ConnectError::Database);
    assert_eq!(connect("redis://a", "a:b").await, ConnectError::Prefix("a:b".into()));
    assert_eq!(Engines::connect(&[], "otagh", PATIENT).await.unwrap_err(), ConnectError::Url);
}

/// Each as a test of each engine: of one process, of two, or of a way to start one.
macro_rules! on_engines {
    (one: $($one:ident),*; two: $($two:ident),*; kind: $($kind:ident),* $(;)?) => {
        on_engines!(@ redis Redis; $($one)*; $($two)*; $($kind)*);
        on_engines!(@ valkey Valkey; $($one)*; $($two)*; $($kind)*);
    };
    (@ $module:ident $engine:ident; $($one:ident)*; $($two:ident)*; $($kind:ident)*) => {
        mod $module {
            use super::EngineKind::$engine;

            $(#[tokio::test]
            async fn $one() {
                if let Some(process) = super::process($engine).await {
                    super::$one(process).await;
                }
            })*

            $(#[tokio::test]
            async fn $two() {
                if let (Some(one), Some(two)) = (super::process($engine).await, super::process($engine).await) {
                    super::$two(one, two).await;
                }
            })*

            $(#[tokio::test]
            async fn $kind() {
                super::$kind($engine).await;
            })*
        }
    };
}

on_engines! {
    one:
        batch_with_lost_answer_is_taken_once,
        cut_within_patience_keeps_term,
        cut_beyond_patience_ends_term,
        swallowing_network_ends_term_and_questions,
        lost_link_ends_all_questions_on_it,
        engine_started_empty_ends_lives,
        restored_engine_is_another_era,
        frozen_engine_is_waited_for,
        engine_frozen_beyond_patience_is_lost,
        slow_engine_is_not_lost,
        killed_subscriptions_are_made_again,
        deaf_subscription_is_made_again,
        dropped_subscriber_reads_what_it_missed,
        slow_follower_is_told_it_missed,
        follower_that_goes_is_unsubscribed,
        foreign_message_is_missed_not_fatal,
        foreign_keys_hurt_one_room_only,
        foreign_keys_end_life,
        evicted_part_ends_life,
        flushed_scripts_are_loaded_again,
        emptied_engine_ends_lives,
        full_engine_holds_until_it_has_room,
        full_engine_is_lost_after_patience,
        nodes_that_go_are_missed,
        lapsed_node_goes_on,
        node_whose_number_is_taken_begins_again,
        number_is_one_nodes_only,
    other_engines_are_refused,
        prefix_keeps_clusters_apart,
        missing_permission_is_named;
    two:
        master_that_was_replica_is_distrusted,
        promoted_replica_is_another_era,
        rooms_are_dealt_over_engines;
    kind:
        password_is_needed_and_never_shown,
        cluster_mode_is_refused;
}
