//! What a walk promises, over small plans.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use camino::Utf8PathBuf;
use ennead_host::clock::pause_for;
use ennead_model::plan::PLAN_FORMAT_VERSION;
use ennead_model::{
    Blocked, CloudAction, Condition, Gate, NodeName, NodeOrder, NodeReport, Plan, Risk, Step,
    StepAction, StepId,
};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::journal::Journal;

/// A world in which each server's power-on takes a while, and some fail.
#[derive(Default)]
struct World {
    takes: BTreeMap<&'static str, Duration>,
    failing: Vec<&'static str>,
    open_after: usize,
    tests: Mutex<usize>,
    at_once: Mutex<(usize, usize)>,
    cancel: Option<(&'static str, CancellationToken)>,
}

#[async_trait]
impl Effects for World {
    async fn cloud(&self, action: &CloudAction) -> Result<bool, EffectError> {
        let CloudAction::PowerOn { server } = action else { return Ok(false) };
        if let Some((name, cancel)) = &self.cancel
            && name == server
        {
            cancel.cancel();
        }
        {
            let mut counts = self.at_once.lock().unwrap();
            counts.0 += 1;
            counts.1 = counts.1.max(counts.0);
        }
        let time = self.takes.get(server.as_str()).copied().unwrap_or(Duration::from_millis(2));
        pause_for(time).await;
        self.at_once.lock().unwrap().0 -= 1;
        if self.failing.contains(&server.as_str()) {
            return Err(EffectError::new("no power").hint("buy some"));
        }
        Ok(true)
    }

    async fn reach(&self, _node: &NodeName) -> Result<bool, EffectError> {
        std::future::pending().await
    }

    async fn converge(&self, _order: &NodeOrder) -> Result<NodeReport, EffectError> {
        Err(EffectError::new("not here"))
    }

    async fn test(&self, _node: &NodeName, _condition: &Condition) -> (bool, String) {
        let mut tests = self.tests.lock().unwrap();
        *tests += 1;
        (*tests > self.open_after, format!("test {tests}"))
    }

