//! What a drill found, as it is stored.

use std::collections::BTreeMap;

use ennead_model::NodeName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::checker::Measured;
use crate::history::{History, Trouble};
use crate::mark::{Mark, MarkKind};
use crate::statistics::Spread;
use crate::verdict::Verdict;

/// Version of report.json.
pub const REPORT_FORMAT_VERSION: u32 = 1;

/// One run of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunReport {
    /// From 1.
    pub number: u32,
    /// Name of the run in the probe's table.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// What was broken in words, for example `site west (db-1, app-1)`; empty in older reports.
    #[serde(default)]
    pub fault: String,
    /// The node that was broken; of several the primary, when it is among them.
    pub target: Option<NodeName>,
    /// All nodes that the fault took away; empty in older reports.
    #[serde(default)]
    pub touched: Vec<NodeName>,
    /// Who was primary before.
    pub primary_before: Option<NodeName>,
    /// Who led before, by component: a leader that dies together with the primary takes longer.
    #[serde(default)]
    pub leaders_before: BTreeMap<String, NodeName>,
    /// Who is primary after.
    pub primary_after: Option<NodeName>,
    /// Where the probe ran.
    pub probe_node: Option<NodeName>,
    /// Moments, in their order.
    pub marks: Vec<Mark>,
    /// What was measured; absent when nothing could be read back.
    pub measured: Option<Measured>,
    /// What a client on the other side of a partition measured.
    #[serde(default)]
    pub beyond: Option<Measured>,
    /// Timelines of the write-ahead log that answered.
    pub timelines: Vec<(u64, u32)>,
    /// How tries failed.
    pub troubles: Vec<Trouble>,
    /// Pass or fail.
    pub verdict: Verdict,
    /// The probe's whole record: stored beside the report, not in it.
    #[serde(skip)]
    pub history: History,
}

impl RunReport {
    /// Returns when a thing happened, on the probe's clock.
    pub fn at_us(&self, kind: MarkKind) -> Option<u64> {
        self.marks.iter().find(|mark| mark.kind == kind).map(|mark| mark.at_us)
    }

    /// Returns when the fault was asked for, on the probe's clock.
    pub fn broken_us(&self) -> Option<u64> {
        self.at_us(MarkKind::PowerOffAsked).or_else(|| self.at_us(MarkKind::FaultAsked))
    }

    /// Returns when its end was asked for, on the probe's clock; `None` when there was nothing to
    /// mend.
    pub fn mended_us(&self) -> Option<u64> {
        self.at_us(MarkKind::PowerOnAsked).or_else(|| self.at_us(MarkKind::MendAsked))
    }

    /// Returns the time from the order to mend, or from the fault where nothing is mended, to the
    /// rejoin of all that was broken, in microseconds.
    pub fn rejoin_us(&self) -> Option<u64> {
        self.at_us(MarkKind::Rejoined)?.checked_sub(self.mended_us().or(self.broken_us())?)
    }
}

/// A drill with all its runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillReport {
    /// [`REPORT_FORMAT_VERSION`].
    pub format_version: u32,
    /// Name of the drill.
    pub drill: String,
    /// What it proves.
    pub proves: String,
    /// Whether servers were kept from the cloud's API meanwhile.
    #[serde(default)]
    pub without_api: bool,
    /// Name of the platform.
    pub platform: String,
    /// Number of nodes.
    pub nodes: usize,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Longest allowed time without an acknowledged write, in milliseconds.
    pub rto_limit_ms: u64,
    /// Acknowledged writes that may be lost.
    pub rpo_limit: u64,
    /// How many runs were asked for.
    pub runs_asked: u32,
    /// The runs that were begun.
    pub runs: Vec<RunReport>,
    /// Time without acknowledged writes over all runs, in microseconds.
    pub rto_us: Option<Spread>,
    /// Acknowledged writes over all runs.
    pub acknowledged: u64,
    /// Acknowledged writes that are lost, over all runs and clients.
    pub lost: u64,
    /// Time from the order to mend to rejoined over all runs, in microseconds.
    pub rejoin_us: Option<Spread>,
    /// Versions by program.
    pub versions: BTreeMap<String, String>,
    /// SHA-256 of the spec in hex.
    pub spec_sha256: String,
    /// The command that repeats it.
    pub repeat: String,
    /// Pass or fail over all runs.
    pub verdict: Verdict,
}

impl DrillReport {
    /// Works out everything that follows from the runs.
    #[must_use]
    pub fn summed_up(mut self) -> Self {
        let measured = || self.runs.iter().filter_map(|run| run.measured.as_ref());
        self.rto_us = Spread::of(measured().map(|measured| measured.rto_us));
        self.acknowledged = measured().map(|measured| measured.acknowledged).sum();
        let beyond = self.runs.iter().filter_map(|run| run.beyond.as_ref());
        self.lost = measured().chain(beyond).map(|measured| measured.lost.len()).sum();
        self.rejoin_us = Spread::of(self.runs.iter().filter_map(RunReport::rejoin_us));
        let failed = self.runs.iter().flat_map(|run| {
            run.verdict.reasons.iter().map(|reason| format!("run {}: {reason}", run.number))
        });
        let mut reasons: Vec<String> = failed.collect();
        if self.runs.len() < self.runs_asked as usize {
            let asked = self.runs_asked;
            reasons.push(format!("only {} of {asked} runs were made", self.runs.len()));
        }
        self.verdict = Verdict::of(reasons);
        self
    }

    /// Returns the run that is worth looking at first: the first that failed, else the slowest.
    pub fn telling_run(&self) -> Option<&RunReport> {
        let failed = self.runs.iter().find(|run| !run.verdict.passed);
        let rto = |run: &&RunReport| run.measured.as_ref().map(|measured| measured.rto_us);
        failed.or_else(|| self.runs.iter().max_by_key(rto))
    }
}
