//! Percentiles by the nearest rank: every figure is one that was measured.

use serde::{Deserialize, Serialize};

/// Returns the smallest value of which at least `percent` in a hundred are not larger. The values
/// are sorted. `None` for no values.
pub fn percentile(sorted: &[u64], percent: u64) -> Option<u64> {
    let count = sorted.len() as u64;
    let rank = (count * percent.min(100)).div_ceil(100).max(1);
    sorted.get(usize::try_from(rank - 1).ok()?).copied()
}

/// A figure over all runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// How many runs gave the figure.
    pub runs: usize,
    /// Smallest.
    pub min: u64,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// Largest.
    pub max: u64,
}

impl Spread {
    /// Returns the spread of the values; `None` when there are none.
    pub fn of(values: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut sorted: Vec<u64> = values.into_iter().collect();
        sorted.sort_unstable();
        Some(Self {
            runs: sorted.len(),
            min: *sorted.first()?,
            p50: percentile(&sorted, 50)?,
            p95: percentile(&sorted, 95)?,
            max: *sorted.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let twenty: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&twenty, 50), Some(10));
        assert_eq!(percentile(&twenty, 95), Some(19));
        assert_eq!(percentile(&twenty, 100), Some(20));
        assert_eq!(percentile(&twenty, 0), Some(1));
        assert_eq!(percentile(&[7], 95), Some(7));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_spread_does_not_care_for_order() {
        let spread = Spread::of([3, 1, 2]).unwrap();
        assert_eq!((spread.min, spread.p50, spread.p95, spread.max), (1, 2, 3, 3));
        assert_eq!(Spread::of([]), None);
    }
}
