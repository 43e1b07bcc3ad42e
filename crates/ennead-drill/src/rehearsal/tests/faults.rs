//! Each fault: what is asked of the platform, in which order, and what the report says.

use std::time::Duration;

use ennead_model::SiteName;

use super::{cut, drill, options};
use crate::fault::{Fault, Process, Target};
use crate::ground::DrillOptions;
use crate::mark::MarkKind;
use crate::rehearsal::{DrillError, rehearse};
use crate::report::DrillReport;
use crate::testing::{FakePlatform, ground, name};

const FAILOVER: Duration = Duration::from_millis(300);

async fn rehearsed(platform: &FakePlatform, fault: Fault) -> DrillReport {
    drill(platform, &DrillOptions { fault, ..options() }).await
}

fn expect_marks(report: &DrillReport, order: &[MarkKind]) {
    let run = &report.runs[0];
    let times: Vec<Option<u64>> = order.iter().map(|kind| run.at_us(*kind)).collect();
    assert!(times.iter().all(Option::is_some) && times.is_sorted(), "{:?}", run.marks);
}

#[tokio::test]
async fn a_lost_site_loses_all_its_power_and_gets_it_back() {
    let platform = FakePlatform::start(FAILOVER).await;
    let site = Some(SiteName::new("west").unwrap());
    let report = rehearsed(&platform, Fault::SiteLoss { site }).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    assert_eq!(report.drill, "site-loss");
    let run = &report.runs[0];
    assert_eq!(run.fault, "site west (db-1, app-1)");
    assert_eq!(run.touched, [name("db-1"), name("app-1")]);
    assert_eq!(run.target, Some(name("db-1")));
    assert_eq!(run.primary_after, Some(name("db-2")));
    let calls = platform.calls();
    let wanted = ["probe app-2", "off db-1", "off app-1", "on db-1", "on app-1", "probe app-2"];
    assert_eq!(calls, wanted);
    assert!(run.rejoin_us().is_some());
}

#[tokio::test]
async fn the_primary_is_moved_to_the_site_before_it_is_lost() {
    let platform = FakePlatform::start(FAILOVER).await;
    platform.world.lock().unwrap().primary = name("db-3");
    let site = Some(SiteName::new("west").unwrap());
    let report = rehearsed(&platform, Fault::SiteLoss { site }).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    assert_eq!(platform.calls()[..3], ["move db-3 to db-1", "probe app-2", "off db-1"]);
    assert_eq!(report.runs[0].primary_before, Some(name("db-1")));
    // Nothing of the move is measured: the client came after it.
    assert_eq!(report.runs[0].timelines.len(), 2);
}

#[tokio::test]
async fn a_killed_process_needs_no_mending_and_may_be_primary_again() {
    let platform = FakePlatform::start(FAILOVER).await;
    let report = rehearsed(&platform, Fault::ProcessKill { process: Process::Postgres }).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    let run = &report.runs[0];
    assert_eq!(platform.calls(), ["probe app-2", "kill postgres on db-1", "probe app-2"]);
    assert_eq!(run.primary_after, Some(name("db-1")));
    assert!(run.measured.as_ref().unwrap().rto_us >= 290_000, "{run:?}");
    assert_eq!(run.mended_us(), None);
    assert!(run.rejoin_us().is_some());

    let platform = FakePlatform::start(FAILOVER).await;
    let report = rehearsed(&platform, Fault::ProcessKill { process: Process::Patroni }).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    assert_eq!(platform.calls()[1], "kill patroni on db-1");
    assert_eq!(report.runs[0].timelines.len(), 1, "PostgreSQL went on");
}

#[tokio::test]
async fn a_frozen_primary_goes_on_only_when_another_is_primary() {
    let platform = FakePlatform::start(FAILOVER).await;
    let report = rehearsed(&platform, Fault::Freeze).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    // Power too: a guard may have cut it meanwhile.
    let wanted = ["probe app-2", "freeze db-1", "clear 7", "on db-1", "probe app-2"];
    assert_eq!(platform.calls(), wanted);
    expect_marks(
        &report,
        &[
            MarkKind::FaultAsked,
            MarkKind::FaultConfirmed,
            MarkKind::NewPrimary,
            MarkKind::MendAsked,
            MarkKind::MendConfirmed,
            MarkKind::Rejoined,
            MarkKind::Healthy,
        ],
    );
    assert_eq!(report.runs[0].primary_after, Some(name("db-2")));
}

#[tokio::test]
async fn writes_that_an_old_primary_destroys_when_it_comes_back_are_found() {
    for fault in [Fault::Freeze, Fault::Partition { sites: None }] {
        let platform = FakePlatform::start(FAILOVER).await;
        platform.world.lock().unwrap().forget_after_mend = true;
        let report = rehearsed(&platform, fault).await;
        assert_eq!(report.lost, 1);
        assert!(report.verdict.reasons[0].contains("are lost"), "{:?}", report.verdict);
    }
}

