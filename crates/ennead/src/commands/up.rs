//! `ennead up`: observe, plan, walk, until there is nothing left to do.

use std::time::Duration;

use ennead_audit::{Tally, Verdict};
use ennead_executor::walk::{StepResult, WalkReport};
use ennead_host::clock::{Stopwatch, wait_until};
use ennead_model::{Inventory, Plan, StepAction};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{plan, status};
use crate::cli::{Global, UpArgs};
use crate::error::CommandError;
use crate::exit_code::Exit;
use crate::session::{AuditRun, Session, add_walk, cancelled_by_ctrl_c, nothing_yet};
use crate::ui::{self, Tone};

/// Plans after which the platform must be as the spec says. The first brings servers and what runs
/// on them, the second what the first could not know of nodes that did not answer; more only follow
/// when the world changes meanwhile.
const ROUNDS_MAX: u32 = 5;

/// How long instances are looked at again before their ill health is believed: two observations at
/// their limit of ten seconds. Short beside the minutes that their orders would give them.
const DOUBT_MAX: Duration = Duration::from_secs(20);

/// Pause after the first such look; later ones are longer.
const DOUBT_PAUSE: Duration = Duration::from_millis(500);

/// What `--json` prints.
#[derive(Debug, Default, Serialize)]
struct Summary {
    platform: String,
    healthy: bool,
    /// Actions that changed something.
    changed: usize,
    /// Steps that were carried out.
    steps: usize,
    /// Plans that were walked.
    rounds: u32,
    /// Seconds from the first server's creation until the last new node answered over SSH.
    servers_ready_s: Option<f64>,
    took_s: f64,
}

/// Brings the platform to what the spec says.
pub(crate) async fn run(global: &Global, args: &UpArgs) -> Result<Exit, CommandError> {
    let watch = Stopwatch::start();
    let session = Session::open_to_change(global)?;
    let mut summary = Summary { platform: session.spec().platform.clone(), ..Summary::default() };
    let seen = look(&session, args).await?;
    if args.dry_run {
        return plan::show(&seen.1, args.json);
    }
    // Before the first word about what will be changed: looking may be cut short, changing may not.
    let cancel = cancelled_by_ctrl_c()?;
    if !seen.1.blocked.is_empty() {
        return plan::show(&seen.1, args.json);
    }
    let mut tally = nothing_yet();
    let inventory = if seen.1.steps.is_empty() {
        seen.0
    } else {
        let audit = session.begin_audit(global, "up", Some(&seen.1)).await?;
        let run = Rounds { session: &session, args, audit: &audit, cancel: &cancel };
        let answer = run.walk(seen, &mut summary, &mut tally).await;
        if answer.is_err() && tally.verdict == Verdict::Done {
            tally.verdict = Verdict::Failed;
        }
        let ended = audit.end(tally, true).await;
        let answer = answer?;
        ended?;
        match answer {
            Ok(inventory) => inventory,
            Err(blocked) => return Ok(blocked),
        }
    };
    session.confirm_rolled_out()?;
    Ok(finish(summary, &session, &inventory, watch, args.json))
}

/// What all rounds of a run have in common.
struct Rounds<'a> {
    session: &'a Session,
    args: &'a UpArgs,
    audit: &'a AuditRun<'a>,
    cancel: &'a CancellationToken,
}

