//! Numbers that look random and are the same for the same seed, and drawing faults by them.

use super::fault::Fault;

/// SplitMix64. Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number above 0 and at most 1, all equally likely.
    pub(super) fn share(&mut self) -> f64 {
        const STEPS: f64 = 4_294_967_296.0;
        let bits = self.next();
        let high = u32::try_from(bits >> 32).unwrap_or(0);
        let low = u32::try_from(bits & 0xffff_ffff).unwrap_or(0);
        (f64::from(high) + (f64::from(low) + 1.0) / STEPS) / STEPS
    }

    /// Returns a time with this mean, distributed exponentially.
    pub(super) fn time(&mut self, mean: f64) -> f64 {
        -self.share().ln() * mean
    }
}

/// Faults to draw from, each with a weight.
pub(super) struct Urn {
    faults: Vec<usize>,
    /// The sums of the weights up to each.
    sums: Vec<f64>,
}

impl Urn {
    pub(super) fn new<'f>(
        faults: impl Iterator<Item = (usize, &'f Fault)>,
        weight: fn(&Fault) -> f64,
    ) -> Self {
        let (mut urn, mut sum) = (Self { faults: Vec::new(), sums: Vec::new() }, 0.0);
        for (index, fault) in faults {
            sum += weight(fault);
            urn.faults.push(index);
            urn.sums.push(sum);
        }
        urn
    }

    /// Returns the sum of the weights.
    pub(super) fn sum(&self) -> f64 {
        self.sums.last().copied().unwrap_or_default()
    }

    /// Returns the fault at a point between 0 and the sum; none beyond it.
    pub(super) fn at(&self, point: f64) -> Option<usize> {
        self.faults.get(self.sums.partition_point(|sum| *sum < point)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first outputs for seed 1234567 of the reference implementation.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn shares_and_times_have_their_means() {
        let mut random = Random::new(7);
        let shares: Vec<f64> = (0..10_000).map(|_| random.share()).collect();
        assert!(shares.iter().all(|share| *share > 0.0 && *share <= 1.0));
        assert!((shares.iter().sum::<f64>() / 10_000.0 - 0.5).abs() < 0.01);
        let times: f64 = (0..10_000).map(|_| random.time(3.0)).sum();
        assert!((times / 10_000.0 - 3.0).abs() < 0.1, "{times}");
    }
}
