//! As `reliability`, with three servers that share their rooms over an engine: whatever happens to one of them,
//! to the engine or between them, nothing is lost, repeated, reordered or made up without being told; and where
//! the engine keeps what it has, nobody is told of anything. Without an engine on this machine nothing is tested,
//! and standard error says so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{path::PathBuf, time::Duration};

use chat_testkit::{
    cluster::ClusterScenario,
    engine_process::{EngineKind, EngineProcess},
    process::Program,
    scenario::Setup,
};
use common::TestServer;

fn engine() -> Option<PathBuf> {
    [EngineKind::Redis, EngineKind::Valkey].into_iter().find_map(EngineKind::binary)
}

async fn play(scenario: ClusterScenario) {
    let Some(engine) = engine() else { return };
    let server = env!("CARGO_BIN_EXE_otagh").into();
    let seed = std::env::var("OTAGH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let setup = Setup { server, seed, clients: 60, rooms: 4, talk: Duration::ZERO };
    let round = scenario.run(&setup, engine).await.unwrap();
    let complaints = round.complaints();
    eprintln!("{scenario:?}: {}", round.tally);
    assert!(complaints.is_empty(), "{}\n{}", complaints.join("\n"), round.tally);
}

#[tokio::test]
async fn killed_nodes_lose_nothing() {
    play(ClusterScenario::Kills).await;
}

#[tokio::test]
async fn rolling_restart_is_recovered_for_all() {
    play(ClusterScenario::RollingRestart).await;
}

#[tokio::test]
async fn paused_node_is_given_up() {
    play(ClusterScenario::Pause).await;
}

#[tokio::test]
async fn faults_before_engine_lose_nothing() {
    play(ClusterScenario::EngineFaults).await;
}

#[tokio::test]
async fn node_without_engine_sends_everybody_away() {
    play(ClusterScenario::CutOff).await;
}

#[tokio::test]
async fn crashed_engine_announces_new_life() {
    play(ClusterScenario::EngineCrash).await;
}

#[tokio::test]
async fn emptied_and_full_engine_is_told() {
    play(ClusterScenario::EngineFull).await;
}

#[tokio::test]
async fn engine_and_node_may_crash_together() {
    play(ClusterScenario::EngineAndNode).await;
}

#[tokio::test]
async fn gone_node_leaves_rooms_loaded_later() {
    let Some(engine) = engine() else { return };
    let engine = EngineProcess::start(engine, &[]).await.unwrap();
    let url = format!("--engine={}", engine.url());
    let program = Program::new(env!("CARGO_BIN_EXE_otagh")).options(&[&url, "--engine-patience=1s"]);
    let (mut killed, left) = (program.start().await.unwrap(), program.start().await.unwrap());
    let (there, here) = (TestServer::at(killed.address()), TestServer::at(left.address()));
    let _ali = (there.join("one", "ali").await, there.join("two", "ali").await);
    let mut sara = here.join("one", "sara").await;
    killed.kill().await.unwrap();
    sara.expect_presence(|presence| presence["changed"][0]["away"] == true).await;
    // The node that is left knows by now that the other is gone, and does not hear it again.
    let reza = here.join("two", "reza").await;
    assert_eq!(reza.welcome["away_count"], 1, "{}", reza.welcome);
}
