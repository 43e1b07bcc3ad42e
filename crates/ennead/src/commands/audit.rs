//! `ennead audit`: who changed what, and whether that record is whole.

use ennead_audit::{
    AuditLog, Ending, Event, Problem, Record, Relation, Run, Verdict, Wrong, keepers, relation,
    runs,
};
use ennead_executor::audit::fetch;
use ennead_host::environment;
use ennead_model::{Finding, NodeName, Severity};

use crate::cli::Global;
use crate::cli_audit::{AuditCommand, AuditShowArgs, AuditVerifyArgs};
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;
use crate::session::{Session, check_spec};
use crate::ui::{self, Cell, Tone};
use crate::{commands, paths};

/// Digits of a digest that people see.
const DIGEST_DIGITS: usize = 12;

/// Shows or verifies the log of the spec's platform.
pub(crate) async fn run(global: &Global, command: &AuditCommand) -> Result<Exit, CommandError> {
    match command {
        AuditCommand::Show(args) => show(global, args),
        AuditCommand::Verify(args) => verify(global, args).await,
    }
}

fn log_of(global: &Global) -> Result<(AuditLog, String), CommandError> {
    let checked = check_spec(&global.spec)?;
    let spec = checked.spec().ok_or_else(|| {
        CommandError::new(Exit::Findings, format!("{} cannot be read", global.spec))
            .hint(format!("see `ennead --spec {} check`", global.spec))
    })?;
    Ok((AuditLog::new(paths::audit_log(global, spec)), spec.platform.clone()))
}

fn show(global: &Global, args: &AuditShowArgs) -> Result<Exit, CommandError> {
    let (log, platform) = log_of(global)?;
    let (records, problems) = log.examine().or_exit(Exit::Usage)?;
    let mut runs = runs(&records);
    let shown = usize::try_from(args.n).unwrap_or(usize::MAX);
    let left_out = runs.len().saturating_sub(shown);
    runs.drain(..left_out);
    if args.json {
        ui::json(&runs);
    } else if runs.is_empty() {
        ui::say(format!("{platform} was not changed from here yet."));
    } else {
        table(&runs);
        if left_out > 0 {
            ui::say(format!("{left_out} earlier; show more with -n."));
        }
    }
    if let Some(problem) = problems.first() {
        ui::say(format!(
            "{}: {}: {problem}; see `ennead audit verify`",
            ui::paint("warning", Tone::Warn),
            log.path()
        ));
    }
    Ok(Exit::Done)
}

fn table(runs: &[Run]) {
    let rows = runs.iter().map(|run| {
        let (result, tone, counts) = match &run.ending {
            Ending::Unknown => ("no end".to_owned(), Tone::Warn, "-".to_owned()),
            Ending::Ended { tally, .. } => {
                let tone = if tally.verdict == Verdict::Done { Tone::Good } else { Tone::Bad };
                let counts = format!("{}/{}/{}", tally.steps, tally.changed, tally.failed);
                (tally.verdict.to_string(), tone, counts)
            }
        };
        let short = |text: &str| text.chars().take(DIGEST_DIGITS).collect::<String>();
        let fork = if run.forked { " (fork)" } else { "" };
        vec![
            format!("{}{fork}", run.sequence).into(),
            run.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into(),
            run.who.name.clone().into(),
            run.command.clone().into(),
            Cell(result, tone),
            counts.into(),
            Cell(short(&run.spec_sha256.0), Tone::Quiet),
            Cell(
                run.plans.last().map_or_else(|| "-".to_owned(), |plan| short(&plan.0)),
                Tone::Quiet,
            ),
        ]
    });
    let header = ["#", "BEGAN", "WHO", "COMMAND", "RESULT", "STEPS/CHANGED/FAILED", "SPEC", "PLAN"];
    ui::table(&header, rows.collect());
}

