//! From records to runs: what was done, by whom, and how it ended.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::Digest;
use jiff::Timestamp;
use serde::Serialize;

use crate::record::{Event, Record, Tally, Who};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// No record says so: it goes on, or it was killed.
    Unknown,
    /// A record says how.
    Ended {
        /// When.
        at: Timestamp,
        /// What came of it.
        tally: Tally,
    },
}

/// A run of ennead that changed something, or tried to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Place in the chain of the record with which it began.
    pub sequence: u64,
    /// Hash of that record.
    pub hash: Digest,
    /// When it began.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// What was asked for.
    pub command: String,
    /// Digest of the spec's text.
    pub spec_sha256: Digest,
    /// Digests of its plans.
    pub plans: Vec<Digest>,
    /// How it ended.
    pub ending: Ending,
    /// Whether it stands in a branch that was joined later: its operator did not see the records
    /// that others wrote at that time.
    pub forked: bool,
}

/// Returns the runs of a chain, joined branches included, by the time at which they began.
pub fn runs(records: &[Record]) -> Vec<Run> {
    let mut found = Found::default();
    found.take(records, false);
    let Found { mut runs, plans, endings, .. } = found;
    for run in &mut runs {
        run.plans.extend(plans.get(&run.hash).into_iter().flatten().cloned());
        if let Some(ending) = endings.get(&run.hash) {
            run.ending = ending.clone();
        }
    }
    runs.sort_by(|a, b| (a.at, a.sequence, &a.hash).cmp(&(b.at, b.sequence, &b.hash)));
    runs
}

#[derive(Default)]
struct Found {
    runs: Vec<Run>,
    plans: BTreeMap<Digest, Vec<Digest>>,
    endings: BTreeMap<Digest, Ending>,
    seen: BTreeSet<Digest>,
}

impl Found {
    fn take(&mut self, records: &[Record], forked: bool) {
        for record in records {
            // A branch that grew after it was joined is joined again, whole.
            if !self.seen.insert(record.hash.clone()) {
                continue;
            }
            match &record.event {
                Event::Began { command, spec_sha256, plan_sha256, .. } => self.runs.push(Run {
                    sequence: record.sequence,
                    hash: record.hash.clone(),
                    at: record.at,
                    who: record.who.clone(),
                    command: command.clone(),
                    spec_sha256: spec_sha256.clone(),
                    plans: plan_sha256.iter().cloned().collect(),
                    ending: Ending::Unknown,
                    forked,
                }),
                Event::WentOn { run, plan_sha256 } => {
                    self.plans.entry(run.clone()).or_default().push(plan_sha256.clone());
                }
                Event::Ended { run, tally } => {
                    let ending = Ending::Ended { at: record.at, tally: *tally };
                    self.endings.insert(run.clone(), ending);
                }
                Event::Joined { records, .. } => self.take(records, true),
            }
        }
    }
}
