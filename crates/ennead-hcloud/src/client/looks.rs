//! Looking again and again until something is so: quick at first, polite later, with a deadline.

use std::time::Duration;

use ennead_host::clock::{Stopwatch, pause_for};

use super::pace::Budget;
use crate::error::CloudError;

/// First pause between two looks.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two looks while the rate limit is far.
const PAUSE_LONGEST: Duration = Duration::from_secs(2);

/// The looks that are left.
pub(super) struct Looks<'a> {
    budget: &'a Budget,
    watch: Stopwatch,
    deadline: Duration,
    wished: Duration,
}

impl<'a> Looks<'a> {
    pub(super) fn new(budget: &'a Budget, deadline: Duration) -> Self {
        Self { budget, watch: Stopwatch::start(), deadline, wished: PAUSE_FIRST }
    }

    /// Pauses before a next look that costs so many requests. When it would come too late, the
    /// error says what was waited for and what was seen last.
    pub(super) async fn next(
        &mut self,
        requests: usize,
        seen: impl FnOnce() -> (String, String),
    ) -> Result<(), CloudError> {
        let polling = self.budget.polling(requests);
        let pause = polling.pause(self.wished);
        if self.watch.elapsed() + pause > self.deadline {
            let (what, last_seen) = seen();
            return Err(CloudError::Deadline { what, seconds: self.deadline.as_secs(), last_seen });
        }
        pause_for(pause).await;
        self.wished = (self.wished * 3 / 2).min(PAUSE_LONGEST);
        Ok(())
    }
}
