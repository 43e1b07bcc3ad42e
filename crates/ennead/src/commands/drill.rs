//! `ennead drill`: failures rehearsed and measured.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_audit::{Tally, Verdict};
use ennead_components::haproxy::{READ_PORT, WRITE_PORT};
use ennead_drill::{
    DrillError, DrillOptions, DrillReport, Ground, Limits, drill_of, evidence, list, may_begin,
    rehearse,
};
use ennead_model::{Ref, RefKind, RefResolver};
use ennead_node::probe::{Login, Password};
use serde::Serialize;

use crate::cli::Global;
use crate::cli_drill::{Asked, DrillCommand};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::progress::say_with_time;
use crate::session::{Session, cancelled_by_ctrl_c, nothing_yet};
use crate::ui::{self, Cell, Tone};

/// What `--json` prints of a finished drill.
#[derive(Debug, Serialize)]
struct Summary {
    drill: String,
    started: String,
    without_api: bool,
    passed: bool,
    reasons: Vec<String>,
    runs_asked: u32,
    runs: usize,
    rto_s: Option<SpreadSeconds>,
    rejoin_s: Option<SpreadSeconds>,
    acknowledged: u64,
    lost: u64,
    evidence: String,
}

#[derive(Debug, Serialize)]
struct SpreadSeconds {
    min: f64,
    p50: f64,
    p95: f64,
    max: f64,
}

/// Lists drills or carries one out.
pub(crate) async fn run(global: &Global, command: &DrillCommand) -> Result<Exit, CommandError> {
    match (command, command.asked()) {
        (DrillCommand::List { json }, _) => Ok(show_list(*json)),
        (_, Some(asked)) => run_drill(global, &asked).await,
        (_, None) => Ok(Exit::Done),
    }
}

fn show_list(json: bool) -> Exit {
    if json {
        ui::json(&list());
        return Exit::Done;
    }
    for drill in list() {
        ui::line(ui::paint(drill.name, Tone::Good));
        let where_it_runs = if drill.only_in_lab { "; in the lab only" } else { "" };
        ui::table(
            &["", ""],
            vec![
                vec![Cell("proves".to_owned(), Tone::Quiet), drill.proves.into()],
                vec![Cell("before and after".to_owned(), Tone::Quiet), drill.steady_state.into()],
                vec![Cell("breaks".to_owned(), Tone::Quiet), drill.fault.into()],
                vec![Cell("measures".to_owned(), Tone::Quiet), drill.probes.into()],
                vec![
                    Cell("passes".to_owned(), Tone::Quiet),
                    format!("with an RTO of at most {} s{where_it_runs}", drill.rto_limit_s).into(),
                ],
            ],
        );
    }
    Exit::Done
}

async fn run_drill(global: &Global, asked: &Asked<'_>) -> Result<Exit, CommandError> {
    let session = Session::open(global)?;
    let ground = ground(&session, global, asked)?;
    let course = asked.course;
    let limit = course.rto_limit.unwrap_or_else(|| drill_of(&asked.fault).rto_limit_s.into());
    let rto = Duration::try_from_secs_f64(limit).or_exit(Exit::Usage)?;
    let options = DrillOptions {
        without_api: asked.without_api,
        runs: course.runs,
        limits: Limits { rto, rpo: 0 },
        ..DrillOptions::of(asked.fault.clone())
    };
    may_begin(&session, &ground, &options).map_err(|error| drill_error(&error, global))?;
    let cancel = cancelled_by_ctrl_c()?;
    let tell = |progress: ennead_drill::Progress| {
        say_with_time(&format!("run {}/{}: {}", progress.run, progress.runs, progress.text));
    };
    // Nodes are asked for their copies of the audit log; what they are is not of interest yet.
    session.observe_cloud().await?;
    let audit = session.begin_audit(global, &format!("drill {}", asked.repeat()), None).await?;
    let report = rehearse(&session, &ground, &options, &tell, &cancel).await;
    let ended = audit.end(tally(report.as_ref().ok(), cancel.is_cancelled()), true).await;
    let report = report.map_err(|error| drill_error(&error, global))?;
    let folder = evidence::write(&course.evidence, &report).or_exit(Exit::Internal)?;
    let passed = report.verdict.passed;
    ended?;
    show(&report, folder.as_str(), course.json);
    Ok(if passed { Exit::Done } else { Exit::DrillFailed })
}

