//! The power-loss drill: one server loses its power, a client watches.
//!
//! Whatever happens in between, the server's power is given back before the drill ends, and what
//! was seen up to then is in the report.

mod ending;
mod rehearsal;
#[cfg(test)]
mod tests;

use ennead_host::clock::now;
use ennead_model::NodeName;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

use crate::drill::POWER_LOSS;
use crate::ground::{Ground, PowerLoss, Target};
use crate::platform::{Platform, PlatformError};
use crate::report::{DrillReport, REPORT_FORMAT_VERSION};
use crate::steady::probe_node;
use crate::verdict::Verdict;
use crate::watch::WatchError;
use rehearsal::Rehearsal;

/// A drill that is not begun.
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
    /// No node is outside the database's tier.
    #[error("no node without a part of the database is left for the probe when {target} fails")]
    NoProbeNode {
        /// Whose power would be cut.
        target: String,
    },
    /// Nothing to write to.
    #[error("no node runs haproxy, so a client has nowhere to write to")]
    NoBalancer,
}

/// Why a run did not go its whole way. Becomes a reason of its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum RunError {
    #[error("interrupted by the operator")]
    Interrupted,
    #[error("{what} within {seconds} s; last seen: {last_seen}")]
    Late { what: &'static str, seconds: u64, last_seen: String },
    #[error("{role} {node} is not in the fleet or has no place for a probe")]
    NoPlace { role: &'static str, node: String },
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

/// Runs the drill. A run that fails is in the report with its reasons; the verdict tells. When
/// `cancel` is cancelled the server's power is given back and the report ends there.
///
/// # Errors
/// [`DrillError`] when nothing was begun.
pub async fn power_loss(
    platform: &dyn Platform,
    ground: &Ground,
    options: &PowerLoss,
    tell: Tell<'_>,
    cancel: &CancellationToken,
) -> Result<DrillReport, DrillError> {
    may_begin(ground, options)?;
    let started = now();
    let mut report = DrillReport {
        format_version: REPORT_FORMAT_VERSION,
        drill: POWER_LOSS.name.to_owned(),
        proves: POWER_LOSS.proves.to_owned(),
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

fn may_begin(ground: &Ground, options: &PowerLoss) -> Result<(), DrillError> {
    let fleet = &ground.fleet;
    if !ground.drills {
        return Err(DrillError::NotAllowed { platform: fleet.platform.clone() });
    }
    if fleet.running("haproxy").next().is_none() {
        return Err(DrillError::NoBalancer);
    }
    let targets: Vec<&NodeName> = match &options.target {
        Target::Primary => fleet.running("postgres").map(|node| &node.name).collect(),
        Target::Node(node) if fleet.nodes.contains_key(node) => vec![node],
        Target::Node(node) => return Err(DrillError::NoNode { node: node.clone() }),
    };
    match targets.into_iter().find(|target| probe_node(fleet, target).is_none()) {
        Some(target) => Err(DrillError::NoProbeNode { target: target.to_string() }),
        None => Ok(()),
    }
}
