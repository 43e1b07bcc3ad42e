//! The rate limit of a project: a bucket that fills again over an hour, and the gate that every
//! request passes or not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ennead_host::clock::Stopwatch;
use tokio::sync::watch;

const HOUR: f64 = 3600.0;

/// A bucket of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    per_hour: u32,
    left: f64,
    seen: Duration,
}

/// What a request took and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// Whether the request may pass.
    pub passes: bool,
    /// Requests that a full bucket holds.
    pub limit: u32,
    /// Requests that are left now.
    pub remaining: u32,
    /// Time until the bucket is full again.
    pub until_full: Duration,
}

impl Bucket {
    /// Makes a full bucket.
    pub fn new(per_hour: u32) -> Self {
        Self { per_hour, left: f64::from(per_hour), seen: Duration::ZERO }
    }

    /// Takes one request out at a time, counted from any fixed start.
    pub fn take(&mut self, now: Duration) -> Take {
        let full = f64::from(self.per_hour);
        let passed = now.saturating_sub(self.seen).as_secs_f64();
        self.left = (self.left + passed * full / HOUR).min(full);
        self.seen = now;
        let passes = self.left >= 1.0;
        if passes {
            self.left -= 1.0;
        }
        let seconds = if full > 0.0 { (full - self.left) * HOUR / full } else { HOUR };
        Take {
            passes,
            limit: self.per_hour,
            remaining: whole(self.left),
            until_full: Duration::from_secs_f64(seconds),
        }
    }
}

/// Requests that were answered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that the rate limit let pass.
    pub passed: u64,
    /// Those that it refused.
    pub refused: u64,
    /// Those among the passed that were to change something: all methods but GET.
    pub changes: u64,
}

/// Where requests are let in and counted.
#[derive(Debug)]
pub struct Gate {
    bucket: Mutex<Bucket>,
    watch: Stopwatch,
    counts: watch::Sender<Counts>,
}

impl Gate {
    /// Makes a gate with a full bucket.
    pub fn new(per_hour: u32) -> Self {
        let bucket = Mutex::new(Bucket::new(per_hour));
        Self { bucket, watch: Stopwatch::start(), counts: watch::Sender::default() }
    }

    /// Takes one request out of the bucket.
    pub fn take(&self) -> Take {
        self.bucket().take(self.watch.elapsed())
    }

    /// Counts a request that has had its effect, before its answer leaves.
    pub fn count(&self, take: Take, changes: bool) {
        self.counts.send_modify(|counts| {
            counts.passed += u64::from(take.passes);
            counts.refused += u64::from(!take.passes);
            counts.changes += u64::from(take.passes && changes);
        });
    }

    /// Fills the bucket, as an hour without requests would.
    pub fn refill(&self) {
        let mut bucket = self.bucket();
        *bucket = Bucket { seen: bucket.seen, ..Bucket::new(bucket.per_hour) };
    }

    /// Returns the counts, to be read or waited for.
    pub fn counts(&self) -> watch::Receiver<Counts> {
        self.counts.subscribe()
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is between zero and the limit, which is a u32"
)]
fn whole(left: f64) -> u32 {
    left.floor() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_official_limit_gives_one_request_a_second_back() {
        let mut bucket = Bucket::new(3600);
        for _ in 0..3600 {
            assert!(bucket.take(Duration::ZERO).passes);
        }
        let empty = bucket.take(Duration::ZERO);
        assert!(!empty.passes);
        assert_eq!((empty.remaining, empty.until_full), (0, Duration::from_hours(1)));
        assert!(!bucket.take(Duration::from_millis(900)).passes);
        assert!(bucket.take(Duration::from_secs(1)).passes);
        assert!(!bucket.take(Duration::from_secs(1)).passes);
        assert_eq!(bucket.take(Duration::from_hours(3)).remaining, 3599);
    }

    #[test]
    fn the_gate_counts_what_passes_what_does_not_and_what_changes() {
        let gate = Gate::new(2);
        for changes in [true, false, true] {
            gate.count(gate.take(), changes);
        }
        let counts = *gate.counts().borrow();
        assert_eq!(counts, Counts { passed: 2, refused: 1, changes: 1 });
        gate.refill();
        assert!(gate.take().passes);
    }
}
