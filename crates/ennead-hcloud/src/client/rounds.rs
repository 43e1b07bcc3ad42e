//! Looks and changes after doubt, for one object, with a limit.

use std::time::Duration;

use ennead_host::clock::{Stopwatch, pause_for};

use super::retry::RetryPolicy;
use crate::error::CloudError;

/// Most rounds after the first.
const ROUNDS_MAX: usize = 6;

/// What is left of the rounds.
pub(super) struct Rounds {
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
    watch: Stopwatch,
    time_max: Duration,
}

impl Rounds {
    pub(super) fn new(policy: &RetryPolicy) -> Self {
        Self {
            pauses: Box::new(policy.pauses().take(ROUNDS_MAX)),
            watch: Stopwatch::start(),
            time_max: policy.action_max,
        }
    }

    /// Pauses before another look; gives the error back when a look cannot help or none is left.
    pub(super) async fn after(&mut self, error: CloudError) -> Result<(), CloudError> {
        if wants_another_look(&error) { self.once_more(error).await } else { Err(error) }
    }

    /// As [`Rounds::after`], whatever the error.
    pub(super) async fn once_more(&mut self, error: CloudError) -> Result<(), CloudError> {
        match self.pauses.next() {
            Some(pause) if self.watch.elapsed() + pause < self.time_max => {
                tracing::debug!(%error, "the cloud is looked at once more");
                pause_for(pause).await;
                Ok(())
            }
            _ => Err(error),
        }
    }
}

/// Returns whether an error leaves open what is so now, or passes. Locks and conflicts were waited
/// for already, as long as a request may take.
pub(super) fn wants_another_look(error: &CloudError) -> bool {
    // A subnet or server that was just made is not known everywhere at once. Source: the official
    // Terraform provider repeats after these.
    // Who else assigned, attached or freed it in between is seen at the next look.
    const PASSING: [&str; 7] = [
        "no_subnet_available",
        "service_error",
        "server_already_attached",
        "floating_ip_assigned",
        "volume_already_attached",
        "firewall_already_applied",
        "must_be_unassigned",
    ];
    match error {
        CloudError::ActionFailed { .. } | CloudError::Uniqueness { .. } => true,
        CloudError::Api { code, .. } if PASSING.contains(&code.as_str()) => true,
        other => other.may_have_happened(),
    }
}
