//! The evidence of a run that is made up, so that it never changes.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_node::probe::{Ack, IdRanges, Purpose, ReadAnswer};

use super::{folder_name, render, write};
use crate::checker::check_history;
use crate::ground::Limits;
use crate::history::{History, Trouble};
use crate::mark::{Mark, MarkKind};
use crate::report::{DrillReport, REPORT_FORMAT_VERSION, RunReport};
use crate::testing::name;
use crate::verdict::{Verdict, judge};

const SECOND: u64 = 1_000_000;

/// Writes each 25 ms from 0 to 40 s but for the time from 4 s to the given one.
fn history(back_us: u64) -> History {
    let times = (1..1600).map(|tick| tick * 25_000);
    let alive = times.filter(|at_us| *at_us < 4 * SECOND || *at_us >= back_us);
    let acks: Vec<Ack> = (1..)
        .zip(alive)
        .map(|(id, at_us)| Ack { id, at_us, took_us: 3_000, endpoint: 0 })
        .collect();
    let read = |at_us| ReadAnswer { at_us, took_us: 900, endpoint: 0, seen: 1, behind: 0 };
    History {
        from_us: 0,
        to_us: 40 * SECOND,
        whole: true,
        tried: acks.len() as u64,
        acknowledged: acks.len() as u64,
        acks,
        reads: (0..400).map(|tick| read(tick * 100_000)).collect(),
        timelines: vec![(25_000, 3), (back_us, 4)],
        troubles: vec![Trouble {
            at_us: 4 * SECOND + 30_000,
            purpose: Purpose::Write,
            endpoint: "db-1".to_owned(),
            what: "connection closed | early".to_owned(),
            count: 240,
        }],
        ..History::default()
    }
}

fn run(number: u32, back_us: u64, lost: Option<u64>) -> RunReport {
    let history = history(back_us);
    let present: IdRanges = (1..=history.tried).filter(|id| Some(*id) != lost).collect();
    let measured = check_history(&history, &present);
    let verdict = Verdict::of(judge(&measured, &Limits::default()));
    let mark = |at_us, kind, what: &str| Mark { at_us, kind, what: what.to_owned() };
    RunReport {
        number,
        run: format!("power-loss-20261123t131502z-{number}"),
        started: "2026-11-23T13:15:02Z".parse().unwrap(),
        fault: "db-1".to_owned(),
        target: Some(name("db-1")),
        touched: vec![name("db-1")],
        primary_before: Some(name("db-1")),
        leaders_before: [("etcd".to_owned(), name("svc-1"))].into(),
        primary_after: Some(name("db-2")),
        probe_node: Some(name("app-2")),
        marks: vec![
            mark(3_900_000, MarkKind::Steady, ""),
            mark(3_950_000, MarkKind::PowerOffAsked, "db-1"),
            mark(4_300_000, MarkKind::PowerOffConfirmed, "db-1"),
            mark(back_us, MarkKind::WritesAgain, ""),
            mark(back_us + 400_000, MarkKind::NewPrimary, "db-2"),
            mark(back_us + 5_200_000, MarkKind::PowerOnAsked, "db-1"),
            mark(back_us + 5_500_000, MarkKind::PowerOnConfirmed, "db-1"),
            mark(38 * SECOND, MarkKind::Rejoined, "db-1"),
            mark(39 * SECOND + 500_000, MarkKind::Healthy, ""),
            mark(40 * SECOND, MarkKind::Stopped, ""),
        ],
        measured: Some(measured),
        beyond: None,
        timelines: history.timelines.clone(),
        troubles: history.troubles.clone(),
        verdict,
        history,
    }
}

