//! How often, how fast and how long a request is repeated.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::error::CloudError;

/// Limits of repetition. Pauses double from the shortest to the longest, with random jitter, so that
/// several clients that were refused together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Most times that one request is sent.
    pub tries_max: u32,
    /// First pause.
    pub pause_min: Duration,
    /// Longest pause.
    pub pause_max: Duration,
    /// Most time on one request, pauses included.
    pub total_max: Duration,
    /// Most time on connecting: an API that is not there is said soon.
    pub connect_total_max: Duration,
    /// Most time for one connection to open. A request that is to be sent at most once
    /// (`tries_max` 1) is sent within this time or never.
    pub connect_max: Duration,
    /// Most time for one answer.
    pub answer_max: Duration,
    /// Most time that the `ensure_` methods wait for an action or a state.
    pub action_max: Duration,
    /// Seed of the jitter; a random one when absent.
    pub jitter_seed: Option<u64>,
}

impl Default for RetryPolicy {
    /// A lock can last as long as the action that holds it: servers take up to a minute to make.
    fn default() -> Self {
        Self {
            tries_max: 14,
            pause_min: Duration::from_millis(200),
            pause_max: Duration::from_secs(10),
            total_max: Duration::from_mins(2),
            connect_total_max: Duration::from_secs(6),
            connect_max: Duration::from_secs(5),
            answer_max: Duration::from_secs(30),
            action_max: Duration::from_mins(5),
            jitter_seed: None,
        }
    }
}

impl RetryPolicy {
    /// Returns the pauses between tries; one fewer than tries.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let builder = ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.pause_min)
            .with_max_delay(self.pause_max)
            .with_max_times(
                usize::try_from(self.tries_max.saturating_sub(1)).unwrap_or(usize::MAX),
            );
        let builder = match self.jitter_seed {
            Some(seed) => builder.with_jitter_seed(seed),
            None => builder,
        };
        let longest = self.pause_max;
        builder.build().map(move |pause| pause.min(longest))
    }

    /// Returns the most time that may be spent after this error.
    pub(super) fn time_for(&self, error: &CloudError) -> Duration {
        match error {
            CloudError::Unreachable { sent: false, .. } => self.connect_total_max,
            _ => self.total_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_end() {
        let policy = RetryPolicy { jitter_seed: Some(7), ..RetryPolicy::default() };
        let pauses: Vec<Duration> = policy.pauses().collect();
        assert_eq!(pauses.len(), 13);
        assert!(pauses.iter().all(|pause| *pause >= policy.pause_min));
        assert!(pauses.iter().all(|pause| *pause <= policy.pause_max));
        assert_eq!(pauses.last(), Some(&policy.pause_max));
        assert_eq!(pauses, policy.pauses().collect::<Vec<_>>());
    }
}
