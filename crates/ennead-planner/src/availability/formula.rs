//! The expected minutes a year as a sum of terms: how often times how long.
//!
//! With rates `r`, mean durations `D` and a person's time `H`:
//!
//! ```text
//! one fault       r x t                    comes back by itself after t
//!                 r x D (1 - e^(-H/D))     by hand, or when the fault ends if that is earlier
//!                 r x D                    away until the fault ends
//! f, then g       r(f) D(f) r(g) x what g adds during the overlap, which lasts
//!                 D(f) D(g) / (D(f) + D(g)) on average
//! ```
//!
//! The mean of the shorter of a fixed time H and an exponential one of mean D is D (1 - e^(-H/D)).
//! Three and more faults at a time are left out: the simulation counts them.

use serde::Serialize;

use super::effect::{Effect, Oracle};
use super::fault::{Fault, Kind};
use super::rates::{MINUTES_PER_YEAR, Rates};
use crate::survive::Layout;

/// One part of the sum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// The kind of the fault; `None` when two overlap.
    pub kind: Option<Kind>,
    /// What happens.
    pub what: String,
    /// How often a year.
    pub per_year: f64,
    /// Minutes a year without writes, without an entry, and without one of the two.
    pub minutes: [f64; 3],
    /// How long each time, as a calculation; of the third.
    pub from: String,
}

/// Returns every term; those of overlapping faults only when they add something.
#[must_use]
pub fn terms(layout: &Layout, faults: &[Fault], rates: &Rates) -> Vec<Term> {
    let mut oracle = Oracle::new(layout, faults);
    let hand = rates.by_hand_minutes;
    let singles: Vec<[Effect; 3]> =
        (0..faults.len()).map(|index| oracle.after(&[index]).each()).collect();
    let single = |(fault, effects): (&Fault, &[Effect; 3])| Term {
        kind: Some(fault.kind),
        what: fault.what.clone(),
        per_year: fault.per_year,
        minutes: effects.map(|effect| fault.per_year * cost(effect, fault.minutes, hand)),
        from: words(effects[2], fault.minutes, hand),
    };
    let mut terms: Vec<Term> = faults.iter().zip(&singles).map(single).collect();
    let missing = missing(&mut oracle);
    let alone: Vec<_> = faults.iter().zip(&singles).enumerate().collect();
    for &(at, first) in &alone {
        // Planned work is not begun while something is away.
        let others = alone.iter().filter(|(other, it)| *other != at && !it.0.is_planned());
        let others = others.filter(|(_, it)| !it.0.is_hidden_by(first.0.lost));
        for &(then, second) in others {
            let together = || oracle.after(&[at, then]).each();
            terms.extend(Pair { first, second, hand }.term(together));
        }
    }
    if missing.contains(&true) {
        always(&mut terms, missing);
    }
    terms
}

/// Returns which services are not even there when all is well.
pub(super) fn missing(oracle: &mut Oracle<'_>) -> [bool; 3] {
    oracle.after(&[]).each().map(|effect| !matches!(effect, Effect::Back { .. }))
}

/// A service that is never there is away all year, and not longer.
fn always(terms: &mut Vec<Term>, missing: [bool; 3]) {
    for term in terms.iter_mut() {
        for (minutes, missing) in term.minutes.iter_mut().zip(missing) {
            *minutes = if missing { 0.0 } else { *minutes };
        }
    }
    let minutes = missing.map(|missing| if missing { MINUTES_PER_YEAR } else { 0.0 });
    let from = "the platform runs too little of it".to_owned();
    let what = "always, also when all is well".to_owned();
    terms.push(Term { kind: None, what, per_year: 1.0, minutes, from });
}

/// Two faults of which the second comes while the first lasts, each with its effects alone.
struct Pair<'a> {
    first: (&'a Fault, &'a [Effect; 3]),
    second: (&'a Fault, &'a [Effect; 3]),
    hand: f64,
}

impl Pair<'_> {
    fn term(&self, together: impl FnOnce() -> [Effect; 3]) -> Option<Term> {
        let (first, second) = (self.first.0, self.second.0);
        let per_year = first.per_year * first.minutes / MINUTES_PER_YEAR * second.per_year;
        let both = first.minutes + second.minutes;
        // `>` is false for what is no number as well.
        if !(per_year > 0.0 && both > 0.0) {
            return None;
        }
        let overlap = first.minutes * second.minutes / both;
        let together = together();
        let mut minutes = [0.0; 3];
        let parts = together.iter().zip(self.first.1).zip(self.second.1);
        for (minutes, ((both, alone), other)) in minutes.iter_mut().zip(parts) {
            // What the terms of the single faults have counted already.
            let counted =
                if *alone == Effect::Away { overlap } else { cost(*other, overlap, self.hand) };
            *minutes = per_year * (cost(*both, overlap, self.hand) - counted).max(0.0);
        }
        if !minutes.iter().any(|it| *it > 0.0) {
            return None;
        }
        let what = format!("{}, then {}", first.what, second.what);
        let from = words(together[2], overlap, self.hand);
        Some(Term { kind: None, what, per_year, minutes, from })
    }
}

/// Returns how many minutes an effect lasts on average while its fault lasts so long.
pub(super) fn cost(effect: Effect, minutes: f64, hand: f64) -> f64 {
    match effect {
        Effect::Back { seconds } => f64::from(seconds) / 60.0,
        Effect::ByHand if minutes > 0.0 => minutes * -(-hand / minutes).exp_m1(),
        Effect::ByHand => 0.0,
        Effect::Away => minutes,
    }
}

fn words(effect: Effect, minutes: f64, hand: f64) -> String {
    match effect {
        Effect::Back { seconds } => format!("{seconds} s"),
        Effect::ByHand => {
            let each = cost(effect, minutes, hand);
            format!("by hand: {minutes:.1} min x (1 - e^(-{hand}/{minutes:.1})) = {each:.1} min")
        }
        Effect::Away => format!("{minutes:.1} min, until it is back"),
    }
}
