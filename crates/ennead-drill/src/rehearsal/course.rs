//! One run, from the steady state to the return of writes; the fault itself is in `breaking`.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock::{Stopwatch, now, wait_until};
use ennead_model::{Fleet, Inventory, NodeName};
use ennead_node::probe::{Endpoint, ProbeConfig};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{DrillError, Progress, RunError, Tell};
use crate::ground::{DrillOptions, Ground};
use crate::mark::MarkKind;
use crate::plan::{Move, Plan};
use crate::platform::Platform;
use crate::steady::{GUARD, Steady, primaries, steady};
use crate::watch::Watch;

/// A moment on one of the two clocks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Here(Duration),
    Probe(u64),
}

/// What is known of the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was touched.
    Untouched,
    /// It was asked for and has not been confirmed.
    Doubtful,
    /// It is in force.
    Broken,
    /// It was ended.
    Mended,
}

/// One run and everything that it has learnt so far.
pub(super) struct Rehearsal<'a> {
    pub(super) platform: &'a dyn Platform,
    pub(super) ground: &'a Ground,
    pub(super) options: &'a DrillOptions,
    pub(super) number: u32,
    pub(super) clock: Stopwatch,
    pub(super) started: Timestamp,
    pub(super) run: String,
    pub(super) before: Option<Steady>,
    pub(super) after: Option<NodeName>,
    pub(super) plan: Option<Plan>,
    pub(super) state: State,
    /// Ids of the lab's faults that are the fault itself.
    pub(super) orders: Vec<u64>,
    /// Id of the lab's fault that keeps servers from the API.
    pub(super) hidden_api: Option<u64>,
    /// When the fault was asked for, and when it was confirmed.
    pub(super) asked: Duration,
    pub(super) confirmed: Duration,
    pub(super) watch: Option<Watch>,
    pub(super) config: Option<ProbeConfig>,
    /// The client on the other side of a partition.
    pub(super) beyond: Option<(Watch, ProbeConfig)>,
    pub(super) moments: Vec<(MarkKind, Moment, String)>,
    pub(super) versions: BTreeMap<String, String>,
    tell: Tell<'a>,
}

impl<'a> Rehearsal<'a> {
    pub(super) fn new(
        platform: &'a dyn Platform,
        ground: &'a Ground,
        options: &'a DrillOptions,
        number: u32,
        tell: Tell<'a>,
    ) -> Self {
        let started = now();
        Self {
            platform,
            ground,
            options,
            number,
            clock: Stopwatch::start(),
            started,
            run: format!(
                "{}-{}-{number}",
                options.fault.name(),
                started.strftime("%Y%m%dt%H%M%Sz")
            ),
            before: None,
            after: None,
            plan: None,
            state: State::Untouched,
            orders: Vec::new(),
            hidden_api: None,
            asked: Duration::ZERO,
            confirmed: Duration::ZERO,
            watch: None,
            config: None,
            beyond: None,
            moments: Vec::new(),
            versions: BTreeMap::new(),
            tell,
        }
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
        &self.ground.fleet
    }

    pub(super) fn say(&self, text: impl Into<String>) {
        (self.tell)(Progress { run: self.number, runs: self.options.runs, text: text.into() });
    }

    /// Notes a moment and tells it.
    pub(super) fn mark(&mut self, kind: MarkKind, what: &str) {
        let here = Moment::Here(self.clock.elapsed());
        self.moments.push((kind, here, what.to_owned()));
        let gap = if what.is_empty() { "" } else { ": " };
        self.say(format!("{}{gap}{what}", kind.label()));
    }

    /// Goes from the steady state to the return of writes. Leaves it broken.
    pub(super) async fn break_it(&mut self, cancel: &CancellationToken) -> Result<(), RunError> {
        let plan = until(cancel, self.prepare()).await?;
        self.break_now(&plan, cancel).await?;
        until(cancel, self.find_writes(&plan)).await
    }

    async fn prepare(&mut self) -> Result<Plan, RunError> {
        if let Some(node) = self.fleet().running(GUARD).next() {
            self.say("the guard forgets how often it acted: drills are no reason to hold back");
            self.platform.forget_acts(&node.name).await?;
        }
        self.say("looking whether everything is healthy");
        let (mut steady, mut plan) = self.find_steady().await?;
        if let Some(Move { from, to }) = plan.first.take() {
            self.say(format!("moving the primary from {from} to {to} first"));
            self.platform.switch_over(&from, &to).await?;
            (steady, plan) = self.find_steady().await?;
            if let Some(Move { from, .. }) = &plan.first {
                let what = format!("break {}", plan.what);
                let why = format!("{from} is primary though it was moved to {to}");
                return Err(crate::platform::PlatformError { what, why }.into());
            }
        }
        self.before = Some(steady);
        self.plan = Some(plan.clone());
        self.start_probe(&plan).await?;
        Ok(plan)
    }

    /// Waits for the steady state and plans the run.
    async fn find_steady(&mut self) -> Result<(Steady, Plan), RunError> {
        let timing = self.options.timing;
        let look = || async {
            let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
            let steady = steady(self.fleet(), &inventory).map_err(|wrong| summary(&wrong))?;
            match self.options.fault.plan(&steady, self.fleet()) {
                // A replica becomes synchronous when it has caught up.
                Err(error @ DrillError::NoReplica { .. }) => Err(error.to_string()),
                plan => Ok((steady, inventory, plan)),
            }
        };
        let (steady, inventory, plan) = wait_until(timing.steady_deadline, timing.pause, look)
            .await
            .map_err(|late| RunError::Late {
                what: "the platform was not in its steady state",
                seconds: late.seconds,
                last_seen: late.last_seen,
            })?;
        self.versions = versions(self.fleet(), &inventory);
        Ok((steady, plan?))
    }

