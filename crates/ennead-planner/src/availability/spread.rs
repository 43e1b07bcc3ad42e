//! How much one year differs from another.

use serde::Serialize;

/// How the minutes of single years are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// Standard error of the mean.
    pub error: f64,
    /// One year of twenty is better than this.
    pub p5: f64,
    /// Every other year is better.
    pub p50: f64,
    /// One year of twenty is worse.
    pub p95: f64,
    /// Share of the years that keep within the target, 0 to 1.
    pub within_target: f64,
}

impl Spread {
    /// Returns the spread of these years, with the minutes that the target allows.
    pub(super) fn of(mut years: Vec<f64>, target: f64) -> Self {
        years.sort_unstable_by(f64::total_cmp);
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        let count = number(years.len()).max(1.0);
        let mean = years.iter().sum::<f64>() / count;
        let squares = years.iter().map(|year| (year - mean) * (year - mean)).sum::<f64>();
        let at = |percent: usize| {
            let index = years.len().saturating_sub(1) * percent / 100;
            years.get(index).copied().unwrap_or_default()
        };
        Self {
            mean,
            error: (squares / count).sqrt() / count.sqrt(),
            p5: at(5),
            p50: at(50),
            p95: at(95),
            within_target: number(years.partition_point(|year| *year <= target)) / count,
        }
    }
}
