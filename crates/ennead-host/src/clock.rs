//! The only reader of the clock, and the only way to wait: for a condition, with a deadline.

use std::future::Future;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A condition that did not hold in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not within {seconds} s; last seen: {last_seen}")]
pub struct DeadlineError {
    /// How long was waited.
    pub seconds: u64,
    /// What the last test saw.
    pub last_seen: String,
}

/// Returns the time of day.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures time that passes, unaffected by changes of the time of day.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[expect(clippy::disallowed_methods, reason = "this module is the door to the clock")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Tests a condition until it holds, with pauses that grow from `pause` to eight times that.
///
/// The test gives `Ok(value)` when the condition holds, and `Err(what it saw)` when not yet.
///
/// # Errors
/// [`DeadlineError`] with what was last seen, when the deadline has passed. A test that is still
/// running then is dropped.
pub async fn wait_until<T, F, Fut>(
    deadline: Duration,
    pause: Duration,
    mut test: F,
) -> Result<T, DeadlineError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let watch = Stopwatch::start();
    let mut last_seen = "nothing yet".to_owned();
    let mut wait = pause;
    loop {
        let left = deadline.saturating_sub(watch.elapsed());
        match tokio::time::timeout(left, test()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(seen)) => last_seen = seen,
            Err(_) => return Err(DeadlineError { seconds: deadline.as_secs(), last_seen }),
        }
        if watch.elapsed() + wait >= deadline {
            return Err(DeadlineError { seconds: deadline.as_secs(), last_seen });
        }
        pause_for(wait).await;
        wait = (wait * 2).min(pause * 8);
    }
}

/// Waits for a stated time. Only for pacing inside a loop that has a limit of its own.
#[expect(clippy::disallowed_methods, reason = "this module is the door to the clock")]
pub async fn pause_for(time: Duration) {
    tokio::time::sleep(time).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_ends_when_the_condition_holds() {
        let mut left = 3;
        let answer = wait_until(Duration::from_secs(5), Duration::from_millis(1), || {
            left -= 1;
            let done = left == 0;
            async move { if done { Ok(7) } else { Err("not yet".to_owned()) } }
        });
        assert_eq!(answer.await, Ok(7));
    }

    #[tokio::test]
    async fn waiting_says_what_was_last_seen() {
        let answer = wait_until(Duration::from_millis(20), Duration::from_millis(1), || async {
            Err::<(), _>("a closed door".to_owned())
        });
        assert_eq!(answer.await.unwrap_err().last_seen, "a closed door");
    }
}