impl Rounds<'_> {
    /// Walks plans until one has nothing to do; gives what was seen then, or how to exit when a later
    /// plan is blocked.
    async fn walk(
        &self,
        mut seen: (Inventory, Plan),
        summary: &mut Summary,
        tally: &mut Tally,
    ) -> Result<Result<Inventory, Exit>, CommandError> {
        let Self { session, args, .. } = self;
        loop {
            let (inventory, mut next) = seen;
            if !next.blocked.is_empty() {
                tally.verdict = Verdict::Failed;
                return Ok(Err(plan::show(&next, args.json)?));
            }
            if next.steps.is_empty() {
                return Ok(Ok(inventory));
            }
            if summary.rounds == ROUNDS_MAX {
                tally.verdict = Verdict::Failed;
                return Err(unsettled(&next));
            }
            if summary.rounds == 0 && !args.json {
                ui::say(format!("{} steps, generation {}.", next.steps.len(), next.generation));
            } else if summary.rounds > 0 {
                self.audit.go_on(&next).await?;
            }
            limit_reaching(&mut next, args.reach_timeout);
            let walked = session.walk(&next, self.cancel).await?;
            add_walk(tally, &walked.report);
            summary.rounds += 1;
            summary.changed += walked.report.changed();
            summary.steps += walked.report.steps.len();
            summary.servers_ready_s = summary.servers_ready_s.or(walked.servers_ready_s);
            if !walked.report.is_done() {
                return Err(failed(&walked.report));
            }
            seen = look(session, args).await?;
        }
    }
}

/// Sets how long nodes may take to answer.
fn limit_reaching(plan: &mut Plan, deadline_s: u32) {
    for step in &mut plan.steps {
        if matches!(step.action, StepAction::Reach { .. }) {
            step.deadline_s = deadline_s;
        }
    }
}

/// Observes and plans. When only the health of instances speaks for sending orders, it looks again
/// before it believes that: a busy machine answers late, and an order would change nothing.
async fn look(session: &Session, args: &UpArgs) -> Result<(Inventory, Plan), CommandError> {
    let believed = wait_until(DOUBT_MAX, DOUBT_PAUSE, || async {
        match look_once(session, args).await {
            Ok((inventory, next))
                if !args.dry_run
                    && session.is_only_doubt(&inventory, &args.allow_destroy, &next) =>
            {
                Err("instances that do not answer for their health".to_owned())
            }
            seen => Ok(seen),
        }
    });
    match believed.await {
        Ok(seen) => seen,
        // They had their time: what is seen now holds.
        Err(_) => look_once(session, args).await,
    }
}

async fn look_once(session: &Session, args: &UpArgs) -> Result<(Inventory, Plan), CommandError> {
    let inventory = session.observe().await?;
    let next = session.plan(&inventory, &args.allow_destroy);
    Ok((inventory, next))
}

fn finish(
    mut summary: Summary,
    session: &Session,
    inventory: &Inventory,
    watch: Stopwatch,
    json: bool,
) -> Exit {
    let status = status::status_of(session.spec(), session.endpoint(), inventory);
    summary.healthy = status.healthy();
    summary.took_s = watch.elapsed().as_secs_f64();
    if json {
        ui::json(&summary);
    } else {
        ui::say(format!(
            "{} is {}: {} changed in {} steps, {:.1} s.",
            summary.platform,
            ui::paint("healthy", Tone::Good),
            summary.changed,
            summary.steps,
            summary.took_s
        ));
    }
    Exit::Done
}

/// Makes one error of a walk that did not get through.
pub(crate) fn failed(report: &WalkReport) -> CommandError {
    let not_started = report.not_started().count();
    let mut failures = report.failed();
    let again = "run the same command again: it goes on from here";
    let Some(first) = failures.next() else {
        return CommandError::new(
            Exit::ApplyFailed,
            format!("stopped: {not_started} steps were not started"),
        )
        .hint(again);
    };
    let (error, hint) = match &first.result {
        StepResult::Failed { error, hint } => (error.clone(), hint.clone()),
        _ => (String::new(), String::new()),
    };
    let others = failures.count();
    let more = if others == 0 { String::new() } else { format!(" (and {others} more failed)") };
    CommandError::new(Exit::ApplyFailed, format!("{}: {error}{more}", first.id))
        .hint(hint)
        .hint(again)
}

fn unsettled(plan: &Plan) -> CommandError {
    let first = plan.steps.first().map(|step| format!("{}: {}", step.id, step.why));
    let message = format!(
        "after {ROUNDS_MAX} rounds {} steps are left: {}",
        plan.steps.len(),
        first.unwrap_or_default()
    );
    CommandError::new(Exit::ApplyFailed, message)
        .hint("see `ennead status`, then run the same command again")
}
