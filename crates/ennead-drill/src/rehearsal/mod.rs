//! A drill: something is broken on purpose while a client watches.
//!
//! Whatever happens in between, what was broken is mended before the drill ends, and what was seen
//! up to then is in the report.

mod breaking;
mod course;
mod ending;
#[cfg(test)]
mod tests;

use ennead_host::clock::now;
use ennead_model::{NodeName, SiteName};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::drill::drill_of;
use crate::ground::{DrillOptions, Ground};
use crate::platform::{Platform, PlatformError};
use crate::report::{DrillReport, REPORT_FORMAT_VERSION};
use crate::steady::{POSTGRES, Steady};
use crate::verdict::Verdict;
use crate::watch::WatchError;
use course::Rehearsal;

/// A drill that is not begun, or a run that is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DrillError {
    /// The spec does not allow drills.
    #[error("drills are not allowed on platform {platform}: its spec does not say `drills = true`")]
    NotAllowed {
        /// The platform's name.
        platform: String,
    },
    /// The target is no node.
    #[error("there is no node {node} whose power could be cut")]
    NoNode {
        /// What was asked for.
        node: NodeName,
    },
    /// The target is no site.
    #[error("there is no site {site} in the spec")]
    NoSite {
        /// What was asked for.
        site: SiteName,
    },
    /// No node is outside the database's tier.
    #[error("no node without a part of the database is left for the probe when {target} fails")]
    NoProbeNode {
        /// What would be broken.
        target: String,
    },
    /// Nothing to write to.
    #[error("no node runs haproxy, so a client has nowhere to write to")]
    NoBalancer,
    /// Nobody could become primary.
    #[error("{what} holds {gone} of {all} etcd voters: without it nobody can become primary")]
    NoMajority {
        /// What would be lost.
        what: String,
        /// Voters that would be lost.
        gone: usize,
        /// All voters.
        all: usize,
    },
    /// Nobody can take over on order.
    #[error("no synchronous replica that could take over from {primary} is there")]
    NoReplica {
        /// Who is primary.
        primary: NodeName,
    },
    /// Nothing to part.
    #[error("a partition needs two sides, each with nodes of its own")]
    OneSide,
    /// Only the lab can do it.
    #[error("{what} is for a platform in the lab only: {why}")]
    OnlyInLab {
        /// The drill or option.
        what: &'static str,
        /// Why no cloud can.
        why: &'static str,
    },
}

/// Why a run did not go its whole way. Becomes a reason of its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RunError {
    #[error("interrupted by the operator")]
    Interrupted,
    #[error("{what} within {seconds} s; last seen: {last_seen}")]
    Late { what: &'static str, seconds: u64, last_seen: String },
    #[error("the run has no {0}")]
    Nothing(&'static str),
    #[error(transparent)]
    Refused(#[from] DrillError),
    #[error(transparent)]
    Platform(#[from] PlatformError),
    #[error(transparent)]
    Watch(#[from] WatchError),
}

/// A step of a run, for the one who watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which run, from 1.
    pub run: u32,
    /// How many were asked for.
    pub runs: u32,
    /// What happens, as a fragment.
    pub text: String,
}

/// Who is told about progress.
pub type Tell<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// Runs a drill. A run that fails is in the report with its reasons; the verdict tells. When
/// `cancel` is cancelled everything is mended and the report ends there.
///
/// # Errors
/// [`DrillError`] when nothing was begun.
pub async fn rehearse(
    platform: &dyn Platform,
    ground: &Ground,
    options: &DrillOptions,
    tell: Tell<'_>,
    cancel: &CancellationToken,
) -> Result<DrillReport, DrillError> {
    may_begin(platform, ground, options)?;
    let started = now();
    let drill = drill_of(&options.fault);
    let mut report = DrillReport {
        format_version: REPORT_FORMAT_VERSION,
        drill: drill.name.to_owned(),
        proves: drill.proves.to_owned(),
        without_api: options.without_api,
        platform: ground.fleet.platform.clone(),
        nodes: ground.fleet.nodes.len(),
        started,
        ended: started,
        rto_limit_ms: u64::try_from(options.limits.rto.as_millis()).unwrap_or(u64::MAX),
        rpo_limit: options.limits.rpo,
        runs_asked: options.runs,
        runs: Vec::new(),
        rto_us: None,
        acknowledged: 0,
        lost: 0,
        rejoin_us: None,
        versions: ground.versions.clone(),
        spec_sha256: ground.spec_sha256.clone(),
        repeat: ground.repeat.clone(),
        verdict: Verdict::of(Vec::new()),
    };
    for number in 1..=options.runs {
        let rehearsal = Rehearsal::new(platform, ground, options, number, tell);
        let (run, versions, go_on) = rehearsal.run(cancel).await;
        report.versions.extend(versions);
        report.runs.push(run);
        if !go_on {
            break;
        }
    }
    report.ended = now();
    Ok(report.summed_up())
}

/// Says whether a drill makes sense here, without asking the world anything.
///
/// # Errors
/// [`DrillError`]: what [`rehearse`] would refuse before it touches anything.
pub fn may_begin(
    platform: &dyn Platform,
    ground: &Ground,
    options: &DrillOptions,
) -> Result<(), DrillError> {
    let fleet = &ground.fleet;
    if !ground.drills {
        return Err(DrillError::NotAllowed { platform: fleet.platform.clone() });
    }
    if !platform.is_lab() {
        if let Some(why) = options.fault.only_in_lab() {
            return Err(DrillError::OnlyInLab { what: options.fault.name(), why });
        }
        if options.without_api {
            let why = "a cloud's API cannot be kept from its servers";
            return Err(DrillError::OnlyInLab { what: "--without-api", why });
        }
    }
    if fleet.running("haproxy").next().is_none() {
        return Err(DrillError::NoBalancer);
    }
    // Whoever is primary then: what has no plan with any of them is refused before anything is
    // touched.
    let databases: Vec<&NodeName> = fleet.running(POSTGRES).map(|node| &node.name).collect();
    let with_primary = |primary: &&NodeName| {
        let others = databases.iter().filter(|other| *other != primary);
        let steady = Steady {
            primary: (*primary).clone(),
            replicas: databases.len() - 1,
            synchronous: others.map(|other| (*other).clone()).collect(),
            leaders: std::collections::BTreeMap::new(),
        };
        options.fault.plan(&steady, fleet).map(|_| ())
    };
    let plans: Vec<Result<(), DrillError>> = databases.iter().map(with_primary).collect();
    if plans.iter().any(Result::is_ok) {
        return Ok(());
    }
    plans.into_iter().next().unwrap_or(Ok(()))
}
