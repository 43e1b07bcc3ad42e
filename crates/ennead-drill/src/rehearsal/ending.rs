//! How a run ends, whatever happened: it is mended, the platform is given time to be as before, all
//! rows are read back, and everything that was learnt becomes a report.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_model::NodeName;
use ennead_node::probe::{IdRanges, ProbeConfig};
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::course::{Moment, Rehearsal, State, summary, until};
use crate::checker::{Measured, check_history};
use crate::ground::Limits;
use crate::history::History;
use crate::mark::{Mark, MarkKind};
use crate::plan::joined;
use crate::report::RunReport;
use crate::steady::{Steady, as_before, has_rejoined, primaries};
use crate::verdict::{Verdict, judge};
use crate::watch::read_back;

/// Time for the rows to be read back, with new connections when one fails.
const READ_BACK_DEADLINE: Duration = Duration::from_mins(3);

impl Rehearsal<'_> {
    /// Runs everything. Returns the report, the versions that were seen, and whether another run
    /// makes sense.
    pub(super) async fn run(
        mut self,
        cancel: &CancellationToken,
    ) -> (RunReport, BTreeMap<String, String>, bool) {
        let mut reasons = Vec::new();
        let broken = self.break_it(cancel).await;
        note(&mut reasons, broken);
        for failed in self.mend().await {
            note(&mut reasons, Err(failed));
        }
        let mut healthy = false;
        if self.state != State::Untouched {
            let repaired = until(cancel, self.wait_until_healthy()).await;
            healthy = repaired.is_ok();
            note(&mut reasons, repaired);
        }
        let (history, marks) = self.stop_probe().await;
        let beyond = until(cancel, self.end_beyond()).await.unwrap_or_else(|error| {
            note(&mut reasons, Err(error));
            None
        });
        reasons.extend(beyond.iter().flat_map(judge_beyond));
        let present = until(cancel, self.read_back(self.config.as_ref())).await;
        let present = present.unwrap_or_else(|error| {
            note(&mut reasons, Err(error));
            None
        });
        let measured = present.map(|present| check_history(&history, &present));
        match &measured {
            Some(measured) => reasons.extend(judge(measured, &self.options.limits)),
            None if reasons.is_empty() => reasons.push("nothing was measured".to_owned()),
            None => {}
        }
        let verdict = Verdict::of(reasons);
        self.say(format!("run ended: {}", verdict.word()));
        let go_on = healthy && !cancel.is_cancelled();
        let versions = std::mem::take(&mut self.versions);
        let report = self.report(history, marks, measured, verdict);
        (RunReport { beyond, ..report }, versions, go_on)
    }

    fn report(
        self,
        history: History,
        marks: Vec<Mark>,
        measured: Option<Measured>,
        verdict: Verdict,
    ) -> RunReport {
        let before = self.before;
        RunReport {
            number: self.number,
            run: self.run,
            started: self.started,
            fault: self.plan.as_ref().map(|plan| plan.what.clone()).unwrap_or_default(),
            target: self.plan.as_ref().and_then(|plan| plan.touched.first().cloned()),
            leaders_before: before.as_ref().map(|it| it.leaders.clone()).unwrap_or_default(),
            primary_before: before.map(|before| before.primary),
            primary_after: self.after,
            probe_node: self.plan.as_ref().map(|plan| plan.probe.clone()),
            touched: self.plan.map(|plan| plan.touched).unwrap_or_default(),
            marks,
            measured,
            beyond: None,
            timelines: history.timelines.clone(),
            troubles: history.troubles.clone(),
            verdict,
            history,
        }
    }

    async fn wait_until_healthy(&mut self) -> Result<(), RunError> {
        let (Some(plan), Some(before)) = (self.plan.clone(), self.before.clone()) else {
            return Ok(());
        };
        let began = self.clock.elapsed();
        let timing = self.options.timing;
        let late = |what| {
            move |late: ennead_host::clock::DeadlineError| RunError::Late {
                what,
                seconds: late.seconds,
                last_seen: late.last_seen,
            }
        };
        let rejoined = wait_until(timing.healthy_deadline, timing.pause, || async {
            let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
            let away = |node: &&NodeName| !has_rejoined(self.fleet(), &inventory, node);
            match plan.touched.iter().find(away) {
                Some(node) => Err(self.seen_of(node, &inventory)),
                None => Ok(()),
            }
        });
        rejoined.await.map_err(late("the server did not rejoin"))?;
        self.mark(MarkKind::Rejoined, &joined(&plan.touched));
        let spent = self.clock.elapsed().saturating_sub(began);
        let left = timing.healthy_deadline.saturating_sub(spent);
        let healthy = wait_until(left, timing.pause, || self.look_for_health(&before));
        let now =
            healthy.await.map_err(late("the platform did not become as healthy as before"))?;
        self.after = Some(now.primary);
        self.mark(MarkKind::Healthy, "");
        Ok(())
    }

    async fn look_for_health(&self, before: &Steady) -> Result<Steady, String> {
        let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
        as_before(before, self.fleet(), &inventory).map_err(|wrong| summary(&wrong))
    }

    fn seen_of(&self, target: &NodeName, inventory: &ennead_model::Inventory) -> String {
        let role = inventory.observation(target.as_str(), "postgres").map(|seen| {
            let role = seen.role.as_deref().unwrap_or("of unknown role");
            let streaming = seen.facts.get("streaming").map_or("unknown", String::as_str);
            format!("{target} is {role}, streaming: {streaming}")
        });
        role.unwrap_or_else(|| format!("{target}: nothing known yet"))
            + &format!(", primary: {:?}", primaries(self.fleet(), inventory))
    }

    /// Stops the probe and moves all moments to its clock.
    async fn stop_probe(&mut self) -> (History, Vec<Mark>) {
        let watch = self.watch.take();
        if watch.is_some() {
            self.mark(MarkKind::Stopped, "");
        }
        let moved = |(kind, moment, what): &(MarkKind, Moment, String)| Mark {
            at_us: match (moment, &watch) {
                (Moment::Probe(at_us), _) => *at_us,
                (Moment::Here(here), Some(watch)) => watch.moment_us(*here),
                (Moment::Here(here), None) => u64::try_from(here.as_micros()).unwrap_or(0),
            },
            kind: *kind,
            what: what.clone(),
        };
        let mut marks: Vec<Mark> = self.moments.iter().map(moved).collect();
        marks.sort_by_key(|mark| mark.at_us);
        let history = match watch {
            Some(watch) => watch.stop().await,
            None => History::default(),
        };
        (history, marks)
    }

    /// Stops the client on the other side and reads back what it was promised.
    async fn end_beyond(&mut self) -> Result<Option<Measured>, RunError> {
        let Some((watch, config)) = self.beyond.take() else { return Ok(None) };
        let history = watch.stop().await;
        let present = self.read_back(Some(&config)).await?;
        Ok(present.map(|present| check_history(&history, &present)))
    }

    /// Reads all rows of a probe back; `None` when it was not started.
    async fn read_back(&self, config: Option<&ProbeConfig>) -> Result<Option<IdRanges>, RunError> {
        let (Some(config), Some(plan)) = (config, &self.plan) else { return Ok(None) };
        let node = &plan.probe;
        self.say("reading every acknowledged write back");
        let config = config.for_reading_back();
        let present = wait_until(READ_BACK_DEADLINE, self.options.timing.pause, || async {
            let pipe = self.platform.open_probe(node).await.map_err(|error| error.to_string())?;
            read_back(pipe, &config).await.map_err(|error| error.to_string())
        });
        present.await.map(Some).map_err(|late| RunError::Late {
            what: "the rows could not be read back",
            seconds: late.seconds,
            last_seen: late.last_seen,
        })
    }
}

/// Returns what the client on the other side was promised in vain. How long it was not served is
/// no matter: it was cut off.
fn judge_beyond(measured: &Measured) -> Vec<String> {
    let limits = Limits { rto: Duration::MAX, rpo: 0 };
    let mut reasons = judge(measured, &limits);
    for reason in &mut reasons {
        reason.insert_str(0, "on the other side: ");
    }
    reasons
}

/// Notes why something did not work, once.
fn note(reasons: &mut Vec<String>, result: Result<(), RunError>) {
    if let Err(error) = result {
        let reason = error.to_string();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
}
