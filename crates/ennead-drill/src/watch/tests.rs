//! The real probe against a database that breaks in every way.

use std::time::Duration;

use ennead_host::clock::Stopwatch;
use ennead_node::probe::{Endpoint, ProbeConfig};

use super::{Watch, read_back};
use crate::checker::{Measured, check_history};
use crate::history::History;
use crate::platform::Platform as _;
use crate::testing::{FakePlatform, Mood, ground, name};

const DEADLINE: Duration = Duration::from_secs(10);

struct Stage {
    platform: FakePlatform,
    config: ProbeConfig,
}

impl Stage {
    async fn new() -> Self {
        let platform = FakePlatform::start(Duration::ZERO).await;
        let ground = ground(&platform);
        let endpoints: Vec<Endpoint> = ground
            .fleet
            .running("haproxy")
            .map(|node| Endpoint {
                node: node.name.to_string(),
                address: (node.address, ground.write_port).into(),
            })
            .collect();
        let config = ProbeConfig::load("test", endpoints.clone(), endpoints, ground.login);
        Self { platform, config }
    }

    async fn watch(&self) -> Watch {
        let pipe = self.platform.open_probe(&name("app-1")).await.unwrap();
        let watch = Watch::start(pipe, &self.config, Stopwatch::start()).await.unwrap();
        watch.wait_until_steady(Duration::from_millis(200), DEADLINE).await.unwrap();
        watch
    }

    /// Goes on for a while and stops.
    async fn end(&self, watch: Watch) -> (History, Measured) {
        let now_us = watch.now_us();
        watch.wait_until_written(now_us + 200_000, DEADLINE).await.unwrap();
        let history = watch.stop().await;
        let pipe = self.platform.open_probe(&name("app-1")).await.unwrap();
        let present = read_back(pipe, &self.config).await.unwrap();
        let measured = check_history(&history, &present);
        (history, measured)
    }
}

async fn for_a_while(watch: &Watch, millis: u64) {
    let until = watch.now_us() + millis * 1000;
    let reached =
        || std::future::ready(if watch.now_us() >= until { Ok(()) } else { Err(String::new()) });
    ennead_host::clock::wait_until(DEADLINE, Duration::from_millis(5), reached).await.unwrap();
}

#[tokio::test]
async fn steady_writes_are_acknowledged_at_most_50_ms_apart_and_all_are_there() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    let (history, measured) = stage.end(watch).await;
    assert!(history.whole && measured.lost.is_empty() && measured.unheard == 0, "{measured:?}");
    assert_eq!((measured.unknown, measured.refused), (0, 0));
    assert_eq!(history.acks.len() as u64, history.acknowledged);
    let mut apart: Vec<u64> = history.acks.windows(2).map(|w| w[1].at_us - w[0].at_us).collect();
    apart.sort_unstable();
    assert!(apart[apart.len() / 2] <= 50_000, "{apart:?}");
    assert!(!history.reads.is_empty());
}

#[tokio::test]
async fn a_row_removed_by_hand_is_found() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    let gone = stage.platform.database.forget_one();
    let (_, measured) = stage.end(watch).await;
    assert_eq!(measured.lost.iter().collect::<Vec<_>>(), [gone]);
}

#[tokio::test]
async fn silence_hides_a_recovery_for_the_hedge_time_at_most() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    stage.platform.database.feel(Mood::Hung);
    for_a_while(&watch, 700).await;
    stage.platform.database.feel(Mood::Well);
    let (_, measured) = stage.end(watch).await;
    // A client that waits for its silent connection would need its whole limit of 2 s.
    assert!((650_000..1_900_000).contains(&measured.rto_us), "{measured:?}");
    assert!(measured.lost.is_empty() && measured.unknown > 0, "{measured:?}");
}

#[tokio::test]
async fn a_database_that_is_gone_is_found_again_quickly() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    stage.platform.database.feel(Mood::Dead);
    for_a_while(&watch, 500).await;
    stage.platform.database.promote();
    let (history, measured) = stage.end(watch).await;
    assert!((480_000..1_500_000).contains(&measured.rto_us), "{measured:?}");
    assert!(measured.lost.is_empty());
    assert_eq!(history.timelines.len(), 2);
    assert!(!history.troubles.is_empty());
}

#[tokio::test]
async fn a_refusal_is_neither_acknowledged_nor_unknown() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    stage.platform.database.feel(Mood::ReadOnly);
    for_a_while(&watch, 300).await;
    stage.platform.database.feel(Mood::Well);
    let (history, measured) = stage.end(watch).await;
    assert!(measured.refused > 0 && measured.refused_kept.is_empty(), "{measured:?}");
    assert!(history.troubles.iter().any(|trouble| trouble.what.contains("25006")));
}

#[tokio::test]
async fn an_answer_with_a_warning_is_no_promise() {
    let stage = Stage::new().await;
    let watch = stage.watch().await;
    stage.platform.database.feel(Mood::Warning);
    for_a_while(&watch, 300).await;
    stage.platform.database.feel(Mood::Well);
    let (_, measured) = stage.end(watch).await;
    // The rows are there, but nobody was promised that they would stay.
    assert!(measured.unknown > 0 && measured.unknown_kept > 0, "{measured:?}");
    assert!(measured.rto_us >= 280_000, "{measured:?}");
}
