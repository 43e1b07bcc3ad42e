//! How a run ends, whatever happened: the power is given back, the platform is given time to be as
//! before, all rows are read back, and everything that was learnt becomes a report.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock::wait_until;
use ennead_model::NodeName;
use ennead_node::probe::IdRanges;
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::rehearsal::{Moment, Power, Rehearsal, summary};
use crate::checker::{Measured, check_history};
use crate::history::History;
use crate::mark::{Mark, MarkKind};
use crate::report::RunReport;
use crate::steady::{Steady, as_before, has_rejoined, primaries};
use crate::verdict::{Verdict, judge};
use crate::watch::read_back;

/// Time in which a power-off that the cloud did not confirm may still happen.
const DOUBT: Duration = Duration::from_secs(15);
/// Time in which the cloud must take the order to give power back. Long: a server that stays off is
/// the worst that a drill can leave behind.
const POWER_ON_DEADLINE: Duration = Duration::from_mins(5);
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
        let broken = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(RunError::Interrupted),
            broken = self.break_it() => broken,
        };
        note(&mut reasons, broken);
        let mut healthy = false;
        if self.power != Power::Untouched {
            let given_back = self.give_power_back().await;
            note(&mut reasons, given_back);
            let repaired = tokio::select! {
                biased;
                () = cancel.cancelled() => Err(RunError::Interrupted),
                repaired = self.wait_until_healthy() => repaired,
            };
            healthy = repaired.is_ok();
            note(&mut reasons, repaired);
        }
        let (history, marks) = self.stop_probe().await;
        let present = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(RunError::Interrupted),
            present = self.read_back() => present,
        };
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
        (self.report(history, marks, measured, verdict), versions, go_on)
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
            target: self.target,
            leaders_before: before.as_ref().map(|it| it.leaders.clone()).unwrap_or_default(),
            primary_before: before.map(|before| before.primary),
            primary_after: self.after,
            probe_node: self.probe_node,
            marks,
            measured,
            timelines: history.timelines.clone(),
            troubles: history.troubles.clone(),
            verdict,
            history,
        }
    }

    /// Gives the power back. Not to be interrupted.
    async fn give_power_back(&mut self) -> Result<(), RunError> {
        let Some(target) = self.target.clone() else { return Ok(()) };
        if self.power == Power::Doubtful {
            self.wait_for_doubtful_power_off(&target).await;
        }
        self.mark(MarkKind::PowerOnAsked, target.as_str());
        let platform = self.platform;
        let try_it = || async {
            platform.power_on(&target).await.map_err(|error| error.to_string())?;
            match platform.server_status(&target).await {
                Ok(status) if status == "running" || status == "starting" => Ok(()),
                Ok(status) => Err(format!("the server is {status}")),
                Err(error) => Err(error.to_string()),
            }
        };
        let given = wait_until(POWER_ON_DEADLINE, self.options.timing.pause, try_it).await;
        given.map_err(|late| RunError::Late {
            what: "THE SERVER IS STILL WITHOUT POWER: the cloud did not switch it on",
            seconds: late.seconds,
            last_seen: late.last_seen,
        })?;
        self.power = Power::GivenBack;
        self.mark(MarkKind::PowerOnConfirmed, target.as_str());
        Ok(())
    }

    /// A power-off that was asked for may happen after an order to switch on, and would undo it.
    async fn wait_for_doubtful_power_off(&self, target: &NodeName) {
        let look = || async {
            match self.platform.server_status(target).await {
                Ok(status) if status == "off" => Ok(()),
                Ok(status) => Err(status),
                Err(error) => Err(error.to_string()),
            }
        };
        if let Err(late) = wait_until(DOUBT, self.options.timing.pause, look).await {
            tracing::info!("{target} was not seen off: {}", late.last_seen);
        }
    }

    async fn wait_until_healthy(&mut self) -> Result<(), RunError> {
        let (Some(target), Some(before)) = (self.target.clone(), self.before.clone()) else {
            return Ok(());
        };
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
            let rejoined = has_rejoined(self.fleet(), &inventory, &target);
            rejoined.then_some(()).ok_or_else(|| self.seen_of(&target, &inventory))
        });
        rejoined.await.map_err(late("the server did not rejoin"))?;
        self.mark(MarkKind::Rejoined, target.as_str());
        let left = timing.healthy_deadline.saturating_sub(self.since(MarkKind::PowerOnAsked));
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

    fn since(&self, wanted: MarkKind) -> Duration {
        let now = self.clock.elapsed();
        let find = |(kind, moment, _): &(MarkKind, Moment, String)| match moment {
            Moment::Here(here) if *kind == wanted => Some(now.saturating_sub(*here)),
            _ => None,
        };
        self.moments.iter().find_map(find).unwrap_or_default()
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

    /// Reads all rows back; `None` when no probe was started.
    async fn read_back(&self) -> Result<Option<IdRanges>, RunError> {
        let (Some(config), Some(node)) = (&self.config, &self.probe_node) else { return Ok(None) };
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

/// Notes why something did not work, once.
fn note(reasons: &mut Vec<String>, result: Result<(), RunError>) {
    if let Err(error) = result {
        let reason = error.to_string();
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
}
