//! Series of rates over a window of time.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{SAMPLE_EVERY, Sample, Samples};
use crate::world::Usage;

/// Most values in a series. Source: the official description of `GET /servers/{id}/metrics`.
const VALUES_MAX: i64 = 500;

/// Values in a series when the step is left open. Source: as above.
const VALUES: i64 = 200;

/// A kind of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Processors.
    Cpu,
    /// Its own disk.
    Disk,
    /// Its public interface.
    Network,
}

/// A series: times in seconds since 1970, each with a number as a text.
pub type Series = Vec<(i64, String)>;

/// Turns a counter into the unit that is shown.
type Read = fn(&Usage) -> (u64, f64);

impl Kind {
    /// Returns the kind of that name.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "cpu" => Some(Self::Cpu),
            "disk" => Some(Self::Disk),
            "network" => Some(Self::Network),
            _ => None,
        }
    }

    /// Its series with their counters and how much one count is.
    fn series(self) -> &'static [(&'static str, Read)] {
        match self {
            // Nanoseconds per second, in percent.
            Self::Cpu => &[("cpu", |usage| (usage.cpu_nanos, 1e-7))],
            Self::Disk => &[
                ("disk.0.iops.read", |usage| (usage.disk_read_ops, 1.0)),
                ("disk.0.iops.write", |usage| (usage.disk_write_ops, 1.0)),
                ("disk.0.bandwidth.read", |usage| (usage.disk_read_bytes, 1.0)),
                ("disk.0.bandwidth.write", |usage| (usage.disk_write_bytes, 1.0)),
            ],
            Self::Network => &[
                ("network.0.pps.in", |usage| (usage.packets_in, 1.0)),
                ("network.0.pps.out", |usage| (usage.packets_out, 1.0)),
                ("network.0.bandwidth.in", |usage| (usage.bytes_in, 1.0)),
                ("network.0.bandwidth.out", |usage| (usage.bytes_out, 1.0)),
            ],
        }
    }
}

/// A window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first second.
    pub start: Timestamp,
    /// Its last second.
    pub end: Timestamp,
    /// Seconds between two values, at least 1.
    pub step: i64,
}

impl Window {
    /// Makes a window; the step is chosen when absent, and raised when there would be too many
    /// values. `None` when the end is not after the start or the step is not positive.
    pub fn new(start: Timestamp, end: Timestamp, step: Option<i64>) -> Option<Self> {
        let seconds = end.as_second() - start.as_second();
        if seconds <= 0 || step.is_some_and(|step| step < 1) {
            return None;
        }
        // Rounded up.
        let at_least = |values: i64| (seconds + values - 1) / values;
        let step = step.unwrap_or_else(|| at_least(VALUES)).max(at_least(VALUES_MAX));
        Some(Self { start, end, step })
    }

    fn ticks(&self) -> impl Iterator<Item = i64> {
        let (first, last, step) = (self.start.as_second(), self.end.as_second(), self.step);
        (0..VALUES_MAX).map(move |n| first + n * step).take_while(move |tick| *tick <= last)
    }
}

impl Samples {
    /// Returns the series of a kind; a time without samples has no value.
    pub fn series(
        &self,
        server: u64,
        kind: Kind,
        window: &Window,
    ) -> BTreeMap<&'static str, Series> {
        let pairs: Vec<_> = window
            .ticks()
            .filter_map(|tick| Some((tick, self.pair(server, tick, window.step)?)))
            .collect();
        let values = |read: Read| {
            let value = |(tick, pair): &(i64, (Sample, Sample))| Some((*tick, rate(pair, read)?));
            pairs.iter().filter_map(value).collect()
        };
        kind.series().iter().map(|(name, read)| (*name, values(*read))).collect()
    }

    /// Returns the samples between which a value is measured: the last one up to the tick, and the
    /// last one that is at least a step earlier, or else the one before.
    fn pair(&self, server: u64, tick: i64, step: i64) -> Option<(Sample, Sample)> {
        let patience = i64::try_from(SAMPLE_EVERY.as_secs()).ok()? * 2;
        let mut back = self.of(server).rev().skip_while(|sample| sample.at.as_second() > tick);
        let later = *back.next()?;
        if later.at.as_second() < tick - patience {
            return None;
        }
        let before = back.clone().next();
        let far = back.find(|sample| sample.at.as_second() <= later.at.as_second() - step);
        let near_enough = |earlier: &&Sample| {
            later.at.as_second() - earlier.at.as_second() <= step.max(patience) + patience
        };
        let earlier = far.filter(near_enough).or(before.filter(near_enough))?;
        Some((*earlier, later))
    }
}

/// Returns counts per second; none when the counter began anew.
#[expect(clippy::cast_precision_loss, reason = "a rate is shown, not a count")]
fn rate((earlier, later): &(Sample, Sample), read: Read) -> Option<String> {
    let ((from, unit), (to, _)) = (read(&earlier.usage), read(&later.usage));
    let seconds = later.at.duration_since(earlier.at).as_secs_f64();
    let counts = to.checked_sub(from).filter(|_| seconds > 0.0)?;
    let value = (counts as f64 * unit / seconds * 1000.0).round() / 1000.0;
    Some(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Half a processor, 3 packets and 100 bytes a second, for the seconds given.
    fn samples(seconds: impl Iterator<Item = u64>) -> Samples {
        let mut samples = Samples::default();
        for second in seconds {
            let usage = Usage {
                cpu_nanos: second * 500_000_000,
                packets_in: second * 3,
                bytes_out: second * 100,
                ..Usage::default()
            };
            samples.add(1, Sample { at: time(i64::try_from(second).unwrap()), usage });
        }
        samples
    }

    #[test]
    fn rates_are_those_of_the_counters_and_times_without_samples_are_absent() {
        let samples = samples((100..=200).step_by(5));
        let window = Window::new(time(0), time(300), Some(20)).unwrap();
        let cpu = &samples.series(1, Kind::Cpu, &window)["cpu"];
        let times: Vec<_> = cpu.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [120, 140, 160, 180, 200]);
        assert!(cpu.iter().all(|(_, value)| value == "50"), "{cpu:?}");
        let network = samples.series(1, Kind::Network, &window);
        assert_eq!(network["network.0.pps.in"][0].1, "3");
        assert_eq!(network["network.0.bandwidth.out"][0].1, "100");
        assert_eq!(network["network.0.bandwidth.in"][0].1, "0");
        assert!(samples.series(2, Kind::Disk, &window)["disk.0.iops.read"].is_empty());
    }

    #[test]
    fn a_counter_that_began_anew_gives_no_value() {
        let mut samples = samples((100..=110).step_by(5));
        samples.add(1, Sample { at: time(115), usage: Usage::default() });
        let window = Window::new(time(105), time(115), Some(5)).unwrap();
        let cpu = &samples.series(1, Kind::Cpu, &window)["cpu"];
        assert_eq!(*cpu, [(105, "50".to_owned()), (110, "50".to_owned())]);
    }

    #[test]
    fn there_are_never_more_than_500_values() {
        let steps = [(None, 5), (Some(1), 2), (Some(60), 60)];
        for (wanted, step) in steps {
            let window = Window::new(time(0), time(1000), wanted).unwrap();
            assert_eq!(window.step, step);
            assert!(window.ticks().count() <= 501);
        }
        assert_eq!(Window::new(time(5), time(5), None), None);
        assert_eq!(Window::new(time(0), time(5), Some(0)), None);
    }
}
