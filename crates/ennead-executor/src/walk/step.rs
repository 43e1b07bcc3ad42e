//! One step: its gates, its action, its deadline.

use std::mem::replace;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ennead_host::clock::{DeadlineError, Stopwatch, pause_for, wait_until};
use ennead_model::{Gate, NodeReport, Outcome, Step, StepAction};
use futures::future::join_all;

use super::report::{StepReport, StepResult};
use super::run::Walk;

/// How an action ended.
enum Ended {
    Done { changed: usize, node_report: Option<NodeReport> },
    Failed { error: String, hint: String, node_report: Option<NodeReport> },
}

impl Ended {
    fn failed(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Failed { error: error.into(), hint: hint.into(), node_report: None }
    }
}

impl Walk<'_> {
    /// Carries out a step whose predecessors are done. The deadline counts from the moment when
    /// there is room for it, so that waiting in a queue is nobody's failure.
    pub(super) async fn carry_out(&self, step: &Step) -> StepReport {
        let slots = match step.action {
            StepAction::Cloud { .. } => &self.cloud_slots,
            StepAction::Reach { .. } | StepAction::Converge { .. } => &self.node_slots,
        };
        let slot = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return not_started(step, "it was cancelled"),
            slot = slots.acquire() => slot,
        };
        let watch = Stopwatch::start();
        let deadline = Duration::from_secs(step.deadline_s.into());
        let gates = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return not_started(step, "it was cancelled"),
            gates = self.wait_for_gates(step, deadline) => gates,
        };
        let ended = if let Err(error) = gates {
            gates_did_not_hold(step, &error)
        } else {
            self.journal.step_started(step);
            self.progress.started(step);
            self.act_in_time(step, deadline.saturating_sub(watch.elapsed())).await
        };
        drop(slot);
        report(step, ended, watch.elapsed())
    }

    async fn wait_for_gates(&self, step: &Step, deadline: Duration) -> Result<(), DeadlineError> {
        let told = Mutex::new(String::new());
        wait_until(deadline, self.limits.gate_pause, || {
            let seen = self.closed_gate(&step.gates);
            let told = &told;
            async move {
                let Some((why, seen)) = seen.await else { return Ok(()) };
                let before = replace(
                    &mut *told.lock().unwrap_or_else(PoisonError::into_inner),
                    seen.clone(),
                );
                if before != seen {
                    self.journal.step_waits(step, why, &seen);
                    self.progress.waiting(step, why, &seen);
                }
                Err(seen)
            }
        })
        .await
    }

    /// Tests all gates at the same time and returns the first that does not hold.
    async fn closed_gate<'a>(&self, gates: &'a [Gate]) -> Option<(&'a str, String)> {
        let tests = gates.iter().map(|gate| async move {
            let (holds, seen) = self.effects.test(&gate.node, &gate.condition).await;
            (gate, holds, seen)
        });
        let answers = join_all(tests).await;
        let closed = answers.into_iter().find(|(_, holds, _)| !holds);
        closed.map(|(gate, _, seen)| (gate.why.as_str(), format!("{}: {seen}", gate.node)))
    }

    /// Runs the action until it ends, its deadline passes, or it is cut off.
    async fn act_in_time(&self, step: &Step, left: Duration) -> Ended {
        let cut = async {
            self.cancel.cancelled().await;
            pause_for(self.limits.grace).await;
        };
        let ended = tokio::select! {
            ended = tokio::time::timeout(left, self.act(step)) => Some(ended),
            () = cut => None,
        };
        let (held_up, hint) = match ended {
            Some(Ok(ended)) => return ended,
            Some(Err(_)) => {
                let hint = "see what holds it up, then run the same command again";
                (format!(": not within {} s", step.deadline_s), hint)
            }
            None => (" was cut off by the operator".to_owned(), ""),
        };
        let seen = match step.node() {
            Some(node) => self.effects.last_seen(node).await,
            None => None,
        };
        let seen = seen.map(|seen| format!("; last seen: {seen}")).unwrap_or_default();
        let error = format!("{}{held_up}{seen}", step.summary());
        Ended::failed(error, hint)
    }

    async fn act(&self, step: &Step) -> Ended {
        let changed = match &step.action {
            StepAction::Cloud { action } => self.effects.cloud(action).await,
            StepAction::Reach { node } => self.effects.reach(node).await,
            StepAction::Converge { order } => {
                return match self.effects.converge(order).await {
                    Ok(report)
                        if report.node != order.node || report.component != order.component =>
                    {
                        let error = format!(
                            "{} answered for {} on {}",
                            order.node, report.component, report.node
                        );
                        Ended::failed(error, "")
                    }
                    Ok(report) => of_node(report),
                    Err(error) => Ended::failed(error.error, error.hint),
                };
            }
        };
        match changed {
            Ok(changed) => Ended::Done { changed: usize::from(changed), node_report: None },
            Err(error) => Ended::failed(error.error, error.hint),
        }
    }
}

fn of_node(report: NodeReport) -> Ended {
    let failed = report.failed().and_then(|action| match &action.outcome {
        Outcome::Failed { error, hint } => {
            Some((format!("{}: {error}", action.action), hint.clone()))
        }
        _ => None,
    });
    match failed {
        Some((error, hint)) => Ended::Failed { error, hint, node_report: Some(report) },
        None => Ended::Done { changed: report.changed(), node_report: Some(report) },
    }
}

fn gates_did_not_hold(step: &Step, error: &DeadlineError) -> Ended {
    let why = step.gates.first().map_or("its gates", |gate| gate.why.as_str());
    Ended::failed(
        format!("{why}: {error}"),
        "bring the instance that was last seen back to health, then run the same command again",
    )
}

fn report(step: &Step, ended: Ended, took: Duration) -> StepReport {
    let (result, node_report) = match ended {
        Ended::Done { changed, node_report } => (StepResult::Done { changed }, node_report),
        Ended::Failed { error, hint, node_report } => {
            (StepResult::Failed { error, hint }, node_report)
        }
    };
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    StepReport { id: step.id.clone(), result, took_ms, node_report }
}

/// Returns the report of a step that was not tried.
pub(super) fn not_started(step: &Step, because: impl Into<String>) -> StepReport {
    StepReport {
        id: step.id.clone(),
        result: StepResult::NotStarted { because: because.into() },
        took_ms: 0,
        node_report: None,
    }
}