    async fn start_probe(&mut self, plan: &Plan) -> Result<(), RunError> {
        let timing = self.options.timing;
        if let Some(node) = &plan.beyond {
            let opened = self.open_probe(node, &format!("beyond-{}", self.run)).await?;
            let (watch, _) = self.beyond.insert(opened);
            watch.wait_until_steady(timing.steady_for, timing.steady_deadline).await?;
        }
        let (watch, config) = self.open_probe(&plan.probe, &self.run).await?;
        let watch = self.watch.insert(watch);
        self.config = Some(config);
        watch.wait_until_steady(timing.steady_for, timing.steady_deadline).await?;
        self.mark(MarkKind::Steady, "");
        Ok(())
    }

    async fn open_probe(
        &self,
        node: &NodeName,
        run: &str,
    ) -> Result<(Watch, ProbeConfig), RunError> {
        let endpoints = |port: u16| {
            let balancers = self.fleet().running("haproxy");
            let endpoint = |balancer: &ennead_model::Node| Endpoint {
                node: balancer.name.to_string(),
                address: (balancer.address, port).into(),
            };
            balancers.map(endpoint).collect::<Vec<_>>()
        };
        let write = endpoints(self.ground.write_port);
        let read = endpoints(self.ground.read_port);
        let config = ProbeConfig::load(run, write, read, self.ground.login.clone());
        self.say(format!("starting the probe on {node}"));
        let pipe = self.platform.open_probe(node).await?;
        Ok((Watch::start(pipe, &config, self.clock).await?, config))
    }

    async fn find_writes(&mut self, plan: &Plan) -> Result<(), RunError> {
        let timing = self.options.timing;
        let watch = self.watch.as_ref().ok_or(RunError::Nothing("probe"))?;
        let (asked_us, confirmed_us) =
            (watch.moment_us(self.asked), watch.moment_us(self.confirmed));
        let written_us = watch.wait_until_written(confirmed_us, timing.writes_deadline).await?;
        // Writes may have come back before the confirmation did.
        let again_us = watch.end_of_gap(asked_us, written_us);
        self.moments.push((MarkKind::WritesAgain, Moment::Probe(again_us), String::new()));
        self.say(format!(
            "writes again {} after the fault was asked",
            crate::verdict::seconds(again_us.saturating_sub(asked_us))
        ));
        let go_on_us = again_us + u64::try_from(timing.keep_writing.as_micros()).unwrap_or(0);
        let keep_writing =
            watch.wait_until_written(go_on_us, timing.keep_writing * 2 + timing.writes_deadline);
        let (kept, primary) = tokio::join!(keep_writing, self.find_primary(plan));
        let (primary, seen) = primary?;
        if plan.takeover {
            self.moments.push((MarkKind::NewPrimary, Moment::Here(seen), primary.to_string()));
        }
        self.after = Some(primary);
        kept?;
        Ok(())
    }

    /// Waits until exactly one node outside the fault is primary.
    async fn find_primary(&self, plan: &Plan) -> Result<(NodeName, Duration), RunError> {
        let timing = self.options.timing;
        let look = || async {
            let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
            let found = primaries(self.fleet(), &inventory);
            match found.as_slice() {
                [one] if !plan.takeover || !plan.touched.contains(one) => {
                    Ok((one.clone(), self.clock.elapsed()))
                }
                found => Err(format!("primary: {found:?}")),
            }
        };
        let found = wait_until(timing.writes_deadline, timing.pause, look).await;
        let (primary, seen) = found.map_err(|late| RunError::Late {
            what: "no new primary was seen",
            seconds: late.seconds,
            last_seen: late.last_seen,
        })?;
        self.say(format!("{primary} is primary"));
        Ok((primary, seen))
    }
}

/// Does something that may be dropped at any moment, until the operator interrupts.
pub(super) async fn until<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(RunError::Interrupted),
        done = work => done,
    }
}

/// Returns the first few of many lines as one.
pub(super) fn summary(wrong: &[String]) -> String {
    let shown: Vec<&str> = wrong.iter().take(4).map(String::as_str).collect();
    match wrong.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns the versions that the nodes tell; several of one program are joined.
fn versions(fleet: &Fleet, inventory: &Inventory) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    let mut tell = |program: &str, version: &str| {
        found.entry(program.to_owned()).or_default().insert(version.to_owned());
    };
    for node in fleet.nodes.values() {
        let Some(facts) = inventory.nodes.get(&node.name).and_then(|facts| facts.known()) else {
            continue;
        };
        tell("ennead on the nodes", &facts.ennead);
        tell("operating system", &facts.os);
        for (component, seen) in &facts.components {
            if let Some(version) = seen.facts.get("version") {
                tell(component.as_str(), version);
            }
        }
    }
    let joined = |versions: std::collections::BTreeSet<String>| {
        versions.into_iter().collect::<Vec<_>>().join(", ")
    };
    found.into_iter().map(|(program, versions)| (program, joined(versions))).collect()
}