#[tokio::test]
async fn a_write_that_the_smaller_side_promised_and_lost_fails_the_drill() {
    let platform = FakePlatform::start(FAILOVER).await;
    platform.world.lock().unwrap().forget_beyond = true;
    let report = rehearsed(&platform, Fault::Partition { sites: None }).await;
    assert_eq!(report.lost, 1);
    let reasons = &report.runs[0].verdict.reasons;
    assert!(reasons[0].starts_with("on the other side: 1 of"), "{reasons:?}");
    assert!(report.runs[0].measured.as_ref().unwrap().lost.is_empty());
}

#[tokio::test]
async fn a_switchover_is_measured_like_a_fault() {
    let platform = FakePlatform::start(FAILOVER).await;
    let report = rehearsed(&platform, Fault::Switchover).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    assert_eq!(platform.calls(), ["probe app-2", "move db-1 to db-2", "probe app-2"]);
    let run = &report.runs[0];
    // Writes come back at about the moment at which the switchover is confirmed.
    assert!(run.at_us(MarkKind::WritesAgain) > run.at_us(MarkKind::FaultAsked), "{:?}", run.marks);
    assert!((290_000..1_900_000).contains(&run.measured.as_ref().unwrap().rto_us));
}

#[tokio::test]
async fn a_partition_is_healed_after_writes_are_back() {
    let platform = FakePlatform::start(FAILOVER).await;
    let report = rehearsed(&platform, Fault::Partition { sites: None }).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
    let part = "part app-1, db-1 from app-2, db-2, db-3";
    let probes = ["probe app-1", "probe app-2"];
    assert_eq!(platform.calls()[..4], [probes[0], probes[1], part, "clear 7"]);
    // Both are read back from the side that decided.
    assert_eq!(platform.calls()[4..], ["probe app-2", "probe app-2"]);
    let beyond = report.runs[0].beyond.as_ref().unwrap();
    assert!(beyond.acknowledged > 0 && beyond.lost.is_empty(), "{beyond:?}");
    expect_marks(&report, &[MarkKind::WritesAgain, MarkKind::MendAsked, MarkKind::Rejoined]);
}

#[tokio::test]
async fn servers_are_kept_from_the_api_before_the_fault_and_until_its_end() {
    let platform = FakePlatform::start(FAILOVER).await;
    let report = drill(&platform, &DrillOptions { without_api: true, ..options() }).await;
    assert!(report.verdict.passed && report.without_api, "{:?}", report.verdict);
    let hidden = "keep servers from the cloud's API";
    let wanted = ["probe app-2", hidden, "off db-1", "on db-1", "clear 7", "probe app-2"];
    assert_eq!(platform.calls(), wanted);

    let platform = FakePlatform::start(FAILOVER).await;
    platform.world.lock().unwrap().no_failover = true;
    let report = drill(&platform, &DrillOptions { without_api: true, ..options() }).await;
    assert!(!report.verdict.passed);
    assert!(platform.calls().contains(&"clear 7".to_owned()), "also after a failure");
}

#[tokio::test]
async fn a_guard_that_gives_power_back_first_is_no_error() {
    let platform = FakePlatform::start(FAILOVER).await;
    platform.world.lock().unwrap().guard = true;
    let report = drill(&platform, &options()).await;
    assert!(report.verdict.passed, "{:?}", report.verdict);
}

#[tokio::test]
async fn what_only_a_lab_can_do_is_refused_elsewhere() {
    let platform = FakePlatform::start(Duration::ZERO).await;
    platform.world.lock().unwrap().real = true;
    let cancel = tokio_util::sync::CancellationToken::new();
    for (fault, without_api) in [
        (Fault::Freeze, false),
        (Fault::Partition { sites: None }, false),
        (cut(Target::Primary), true),
    ] {
        let options = DrillOptions { fault, without_api, ..options() };
        let refused = rehearse(&platform, &ground(&platform), &options, &|_| {}, &cancel).await;
        assert!(matches!(refused, Err(DrillError::OnlyInLab { .. })), "{refused:?}");
    }
    let lost = Fault::SiteLoss { site: Some(SiteName::new("east").unwrap()) };
    let options = DrillOptions { fault: lost, ..options() };
    let refused = rehearse(&platform, &ground(&platform), &options, &|_| {}, &cancel).await;
    assert!(matches!(refused, Err(DrillError::NoMajority { .. })), "{refused:?}");
    assert!(platform.calls().is_empty());
}