    async fn last_seen(&self, _node: &NodeName) -> Option<String> {
        Some("connection refused".to_owned())
    }
}

fn step(name: &str, after: &[&str]) -> Step {
    Step {
        id: StepId(name.to_owned()),
        action: StepAction::Cloud { action: CloudAction::PowerOn { server: name.to_owned() } },
        after: after.iter().map(|id| StepId((*id).to_owned())).collect(),
        gates: Vec::new(),
        risk: Risk::None,
        deadline_s: 20,
        why: "a test".to_owned(),
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    let platform = "p".to_owned();
    let format_version = PLAN_FORMAT_VERSION;
    Plan { format_version, platform, generation: 1, steps, blocked: Vec::new() }
}

const LIMITS: Limits = Limits {
    cloud_steps: 3,
    node_steps: 3,
    gate_pause: Duration::from_millis(1),
    grace: Duration::from_millis(20),
};

async fn walk_it(world: &World, plan: &Plan, journal: &Journal) -> Vec<String> {
    let cancel = world.cancel.as_ref().map(|(_, token)| token.clone()).unwrap_or_default();
    let report = walk_within(plan, world, journal, &NoProgress, &cancel, LIMITS).await;
    let tell = |step: &StepReport| match &step.result {
        StepResult::Done { .. } => format!("{} done", step.id),
        StepResult::Failed { error, .. } => format!("{} failed: {error}", step.id),
        StepResult::NotStarted { because } => format!("{} not started: {because}", step.id),
    };
    report.steps.iter().map(tell).collect()
}

#[tokio::test]
async fn a_failure_stops_only_what_waits_for_it() {
    let world = World { failing: vec!["a"], ..World::default() };
    let steps = vec![step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &[])];
    let told = walk_it(&world, &plan(steps), &Journal::none()).await;
    let expected =
        ["a failed: no power", "b not started: a failed", "c not started: b was not started"];
    assert_eq!(told[..3], expected);
    assert_eq!(told[3], "d done");
}

#[tokio::test]
async fn no_more_than_the_limit_runs_at_a_time() {
    let world = World::default();
    let names: Vec<String> = (0..12).map(|number| format!("s{number}")).collect();
    let steps = names.iter().map(|name| step(name, &[])).collect();
    let told = walk_it(&world, &plan(steps), &Journal::none()).await;
    assert!(told.iter().all(|line| line.ends_with("done")), "{told:?}");
    assert_eq!(world.at_once.lock().unwrap().1, LIMITS.cloud_steps);
}

#[tokio::test]
async fn a_blocked_plan_is_not_begun() {
    let mut plan = plan(vec![step("a", &[])]);
    let text = || "x".to_owned();
    plan.blocked.push(Blocked { what: text(), why: text(), hint: text() });
    let world = World::default();
    let told = walk_it(&world, &plan, &Journal::none()).await;
    assert_eq!(told, ["a not started: the plan is blocked"]);
    assert_eq!(world.at_once.lock().unwrap().1, 0);
}

#[tokio::test]
async fn cancelling_lets_short_steps_end_and_cuts_long_ones() {
    let takes = [("long", Duration::from_secs(30))].into();
    let cancel = Some(("short", CancellationToken::new()));
    let world = World { takes, cancel, ..World::default() };
    let steps = vec![step("long", &[]), step("short", &[]), step("later", &["short"])];
    let told = walk_it(&world, &plan(steps), &Journal::none()).await;
    assert_eq!(
        told,
        [
            "long failed: power on long was cut off by the operator",
            "short done",
            "later not started: it was cancelled",
        ]
    );
}

fn gated(name: &str) -> Step {
    let gate = Gate {
        node: NodeName::new("n1").unwrap(),
        condition: Condition::UnitActive { unit: "etcd.service".to_owned() },
        why: "the others work".to_owned(),
    };
    Step { gates: vec![gate], deadline_s: 1, ..step(name, &[]) }
}

#[tokio::test]
async fn a_step_waits_for_its_gates_and_says_what_it_saw() {
    let plan = plan(vec![gated("a")]);
    let world = World { open_after: 3, ..World::default() };
    assert_eq!(walk_it(&world, &plan, &Journal::none()).await, ["a done"]);
    assert_eq!(*world.tests.lock().unwrap(), 4);
    let world = World { open_after: usize::MAX, ..World::default() };
    let told = walk_it(&world, &plan, &Journal::none()).await.join("");
    assert!(told.starts_with("a failed: the others work: not within 1 s; last seen: n1: test "));
    assert_eq!(world.at_once.lock().unwrap().1, 0);
}

#[tokio::test]
async fn a_deadline_tells_what_was_last_seen() {
    let action = StepAction::Reach { node: NodeName::new("n1").unwrap() };
    let plan = plan(vec![Step { action, deadline_s: 0, ..step("node/n1/reach", &[]) }]);
    let told = walk_it(&World::default(), &plan, &Journal::none()).await;
    let expected =
        "node/n1/reach failed: reach n1 over SSH: not within 0 s; last seen: connection refused";
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn the_journal_tells_the_run_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Utf8PathBuf::from_path_buf(folder.path().join("runs/1")).unwrap();
    let journal = Journal::create(&folder).unwrap();
    let world = World { failing: vec!["a"], open_after: 1, ..World::default() };
    walk_it(&world, &plan(vec![step("a", &[]), step("b", &["a"]), gated("c")]), &journal).await;
    let text = ennead_host::files::read_text(journal.path().unwrap()).unwrap().unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events.first(), Some(&"walk_started"));
    assert_eq!(events.last(), Some(&"walk_ended"));
    for (event, count) in [("step_started", 2), ("step_waits", 1), ("step_ended", 3)] {
        assert_eq!(events.iter().filter(|found| **found == event).count(), count, "{event}");
    }
    assert!(lines.iter().all(|line| line["at"].is_string()));
    assert_eq!(journal.lost(), None);
}
