//! The project's budget of requests, so that waiting never uses it up.
//!
//! The cloud gives 3600 requests an hour and adds one each second. All projects' clients share them,
//! so the answer's headers, not a count of one's own, say what is left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::HeaderMap;

/// Requests per hour until the cloud says otherwise. Source: the official description, "Rate Limiting".
const LIMIT_DEFAULT: u64 = 3600;

/// Time in which two requests are added to the budget at the default limit.
const TWO_REFILLS: Duration = Duration::from_secs(2);

/// What is left, and how many polls are going on.
#[derive(Debug)]
pub(super) struct Budget {
    limit: AtomicU64,
    remaining: AtomicU64,
    polls: AtomicU64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            limit: AtomicU64::new(LIMIT_DEFAULT),
            remaining: AtomicU64::new(LIMIT_DEFAULT),
            polls: AtomicU64::new(0),
        }
    }

    /// Takes up what an answer says of the budget.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        if let Some(limit) = number("ratelimit-limit") {
            self.limit.store(limit, Ordering::Relaxed);
        }
        if let Some(remaining) = number("ratelimit-remaining") {
            self.remaining.store(remaining, Ordering::Relaxed);
        }
    }

    /// Counts polls of so many requests each, until the guard is dropped.
    pub(super) fn polling(&self, requests: usize) -> Polling<'_> {
        let requests = u64::try_from(requests).unwrap_or(u64::MAX);
        self.polls.fetch_add(requests, Ordering::Relaxed);
        Polling { budget: self, requests }
    }
}

/// Somebody who polls.
#[derive(Debug)]
pub(super) struct Polling<'a> {
    budget: &'a Budget,
    requests: u64,
}

impl Polling<'_> {
    /// Returns the pause until the next poll, at least as long as wished.
    pub(super) fn pause(&self, wished: Duration) -> Duration {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let Budget { limit, remaining, polls } = self.budget;
        polite(wished, read(limit), read(remaining), read(polls))
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.budget.polls.fetch_sub(self.requests, Ordering::Relaxed);
    }
}

/// Stretches a pause once half the budget is gone, so that all polls together use at most half of
/// what is added to it: from there on it grows.
fn polite(wished: Duration, limit: u64, remaining: u64, polls: u64) -> Duration {
    if remaining.saturating_mul(2) >= limit {
        return wished;
    }
    let refills = TWO_REFILLS.saturating_mul(u32::try_from(polls).unwrap_or(u32::MAX));
    let slower = LIMIT_DEFAULT.checked_div(limit).unwrap_or(1).max(1);
    wished.max(refills.saturating_mul(u32::try_from(slower).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polls_are_as_fast_as_wished_while_half_the_budget_is_there() {
        assert_eq!(polite(Duration::from_millis(50), 3600, 1800, 40), Duration::from_millis(50));
    }

    #[test]
    fn forty_waiters_for_two_hours_never_use_up_the_budget() {
        let (mut left, mut second) = (3600.0_f64, 0.0_f64);
        while second < 7200.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "test")]
            let pause = polite(Duration::from_secs(2), 3600, left as u64, 40).as_secs_f64();
            left = (left - 40.0 + pause).min(3600.0);
            second += pause;
            assert!(left > 1700.0, "{left} left after {second} s");
        }
    }

    #[test]
    fn a_waiter_that_went_away_no_longer_counts() {
        let budget = Budget::new();
        drop(budget.polling(3));
        assert_eq!(budget.polls.load(Ordering::Relaxed), 0);
    }
}
