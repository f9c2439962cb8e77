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
async fn faults_lose_nothing_in_five_rooms() {
    play(Scenario::Faults, 100, 5, SHORT).await;
}

#[tokio::test]
async fn crash_announces_new_epoch_and_everybody_returns() {
    play(Scenario::Crash, 60, 3, Duration::ZERO).await;
}

#[tokio::test]
async fn announced_stop_lets_everybody_return() {
    play(Scenario::Stop, 60, 3, Duration::ZERO).await;
}

#[tokio::test]
async fn all_recover_when_cut_at_once() {
    play(Scenario::Storm, 100, 5, Duration::ZERO).await;
}

#[tokio::test]
async fn short_history_never_hides_gaps() {
    play(Scenario::Rollover, 40, 2, SHORT).await;
}

#[tokio::test]
async fn slow_readers_resume_without_loss() {
    play(Scenario::SlowReaders, 3, 1, Duration::ZERO).await;
}
