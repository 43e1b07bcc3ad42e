//! How long a service is away, year by year, while faults begin and end.

use super::effect::Effect;
use super::rates::MINUTES_PER_YEAR;

/// Counts the minutes in which a service is away.
pub(super) struct Meter {
    /// Since when it is away, and until when as far as is known; infinite until something comes back.
    away: Option<(f64, f64)>,
    /// Whether it comes back without a person.
    alone: bool,
    /// Minutes of this year so far.
    minutes: f64,
    years: Vec<f64>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { away: None, alone: true, minutes: 0.0, years: Vec::new() }
    }

    /// Counts what has ended by now.
    fn settle(&mut self, now: f64) {
        if let Some((from, until)) = self.away.filter(|(_, until)| *until <= now) {
            self.minutes += until - from;
            self.away = None;
            self.alone = true;
        }
    }

    /// A fault has begun that changes what becomes of the service.
    pub(super) fn begin(&mut self, now: f64, effect: Effect, hand: f64) {
        self.settle(now);
        let lasts_until = match effect {
            Effect::Back { seconds } => now + f64::from(seconds) / 60.0,
            Effect::ByHand => now + hand,
            Effect::Away => f64::INFINITY,
        };
        // A further fault does not end what an earlier one began.
        let (from, until) = self.away.unwrap_or((now, now));
        let until = until.max(lasts_until);
        self.alone &= matches!(effect, Effect::Back { .. });
        self.away = (until > from).then_some((from, until));
    }

    /// A fault has ended; the effect is of those that are left.
    pub(super) fn end(&mut self, now: f64, effect: Effect, hand: f64) {
        self.settle(now);
        let Some((from, until)) = self.away else { return };
        let until = match effect {
            // What comes back by itself within seconds does so whatever is repaired meanwhile.
            _ if self.alone => until,
            Effect::Back { .. } => now,
            Effect::ByHand => until.min(now + hand),
            Effect::Away => until,
        };
        self.away = Some((from, until));
        self.settle(now);
    }

    /// Closes the year: whatever lasts goes on in the next.
    pub(super) fn close_year(&mut self) {
        self.settle(MINUTES_PER_YEAR);
        if let Some((from, until)) = self.away {
            self.minutes += MINUTES_PER_YEAR - from;
            self.away = Some((0.0, until - MINUTES_PER_YEAR));
        }
        self.years.push(std::mem::take(&mut self.minutes));
    }

    /// Returns the minutes of each year that was closed.
    pub(super) fn years(self) -> impl Iterator<Item = f64> {
        self.years.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAND: f64 = 60.0;
    const BACK: Effect = Effect::Back { seconds: 30 };
    const WELL: Effect = Effect::Back { seconds: 0 };

    fn minutes(play: impl FnOnce(&mut Meter)) -> Vec<f64> {
        let mut meter = Meter::new();
        play(&mut meter);
        meter.close_year();
        meter.close_year();
        meter.years().collect()
    }

    #[test]
    fn minutes_are_counted_once_whatever_overlaps() {
        let twice = minutes(|meter| {
            meter.begin(10.0, BACK, HAND);
            meter.begin(10.25, WELL, HAND);
            meter.begin(10.25, BACK, HAND);
            meter.end(10.5, WELL, HAND);
        });
        assert_eq!(twice, [0.75, 0.0]);
        let person = minutes(|meter| {
            meter.begin(10.0, Effect::ByHand, HAND);
            meter.begin(20.0, BACK, HAND);
            meter.end(100.0, WELL, HAND);
        });
        assert_eq!(person, [60.0, 0.0]);
    }

    #[test]
    fn a_repair_ends_what_waits_for_it_and_for_a_person() {
        for effect in [Effect::ByHand, Effect::Away] {
            let repaired = minutes(|meter| {
                meter.begin(10.0, effect, HAND);
                meter.end(15.0, WELL, HAND);
            });
            assert_eq!(repaired, [5.0, 0.0]);
        }
        let half = minutes(|meter| {
            meter.begin(10.0, Effect::Away, HAND);
            meter.end(15.0, Effect::ByHand, HAND);
        });
        assert_eq!(half, [65.0, 0.0]);
    }

    #[test]
    fn what_lasts_over_the_new_year_counts_in_both() {
        let both = minutes(|meter| meter.begin(MINUTES_PER_YEAR - 10.0, Effect::ByHand, HAND));
        assert_eq!(both, [10.0, 50.0]);
        let away = minutes(|meter| meter.begin(MINUTES_PER_YEAR - 10.0, Effect::Away, HAND));
        assert_eq!(away, [10.0, MINUTES_PER_YEAR]);
    }
}
