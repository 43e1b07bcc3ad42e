//! Ctrl-C at every step of every drill: whatever was broken is mended.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{cut, options};
use crate::fault::{Fault, Process, Target};
use crate::ground::{DrillOptions, Timing};
use crate::rehearsal::rehearse;
use crate::testing::{FakePlatform, ground};

/// More steps than any drill tells.
const STEPS: usize = 16;

/// Interrupts at one step; returns whether a run was cut short by it.
async fn interrupted_at(step: usize, fault: Fault, without_api: bool) -> bool {
    let platform = FakePlatform::start(Duration::from_millis(100)).await;
    let (cancel, told) = (CancellationToken::new(), AtomicUsize::new(0));
    let tell = |_| {
        if told.fetch_add(1, Ordering::Relaxed) == step {
            cancel.cancel();
        }
    };
    let timing = Timing {
        steady_for: Duration::from_millis(100),
        keep_writing: Duration::from_millis(100),
        writes_deadline: Duration::from_secs(8),
        ..options().timing
    };
    let options = DrillOptions { fault, without_api, timing, runs: 2, ..options() };
    let report = rehearse(&platform, &ground(&platform), &options, &tell, &cancel).await.unwrap();
    let calls = platform.calls();
    let world = platform.world.lock().unwrap();
    assert!(world.off.is_empty(), "step {step}: {:?} has no power: {calls:?}", world.off);
    assert!(world.faults.is_empty(), "step {step}: {:?} in force: {calls:?}", world.faults);
    assert!(report.runs.len() == 2 || !report.verdict.passed, "step {step}: {:?}", report.verdict);
    let mut reasons = report.runs.iter().flat_map(|run| &run.verdict.reasons);
    reasons.any(|reason| reason == "interrupted by the operator")
}

async fn at_every_step(fault: Fault, without_api: bool) {
    let runs = (0..STEPS).map(|step| interrupted_at(step, fault.clone(), without_api));
    let interrupted = join_all(runs).await.into_iter().filter(|told| *told).count();
    assert!(interrupted >= 6, "only {interrupted} steps were interrupted");
}

#[tokio::test]
async fn a_power_loss_ends_with_power() {
    at_every_step(cut(Target::Primary), false).await;
    at_every_step(cut(Target::Primary), true).await;
}

#[tokio::test]
async fn a_site_loss_ends_with_power_everywhere() {
    at_every_step(Fault::SiteLoss { site: None }, true).await;
}

#[tokio::test]
async fn a_freeze_ends() {
    at_every_step(Fault::Freeze, false).await;
}

#[tokio::test]
async fn a_partition_ends() {
    at_every_step(Fault::Partition { sites: None }, false).await;
}

#[tokio::test]
async fn what_needs_no_mending_leaves_nothing() {
    at_every_step(Fault::Switchover, false).await;
    at_every_step(Fault::ProcessKill { process: Process::Postgres }, false).await;
}