/// A drill's runs are its steps: each cuts the power of a node, which is a change.
fn tally(report: Option<&DrillReport>, cancelled: bool) -> Tally {
    let runs = report.map_or(0, |report| u64::try_from(report.runs.len()).unwrap_or(u64::MAX));
    let passed = report.is_some_and(|report| report.verdict.passed);
    let verdict = match (passed, cancelled) {
        (true, _) => Verdict::Done,
        (false, true) => Verdict::Cancelled,
        (false, false) => Verdict::Failed,
    };
    Tally { verdict, steps: runs, changed: runs, failed: u64::from(!passed), ..nothing_yet() }
}

fn ground(session: &Session, global: &Global, asked: &Asked<'_>) -> Result<Ground, CommandError> {
    let spec = session.spec();
    let password = session.vault().resolve(&Ref::new(RefKind::Secret, "postgres-app"));
    let postgres = &spec.options.postgres;
    Ok(Ground {
        fleet: spec.fleet.clone(),
        drills: spec.drills,
        spec_sha256: session.spec_sha256().to_owned(),
        versions: BTreeMap::from([
            ("ennead".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("postgresql".to_owned(), postgres.version.to_string()),
        ]),
        login: Login {
            server_name: format!("db.{}.internal", spec.platform),
            ca: "/etc/ennead/ca.pem".into(),
            user: "app".to_owned(),
            password: Password::new(password.or_exit(Exit::Usage)?),
            database: "app".to_owned(),
        },
        write_port: WRITE_PORT,
        read_port: READ_PORT,
        repeat: format!("ennead --spec {} drill {}", global.spec, asked.repeat()),
    })
}

fn drill_error(error: &DrillError, global: &Global) -> CommandError {
    let (exit, hint) = match error {
        DrillError::NotAllowed { .. } => (
            Exit::DrillFailed,
            format!("if it may be broken, say `drills = true` under [platform] in {}", global.spec),
        ),
        DrillError::NoNode { .. } => (Exit::Usage, "see `ennead status` for its nodes".to_owned()),
        DrillError::NoSite { .. } => (Exit::Usage, format!("{} names its sites", global.spec)),
        DrillError::OnlyInLab { .. } => {
            (Exit::Usage, "say `endpoint = \"lab\"` in a copy of the spec".to_owned())
        }
        DrillError::NoMajority { .. } | DrillError::OneSide => {
            (Exit::DrillFailed, "`ennead check --survive` shows what may be lost".to_owned())
        }
        DrillError::NoReplica { .. } => {
            (Exit::DrillFailed, "run postgres on more than one node".to_owned())
        }
        _ => (Exit::DrillFailed, "add a node that runs no part of the database".to_owned()),
    };
    CommandError::from_error(exit, error).hint(hint)
}

fn show(report: &DrillReport, folder: &str, json: bool) {
    let spread = |it: &ennead_drill::statistics::Spread| SpreadSeconds {
        min: seconds(it.min),
        p50: seconds(it.p50),
        p95: seconds(it.p95),
        max: seconds(it.max),
    };
    let summary = Summary {
        drill: report.drill.clone(),
        started: report.started.to_string(),
        without_api: report.without_api,
        runs_asked: report.runs_asked,
        passed: report.verdict.passed,
        reasons: report.verdict.reasons.clone(),
        runs: report.runs.len(),
        rto_s: report.rto_us.as_ref().map(spread),
        rejoin_s: report.rejoin_us.as_ref().map(spread),
        acknowledged: report.acknowledged,
        lost: report.lost,
        evidence: folder.to_owned(),
    };
    if json {
        ui::json(&summary);
        return;
    }
    let (word, tone) = if summary.passed { ("PASS", Tone::Good) } else { ("FAIL", Tone::Bad) };
    ui::line(format!("{} {}", ui::paint(word, tone), summary.drill));
    for reason in &summary.reasons {
        ui::line(format!("  {reason}"));
    }
    if let Some(rto) = &summary.rto_s {
        ui::line(format!(
            "  writes stopped for {:.2} s (p50), {:.2} s (p95), {:.2} s (longest) in {} runs",
            rto.p50, rto.p95, rto.max, summary.runs
        ));
    }
    ui::line(format!("  {} of {} acknowledged writes lost", summary.lost, summary.acknowledged));
    if let Some(rejoin) = &summary.rejoin_s {
        let since = if report.runs.iter().any(|run| run.mended_us().is_some()) {
            "it was mended"
        } else {
            "the fault"
        };
        ui::line(format!("  all was back {:.1} s after {since} (p50)", rejoin.p50));
    }
    ui::line(format!("  evidence: {folder}"));
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a drill are far below 2^52")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1_000_000.0
}
