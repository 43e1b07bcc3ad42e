//! Starts each step as soon as it may start.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_model::{Plan, Step, StepId};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::effects::Effects;
use super::progress::Progress;
use super::report::{REPORT_FORMAT_VERSION, StepReport, StepResult, WalkReport};
use super::step::not_started;
use crate::journal::Journal;

/// How much is done at the same time, and how long things are given.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most cloud steps at a time. The cloud answers 3600 requests an hour; ten servers that are
    /// made at a time, polled with growing pauses, stay far below.
    pub cloud_steps: usize,
    /// Most node steps at a time: each holds an SSH process of a few MiB.
    pub node_steps: usize,
    /// First pause between two tests of gates; grows to eight times that.
    pub gate_pause: Duration,
    /// Time that running steps get to end after a cancellation before they are cut off.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cloud_steps: 10,
            node_steps: 32,
            gate_pause: Duration::from_millis(250),
            grace: Duration::from_secs(10),
        }
    }
}

/// A walk under way.
pub(super) struct Walk<'a> {
    pub(super) effects: &'a dyn Effects,
    pub(super) journal: &'a Journal,
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a CancellationToken,
    pub(super) limits: Limits,
    pub(super) cloud_slots: Semaphore,
    pub(super) node_slots: Semaphore,
}

/// Carries out a plan with the usual limits. Never fails as a whole: the report says what came of
/// each step. A plan in which anything is blocked is not begun.
pub async fn walk(
    plan: &Plan,
    effects: &dyn Effects,
    journal: &Journal,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> WalkReport {
    walk_within(plan, effects, journal, progress, cancel, Limits::default()).await
}

/// As [`walk`], with limits of one's own.
pub async fn walk_within(
    plan: &Plan,
    effects: &dyn Effects,
    journal: &Journal,
    progress: &dyn Progress,
    cancel: &CancellationToken,
    limits: Limits,
) -> WalkReport {
    let walk = Walk {
        effects,
        journal,
        progress,
        cancel,
        limits,
        cloud_slots: Semaphore::new(limits.cloud_steps.max(1)),
        node_slots: Semaphore::new(limits.node_steps.max(1)),
    };
    journal.walk_started(plan);
    let mut ended = BTreeMap::new();
    if plan.blocked.is_empty() {
        walk.run(plan, &mut ended).await;
    }
    for step in &plan.steps {
        if !ended.contains_key(&step.id) {
            let because = match (plan.blocked.is_empty(), cancel.is_cancelled()) {
                (false, _) => "the plan is blocked",
                (true, true) => "it was cancelled",
                (true, false) => "it stands before a step that it waits for",
            };
            walk.end(step, not_started(step, because), &mut ended);
        }
    }
    let report = WalkReport {
        format_version: REPORT_FORMAT_VERSION,
        steps: plan.steps.iter().filter_map(|step| ended.remove(&step.id)).collect(),
        cancelled: cancel.is_cancelled(),
        journal_lost: None,
    };
    journal.walk_ended(&report);
    WalkReport { journal_lost: journal.lost(), ..report }
}

/// What may be done with a step now.
enum Readiness {
    Ready,
    Waits,
    Never(String),
}

impl Walk<'_> {
    async fn run(&self, plan: &Plan, ended: &mut BTreeMap<StepId, StepReport>) {
        let mut waiting: Vec<&Step> = plan.steps.iter().collect();
        let mut running = FuturesUnordered::new();
        loop {
            let mut still = Vec::new();
            for step in waiting {
                match readiness(step, plan, ended) {
                    Readiness::Never(because) => self.end(step, not_started(step, because), ended),
                    Readiness::Ready if !self.cancel.is_cancelled() => {
                        running.push(async move { (step, self.carry_out(step).await) });
                    }
                    Readiness::Ready | Readiness::Waits => still.push(step),
                }
            }
            waiting = still;
            let Some((step, report)) = running.next().await else { break };
            self.end(step, report, ended);
        }
    }

    fn end(&self, step: &Step, report: StepReport, ended: &mut BTreeMap<StepId, StepReport>) {
        self.journal.step_ended(&report);
        self.progress.finished(step, &report);
        ended.insert(step.id.clone(), report);
    }
}

fn readiness(step: &Step, plan: &Plan, ended: &BTreeMap<StepId, StepReport>) -> Readiness {
    let mut ready = Readiness::Ready;
    for id in &step.after {
        match ended.get(id).map(|report| &report.result) {
            Some(StepResult::Done { .. }) => {}
            Some(StepResult::Failed { .. }) => return Readiness::Never(format!("{id} failed")),
            Some(StepResult::NotStarted { .. }) => {
                return Readiness::Never(format!("{id} was not started"));
            }
            None if plan.steps.iter().any(|other| other.id == *id) => ready = Readiness::Waits,
            None => return Readiness::Never(format!("{id} is no step of the plan")),
        }
    }
    ready
}
