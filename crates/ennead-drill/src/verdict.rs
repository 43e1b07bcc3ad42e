//! Whether a run kept the promise.

use serde::{Deserialize, Serialize};

use crate::checker::Measured;
use crate::ground::Limits;

/// Pass or fail, with every reason to fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether every promise was kept.
    pub passed: bool,
    /// One line per broken promise; empty when passed.
    pub reasons: Vec<String>,
}

impl Verdict {
    /// Makes a verdict: passed when there is no reason to fail.
    pub fn of(reasons: Vec<String>) -> Self {
        Self { passed: reasons.is_empty(), reasons }
    }

    /// Returns `pass` or `fail`.
    pub fn word(&self) -> &'static str {
        if self.passed { "pass" } else { "fail" }
    }
}

/// Returns the promises that the measurement breaks, one line each.
pub fn judge(measured: &Measured, limits: &Limits) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut broken = |is: bool, reason: String| {
        if is {
            reasons.push(reason);
        }
    };
    let rto_limit_us = u64::try_from(limits.rto.as_micros()).unwrap_or(u64::MAX);
    broken(
        measured.rto_us > rto_limit_us,
        format!(
            "no write was acknowledged for {}, the limit is {}",
            seconds(measured.rto_us),
            seconds(rto_limit_us)
        ),
    );
    broken(
        measured.lost.len() > limits.rpo,
        format!(
            "{} of {} acknowledged writes are lost, the limit is {}; the first is id {}",
            measured.lost.len(),
            measured.acknowledged,
            limits.rpo,
            measured.lost.iter().next().unwrap_or(0)
        ),
    );
    broken(
        measured.acknowledged == 0,
        "no write was ever acknowledged, so nothing was measured".to_owned(),
    );
    broken(
        !measured.whole || measured.unheard > 0,
        format!(
            "the probe's record did not arrive whole ({} acknowledged writes unheard), so nothing is proven",
            measured.unheard
        ),
    );
    let untrustworthy = [
        (&measured.duplicates, "were acknowledged twice"),
        (&measured.refused_kept, "were refused and are in the table"),
        (&measured.strangers, "are in the table and were never written"),
    ];
    for (ids, what) in untrustworthy {
        broken(!ids.is_empty(), format!("{} ids {what}: the measurement is not sound", ids.len()));
    }
    reasons
}

/// Returns microseconds as seconds for people: `22.75 s`.
pub fn seconds(micros: u64) -> String {
    let hundredths = micros.saturating_add(5_000) / 10_000;
    format!("{}.{:02} s", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn good() -> Measured {
        Measured { rto_us: 1_000_000, acknowledged: 9, whole: true, ..Measured::default() }
    }

    fn limits() -> Limits {
        Limits { rto: Duration::from_secs(28), rpo: 0 }
    }

    #[test]
    fn each_broken_promise_fails_the_run() {
        assert!(judge(&good(), &limits()).is_empty());
        let one: ennead_node::probe::IdRanges = [4].into_iter().collect();
        let bad = [
            Measured { rto_us: 28_000_001, ..good() },
            Measured { lost: one.clone(), ..good() },
            Measured { acknowledged: 0, ..good() },
            Measured { whole: false, ..good() },
            Measured { unheard: 1, ..good() },
            Measured { duplicates: one.clone(), ..good() },
            Measured { refused_kept: one.clone(), ..good() },
            Measured { strangers: one, ..good() },
        ];
        for measured in bad {
            assert_eq!(judge(&measured, &limits()).len(), 1, "{measured:?}");
        }
    }

    #[test]
    fn seconds_are_rounded_to_hundredths() {
        assert_eq!(seconds(22_754_999), "22.75 s");
        assert_eq!(seconds(999_999), "1.00 s");
        assert_eq!(seconds(4_000), "0.00 s");
    }
}
