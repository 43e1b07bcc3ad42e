//! One run, from the steady state to the fault and the return of writes.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_host::clock::{Stopwatch, now, wait_until};
use ennead_model::{Fleet, Inventory, NodeName};
use ennead_node::probe::{Endpoint, ProbeConfig};
use jiff::Timestamp;
use tokio::time::timeout;

use super::{Progress, RunError, Tell};
use crate::ground::{Ground, PowerLoss};
use crate::mark::MarkKind;
use crate::platform::Platform;
use crate::steady::{Steady, primaries, probe_node, steady, target};
use crate::watch::Watch;

/// A moment on one of the two clocks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    Here(Duration),
    Probe(u64),
}

/// What is known of the target's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Power {
    /// Nobody has touched it.
    Untouched,
    /// The cloud was asked to cut it and has not said that it did.
    Doubtful,
    /// The cloud said that it is off.
    Off,
    /// It was given back.
    GivenBack,
}

/// One run and everything that it has learnt so far.
pub(super) struct Rehearsal<'a> {
    pub(super) platform: &'a dyn Platform,
    pub(super) ground: &'a Ground,
    pub(super) options: &'a PowerLoss,
    pub(super) number: u32,
    pub(super) clock: Stopwatch,
    pub(super) started: Timestamp,
    pub(super) run: String,
    pub(super) before: Option<Steady>,
    pub(super) after: Option<NodeName>,
    pub(super) target: Option<NodeName>,
    pub(super) probe_node: Option<NodeName>,
    pub(super) power: Power,
    pub(super) watch: Option<Watch>,
    pub(super) config: Option<ProbeConfig>,
    pub(super) moments: Vec<(MarkKind, Moment, String)>,
    pub(super) versions: BTreeMap<String, String>,
    tell: Tell<'a>,
}

