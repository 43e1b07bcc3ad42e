//! Which endpoint is asked first.

/// Pause after which the nearest endpoint is tried again. Estimate: an etcd member that restarts is
/// back within seconds, and a reading that begins at a dead one costs one hedge.
const RETURN_AFTER_MS: u64 = 10_000;

/// One endpoint is preferred until another answers instead of it; the first of the list is tried
/// again from time to time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Preference {
    count: usize,
    preferred: usize,
    left_at_ms: u64,
}

impl Preference {
    /// Begins with the first of so many.
    pub(crate) fn new(count: usize) -> Self {
        Self { count, preferred: 0, left_at_ms: 0 }
    }

    /// Returns in which order endpoints are asked for a write.
    pub(crate) fn for_writing(&self) -> Vec<usize> {
        self.beginning_with(self.preferred)
    }

    /// Returns in which order endpoints are asked for a reading. Now and then it begins with the
    /// nearest.
    pub(crate) fn for_reading(&mut self, now_ms: u64) -> Vec<usize> {
        if self.preferred != 0 && now_ms.saturating_sub(self.left_at_ms) >= RETURN_AFTER_MS {
            self.left_at_ms = now_ms;
            return self.beginning_with(0);
        }
        self.beginning_with(self.preferred)
    }

    /// Takes an answer of an endpoint that was quicker than all others that were asked.
    pub(crate) fn answered(&mut self, index: usize, now_ms: u64) {
        if self.preferred == 0 && index != 0 {
            self.left_at_ms = now_ms;
        }
        self.preferred = index;
    }

    /// Takes the failure of an endpoint: the next one is preferred.
    pub(crate) fn failed(&mut self, index: usize, now_ms: u64) {
        if index == self.preferred {
            let next = index.saturating_add(1);
            self.answered(if next < self.count { next } else { 0 }, now_ms);
        }
    }

    fn beginning_with(&self, first: usize) -> Vec<usize> {
        (first..self.count).chain(0..first).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_fails_is_left_and_the_nearest_is_tried_again() {
        let mut it = Preference::new(3);
        assert_eq!(it.for_reading(0), [0, 1, 2]);
        it.failed(0, 100);
        assert_eq!(it.for_writing(), [1, 2, 0]);
        it.failed(0, 150);
        assert_eq!(it.for_writing(), [1, 2, 0], "one that is not preferred changes nothing");
        assert_eq!(it.for_reading(9_000), [1, 2, 0]);
        assert_eq!(it.for_reading(10_100), [0, 1, 2]);
        assert_eq!(it.for_reading(10_200), [1, 2, 0], "once, until it answers");
        it.answered(0, 10_300);
        assert_eq!(it.for_reading(10_400), [0, 1, 2]);
        it.failed(0, 10_500);
        it.failed(1, 10_600);
        it.failed(2, 10_700);
        assert_eq!(it.for_writing(), [0, 1, 2]);
    }
}
