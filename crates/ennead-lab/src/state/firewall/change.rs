//! What becomes of firewalls when a job has ended.

use ennead_hcloud::types::FirewallRule;
use serde::{Deserialize, Serialize};

use super::AppliedTo;
use crate::state::State;
use crate::state::effect::{Ending, Job};
use crate::state::moment::Moment;

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirewallChange {
    /// The rules stay as changed; or are as before.
    Rules(u64, Vec<FirewallRule>),
    /// The firewall stays applied; or is not.
    Apply(u64, AppliedTo),
    /// The firewall is not applied any more; or stays.
    Remove(u64, AppliedTo),
    /// A server's filter follows what is known already.
    Follow,
}

impl FirewallChange {
    /// The job ended well.
    pub(in crate::state) fn carry_over(&self, state: &mut State, _job: &Job) {
        if let Self::Remove(id, to) = self {
            state.with_firewall(*id, |record| record.targets.retain(|target| target.to != *to));
        }
    }

    /// The job failed.
    pub(in crate::state) fn take_back(
        &self,
        state: &mut State,
        job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match self {
            Self::Rules(id, before) => {
                state.with_firewall(*id, |record| record.rules.clone_from(before));
            }
            Self::Apply(id, to) => {
                state.with_firewall(*id, |record| record.targets.retain(|target| target.to != *to));
            }
            Self::Remove(id, to) => state.with_firewall(*id, |record| {
                for target in record.targets.iter_mut().filter(|target| target.to == *to) {
                    target.is_leaving = false;
                }
            }),
            // Once more by itself; then with the next change, or at the daemon's next start.
            Self::Follow if job.action.is_none() => return,
            Self::Follow => {}
        }
        state.queue_filters();
    }
}
