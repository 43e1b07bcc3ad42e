//! Whole drills against a database that breaks, with the real probe in this process.

mod faults;
mod interrupts;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{DrillError, Progress, rehearse};
use crate::fault::{Fault, Target};
use crate::ground::{DrillOptions, Limits, Timing};
use crate::mark::MarkKind;
use crate::report::DrillReport;
use crate::testing::{FakePlatform, ground, name};

fn cut(target: Target) -> Fault {
    Fault::PowerLoss { target }
}

fn options() -> DrillOptions {
    let timing = Timing {
        steady_deadline: Duration::from_secs(10),
        steady_for: Duration::from_millis(300),
        power_deadline: Duration::from_secs(5),
        doubt: Duration::from_millis(500),
        writes_deadline: Duration::from_secs(3),
        keep_writing: Duration::from_millis(300),
        healthy_deadline: Duration::from_secs(5),
        pause: Duration::from_millis(20),
    };
    let limits = Limits { rto: Duration::from_secs(2), rpo: 0 };
    let fault = Fault::PowerLoss { target: Target::Primary };
    DrillOptions { limits, timing, ..DrillOptions::of(fault) }
}

/// Runs it to its end.
async fn drill(platform: &FakePlatform, options: &DrillOptions) -> DrillReport {
    let cancel = CancellationToken::new();
    rehearse(platform, &ground(platform), options, &|_| {}, &cancel).await.unwrap()
}

#[tokio::test]
async fn a_failover_is_measured_and_the_power_is_given_back() {
    let platform = FakePlatform::start(Duration::from_millis(600)).await;
    let report = drill(&platform, &options()).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    let run = &report.runs[0];
    let measured = run.measured.as_ref().unwrap();
    assert!((590_000..1_900_000).contains(&measured.rto_us), "{measured:?}");
    assert!(measured.acknowledged > 10 && measured.lost.is_empty());
    assert_eq!(run.primary_before, Some(name("db-1")));
    assert_eq!(run.primary_after, Some(name("db-2")));
    assert_eq!(run.probe_node, Some(name("app-2")));
    assert_eq!(run.timelines.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [1, 2]);
    let calls = platform.calls();
    assert_eq!(calls, ["probe app-2", "off db-1", "on db-1", "probe app-2"]);
    let order = [
        MarkKind::Steady,
        MarkKind::PowerOffAsked,
        MarkKind::PowerOffConfirmed,
        MarkKind::WritesAgain,
        MarkKind::PowerOnAsked,
        MarkKind::Rejoined,
        MarkKind::Healthy,
        MarkKind::Stopped,
    ];
    let times: Vec<u64> = order.iter().map(|kind| run.at_us(*kind).unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    // The moment that writes came back is the end of the gap, on the same clock.
    assert_eq!(run.at_us(MarkKind::WritesAgain), Some(measured.gap_end_us));
}

#[tokio::test]
async fn a_row_lost_in_the_takeover_fails_the_drill() {
    let platform = FakePlatform::start(Duration::from_millis(300)).await;
    platform.world.lock().unwrap().lose_a_row = true;
    let report = drill(&platform, &options()).await;
    assert_eq!(report.lost, 1);
    assert!(!report.verdict.passed);
    assert!(report.verdict.reasons[0].contains("are lost"), "{:?}", report.verdict);
}

#[tokio::test]
async fn a_slow_failover_fails_the_drill() {
    let platform = FakePlatform::start(Duration::from_millis(700)).await;
    let limits = Limits { rto: Duration::from_millis(400), rpo: 0 };
    let report = drill(&platform, &DrillOptions { limits, ..options() }).await;
    assert!(report.verdict.reasons[0].contains("no write was acknowledged"), "{report:?}");
}

#[tokio::test]
async fn without_a_failover_the_power_still_comes_back_and_rows_are_counted() {
    let platform = FakePlatform::start(Duration::from_millis(100)).await;
    platform.world.lock().unwrap().no_failover = true;
    let report = drill(&platform, &options()).await;
    let reasons = &report.runs[0].verdict.reasons;
    assert!(reasons[0].contains("did not write again within 3 s"), "{reasons:?}");
    let measured = report.runs[0].measured.as_ref().unwrap();
    assert!(measured.rto_us > 2_500_000 && measured.lost.is_empty(), "{measured:?}");
    assert!(platform.calls().contains(&"on db-1".to_owned()));
}

#[tokio::test]
async fn a_power_off_whose_answer_was_lost_is_undone() {
    let platform = FakePlatform::start(Duration::from_millis(100)).await;
    platform.world.lock().unwrap().deny_power_off = true;
    let report = drill(&platform, &options()).await;
    let reasons = &report.runs[0].verdict.reasons;
    assert_eq!(reasons[0], "cannot power off db-1: the answer was lost");
    assert!(platform.world.lock().unwrap().off.is_empty());
}

#[tokio::test]
async fn an_interrupt_gives_the_power_back_and_leaves_a_report() {
    let platform = FakePlatform::start(Duration::from_mins(1)).await;
    let cancel = CancellationToken::new();
    let stop_after_power_off = |progress: Progress| {
        if progress.text.starts_with("power off confirmed") {
            cancel.cancel();
        }
    };
    let ground = ground(&platform);
    let options = DrillOptions { runs: 3, ..options() };
    let report = rehearse(&platform, &ground, &options, &stop_after_power_off, &cancel).await;
    let report = report.unwrap();
    assert_eq!(report.runs.len(), 1);
    assert_eq!(report.runs[0].verdict.reasons, ["interrupted by the operator"]);
    assert!(!report.runs[0].history.acks.is_empty());
    assert_eq!(platform.calls().last().unwrap(), "on db-1");
}

#[tokio::test]
async fn several_runs_are_summed_up() {
    let platform = FakePlatform::start(Duration::from_millis(200)).await;
    let options = DrillOptions { runs: 2, fault: cut(Target::Node(name("app-1"))), ..options() };
    let report = drill(&platform, &options).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    let spread = report.rto_us.as_ref().unwrap();
    assert_eq!(spread.runs, 2);
    // The database was never touched.
    assert!(spread.max < 1_500_000, "{spread:?}");
    assert_eq!(platform.calls().iter().filter(|call| *call == "off app-1").count(), 2);
}

#[tokio::test]
async fn a_platform_not_marked_for_drills_is_left_alone() {
    let platform = FakePlatform::start(Duration::ZERO).await;
    let cancel = CancellationToken::new();
    let refuse = |ground, options: DrillOptions| {
        let (platform, cancel) = (&platform, &cancel);
        async move { rehearse(platform, &ground, &options, &|_| {}, cancel).await.unwrap_err() }
    };
    let mut unmarked = ground(&platform);
    unmarked.drills = false;
    let error = refuse(unmarked, options()).await;
    assert!(matches!(error, DrillError::NotAllowed { .. }));
    let nobody = DrillOptions { fault: cut(Target::Node(name("nobody"))), ..options() };
    let error = refuse(ground(&platform), nobody).await;
    assert!(matches!(error, DrillError::NoNode { .. }));
    let mut small = ground(&platform);
    small.fleet.nodes.retain(|node, _| node.as_str().starts_with("db"));
    let error = refuse(small, options()).await;
    assert!(matches!(error, DrillError::NoProbeNode { .. }));
    assert!(platform.calls().is_empty());
}