async fn verify(global: &Global, args: &AuditVerifyArgs) -> Result<Exit, CommandError> {
    let (log, _) = log_of(global)?;
    let (records, problems) = log.examine().or_exit(Exit::Usage)?;
    let mut findings: Vec<Finding> =
        problems.iter().map(|problem| problem_finding(&log, problem)).collect();
    if args.nodes {
        findings.extend(compare_nodes(global, &records).await?);
    }
    if args.json {
        ui::json(&findings);
    } else {
        commands::check::print(&findings, Severity::Note);
        let runs = runs(&records);
        let open = runs.iter().filter(|run| run.ending == Ending::Unknown).count();
        ui::say(format!(
            "{}: {} records, {} runs, {open} without an end, {} findings.",
            log.path(),
            records.len(),
            runs.len(),
            findings.len()
        ));
    }
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if wrong { Exit::Findings } else { Exit::Done })
}

fn problem_finding(log: &AuditLog, problem: &Problem) -> Finding {
    let place = format!("{}:{}", log.path(), problem.line);
    if problem.wrong == Wrong::Torn {
        let message = "the line is not whole: a run was ended while it wrote it";
        return Finding::warning("audit-torn", place, message)
            .hint("the next run puts it aside; nothing was changed by the run that wrote it");
    }
    Finding::error("audit-altered", place, problem.wrong.to_string())
        .hint("compare with the copies: `ennead audit verify --nodes`")
}

/// Compares this machine's log with every copy that can be reached.
async fn compare_nodes(global: &Global, local: &[Record]) -> Result<Vec<Finding>, CommandError> {
    let session = Session::open(global)?;
    session.observe_cloud().await?;
    let keepers = keepers(&session.spec().fleet);
    let nodes = session.pool().names();
    let platform = &session.spec().platform;
    let mut findings = Vec::new();
    for fetched in fetch(session.pool(), &nodes, local, platform).await {
        match fetched {
            Ok(copy) => findings.extend(copy_finding(&copy.node, &keepers, local, &copy.records)),
            Err((node, why)) if why.is_damage() => findings.push(
                Finding::error("audit-copy-altered", node.as_str(), why.text())
                    .hint("its copy is /var/lib/ennead/audit.log; move it away to get a new one"),
            ),
            Err((node, why)) if keepers.contains(&node) => {
                let message = format!("its copy cannot be read: {}", why.text());
                findings.push(Finding::warning("audit-copy-silent", node.as_str(), message));
            }
            Err(_) => {}
        }
    }
    for keeper in keepers.iter().filter(|keeper| !nodes.contains(keeper)) {
        let message = "it shall keep a copy and has no server";
        findings.push(Finding::warning("audit-copy-silent", keeper.as_str(), message));
    }
    Ok(findings)
}

fn copy_finding(
    node: &NodeName,
    keepers: &[NodeName],
    local: &[Record],
    copy: &[Record],
) -> Option<Finding> {
    let place = node.as_str();
    match relation(local, copy) {
        Relation::Behind(lacks) if keepers.contains(node) => Some(
            Finding::note(
                "audit-copy-behind",
                place,
                format!("its copy lacks the last {lacks} record(s)"),
            )
            .hint("the next run sends them"),
        ),
        // A node that kept a copy before, or never did.
        Relation::Same | Relation::Behind(_) => None,
        Relation::Ahead(more) => {
            let me = environment::person();
            let new = copy.get(local.len()..).unwrap_or_default();
            let own = new.iter().find(|record| record.who.name == me && !is_joined(record));
            Some(match own {
                Some(record) => Finding::error(
                    "audit-cut",
                    place,
                    format!(
                        "its copy has {more} record(s) more, and record {} was written from here: \
                         the end of this machine's log was cut off",
                        record.sequence
                    ),
                ),
                None => Finding::note(
                    "audit-behind",
                    place,
                    format!("its copy has {more} record(s) more, of other operators"),
                )
                .hint("the next run takes them over"),
            })
        }
        Relation::Forked { common } => Some(
            Finding::error(
                "audit-fork",
                place,
                format!("its copy and this machine's log differ after record {common}"),
            )
            .hint("two operators did not see each other; the next run joins both"),
        ),
    }
}

fn is_joined(record: &Record) -> bool {
    matches!(record.event, Event::Joined { .. })
}
