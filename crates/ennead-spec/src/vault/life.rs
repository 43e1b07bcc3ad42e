//! How long certificates live and when they are renewed: the one place for both.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const DAY: Duration = Duration::from_hours(24);

/// Life of an authority. Long, because to replace it means to touch every node three times.
/// An estimate of how long a platform may be left alone, not a number from a standard.
pub(super) const AUTHORITY_LIFE: Duration = DAY.saturating_mul(3650);

/// How long before its end an authority is reported. An estimate: three phases of an hour each are
/// enough to replace it, the rest is for an operator who looks once a quarter.
pub(super) const AUTHORITY_NOTICE: Duration = DAY.saturating_mul(180);

/// Life of a leaf. Short, because there is no revocation list: a key that was lost is of use until
/// then. Not shorter, because `ennead up` renews: ten days without a run must not end a platform. Both
/// are judgements, not a number from a standard.
pub(super) const LEAF_LIFE: Duration = DAY.saturating_mul(30);

/// Part of its life after which a leaf is renewed, as a fraction. Two thirds is what cert-manager does
/// when `renewBefore` is not given, and certbot with its 30 days of 90.
const RENEWED_AFTER: (i32, i32) = (2, 3);

/// How far in the past a certificate begins, so that a node whose clock is late accepts it.
pub(super) const CLOCK_TOLERANCE: Duration = Duration::from_hours(1);

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// It is refused before.
    pub not_before: Timestamp,
    /// It is refused after.
    pub not_after: Timestamp,
}

impl Life {
    /// Returns from when on it is to be renewed: after two thirds of it.
    pub fn renew_at(self) -> Timestamp {
        let (part, whole) = RENEWED_AFTER;
        self.not_before + self.not_after.duration_since(self.not_before) * part / whole
    }

    /// Returns whether it is due for renewal; also when it has not begun, because a clock that was
    /// wrong when it was issued must not make it last.
    pub fn is_due(self, now: Timestamp) -> bool {
        now < self.not_before || now >= self.renew_at()
    }

    /// Returns the whole days that are left; negative when it has ended.
    pub fn days_left(self, now: Timestamp) -> i64 {
        let seconds = self.not_after.duration_since(now).as_secs();
        seconds.div_euclid(24 * 60 * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_due_after_two_thirds_and_counts_whole_days() {
        let begin: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let life = Life { not_before: begin, not_after: begin + LEAF_LIFE };
        let day = |days: u32| begin + DAY * days;
        assert_eq!(life.renew_at(), day(20));
        assert!(!life.is_due(begin) && !life.is_due(day(19)) && life.is_due(day(20)));
        assert!(life.is_due(begin - DAY), "it has not begun");
        assert_eq!(life.days_left(day(20)), 10);
        assert_eq!(life.days_left(day(29) + Duration::from_hours(1)), 0);
        assert_eq!(life.days_left(day(30) + Duration::from_hours(1)), -1);
    }
}
