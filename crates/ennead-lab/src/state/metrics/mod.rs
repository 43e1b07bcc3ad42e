//! What servers used lately: samples in memory, and the series that the API makes of them.
//!
//! Samples are facts of the last hour, not part of what is stored: a daemon that starts again has
//! none. What lies outside is absent from the series.

mod series;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

pub use series::{Kind, Series, Window};

use crate::world::Usage;

/// Time between two samples of a server.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(5);

/// Samples of one server: one hour, about 60 kB.
const KEPT: usize = 720;

/// A server's counters at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// What was read.
    pub usage: Usage,
}

/// The samples of all servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    of: BTreeMap<u64, VecDeque<Sample>>,
}

impl Samples {
    /// Adds a sample; the oldest one goes when there are too many.
    pub fn add(&mut self, server: u64, sample: Sample) {
        let samples = self.of.entry(server).or_default();
        samples.push_back(sample);
        if samples.len() > KEPT {
            samples.pop_front();
        }
    }

    /// Forgets the servers that are gone.
    pub fn keep(&mut self, is_there: impl Fn(u64) -> bool) {
        self.of.retain(|server, _| is_there(*server));
    }

    /// Returns a server's samples, oldest first.
    fn of(&self, server: u64) -> impl DoubleEndedIterator<Item = &Sample> + Clone {
        self.of.get(&server).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_kept_and_servers_that_are_gone_are_forgotten() {
        let mut samples = Samples::default();
        for second in 0..1000 {
            let at = Timestamp::from_second(second * 5).unwrap();
            samples.add(1, Sample { at, usage: Usage::default() });
        }
        assert_eq!(samples.of(1).count(), KEPT);
        assert_eq!(samples.of(1).next_back().unwrap().at.as_second(), 999 * 5);
        samples.keep(|server| server != 1);
        assert_eq!(samples, Samples::default());
    }
}
