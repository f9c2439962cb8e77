//! Nothing is lost, repeated, reordered or made up, whatever happens to connections and to the
//! process, and everybody comes back by themselves: scenarios of a few seconds with a real process,
//! clients through a network that breaks, and a checker that has the last word. `cargo xtask soak`
//! plays the same ones for longer.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use chat_testkit::scenario::{Scenario, Setup};

async fn play(scenario: Scenario, clients: usize, rooms: usize, talk: Duration) {
    let server = env!("CARGO_BIN_EXE_otagh").into();
    let round = scenario.run(&Setup { server, seed: 1, clients, rooms, talk }).await.unwrap();
    let complaints = round.complaints();
    assert!(complaints.is_empty(), "{}\n{}", complaints.join("\n"), round.tally);
}

const SHORT: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_hundred_in_five_rooms_lose_nothing_when_connections_break_in_every_way() {
    play(Scenario::Faults, 100, 5, SHORT).await;
}

#[tokio::test]
async fn a_killed_server_is_told_as_a_new_life_and_everybody_comes_back() {
    play(Scenario::Crash, 60, 3, Duration::ZERO).await;
}

#[tokio::test]
async fn a_stop_is_announced_and_everybody_comes_back() {
    play(Scenario::Stop, 60, 3, Duration::ZERO).await;
}

#[tokio::test]
async fn when_all_are_cut_at_once_all_recover() {
    play(Scenario::Storm, 100, 5, Duration::ZERO).await;
}

#[tokio::test]
async fn where_little_is_remembered_gaps_are_told_and_never_silent() {
    play(Scenario::Rollover, 40, 2, SHORT).await;
}

#[tokio::test]
async fn slow_readers_are_closed_and_then_miss_nothing() {
    play(Scenario::SlowReaders, 3, 1, Duration::ZERO).await;
}