fn report(runs: Vec<RunReport>) -> DrillReport {
    let limits = Limits::default();
    DrillReport {
        format_version: REPORT_FORMAT_VERSION,
        drill: "power-loss".to_owned(),
        proves: "a server may lose its power".to_owned(),
        without_api: false,
        platform: "shop".to_owned(),
        nodes: 5,
        started: "2026-11-23T13:15:02Z".parse().unwrap(),
        ended: "2026-11-23T13:16:40Z".parse().unwrap(),
        rto_limit_ms: u64::try_from(limits.rto.as_millis()).unwrap(),
        rpo_limit: limits.rpo,
        runs_asked: u32::try_from(runs.len()).unwrap(),
        runs,
        rto_us: None,
        acknowledged: 0,
        lost: 0,
        rejoin_us: None,
        versions: BTreeMap::from([("ennead".to_owned(), "0.1.0".to_owned())]),
        spec_sha256: "5bd0".to_owned(),
        repeat: "ennead drill power-loss --target primary".to_owned(),
        verdict: Verdict::of(Vec::new()),
    }
    .summed_up()
}

fn text(report: &DrillReport, name: &str) -> String {
    let files = render(report).unwrap();
    let file = files.into_iter().find(|file| file.name == name).unwrap();
    String::from_utf8(file.content).unwrap()
}

#[test]
fn a_run_that_passed_reads_well() {
    let report = report(vec![run(1, 26 * SECOND, None)]);
    insta::assert_snapshot!(text(&report, "report.md"));
}

#[test]
fn a_lost_write_comes_first() {
    let report = report(vec![run(1, 26 * SECOND, None), run(2, 25 * SECOND, Some(77))]);
    insta::assert_snapshot!(text(&report, "report.md"));
    assert!(text(&report, "timeline.svg").contains("run 2 of 2"));
    assert!(text(&report, "runs.svg").contains("1 lost"));
}

#[test]
fn the_picture_shows_the_gap_and_every_moment() {
    let picture = text(&report(vec![run(1, 26 * SECOND, None)]), "timeline.svg");
    for words in [
        "22.03 s without an acknowledged write",
        "power off asked 0.00 s",
        "power off confirmed 0.35 s",
        "writes again 22.05 s",
        "db-2 is primary 22.45 s",
        "power on asked 27.25 s",
        "rejoined 34.05 s",
        "db-2 · timeline 4",
        "no power",
        "limit 28 s",
    ] {
        assert!(picture.contains(words), "{words} is missing in {picture}");
    }
    assert!(!picture.contains("NaN") && !picture.contains("inf\""));
    for element in ["svg", "style", "defs", "pattern", "text", "title"] {
        let begun = picture.matches(&format!("<{element}")).count();
        assert_eq!(begun, picture.matches(&format!("</{element}>")).count(), "{element}");
    }
}

#[test]
fn a_run_of_which_nothing_is_known_has_evidence_too() {
    let mut empty = run(1, 26 * SECOND, None);
    empty.history = History::default();
    empty.marks.clear();
    empty.measured = None;
    empty.target = None;
    empty.verdict = Verdict::of(vec!["the platform was not in its steady state".to_owned()]);
    let report = report(vec![empty]);
    assert!(text(&report, "timeline.svg").contains("FAIL"));
    assert!(text(&report, "report.md").starts_with("# FAIL"));
}

#[test]
fn the_folder_holds_what_was_rendered_and_reads_back() {
    let report = report(vec![run(1, 5 * SECOND, None)]);
    let base = tempfile::tempdir().unwrap();
    let base = camino::Utf8Path::from_path(base.path()).unwrap();
    let folder = write(base, &report).unwrap();
    assert_eq!(folder.file_name(), Some(folder_name(&report).as_str()));
    let mut names = ennead_host::files::list(&folder).unwrap();
    names.sort();
    assert_eq!(names, ["report.json", "report.md", "run-01-acks.csv", "timeline.svg"]);
    let json = ennead_host::files::read(&folder.join("report.json")).unwrap().unwrap();
    let mut read: DrillReport = serde_json::from_slice(&json).unwrap();
    read.runs[0].history = report.runs[0].history.clone();
    assert_eq!(read, report);
    assert!(Duration::from_micros(read.rto_us.unwrap().max) > Duration::from_secs(1));
}