impl<'a> Rehearsal<'a> {
    pub(super) fn new(
        platform: &'a dyn Platform,
        ground: &'a Ground,
        options: &'a PowerLoss,
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
            run: format!("power-loss-{}-{number}", started.strftime("%Y%m%dt%H%M%Sz")),
            before: None,
            after: None,
            target: None,
            probe_node: None,
            power: Power::Untouched,
            watch: None,
            config: None,
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

    /// Goes from the steady state to the return of writes. Leaves the power off.
    pub(super) async fn break_it(&mut self) -> Result<(), RunError> {
        let steady = self.find_steady().await?;
        let fleet = self.fleet();
        let no_place = |role, node: String| RunError::NoPlace { role, node };
        let target = target(&self.options.target, &steady, fleet)
            .ok_or_else(|| no_place("target", format!("{:?}", self.options.target)))?;
        let was_primary = target == steady.primary;
        let probe_node =
            probe_node(fleet, &target).ok_or_else(|| no_place("target", target.to_string()))?;
        self.before = Some(steady);
        self.target = Some(target.clone());
        self.probe_node = Some(probe_node.clone());
        self.start_probe(&probe_node).await?;
        self.cut_power(&target).await?;
        self.find_writes(&target, was_primary).await
    }

    async fn find_steady(&mut self) -> Result<Steady, RunError> {
        self.say("looking whether everything is healthy");
        let timing = self.options.timing;
        let look = || async {
            let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
            let steady = steady(self.fleet(), &inventory).map_err(|wrong| summary(&wrong))?;
            Ok((steady, inventory))
        };
        let (steady, inventory) = wait_until(timing.steady_deadline, timing.pause, look)
            .await
            .map_err(|late| RunError::Late {
                what: "the platform was not in its steady state",
                seconds: late.seconds,
                last_seen: late.last_seen,
            })?;
        self.versions = versions(self.fleet(), &inventory);
        Ok(steady)
    }

    async fn start_probe(&mut self, node: &NodeName) -> Result<(), RunError> {
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
        let config = ProbeConfig::load(&self.run, write, read, self.ground.login.clone());
        self.say(format!("starting the probe on {node}"));
        let pipe = self.platform.open_probe(node).await?;
        let watch = Watch::start(pipe, &config, self.clock).await?;
        let timing = self.options.timing;
        let watch = self.watch.insert(watch);
        self.config = Some(config);
        watch.wait_until_steady(timing.steady_for, timing.steady_deadline).await?;
        self.mark(MarkKind::Steady, "");
        Ok(())
    }

    async fn cut_power(&mut self, target: &NodeName) -> Result<(), RunError> {
        let limit = self.options.timing.power_deadline;
        self.power = Power::Doubtful;
        self.mark(MarkKind::PowerOffAsked, target.as_str());
        let late = |last_seen: String| RunError::Late {
            what: "the cloud did not confirm the power-off",
            seconds: limit.as_secs(),
            last_seen,
        };
        let answer = timeout(limit, self.platform.power_off(target)).await;
        answer.map_err(|_| late("no answer".to_owned()))??;
        self.power = Power::Off;
        self.mark(MarkKind::PowerOffConfirmed, target.as_str());
        let status = || async {
            match self.platform.server_status(target).await {
                Ok(status) if status == "off" => Ok(()),
                Ok(status) => Err(format!("the server is {status}")),
                Err(error) => Err(error.to_string()),
            }
        };
        wait_until(limit, self.options.timing.pause, status)
            .await
            .map_err(|seen| late(seen.last_seen))
    }

    async fn find_writes(&mut self, target: &NodeName, was_primary: bool) -> Result<(), RunError> {
        let timing = self.options.timing;
        let asked = self.here(MarkKind::PowerOffAsked);
        let confirmed = self.here(MarkKind::PowerOffConfirmed);
        let watch = self
            .watch
            .as_ref()
            .ok_or_else(|| RunError::NoPlace { role: "probe of", node: target.to_string() })?;
        let (asked_us, confirmed_us) = (watch.moment_us(asked), watch.moment_us(confirmed));
        let written_us = watch.wait_until_written(confirmed_us, timing.writes_deadline).await?;
        // Writes may have come back before the cloud's confirmation did.
        let again_us = watch.end_of_gap(asked_us, written_us);
        self.moments.push((MarkKind::WritesAgain, Moment::Probe(again_us), String::new()));
        self.say(format!(
            "writes again {} after power off was asked",
            crate::verdict::seconds(again_us.saturating_sub(asked_us))
        ));
        let go_on_us = again_us + u64::try_from(timing.keep_writing.as_micros()).unwrap_or(0);
        let keep_writing =
            watch.wait_until_written(go_on_us, timing.keep_writing * 2 + timing.writes_deadline);
        let find_primary = self.find_primary(target, was_primary);
        let (kept, primary) = tokio::join!(keep_writing, find_primary);
        let (primary, seen) = primary?;
        if was_primary {
            self.moments.push((MarkKind::NewPrimary, Moment::Here(seen), primary.to_string()));
        }
        self.after = Some(primary);
        kept?;
        Ok(())
    }

    /// Waits until exactly one node outside the fault is primary.
    async fn find_primary(
        &self,
        target: &NodeName,
        was_primary: bool,
    ) -> Result<(NodeName, Duration), RunError> {
        let timing = self.options.timing;
        let look = || async {
            let inventory = self.platform.observe().await.map_err(|error| error.to_string())?;
            let found = primaries(self.fleet(), &inventory);
            match found.as_slice() {
                [one] if !was_primary || one != target => Ok((one.clone(), self.clock.elapsed())),
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

    fn here(&self, wanted: MarkKind) -> Duration {
        let find = |(kind, moment, _): &(MarkKind, Moment, String)| match moment {
            Moment::Here(here) if *kind == wanted => Some(*here),
            _ => None,
        };
        self.moments.iter().find_map(find).unwrap_or_default()
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
